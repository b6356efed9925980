"""Replays a run of the model on a system: does the system do it too?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planrace.checker.drive.conduct import Conductor, Failure
from planrace.checker.drive.cover import driven_system, steps_of
from planrace.checker.drive.driver import Driver
from planrace.checker.drive.further import StepGoal, further_steps
from planrace.checker.drive.model_steps import ModelSteps
from planrace.checker.drive.observing import Observer
from planrace.checker.engines.limits import deadline, time_left
from planrace.checker.results.driving import DivergenceKind, FurtherSteps, ReplayEnd, ReplayReport, SystemAnswer
from planrace.checker.results.trace import Trace
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick, record
from planrace.model.language import ModelError

LOOPS = 3
"""How often the loop of a lasso is performed, by default."""


@dataclass(frozen=True)
class _Ended:
    """How a part of a replay ended; ``failure`` if something differs."""

    end: ReplayEnd
    step: int
    why: str
    failure: Failure | None = None


def replay_on(
    driver: Driver,
    name: str,
    picks: Sequence[Pick],
    loop: int | None,
    loops: int = LOOPS,
    goals: Sequence[StepGoal] = (),
    start: State | None = None,
) -> ReplayReport:
    """Perform a run of the model from an initial state, with a driver that is open; the steps after step ``loop`` (if
    any) ``loops`` times. Then go on to the ``goals``. Raises ``ModelError`` for mistakes in the driver and for a goal
    that no steps lead to, and ``ReplayError`` if the model does not allow the run."""
    steps = steps_of(driver)
    start = steps.initials[0] if start is None else start
    unrolled = [*picks, *(p for _ in range(loops - 1) for p in picks[loop:])] if loop is not None else list(picks)
    further = further_steps(steps, record(steps.interpreter, unrolled, start).states[-1], goals)
    states = record(steps.interpreter, [*unrolled, *further], start).states
    trace = record(steps.interpreter, [*picks, *further], start).trace()
    return _Replay(driver, steps, name, replace(trace, loop=loop), loops).run(unrolled, further, states)


class _Replay:
    """One replay."""

    def __init__(self, driver: Driver, steps: ModelSteps, name: str, trace: Trace, loops: int) -> None:
        self._began = time.monotonic()
        self._driver = driver
        self._steps = steps
        self._name, self._trace, self._loops = name, trace, loops
        self._observer = Observer(driver.instance, f"{driver.name}.observe")
        self._conductor = Conductor(driver, steps, self._observer, try_refusals=False)
        self._observed: list[tuple[str, ...]] = []
        self._texts: dict[str, str] = {}
        self._answers: list[tuple[SystemAnswer, ...]] = []
        self._first_answers: tuple[SystemAnswer, ...] = ()
        self._last_answers: tuple[SystemAnswer, ...] = ()

    def run(self, picks: Sequence[Pick], further: Sequence[Pick], states: Sequence[State]) -> ReplayReport:
        """Perform ``picks``, and then the ``further`` ones; ``states`` are those of the model before and after them."""
        failure = self._conductor.begin(states[0])
        self._note()
        self._observed.clear()
        if failure is not None:
            return self._report(self._differs(failure, 0))
        ended = self._perform(picks, states)
        if ended.end is ReplayEnd.FOLLOWED and not self._conductor.compared:
            why = "took every step, but nothing was compared: the driver observes no variable and returns no outcome"
            ended = _Ended(ReplayEnd.UNDECIDED, len(picks), why)
        if ended.end is not ReplayEnd.FOLLOWED or not further:
            return self._report(ended, len(further))
        return self._report(ended, len(further), self._perform(further, states[len(picks) :], len(picks)))

    def _perform(self, picks: Sequence[Pick], states: Sequence[State], done: int = 0) -> _Ended:
        """Perform steps until the system does something else; ``done`` steps were performed before."""
        for n, (pick, after) in enumerate(zip(picks, states[1:], strict=False), done + 1):
            if pick[0] not in self._steps.controlled:
                why = f"was not asked: the driver has no method {pick[0]}, so it cannot perform step {n}"
                return _Ended(ReplayEnd.UNDECIDED, n, why)
            if time_left() == 0.0:
                found = deadline()
                why = f"was not asked to go on: {found.reason if found is not None else 'the time was up'}"
                return _Ended(ReplayEnd.UNDECIDED, n, why)
            if not self._conductor.allows(pick):
                return _Ended(ReplayEnd.LEFT, n, "is in a state in which the model refuses this step")
            failure, _ = self._conductor.step(pick)
            if failure is not None:
                return self._differs(failure, n)
            if self._conductor.was_refused:
                why = "refuses the step, as the model does after steps that nobody observed"
                return _Ended(ReplayEnd.LEFT, n, why)
            self._note()
            if after not in self._conductor.possible:
                return _Ended(ReplayEnd.LEFT, n, "has taken other steps by itself")
        return _Ended(ReplayEnd.FOLLOWED, done + len(picks), "took every step of the run")

    def _note(self) -> None:
        """Note what is observed to have changed."""
        found = self._observer.texts(self._conductor.observation)
        new = [
            f"{place}: {self._texts.get(place, '?')} → {x}" for place, x in found.items() if self._texts.get(place) != x
        ]
        self._observed.append(tuple(new))
        self._texts = found
        self._ask()

    def _ask(self, *, left: bool = False) -> None:
        """Note what is new for users of the system; where it has ``left`` the run, all that differs from the reset."""
        if self._driver.has_show:
            found = self._driver.show()
            known = self._first_answers if left else self._last_answers
            self._answers.append(tuple(a for a in found if a not in known))
            self._first_answers = self._first_answers or found
            self._last_answers = found

    def _differs(self, failure: Failure, n: int) -> _Ended:
        if failure.kind is DivergenceKind.RAISED:
            return _Ended(ReplayEnd.UNDECIDED, n, f"{failure.code}, which is no refusal", failure)
        if failure.kind in (DivergenceKind.STUCK, DivergenceKind.LOST):
            return _Ended(ReplayEnd.UNDECIDED, n, failure.code, failure)
        if n:
            self._ask(left=True)
        return _Ended(ReplayEnd.LEFT, n, failure.code, failure)

    def _report(self, ended: _Ended, many: int = 0, beyond: _Ended | None = None) -> ReplayReport:
        """The report on the run; ``many`` further steps were asked for and ended ``beyond`` it, if they were begun."""
        trace, failure = self._trace, (beyond or ended).failure
        if beyond is None and many:
            trace = replace(trace, steps=trace.steps[:-many])
        return ReplayReport(
            system=driven_system(self._conductor),
            name=self._name,
            trace=trace,
            end=ended.end,
            step=ended.step,
            why=ended.why,
            loops=self._loops if trace.loop is not None else 0,
            seconds=time.monotonic() - self._began,
            observed=tuple(self._observed),
            answers=tuple(self._answers),
            mismatches=() if failure is None else failure.mismatches,
            further=None if beyond is None else FurtherSteps(many, beyond.end, beyond.step, beyond.why),
        )


def start_on(driver: Driver, trace: Trace) -> State:
    """The initial state in which a run begins. Raises ``ModelError`` if this size has no such one, or if ``reset``
    leads to one of several."""
    from planrace.checker.semantics.describe import Describer

    steps = steps_of(driver)
    describer = Describer(steps.interpreter)
    for start in steps.initials:
        here = describer.state(start)
        if all(here.get(variable) == value for variable, value in trace.initial.items()):
            return start
    which = "the initial state, which is" if len(steps.initials) == 1 else "one of the initial states, which are"
    raise ModelError(
        f"the run does not begin in {which} where reset() leads", remedy="use the sizes and options of the report"
    )
