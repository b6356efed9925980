"""Lint of unused declarations: variables, parameters, faults, protections, properties that read nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from planrace.checker.advice.family import Family, declaration, variables_of
from planrace.checker.advice.lint.finding import Lint
from planrace.model.language import Array, ModelError, Op, System, Variant
from planrace.model.language.terms import subterms


def unused(family: Family) -> Iterator[Lint]:
    """All unused declarations."""
    yield from _never_read(family)
    yield from _never_written(family)
    yield from _reads_nothing(family)
    if isinstance(family.subject, Variant):
        yield from _parameters(family, family.subject)
        yield from _faults(family, family.subject)
        yield from _protections(family.subject)


def _never_read(family: Family) -> Iterator[Lint]:
    """Variables on which no step, property or description depends, directly or through other variables."""
    read = variables_of(*family.read_outside, *family.wording, *family.deciding)
    fresh = set(read)
    while fresh:
        fresh = {r for n in fresh for r in family.writes.get(n, ())} - read
        read |= fresh
    copied = {r for name, names in family.writes.items() for r in names if r != name}
    for name, v in family.variables.items():
        if name not in read and not v.auxiliary:
            how = "only variables that nothing reads copy it" if name in copied else "nothing reads it"
            yield Lint(
                "never read",
                name,
                v.where,
                f"variable {name}: {how} (no guard, condition, property, observation or description)",
                "remove it, or check it in a property",
            )


def _never_written(family: Family) -> Iterator[Lint]:
    places = {a.origin.process for a in family.actions if a.origin is not None}  # one with a single point never moves
    for name, v in family.variables.items():
        given = v.initially is None or isinstance(v.initially.sort, Array)
        if name not in family.writes and not v.auxiliary and not given and name not in places:
            yield Lint(
                "never written",
                name,
                v.where,
                f"variable {name}: no action writes it, so it is always {v.initially}",
                "write the constant in its place, or add the action that is missing",
            )


def _reads_nothing(family: Family) -> Iterator[Lint]:
    for p in family.properties:
        if not any(t.op in (Op.VARIABLE, Op.TAKEN, Op.ENABLED) for t in subterms(*p.terms)):
            yield Lint(
                "reads nothing",
                p.name,
                p.where,
                f"property {p.name}: it reads no variable and no step, so no run can change its answer",
                "state what must hold for variables or steps",
            )


def _parameters(family: Family, variant: Variant) -> Iterator[Lint]:
    for name in variant.protocol.parameters:
        if name not in family.sizes:
            yield Lint(
                "unused parameter",
                name,
                declaration(variant, "parameter", name),
                f"parameter {name}: no sort and no term uses it, so its value changes nothing",
                "remove it, or bound a sort by it",
            )


def _faults(family: Family, variant: Variant) -> Iterator[Lint]:
    used = {f for a in family.actions for f in (a.fault, a.awaits)}
    for name in variant.protocol.faults:
        if name not in used:
            yield Lint(
                "unused fault",
                name,
                declaration(variant, "fault", name),
                f"fault {name}: no action has it, so --fault {name} changes nothing",
                f"write @….action(…, fault=…) for what happens, or remove it{_like(name, used)}",
            )


def _like(name: str, used: set[str | None]) -> str:
    others = ", ".join(sorted(f for f in used if f is not None))
    return f" (faults with actions: {others})" if others else ""


def _protections(variant: Variant) -> Iterator[Lint]:
    every = frozenset(variant.protocol.protections)
    for name, p in variant.protocol.protections.items():
        alone = _same(variant, {"without": every}, {"without": every - {name}, "with_protections": (name,)})
        if alone and _same(variant, {"without": (name,)}, {"with_protections": (name,)}) and _idle(variant, name):
            yield Lint(
                "unused protection",
                name,
                p.where,
                f"protection {name}: it changes no action and no variable",
                "add the change that it is meant to make, or remove it",
            )


def _idle(variant: Variant, name: str) -> bool:
    """A protection changes nothing beside any other one, or beside all of them; it may replace what another adds."""
    others = tuple(p for p in variant.protocol.protections if p != name)
    faults = tuple(variant.protocol.faults)
    for beside in (*((p,) for p in others), others):
        rest = tuple(p for p in others if p not in beside)
        with suppress(ModelError):  # they exclude each other
            there = variant.system(faults, (*beside, name), rest)
            if _content(there) != _content(variant.system(faults, beside, (*rest, name))):
                return False
    return True


def _same(variant: Variant, a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Two requests make the same system."""
    faults = tuple(variant.protocol.faults)
    try:
        return _content(variant.system(faults, **a)) == _content(variant.system(faults, **b))
    except ModelError:  # it requires or excludes another protection
        return False


def _content(system: System) -> tuple[Any, ...]:
    """The content of a system, for comparison. Equal terms are one object, so ``id`` identifies them."""
    actions = tuple(
        (
            name,
            id(a.guard),
            tuple((o.name, id(o.condition), tuple((id(u.target), id(u.value)) for u in o.updates)) for o in a.outcomes),
        )
        for name, a in system.actions.items()
    )
    beginnings = tuple(id(b.holds) for b in system.beginnings)
    fairness = tuple((c.kind, c.names) for c in system.fairness)
    return actions, beginnings, fairness, tuple((v.name, v.sort, tuple(map(id, v.starts))) for v in system.variables)
