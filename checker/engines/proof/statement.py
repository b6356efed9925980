"""What was proved, in sentences: for which sizes, under which faults, with which assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import z3

from planrace.checker.engines.proof.houdini import Provable
from planrace.checker.results.wording import joined, limited, plural
from planrace.model.language import System, Term
from planrace.properties.kinds import Invariant, Recoverability, StepInvariant


def statement(
    system: System, properties: Sequence[Provable], fixed: Mapping[str, int], assuming: Sequence[Term]
) -> str:
    """The theorem: it states everything that it depends on, except the meaning of the terms."""
    verb = plural(len(system.faults), "does", "do")
    under = (
        f"whatever {joined(limited(system.faults, system.at_most(fixed)))} {verb}"
        if system.faults
        else "without faults"
    )
    guards = f"with {', '.join(system.protections)}" if system.protections else "without protections"
    said = "; ".join(map(_said, properties))
    return f"{system.name} {guards}, {under}, {_sizes(system, fixed, assuming)}: {said}."


def _sizes(system: System, fixed: Mapping[str, int], assuming: Sequence[Term]) -> str:
    free = [p.name for p in system.parameters if p.name not in fixed]
    parts = [f"{n} = {v}" for n, v in fixed.items()] + ([f"any {joined(free)}"] if free else [])
    if not parts:
        return "at its only size"
    such = f" such that {_all(assuming)}" if free and assuming else ""
    return f"with {joined(parts)}{such}"


def assumptions(
    system: System,
    fixed: Mapping[str, int],
    assuming: Sequence[Term],
    *,
    ordered: Sequence[str] = (),
    absent: Sequence[str] = (),
    inferred: str = "",
) -> str:
    """What the theorem depends on. ``ordered`` are index sorts with an order, ``absent`` faults that do not happen."""
    order = f"The members of {', '.join(ordered)} stand in a total order from a first to a last." if ordered else ""
    parts = [
        _limits(system, fixed, assuming),
        order,
        "Numbers are whole numbers; the steps are those of the protocol's own terms, each atomic, in any interleaving.",
        f"Faults that do not happen: {', '.join(absent)}." if absent else "",
        f"Each obligation is a query of its own to Z3 {z3.get_version_string()}.",
        f"{inferred[:1].upper()}{inferred[1:]}." if inferred else "",
    ]
    return " ".join(filter(None, parts))


def _limits(system: System, fixed: Mapping[str, int], assuming: Sequence[Term]) -> str:
    """Which sizes: the chosen ones, the least values of the others, and the assumptions about them."""
    free = [f"{p.name} ≥ {p.low}" for p in system.parameters if p.name not in fixed]
    chosen = [f"{n} = {v}" for n, v in fixed.items()]
    if not free:
        return f"Sizes: {', '.join(chosen)}." if chosen else "There are no sizes to choose."
    parts = [*([", ".join(chosen)] if chosen else []), f"{', '.join(free)}, as great as you like"]
    return f"Sizes: {'; '.join(parts)}{f', as long as {_all(assuming)}' if assuming else ''}."


def _all(terms: Sequence[Term]) -> str:
    return joined([str(t) for t in terms])


def _said(p: Provable) -> str:
    match p:
        case Invariant():
            return f"in every reachable state {p.meaning} ({p.name})"
        case StepInvariant():
            return f"of every step from a reachable state: {p.meaning} ({p.name})"
        case Recoverability():
            return f"from every reachable state: {p.meaning} ({p.name})"
