"""Matching a recorded run with a scenario.

For a fixed cast (who plays which role) the monitor takes every event at the first step that shows it. Events only wait
for others to have happened, so the earliest step is never worse, and the greedy match is the fullest for that cast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from model.language import Index, Instance, Term
from properties.scenario import Event, Fact, Scenario

from ..interpreter import Interpreter, Move, State
from ..replay import Recording, ReplayError, shown
from ..vocabulary import FactMatch, Match, Shown

Cast = Mapping[Term, int]


class Monitor:
    """The events of a scenario as bits, and how a set of them grows with a step."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.events = scenario.events
        at = {e.name: n for n, e in enumerate(self.events)}
        self._after = [_bits(e.after, at) for e in self.events]
        self._since = [_bits(e.since, at) for e in self.events]
        self.everything = (1 << len(self.events)) - 1

    def advance(self, done: int, shown_now: int) -> int:
        """``done`` with the events that a step, which shows those of ``shown_now``, adds."""
        now = done
        for k in range(len(self.events)):
            bit = 1 << k
            if shown_now & bit and not now & bit and self._ready(k, done, now):
                now |= bit
        return now

    def waiting(self, done: int) -> Iterator[tuple[int, Event]]:
        """Events that the next step could add."""
        for k, e in enumerate(self.events):
            if not done >> k & 1 and self._after[k] & ~done == 0:
                yield k, e

    def score(self, done: int) -> tuple[int, int]:
        """How much of the scenario ``done`` shows: facts, then events."""
        facts = sum(done >> self.events.index(f.events[-1]) & 1 for f in self.scenario.facts)
        return facts, done.bit_count()

    def shown_by(self, interpreter: Interpreter, cast: Cast, done: int, before: State, after: State, move: Move) -> int:
        """The waiting events that a step shows, as bits."""
        return sum(1 << k for k, e in self.waiting(done) if interpreter.holds(e.happens, before, after, move, cast))

    def move(self, recording: Recording, cast: Cast, done: int, now: int, target: State) -> Move:
        """The next step of a recording: to ``target``, taking the events from ``done`` to ``now``."""
        interpreter, before = recording.interpreter, recording.states[-1]
        for move, after in interpreter.moves(before):
            if after == target:
                seen = self.shown_by(interpreter, cast, done, before, after, move)
                if self.advance(done, seen) == now:
                    return move
        raise ReplayError(f"no step leads to state {len(recording.states)} of the run and shows its events")

    def _ready(self, k: int, done: int, now: int) -> bool:
        return self._after[k] & ~done == 0 and self._since[k] & ~now == 0


def match(scenario: Scenario, recording: Recording) -> Match:
    """The fullest match over all casts; the first of equals."""
    interpreter = recording.interpreter
    monitor = Monitor(scenario)
    best: tuple[tuple[int, int], dict[int, int], Cast] | None = None
    for cast in casts(interpreter, scenario):
        steps = _steps(monitor, recording, cast)
        score = monitor.score(sum(1 << k for k in steps))
        if best is None or score > best[0]:
            best = score, steps, cast
    if best is None:
        return Match(scenario.name, tuple(FactMatch(f.name, f.meaning, None, f.optional) for f in scenario.facts))
    _, steps, cast = best
    facts = tuple(FactMatch(f.name, f.meaning, _shown(monitor, f, steps), f.optional) for f in scenario.facts)
    return Match(scenario.name, facts, roles(cast))


def casts(interpreter: Interpreter, scenario: Scenario, *, up_to_symmetry: bool = False) -> Iterator[Cast]:
    """Every allowed choice of roles; ``up_to_symmetry``, one of each that differ by interchangeable members only."""
    instance = interpreter.instance
    for values in product(*(instance.members(r.sort) for r in scenario.roles)):  # type: ignore[arg-type]
        cast = dict(zip(scenario.roles, values, strict=True))
        if up_to_symmetry and not _canonical(instance, cast):
            continue
        if interpreter.holds(scenario.where, interpreter.initial(), bound=cast):
            yield cast


def roles(cast: Cast) -> dict[str, Shown]:
    """A cast in the words of reports."""
    return {str(r): shown(r.sort, v) for r, v in cast.items()}


def _canonical(instance: Instance, cast: Cast) -> bool:
    """Members of each symmetric sort appear in the order 1, 2, …"""
    used: dict[Index, int] = {}
    for r, value in cast.items():
        if isinstance(r.sort, Index) and r.sort.symmetric:
            most = used.get(r.sort, 0)
            if value > most + 1:
                return False
            used[r.sort] = max(most, value)
    return True


def _steps(monitor: Monitor, recording: Recording, cast: Cast) -> dict[int, int]:
    """The step (from 1) at which each event that happens does."""
    done, steps = 0, {}
    runs = zip(recording.moves, recording.states[:-1], recording.states[1:], strict=True)
    for n, (move, before, after) in enumerate(runs, 1):
        now = monitor.advance(done, monitor.shown_by(recording.interpreter, cast, done, before, after, move))
        steps.update({k: n for k in range(len(monitor.events)) if (now & ~done) >> k & 1})
        done = now
    return steps


def _shown(monitor: Monitor, fact: Fact, steps: dict[int, int]) -> int | None:
    """The step that completes ``fact``."""
    return steps.get(monitor.events.index(fact.events[-1]))


def _bits(names: tuple[str, ...], at: Mapping[str, int]) -> int:
    return sum(1 << at[n] for n in names)
