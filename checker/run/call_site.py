"""Wrong requests from Python name the line that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from planrace.checker.run.author_files import one_run
from planrace.model.language import ModelError, Place
from planrace.model.language.errors import author

_FOR_AUTHORS = True  # errors name the line that calls this module
_HERE = Path(__file__).parents[1]
_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def placed(place: Place | None) -> Iterator[None]:
    """Errors that have no place of their own get this one."""
    try:
        yield
    except ModelError as problem:
        problem.where = problem.where or place
        raise


def public(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """A call that authors write: wrong requests name its line. Where the package itself calls, whoever asked it is
    named elsewhere, or sits at a command line."""

    @wraps(call)
    def asked(*args: _P.args, **keywords: _P.kwargs) -> _T:
        place = author()
        named = None if place is None or Path(place.file).is_relative_to(_HERE) else place
        with placed(named), one_run():
            return call(*args, **keywords)

    return asked
