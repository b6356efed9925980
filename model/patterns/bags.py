"""Unordered channels (sets and bags): messages may overtake each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from planrace.model.language import (
    DefinitionError,
    If,
    Index,
    Int,
    Protocol,
    SetOf,
    Sort,
    Term,
    Update,
    array,
    both,
    each,
    either,
    exists,
    integers,
    subsets,
    update,
)
from planrace.model.language.actions import advised
from planrace.model.language.composite import Composite
from planrace.model.language.errors import instances
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, Scalar, SizeValue
from planrace.model.language.system import Messages
from planrace.model.language.terms import Value, lift
from planrace.model.patterns.messages import Channel, Fields, Message, ends_of, fields_of, place_of, record_of, said

_FOR_AUTHORS = True  # errors and places name the line that calls this module


@dataclass(frozen=True, eq=False)
class Unordered(Channel):
    """Messages in transit that may overtake each other. They form a set, so a message that is sent twice is in it once;
    with ``copies``, up to that many copies of each are kept."""

    messages: Term
    copies: SizeValue | None

    @property
    def waiting(self) -> Term:
        """A message is in transit; with ``over``, to that member: ``waiting[to]``."""
        return self.of_each(lambda at: _some(place_of(self.messages, at)))

    def carries(self, *message: Value | Composite) -> Term:
        """Whether this message is in transit."""
        return _found(self.messages, self._keys(message), lambda cell: cell > 0)

    def room(self, *message: Value | Composite) -> Term:
        """Whether this message can be sent once more: always true without ``copies``. With ``copies``, guard
        ``sending`` by it: exceeding the number of copies is an error."""
        keys, most = self._keys(message), self.copies
        return both() if most is None else ~_found(self.messages, keys, lambda cell: cell >= most)

    def sending(self, *message: Message) -> Update:
        """Put messages in transit. Several at once are tuples, as in ``sending((a, m), (b, m))``, or plain values if a
        message is a single value."""
        return self._changed([], self._several(message), f"guard it with {self.name}.room(…), or allow more copies")

    def receiving(self, *message: Message) -> Update:
        """Take the first message out of transit; guard it with ``carries``. Further messages are answers, which are
        sent in the same step: ``receiving((a, m), (b, n))``, or plain values if a message is a single value."""
        received, *answers = self._several(message)
        advice = f"guard it with {self.name}.carries(…)" + (" and room(…) for the answers" if answers else "")
        return self._changed([received], answers, advice)

    def _several(self, given: Sequence[Message]) -> list[tuple[Term, ...]]:
        if given and not self.over and all(isinstance(m, Composite) for m in given):
            return [self._keys(m) for m in given]
        if given and (len(self.parts) == 1 or any(isinstance(m, tuple) for m in given)):
            return [self._keys(m) for m in given]
        return [self._keys(tuple(given))]  # type: ignore[arg-type]

    def _keys(self, message: Message) -> tuple[Term, ...]:
        """The parts of a message in the order in which ``messages`` has them."""
        parts = self.message(message)
        at = _element(tuple(self.parts.values()), self.copies)
        return (*parts[:at], *parts[at + 1 :], parts[at])

    def _changed(self, gone: list[tuple[Term, ...]], come: list[tuple[Term, ...]], advice: str) -> Update:
        """One update of the channel, at the innermost array element that contains all of the messages."""
        cell, depth = self.messages, 0
        amiss = either(*(w for keys in come for w in _strays(cell.sort, keys)))
        while isinstance(cell.sort, Array):
            first, *others = (keys[depth] for keys in (*gone, *come))
            if not _is_place(first, cell.sort.domain) or any(o is not first for o in others):
                break
            cell, depth = cell[first], depth + 1
        gone, come = ([keys[depth:] for keys in messages] for messages in (gone, come))
        return advised(update(cell, self._after(cell, (), gone, come, amiss)), advice)

    def _after(
        self,
        cell: Term,
        at: tuple[Term, ...],
        gone: list[tuple[Term, ...]],
        come: list[tuple[Term, ...]],
        amiss: Term,
    ) -> Term:
        """The new value of the cell at the keys ``at``."""
        if isinstance(cell.sort, Array):
            return each(cell.sort.domain, lambda k: self._after(cell[k], (*at, k), gone, come, amiss))
        is_set = isinstance(cell.sort, SetOf)
        value = cell
        for keys in gone:
            value = _where(at, keys, value - {keys[-1]} if is_set else value - 1, value)
        for keys in come:
            value = _where(at, keys, value | {keys[-1]} if is_set else value + 1, value)
        return value if amiss.op is Op.CONST else If(amiss, self._impossible(), value)

    def _impossible(self) -> Term | set[Term]:
        """A value that no cell can hold: sending a message outside its sort is an error and must not be lost
        silently."""
        if self.copies is not None:
            return _more(self.copies)
        element = tuple(self.parts.values())[_element(tuple(self.parts.values()), None)]
        assert isinstance(element, Int)
        return {_more(element.high)}


def unordered(
    protocol: Protocol,
    name: str,
    message: Fields,
    meaning: str = "",
    *,
    over: Index | tuple[Index, Index] | None = None,
    copies: SizeValue | None = None,
) -> Unordered:
    """A channel that delivers in any order: the variable ``name``. A ``message`` is a scalar, or a tuple of several.
    With ``over``, there is one channel for each member of that index, or for each pair ``(Sender, Receiver)``. Equal
    messages merge unless ``copies`` of them are allowed."""
    instances((protocol,), Protocol, "unordered", "unordered(protocol, …)")
    meaning = said(name, meaning)
    fields, ends = fields_of(name, message), ends_of(name, over)
    if copies is not None and isinstance(copies, int) and copies < 1:
        raise DefinitionError(f"channel {name}: {copies} copies", remedy="at least 1; leave it out for a set")
    parts: list[Scalar] = [*ends, *fields]
    at, last = _element(tuple(parts), copies), len(parts) - 1
    order = tuple(last if n == at else n - (n > at) for n in range(len(parts)))
    element = parts.pop(at)
    sort: Sort = subsets(element) if copies is None else array(element, integers(0, copies, "copies"))
    for part in reversed(parts):
        sort = array(part, sort)
    messages = protocol.variable(name, sort, set() if copies is None else 0, meaning)
    protocol.channels.append(Messages(name, (messages,), None, order, len(ends)))
    return Unordered(name, fields, ends, record_of(message), messages, copies)


def _element(parts: tuple[Scalar, ...], copies: SizeValue | None) -> int:
    """The position of the part that sets hold; arrays are over the other parts. It is the last part that is a number,
    as numbers may be computed, or else the last part. Counts are kept at the last."""
    numbers = [n for n, p in enumerate(parts) if isinstance(p, Int)]
    return numbers[-1] if numbers and copies is None else len(parts) - 1


def _is_place(key: Term, domain: Scalar) -> bool:
    """Whether ``key`` is a valid position in an array over ``domain`` in every state. A computed number may not be, and
    no solver accepts it as one, so it is compared instead."""
    return key.op is Op.CONST or key.sort == domain


def _strays(sort: Sort, keys: tuple[Term, ...]) -> Iterator[Term]:
    """Conditions under which a key is not a valid position."""
    for key in keys:
        if not isinstance(sort, Array):
            return
        domain, sort = sort.domain, sort.element
        if isinstance(domain, Int) and not _is_place(key, domain):
            yield (key < domain.low) | (key > domain.high)


def _found(cell: Term, keys: tuple[Term, ...], count: Callable[[Term], Term]) -> Term:
    """Whether the message is in the set, or ``count`` holds for its number of copies."""
    if isinstance(cell.sort, SetOf):
        return keys[0].isin(cell)
    if not isinstance(cell.sort, Array):
        return count(cell)
    key, *rest = keys
    if _is_place(key, cell.sort.domain):
        return _found(cell[key], tuple(rest), count)
    return exists(cell.sort.domain, lambda k: (k == key) & _found(cell[k], tuple(rest), count))


def _some(cell: Term) -> Term:
    if isinstance(cell.sort, Array):
        return exists(cell.sort.domain, lambda k: _some(cell[k]))
    return cell != set() if isinstance(cell.sort, SetOf) else cell > 0


def _where(at: tuple[Term, ...], keys: tuple[Term, ...], then: Term, otherwise: Term) -> Term:
    """``then`` in the cell of the message, ``otherwise`` in all others."""
    return If(both(*(a == k for a, k in zip(at, keys, strict=False))), then, otherwise) if at else then


def _more(size: SizeValue) -> Term:
    return lift(size) + 1
