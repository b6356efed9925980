"""One run of the checker: choose the engine, search, make the report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from planrace.checker.advice.lint.undeclared import forgotten
from planrace.checker.engines.answer import Answer
from planrace.checker.engines.limits import time_left, until
from planrace.checker.results.guard import Guard
from planrace.checker.results.report import ModelWarning, Report
from planrace.checker.results.stop import StopKind
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.contract import Abilities, Ability, Answers
from planrace.checker.run.findings import (
    REPORT,
    Narrator,
    comparable_instances,
    explanation_options,
    explanation_time,
    model_data,
)
from planrace.checker.run.options import Options
from planrace.checker.run.registry import answering, ask, engine_for
from planrace.checker.run.request import Request, Selection, resolve
from planrace.checker.run.scenario_search import show
from planrace.checker.semantics.first_step import check_first_step
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Liveness, Property


def run(selection: Selection, options: Options | None = None) -> Report:
    """Check the selected system and make the report.

    The time limit of ``options`` is for all of it; the report says what was not decided or explained. Raises
    ``ModelError`` if the request or the model is wrong.
    """
    options = options or Options()
    with until(options.time_limit):
        able = engine_for(options).abilities
        if Ability.EVERY_SIZE in able:
            request = resolve(selection, options, able.kinds)
        else:
            request = resolve(selection, options, each=issubclass(Liveness, able.kinds))
        report = _reported(request, able)
    if report.every_size:  # a proof has these warnings already
        return report
    guard = Guard()
    more = guard.attempt(
        REPORT, "parts that are not declared", lambda: tuple(forgotten(selection.subject)), (), brief=True
    )
    return replace(report, warnings=(*report.warnings, *more, *guard.warnings))


def _reported(request: Request, able: Abilities) -> Report:
    options = request.options
    if Ability.EVERY_SIZE not in able:
        check_first_step(request.instance)
    if options.scenario is not None:
        return show(request, options.scenario)
    others = (
        [] if Ability.EVERY_SIZE in able else comparable_instances(request.instance, options, request.selection.faults)
    )
    found = ask(request)
    return found if isinstance(found, Report) else _search_report(request, found, others, able)


def _search_report(
    request: Request, found: Answers, others: Sequence[Instance], able: Abilities, *, logged: bool = False
) -> Report:
    """The report of these answers; ``logged``: on a run that logs tell."""
    instance, options = request.instance, request.options
    by_name = {a.property.name: a for a in found.answers}
    broken = any(a.verdict is Verdict.VIOLATED for a in found.answers)
    guard = Guard(keeps=True)
    with explanation_time(options, interrupted=found.interrupted, logged=logged):
        # Explanations of the shortest runs leave time for the search for the fullest match.
        with explanation_time(options, 0.5, interrupted=found.interrupted, logged=logged):
            wanted = explanation_options(options, others, guard, broken=broken)
            narrator = Narrator(instance, options, wanted, guard, choose=Ability.EXHAUSTIVE in able)
            findings = [
                narrator.finding(by_name.get(p.name) or _unanswered(p, found.engine)) for p in request.properties
            ]
        full_match, cut = None, False
        stop = found.interrupted or guard.interrupted
        if Ability.EXHAUSTIVE in able and not (stop or options.properties or options.fail_fast):
            full_match, cut = narrator.search_full_match(findings)
    with explanation_time(options, interrupted=found.interrupted):
        many = guard.attempt("the search", "reasons why it is large", partial(_many, request, found, able), ())
    model = model_data(instance, guard)
    return Report(
        protocol=request.system.name,
        parameters=request.parameters,
        faults=request.system.faults,
        at_most=request.instance.at_most,
        protections=request.system.protections,
        engine=found.engine,
        findings=tuple(findings),
        exploration=found.coverage,
        full_match=full_match,
        interrupted=found.interrupted or cut or guard.interrupted,
        warnings=(*found.warnings, *many, *(w for a in found.answers for w in a.unexplained), *guard.warnings),
        **model,
    )


def report_on_run(request: Request, answers: Sequence[Answer], engine: str) -> Report:
    """The report on a run that a system took: ``answers`` on the properties that it violates, told as those of a
    search are."""
    return _search_report(request, Answers(engine, answers), [], Abilities(object), logged=True)


def _many(request: Request, found: Answers, able: Abilities) -> tuple[ModelWarning, ...]:
    """If the number of states or the memory ended the search: a warning that says why there are so many states."""
    covered = found.coverage
    if Ability.EXHAUSTIVE not in able or covered is None or covered.stopped is None:
        return ()
    if covered.stopped.kind in (StopKind.MEMORY, StopKind.STATES):
        from planrace.checker.advice.forecast.outgrown import outgrown

        with suppress(MemoryError, ModelError):  # the model is wrong in a state that the search did not reach
            return (outgrown(request.instance, request.properties, time_left()),)
    return ()


def _unanswered(p: Property, engine: str) -> Answer:
    """A property that the engine cannot decide is unknown, whether the user named it or not."""
    how = f"engine {engine} cannot decide {p.kind}: use --engine {answering(p)}, or name the others with --property"
    return Answer(p, Verdict.UNKNOWN, how)
