"""Queues of the patterns as drivers have them: a list of messages, where the model has slots and a length.

A message is a value, or a tuple of its fields. A queue for each member of an index is a dict (or a list) of such lists.
The slots and the length may be observed as they are, too: with the length beside them, or with a blank in a slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.checker.results.driving import PlaceMismatch
from planrace.checker.semantics.describe import in_words
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Array, Instance, ModelError, Place, Sort
from planrace.model.language.author_code import shown


@dataclass(frozen=True)
class _Queue:
    """A queue: the variables with the slots of each field, their sorts and blanks, and the variable with its length.
    ``over`` has the words for the members of each index, if there is a queue for each member or pair."""

    name: str
    columns: tuple[str, ...]
    fields: tuple[Sort, ...]
    blanks: tuple[Any, ...]
    length: str
    capacity: int
    over: tuple[tuple[str, ...], ...]

    @property
    def variables(self) -> tuple[str, ...]:
        return *self.columns, self.length


class Queues:
    """The queues of an instance. ``words`` makes a driver's value of one of the interpreter's."""

    def __init__(self, instance: Instance, words: Callable[[Sort, Any], Any]) -> None:
        self._instance = instance
        self._words = words
        self._place = {v.name: n for n, v in enumerate(instance.system.variables)}
        ordered = [c for c in instance.system.channels if c.length is not None]
        first = Interpreter(instance).initials()[0] if ordered else ()
        self._all = [
            self._queue(c.name, [str(t) for t in c.columns], str(c.length), first, over=c.over) for c in ordered
        ]

    def _queue(self, name: str, columns: Sequence[str], length: str, first: State, *, over: int) -> _Queue:
        sorts: list[Any] = [self._instance.system.variables[self._place[c]].sort for c in columns]
        raw = [first[self._place[c]] for c in columns]
        members: list[tuple[str, ...]] = []
        for _ in range(over):
            domain = sorts[0].domain
            members.append(tuple(in_words(domain, m) for m in self._instance.members(domain)))
            sorts, raw = [s.element for s in sorts], [x[0] for x in raw]
        assert all(isinstance(s, Array) for s in sorts)
        blanks = tuple(self._words(s.element, x[-1]) for s, x in zip(sorts, raw, strict=True))
        fields = tuple(s.element for s in sorts)
        return _Queue(name, tuple(columns), fields, blanks, length, len(raw[0]), tuple(members))

    # Reading -------------------------------------------------------------------------------------------------------
    def spread(self, found: Mapping[str, Any], what: str, where: Place | None) -> Mapping[str, Any]:
        """An observation with slots and lengths in place of lists of messages. Raises ``ModelError``."""
        if not self._all:
            return found
        spread = dict(found)
        for q in self._all:
            if q.name not in found or q.length in found:
                continue
            value, each = found[q.name], f"{what}: {q.name}"
            queues = _all_queues(value, len(q.over))
            if queues and not self._has_slots(q, queues):
                del spread[q.name]
                spread.update(self._parts_of_each(q, value, len(q.over), each, where))
        return spread

    def _parts_of_each(self, q: _Queue, value: Any, depth: int, what: str, where: Place | None) -> Mapping[str, Any]:
        """Slots and lengths in the form in which the queues of members or pairs are given."""
        if depth == 0:
            return self._parts(q, value, what, where)
        parts = {k: self._parts_of_each(q, x, depth - 1, f"{what}[{k}]", where) for k, x in _keyed(value).items()}
        if not isinstance(value, Mapping):
            return {v: [p[v] for p in parts.values()] for v in q.variables}
        return {v: {k: p[v] for k, p in parts.items()} for v in q.variables}

    def _has_slots(self, q: _Queue, values: Sequence[Any]) -> bool:
        """Whether these are slots: as many as there are, and at least one is empty."""
        if len(q.columns) > 1:
            return False
        whole = all(isinstance(v, Mapping) or (isinstance(v, list | tuple) and len(v) == q.capacity) for v in values)
        return whole and any(isinstance(v, Mapping) or q.blanks[0] in v for v in values)

    def _parts(self, q: _Queue, messages: Any, what: str, where: Place | None) -> dict[str, Any]:
        """Slots of each field, and the length."""
        if not isinstance(messages, list | tuple):
            raise ModelError(
                f"{what} is {shown(messages)}, not a list of messages", where=where, remedy="return a list"
            )
        rows = [(m,) for m in messages] if len(q.columns) == 1 else messages
        for m in rows:
            if not isinstance(m, list | tuple) or len(m) != len(q.columns):
                remedy = f"write ({', '.join(c.removeprefix(f'{q.name}_') for c in q.columns)})"
                raise ModelError(f"{what} has the message {shown(m)}", where=where, remedy=remedy)
        kept = [*rows[: q.capacity], *[q.blanks] * (q.capacity - len(rows))]
        return {**{c: [m[n] for m in kept] for n, c in enumerate(q.columns)}, q.length: len(rows)}

    # Telling -------------------------------------------------------------------------------------------------------
    def listed(self, state: State, words: dict[str, Any]) -> dict[str, Any]:
        """A state in the words of a driver, with lists of messages in place of slots and lengths."""
        for q in self._all:
            for v in q.variables:
                del words[v]
            columns, length = [state[self._place[c]] for c in q.columns], state[self._place[q.length]]
            sort: Any = self._instance.system.variables[self._place[q.length]].sort
            words[q.name] = self._told(q, sort, columns, length)
        return words

    def _told(self, q: _Queue, sort: Any, columns: Sequence[Any], length: Any) -> Any:
        """A queue, or a dict of those of each member; ``sort`` is that of its length."""
        if not isinstance(sort, Array):
            return self._messages(q, columns, length)
        members = [self._words(sort.domain, m) for m in self._instance.members(sort.domain)]
        queues = [self._told(q, sort.element, [c[n] for c in columns], many) for n, many in enumerate(length)]
        return dict(zip(members, queues, strict=True))

    def _messages(self, q: _Queue, columns: Sequence[Any], length: int) -> list[Any]:
        rows = list(zip(*(c[:length] for c in columns), strict=True))
        told = [tuple(self._words(s, x) for s, x in zip(q.fields, row, strict=True)) for row in rows]
        return told if len(q.columns) > 1 else [m for (m,) in told]

    def gathered(
        self, differ: Sequence[PlaceMismatch], read: Mapping[str, Any], state: State
    ) -> tuple[PlaceMismatch, ...]:
        """Differences in which a queue that was observed whole differs as a list of messages."""
        found = list(differ)
        for q in self._all:
            mine = [m for m in found if m.place.partition("[")[0] in q.variables]
            if not mine or not all(v in read for v in q.variables):
                continue
            model = dict(self._texts(q, {v: state[self._place[v]] for v in q.variables}))
            told = [PlaceMismatch(p, model[p], text) for p, text in self._texts(q, read) if model[p] != text]
            if told:
                at = found.index(mine[0])
                found = [m for m in found if m not in mine]
                found[at:at] = told
        return tuple(found)

    def _texts(self, q: _Queue, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The queues that are known whole, by their places: ``[START 1, STOP 1]``."""
        for place, columns, length in _known(q.name, [values[c] for c in q.columns], values[q.length], q.over):
            if all(isinstance(c, tuple) for c in columns):
                rows = zip(*(c[:length] for c in columns), strict=True)
                texts = [" ".join(in_words(s, x) for s, x in zip(q.fields, row, strict=True)) for row in rows]
                yield place, f"[{', '.join([*texts, '…'] if length > q.capacity else texts)}]"


def _known(
    place: str, columns: Sequence[Any], length: Any, over: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[str, Sequence[Any], Any]]:
    """Each queue that is known, with its place, slots and length."""
    if not over:
        yield place, columns, length
        return
    slots, lengths = [_elements(c) for c in columns], _elements(length)
    for n in (n for n in lengths if all(n in c for c in slots)):
        yield from _known(f"{place}[{over[0][n]}]", [c[n] for c in slots], lengths[n], over[1:])


def _keyed(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else dict(enumerate(value))


def _all_queues(value: Any, depth: int) -> list[Any]:
    """The queues of all members or pairs; none if they have another form."""
    if depth == 0:
        return [value]
    if not isinstance(value, Mapping | list | tuple):
        return []
    inner = [_all_queues(x, depth - 1) for x in _keyed(value).values()]
    return [q for found in inner for q in found] if all(inner) else []


def _elements(pattern: Any) -> Mapping[int, Any]:
    """The elements of an array that are known, by their offsets."""
    return dict(enumerate(pattern)) if isinstance(pattern, tuple) else pattern.elements
