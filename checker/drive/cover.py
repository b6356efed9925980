"""Covering tests: performs runs of the model on a system until enough is covered, or something differs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from planrace.checker.drive.conduct import Conductor, Failure
from planrace.checker.drive.driver import Driver
from planrace.checker.drive.minimise import Shortener, recorded
from planrace.checker.drive.model_steps import ControlledGraph, ModelSteps, TooManyStatesError, controlled_graph
from planrace.checker.drive.observing import Observer
from planrace.checker.drive.plan import Coverable, Strategy, coverable, strategies
from planrace.checker.drive.schedule import DEPTH, schedule_of
from planrace.checker.drive.shares import CoveredPart, share_of
from planrace.checker.drive.wander import LENGTH, STEPS, Wander
from planrace.checker.engines.limits import deadline, time_left
from planrace.checker.explain.model_data import declared
from planrace.checker.results.driving import (
    CoverReport,
    Criterion,
    Divergence,
    DrivenSystem,
    DriverSummary,
    MissReason,
    OutcomeShare,
    PlanMethod,
    ScheduleKind,
)
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.wording import counted, joined
from planrace.checker.run.request import Selection
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import ModelError, Protocol, System

MOST_STATES = 50_000
"""The most states of a model to cover, by default."""


@dataclass(frozen=True)
class GivenStep:
    """A step of a given run, and perhaps the outcome that it has in the model; ``text`` is how the user names it."""

    text: str
    pick: Pick
    outcome: str | None = None


@dataclass(frozen=True)
class CoverRequest:
    """What to cover and when to stop. ``length`` is that of the criterion ``RUNS``; ``run`` are the steps of
    ``GIVEN``, and ``start`` is the number of its initial state, from 1; ``reset`` is how many steps a reset is worth;
    ``seed`` is for choices that are open. With a ``schedule`` other than the tour, ``length`` is the most steps of a
    run, and ``depth`` that of PCT. A tour may cover only ``part``, from 0, of so many ``parts``."""

    criterion: Criterion = Criterion.TRANSITIONS
    length: int | None = None
    run: tuple[GivenStep, ...] = ()
    start: int | None = None
    at_least: float = 100.0
    max_steps: int | None = None
    max_states: int = MOST_STATES
    reset: int = 1
    seed: int | None = None
    schedule: ScheduleKind = ScheduleKind.TOUR
    depth: int = DEPTH
    part: int = 0
    parts: int = 1


def driver_of(given: object, selection: Selection) -> Driver:
    """The checked driver for a selection. Raises ``ModelError``."""
    if isinstance(selection.subject, System):
        return Driver(given, selection.instance)
    protocol = selection.subject.protocol
    others = (*selection.with_all_faults.actions, *protocol.actions)
    return Driver(given, selection.instance, others, lambda action: _protected_outcomes(protocol, action))


def steps_of(driver: Driver) -> ModelSteps:
    """The steps of the model for a driver. Raises ``ModelError`` if there are several initial states, and its ``reset``
    leads to one."""
    steps = ModelSteps(driver.instance, driver.controlled)
    many = len(steps.initials)
    if many > 1 and not driver.takes_state:
        what = f"{driver.instance.system.name} has {many:,} initial states, and {driver.name}.reset leads to one"
        remedy = "write def reset(self, state): it gets each of them, as a dict; or choose one: protocol.initially(…)"
        raise ModelError(what, where=driver.place("reset"), remedy=remedy)
    return steps


def _protected_outcomes(protocol: Protocol, action: str) -> set[str]:
    """The names of the outcomes that an action has with some protection."""
    found: set[str] = set()
    for protection in protocol.protections:
        with suppress(ModelError):  # it needs another one
            there = protocol.bare_system([protection], protocol.faults).actions.get(action)
            found.update(o.name for o in (there.outcomes if there else ()) if o.name is not None)
    return found


def driven_system(conductor: Conductor) -> DrivenSystem:
    """The request of a report, with what the driver did and observed."""
    driver, observer = conductor.driver, conductor.observer
    instance = driver.instance
    system = instance.system
    names = [v.name for v in system.variables if v.name not in system.auxiliary]
    summary = DriverSummary(
        driver.name,
        driver.controlled,
        tuple(a for a in system.actions if a not in driver.controlled),
        tuple(n for n in names if n not in observer.seen),
        tuple(n for n in names if n in observer.partly),
        driver.refusing,
        conductor.unnamed,
    )
    sizes: dict[str, int | str] = dict([*instance.parameters.items(), *system.options])
    return DrivenSystem(
        system.name,
        sizes,
        tuple(system.faults),
        tuple(system.protections),
        summary,
        declared(instance),
        driver.sources,
        instance.at_most,
        tuple(v.name for v in system.variables if v.name in system.auxiliary),
    )


def cover_system(driver: Driver, request: CoverRequest, repeat: Callable[[str, int | None], str]) -> CoverReport:
    """Perform what the request asks for, with a driver that is open. ``repeat`` makes the command that performs a run
    again; its second argument is the number of the initial state if there are several. Raises ``ModelError`` for
    mistakes in the driver and in a given run."""
    return _Cover(driver, request, repeat).run()


def cover_part(driver: Driver, request: CoverRequest, repeat: Callable[[str, int | None], str]) -> CoveredPart:
    """The same for a part of a tour."""
    return _Cover(driver, request, repeat).part()


class _Cover:
    """One covering test."""

    def __init__(self, driver: Driver, request: CoverRequest, repeat: Callable[[str, int | None], str]) -> None:
        self._began = self._planned = time.monotonic()
        self._driver = driver
        self._request = request
        self._repeat = repeat
        self._seed = random.SystemRandom().randrange(2**32) if request.seed is None else request.seed
        self._steps = steps_of(driver)
        self._observer = Observer(driver.instance, f"{driver.name}.observe")
        given = request.criterion is Criterion.GIVEN
        self._conductor = Conductor(driver, self._steps, self._observer, try_refusals=not given)
        self._failure: Failure | None = None
        self._done = self._refused = 0
        self._method = PlanMethod.GIVEN
        self._stopped: StopReason | None = None
        self._graph, self._known = self._found_graph()
        countable = self._known and not given
        self._what = coverable(self._graph, request.criterion, request.length) if countable else None
        if self._what is not None and request.parts > 1:
            self._what = share_of(self._what, request.criterion, request.part, request.parts)
        self._wander: Wander | None = None
        self._told: tuple[set[tuple[State, Pick]], set[State]] = set(), set()

    def run(self) -> CoverReport:
        try:
            if self._request.criterion is Criterion.GIVEN:
                self._given()
            elif self._request.schedule is not ScheduleKind.TOUR:
                self._wandered()
            elif self._what is not None:
                self._covered(self._what)
        except KeyboardInterrupt:
            self._stopped = INTERRUPTED
        return self._report()

    def part(self) -> CoveredPart:
        report, what, number = self.run(), self._what, self._graph.number
        assert what is not None, "only tours have parts"
        refused, begun = self._told  # before a divergence was shortened
        return CoveredPart(
            report,
            frozenset(what.covered),
            {a: self._graph.arcs[a].label for a in sorted(what.taken)},
            frozenset((number[s], pick) for s, pick in refused),
            frozenset(map(number.__getitem__, begun)),
        )

    def _found_graph(self) -> tuple[ControlledGraph, bool]:
        """The graph, and whether it is the whole one: a schedule does without it."""
        request = self._request
        if request.criterion is not Criterion.GIVEN:
            try:
                return controlled_graph(self._steps, request.max_states), True
            except TooManyStatesError:
                if request.schedule is ScheduleKind.TOUR:
                    raise
        first = self._steps.initials[0]
        return ControlledGraph([first], {first: 0}, [], [[]], 0), False

    # Performing ----------------------------------------------------------------------------------------------------
    def _given(self) -> None:
        """Perform the given run; it stops at the first step that differs."""
        conductor, start = self._conductor, self._request.start
        many = len(self._steps.initials)
        if start is None and many > 1:
            remedy = "name one by its number: --start 1 (start=1), in the order of check walk"
            raise ModelError(f"the run may begin in {many:,} initial states", remedy=remedy)
        if start is not None and start > many:
            raise ModelError(f"there is no initial state {start:,}", remedy=f"write one from 1 to {many:,}")
        self._failure = conductor.begin(self._steps.initials[(start or 1) - 1])
        for n, wanted in enumerate(self._request.run, 1):
            if self._failure is not None or not self._in_budget():
                return
            outcomes = conductor.outcomes(wanted.pick)
            if wanted.outcome is not None and outcomes and wanted.outcome not in outcomes:
                ends = joined([f"as {o}" if o else "in its outcome without a name" for o in outcomes], "or")
                what = f"step {n} of the run, {wanted.text}: the model ends it {ends}"
                raise ModelError(what, remedy="leave the outcome out, or name the steps that lead to it")
            self._failure, _ = conductor.step(wanted.pick)
            if self._failure is None and conductor.was_refused:
                self._refused += 1
            elif self._failure is None:
                self._done += wanted.outcome is None or set(conductor.ended) == {wanted.outcome}

    def _wandered(self) -> None:
        """Perform what a schedule chooses."""
        request = self._request
        self._method = PlanMethod(request.schedule)
        length = request.length or LENGTH
        schedule = schedule_of(request.schedule, self._seed, request.depth, length)
        self._wander = Wander(self._conductor, schedule, length, self._graph, self._what)
        self._planned = time.monotonic()
        self._failure = self._wander.run(self._in_budget)

    def _covered(self, what: Coverable) -> None:
        request, sampled = self._request, self._is_sampled(what)
        self._method, several = strategies(what, request.criterion, self._seed, request.reset, sampled=sampled)
        self._planned = time.monotonic()
        self._failure = self._conductor.begin()
        if self._failure is None and what.total:
            self._follow(what, several)
        if request.criterion is not Criterion.OUTCOMES and request.part == 0:
            self._begin_everywhere()

    def _begin_everywhere(self) -> None:
        """Begin in the initial states in which no run has begun: no step leads on from there, or other runs took them
        all."""
        for start in self._steps.initials:
            if self._failure is None and start not in self._conductor.begun and self._in_budget():
                self._failure = self._conductor.begin(start)

    def _is_sampled(self, what: Coverable) -> bool:
        """A budget may end the run before everything is covered."""
        most = self._request.max_steps
        return deadline() is not None or (most is not None and most < 4 * what.total)

    def _follow(self, what: Coverable, several: Iterator[Strategy]) -> None:
        starts = what.network.starts
        position: int | None = starts[0]
        fresh = True
        for strategy in several:
            while self._failure is None and self._in_budget():
                arc = strategy.next(position)
                if arc is None:
                    break
                if arc >= 0:
                    position, fresh = self._perform(what, arc), False
                elif not (fresh and position == -1 - arc):
                    begins = starts.index(-1 - arc)
                    self._failure = self._conductor.begin(self._steps.initials[begins])
                    position, fresh = self._here(starts[begins], begins), True
                    if position is None:
                        fresh = False
                        break
            if self._failure is not None or self._stopped is not None:
                return

    def _perform(self, what: Coverable, arc: int) -> int | None:
        """Perform an arc of the network; returns the node where the system is now, None if that is not known."""
        wanted = self._graph.arcs[what.takes[arc]]
        if not self._conductor.allows(wanted.pick):
            return None
        self._failure, source = self._conductor.step(wanted.pick)
        if self._failure is not None:
            return None
        if source is None or self._graph.number[source] != wanted.source:
            return self._here(-1, -1)
        return self._here(what.took(arc), wanted.target)

    def _here(self, node: int, target: int) -> int | None:
        """The node, if the system is for certain in the state ``target``; where nodes are states, that of another state
        that it is in."""
        possible = self._conductor.possible
        if len(possible) != 1:
            return None
        found = self._graph.number[possible[0]]
        if self._request.criterion in (Criterion.TRANSITIONS, Criterion.OUTCOMES):
            return found
        return node if found == target else None

    def _in_budget(self) -> bool:
        most = self._request.max_steps
        if most is None and self._wander is not None and deadline() is None:
            most = STEPS
        if most is not None and self._conductor.performed >= most:
            self._stopped = StopReason.bound(StopKind.STEPS, f"budget of {counted(most, 'step')}")
        elif time_left() == 0.0:
            found = deadline()
            self._stopped = StopReason(StopKind.TIME, found.reason if found is not None else "the time was up")
        return self._stopped is None

    # Reporting -----------------------------------------------------------------------------------------------------
    def _report(self) -> CoverReport:
        seconds, in_driver = time.monotonic() - self._began, self._driver.seconds
        conductor, request = self._conductor, self._request
        resets, steps, refusals = conductor.resets, conductor.performed, len(conductor.refused)
        self._told = set(conductor.refused), set(conductor.begun)
        compared, starts = conductor.compared, len(conductor.begun)  # before a divergence is shortened
        all_tried = bool(conductor.attempted) or request.criterion is Criterion.GIVEN
        divergence = None if self._failure is None else self._divergence(self._failure)
        total, performed, states = self._counts()
        untried = tuple(a for a in self._driver.controlled if a not in self._driver.refusing)
        return CoverReport(
            system=driven_system(conductor),
            criterion=request.criterion,
            method=self._method,
            length=self._length(),
            states=states,
            total=total,
            performed=performed,
            missed=tuple(self._missed(total - performed)),
            shares=self._shares(),
            resets=resets,
            steps=steps,
            compared=compared,
            refusals=refusals,
            refusals_total=self._refusals_total(),
            seconds=seconds,
            planning_seconds=self._planned - self._began,
            driver_seconds=in_driver,
            seed=self._seed,
            at_least=request.at_least,
            divergence=divergence,
            stopped=self._stopped,
            graph_known=self._known or request.criterion is Criterion.GIVEN,
            depth=request.depth if self._method is PlanMethod.PCT else None,
            untried=() if all_tried else untried,
            starts=starts,
            starts_total=len(self._steps.initials),
        )

    def _length(self) -> int | None:
        return self._request.length if self._wander is None else self._request.length or LENGTH

    def _counts(self) -> tuple[int, int, int]:
        """The total, what of it was performed, and the states."""
        states = len(self._graph.states)
        if self._what is not None:
            return self._what.total, self._what.performed, states
        if self._wander is not None:
            return 0, len(self._wander.seen), len({s for s, _ in self._wander.seen})
        return len(self._request.run), self._done, states

    def _missed(self, left: int) -> Iterator[tuple[MissReason, int]]:
        if self._refused:
            yield MissReason.REFUSED, self._refused
        if left > self._refused:
            ended = self._failure is not None or self._stopped is not None
            yield MissReason.STOPPED if ended else MissReason.UNSURE, left - self._refused
        if self._graph.elsewhere:
            yield MissReason.ELSEWHERE, self._graph.elsewhere

    def _shares(self) -> tuple[OutcomeShare, ...]:
        """Transitions by action and outcome, in the order of the protocol."""
        if self._what is None:
            return ()
        done = self._what.taken
        found: dict[tuple[str, str | None], list[int]] = {}
        for n, arc in enumerate(self._graph.arcs):
            row = found.setdefault(arc.label, [0, 0])
            row[0] += n in done
            row[1] += 1
        order = list(self._driver.instance.system.actions)
        return tuple(
            OutcomeShare(action, outcome, *found[action, outcome])
            for action, outcome in sorted(found, key=lambda label: (order.index(label[0]), label[1] or ""))
        )

    def _refusals_total(self) -> int:
        if self._what is None or not self._driver.refusing:
            return 0
        there = {*range(self._graph.starts), *(a.target for a in self._graph.arcs)}
        return sum(len(self._conductor.refusable(self._graph.states[n])) for n in there)

    # Divergences ---------------------------------------------------------------------------------------------------
    def _divergence(self, failure: Failure) -> Divergence:
        """The failure after a short run, and told."""
        picks = self._conductor.picks_to(failure)
        shortest = None if self._what is None else self._shortest(failure, len(picks))
        left = time_left()
        shortener = Shortener(self._conductor, failure, **({} if left is None else {"seconds": min(10.0, left + 1.0)}))
        found = shortener.shorten(picks, shortest)
        run = " ".join(map(self._steps.called, found.picks))
        start = self._steps.initials.index(self._conductor.start) + 1 if len(self._steps.initials) > 1 else None
        return Divergence(
            kind=found.failure.kind,
            called="reset" if found.failure.pick is None else self._steps.called(found.failure.pick),
            model=found.failure.model,
            code=found.failure.code,
            trace=recorded(self._conductor, found.history, found.failure).trace(),
            run=run,
            repeat=self._repeat(run, start),
            found_after=len(picks),
            repeated=found.repeated,
            minimal=found.minimal,
            mismatches=found.failure.mismatches,
            answers=found.answers,
            start=start,
        )

    def _shortest(self, failure: Failure, known: int) -> list[Pick] | None:
        """A shortest run of controlled steps to the step of the failure, if it is shorter than the known one."""
        history = self._conductor.history
        if failure.pick is None or not history or len(history[-1][1]) != 1 or self._wander is not None:
            return None  # workers may not offer that run
        goal = self._graph.number[history[-1][1][0]]
        start = self._graph.number[self._conductor.start]
        came: dict[int, int | None] = {start: None}
        queue = [start]
        for n in queue:
            for a in self._graph.out[n]:
                target = self._graph.arcs[a].target
                if target not in came:
                    came[target] = a
                    queue.append(target)
        if goal not in came:
            return None
        picks = [failure.pick]
        while (arc := came[goal]) is not None:
            picks.append(self._graph.arcs[arc].pick)
            goal = self._graph.arcs[arc].source
        return picks[::-1] if len(picks) < known else None
