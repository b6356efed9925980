"""Symbols in generated texts: one injective scheme, so two things never share a symbol, whatever names authors choose.

A symbol consists of the kind of thing it stands for, then the author's name, then numbers. Both spellings can be
decoded, so they are injective; letters and digits of the author's name are kept as they are:

* ``symbol`` is for solvers and their files (SMT-LIB 2.6, "simple symbol"): ``variable.lock_owner.2``. Parts are joined
  by points. A space is ``-``; all but ASCII letters, digits and ``_`` is the code of the character between ``~``.
* ``identifier`` is for programs (Python, and the machine code that is made of it): ``v_lock__owner_2``. An underscore
  is written twice; everything but ASCII letters and digits is the code of the character between ``_x`` and ``_``; a
  single underscore before a digit is a number. Python normalises identifiers (NFKC), so letters beyond ASCII are not
  kept.

Kinds are words of this package, without separators. Solvers' own names (``x!0``, ``and``, ``Int``) contain no point.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def symbol(kind: str, *parts: str | int) -> str:
    """The symbol of a thing for a solver. A number and its digits give the same symbol: for one kind, the part at one
    position is always a name or always a number."""
    return ".".join([kind, *(_SYMBOL.sub(_in_symbol, str(p)) for p in parts)])


@lru_cache(maxsize=4096)
def identifier(kind: str, name: str, *numbers: int) -> str:
    """The name of a thing in a program; ``numbers`` (from 0) say which element it is."""
    return "_".join([kind, _IDENTIFIER.sub(_in_identifier, name), *map(str, numbers)])


_SYMBOL = re.compile(r"[^A-Za-z0-9_]")
_IDENTIFIER = re.compile(r"[^A-Za-z0-9]")


def _in_symbol(found: re.Match[str]) -> str:
    return "-" if found[0] == " " else f"~{ord(found[0]):x}~"


def _in_identifier(found: re.Match[str]) -> str:
    return "__" if found[0] == "_" else f"_x{ord(found[0]):x}_"
