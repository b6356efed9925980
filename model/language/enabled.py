"""Whether an action is enabled, in properties and lemmas: the guard that the action has in the system that is asked.

Protections and mutants change guards, so the term keeps the action's name until a system has all its actions. What
engines read is the guard itself, of an action with open parameters for some values of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from planrace.model.language.actions import Action
from planrace.model.language.chosen_composites import named_leaves
from planrace.model.language.constructors import such_that
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.point_insertions import waiting
from planrace.model.language.size_limits import check_term_size
from planrace.model.language.sorts import BOOL, SetOf
from planrace.model.language.system import System
from planrace.model.language.terms import FALSE, TRUE, Term, equal, make, substitute, subterms

Asked = Mapping[tuple[str, bool], Action]
"""Actions by name; and with their guards replaced by where a process stands then."""


def enabled(action: str | Action, /, **parameters: object) -> Term:
    """Whether ``action`` (a name, or the value that its decorator returned) is enabled for these values of its
    parameters, and for some values of the others: ``enabled("serve", c=client)``. It is what its guard says with the
    protections that are on; false if the action does not exist there, as those of faults that are off. Only for
    properties and lemmas. The reference is checked when the property is declared."""
    called = getattr(action, "name", action)
    if not isinstance(called, str):
        raise DefinitionError(f"enabled: {called!r} is not an action", remedy="name one: enabled('flip')")
    values = named_leaves(parameters)
    names = tuple(sorted(values))
    return make(Op.ENABLED, tuple(values[n] for n in names), BOOL, (called, names, False))


def standing(inserted: Action, members: tuple[Term, ...]) -> Term:
    """Whether these members of a process stand at a step that a change inserts: where it would be enabled if it waited
    for nothing. False in systems without it. Only for properties and lemmas."""
    return make(Op.ENABLED, members, BOOL, (inserted.name, tuple(map(str, inserted.parameters)), True))


def asks(thing: Any) -> bool:
    """Whether a property or a proof asks whether an action is enabled."""
    return any(t.op is Op.ENABLED for t in subterms(*_terms(thing)))


def settled(system: System) -> System:
    """The system whose properties and proofs have the guards of its actions in place of ``enabled(…)``, also if its
    actions were changed since. Raises ``DefinitionError`` if that makes a term too large."""
    if system.stated is None:
        return system
    asked = {(n, False): a for n, a in system.actions.items()} | {(n, True): a for n, a in waiting(system).items()}
    properties, proofs = (tuple(_replaced(x, asked) for x in some) for some in system.stated)
    for p in properties:
        for t in p.terms:
            check_term_size(t, f"property {p.name}", p.where)
    return replace(system, properties=properties, proofs=proofs)


def _terms(thing: Any) -> list[Term]:
    """The terms in a property, or in a proof and its parts."""
    if isinstance(thing, Term):
        return [thing]
    if isinstance(thing, tuple):
        return [t for x in thing for t in _terms(x)]
    if is_dataclass(thing) and _is_statement(thing):
        return [t for f in fields(thing) for t in _terms(getattr(thing, f.name))]
    return []


def _is_statement(thing: object) -> bool:
    return type(thing).__module__.startswith("planrace.properties")


def _replaced(thing: Any, actions: Asked) -> Any:
    """A property, proof, or part of one with guards in place of ``enabled(…)``; the same object if it has none."""
    if not asks(thing):
        return thing
    if isinstance(thing, Term):
        return _expanded(thing, {}, actions)
    if isinstance(thing, tuple):
        return tuple(_replaced(x, actions) for x in thing)
    return replace(thing, **{f.name: _replaced(getattr(thing, f.name), actions) for f in fields(thing)})


def _expanded(term: Term, by: Mapping[Term, Term], actions: Asked) -> Term:
    """``term`` with guards in place of ``enabled(…)`` and with the leaves in ``by`` replaced. Binders are numbered anew
    by the heights that their bodies have then, and until then their variables are unique, so that none is captured."""
    if term in by:
        return by[term]
    if term.op is Op.ENABLED:
        name, names, stands = term.data
        if (name, stands) not in actions:
            return FALSE
        given = dict(zip(names, (_expanded(a, by, actions) for a in term.args), strict=True))
        return _guard(actions[name, stands], given)
    if term.op in BINDERS:
        variable, body = term.args
        hole = _hole(variable)
        inner = _expanded(body, {**by, variable: hole}, actions)
        return _bound(term.op, hole, inner, term)
    if not term.args:
        return term
    args = tuple(_expanded(a, by, actions) for a in term.args)
    return make(term.op, args, term.sort, term.data)


def _guard(action: Action, given: Mapping[str, Term]) -> Term:
    """The guard for the given values of parameters, by name, and some values of the others. A value that may be outside
    of the sort of its parameter is compared with its members: there the action does not exist."""
    by: dict[Term, Term] = {}
    holes: list[Term] = []
    same: list[Term] = []
    for p in action.parameters:
        value = given.get(str(p))
        if value is not None and value.sort == p.sort and value.op is not Op.CONST:
            by[p] = value
            continue
        if isinstance(p.sort, SetOf):  # no term is about some set, so the reference names it (see ``references``)
            assert value is not None
            by[p] = value
            same.append(value.issubset(such_that(p.sort.element, lambda _: TRUE)))
            continue
        by[p] = _hole(p)
        holes.append(by[p])
        if value is not None:
            same.append(equal(by[p], value))
    term = _expanded(action.guard, by, {})
    for s in same:
        term = s & term
    for hole in reversed(holes):
        term = _bound(Op.EXISTS, hole, term)
    return term


def _hole(variable: Term) -> Term:
    """A variable that no other term has."""
    return make(Op.BOUND, (), variable.sort, (variable.data[0], object()))


def _bound(op: Op, hole: Term, inner: Term, like: Term | None = None) -> Term:
    """The binder of ``hole``, with the sort and data of ``like``."""
    variable = make(Op.BOUND, (), hole.sort, (hole.data[0], inner.height + 1))
    sort, data = (BOOL, None) if like is None else (like.sort, like.data)
    return make(op, (variable, substitute(inner, {hole: variable})), sort, data)
