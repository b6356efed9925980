"""What many protocols are made of: channels, clocks, crashes.

A pattern declares variables and actions of a protocol and builds terms; it is no part of the language, so every engine
reads it like what an author writes by hand. Pieces that stand in a ``step`` are called by what happens: ``sending``,
``receiving``, ``starting``, starred or not. One step writes a channel or a timer at most once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from model.language import (
    Action,
    DefinitionError,
    If,
    Index,
    Op,
    Protocol,
    Says,
    Step,
    Term,
    Update,
    array,
    both,
    each,
    either,
    exists,
    integers,
    optional,
    says,
    step,
    subsets,
    update,
    when,
)
from model.language.errors import author
from model.language.sorts import Array, Maybe, Scalar, Size, Sort, describe
from model.language.terms import FALSE, Value, lift

_FOR_AUTHORS = True  # errors and places name the line that calls this module

__all__ = ["Ordered", "Timer", "Unordered", "clock", "crash", "lossy", "ordered", "timer", "unordered"]


# Channels ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Unordered:
    """Messages on their way that may overtake each other: a set, so what is sent twice is there once."""

    name: str
    messages: Term
    of: Scalar

    def carries(self, message: Value) -> Term:
        """Whether ``message`` is on its way."""
        return lift(message).isin(self.messages)

    def sending(self, *messages: Value) -> Update:
        """These are on their way too."""
        return update(self.messages, self.messages | set(messages))

    def receiving(self, message: Value, *answers: Value) -> Update:
        """``message`` is not on its way any more; ``answers`` are."""
        rest = self.messages - {message}
        return update(self.messages, rest | set(answers) if answers else rest)


def unordered(protocol: Protocol, name: str, message: Scalar, meaning: str = "") -> Unordered:
    """A channel that delivers in any order: the variable ``name``, a set of ``message``."""
    return Unordered(name, protocol.variable(name, subsets(message), set(), meaning), message)


@dataclass(frozen=True)
class Ordered:
    """Messages that arrive in the order in which they were sent, at most ``capacity`` at a time. The first to arrive
    stands in slot 1; slots without a message hold ``blank``, so that equal channels are equal states."""

    name: str
    slots: Term
    length: Term
    capacity: Size
    blank: Value
    of: Scalar

    @property
    def waiting(self) -> Term:
        """A message can be received."""
        return self.length > 0

    @property
    def room(self) -> Term:
        """A message can be sent; guard ``sending`` with it, a full channel would drop what is sent."""
        return self.length < self.capacity

    @property
    def head(self) -> Term:
        """The message that comes next; ``blank`` where none does. Of an index it is a member or none: compare it with
        a parameter of the action, ``when(queue.head == m)``."""
        return self.slots[1]

    def sending(self, message: Value) -> tuple[Update, Update]:
        """``message`` is behind all others."""
        slots, end = self.slots, self.length + 1
        put = each(_domain(slots), lambda k: If(k == end, message, slots[k]))
        return update(slots, put), update(self.length, end)

    def receiving(self) -> tuple[Update, Update]:
        """The first message is not there any more; guard it with ``waiting``."""
        slots, last = self.slots, self.capacity
        moved = each(_domain(slots), lambda k: If(k == last, self.blank, slots[If(k == last, k, k + 1)]))
        return update(slots, moved), update(self.length, self.length - 1)


def ordered(
    protocol: Protocol, name: str, message: Scalar, capacity: Size, blank: Value = None, meaning: str = ""
) -> Ordered:
    """A channel that delivers in order: the variables ``name`` (slots 1…``capacity``) and ``name_length``. ``blank`` is
    a constant of ``message``; members of an index need none, as a slot may hold no member."""
    held = optional(message) if isinstance(message, Index) and blank is None else message
    if blank is None and not isinstance(held, Maybe):
        raise DefinitionError(
            f"channel {name}: {describe(message)} has no value for slots without a message",
            remedy="add one to the sort and name it: ordered(…, blank=0)",
        )
    slots = protocol.variable(name, array(integers(1, capacity, "slot"), held), blank, meaning)
    length = protocol.variable(f"{name}_length", integers(0, capacity, "length"), 0, f"messages in {name}")
    return Ordered(name, slots, length, capacity, blank, message)


def lossy(
    protocol: Protocol, channel: Unordered | Ordered, *, fault: str, by: str = "network", words: str | None = None
) -> Action:
    """With ``fault`` messages get lost: any that is on its way; of an ordered channel the next, as each of them is some
    time. Declares the action ``lose_NAME``. In ``words``, ``{m}`` stands for the message."""
    if not isinstance(channel, Ordered | Unordered):
        raise DefinitionError(
            f"lossy: {channel!r} is no channel", remedy="name what unordered(…) or ordered(…) has returned"
        )
    told = words or f"loses {describe(channel.of)} {{m}} of {channel.name}"

    def lose_head() -> Step:
        assert isinstance(channel, Ordered)
        return step(when(channel.waiting), channel.receiving(), says(told, m=channel.head))

    def lose(message: Term) -> Step:
        assert isinstance(channel, Unordered)
        return step(when(channel.carries(message)), channel.receiving(message), says(told, m=message))

    body, sorts = (lose_head, ()) if isinstance(channel, Ordered) else (lose, (channel.of,))
    return _action(protocol, f"lose_{channel.name}", body, *sorts, by=by, fault=fault)


# Time ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Timer:
    """Ticks that are left, 0 where it does not run; one for each member where it is declared ``over`` an index. Methods
    take that member last."""

    name: str
    left: Term
    over: Index | None

    def running(self, *member: Term) -> Term:
        """Some ticks are left."""
        return self._of(member) > 0

    def starting(self, ticks: Value, *member: Term) -> Update:
        """It runs for ``ticks`` from here, whatever was left."""
        return update(self._of(member), ticks)

    def stopping(self, *member: Term) -> Update:
        """It does not run any more."""
        return update(self._of(member), 0)

    def _of(self, member: tuple[Term, ...]) -> Term:
        if len(member) != (self.over is not None):
            wanted = f"one {self.over.name}" if self.over else "no member"
            raise DefinitionError(f"timer {self.name} takes {wanted}, not {len(member)}", remedy="see its declaration")
        return self.left[member[0]] if member else self.left


def timer(protocol: Protocol, name: str, longest: Size, over: Index | None = None, meaning: str = "") -> Timer:
    """A timer that can be started with up to ``longest`` ticks: the variable ``name``. It needs a ``clock``."""
    ticks = integers(0, longest, "ticks")
    return Timer(name, protocol.variable(name, ticks if over is None else array(over, ticks), 0, meaning), over)


def clock(
    protocol: Protocol, *timers: Timer, unless: Value = FALSE, words: Says | None = None, name: str = "tick"
) -> Action:
    """Time passes: the action ``name`` takes a tick from each timer that runs. It waits ``unless`` nothing is urgent:
    where that condition holds something must be done first. All timers of one clock are as exact as each other."""
    if not timers:
        raise DefinitionError(f"clock {name} drives no timer", remedy="name those that it drives")

    def pass_time() -> Step:
        return step(
            when(either(*(_some_left(t) for t in timers)), ~both(unless)),
            *(update(t.left, _one_less(t)) for t in timers),
            words or says("passes by a tick"),
        )

    return _action(protocol, name, pass_time, by="time")


# Crashes -------------------------------------------------------------------------------------------------------
def crash(
    protocol: Protocol,
    volatile: Iterable[Term | Unordered | Ordered | Timer],
    *,
    fault: str,
    by: str | Index,
    name: str = "crash",
    words: Says | None = None,
) -> Action:
    """With ``fault`` a process crashes and starts afresh: ``volatile`` variables, channels and timers (where ``by`` is
    an index, their elements for that member) are as in the beginning, all others persist. Declares the action ``name``.

    Being down needs no state of its own: that a process takes no step for any time is among the runs anyway.
    """
    if isinstance(volatile, Term | Unordered | Ordered | Timer):
        raise DefinitionError(f"crash {name}: what is volatile is given as a list", remedy="write [x], or [x, y, …]")
    lost = [(t, _start(protocol, t, name)) for what in volatile for t in _variables(what)]
    if not lost:
        raise DefinitionError(f"crash {name} forgets nothing", remedy="name the volatile variables")
    for t, _ in lost:
        if isinstance(by, Index) and not (isinstance(t.sort, Array) and t.sort.domain == by):
            raise DefinitionError(
                f"crash {name}: {t} is no array over {by.name}", remedy=f"name variables that each {by.name} has"
            )
    told = words or says("crashes and starts afresh")

    def crash_all() -> Step:
        return _restart(lost, told)

    def crash_one(member: Term) -> Step:
        return _restart([(t[member], start) for t, start in lost], told)

    if isinstance(by, Index):
        return _action(protocol, name, crash_one, by, by=by, fault=fault)
    return _action(protocol, name, crash_all, by=by, fault=fault)


# Shared --------------------------------------------------------------------------------------------------------
def _action(
    protocol: Protocol, name: str, body: Callable[..., Step], *sorts: Scalar, by: str | Index, fault: str | None = None
) -> Action:
    """An action under a name that is made, at the line of the author."""
    body.__name__ = name
    made = replace(protocol.action(*sorts, by=by, fault=fault)(body), where=author())
    protocol.actions[name] = made
    return made


def _domain(slots: Term) -> Scalar:
    assert isinstance(slots.sort, Array)
    return slots.sort.domain


def _some_left(t: Timer) -> Term:
    return t.left > 0 if t.over is None else exists(t.over, lambda m: t.left[m] > 0)


def _one_less(t: Timer) -> Term:
    def less(left: Term) -> Term:
        return If(left > 0, left - 1, 0)

    return less(t.left) if t.over is None else each(t.over, lambda m: less(t.left[m]))


def _variables(what: Term | Unordered | Ordered | Timer) -> tuple[Term, ...]:
    """The variables that it is made of."""
    match what:
        case Unordered():
            return (what.messages,)
        case Ordered():
            return what.slots, what.length
        case Timer():
            return (what.left,)
        case _:
            return (what,)


def _start(protocol: Protocol, term: Term, name: str) -> Term:
    """What the variable, or every element of it, holds in the beginning."""
    if not isinstance(term, Term) or term.op is not Op.VARIABLE or term.data not in protocol.variables:
        raise DefinitionError(f"crash {name}: {term} is no variable of {protocol.name}", remedy="name whole variables")
    return protocol.variables[term.data].initially


def _restart(lost: list[tuple[Term, Term]], words: Says) -> Step:
    return step(
        when(either(*(_differs(t, start) for t, start in lost))),
        *(update(t, _filled(t.sort, start)) for t, start in lost),
        words,
    )


def _differs(term: Term, start: Term) -> Term:
    """Something in ``term`` is not ``start``."""
    if isinstance(term.sort, Array):
        return exists(term.sort.domain, lambda k: _differs(term[k], start))
    return term != start


def _filled(sort: Sort, start: Term) -> Term:
    """``start`` everywhere."""
    if isinstance(sort, Array):
        element = sort.element
        return each(sort.domain, lambda _: _filled(element, start))
    return start
