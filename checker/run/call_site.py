"""Errors about wrong requests name the line of the author's Python code that makes the request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from planrace.checker.run.arguments import check_arguments
from planrace.checker.run.author_files import one_run
from planrace.model.language import ModelError, Place
from planrace.model.language.errors import author

_FOR_AUTHORS = True  # errors name the line that calls into this module
_HERE = Path(__file__).parents[1]
_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def placed(place: Place | None) -> Iterator[None]:
    """Give ``place`` to errors that do not name a place yet."""
    try:
        yield
    except ModelError as problem:
        problem.where = problem.where or place
        raise


def public(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """Decorates a function that authors call: errors about a wrong request name the line of that call. A call from
    within this package is not named: either an outer call is named, or the request came from the command line.
    Arguments are held against the annotations of the function."""

    @wraps(call)
    def wrapper(*args: _P.args, **keywords: _P.kwargs) -> _T:
        place = author()
        named = None if place is None or Path(place.file).is_relative_to(_HERE) else place
        with placed(named), one_run():
            check_arguments(_bound(call, args, keywords), call.__annotations__)
            return call(*args, **keywords)

    return wrapper


def _bound(call: Callable[..., object], given: tuple[object, ...], keywords: dict[str, object]) -> dict[str, object]:
    """The given arguments by their names; none if they do not fit the signature, which the call itself says."""
    try:
        return inspect.signature(call).bind(*given, **keywords).arguments
    except TypeError:
        return {}
