"""``--scenario``: find the shortest run that shows a scenario, or find that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planrace.checker.explain.explainer import Explainer
from planrace.checker.results.guard import Guard
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.scenario import FullMatch
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.run.findings import comparable_instances, explanation_options, model_data
from planrace.checker.run.options import Options
from planrace.checker.run.registry import answers_of, engine_for
from planrace.checker.run.request import Request, request_of
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language import Instance, Term
from planrace.model.language.errors import known
from planrace.properties.scenario import Scenario


@dataclass
class _Covered:
    """The results of the searches for all casts."""

    casts: int = 0
    states: int = 0
    seconds: float = 0.0
    best: Recording | None = None
    stopped: StopReason | None = None
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.best is not None:
            return Verdict.HOLDS
        return Verdict.VIOLATED if self.stopped is None else Verdict.UNKNOWN

    @property
    def how(self) -> str:
        searched = f"{numbered(self.states, 'state')} with the scenario's monitor, for {numbered(self.casts, 'cast')}"
        if self.best is not None:
            least = "shortest" if self.stopped is None else "not necessarily the shortest"
            return f"explicit search of {searched}; {least}"
        if self.stopped is not None:
            return f"not decided: {self.stopped}, after {searched}"
        return f"no run shows it: complete search of {searched}"


def show(request: Request, name: str) -> Report:
    """A report on the scenario of that name. For each cast, the system with the scenario's monitor is searched for a
    shortest run that shows every fact that is not optional."""
    from planrace.checker.engines.scenario.match import casts, match

    system, options = request.system, request.options
    scenarios = {s.name: s for s in system.scenarios}
    scenario: Scenario = scenarios[known(name, scenarios, f"scenario of {system.name}")]
    instance = request.instance
    found, guard = _Covered(), Guard(keeps=True)
    others = comparable_instances(instance, options, system.faults)
    with engine_for(options).kept(options):
        for cast in casts(Interpreter(instance), scenario, up_to_symmetry=True):
            _search(instance, scenario, cast, options, found)
            if found.interrupted:
                break
    full_match = trace = insight = None
    if found.best is not None:
        best, explainer = found.best, Explainer(instance, explanation_options(options, others, guard), guard)
        trace, insight = explainer.trace(best, name), explainer.insight(best, None, name)
        matched = guard.attempt(name, "matches", lambda: match(scenario, best), None)
        full_match = None if matched is None else FullMatch(matched, trace, found.how, insight)
    shown = full_match.match if full_match is not None else None
    finding = Finding(scenario.name, "scenario", scenario.title, found.verdict, found.how, trace, shown)
    model = model_data(instance, guard)
    return Report(
        protocol=system.name,
        parameters=request.parameters,
        faults=system.faults,
        at_most=instance.at_most,
        protections=system.protections,
        engine=options.engine,
        findings=(replace(finding, insight=insight),),
        exploration=None,
        full_match=full_match,
        interrupted=found.interrupted or guard.interrupted,
        warnings=guard.warnings,
        **model,
    )


def _search(
    instance: Instance, scenario: Scenario, cast: Mapping[Term, int], options: Options, found: _Covered
) -> None:
    """Search for a run with this cast that is shorter than the best one so far."""
    from planrace.checker.engines.scenario.monitored import monitored

    system, wanted = monitored(instance.system, scenario, cast)
    most = None if found.best is None else len(found.best.moves) - 1
    if most is not None and most < 0:
        return
    depth = min((d for d in (most, options.depth) if d is not None), default=None)
    limited = replace(options, depth=depth, symmetry=False)
    answers = answers_of(request_of(Instance(system, instance.values), [wanted], limited))
    covered, found.interrupted = answers.coverage, answers.interrupted
    assert covered is not None
    found.casts += 1
    found.states += covered.states
    found.seconds += covered.seconds
    (answer,) = answers.answers
    if answer.recording is not None:
        found.best = _without_monitor(instance, scenario, answer.recording)
    elif covered.stopped is not None and not (depth == most and covered.stopped.kind is StopKind.DEPTH):
        found.stopped = (
            covered.stopped
        )  # a stop at depth ``most`` is no loss: deeper runs are not shorter than the best


def _without_monitor(instance: Instance, scenario: Scenario, watched: Recording) -> Recording:
    """The run without the monitor. Checks, by a match without it, that the run shows the scenario."""
    from planrace.checker.engines.scenario.match import match

    start = watched.states[0][: len(instance.system.variables)]
    recording = record(Interpreter(instance), [(m.action.name, m.choice) for m in watched.moves], start)
    shown = match(scenario, recording)
    events = {f.name for f in scenario.facts if not f.optional}
    if not events <= set(shown.matched):
        raise ReplayError(f"{scenario.name}: the run does not show {', '.join(sorted(events - set(shown.matched)))}")
    return recording
