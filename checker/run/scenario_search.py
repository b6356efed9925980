"""``--scenario``: find the shortest run that shows a scenario, or find that there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from planrace.checker.explain.explainer import Explainer
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.scenario import FullMatch, Match
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
from planrace.model.language.terms import subterms
from planrace.properties.scenario import Scenario

CLAIM_STATES = 300_000
"""Limit of the search for a run after which the claims of a scenario hold, which is no machine code."""
Cast: TypeAlias = "Mapping[Term, int]"


@dataclass
class ScenarioCoverage:
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


@dataclass(frozen=True)
class JudgedScenario:
    """Whether a run shows a scenario, facts and claims; the run, and what it shows. ``unclaimed``: runs show the facts,
    but none with the claims."""

    verdict: Verdict
    how: str
    run: Recording | None = None
    match: Match | None = None
    interrupted: bool = False
    unclaimed: bool = False


def judge_scenario(instance: Instance, scenario: Scenario, options: Options) -> JudgedScenario:
    """Search for a shortest run that shows every fact that is not optional. If claims are refuted after it, search for
    any run after which they hold."""
    from planrace.checker.engines.scenario.match import match

    try:
        found = search_scenario(instance, scenario, options)
        if found.best is None:
            return JudgedScenario(found.verdict, found.how, interrupted=found.interrupted)
        shown = match(scenario, found.best)
        if not set(shown.missing) & {c.name for c in scenario.claims}:
            return JudgedScenario(Verdict.HOLDS, found.how, found.best, shown, found.interrupted)
        return _judged_claims(instance, scenario, options)
    except TimeUpError as problem:
        return JudgedScenario(Verdict.UNKNOWN, f"not decided: {problem}")


def _judged_claims(instance: Instance, scenario: Scenario, options: Options) -> JudgedScenario:
    from planrace.checker.engines.scenario.claims import ClaimGuide
    from planrace.checker.engines.scenario.match import match
    from planrace.checker.engines.scenario.parts import names_of, part_of

    limits = replace(options.limits, depth=None, states=options.max_states or CLAIM_STATES)
    guide = ClaimGuide(instance, part_of(scenario, names_of(scenario)), limits=limits, listener=options.listener)
    run = guide.run()
    states = numbered(guide.states, "product state")
    if run is not None:
        how = f"guided search of {states}; not necessarily the shortest"
        return JudgedScenario(Verdict.HOLDS, how, run, match(scenario, run))
    why = guide.stopped or guide.undecided
    if why is not None:
        return JudgedScenario(Verdict.UNKNOWN, f"not decided: {why}, after {states}", interrupted=guide.interrupted)
    how = f"runs show the facts, but none with what is claimed after them: complete search of {states}"
    return JudgedScenario(Verdict.VIOLATED, how, unclaimed=True)


def search_scenario(instance: Instance, scenario: Scenario, options: Options) -> ScenarioCoverage:
    """Search the system with the scenario's monitor, for each cast, for a shortest run that shows every fact that is
    not optional."""
    from planrace.checker.engines.scenario.match import casts

    found = ScenarioCoverage()
    with engine_for(options).kept(options):
        for cast in _different(instance, scenario, casts(Interpreter(instance), scenario, up_to_symmetry=True)):
            _search(instance, scenario, cast, options, found)
            if found.interrupted:
                break
    return found


def _different(instance: Instance, scenario: Scenario, every: Iterable[Cast]) -> Iterator[Cast]:
    """One cast of those that differ only in roles that no fact names: they have the same runs."""
    facts = [f for f in scenario.facts if not f.optional]
    terms = [t for f in facts for e in f.events for t in (e.happens, e.without) if t is not None]
    named = set(map(id, subterms(*terms)))
    roles = [r for r in scenario.roles if id(r) in named or not instance.system.starts_alike]
    seen: set[tuple[int, ...]] = set()
    for cast in every:
        key = tuple(cast[r] for r in roles)
        if key not in seen:
            seen.add(key)
            yield cast


def show(request: Request, name: str) -> Report:
    """A report on the scenario of that name. For each cast, the system with the scenario's monitor is searched for a
    shortest run that shows every fact that is not optional."""
    system = request.system
    scenarios = {s.name: s for s in system.scenarios}
    scenario: Scenario = scenarios[known(name, scenarios, f"scenario of {system.name}")]
    found = search_scenario(request.instance, scenario, request.options)
    return scenario_report(
        request, scenario, JudgedScenario(found.verdict, found.how, found.best, None, found.interrupted)
    )


def scenario_report(request: Request, scenario: Scenario, found: JudgedScenario) -> Report:
    """The report on a scenario, with its run explained."""
    from planrace.checker.engines.scenario.match import match

    system, options, instance, name = request.system, request.options, request.instance, scenario.name
    guard = Guard(keeps=True)
    others = comparable_instances(instance, options, system.faults)
    full_match = trace = insight = None
    if found.run is not None:
        best, explainer = found.run, Explainer(instance, explanation_options(options, others, guard), guard)
        trace, insight = explainer.trace(best, name), explainer.insight(best, None, name)
        matched = found.match or guard.attempt(name, "matches", lambda: match(scenario, best), None)
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
    instance: Instance, scenario: Scenario, cast: Mapping[Term, int], options: Options, found: ScenarioCoverage
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
