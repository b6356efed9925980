"""What ``[tool.planrace]`` in ``pyproject.toml`` says about tests.

Pytest loads this module in every run. It imports more of planrace only where a ``pyproject.toml`` mentions planrace.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from planrace.checker.api.project.read import Project

ARTIFACTS = ".model-check"
"""The default directory for pages and traces of failures, below the root directory."""

_project = pytest.StashKey["Project | None"]()


def project_of(config: pytest.Config) -> Project | None:
    """The project of the root directory; None without a section of ours. Raises ``UsageError`` if it is wrong."""
    if _project not in config.stash:
        config.stash[_project] = _read(config.rootpath) if _mentioned(config.rootpath) else None
    return config.stash[_project]


def artifacts_folder(config: pytest.Config) -> Path:
    """The directory for artifacts: that of the option, or of the section, or the default one. Raises ``UsageError``."""
    named = config.getoption("--model-check-artifacts")
    project = project_of(config)  # in any case, because a wrong section is an error
    if named is None and project is not None and project.section.artifacts is not None:
        return project.folder / project.section.artifacts
    return config.rootpath / (ARTIFACTS if named is None else named)


def _read(folder: Path) -> Project | None:
    from planrace.checker.api.project.read import find_project
    from planrace.model.language import ModelError

    try:
        return find_project(folder)
    except ModelError as problem:
        raise pytest.UsageError(str(problem)) from None


def _mentioned(folder: Path) -> bool:
    """Whether a ``pyproject.toml`` may have a section of ours."""
    for above in (folder, *folder.parents):
        try:
            if b"planrace" in (above / "pyproject.toml").read_bytes():
                return True
        except OSError:
            continue
    return False
