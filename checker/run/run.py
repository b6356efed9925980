"""One run of the checker: choose the engine, search, tell. Everything that ``check`` does is one call of ``check``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from planrace.checker.advice.lint.undeclared import forgotten
from planrace.checker.engines.answer import Answer
from planrace.checker.engines.limits import time_left, until
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.report import Coverage, ModelWarning, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.engines import EXPLICIT, ask, engine_of
from planrace.checker.run.findings import Narrator, laid_beside, sight_of, telling_time, told_of
from planrace.checker.run.options import Options
from planrace.checker.run.scenario import show
from planrace.checker.run.selection import _system, chosen, refuse, split
from planrace.model.language import Instance, ModelError, Protocol, System, Variant
from planrace.properties.kinds import Checkable, Property, Temporal


def check(
    protocol: Protocol | Variant | System,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Options | None = None,
) -> Report:
    """Check a protocol at one size and report.

    ``parameters`` gives sizes and options by name (others have their defaults). A ``System`` has its faults and
    protections already. All ends with the time limit of ``options``; what is not decided or told then says so. Raises
    ``ModelError`` where the request or the model is wrong.
    """
    options = options or Options()
    with until(options.seconds):
        report = _checked(protocol, parameters or {}, faults, with_protections, without, options)
    if report.every_size:  # a proof has said so itself
        return report
    return replace(report, warnings=(*report.warnings, *forgotten(protocol)))


def _checked(
    protocol: Protocol | Variant | System,
    parameters: Mapping[str, int | str],
    faults: Sequence[str],
    with_protections: Sequence[str],
    without: Sequence[str],
    options: Options,
) -> Report:
    engine = engine_of(options)
    words, sizes = split(protocol, parameters)
    if engine == "proof":
        refuse(words)
        return _prove(protocol, sizes, faults, with_protections, without, options)
    system = _system(protocol, faults, with_protections, without, words)
    if options.scenario is not None:
        return show(system, sizes, options.scenario, options)
    instance = system.instance(**sizes)
    asked, _ = chosen(system, options.properties, Checkable | Temporal)
    others = laid_beside(instance, options, faults)
    engine, answers, exploration, interrupted, warned = ask(engine, instance, list(asked), options)
    by_name = {a.property.name: a for a in answers}
    broken = any(a.verdict is Verdict.VIOLATED for a in answers)
    guard = Guard()
    with telling_time(options):
        with telling_time(options, 0.5):  # what there is to say of shortest runs leaves time for the fullest match
            sight = sight_of(options, others, guard, broken=broken)
            told = Narrator(instance, options, sight, guard, choose=engine in EXPLICIT)
            findings = [told.finding(by_name.get(p.name) or _unanswered(p, engine)) for p in asked]
        telling, cut = None, False
        if engine in EXPLICIT and not (interrupted or options.properties or options.fail_fast):
            telling, cut = told.telling(findings)
    outgrown = partial(_many, engine, instance, asked, exploration, options)
    many = guard.told("the search", "reasons why it is large", outgrown, ())
    model = told_of(instance, guard)
    return Report(
        protocol=system.name,
        parameters=dict([*instance.parameters.items(), *system.options]),
        faults=system.faults,
        protections=system.protections,
        engine=engine,
        findings=tuple(findings),
        exploration=exploration,
        telling=telling,
        interrupted=interrupted or cut,
        warnings=(*warned, *many, *(w for a in answers for w in a.untold), *guard.warnings),
        **model,
    )


def _many(
    engine: str, instance: Instance, asked: Sequence[Property], covered: Coverage | None, options: Options
) -> tuple[ModelWarning, ...]:
    """What makes the states so many, where their number, or the memory for them, ended the search."""
    if engine not in EXPLICIT or covered is None or covered.stopped is None:
        return ()
    if "memory" in covered.stopped or (options.states is not None and covered.states >= options.states):
        from planrace.checker.advice.forecast.outgrown import outgrown

        with suppress(MemoryError, ModelError, TimeUpError):  # the search did not come to what is wrong with the model
            return (outgrown(instance, asked, time_left()),)
    return ()


def _prove(
    protocol: Protocol | Variant | System,
    parameters: Mapping[str, int] | None,
    faults: Sequence[str],
    add: Sequence[str],
    without: Sequence[str],
    options: Options,
) -> Report:
    """``--engine proof``: the same request, for every size that ``parameters`` leaves open."""
    from planrace.checker.engines.proof.houdini import Provable
    from planrace.checker.run.prove import Proving

    if isinstance(protocol, System):
        raise ModelError("a proof wants a Protocol or Variant, not a System", remedy="pass what made the System")
    variant = protocol.variant(protocol.name) if isinstance(protocol, Protocol) else protocol
    proving = Proving(
        variant,
        parameters,
        faults=faults,
        with_protections=add,
        without=without,
        limits=options.limits,
        listener=options.listener,
    )
    return proving.run(*chosen(proving.system, options.properties, Provable))


def _unanswered(p: Property, engine: str) -> Answer:
    """What was promised and not looked at is open, whether it was named or not."""
    how = f"engine {engine} does not answer {p.kind}: use --engine {EXPLICIT[0]}, or name the others with --property"
    return Answer(p, Verdict.UNKNOWN, how)
