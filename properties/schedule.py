"""Schedules: how a protocol can recover from any state of any size, as rules with a measure that each step lowers.

A schedule shows a recoverability property (AG EF goal). Members of index sorts are chosen once, at the start; the
``promise`` about them holds until the goal is reached, some rule always applies, and what the rule takes lowers the
measure. Measures are lexicographic and well founded, so the goal is reached in finitely many steps (Floyd, "Assigning
meanings to programs", 1967; as a proof rule for possibility: Manna & Pnueli, "Temporal verification of reactive
systems: progress").
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from planrace.model.language import DefinitionError, Index, Place, Term
from planrace.model.language.actions import check_state_only
from planrace.model.language.errors import author, instances, so_many
from planrace.model.language.names import meant, usable
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Scalar, describe, is_numeric, is_scalar
from planrace.model.language.terms import Value, make, truth

_FOR_AUTHORS = True  # errors name the line that calls this module


@dataclass(frozen=True, eq=False)
class Rule:
    """If ``when`` holds for some members ``choosing``, take ``action`` with ``arguments``."""

    name: str
    choosing: tuple[Term, ...]
    when: Term
    action: str
    arguments: tuple[Term, ...]
    where: Place | None = field(default_factory=author)


@dataclass(frozen=True, eq=False)
class Plan:
    """The body of a schedule; ``measure`` holds numbers from 0, which decrease, and members of ordered sorts, which
    move towards the last."""

    promise: Term
    rules: tuple[Rule, ...]
    measure: tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Schedule:
    """A way to recover, for the recoverability property of that name; ``chosen`` are bound at the start."""

    property: str
    chosen: tuple[Term, ...]
    plan: Plan
    meaning: str


def take(name: str, action: str, *arguments: Term, when: Value) -> Rule:
    """A rule: where ``when`` holds, take ``action`` with these arguments."""
    instances(arguments, Term, f"rule {name}, arguments", "a member that the schedule gets")
    return Rule(usable(name, "rule"), (), _condition(when, name), usable(action, "action"), arguments)


def take_for_some(sort: Scalar, name: str, action: str, *, when: Callable[[Term], Value]) -> Rule:
    """A rule: where ``when`` holds of some member, take ``action`` with that member as its argument."""
    if not is_scalar(sort):
        raise DefinitionError(f"rule {name}: {describe(sort)} has no members", remedy="name an index, or a range")
    if not callable(when):
        raise DefinitionError(f"rule {name}: {when!r} is no function", remedy="write when=lambda member: …")
    usable(name, "rule")
    member = make(Op.BOUND, (), sort, (f"some {describe(sort)}", 0))
    return Rule(name, (member,), _condition(when(member), name), usable(action, "action"), (member,))


def plan(promise: Value, rules: Iterable[Rule], measure: Iterable[Term]) -> Plan:
    """The promise that holds until the goal, the rules, and the measure that each step lowers."""
    parts = instances(measure, Term, "measure of a plan", "a term")
    given = instances(rules, Rule, "rules of a plan", "take(…)")
    for r in given:
        if sum(r.name == q.name for q in given) > 1:
            raise DefinitionError(f"two rules of one plan are called {r.name}", remedy="rename one of the two")
    for m in parts:
        if not (is_numeric(m.sort) or (isinstance(m.sort, Index) and m.sort.ordered)):
            raise DefinitionError(f"measure {m} is a {describe(m.sort)}", remedy="use a number or a member of an order")
    return Plan(_condition(promise, "promise"), given, parts)


def schedule(of: str, *sorts: Scalar, meaning: str) -> Callable[[Callable[..., Plan]], Schedule]:
    """Decorator: the function makes the plan, for the property called ``of``, from the members chosen at the start."""
    for s in sorts:
        if not is_scalar(s):
            raise DefinitionError(f"schedule of {of}: {describe(s)} has no members", remedy="name an index, or a range")

    def add(body: Callable[..., Plan]) -> Schedule:
        names = tuple(inspect.signature(body).parameters)
        if len(names) != len(sorts):
            raise DefinitionError(
                f"schedule {body.__name__} has {so_many(names, 'parameter')} but {so_many(sorts, 'sort')}"
            )
        chosen = tuple(make(Op.BOUND, (), s, (n, 0)) for s, n in zip(sorts, names, strict=True))
        return Schedule(usable(of, "property"), chosen, body(*chosen), meant(meaning, f"schedule of {of}"))

    return add


def _condition(value: Value, name: str) -> Term:
    term = truth(value, f"condition of {name}")
    check_state_only(term, f"schedule: {name}", author())
    return term
