"""Runs whose steps a schedule chooses, one after another, from what the model allows and the workers offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from planrace.checker.drive.conduct import Conductor, Failure
from planrace.checker.drive.model_steps import Arc, ControlledGraph
from planrace.checker.drive.plan import Coverable
from planrace.checker.drive.schedule import OpenStep, RunSchedule
from planrace.checker.semantics.describe import chosen_words
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Instance

LENGTH = 100
"""The most steps of a run, by default."""
STEPS = 2_000
"""The budget of steps if there is no other one."""


class Wander:
    """Runs of at most ``length`` steps. ``what`` counts the transitions of a known graph; without it, ``seen`` has
    those that were taken."""

    def __init__(
        self, conductor: Conductor, schedule: RunSchedule, length: int, graph: ControlledGraph, what: Coverable | None
    ) -> None:
        self._conductor = conductor
        self._schedule = schedule
        self._length = length
        self._graph = graph
        self._what = what
        self._arcs = {(a.source, a.pick): n for n, a in enumerate(graph.arcs)}
        self._distances: dict[int, int] = {}
        self.seen: set[tuple[State, Pick]] = set()

    def run(self, in_budget: Callable[[], bool]) -> Failure | None:
        """Perform runs until everything is covered, the budget is used, or something differs, which is returned."""
        idle = 0
        for start in self._starts():
            failure = self._conductor.begin(start)
            if failure is not None or not in_budget():
                return failure
            self._schedule.begin()
            self._distances = distances(self._graph, self._what)
            before = self._conductor.performed
            failure = self._one(in_budget)
            idle = 0 if self._conductor.performed > before else idle + 1
            done = self._is_complete or idle == len(self._conductor.steps.initials)
            if failure is not None or done or not in_budget():
                return failure
        return None

    def _starts(self) -> Iterator[State]:
        """The initial states of runs: each in turn, in an order that is left to chance."""
        starts = list(self._conductor.steps.initials)
        self._schedule.chance.shuffle(starts)
        while True:
            yield from starts

    @property
    def _is_complete(self) -> bool:
        begun = len(self._conductor.begun) == len(self._conductor.steps.initials)
        return begun and self._what is not None and not self._what.missing

    def _one(self, in_budget: Callable[[], bool]) -> Failure | None:
        """One run."""
        refused: set[Pick] = set()
        for _ in range(self._length):
            choices = self._choices(refused)
            if not choices or self._is_complete or not in_budget():
                return None
            pick = self._schedule.choose(self._conductor.possible, choices).pick
            before = self._conductor.possible
            failure, source = self._conductor.step(pick)
            if failure is not None:
                return failure
            if source is not None:
                self._took(source, pick)
            if self._conductor.possible == before:
                refused.add(pick)  # to try it again would make no difference before something else has happened
            else:
                refused.clear()
        return None

    def _choices(self, refused: set[Pick]) -> list[OpenStep]:
        """What may be tried now: of methods the steps that the model allows; of workers the steps at which they wait,
        which they may refuse."""
        conductor, driver = self._conductor, self._conductor.driver
        offered = driver.offers()
        allowed: dict[Pick, None] = {}
        for possible in conductor.possible:
            for state in conductor.steps.closed(possible):
                allowed.update(dict.fromkeys(conductor.steps.of(state).controlled))
        if offered is None:
            return [self._choice(p) for p in allowed]
        own = [p for p in allowed if p[0] in driver.methods]
        return [self._choice(p) for p in (*own, *offered) if p in allowed or p not in refused]

    def _choice(self, pick: Pick) -> OpenStep:
        actor = self._conductor.driver.worker_at(pick) or actor_of(self._conductor.driver.instance, pick)
        return OpenStep(pick, actor, partial(self._distance, pick))

    def _distance(self, pick: Pick) -> int:
        """How many steps after this one the nearest transition is that was not taken when the run began."""
        far = len(self._graph.states)
        arc = self._arc(self._conductor.possible[0], pick) if self._what is not None else None
        return far if arc is None else self._distances.get(self._graph.arcs[arc].target, far)

    def _arc(self, source: State, pick: Pick) -> int | None:
        return self._arcs.get((self._graph.number[source], pick))

    def _took(self, source: State, pick: Pick) -> None:
        """Count a step that was performed for certain."""
        self.seen.add((source, pick))
        if self._what is not None:
            arc = self._arc(source, pick)
            if arc is not None:
                self._what.took(arc)


def distances(graph: ControlledGraph, what: Coverable | None) -> dict[int, int]:
    """For each state the number of steps to the nearest state with a step that was not taken; states that lead to none
    are left out."""
    if what is None:
        return {}
    into: dict[int, list[Arc]] = {}
    for arc in graph.arcs:
        into.setdefault(arc.target, []).append(arc)
    found = {arc.source: 0 for n, arc in enumerate(graph.arcs) if n not in what.taken}
    queue = list(found)
    for n in queue:
        for arc in into.get(n, ()):
            if arc.source not in found:
                found[arc.source] = found[n] + 1
                queue.append(arc.source)
    return found


def actor_of(instance: Instance, pick: Pick) -> str:
    """Who takes a step: the process that the action names, or its role with the parameters."""
    action = instance.system.actions[pick[0]]
    values = dict(zip(action.parameters, pick[1], strict=True))
    if action.actor is not None:
        return f"{action.actor.sort.name} {values[action.actor]}"
    return " ".join([action.role, *(chosen_words(p.sort, v) for p, v in values.items())])
