"""Everything that an author declared, under every combination of protections and options that lint examines."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from planrace.checker.semantics.packing import root_of
from planrace.model.language import (
    Action,
    Array,
    Index,
    Int,
    Maybe,
    ModelError,
    Op,
    Parameter,
    Place,
    SetOf,
    Sort,
    System,
    Term,
    Variable,
    Variant,
)
from planrace.model.language.sorts import parameters_of
from planrace.model.language.terms import subterms


@dataclass(frozen=True, eq=False)
class Family:
    """A ``subject`` and its systems with all faults: as it is, without protections, with one more, with one alone, and
    with each choice of an option. A protection may replace what another one wrote, and that is read where it is not on.

    A ``System`` has its faults and protections already, so it is the only one.
    """

    subject: Variant | System

    @cached_property
    def systems(self) -> tuple[System, ...]:
        if isinstance(self.subject, System):
            return (self.subject,)
        protocol, own = self.subject.protocol, self.subject.protections
        wanted = [own, (), *((*own, p) for p in protocol.protections), *((p,) for p in protocol.protections)]
        sets = dict.fromkeys(tuple(p for p in protocol.protections if p in some) for some in wanted)
        choices = [{o.name: c} for o in protocol.options.values() for c in o.choices if c != o.default]
        selections: list[tuple[Sequence[str], Mapping[str, str]]] = [(some, {}) for some in sets]
        selections += [(some, c) for c in choices for some in dict.fromkeys((own, ()))]
        return tuple(s for some, options in selections if (s := self._system(some, options)) is not None)

    def _system(self, protections: Sequence[str], options: Mapping[str, str]) -> System | None:
        assert isinstance(self.subject, Variant)
        protocol = self.subject.protocol
        others = [p for p in self.subject.protections if p not in protections]
        try:
            return self.subject.system(tuple(protocol.faults), protections, others, options)
        except ModelError:  # these protections exclude each other
            return None

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """Every state variable, by name."""
        return {v.name: v for s in self.systems for v in s.variables}

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """Every version of every action."""
        found = {id(a): a for s in self.systems for a in s.actions.values()}
        if isinstance(self.subject, Variant):
            found.update({id(a): a for a in self.subject.protocol.actions.values()})
        return tuple(found.values())

    @cached_property
    def properties(self) -> tuple[Any, ...]:
        """Every property, as its author stated it: ``enabled(…)`` is not yet the guard that it means in a system."""
        stated = (p for s in self.systems for p in (s.properties if s.stated is None else s.stated[0]))
        return tuple({id(p): p for p in stated}.values())

    @cached_property
    def read_outside(self) -> tuple[Term, ...]:
        """Terms outside actions: of properties, scenarios, proofs, observations, pictures, ``final`` and conditions on
        initial states."""
        found: list[Term] = []
        for s in self.systems:
            for part in (s.properties, s.scenarios, s.proofs, s.observations, s.pictures, s.final, s.beginnings):
                found += _terms_in(part)
        return tuple(dict.fromkeys(found))

    @cached_property
    def wording(self) -> tuple[Term, ...]:
        """Terms in the descriptions of actions."""
        says = (w for a in self.actions for w in (a.says, *(o.says for o in a.outcomes)) if w is not None)
        return tuple(t for w in says for _, t in w.terms)

    @cached_property
    def deciding(self) -> tuple[Term, ...]:
        """Guards, and conditions of outcomes."""
        return tuple(t for a in self.actions for t in (a.guard, *(o.condition for o in a.outcomes)))

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every term."""
        updates = (t for a in self.actions for o in a.outcomes for u in o.updates for t in (u.target, u.value))
        starts = (t for v in self.variables.values() for t in v.starts)
        return (*self.read_outside, *self.wording, *self.deciding, *updates, *starts)

    @cached_property
    def writes(self) -> dict[str, set[str]]:
        """For each variable that is written, the variables that its new values and positions read."""
        found: dict[str, set[str]] = {}
        for u in (u for a in self.actions for o in a.outcomes for u in o.updates):
            name, positions = root_of(u.target)
            found.setdefault(name, set()).update(variables_of(u.value, *positions))
        return found

    @cached_property
    def sizes(self) -> set[str]:
        """Parameters that some sort or term uses."""
        sorts: list[Sort] = [v.sort for v in self.variables.values()]
        sorts += [p.sort for a in self.actions for p in a.parameters]
        names = set()
        for t in subterms(*self.terms):
            sorts.append(t.sort)
            if t.op is Op.PARAMETER:
                names.add(t.data.name)
        return names | {p.name for s in set(sorts) for p in _sizes(s)}


def variables_of(*terms: Term) -> set[str]:
    """Names of the variables that terms read."""
    return {t.data for t in subterms(*terms) if t.op is Op.VARIABLE}


def declaration(variant: Variant, kind: str, name: str) -> Place | None:
    """The line with the call ``.kind("name", …)``; the protocol's line if there is none."""
    where = variant.protocol.where
    if where is None:
        return None
    try:
        tree = ast.parse(Path(where.file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return where
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    for call in calls:
        first = call.args[0] if call.args else None
        if call.func.attr == kind and isinstance(first, ast.Constant) and first.value == name:  # type: ignore[attr-defined]
            return Place(where.file, call.lineno)
    return where


def _sizes(sort: Sort) -> Iterator[Parameter]:
    match sort:
        case Array(domain=domain, element=element):
            yield from _sizes(domain)
            yield from _sizes(element)
        case SetOf(element=element):
            yield from _sizes(element)
        case Maybe(index=index):
            yield from _sizes(index)
        case Index(size=size):
            yield from parameters_of(size)
        case Int(low=low, high=high):
            yield from (*parameters_of(low), *parameters_of(high))


def _terms_in(part: Any) -> Iterator[Term]:
    """Every term inside properties, scenarios, proofs, observations, pictures."""
    if isinstance(part, Term):
        yield part
    elif isinstance(part, tuple | list):
        for p in part:
            yield from _terms_in(p)
    elif is_dataclass(part):
        for f in fields(part):
            yield from _terms_in(getattr(part, f.name))
