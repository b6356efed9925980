"""Objects as bytes, for other processes: instances, properties, requests and what is answered.

Terms are the same object where they are equal, and may be nested deeper than pickle can follow. So the terms that an
object refers to are a table of their own, each entry after its parts, and are made again by ``make``, which finds those
that the process has. A dataclass is its fields: what it has computed from them besides may be functions.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

from planrace.model.language import Op, Term
from planrace.model.language.terms import make


def shipped(thing: object) -> bytes:
    """``thing`` as bytes. Raises ``TypeError`` if a part of it, such as a function that was made in a call, cannot be
    sent."""
    table = _Table()
    whole = table.bytes_of(thing)
    return pickle.dumps((table.entries, whole))


def received(data: bytes) -> Any:
    """What ``shipped`` was given."""
    entries, whole = pickle.loads(data)
    terms: list[Term] = []
    for entry in entries:
        op, parts, sort, more = _Reader(entry, terms).load()
        terms.append(make(op, tuple(terms[n] for n in parts), sort, more))
    return _Reader(whole, terms).load()


class _Table:
    """Terms by number, each after its parts, as bytes."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self._numbers: dict[Term, int] = {}

    def bytes_of(self, thing: object) -> bytes:
        """``thing`` as bytes that refer to terms by their numbers."""
        stream = io.BytesIO()
        try:
            _Writer(stream, self).dump(thing)
        except (pickle.PicklingError, AttributeError) as problem:
            raise TypeError(f"this cannot be sent to another process: {problem}") from problem
        return stream.getvalue()

    def number(self, term: Term) -> int:
        """The number of a term; its parts get theirs first."""
        waiting = [term]
        while waiting:
            t = waiting[-1]
            parts = [a for a in t.args if a not in self._numbers]
            if parts:
                waiting += parts
                continue
            waiting.pop()
            if t not in self._numbers:
                entry = self.bytes_of((t.op, tuple(self._numbers[a] for a in t.args), t.sort, t.data))
                self._numbers[t] = len(self.entries)
                self.entries.append(entry)
        return self._numbers[term]


class _Writer(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, table: _Table) -> None:
        super().__init__(stream, protocol=pickle.HIGHEST_PROTOCOL)
        self._terms = table

    def persistent_id(self, thing: Any) -> int | None:
        return self._terms.number(thing) if type(thing) is Term else None

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, MappingProxyType):
            return MappingProxyType, (dict(thing),)
        if isinstance(thing, Op):
            return Op, (thing.value,)
        if isinstance(thing, BaseException):
            return _raised_again, (type(thing), thing.args), dict(vars(thing)), None, None, _filled
        if is_dataclass(thing) and not isinstance(thing, type) and type(thing).__module__.startswith("planrace."):
            state = {f.name: object.__getattribute__(thing, f.name) for f in fields(thing)}
            return object.__new__, (type(thing),), state, None, None, _filled
        return NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, terms: list[Term]) -> None:
        super().__init__(io.BytesIO(data))
        self._terms = terms

    def persistent_load(self, pid: int) -> Term:
        return self._terms[pid]


def _filled(thing: object, state: dict[str, Any]) -> None:
    """Set the attributes of an object, which may be frozen."""
    for name, value in state.items():
        object.__setattr__(thing, name, value)


def _raised_again(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception without a call of its ``__init__``, which may take other arguments than it keeps."""
    return kind.__new__(kind, *args)
