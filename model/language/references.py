"""Checks that properties, scenarios and proofs refer to things that their system has: variables, actions and
outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from planrace.model.language.actions import Action
from planrace.model.language.errors import DefinitionError, ModelError, Place, near
from planrace.model.language.fitting import fits
from planrace.model.language.name_tables import check_own
from planrace.model.language.operators import Op
from planrace.model.language.size_limits import check_term_size
from planrace.model.language.sorts import SetOf, describe, one
from planrace.model.language.system import System
from planrace.model.language.terms import Term, subterms

SCENARIOS = "what scenario(…) of properties returns, one by one: scenario(story), scenario(*several)"
PROOFS = "what proof(…) of properties returns: argue(proof([lemma(…), …]))"
COSTS = "what makers of properties.costs return: measure(most(…), longest(…))"
PROPERTIES = "properties, in a list: declaring([invariant(…), reachable(…)])"
Actions = Mapping[str, tuple[Action, ...]]
"""Actions by name; an action has several forms under different protections and faults."""


def check_declared(things: Iterable[Any], call: str, what: str, of: str, example: str) -> None:
    """Refuse arguments of a declaring ``call`` that are not a ``what`` (recognized by its attribute ``of``)."""
    for x in things:
        if not hasattr(x, of) or not hasattr(type(x), "__dataclass_fields__"):
            raise DefinitionError(f"{call}: {one(type(x).__name__.lower())} is not a {what}", remedy=f"give {example}")


def check_spoken(system: System, everything: Callable[[], Actions]) -> None:
    """Check properties, scenarios, final states and observations of ``system``. ``everything`` returns the actions that
    it might have with other protections, faults and choices; references to those are allowed, for they are only absent.
    Raises ``ModelError``."""
    parameters = {p.name: p for p in system.parameters}
    for what, where, terms, roles in _said(system):
        for term in terms:
            check_term_size(term, what, where)
        for t in subterms(*terms):
            if t.op is Op.PARAMETER or t.op is Op.BOUND:
                check_own(t, parameters, what, where)
            misplaced = t.op is Op.ENABLED and not what.startswith("property ")
            problem = _misplaced(t) if misplaced else _problem(t, system, roles, everything)
            if problem is not None:
                raise ModelError(f"{what}: {problem[0]}", where=where, remedy=problem[1])
    for x in (x for a in system.proofs for x in getattr(a, "lemmas", ())):
        check_term_size(x.holds, f"lemma {x.name}", x.where)
        for t in (t for t in subterms(x.holds) if t.op is Op.ENABLED):
            problem = _problem(t, system, (), everything)
            if problem is not None:
                raise ModelError(f"lemma {x.name}: {problem[0]}", where=x.where, remedy=problem[1])
    _check_tags(system, everything)
    _check_choices(system, everything)


def _misplaced(t: Term) -> tuple[str, str]:
    """What is wrong with asking elsewhere whether an action is enabled, or somebody stands at an inserted step."""
    _, _, stands = t.data
    if stands:
        return "a point that a change inserts may stand in properties and lemmas only", "read what its step assigns"
    return "enabled(…) may stand in properties and lemmas only", "write the condition of the action"


def _check_choices(system: System, everything: Callable[[], Actions]) -> None:
    """Check that there are the actions and processes that fairness names."""
    for c in system.fairness:
        here = _fair(system.actions.values())
        known = here if here.issuperset(c.names) else _fair(a for actions in everything().values() for a in actions)
        for name in c.names:
            if name not in known:
                raise ModelError(f"{c.kind}: no action is called {name!r}", where=c.where, remedy=near(name, known))


def _fair(actions: Iterable[Action]) -> set[str]:
    """The names by which fairness knows actions."""
    return {n for a in actions for n in (a.name, *((a.origin.process,) if a.origin is not None else ()))}


def _check_tags(system: System, everything: Callable[[], Actions]) -> None:
    """Check that each tag that a property or scenario names is used: otherwise it would be about no action at all."""
    here = {t for a in system.actions.values() for t in a.tags}
    for kind, said in (("property", system.properties), ("scenario", system.scenarios)):
        for s in said:
            absent = sorted(getattr(s, "tags", frozenset()) - here)
            known = {t for actions in everything().values() for a in actions for t in a.tags} if absent else here
            for tag in absent:
                if tag not in known:
                    raise ModelError(
                        f"{kind} {s.name}: no action has the tag {tag!r}",
                        where=s.where if kind == "property" else None,
                        remedy=near(tag, sorted(known)) if known else "write @….action(…, tags=[…])",
                    )


def _said(system: System) -> Iterator[tuple[str, Place | None, tuple[Term, ...], tuple[Term, ...]]]:
    for p in system.properties:
        yield f"property {p.name}", getattr(p, "where", None), p.terms, ()
    for s in system.scenarios:
        yield f"scenario {s.name}", getattr(s, "place", None), s.terms, s.roles
    yield "final states", system.ended, system.final, ()
    for b in system.beginnings:
        yield "initial states", b.where, (b.holds,), ()
    for o in system.observations:
        seen = () if o.over is None else (o.over,)
        yield (
            f"observation {o.title}",
            o.place,
            tuple(t for c, s in o.cases for t in (c, *(x for _, x in s.terms))),
            seen,
        )


def _problem(
    t: Term, system: System, roles: tuple[Any, ...], everything: Callable[[], Actions]
) -> tuple[str, str] | None:
    """What is wrong with a term, and the remedy."""
    match t.op:
        case Op.VARIABLE:
            if not any(v.name == t.data and v.sort == t.sort for v in system.variables):
                there = ", ".join(v.name for v in system.variables)
                return f"{t.data} is not a variable of {system.name}", f"there are: {there}"
        case Op.BOUND if t.data[1] == 0 and not any(t is r for r in roles):
            return f"{t} is a parameter of an action", "use forall(…) or exists(…) over its sort"
        case Op.TAKEN:
            return _not_taken(t, t.data[0], t.data[1], t.data[2], system, everything)
        case Op.ENABLED:
            return _not_taken(t, t.data[0], None, t.data[1], system, everything)
    return None


def _not_taken(
    t: Term,
    name: str,
    outcome: str | None,
    parameters: tuple[str, ...],
    system: System,
    everything: Callable[[], Actions],
) -> tuple[str, str] | None:
    here: tuple[Action, ...] = (system.actions[name],) if name in system.actions else ()
    if not here or outcome not in _outcomes(here):
        known = everything()
        if name not in known:
            return f"{t.op.value}: no action is called {name!r}", near(name, known)
        here = known[name]
    if outcome not in _outcomes(here):
        named = sorted(o for o in _outcomes(here) if o is not None)
        return f"taken: {name} has no outcome {outcome!r}", near(outcome or "", named)
    sorts = {str(p): p.sort for p in here[0].parameters}
    unnamed = [n for n, s in sorts.items() if isinstance(s, SetOf) and n not in parameters]
    if t.op is Op.ENABLED and unnamed:
        what = f"enabled: {unnamed[0]} of {name} is a set, and no term asks whether the action is enabled for some set"
        return what, f"name it: enabled({name!r}, {unnamed[0]}=…)"
    for parameter, argument in zip(parameters, t.args, strict=True):
        if parameter not in sorts:
            return f"{t.op.value}: {name} has no parameter {parameter!r}", near(parameter, sorts)
        if not fits(argument.sort, sorts[parameter]):
            wanted, given = describe(sorts[parameter]), describe(argument.sort)
            return f"{t.op.value}: {parameter} of {name} is a {wanted}, {argument} is a {given}", f"give it a {wanted}"
    return None


def _outcomes(actions: Iterable[Action]) -> set[str | None]:
    return {None, *(o.name for a in actions for o in a.outcomes)}
