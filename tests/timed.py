"""Random timed protocols, and a simulation of them in plain Python that shares no code with the model: numbers in
dictionaries, and rules as ``docs/language.md`` says them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from planrace.model.language import Protocol, Step, Term, array, index, integers, step, update, when

PHASES = 3
INITIALLY = "initially"


@dataclass(frozen=True)
class Rule:
    """An action: of each worker (``own``), or of the house. It leads from a phase of the worker (or of the house) to
    another, and may want a phase of the house, too."""

    name: str
    own: bool
    acts: bool
    source: int
    target: int
    house: int | None
    since: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    within: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Timed:
    """A protocol: rules for ``workers`` workers and their house."""

    workers: int
    rules: tuple[Rule, ...]


def draw(seed: int) -> Timed:
    """A random protocol: workers go round their phases, and further rules interfere. Some of the rules have times, most
    of them since the rule that leads to them."""
    r = random.Random(seed)
    names = [f"act{n}" for n in range(PHASES + r.randint(0, 2))]
    rules = []
    for n, name in enumerate(names):
        turn = n < PHASES
        own = turn or r.random() < 0.5
        source = n if turn else r.randrange(PHASES)
        target = (n + 1) % PHASES if turn else r.randrange(PHASES)
        house = r.randrange(PHASES) if own and r.random() < 0.1 else None
        acts = r.random() < 0.8
        if r.random() > 0.5:
            rules.append(Rule(name, own, acts, source, target, house))
            continue
        before = names[(n - 1) % PHASES] if turn and r.random() < 0.8 else r.choice([*names, INITIALLY])
        since = {before, *r.sample([*names, INITIALLY], r.choice([0, 0, 1])), *([] if n else [INITIALLY])}
        until = r.sample([x for x in names if x not in since], r.choice([0, 0, 1]))
        after = r.choice([None, 0, 1, 2])
        within = r.choice([1, 2, 3] if after is None else [None, None, max(after, 1), after + 1])
        rules.append(Rule(name, own, acts, source, target, house, tuple(sorted(since)), tuple(until), within, after))
    return Timed(r.randint(1, 2), tuple(rules))


def protocol_of(made: Timed, *, symmetric: bool = True) -> Protocol:
    """The same as a protocol."""
    p = Protocol("timed")
    worker = index("worker", made.workers, symmetric=symmetric)
    at = p.variable("at", array(worker, integers(0, PHASES - 1, "phase")), 0)
    house = p.variable("house", integers(0, PHASES - 1, "phase"), 0)
    for rule in made.rules:
        times: dict[str, Any] = {"within": rule.within, "after": rule.after}
        if rule.since:
            times |= {"since": list(rule.since), "until": list(rule.until) or None}
        if rule.own:
            p.action(worker, by=worker if rule.acts else "wind", **times)(_of_worker(rule, at, house))
        else:
            p.action(by="house", **times)(_of_house(rule, house))
    return p


def _of_worker(rule: Rule, at: Term, house: Term) -> Any:
    def body(w: Term) -> Step:
        there = [] if rule.house is None else [house == rule.house]
        return step(when(at[w] == rule.source, *there), update(at[w], rule.target))

    body.__name__ = rule.name
    return body


def _of_house(rule: Rule, house: Term) -> Any:
    def body() -> Step:
        return step(when(house == rule.source), update(house, rule.target))

    body.__name__ = rule.name
    return body


# The simulation --------------------------------------------------------------------------------------------------
class LateError(Exception):
    """A deadline has passed, and what was due could not happen."""


State = tuple[tuple[int, ...], int, tuple[tuple[tuple[str, int], int], ...]]
"""The phases of the workers, that of the house, and the ticks of the clocks that run: (rule, worker or 0) → ticks."""


class Simulation:
    """What the rules do, step by step."""

    def __init__(self, made: Timed) -> None:
        self.made = made
        self.rules = {r.name: r for r in made.rules}

    def each_worker(self, rule: Rule) -> bool:
        """Whether a timed rule has a clock for each worker: the worker acts, or what starts it is of a worker."""
        return rule.own and (rule.acts or any(s != INITIALLY and self.rules[s].own for s in rule.since))

    def clocks(self, rule: Rule, w: int | None) -> list[tuple[str, int]]:
        """The clocks of a rule that a step of worker ``w`` (None: of the house) is about."""
        if not self.each_worker(rule):
            return [(rule.name, 0)]
        return [(rule.name, v) for v in range(1, self.made.workers + 1) if w is None or v == w]

    def initial(self) -> State:
        started = {c: 0 for r in self.made.rules if INITIALLY in r.since for c in self.clocks(r, None)}
        return (0,) * self.made.workers, 0, tuple(sorted(started.items()))

    def enabled(self, state: State) -> Iterator[tuple[Rule, int | None]]:
        at, house, running = state
        ticks = dict(running)
        for r in self.made.rules:
            for w in range(1, self.made.workers + 1) if r.own else (None,):
                ready = house == r.source if w is None else at[w - 1] == r.source and r.house in (None, house)
                if r.after is not None:
                    ready = ready and ticks.get(self.clocks(r, w)[0], -1) >= r.after
                if ready:
                    yield r, w

    def steps(self, state: State) -> Iterator[tuple[str, int | None, State]]:
        at, house, running = state
        possible = list(self.enabled(state))
        for r, w in possible:
            ticks = dict(running)
            for other in self.made.rules:
                for c in self.clocks(other, w) if other.since else ():
                    if r.name in other.since:
                        ticks[c] = 0
                    elif r.name in other.until or (r is other):
                        ticks.pop(c, None)
            phases = tuple(r.target if w == v else x for v, x in enumerate(at, 1))
            yield r.name, w, (phases, r.target if w is None else house, tuple(sorted(ticks.items())))
        yield from self.tick(state, possible)

    def tick(self, state: State, possible: list[tuple[Rule, int | None]]) -> Iterator[tuple[str, int | None, State]]:
        at, house, running = state
        late = {c for c, n in running if n == self.rules[c[0]].within}
        if any(c in late for r, w in possible for c in self.clocks(r, w)):
            return  # time waits for what is due
        if late:
            raise LateError
        after = {}
        for c, n in running:
            rule = self.rules[c[0]]
            counts = rule.within is not None or n < (rule.after or 0)
            after[c] = n + 1 if counts else n
        if after != dict(running):
            yield "tick", None, (at, house, tuple(sorted(after.items())))


def graph_of(made: Timed) -> set[tuple[State, str, int | None, State]]:
    """All steps between reachable states. Raises ``LateError`` if some reachable state misses a deadline."""
    simulation = Simulation(made)
    found, seen, todo = set(), {simulation.initial()}, [simulation.initial()]
    while todo:
        state = todo.pop()
        for name, w, after in simulation.steps(state):
            found.add((state, name, w, after))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return found


def as_plain(made: Timed, values: dict[str, Any]) -> State:
    """A state of the model, by the names of its variables, as the simulation has it."""
    simulation = Simulation(made)
    ticks: dict[tuple[str, int], int] = {}
    for r in made.rules:
        shown = values.get(f"{r.name}_ticks")
        if shown is not None:
            clocks = simulation.clocks(r, None)
            ticks |= dict(zip(clocks, shown if isinstance(shown, tuple) else (shown,), strict=True))
    return tuple(values["at"]), values["house"], tuple(sorted((c, n) for c, n in ticks.items() if n >= 0))
