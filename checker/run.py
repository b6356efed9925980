"""One run of the checker: choose the engine, search, tell. Everything that ``check`` does is one call of ``check``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from model.language import Instance, ModelError, Protocol, System, Variant
from model.language.protocol import known
from properties.kinds import Checkable, Invariant, Property, StepInvariant, Temporal

from .answers import Answer
from .ask import ENGINES, EXPLICIT, Options, ask, engine_of
from .limits import Limits
from .replay import Recording
from .scenes import show
from .vocabulary import Finding, Match, Report, Telling, Unreached, Verdict

if TYPE_CHECKING:
    from properties.scenario import Scenario

    from .scenario import Shortest

__all__ = ["ENGINES", "Options", "check", "chosen", "provable"]

TELLING = Limits(states=2_000_000, seconds=45.0)
"""How far the search for the fullest match goes when nothing else bounds it."""


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
    protections already. Raises ``ModelError`` where the request or the model is wrong.
    """
    options = options or Options()
    engine = engine_of(options)
    words, sizes = split(protocol, parameters or {})
    if engine == "proof":
        refuse(words)
        return _prove(protocol, sizes, faults, with_protections, without, options)
    system = _system(protocol, faults, with_protections, without, words)
    if options.scenario is not None:
        return show(system, sizes, options.scenario, options)
    instance = system.instance(**sizes)
    asked, left_out = chosen(system, options.properties, Checkable | Temporal if engine in EXPLICIT else Checkable)
    engine, answers, exploration, interrupted, warned = ask(engine, instance, list(asked), options)
    by_name = {a.property.name: a for a in answers}
    told = _Told(instance, choose=engine in EXPLICIT)
    findings = [told.finding(by_name.get(p.name) or _unanswered(p)) for p in asked]
    telling, cut = None, False
    if engine in EXPLICIT and not (interrupted or options.properties or options.fail_fast):
        telling, cut = _tell(instance, findings, options, exploration.seconds if exploration else 0.0)
    return Report(
        protocol=system.name,
        parameters=dict([*instance.parameters.items(), *system.options]),
        faults=system.faults,
        protections=system.protections,
        engine=engine,
        findings=tuple(findings),
        exploration=exploration,
        left_out=tuple((p.name, p.kind, _NO_ENGINE) for p in left_out),
        telling=telling,
        interrupted=interrupted or cut,
        warnings=warned,
    )


_NO_ENGINE = "this engine does not answer such"


def _prove(
    protocol: Protocol | Variant | System,
    parameters: Mapping[str, int] | None,
    faults: Sequence[str],
    add: Sequence[str],
    without: Sequence[str],
    options: Options,
) -> Report:
    """``--engine proof``: the same request, for every size that ``parameters`` leaves open."""
    from .proof import Provable, Proving

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


def provable() -> Any:
    """The kinds that can be proved for every size."""
    from .proof import Provable

    return Provable


def _system(
    protocol: Protocol | Variant | System,
    faults: Sequence[str],
    add: Sequence[str],
    without: Sequence[str],
    words: Mapping[str, str],
) -> System:
    if isinstance(protocol, System):
        if faults or add or without or words:
            raise ModelError("a System has its faults and protections already", remedy="pass its Protocol or Variant")
        return protocol
    variant = protocol.variant(protocol.name) if isinstance(protocol, Protocol) else protocol
    return variant.system(faults, add, without, words)


def split(
    protocol: Protocol | Variant | System, parameters: Mapping[str, int | str]
) -> tuple[dict[str, str], dict[str, int]]:
    """Options and sizes apart."""
    of = protocol.protocol if isinstance(protocol, Variant) else protocol
    named = of.options if isinstance(of, Protocol) else {}
    words: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for name, value in parameters.items():
        if name in named:
            words[name] = str(value)
        elif isinstance(value, int):
            sizes[name] = value
        else:
            table = [*named, *(p.name for p in (of.parameters.values() if isinstance(of, Protocol) else of.parameters))]
            known(name, table, f"parameter or option of {of.name}")
            raise ModelError(f"{name} wants a whole number, not {value!r}", remedy="`check list` has the ranges")
    return words, sizes


def refuse(words: Mapping[str, str]) -> None:
    """Proofs for every size are about the protocol as it is."""
    if words:
        name, value = next(iter(words.items()))
        raise ModelError(f"there are no proofs for every size with {name}={value}", remedy="search one size: check")


def chosen(
    system: System, names: Sequence[str], kinds: Any = Checkable
) -> tuple[Sequence[Property], Sequence[Property]]:
    """The properties to check, and those that a default run leaves out: the ones of other kinds."""
    declared = {p.name: p for p in system.properties}
    if names:
        wanted = [known(n, declared, f"property of {system.name}") for n in dict.fromkeys(names)]
        return [declared[n] for n in wanted], []
    if not declared:
        raise ModelError(f"{system.name} declares no properties", remedy="declare some with protocol.declare(…)")
    asked = [p for p in declared.values() if isinstance(p, kinds)]
    return asked, [p for p in declared.values() if not isinstance(p, kinds)]


def _unanswered(p: Property) -> Answer:
    return Answer(p, Verdict.UNKNOWN, f"{_NO_ENGINE}: {p.kind}")


class _Told:
    """Answers as findings; a counterexample is laid beside the protocol's scenario.

    ``choose``: among counterexamples that are as short, one that shows more of the scenario is looked for, by search.
    """

    def __init__(self, instance: Instance, *, choose: bool) -> None:
        self.instance = instance
        self.scenario = instance.system.scenarios[0] if instance.system.scenarios else None
        self.choose = choose
        self._shortest: Shortest | None = None

    def finding(self, answer: Answer) -> Finding:
        p, recording, matched = answer.property, answer.recording, None
        if recording is not None and answer.verdict is Verdict.VIOLATED and self.scenario is not None:
            recording, matched = self._fullest(p, recording, self.scenario)
        trace = replace(recording.trace(), loop=answer.loop) if recording is not None else None
        unreached = None
        if answer.unreached is not None:
            unreached = Unreached(answer.unreached.trace(), self.instance.parameters)
        return Finding(
            p.name,
            p.kind,
            p.meaning,
            answer.verdict,
            answer.how,
            trace,
            matched,
            unreached=unreached,
            hopeless=answer.hopeless,
            fairness=answer.fairness,
            runbook=answer.runbook,
        )

    def _fullest(self, p: Property, recording: Recording, scenario: Scenario) -> tuple[Recording, Match]:
        """The counterexample, or another of its length that shows more of the scenario."""
        from .scenario import Shortest, match

        found = match(scenario, recording)
        if found.full or not self.choose or not isinstance(p, Invariant | StepInvariant) or not recording.moves:
            return recording, found
        if self._shortest is None:
            self._shortest = Shortest(self.instance, scenario)
        other = self._shortest.richest(p, len(recording.moves))
        if other is None:
            return recording, found
        better = match(scenario, other)
        return (other, better) if len(better.matched) > len(found.matched) else (recording, found)


def _tell(
    instance: Instance, findings: Sequence[Finding], options: Options, spent: float
) -> tuple[Telling | None, bool]:
    """Where a counterexample shows a scenario only in part, look for a run that shows it in full."""
    found = [f.match for f in findings if f.match is not None]
    if not found or any(m.full for m in found):
        return None, False
    from .scenario import Guide, match

    scenario = instance.system.scenarios[0]
    left = None if options.seconds is None else max(0.0, options.seconds - spent)
    seconds = TELLING.seconds if left is None else min(left, TELLING.seconds or left)
    limits = replace(TELLING, seconds=seconds, memory=options.limits.memory)
    guide = Guide(instance, scenario, limits=limits, listener=options.listener)
    recording = guide.run()
    if recording is not None:
        how = f"guided search, {guide.states} product states; not necessarily the shortest"
        return Telling(match(scenario, recording), recording.trace(), how), False
    if guide.stopped is None:
        return Telling(None, None, f"complete search of {guide.states} product states: no run shows it in full"), False
    return Telling(None, None, f"not found: {guide.stopped}, after {guide.states} product states"), guide.interrupted
