"""Clocks and timers: time that passes."""

from __future__ import annotations

from dataclasses import dataclass

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
from planrace.model.language.sorts import Size
from planrace.model.language.structural import Structural
from planrace.model.language.terms import FALSE, Value
from planrace.model.patterns.declared import Words, declared, worded

_FOR_AUTHORS = True  # errors and places name the line that calls this module


@dataclass(frozen=True, eq=False)
class Timer(Structural):
    """The ticks that are left, 0 if the timer does not run; one timer for each member if it is declared ``over`` an
    index. Methods take that member last."""

    name: str
    left: Term
    over: Index | None

    def running(self, *member: Term) -> Term:
        """Whether some ticks are left."""
        return self._of(member) > 0

    def starting(self, ticks: Value, *member: Term) -> Update:
        """Start or restart the timer with ``ticks``."""
        return update(self._of(member), ticks)

    def stopping(self, *member: Term) -> Update:
        """Stop the timer."""
        return update(self._of(member), 0)

    def _of(self, member: tuple[Term, ...]) -> Term:
        if len(member) != (self.over is not None):
            wanted = f"one {self.over.name}" if self.over else "no member"
            raise DefinitionError(f"timer {self.name} takes {wanted}, not {len(member)}", remedy="see its declaration")
        return self.left[member[0]] if member else self.left


def timer(protocol: Protocol, name: str, longest: Size, over: Index | None = None, meaning: str = "") -> Timer:
    """A timer that can be started with up to ``longest`` ticks: the variable ``name``. It needs a ``clock`` that drives
    it."""
    ticks = integers(0, longest, "ticks")
    return Timer(name, protocol.variable(name, ticks if over is None else array(over, ticks), 0, meaning), over)


def clock(
    protocol: Protocol, *timers: Timer, unless: Value = FALSE, words: Words = "passes by a tick", name: str = "tick"
) -> Action:
    """Time passes: the action ``name`` takes one tick from each running timer. It is disabled while ``unless`` holds,
    because something urgent must happen first. All timers of one clock advance together. ``words`` are a template,
    ``says(…)``, or a function that returns it."""
    if not timers:
        raise DefinitionError(f"clock {name} drives no timer", remedy="name those that it drives")

    def pass_time() -> Step:
        return step(
            when(either(*(_some_left(t) for t in timers)), ~both(unless)),
            *(update(t.left, _one_less(t)) for t in timers),
            worded(words, name, {}),
        )

    return declared(protocol, name, pass_time, {}, by="time")


def _some_left(t: Timer) -> Term:
    return t.left > 0 if t.over is None else exists(t.over, lambda m: t.left[m] > 0)


def _one_less(t: Timer) -> Term:
    def less(left: Term) -> Term:
        return If(left > 0, left - 1, 0)

    return less(t.left) if t.over is None else each(t.over, lambda m: less(t.left[m]))
