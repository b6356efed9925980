"""Tracks whether a function of the author is building terms right now."""

from __future__ import annotations

import opcode
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from planrace.model.language.errors import is_authors

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_in_process: ContextVar[bool] = ContextVar("in_process", default=False)


@contextmanager
def writing() -> Iterator[None]:
    """While a function of the author builds terms. Terms have no Python value there, so converting one to text is an
    error."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


@contextmanager
def reading_process() -> Iterator[None]:
    """While the text of a process is read. Remedies are those for processes then."""
    token = _in_process.set(True)
    try:
        yield
    finally:
        _in_process.reset(token)


def in_process() -> bool:
    """Whether the text of a process is read now."""
    return _in_process.get()


def is_writing() -> bool:
    """Whether the caller's caller is a function of the author that builds terms."""
    return _writing.get() and is_authors(sys._getframe(2))


def is_operating() -> bool:
    """Whether the caller's caller evaluates an operator (such as ``%`` on a string) and not a call."""
    frame = sys._getframe(2)
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith("BINARY_")
