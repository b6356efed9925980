"""Shortens a run that shows a divergence, and tells it.

Delta debugging: A. Zeller, R. Hildebrandt, Simplifying and isolating failure-inducing input, IEEE Transactions on
Software Engineering 28, 2002. A shorter run must be a run of the model, too, and must end in the same divergence after
a fresh reset.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from planrace.checker.drive.conduct import Conductor, Failure
from planrace.checker.results.driving import SystemAnswer
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick, Recording

X = TypeVar("X")
History: TypeAlias = "Sequence[tuple[Pick | None, tuple[State, ...]]]"
SECONDS = 10.0
"""The most time that shortening a run takes."""


def ddmin(items: Sequence[X], fails: Callable[[Sequence[X]], bool]) -> list[X]:
    """A part of ``items`` that still ``fails``, and of which no single item can be left out. ``items`` fail."""
    kept, parts = list(items), 2
    if kept and fails([]):
        return []
    while len(kept) >= 2:
        size = -(-len(kept) // parts)
        chunks = [(n, n + size) for n in range(0, len(kept), size)]
        tried = [kept[a:b] for a, b in chunks] if parts > 1 and len(chunks) > 2 else []
        rest = [kept[:a] + kept[b:] for a, b in chunks]
        found = next((t for t in tried if fails(t)), None)
        if found is not None:
            kept, parts = found, 2
            continue
        found = next((t for t in rest if fails(t)), None)
        if found is not None:
            kept, parts = found, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(2 * parts, len(kept))
    return kept


@dataclass
class Shortened:
    """A run and the failure at its end. ``history`` is that of the conductor, ``answers`` what users got after it."""

    picks: list[Pick]
    failure: Failure
    history: History
    repeated: bool
    minimal: bool
    answers: tuple[SystemAnswer, ...] = ()


class _OutOfTimeError(Exception):
    pass


class Shortener:
    """Performs runs again to find a short one that ends in the same failure."""

    def __init__(self, conductor: Conductor, failure: Failure, *, seconds: float = SECONDS) -> None:
        self._conductor = conductor
        self._failure = failure
        self._until = time.monotonic() + seconds
        self._found: Shortened | None = None
        self._first = list(conductor.history)
        self._start = conductor.start

    def shorten(self, picks: Sequence[Pick], shortest: Sequence[Pick] | None = None) -> Shortened:
        """A short run that ends in the failure, for ``picks`` that do; the last pick stays. ``shortest`` is a shortest
        run of the model to the same step, which is tried first."""
        minimal = True
        conductor, kept = self._conductor, self._conductor.try_refusals
        conductor.try_refusals = False
        try:
            if not (shortest is not None and self._fails(shortest)) and not self._fails(picks):
                return Shortened(list(picks), self._failure, self._first, repeated=False, minimal=False)
            assert self._found is not None
            if picks := self._found.picks:
                last = picks[-1]
                ddmin(picks[:-1], lambda some: self._fails([*some, last]))
        except _OutOfTimeError:
            minimal = False
        finally:
            conductor.try_refusals = kept
        if self._found is None:
            return Shortened(list(picks), self._failure, self._first, repeated=False, minimal=False)
        self._found.minimal = minimal
        return self._found

    def _fails(self, picks: Sequence[Pick]) -> bool:
        """Whether the run is one of the model, and ends in the same failure at its last step."""
        if time.monotonic() > self._until:
            raise _OutOfTimeError
        strict = self._conductor.driver.offers() is None  # workers may be refused, and go on all the same
        if strict and self._conductor.steps.alone and not self._is_run(picks[:-1]):
            return False
        failure = self._conductor.begin(self._start)
        for n, pick in enumerate(picks):
            if failure is not None or (strict and n < len(picks) - 1 and not self._conductor.allows(pick)):
                return False
            at_end = self._conductor.steps.alone and n == len(picks) - 1
            if at_end and self._conductor.allows(pick) != self._failure.allowed:
                return False
            failure, _ = self._conductor.step(pick)
        if failure is None or failure.key != self._failure.key:
            return False
        history = list(self._conductor.history)
        self._found = Shortened(list(picks), failure, history, repeated=True, minimal=True, answers=self._answers())
        return True

    def _answers(self) -> tuple[SystemAnswer, ...]:
        """What users get now, if the driver shows it."""
        driver = self._conductor.driver
        return driver.show() if driver.has_show else ()

    def _is_run(self, picks: Sequence[Pick]) -> bool:
        """Whether the model allows the steps, one after another: looked up before the system is asked."""
        s = self._start
        for pick in picks:
            found = self._conductor.steps.of(s).controlled.get(pick)
            if found is None:
                return False
            s = found[1]
        return True


def recorded(
    conductor: Conductor, history: Sequence[tuple[Pick | None, tuple[State, ...]]], last: Failure
) -> Recording:
    """A run of the model that explains what was seen: uncontrolled steps stand where they must have been taken. It ends
    with the step of the failure, if the model allows that."""
    steps = conductor.steps
    layers = list(history)
    if last.allowed or not layers:
        layers.append((last.pick, (last.after,)))
    goal = layers[-1][1][0]
    picks: list[Pick] = []
    for n in range(len(layers) - 1, 0, -1):
        for s in layers[n - 1][1]:
            part = _between(conductor, s, layers[n][0], goal)
            if part is not None:
                picks[:0] = part
                goal = s
                break
    start = steps.free_path(conductor.start, goal)
    recording = Recording(steps.interpreter, conductor.start)
    for pick in (*(start or ()), *picks):
        recording.take(*pick)
    return recording


def _between(conductor: Conductor, first: State, pick: Pick | None, last: State) -> list[Pick] | None:
    """The steps from one state to another, of which one is ``pick`` (or none, where it was refused)."""
    steps = conductor.steps
    for s in steps.closed(first):
        found = None if pick is None else steps.of(s).controlled.get(pick)
        after = None if found is None else steps.free_path(found[1], last)
        if pick is not None and after is not None:
            return [*(steps.free_path(first, s) or ()), pick, *after]
    return steps.free_path(first, last)
