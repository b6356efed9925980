"""The authors' files that were loaded in this run. Each is loaded only once a run, because it may print or be slow.

Two runs do not share files: the second must not see an edited file's old text, or a protocol that the first changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType

_modules: ContextVar[dict[Path, ModuleType] | None] = ContextVar("modules", default=None)


@contextmanager
def one_run() -> Iterator[None]:
    """A context for a run; within another run it is a part of that one."""
    if _modules.get() is not None:
        yield
        return
    token = _modules.set({})
    try:
        yield
    finally:
        _modules.reset(token)


def loaded(path: Path, load: Callable[[], ModuleType]) -> ModuleType:
    """The module of the file: from ``load``, or from an earlier call in this run."""
    known = _modules.get()
    if known is None:
        return load()
    whole = path.resolve()
    if whole not in known:
        known[whole] = load()
    return known[whole]
