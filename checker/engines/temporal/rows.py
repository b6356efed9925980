"""Arrays for the loops of ``loops.py``, and these loops themselves: as Python, or as machine code."""

from __future__ import annotations

import ast
import ctypes
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import getitem, setitem
from pathlib import Path
from typing import Any

from planrace.checker.engines.limits import look_at_the_clock

LARGE = 50_000
"""The number of states and steps from which machine code pays."""
PIECE = 1 << 22
"""Steps that a loop over a graph goes through between two checks of the clock."""
OUTSIDE = 2**32 - 1
"""The number of states that a loop leaves out."""
SOURCE = Path(__file__).parent / "loops.py"
PARTS = ("byte", "quarter", "half")


def zeros(code: str, count: int) -> Any:
    """An array of ``count`` zeros: "B" of one byte each, "H" of two, "I" of four."""
    return array(code, bytes(array(code).itemsize)) * count


def pieces(ranges: Iterable[tuple[int, int]], degree: int) -> Iterator[tuple[int, int]]:
    """Ranges of states with ``degree`` steps each, cut into short pieces; the clock is checked before each piece.
    Raises ``TimeUpError``."""
    size = max(1, PIECE // degree)
    for first, last in ranges:
        for start in range(first, last, size):
            look_at_the_clock()
            yield start, min(start + size, last)


def loops(size: int, labels: Any = None) -> Callable[..., int]:
    """A function that runs a function of ``loops.py`` by name; ``size`` is the amount of work. ``labels``: the labels
    that it gets, of two or four bytes each."""
    wide = labels is not None and labels.itemsize > 2
    if size >= LARGE:
        try:
            return _native(wide, OUTSIDE)
        except ImportError:
            pass
    return _plain(wide)


@cache
def _plain(wide: bool) -> Callable[..., int]:
    names: dict[str, Any] = {"min": min, "WIDE": wide, "OUTSIDE": OUTSIDE, **dict.fromkeys(PARTS, getitem)}
    names |= {f"set_{part}": setitem for part in PARTS}
    exec(compile(ast.unparse(_functions(SOURCE.read_text(encoding="utf-8"))), str(SOURCE), "exec"), names)
    return lambda name, *given: int(names[name](*given))


def _functions(text: str) -> ast.Module:
    """The functions of a module without its imports, whose names are bound differently here."""
    return ast.Module([_bare(n) for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)], [])


def _bare(node: ast.FunctionDef) -> ast.FunctionDef:
    for parameter in node.args.args:
        parameter.annotation = None
    node.returns = None
    return node


@cache
def _native(wide: bool, outside: int) -> Callable[..., int]:
    from planrace.checker.engines.native.jit import Machine
    from planrace.checker.engines.native.translate import Translator

    source = SOURCE.read_text(encoding="utf-8")
    constants = {"WIDE": int(wide), "OUTSIDE": outside}
    called = {n.name: len(n.args.args) for n in _functions(source).body if isinstance(n, ast.FunctionDef)}

    def text() -> str:
        translator = Translator("graphs", constants)
        translator.add(source)
        return str(translator.module)

    machine = Machine(f"{source} {constants}", text, called)
    return lambda name, *given: int(machine[name](*map(_address, given)))


def _address(given: Any) -> int:
    if isinstance(given, int):
        return given
    if isinstance(given, array):
        return given.buffer_info()[0]
    return ctypes.addressof(ctypes.c_char.from_buffer(given))
