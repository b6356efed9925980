"""What a question to the checker consists of, as one hash: equal hashes, equal answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from model.language import Instance, Term
from model.language.terms import subterms


def fingerprint(instance: Instance, asked: Iterable[object] = ()) -> str:
    """A hash (SHA-256, hex) of all that a protocol says at one size, of what else is ``asked``, and of our version.

    Places in files do not count: a comment more changes no answer.
    """
    digest = hashlib.sha256()
    for piece in _pieces((_version(), instance, tuple(asked)), {}):
        digest.update(piece.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _pieces(value: Any, known: dict[int, int]) -> Iterator[str]:
    """A value as text, piece by piece; terms share their parts, so each is written once and then named by number."""
    if callable(value):
        return
    if isinstance(value, Term):
        for t in subterms(value):
            if id(t) not in known:
                known[id(t)] = len(known)
                parts = ",".join(str(known[id(a)]) for a in t.args)
                yield f"{t.op.name}({parts}):{t.sort!r}:{_data(t.data)}"
        yield f"term {known[id(value)]}"
    elif is_dataclass(value):
        yield type(value).__name__
        for f in (f for f in fields(value) if f.name != "where"):
            yield f.name
            yield from _pieces(getattr(value, f.name), known)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield repr(name)
            yield from _pieces(inner, known)
    elif isinstance(value, tuple | list):
        yield f"[{len(value)}"
        for inner in value:
            yield from _pieces(inner, known)
    elif isinstance(value, frozenset | set):
        yield repr(sorted(map(repr, value)))
    else:
        yield repr(value)


def _data(data: object) -> str:
    return repr(sorted(map(repr, data))) if isinstance(data, frozenset | set) else repr(data)


def _version() -> str:
    try:
        return version("planrace")
    except PackageNotFoundError:
        return "unknown"
