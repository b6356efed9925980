"""Clocks and timers: time that passes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from planrace.model.language import (
    Action,
    DefinitionError,
    If,
    Index,
    Protocol,
    Step,
    Term,
    Update,
    array,
    both,
    each,
    either,
    exists,
    integers,
    step,
    update,
    when,
)
from planrace.model.language.errors import instances
from planrace.model.language.sorts import SizeValue, describe
from planrace.model.language.structural import Structural
from planrace.model.language.terms import FALSE, Value, expect
from planrace.model.patterns.declared import Words, declared, worded

_FOR_AUTHORS = True  # errors and places name the line that calls this module


@dataclass(frozen=True, eq=False)
class Timer(Structural):
    """The ticks that are left, 0 if the timer does not run; one timer for each member if it is declared ``over`` an
    index. Methods take that member first, as those of channels do."""

    name: str
    left: Term
    over: Index | None

    def running(self, *member: Value) -> Term:
        """Whether some ticks are left."""
        return self._of(member, "running") > 0

    def starting(self, *member_and_ticks: Value) -> Update:
        """Start or restart the timer with so many ticks: ``starting(3)``, or ``starting(member, 3)``."""
        if not member_and_ticks:
            raise DefinitionError(f"timer {self.name} starts with no ticks", remedy=f"write {self._form('starting')}")
        *member, ticks = member_and_ticks
        return update(self._of(tuple(member), "starting"), ticks)

    def stopping(self, *member: Value) -> Update:
        """Stop the timer."""
        return update(self._of(member, "stopping"), 0)

    def _of(self, member: tuple[Value, ...], call: str) -> Term:
        remedy = f"write {self._form(call)}"
        if len(member) != (self.over is not None):
            wanted = f"one {self.over.name}" if self.over else "no member"
            raise DefinitionError(f"timer {self.name} takes {wanted}, not {len(member)}", remedy=remedy)
        if self.over is None:
            return self.left
        return self.left[expect(member[0], self.over, f"timer {self.name}", remedy)]

    def _form(self, call: str) -> str:
        given = [*([] if self.over is None else [self.over.name]), *(["ticks"] if call == "starting" else [])]
        return f"{self.name}.{call}({', '.join(given)})"


def timer(protocol: Protocol, name: str, longest: SizeValue, meaning: str = "", *, over: Index | None = None) -> Timer:
    """A timer that can be started with up to ``longest`` ticks: the variable ``name``; with ``over``, one for each
    member of that index. It needs a ``clock`` that drives it."""
    instances((protocol,), Protocol, "timer", "timer(protocol, …)")
    if not isinstance(meaning, str):
        raise DefinitionError(
            f"timer {name}: {describe(meaning)} is given in place of its meaning",
            remedy=f"write timer(protocol, {name!r}, …, over={describe(meaning)})",
        )
    ticks = integers(0, longest, "ticks")
    return Timer(name, protocol.variable(name, ticks if over is None else array(over, ticks), 0, meaning), over)


def clock(
    protocol: Protocol, *timers: Timer, unless: Value = FALSE, words: Words = "passes by a tick", name: str = "tick"
) -> Action:
    """Time passes: the action ``name`` takes one tick from each running timer. It is disabled while ``unless`` holds,
    because something urgent must happen first. All timers of one clock advance together, and with them time for the
    timed actions of the protocol. ``words`` are a template,
    ``says(…)``, or a function that returns it."""
    instances((protocol,), Protocol, "clock", "clock(protocol, …)")
    instances(timers, Timer, f"clock {name}", "what timer(…) returns")
    if not timers:
        raise DefinitionError(f"clock {name} drives no timer", remedy="name those that it drives")

    running = either(*(_some_left(t) for t in timers))

    def pass_time() -> Step:
        return step(
            when(running, ~both(unless)),
            *(update(t.left, _one_less(t)) for t in timers),
            worded(words, name, {}),
        )

    made = declared(protocol, name, pass_time, {}, by="time")
    protocol.actions[name] = replace(made, passes=running)
    return protocol.actions[name]


def _some_left(t: Timer) -> Term:
    return t.left > 0 if t.over is None else exists(t.over, lambda m: t.left[m] > 0)


def _one_less(t: Timer) -> Term:
    def less(left: Term) -> Term:
        return If(left > 0, left - 1, 0)

    return less(t.left) if t.over is None else each(t.over, lambda m: less(t.left[m]))
