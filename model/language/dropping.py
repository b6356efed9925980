"""Calls on lines of their own that return terms: Python drops what a helper returns there.

A helper whose annotation says that it returns a term is known by its text. Of others only the value tells, and Python
shows it to a profiler; one listens where such a call stands in the text of a function, which is hardly ever.
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
"""What somebody may call a helper for besides its value."""
MOST = 4096
"""Functions whose calls are remembered."""
_known: dict[int, tuple[CodeType, dict[Position, str]]] = {}


@contextmanager
def noticing(what: str, function: Callable[..., object]) -> Iterator[None]:
    """While a function of the author runs as ``what``. Raises ``DefinitionError`` for the first call on a line of its
    own of a helper that does nothing but return terms, not where the function fails itself. Where somebody profiles,
    nothing is noticed."""
    code = getattr(function, "__code__", None)
    calls = {} if code is None else _calls(code)
    if code is None or not calls or sys.getprofile() is not None:
        yield
        return
    lost: list[str] = []
    where: list[Place] = []
    within: list[FrameType] = []  # frames that call a function of Python's own, which may call theirs: list.extend, say

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
    """Those on lines of their own; a protection runs for every system that is asked about."""
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
    """By its text the function has no effect but its value. A lambda has none; of code without a text nobody knows."""
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
