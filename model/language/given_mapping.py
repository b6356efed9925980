"""Reads what an author gives for the variables, sizes and parameters of an abstract protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planrace.model.language.actions import check_state_only
from planrace.model.language.carrying import Carrier, Pairing
from planrace.model.language.composite import Composite
from planrace.model.language.errors import DefinitionError, author, near
from planrace.model.language.name_tables import check_own, named_sorts
from planrace.model.language.operators import Op
from planrace.model.language.size_limits import check_term_size
from planrace.model.language.sorts import (
    Array,
    Enum,
    Index,
    Maybe,
    Parameter,
    SetOf,
    Sort,
    describe,
    is_numeric,
    one,
    size_of_sort,
)
from planrace.model.language.system import System, Variable
from planrace.model.language.terms import Term, expect, subterms


class GivenMapping:
    """A mapping as its author gives it, read against the abstract system and the concrete protocol."""

    def __init__(
        self, abstract: System, given: object, parameters: Mapping[str, Parameter], variables: Mapping[str, Variable]
    ) -> None:
        self.abstract = abstract
        self.parameters = parameters
        self.variables = variables
        self.raw = self._read(given)

    def _read(self, given: object) -> dict[str, Any]:
        """What is given for each abstract variable."""
        form = "refines(abstract, {variable: term, …})"
        if not isinstance(given, Mapping):
            raise DefinitionError(f"refines: {describe(given)} is no mapping", remedy=f"write {form}")
        found: dict[str, Any] = {}
        for key, value in given.items():
            for name, part in self._leaves(key, value):
                found[name] = part
        lacking = [v.name for v in self.abstract.variables if v.name not in found]
        if lacking:
            raise DefinitionError(
                f"refines: no term stands for {', '.join(lacking)} of {self.abstract.name}",
                remedy=f"add it to the mapping: {{{lacking[0]!r}: …}}",
            )
        return found

    def _leaves(self, key: object, value: object) -> list[tuple[str, object]]:
        """The names of the variables that a key stands for, with what is given for each."""
        if isinstance(key, Composite):
            leaves = [str(t.data) if t.op is Op.VARIABLE else "" for t in key._leaves]
            if not isinstance(value, Composite) or len(value._leaves) != len(leaves):
                raise DefinitionError(
                    f"refines: {key} is {key._sort.one()}, and {describe(value)} is no such value",
                    remedy=f"give a value with the same parts, or a term for each leaf: {{{leaves[0]!r}: …}}",
                )
            pairs: list[tuple[str, object]] = list(zip(leaves, value._leaves, strict=True))
        else:
            named = key.data if isinstance(key, Term) and key.op is Op.VARIABLE else key
            pairs = [(str(named), value)]
        there = {v.name: v.sort for v in self.abstract.variables}
        for name, _ in pairs:
            if name not in there or (isinstance(key, Term) and key.sort != there[name]):
                raise DefinitionError(
                    f"refines: {describe(key) if not isinstance(key, Term) else key} is no variable of "
                    f"{self.abstract.name}",
                    remedy=near(name, there),
                )
        return pairs

    def carrier(self, sizes: Mapping[Any, Any]) -> Carrier:
        """What carries terms of the abstract protocol. Raises ``DefinitionError`` for a term of another sort than its
        variable."""
        wanted = {p.name: p for p in self.abstract.parameters}
        chosen = {_size_name(n, wanted, self.abstract.name): size_of_sort(s, f"sizes of {n}") for n, s in sizes.items()}
        pairing = Pairing(self.abstract.name, chosen)
        for v in self.abstract.variables:
            given = self.raw[v.name]
            if isinstance(given, Term):
                if _form(given.sort) != _form(v.sort):
                    raise DefinitionError(
                        f"refines: {v.name} of {self.abstract.name}: {given} is {one(given.sort)}, but {one(v.sort)} "
                        "is expected"
                    )
                pairing.pair(v.sort, given.sort, v.name)
        pairing.settle(self.parameters, wanted)
        made: dict[str, Term] = {}
        carrier = Carrier(self.abstract.name, pairing.sizes, pairing.members, made)
        self._by_name(pairing, carrier)
        pairing.check(carrier)
        for v in self.abstract.variables:
            made[v.name] = self._term(v, carrier)
        for parameter in wanted.values():
            carrier.size(parameter)
        return carrier

    def _by_name(self, pairing: Pairing, carrier: Carrier) -> None:
        """Where only parameters of actions have an index, that of the same name and size stands for it."""
        there = {s.name: s for v in self.variables.values() for s in named_sorts(v.sort) if isinstance(s, Index)}
        for action in self.abstract.actions.values():
            for s in (s for p in action.parameters for s in named_sorts(p.sort)):
                known = there.get(s.name) if isinstance(s, Index) and s not in pairing.members else None
                if isinstance(s, Index) and known is not None and known.size == carrier.size(s.size):
                    pairing.members[s] = known

    def _term(self, v: Variable, carrier: Carrier) -> Term:
        role = f"refines: {v.name} of {carrier.name}"
        term = expect(self.raw[v.name], carrier.sort(v.sort), role)
        check_state_only(term, role, author())
        check_term_size(term, role, author())
        for t in subterms(term):
            if t.op is Op.VARIABLE and (t.data not in self.variables or self.variables[t.data].sort != t.sort):
                raise DefinitionError(
                    f"{role}: {t} is no variable of this protocol", remedy=near(t.data, self.variables)
                )
            if t.op is Op.BOUND and t.data[1] == 0:
                raise DefinitionError(f"{role}: {t} is a parameter of an action", remedy="quantify over it")
            if t.op in (Op.PARAMETER, Op.BOUND):
                check_own(t, self.parameters, role, author())
        return term


def _form(sort: Sort) -> tuple[str, ...]:
    """The kind of a sort, with its dimensions; sizes are left out."""
    match sort:
        case Array(element=element):
            return "array", *_form(element)
        case SetOf(element=element):
            return "set", *_form(element)
        case Index() | Maybe():
            return ("member",)
        case Enum(name=name):
            return "enumeration", name
    return ("number",) if is_numeric(sort) else (type(sort).__name__,)


def _size_name(key: object, wanted: Mapping[str, Parameter], name: str) -> str:
    found = key.name if isinstance(key, Parameter) else key
    if found not in wanted:
        raise DefinitionError(f"refines: {found} is no parameter of {name}", remedy=near(str(found), wanted))
    return str(found)


def read_choosing(abstract: System, choosing: object) -> dict[str, dict[str, Any]]:
    """What is given for parameters of abstract actions, by name."""
    if not isinstance(choosing, Mapping):
        raise DefinitionError(f"choosing={choosing!r} is no mapping", remedy='write choosing={"action": {"x": …}}')
    found: dict[str, dict[str, Any]] = {}
    for key, given in choosing.items():
        name = str(getattr(key, "name", key))
        if name not in abstract.actions:
            what = f"choosing: {abstract.name} has no action {name!r}"
            raise DefinitionError(what, remedy=near(name, abstract.actions))
        own = [str(p) for p in abstract.actions[name].parameters]
        for p in given if isinstance(given, Mapping) else [given]:
            if not isinstance(given, Mapping) or p not in own:
                raise DefinitionError(f"choosing: {name} has no parameter {p!r}", remedy=near(str(p), own))
        found[name] = dict(given)
    return found
