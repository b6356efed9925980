"""Whether a protocol refines a more abstract one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from planrace.checker.api.request import apart, given_sizes, selected, variant_for, with_variants
from planrace.checker.results.report import Report
from planrace.checker.run.call_site import public
from planrace.checker.run.fingerprint import fingerprint
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.request import variant_of
from planrace.checker.run.run import run
from planrace.model.language import ModelError, Protocol, System, Variant
from planrace.model.language.errors import near


@public
def refine(
    protocol: Protocol | Variant | str,
    to: Protocol | Variant | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Options | None = None,
    **settings: Any,
) -> Report:
    """Whether a protocol refines the abstract one ``to``, as ``check refine`` says; the protocol declares how, by
    ``protocol.refines(…)``. ``to`` may also be the name that the abstract protocol has. The report has two properties:
    initial states are abstract ones, and each step is an abstract step or changes nothing of it. The rest is as in
    ``check``; with ``engine="proof"`` it is proved for every size that ``parameters`` leaves open. Raises
    ``ModelError``, also if no such refinement is declared."""
    subject = variant_for(protocol, "refine")
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    sizes, more = apart(subject, settings, "refine", ["to", "parameters", *names, "options"])
    wanted = with_variants(protocol, replace(options or Options(), **more))
    if wanted.properties or wanted.scenario is not None:
        raise ModelError("a refinement is asked for alone", remedy="leave out properties and scenario")
    declared = {r.abstract.name: r for r in subject.protocol.refinements}
    name, passed = _named(to, declared)
    if name not in declared:
        what = f"{subject.name} does not say how it refines {name}"
        remedy = near(name, declared) if declared else "write protocol.refines(abstract, {variable: term, …})"
        raise ModelError(what, where=subject.protocol.where, remedy=remedy)
    if passed is not None and _content(_alike(passed, declared[name].abstract)) != _content(declared[name].abstract):
        raise ModelError(
            f"{subject.name} says how it refines another protocol that is called {name}",
            where=declared[name].where,
            remedy="pass the one that refines(…) gets, or its name; declare all of it before that call",
        )
    asked = replace(subject, refining=(name,))
    return run(
        selected(asked, {**given_sizes(asked, parameters), **sizes}, **names),
        replace(wanted, properties=declared[name].names),
    )


def _named(to: Protocol | Variant | str, declared: Mapping[str, object]) -> tuple[str, Protocol | Variant | None]:
    """The name of the abstract protocol, and the protocol if more than the name is given."""
    if isinstance(to, Protocol | Variant):
        return to.name, to
    if not isinstance(to, str):
        raise ModelError(f"to={to!r} is no protocol", remedy="pass a Protocol or Variant, or its name")
    if to in declared or (":" not in to and not to.endswith(".py")):
        return to, None
    found = find(to)
    return found.name, found


def _alike(passed: Protocol | Variant, declared: System) -> System:
    """The protocol that is passed, with the faults that the declared one has."""
    there = variant_of(passed)
    return there.system([f for f in declared.faults if f in there.protocol.faults])


def _content(abstract: System) -> str:
    """What decides about initial states and steps, as a hash."""
    actions = [
        (a.name, a.parameters, a.guard, [(o.condition, [(u.target, u.value) for u in o.updates]) for o in a.outcomes])
        for a in abstract.actions.values()
    ]
    variables = [(v.name, v.sort, v.starts) for v in abstract.variables]
    begun = [b.holds for b in abstract.beginnings]
    return fingerprint(System(abstract.name, (), (), {}), (variables, actions, begun))
