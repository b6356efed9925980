"""How extras are installed: in the way in which planrace itself was, for it is on no index. An installer writes down
where a package came from (PEP 610, ``direct_url.json``)."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname


def install_command(extra: str) -> str:
    """The command that installs an extra: ``pip install -e '.[dns]'`` in a clone."""
    origin = installed_from()
    repository = repository_of(origin)
    if repository is not None:
        return f"pip install 'planrace[{extra}] @ {repository}'"
    url = str(origin.get("url", ""))
    if url and "dir_info" not in origin:
        return f"pip install 'planrace[{extra}] @ {url}'"
    folder = Path(url2pathname(urlsplit(url).path)) if url else _clone()
    if folder is None:
        return f"pip install 'planrace[{extra}]'"
    editable = not url or origin["dir_info"].get("editable")
    here = "." if folder == Path.cwd() else folder
    return f"pip install {'-e ' if editable else ''}'{here}[{extra}]'"


def installed_from() -> dict[str, Any]:
    """Where planrace was installed from, as its installer wrote it down; empty if that is not known."""
    try:
        return dict(json.loads(distribution("planrace").read_text("direct_url.json") or "{}"))
    except PackageNotFoundError:  # run from a directory that was never installed
        return {}


def repository_of(origin: dict[str, Any]) -> str | None:
    """The repository and the commit that planrace was installed from, as pip takes them; None if it was not."""
    version = origin.get("vcs_info", {})
    if not {"vcs", "commit_id"} <= {*version}:
        return None
    return f"{version['vcs']}+{origin['url']}@{version['commit_id']}"


def _clone() -> Path | None:
    """The clone that this code is run from without being installed."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "pyproject.toml").is_file() else None
