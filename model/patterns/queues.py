"""Ordered channels (queues): messages arrive in the order in which they were sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planrace.model.language import (
    DefinitionError,
    If,
    Index,
    Protocol,
    RecordSort,
    Sort,
    Term,
    Update,
    array,
    both,
    each,
    integers,
    optional,
    update,
)
from planrace.model.language.actions import advised
from planrace.model.language.composite import Composite, leaves_in
from planrace.model.language.errors import instances, so_many
from planrace.model.language.sorts import Bool, Enum, Maybe, Scalar, SizeValue, describe
from planrace.model.language.system import Messages
from planrace.model.language.terms import Value, expect
from planrace.model.patterns.messages import Channel, Fields, ends_of, fields_of, held, named, place_of, record_of, said

_FOR_AUTHORS = True  # errors and places name the line that calls this module


@dataclass(frozen=True, eq=False)
class Ordered(Channel):
    """Messages that arrive in the order in which they were sent, at most ``capacity`` at a time. The first to arrive is
    in slot 1; empty slots hold ``blanks``, so that equal channels are equal states. Each field of a message has its own
    slots, ``columns``."""

    columns: tuple[Term, ...]
    length: Term
    capacity: SizeValue
    blanks: tuple[Value, ...]

    @property
    def slots(self) -> Term:
        """The slots of a channel whose message is a single value; a message with several fields has ``columns``
        instead."""
        if len(self.columns) > 1:
            raise DefinitionError(
                f"channel {self.name}: a message has {so_many(self.columns, 'field')}",
                remedy="use columns, or heads for head",
            )
        return self.columns[0]

    @property
    def waiting(self) -> Term:
        """Whether a message can be received; with ``over``, by that member: ``waiting[to]``, or
        ``waiting[sender][to]``."""
        return self.of_each(lambda at: place_of(self.length, at) > 0)

    @property
    def room(self) -> Term:
        """Whether a message can be sent; with ``over``, to that member: ``room[to]``. Guard ``sending`` with it:
        exceeding the capacity is an error."""
        return self.of_each(lambda at: place_of(self.length, at) < self.capacity)

    @property
    def head(self) -> Any:
        """The next message; ``blank`` if there is none. With ``over``, for that member: ``head[to]``. For a message
        over an index, this is a member or none; to use it as a member, take a parameter ``m`` of the action and require
        ``brings(m)``."""
        record = self.record
        if record is not None:
            return self.of_each(lambda at: held(record, [place_of(c, at)[1] for c in self.columns]))
        slots = self.slots
        return self.of_each(lambda at: place_of(slots, at)[1])

    @property
    def heads(self) -> tuple[Term, ...]:
        """The fields of the next message, each like ``head``."""
        return tuple(self.of_each(lambda at, c=c: place_of(c, at)[1]) for c in self.columns)  # type: ignore[misc]

    def brings(self, *message: Value | Composite) -> Term:
        """Whether this is the next message."""
        parts = self.message(message)
        at, fields = parts[: -len(self.of)], parts[-len(self.of) :]
        heads = (place_of(c, at)[1] for c in self.columns)
        return both(place_of(self.length, at) > 0, *(h == f for h, f in zip(heads, fields, strict=True)))

    def sending(self, *message: Value | Composite) -> tuple[Update, ...]:
        """Append this message to the channel."""
        parts = self.message(message)
        at, fields = parts[: -len(self.of)], parts[-len(self.of) :]
        end = place_of(self.length, at) + 1
        put = [
            update(slots, each(self._slot, lambda k, s=slots, f=field: If(k == end, f, s[k])))  # type: ignore[misc]
            for slots, field in zip((place_of(c, at) for c in self.columns), fields, strict=True)
        ]
        return *put, self._counted(at, end, "room")

    def receiving(self, *member: Value) -> tuple[Update, ...]:
        """Remove the first message (with ``over``, the one for ``member``); guard it with ``waiting``."""
        at, last = self._member(member, "receives", "receiving"), self.capacity
        moved = self._moved(at, lambda s, k, blank: If(k == last, blank, s[If(k == last, k, k + 1)]))
        return *moved, self._counted(at, place_of(self.length, at) - 1, "waiting")

    def doubling(self, *member: Value) -> tuple[Update, ...]:
        """Duplicate the first message; guard it with ``waiting`` and ``room``."""
        at = self._member(member, "doubles", "doubling")
        moved = self._moved(at, lambda s, k, _: s[If(k == 1, k, k - 1)])
        return *moved, self._counted(at, place_of(self.length, at) + 1, "room")

    @property
    def _slot(self) -> Scalar:
        return integers(1, self.capacity, "slot")

    def _member(self, given: tuple[Value, ...], does: str, call: str) -> tuple[Term, ...]:
        """The member whose channel is meant; authors tend to pass the message too, as for unordered channels."""
        written = f"{self.name}.{call}({', '.join(self.ends)})"
        return self.member(given, f"an ordered channel {does} its head: write {written}")

    def _moved(self, at: tuple[Term, ...], value: Callable[[Term, Term, Value], Term]) -> list[Update]:
        """Updates after which slot k of each field holds ``value`` of its slots, k and its blank."""
        return [
            update(slots, each(self._slot, lambda k, s=slots, b=blank: value(s, k, b)))  # type: ignore[misc]
            for slots, blank in zip((place_of(c, at) for c in self.columns), self.blanks, strict=True)
        ]

    def _counted(self, at: tuple[Term, ...], number: Term, guard: str) -> Update:
        member = "[…]" * len(at)
        advice = f"guard it with {self.name}.{guard}{member}" + (", or raise the capacity" if guard == "room" else "")
        return advised(update(place_of(self.length, at), number), advice)


def ordered(
    protocol: Protocol,
    name: str,
    message: Fields,
    capacity: SizeValue,
    blank: Value | Composite | tuple[Value, ...] = None,
    meaning: str = "",
    *,
    over: Index | tuple[Index, Index] | None = None,
) -> Ordered:
    """A channel that delivers in order: the variables ``name`` (slots 1…``capacity``) and ``name_length``. ``blank`` is
    a constant of the sort of ``message``; members of an index need none, as a slot may hold no member. A ``message`` is
    a scalar, or a tuple of several; then ``blank`` is a tuple, too, and each field has its own slots, ``name_field``.
    With ``over``, there is one channel for each member of that index; with ``over=(Sender, Receiver)`` one for each
    pair, ``head[sender][to]``: messages of one pair arrive in order, and those of others may overtake them."""
    instances((protocol,), Protocol, "ordered", "ordered(protocol, …)")
    meaning, fields, ends = said(name, meaning), fields_of(name, message), ends_of(name, over)
    record = record_of(message)
    blanks = _blanks(name, blank, record, len(fields))
    if len(blanks) != len(fields):
        raise DefinitionError(
            f"channel {name}: a message has {so_many(fields, 'field')}, and {so_many(blanks, 'blank')}",
            remedy=_blanks_for(fields),
        )

    def declared(called: str, sort: Sort, start: Value, words: str) -> Term:
        for index in reversed(ends):
            sort = array(index, sort)
        return protocol.variable(called, sort, start, words)

    columns = []
    places: tuple[Any, ...] = fields if record is None else tuple(leaf for _, leaf in record.blank()[0].leaves)
    for field, sort, start in zip(named(fields, record), places, blanks, strict=True):
        called = name if len(fields) == 1 and record is None else f"{name}_{field}"
        slots = array(integers(1, capacity, "slot"), _held(name, sort, start, _blanks_for(fields)))
        columns.append(declared(called, slots, start, meaning))
    length = declared(f"{name}_length", integers(0, capacity, "length"), 0, f"messages in {name}")
    protocol.channels.append(Messages(name, tuple(columns), length, (), len(ends)))
    return Ordered(name, fields, ends, record, tuple(columns), length, capacity, blanks)


def _blanks(name: str, given: Any, record: RecordSort | None, fields: int) -> tuple[Any, ...]:
    """What empty slots hold, for each field."""
    if record is not None:
        _, empty = record.blank()
        return leaves_in(empty if given is None else record.read(given, f"blank of channel {name}"))
    return given if isinstance(given, tuple) else (None,) * fields if given is None else (given,)


def _held(name: str, field: Scalar, blank: Value, remedy: str) -> Scalar:
    """The sort of a slot: that of the field, extended by the blank."""
    if blank is None and isinstance(field, Index | Maybe):
        return optional(field) if isinstance(field, Index) else field
    if blank is None:
        raise DefinitionError(
            f"channel {name}: {describe(field)} has no value for slots without a message", remedy=remedy
        )
    expect(blank, field, f"blank of channel {name}", remedy)
    return field


def _blanks_for(fields: tuple[Scalar, ...]) -> str:
    """How ``blank`` is written for a message of ``fields``."""
    examples = [_blank_for(f) for f in fields]
    if len(examples) == 1:
        return (
            "leave blank out: an empty slot holds no member"
            if examples == ["None"]
            else f"name one of its own: blank={examples[0]}"
        )
    index = "; None for members of an index" if "None" in examples else ""
    return f"give each field its own: blank=({', '.join(examples)}){index}"


def _blank_for(field: Scalar) -> str:
    match field:
        case Index() | Maybe():
            return "None"
        case Enum(name=name, members=members):
            return f"{name.title().replace(' ', '')}.{members[-1]}"
        case Bool():
            return "False"
        case _:
            return str(low) if isinstance(low := getattr(field, "low", 0), int) else "…"
