"""Whether a protocol refines a more abstract one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from planrace.checker.api.request import apart, given_sizes, selected, variant_for, with_variants
from planrace.checker.results.report import Report
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.run import run
from planrace.model.language import ModelError, Protocol, Variant
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
    name = _name(to, declared)
    if name not in declared:
        what = f"{subject.name} does not say how it refines {name}"
        remedy = near(name, declared) if declared else "write protocol.refines(abstract, {variable: term, …})"
        raise ModelError(what, where=subject.protocol.where, remedy=remedy)
    asked = replace(subject, refining=(name,))
    return run(
        selected(asked, {**given_sizes(asked, parameters), **sizes}, **names),
        replace(wanted, properties=declared[name].names),
    )


def _name(to: Protocol | Variant | str, declared: Mapping[str, object]) -> str:
    """The name of the abstract protocol."""
    if isinstance(to, Protocol | Variant):
        return to.name
    if not isinstance(to, str):
        raise ModelError(f"to={to!r} is no protocol", remedy="pass a Protocol or Variant, or its name")
    return to if to in declared or (":" not in to and not to.endswith(".py")) else find(to).name
