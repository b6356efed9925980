"""Calls of helpers whose returned term is dropped because the call is a line of its own.

For a helper whose annotation says that it returns a term, the source text is enough. For others only the returned value
tells, and Python shows it to a profiler. The profiler is installed only if the text of a function contains such a call,
which is rare.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from planrace.model.language.author_text import FUNCTIONS, Position, calls_on_their_own, position, text_of
from planrace.model.language.errors import DefinitionError, Place, is_authors
from planrace.model.language.terms import Term

EFFECTS = (
    ast.Global | ast.Nonlocal | ast.Raise | ast.Assert | ast.Delete | ast.With | ast.Yield | ast.YieldFrom | ast.Await
)
"""Side effects for which a helper may be called."""
MOST = 4096
"""How many functions' calls the cache holds."""
_known: dict[int, tuple[CodeType, dict[Position, str]]] = {}


@contextmanager
def noticing(what: str, function: Callable[..., object]) -> Iterator[None]:
    """While a function of the author runs as ``what``. Raises ``DefinitionError`` for the first call, on a line of its
    own, of a helper that does nothing but return terms; not if the function itself fails. If a profiler is active
    already, nothing is checked."""
    code = getattr(function, "__code__", None)
    calls = {} if code is None else _calls(code)
    if code is None or not calls or sys.getprofile() is not None:
        yield
        return
    lost: list[str] = []
    where: list[Place] = []
    within: list[FrameType] = []  # frames inside a built-in call such as list.extend, which may call back

    def listen(frame: FrameType, event: str, value: Any) -> None:
        if event == "c_call":
            within.append(frame)
        elif event.startswith("c_") and within and within[-1] is frame:
            within.pop()
        caller = frame.f_back
        if within and within[-1] is caller:
            return
        if event != "return" or caller is None or not _of_terms(value) or not is_authors(frame):
            return
        here = None if caller.f_code.co_filename != code.co_filename else _place(caller)
        if here in calls and _only_returns(frame.f_code):
            lost.append(calls[here])
            where.append(Place(code.co_filename, caller.f_lineno))

    sys.setprofile(listen)
    try:
        yield
    finally:
        sys.setprofile(None)
    if lost:
        raise DefinitionError(
            f"{what}: {lost[0]} on a line of its own does nothing",
            where=where[0],
            remedy="use what it returns, or remove it",
        )


def _calls(code: CodeType) -> dict[Position, str]:
    """Calls on lines of their own; cached, since a protection runs for every system that is requested."""
    if id(code) not in _known:
        if len(_known) >= MOST:
            _known.clear()
        _known[id(code)] = code, calls_on_their_own(code)
    return _known[id(code)][1]


def _place(frame: FrameType) -> Position:
    return position(frame.f_code, frame.f_lasti)


def _of_terms(value: object) -> bool:
    if isinstance(value, tuple | list):
        return bool(value) and all(isinstance(v, Term) for v in value)
    return isinstance(value, Term)


def _only_returns(code: CodeType) -> bool:
    """Whether the source of a function shows no effect besides its value. A lambda has none; without source it is
    unknown."""
    if code.co_name == "<lambda>":
        return True
    node = text_of(code)
    if node is None:
        return False
    for x in ast.walk(node):
        if isinstance(x, EFFECTS):
            return False
        if isinstance(x, ast.Expr) and not isinstance(x.value, ast.Constant):
            return False
        if isinstance(x, ast.Attribute | ast.Subscript) and not isinstance(x.ctx, ast.Load):
            return False
    return not any(isinstance(x, FUNCTIONS) for x in ast.walk(node) if x is not node)
