"""The decorator ``configured``: the checks of ``pyproject.toml`` as tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from planrace.checker.plugin.decorator import for_each

_FOR_AUTHORS = True  # errors name the line that calls this module


def configured(*only: Any) -> Any:
    """Decorator: one test for each check that ``[tool.planrace]`` in ``pyproject.toml`` names, with its sizes, its own
    limits and the verdict that it expects. The file is searched for from the folder of the test upwards. ``only`` are
    names of checks. The function runs after the check, as that of ``checked`` does. Raises ``ModelError`` if there is
    no such check."""
    from planrace.checker.api.project.read import find_project, required_project
    from planrace.model.language.errors import author

    if len(only) == 1 and inspect.isfunction(only[0]):  # written without parentheses
        decorate: Callable[[Any], Any] = configured()
        return decorate(only[0])
    where = author()
    start = Path(where.file).parent if where is not None else Path.cwd()
    project = find_project(start) or required_project()
    checks = project.selected(only)

    def ask(model_check: Any, check: Any) -> Any:
        __tracebackhide__ = True
        return _asked(model_check.at(project.place_of(check, ""), ()), project, check)

    return for_each(checks, [c.name for c in checks], ask)


def _asked(model_check: Any, project: Any, check: Any) -> Any:
    from planrace.checker.api.project.checks import expectation_of, options_of

    __tracebackhide__ = True
    entry = check.entry
    return model_check(
        check.protocol,
        parameters=entry.sizes,
        faults=entry.faults,
        with_=entry.with_,
        without=entry.without,
        expect=entry.expect or "holds",
        strict=expectation_of(project, check).strict,
        options=options_of(project, check, shared=("max_memory", "workers")),  # the others are the budget of the test
    )
