"""Covering tests and replays on a user's system: the calls ``cover`` and ``replay``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from planrace.checker.api.covering import PartsWanted, check_parts, cover_elsewhere
from planrace.checker.api.request import given_sizes, selected, subject_of
from planrace.checker.api.steps import read_goals, read_run
from planrace.checker.drive.cover import MOST_STATES, CoverRequest, cover_system, driver_of
from planrace.checker.drive.replay import LOOPS, replay_on, start_on
from planrace.checker.drive.schedule import DEPTH
from planrace.checker.engines.limits import until
from planrace.checker.report.formats import SelectedTrace, select_trace
from planrace.checker.report.json.read import read_report
from planrace.checker.report.json.write import trace_json
from planrace.checker.results.driving import CoverReport, Criterion, ReplayReport, ScheduleKind
from planrace.checker.results.report import Report
from planrace.checker.run.call_site import public
from planrace.checker.run.options import check_number, check_numbers
from planrace.checker.run.protocols import BUILT_IN, attribute_of
from planrace.checker.run.ranges import RANGES
from planrace.checker.run.request import Given, Selection
from planrace.checker.run.walk import picks_of
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import ModelError, Protocol, System, Variant
from planrace.model.language.author_output import printing_aside
from planrace.model.language.errors import known

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine

CRITERIA = tuple(c for c in Criterion if c is not Criterion.GIVEN)
BUILT_IN_DRIVERS = {"dns": "planrace.checker.drive.dns.named:driver_called"}
"""What begins the name of a driver that planrace has (``dns:bind``), and the function that makes it from the rest."""


@public
def cover(
    protocol: Protocol | Variant | System | str,
    driver: object,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    criterion: str = "transitions",
    length: int | None = None,
    run: str | None = None,
    start: int | None = None,
    at_least: float = 100.0,
    max_steps: int | None = None,
    max_states: int = MOST_STATES,
    reset_cost: int = 1,
    seed: int | None = None,
    schedule: str = "tour",
    pct_depth: int | None = None,
    time_limit: float | None = None,
    cluster: str | None = None,
) -> CoverReport:
    """Perform runs of the model on your code, which together cover it, and compare after every step, as ``check cover``
    does. The result is true only if enough was performed and nothing differs.

    ``driver`` is a class, a function that makes one, an object, or a name (``file.py:Driver``); ``docs/driving.md``
    says what it has. A class gets the sizes that its parameters name. ``criterion`` is what is covered: "transitions",
    "outcomes" (each outcome of each action), "pairs" (of consecutive steps) or "runs" (all of up to ``length`` steps).
    ``run`` performs this run instead, as a divergence names it: ``"publish pick(1)"``; a step may name its outcome in
    the model: ``"flip(1)[refused]"``; ``start`` is the number of the run's initial state, from 1, if there are several.
    ``at_least`` is the share asked for, in per cent of what the driver can control. ``max_steps`` and ``time_limit``
    (seconds) are budgets; with one, the least covered steps come first. ``max_states`` bounds the model; ``reset_cost``
    is how many steps a reset is worth; ``seed`` is for choices that are open. ``schedule`` is who chooses the steps: a
    "tour" that is computed, or, in runs of at most ``length`` steps, "random", "pct" (random priorities, which change
    ``pct_depth`` - 1 times) or "unseen" (what was taken least often from the present state); these need no graph.
    With a ``cluster`` (``local``, ``auto`` or ``ray://…``) a tour is made in parts, each on a system of its own.
    Raises ``ModelError`` for a wrong request and for mistakes in the driver.
    """
    numbers = {"max_steps": max_steps, "seed": seed, "time_limit": time_limit, "length": length, "pct_depth": pct_depth}
    numbers |= {"start": start}
    check_numbers(**{n: v for n, v in numbers.items() if v is not None})
    check_number("at_least", at_least, RANGES["at_least"])
    check_number("max_states", max_states, RANGES["most"])
    check_number("reset_cost", reset_cost, RANGES["reset_cost"])
    chosen = Criterion(known(criterion, CRITERIA, "criterion"))
    kind = ScheduleKind(known(schedule, tuple(ScheduleKind), "schedule"))
    _check_schedule(chosen, kind, length, pct_depth)
    if start is not None and run is None:
        raise ModelError("only a given run has one initial state", remedy="leave start out, or name the steps: run=…")
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "cover"), parameters, **names)
    request = CoverRequest(
        chosen if run is None else Criterion.GIVEN,
        length,
        (),
        start,
        at_least,
        max_steps,
        max_states,
        reset_cost,
        seed,
        kind,
        pct_depth or DEPTH,
    )
    again = _Again(protocol, driver, selection, names)
    if cluster is not None:
        places = check_parts(protocol, driver, request)
        with until(time_limit):
            return cover_elsewhere(PartsWanted(*places, parameters or {}, names, request, again, _driver), cluster)
    with until(time_limit), printing_aside(), driver_of(_driver(driver), selection) as made:
        picks = () if run is None else tuple(read_run(selection.instance, run, made.controlled))
        return cover_system(made, replace(request, run=picks), again)


@public
def replay(
    trace: str | Path | Report,
    driver: object,
    protocol: Protocol | Variant | System | str | None = None,
    parameters: Mapping[str, int | str] | None = None,
    *,
    name: str | None = None,
    loops: int = LOOPS,
    then: str | None = None,
    time_limit: float | None = None,
) -> ReplayReport:
    """Perform a run of a report on your system, as ``check replay`` does: does the system do it too?

    ``trace`` is a report, or a file that ``check --format json`` wrote or ``check walk`` saved; ``name`` is the
    property whose run is meant (default: the first run). Sizes, faults and protections are those of the report.
    The default of ``protocol`` is the driver's attribute ``protocol``, or the built-in protocol that the report
    names. The loop of a lasso is performed ``loops`` times. ``then`` names steps to go on with after the run, such as
    ``"publish flip(2) flip[refused]"``: the shortest run of the model to each of them is performed. ``parameters``
    are other sizes and options for that; the run itself must be the same with them. Raises ``ModelError``,
    ``ReadError``, and ``NoTraceError`` if there is no run.
    """
    check_number("loops", loops, RANGES["loops"])
    check_numbers(time_limit=time_limit)
    report = trace if isinstance(trace, Report) else read_report(trace)
    chosen = select_trace(report, name)
    with until(time_limit), printing_aside():
        given = _driver(driver)
        subject = _subject(report, given, protocol)
        selection = _selection(report, chosen, subject, given_sizes(subject, parameters))
        if then is not None and chosen.trace.loop is not None:
            raise ModelError("a run with a loop has no end to go on from", remedy="name another run, or leave out then")
        with driver_of(given, selection) as made:
            start = start_on(made, chosen.trace)
            picks = picks_of(selection.instance, trace_json(chosen.trace)["steps"])
            goals = () if then is None else read_goals(selection, then, made.controlled)
            try:
                return replay_on(made, chosen.name, picks, chosen.trace.loop, loops, goals, start)
            except ReplayError as problem:
                remedy = "use the protocol that the report is about"
                what = f"{selection.instance.system.name} does not allow the run: {problem}"
                raise ModelError(what, remedy=remedy) from None


@public
def state_machine(
    protocol: Protocol | Variant | System | str,
    driver: object,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    invariants: bool = True,
) -> type[RuleBasedStateMachine]:
    """The model and your code as a state machine of hypothesis, which chooses the steps and shrinks a run that fails:
    ``TestCode = state_machine(protocol, Driver).TestCase``. For models that are too large to cover.

    It has a rule for each action that the driver performs, with the guard of the model as its precondition. After each
    step outcome and observation are compared, and the ``invariants`` of the model are checked. Where the model allows
    no step, the run begins again. The driver is as for ``cover``; a class is made anew for each run. Raises
    ``ModelError``, also if hypothesis (the extra ``planrace[hypothesis]``) is not installed.
    """
    from planrace.checker.drive.machine import machine_of

    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "state_machine"), parameters, **names)
    return machine_of(_driver(driver), selection, invariants=invariants)


def _check_schedule(criterion: Criterion, schedule: ScheduleKind, length: int | None, depth: int | None) -> None:
    """Raises ``ModelError`` unless the criterion, the schedule and their numbers go together."""
    if depth is not None and schedule is not ScheduleKind.PCT:
        raise ModelError(f"the schedule {schedule} has no depth", remedy="write schedule='pct' (--schedule pct)")
    if schedule is ScheduleKind.TOUR:
        if (length is None) == (criterion is Criterion.RUNS):
            what = "the criterion runs needs a length" if length is None else f"the criterion {criterion} has no length"
            raise ModelError(what, remedy="write criterion='runs', length=4 (--criterion runs --length 4)")
    elif criterion not in (Criterion.TRANSITIONS, Criterion.OUTCOMES):
        what = f"the schedule {schedule} counts transitions or outcomes, not {criterion}"
        raise ModelError(what, remedy="take the schedule tour, or the criterion transitions")


def _driver(given: object) -> object:
    """The driver that a name means; anything else is the driver itself."""
    if not isinstance(given, str):
        return given
    kind, sign, words = given.partition(":")
    if sign and kind in BUILT_IN_DRIVERS:
        maker = attribute_of(BUILT_IN_DRIVERS[kind], "driver", "")
        assert callable(maker)
        return cast("object", maker(words))
    return attribute_of(given, "driver", "file.py:Driver or package.module:Driver")


def _subject(report: Report, driver: object, protocol: Any) -> Given:
    """The protocol of a run: the given one, the driver's, or the built-in one of this name."""
    found = protocol if protocol is not None else getattr(driver, "protocol", None)
    if found is None and report.protocol in BUILT_IN:
        found = report.protocol
    if found is None:
        what = f"the run is one of {report.protocol}, and nothing says where that protocol is"
        raise ModelError(what, remedy="name it with protocol=… (-p), or give the driver an attribute protocol")
    return subject_of(found, "replay")


def _selection(report: Report, chosen: SelectedTrace, subject: Given, others: Mapping[str, int | str]) -> Selection:
    """The protocol as the report has it, with ``others`` as sizes and options."""
    sizes = next((f.parameters for f in report.findings if f.name == chosen.name and f.parameters), {})
    parameters = {**report.parameters, **sizes, **others}
    if isinstance(subject, System):
        return selected(subject, parameters)
    own = set(subject.protections if isinstance(subject, Variant) else ())
    return selected(
        subject,
        parameters,
        faults=list(report.faults),
        with_protections=[p for p in report.protections if p not in own],
        without=[p for p in own if p not in report.protections],
    )


class _Again:
    """Makes the command (or the call) that performs a run again."""

    def __init__(
        self, protocol: object, driver: object, selection: Selection, names: Mapping[str, Sequence[str]]
    ) -> None:
        self._command: tuple[str, ...] | None = None
        if isinstance(protocol, str) and isinstance(driver, str):
            words = ["check", "cover", "-p", protocol, "--on", driver]
            settings = {**selection.sizes, **selection.words}
            words += [w for n, v in settings.items() for w in ("-s", f"{n}={v}")]
            for flag, key in {"--fault": "faults", "--with": "with_protections", "--without": "without"}.items():
                words += [w for v in names[key] for w in (flag, v)]
            self._command = tuple(words)

    def __call__(self, run: str, start: int | None) -> str:
        if self._command is None:
            return f"cover(…, run={run!r}{'' if start is None else f', start={start}'})"
        words = [*self._command, *([] if start is None else ["--start", str(start)])]
        return shlex.join([*words, "--run", run])
