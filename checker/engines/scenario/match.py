"""Matches a recorded run with a scenario.

For a fixed cast (the assignment of members to roles) every event is matched with the first step that shows it. Events
only depend on earlier events, so the earliest step is never worse, and the greedy match is the fullest for that cast.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from planrace.checker.engines.explicit.closure import closure
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.transition_graph import acting
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import timed
from planrace.checker.results.scenario import FactMatch, Match
from planrace.checker.results.trace import Shown
from planrace.checker.semantics.describe import shown_parameter
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.model.language import Index, Instance, Term
from planrace.model.language.terms import subterms
from planrace.properties.scenario import Claim, Event, Fact, Scenario

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
        self.forbidding = [k for k, e in enumerate(self.events) if e.without is not None]
        self.again = {k: self._depending(self._after[k]) for k in self.forbidding}
        """The events that must happen again, by the event before which something forbidden happened."""

    @property
    def marks(self) -> tuple[Term, ...]:
        """The terms that are evaluated for each step: the events, then what they forbid."""
        forbidden = [e.without for e in self.events if e.without is not None]
        return (*(e.happens for e in self.events), *forbidden)

    def advance(self, done: int, seen: int) -> int:
        """``done`` after a step that shows the ``marks`` in ``seen``.

        Each event is taken at its first chance. If something forbidden happens while an event is awaited, the event
        that it comes after must happen again, and all that depends on that: any run that still shows the awaited event
        has both later.
        """
        now = self.grown(done, seen)
        reset = self.reset(done, seen, now)
        return self.grown(done & ~reset, seen) if reset else now

    def reset(self, done: int, seen: int, now: int) -> int:
        """The events that must happen again after a step that would otherwise lead to ``now``."""
        found = 0
        for n, k in enumerate(self.forbidding):
            waited = not now >> k & 1 and self._after[k] & ~done == 0
            if waited and seen >> len(self.events) + n & 1:
                found |= self.again[k]
        return found

    def _depending(self, bits: int) -> int:
        """These events and all whose ``after`` or ``since`` depends on them."""
        found = bits
        for k in range(len(self.events)):  # events refer to earlier ones only
            if (self._after[k] | self._since[k]) & found:
                found |= 1 << k
        return found

    def grown(self, done: int, shown_now: int) -> int:
        """``done`` with the events that are added by a step that shows ``shown_now``."""
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
        """The waiting events that a step shows, and the forbidden things that it does, as bits of ``marks``."""
        seen = sum(1 << k for k, e in self._open(done) if interpreter.holds(e.happens, before, after, move, cast))
        for n, term in enumerate(self.marks[len(self.events) :]):
            seen |= interpreter.holds(term, before, after, move, cast) << len(self.events) + n
        return seen

    def _open(self, done: int) -> Iterator[tuple[int, Event]]:
        """Events that a step may add; all of them where some may have to happen again."""
        return enumerate(self.events) if self.forbidding else self.waiting(done)

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
    """The fullest match over all casts; among equals the first."""
    interpreter = recording.interpreter
    monitor = Monitor(scenario)
    best: tuple[tuple[int, int], dict[int, int], Cast] | None = None
    film = _Film(monitor, recording)
    for cast in timed(casts(interpreter, scenario, starts=recording.states[:1]), 1):
        steps = _watched(monitor, recording, cast) if monitor.forbidding else film.steps(cast)
        score = monitor.score(sum(1 << k for k in steps))
        if best is None or score > best[0]:
            best = score, steps, cast
    if best is None:
        none = [FactMatch(f.name, f.meaning, None, f.optional) for f in scenario.facts]
        none += [FactMatch(c.name, c.meaning, None, onward=True) for c in scenario.claims]
        return Match(scenario.name, tuple(none))
    _, steps, cast = best
    facts = [FactMatch(f.name, f.meaning, _shown(monitor, f, steps), f.optional) for f in scenario.facts]
    at = {f.fact: f.step for f in facts}
    facts += [_claimed(c, recording, at[c.after], cast) for c in scenario.claims]
    return Match(scenario.name, tuple(sorted(facts, key=lambda f: _natural(f.fact))), roles(cast))


def _watched(monitor: Monitor, recording: Recording, cast: Cast) -> dict[int, int]:
    """The step at which each event happens according to the monitor; for events that had to happen again, the last
    time."""
    steps: dict[int, int] = {}
    done = 0
    runs = zip(recording.moves, recording.states[:-1], recording.states[1:], strict=True)
    for n, (move, before, after) in enumerate(runs, 1):
        seen = monitor.shown_by(recording.interpreter, cast, done, before, after, move)
        kept = dict(steps)
        now = monitor.advance(done, seen)
        again = _restarted(monitor, done, seen)
        steps = {k: n if k in again or k not in kept else kept[k] for k in range(len(monitor.events)) if now >> k & 1}
        done = now
    return steps


def _restarted(monitor: Monitor, done: int, seen: int) -> set[int]:
    """Events that a step requires to happen again."""
    plain = monitor.grown(done, seen)
    reset = monitor.reset(done, seen, plain)
    return {k for k in range(len(monitor.events)) if reset >> k & 1}


def _claimed(claim: Claim, recording: Recording, step: int | None, cast: Cast) -> FactMatch:
    """Establish a claim by searching all that can follow a step, up to the first step that refutes it."""
    unshown = FactMatch(claim.name, claim.meaning, None, onward=True)
    if step is None:
        return unshown
    instance = recording.interpreter.instance
    states, whole = following(instance, claim, cast, Kernel(instance).layout.encode(recording.states[step]))
    return replace(unshown, step=step, states=len(states)) if whole else unshown


def following(instance: Instance, claim: Claim, cast: Cast, state: int) -> tuple[list[int], bool]:
    """The packed states that can follow a packed ``state`` by the actions that a claim is about, and whether these are
    all and no step among them refutes it. The list ends at the first step that does."""
    actions = instance.system.actions.items()
    kernel = Kernel(acting(instance, [n for n, a in actions if claim.allows(n, a.tags)]))
    return closure(kernel, state, Watch(steps=(claim.happens,), roles=tuple(cast.items())))


def _natural(name: str) -> tuple[str, int]:
    """A sort key that puts F2 before F10."""
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)


def casts(
    interpreter: Interpreter,
    scenario: Scenario,
    *,
    starts: Sequence[State] | None = None,
    up_to_symmetry: bool = False,
) -> Iterator[Cast]:
    """Every assignment of roles that is allowed in one of the initial states, or in one of ``starts``; with
    ``up_to_symmetry``, one of each class that differs only by interchangeable members."""
    instance = interpreter.instance
    starts = interpreter.initials() if starts is None else starts
    for values in product(*(instance.members(r.sort) for r in scenario.roles)):  # type: ignore[arg-type]
        cast = dict(zip(scenario.roles, values, strict=True))
        if up_to_symmetry and not _canonical(instance, cast):
            continue
        if any(allows(interpreter, scenario, cast, s) for s in starts):
            yield cast


def allows(interpreter: Interpreter, scenario: Scenario, cast: Cast, start: State) -> bool:
    """Whether a run from ``start`` may have these roles."""
    return interpreter.holds(scenario.where, start, bound=cast)


def roles(cast: Cast) -> dict[str, Shown]:
    """A cast in the words of reports."""
    return {str(r): shown_parameter(r.sort, v) for r, v in cast.items()}


def _canonical(instance: Instance, cast: Cast) -> bool:
    """Whether the members of each symmetric sort appear in the order 1, 2, …."""
    used: dict[Index, int] = {}
    for r, value in cast.items():
        if isinstance(r.sort, Index) and r.sort.symmetric:
            most = used.get(r.sort, 0)
            if value > most + 1:
                return False
            used[r.sort] = max(most, value)
    return True


class _Film:
    """A recording that caches where events are shown: most casts differ only in roles that an event does not use."""

    def __init__(self, monitor: Monitor, recording: Recording) -> None:
        self.events = monitor.events
        self.recording = recording
        found = [set(map(id, subterms(e.happens))) for e in monitor.events]
        self._roles = [tuple(r for r in monitor.scenario.roles if id(r) in terms) for terms in found]
        self._known: dict[tuple[int, ...], list[int]] = {}

    def steps(self, cast: Cast) -> dict[int, int]:
        """The step (from 1) at which each event happens: the first that earlier events allow."""
        steps: dict[str, int] = {}
        for k, e in enumerate(self.events):
            if all(x in steps for x in (*e.after, *e.since)):
                earliest = max([*(steps[x] + 1 for x in e.after), *(steps[x] for x in e.since)], default=1)
                shown_at = self._shown_at(k, cast)
                n = bisect_left(shown_at, earliest)
                if n < len(shown_at):
                    steps[e.name] = shown_at[n]
        return {k: steps[e.name] for k, e in enumerate(self.events) if e.name in steps}

    def _shown_at(self, k: int, cast: Cast) -> list[int]:
        """Every step that shows event ``k``."""
        key = (k, *(cast[r] for r in self._roles[k]))
        known = self._known.get(key)
        if known is None:
            r, happens = self.recording, self.events[k].happens
            runs = zip(r.moves, r.states[:-1], r.states[1:], strict=True)
            known = [n for n, (m, s, t) in enumerate(runs, 1) if r.interpreter.holds(happens, s, t, m, cast)]
            self._known[key] = known
        return known


def _shown(monitor: Monitor, fact: Fact, steps: dict[int, int]) -> int | None:
    """The step that completes ``fact``."""
    return steps.get(monitor.events.index(fact.events[-1]))


def _bits(names: tuple[str, ...], at: Mapping[str, int]) -> int:
    return sum(1 << at[n] for n in names)
