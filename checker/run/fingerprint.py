"""One hash of all that a question to the checker consists of: if the hashes are equal, so are the answers."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from planrace.model.language import Instance, Op, Place, System, Term
from planrace.model.language.terms import subterms


def fingerprint(model: Instance | System, more: Iterable[object] = ()) -> str:
    """A hash (SHA-256, hex) of a protocol (at one size, or with sizes open), of what else is ``more``, and of our
    version.

    Positions in files are ignored, so a new comment does not change it. Raises ``TypeError`` for unknown values.
    """
    digest = hashlib.sha256()
    for piece in _pieces((planrace_version(), model, tuple(more)), {}):
        digest.update(piece.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _pieces(value: Any, known: dict[int, int]) -> Iterator[str]:
    """A value as pieces of text. Terms share subterms, so each is written once and referred to by a number after."""
    if isinstance(value, Term):
        yield from _term(value, known)
    elif isinstance(value, enum.Enum):
        yield f"{type(value).__name__}.{value.name}"
    elif is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for name, inner in _said(value):
            yield name
            yield from _pieces(inner, known)
    elif isinstance(value, Mapping):
        yield f"{{{len(value)}"
        for name, inner in value.items():
            yield repr(name)
            yield from _pieces(inner, known)
    elif isinstance(value, tuple | list):
        yield f"[{len(value)}"
        for inner in value:
            yield from _pieces(inner, known)
    else:
        yield _leaf(value)


def _said(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass without places. (In scenarios ``where`` is a term.)"""
    pairs = ((f.name, getattr(value, f.name)) for f in fields(value))
    return ((n, v) for n, v in pairs if not (isinstance(v, Place) or (n == "where" and v is None)))


def _term(value: Term, known: dict[int, int]) -> Iterator[str]:
    for t in subterms(value):
        if id(t) not in known:
            known[id(t)] = len(known)
            parts = ",".join(str(known[id(a)]) for a in t.args)
            yield f"{t.op.name}({parts}):{t.sort!r}:{_data(t)}"
    yield f"term {known[id(value)]}"


def _data(t: Term) -> str:
    """What a term says besides its parts. The hole of a name for members is marked by an object, which differs from
    process to process; terms refer to the hole by its number."""
    if t.op is Op.BOUND and type(t.data[1]) is object:
        return f"({t.data[0]!r}, hole)"
    return repr(t.data)


def _leaf(value: object) -> str:
    if isinstance(value, frozenset | set):
        return repr(sorted(map(_leaf, value)))
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    raise TypeError(f"cannot make a fingerprint of {value!r}, a {type(value).__name__}")


@cache
def planrace_version() -> str:
    """The package version with a hash of its sources, because a working copy changes without a new version."""
    try:
        released = version("planrace")
    except PackageNotFoundError:
        released = "unknown"
    digest, root = hashlib.sha256(), Path(__file__).parents[2]
    for file in sorted(f for room in ("model", "checker", "properties") for f in (root / room).rglob("*.py")):
        digest.update(file.read_bytes())
    return f"{released} {digest.hexdigest()}"
