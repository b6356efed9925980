"""Files of authors that were loaded within one run, so that none of them runs twice: it may print, or take its time.

Two runs share none: a protocol that one of them changed, or a file that was edited, is no matter of the next.
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
    """A run, or a part of the one that has begun."""
    if _modules.get() is not None:
        yield
        return
    token = _modules.set({})
    try:
        yield
    finally:
        _modules.reset(token)


def loaded(path: Path, load: Callable[[], ModuleType]) -> ModuleType:
    """What ``load`` makes of the file, or has made of it within this run."""
    known = _modules.get()
    if known is None:
        return load()
    whole = path.resolve()
    if whole not in known:
        known[whole] = load()
    return known[whole]
