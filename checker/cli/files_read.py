"""The files of users that this process opens for reading: protocols, modules that they import, data that they load."""

from __future__ import annotations

import importlib.util
import os
import site
import sys
import sysconfig
from pathlib import Path
from typing import Any, TypeAlias

Stamp: TypeAlias = "tuple[int, int, int] | None"
"""The time of the last change in nanoseconds, the size and the number of a file; None if there is none."""
WRITES = os.O_WRONLY | os.O_RDWR
SYSTEM = ("/proc", "/sys", "/dev")


def stamp_of(path: str) -> Stamp:
    """What changes when the file does."""
    try:
        found = os.stat(path)  # noqa: PTH116  (a path of any kind, as it was opened)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class FilesRead:
    """Listens to Python's audit events. Each file has its stamp before it is opened, so that no later change is
    missed."""

    def __init__(self) -> None:
        self._read: dict[str, Stamp] = {}
        self._written: set[str] = set()
        self._ignored = tuple(f"{folder}{os.sep}" for folder in _installed())
        self._here = f"{Path.cwd()}{os.sep}"

    def listen(self) -> None:
        """Begin; Python offers no way to end it."""
        sys.addaudithook(self._event)

    def stamps(self) -> dict[str, Stamp]:
        """The files with their stamps, in the order in which they were opened."""
        return {path: stamp for path, stamp in self._read.items() if path not in self._written and self._of_user(path)}

    def _event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str):
            return
        named, mode, flags = arguments
        path = os.path.abspath(_source(named))  # noqa: PTH100  (a link is watched, not its target)
        if (mode is not None and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITES):
            self._written.add(path)
        elif path not in self._read:
            self._read[path] = stamp_of(path)

    def _of_user(self, path: str) -> bool:
        """Not installed, and a module or in the working directory: the system reads many other files."""
        if path.startswith(self._ignored) or path.startswith(SYSTEM):
            return False
        ours = path.endswith(".py") or Path(path).name == "pyproject.toml"
        return ours or (path.startswith(self._here) and Path(path).suffix not in (".pyc", ""))


def _source(path: str) -> str:
    """The source of a compiled module."""
    try:
        return importlib.util.source_from_cache(path) if path.endswith(".pyc") else path
    except (ValueError, NotImplementedError):
        return path


def _installed() -> set[str]:
    """The folders of the standard library, of installed packages and of planrace."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = {sysconfig.get_path(name) for name in names} | {*site.getsitepackages(), site.getusersitepackages()}
    ours = Path(__file__).resolve().parents[1]  # the folder checker; the others lie beside it
    found |= {str(ours.parent / name) for name in ("planrace", "checker", "model", "properties")}
    if sys.prefix != sys.base_prefix:
        found.add(sys.prefix)
    return {p for folder in found for p in (folder, os.path.realpath(folder))}
