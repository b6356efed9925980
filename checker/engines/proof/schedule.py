"""Obligations of a schedule of recovery: it can begin, some rule always applies, and every rule gets nearer to the
goal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import z3

from planrace.checker.engines.proof.encoding import OpenFrame
from planrace.checker.engines.proof.obligations import Ending, Obligations, Result
from planrace.checker.engines.proof.sorts import conjunction, disjunction
from planrace.checker.results.wording import numbered
from planrace.model.language import Action, Index, ModelError, System, Term
from planrace.properties.kinds import Recoverability
from planrace.properties.schedule import Rule, Schedule


@dataclass(frozen=True)
class Course:
    """A schedule for a property of one system, without rules for actions that the system lacks."""

    property: Recoverability
    schedule: Schedule
    rules: tuple[tuple[Rule, Action], ...]


def course(system: System, p: Recoverability, s: Schedule) -> Course:
    """The schedule with the actions of ``system``; its rules must take only actions that may help."""
    rules = []
    for rule in s.plan.rules:
        action = system.actions.get(rule.action)
        if action is None:
            continue
        if not action.tags & p.helpers:
            raise ModelError(
                f"schedule for {p.name}: {rule.action} is not a step that may help",
                where=rule.where,
                remedy=f"take actions tagged {' or '.join(sorted(p.helpers))}",
            )
        if len(rule.arguments) != len(action.parameters):
            raise ModelError(
                f"schedule for {p.name}: {rule.action} takes {numbered(len(action.parameters), 'argument')}"
            )
        rules.append((rule, action))
    return Course(p, s, tuple(rules))


class Scheduling:
    """Discharges the obligations of one course from facts that are inductive."""

    def __init__(self, obligations: Obligations, of: Course) -> None:
        self.obligations = obligations
        self.open = obligations.open
        self.of = of
        self._chosen = {t: self.open.parameter(t) for t in of.schedule.chosen}
        bound = {t: made for t, (made, _) in self._chosen.items()}
        self._frame = OpenFrame(bound, self.open.state)
        self._plan = of.schedule.plan
        self._was = [self.open.encode(m, self._frame) for m in self._plan.measure]
        legal = [legal for _, legal in self._chosen.values()]
        self._on_the_way = [*legal, self._begins(self._frame), z3.Not(self._goal(self._frame))]

    def discharged(self, given: frozenset[str]) -> Iterator[tuple[str, str, Result]]:
        """Every obligation: what it says, its action (or a phrase if there is none), and its result."""
        for label, action, key, negated in self._obligations():
            yield label, action, self.obligations.discharge(key, negated, given)

    def _obligations(self) -> Iterator[tuple[str, str, tuple[Any, ...], Callable[[], list[Any]]]]:
        """What each obligation says, its action, a key that identifies it, and its negation."""
        p, rules = self.of.property, tuple(rule for rule, _ in self.of.rules)
        of = (self.of.schedule, p.goal, p.wherever)  # schedules may share rules; systems may share names of properties
        yield "it can begin", "any state", (*of, "begin"), self._cannot_begin
        yield "some rule applies", "on the way", (*of, rules), self._stuck
        for rule, action in self.of.rules:
            key = (*of, rule, self.obligations.number(action))
            yield rule.name, action.name, key, partial(self._astray, rule, action)

    # Formulas --------------------------------------------------------------------------------------------------
    def _begins(self, frame: OpenFrame) -> Any:
        return self.open.encode(self._plan.promise, frame)

    def _goal(self, frame: OpenFrame) -> Any:
        return self.open.encode(self.of.property.goal, frame)

    def _cannot_begin(self) -> list[Any]:
        """Negation: in some state that needs recovery no choice of members satisfies the promise."""
        legal = [legal for _, legal in self._chosen.values()]
        some = conjunction(*legal, self._begins(self._frame))
        members = [made for made, _ in self._chosen.values()]
        possible = z3.Exists(members, some) if members else some
        wherever = self.open.encode(self.of.property.wherever, OpenFrame({}, self.open.state))
        return [wherever, z3.Not(self._goal(self._frame)), z3.Not(possible)]

    def _stuck(self) -> list[Any]:
        """Negation: the promise holds before the goal, and no rule applies."""
        applies = []
        for rule, _ in self.of.rules:
            frame, legal, members = self._choosing(rule)
            here = conjunction(*legal, self.open.encode(rule.when, frame))
            applies.append(z3.Exists(members, here) if members else here)
        return [*self._on_the_way, z3.Not(disjunction(*applies))]

    def _astray(self, rule: Rule, action: Action) -> list[Any]:
        """Negation: the rule applies, and its action is not enabled or does not get nearer."""
        frame, legal, _ = self._choosing(rule)
        arguments = [self.open.fitted(a, p.sort, frame) for a, p in zip(rule.arguments, action.parameters, strict=True)]
        case = self.obligations.case_for(action, arguments)
        wrong = [conjunction(e.condition, z3.Not(self._nearer(e))) for e in case.endings]
        applies = self.open.encode(rule.when, frame)
        return [*self._on_the_way, *legal, applies, disjunction(z3.Not(case.enabled), *wrong)]

    def _choosing(self, rule: Rule) -> tuple[OpenFrame, list[Any], list[Any]]:
        chosen = {t: self.open.parameter(t) for t in rule.choosing}
        bound = {**self._frame.bound, **{t: made for t, (made, _) in chosen.items()}}
        members = [made for made, _ in chosen.values()]
        return replace(self._frame, bound=bound), [legal for _, legal in chosen.values()], members

    def _nearer(self, ending: Ending) -> Any:
        """The formula that the step reaches the goal, or keeps the promise and lowers the measure."""
        after = OpenFrame(self._frame.bound, ending.after)
        return disjunction(self._goal(after), conjunction(self._begins(after), self._lower(after)))

    def _lower(self, after: OpenFrame) -> Any:
        """The formula that the measure decreases: lexicographically, numbers down but not below 0, members of an order
        up."""
        result: Any = z3.BoolVal(False)
        for term, was in reversed(list(zip(self._plan.measure, self._was, strict=True))):
            now = self.open.encode(term, after)
            result = disjunction(self._descends(term, was, now), conjunction(was == now, result))
        return result

    def _descends(self, term: Term, was: Any, now: Any) -> Any:
        if isinstance(term.sort, Index):
            return self.open.less(term.sort)(was, now)
        return conjunction(now >= 0, now < was)
