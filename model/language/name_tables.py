"""Which kinds of things must not share a name.

Where reports, traces, proofs or the command line identify two things by name side by side, their names must differ.
``TABLES`` says which kinds share a table of names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planrace.model.language.errors import DefinitionError, Place, author
from planrace.model.language.names import usable
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.sorts import (
    Array,
    Enum,
    Index,
    Integer,
    Maybe,
    Parameter,
    SetOf,
    Size,
    Sort,
    bounds_of,
    one,
    parameters_of,
    place_of,
)
from planrace.model.language.terms import Term, subterms

if TYPE_CHECKING:
    from planrace.model.language.actions import Action
    from planrace.model.language.system import System

_VALUES = "parameters, options, variables and members of enumerations stand for values in reports"
_STATED = "proofs and reports name properties and lemmas side by side"
TABLES = {
    "parameter": ("value", _VALUES),
    "option": ("value", _VALUES),
    "variable": ("value", _VALUES),
    "member": ("value", _VALUES),
    "property": ("statement", _STATED),
    "lemma": ("statement", _STATED),
    "range": ("statement", _STATED),
}
"""Kinds of things that share a table of names, and why; every other kind has a table of its own."""


@dataclass(frozen=True)
class _Given:
    kind: str
    where: Place | None
    thing: object


class Names:
    """The names in a protocol, each with the place of its first declaration."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], _Given] = {}

    def claim(self, name: str, kind: str, where: Place | None = None, thing: object = None) -> None:
        """Record that a thing of ``kind`` has the name ``name``, which must be valid and free. The same ``thing``, or
        an equal one, may be recorded again. Raises ``DefinitionError`` at ``where``, or at the author's line."""
        usable(name, kind, where)
        self.put(name, kind, where or author(), thing)

    def put(self, name: str, kind: str, where: Place | None, thing: object = None) -> None:
        """Like ``claim``, for a name that was validated before, at a place that may be unknown."""
        table, why = TABLES.get(kind, (kind, ""))
        given = _Given(kind, where, thing)
        found = self._given.setdefault((table, name), given)
        if found is given or (thing is not None and found.thing is thing):
            return
        if kind == found.kind == "member":
            return  # members of two enumerations are told apart by their sorts
        first = f", first at {found.where}" if found.where is not None else ""
        twice = "is declared twice" if kind == found.kind else f"is called like {one(found.kind)}"
        reason = "" if kind == found.kind else f"; {why}"
        raise DefinitionError(f"{kind} {name} {twice}{first}{reason}", where=where, remedy="rename one of the two")

    def sort(self, sort: Sort) -> None:
        """Record the indexes and enumerations in a sort, and their members. Two with the same name must be equal."""
        for part in named_sorts(sort):
            key = ("sort", part.name)
            found = self._given.setdefault(key, _Given("sort", place_of(part), part))
            if found.thing != part:
                first = f", the other at {found.where}" if found.where is not None else ""
                raise DefinitionError(
                    f"two sorts are called {part.name}: {_described(part)}, and {_described(found.thing)}{first}",
                    where=place_of(part),
                    remedy="rename one of the two, or use the same sort in both places",
                )
            for member in part.members if isinstance(part, Enum) else ():
                self.put(member, "member", place_of(part), part)


def values_of(system: System) -> Names:
    """The names that denote values in a system: parameters, variables, and members of enumerations."""
    given = Names()
    for p in system.parameters:
        given.put(p.name, "parameter", p.where, p)
    for v in system.variables:
        given.put(v.name, "variable", v.where, v)
        given.sort(v.sort)
    for a in system.actions.values():
        for t in a.parameters:
            given.sort(t.sort)
    return given


def named_sorts(sort: Sort) -> Iterator[Index | Enum]:
    """The indexes and enumerations in a sort."""
    match sort:
        case Array(domain=domain, element=element):
            yield from named_sorts(domain)
            yield from named_sorts(element)
        case SetOf(element=element):
            yield from named_sorts(element)
        case Maybe(index=of):
            yield of
        case Index() | Enum():
            yield sort


def bound_in(action: Action) -> Iterator[Term]:
    """The bound variables in an action."""
    updates = (t for o in action.outcomes for u in o.updates for t in (u.target, u.value))
    for t in subterms(action.guard, *(o.condition for o in action.outcomes), *updates):
        if t.op in BINDERS:
            yield t.args[0]


def check_own(part: Term | Sort, parameters: Mapping[str, Parameter], what: str, where: Place | None) -> None:
    """Check that the sizes in a sort or a term are parameters of the protocol that uses them. Raises
    ``DefinitionError``."""
    if isinstance(part, Term):
        sizes = [part.data] if part.op is Op.PARAMETER else _sizes(part.sort) if part.op is Op.BOUND else []
    else:
        sizes = _sizes(part)
    for parameter in (p for size in sizes for p in parameters_of(size)):
        if parameters.get(parameter.name) != parameter:
            raise DefinitionError(
                f"{what}: {parameter} is a parameter of another protocol", where=where, remedy="declare it in this one"
            )


def _sizes(sort: Sort) -> list[Size]:
    match sort:
        case Array(domain=domain, element=element):
            return [*_sizes(domain), *_sizes(element)]
        case SetOf(element=element):
            return _sizes(element)
        case Integer():
            return []
        case _:
            return list(bounds_of(sort))


def check_statements(system: System) -> None:
    """Check that properties, lemmas and scenarios of a system have distinct names: they come from the protocol, from a
    variant, and from requests. So do the sorts that only their terms, or those of a change, name. Raises
    ``DefinitionError`` at the line of the second."""
    _check_performers(system)
    values = values_of(system)
    for t in (*system.bound, *(r for s in system.scenarios for r in s.roles)):
        values.sort(t.sort)
    given = Names()
    for v in system.variables:
        given.put(f"range of {v.name}", "range", v.where)  # proofs show it beside the lemmas
    for p in system.properties:
        given.put(p.name, "property", p.where, p)
    _check_members(system)
    for a in system.proofs:
        for x in getattr(a, "lemmas", ()):
            given.put(x.name, "lemma", x.where, x.holds)
    for s in system.scenarios:
        given.put(s.name, "scenario", None, s)


def _check_members(system: System) -> None:
    """Check that no property is called like what another one promises of a single member, "served[2]"."""
    names = {p.name for p in system.properties}
    for p in system.properties:
        whole, inside, _ = p.name.rpartition("[")
        if inside and whole in names:
            raise DefinitionError(
                f"property {p.name} is called like {whole} of a single member",
                where=getattr(p, "where", None),
                remedy="rename one of the two",
            )


def _check_performers(system: System) -> None:
    """Check words that reports would confuse: the performer of an action must not be called like a member of an index
    ("worker 1"), nor the title of an observation like what another observation shows for a member."""
    sorts = [v.sort for v in system.variables] + [t.sort for a in system.actions.values() for t in a.parameters]
    members = {part.name for s in sorts for part in named_sorts(s) if isinstance(part, Index)}
    for a in system.actions.values():
        family, _, number = a.role.rpartition(" ")
        if a.actor is None and family in members and number.isdecimal():
            raise DefinitionError(
                f"action {a.name}: by={a.role!r} is what reports call a member of the index {family}",
                where=a.where,
                remedy="give the action a parameter over that index, and by= the index; or another word",
            )
    seen = {o.title for o in system.observations if o.over is not None}
    for o in system.observations:
        family, _, number = o.title.rpartition(" ")
        if family in seen and number.isdecimal():
            raise DefinitionError(
                f"observation {o.title} is called like what observation {family} shows of a member",
                where=o.place,
                remedy="rename one of the two",
            )


def _described(sort: object) -> str:
    match sort:
        case Enum(members=members):
            return f"an enumeration of {', '.join(members)}"
        case Index(size=size, symmetric=symmetric, ordered=ordered):
            kind = "a symmetric index" if symmetric else "an ordered index" if ordered else "an index"
            return f"{kind} of size {size}"
    return str(sort)
