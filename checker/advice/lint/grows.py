"""Lint of unbounded growth: numbers that only grow up to the bound of their sort, sets that only grow.

A model must bound what the real system does not bound. If a number that only counts up stops all runs, the end of the
runs comes from the model and not from the protocol. That is no finding if the author intends it, that is, if ``final``
reads the number. Neither is a variable that such a number bounds, directly or through others: it grows only in steps
that change the number, by the value of the number, or while it is compared with the number (``shipped < made``).
Neither is a set of members of an index or an enumeration, which are finitely many in reality, too, nor a history, which
no step reads, unless it leaves its range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planrace.checker.advice.family import variables_of
from planrace.checker.advice.lint.explored import Explored
from planrace.checker.advice.lint.finding import Lint
from planrace.model.language import Action, Array, Int, Op, Outcome, SetOf, Sort, Term
from planrace.model.language.actions import Update
from planrace.model.language.system import System, Variable
from planrace.model.language.terms import subterms


def grows(runs: Sequence[Explored]) -> Iterator[Lint]:
    """Numbers and sets that only grow, in all explored systems."""
    variables = {v.name: v for run in runs for v in run.instance.system.variables if not v.auxiliary}
    steps = {name: [g for run in runs for g in _growths(run.instance.system, name)] for name in variables}
    growing = {n: g for n, g in steps.items() if g and all(_grows(x.update.target, x.update.value) for x in g)}
    meant = _meant(runs, steps, growing)
    for name in (n for n in growing if n not in meant):
        v, updates = variables[name], [g.update for g in growing[name]]
        having = [run for run in runs if any(w.name == name for w in run.instance.system.variables)]
        base = _base(v.sort)
        if isinstance(base, SetOf):
            if isinstance(base.element, Int) and not v.history:
                yield _set(v)
        elif (run := _at_bound(having, v, updates)) is not None and not (v.history and run.error is None):
            yield _number(v, run)


def _number(v: Variable, run: Explored) -> Lint:
    sort = _base(v.sort)
    assert isinstance(sort, Int)
    past = "and a step would exceed it" if run.error is not None else "and then stays there"
    return Lint(
        "unbounded growth",
        v.name,
        run.error.where if run.error is not None else v.where,
        f"variable {v.name}: every update increases it; it reaches the bound of {sort.name}, {sort.high} "
        f"(at {run.sizes}), {past}",
        "reset it, count modulo something, or say with final(…) that runs end there",
    )


def _set(v: Variable) -> Lint:
    return Lint(
        "unbounded growth",
        v.name,
        v.where,
        f"variable {v.name}: every update adds elements and none removes one, so it never shrinks",
        "remove elements that are no longer needed, or say with final(…) when runs end",
    )


@dataclass(frozen=True)
class _Growth:
    """An update of a variable, with its action and outcome."""

    action: Action
    outcome: Outcome
    update: Update


def _growths(system: System, name: str) -> Iterator[_Growth]:
    for a in system.actions.values():
        for o in a.outcomes:
            yield from (_Growth(a, o, u) for u in o.updates if u.variable.data == name)


def _base(sort: Sort) -> Sort:
    while isinstance(sort, Array):
        sort = sort.element
    return sort


def _grows(target: Term, value: Term) -> bool:
    """``value`` is ``target`` plus a constant or elements in every case, and is not ``target`` itself."""
    return _at_least(target, value) and value is not target


def _at_least(target: Term, value: Term) -> bool:
    if value is target:
        return True
    if value.op is Op.ADD:
        return any(_at_least(target, a) and b.op is Op.CONST and b.data >= 0 for a, b in (value.args, value.args[::-1]))
    if value.op is Op.UNION:
        return any(_at_least(target, a) for a in value.args)
    return value.op is Op.ITE and all(_at_least(target, a) for a in value.args[1:])


def _at_most(target: Term, value: Term) -> bool:
    """``value`` is ``target``, or ``target`` minus a constant, in every case."""
    if value.op is Op.SUB:
        return _at_most(target, value.args[0]) and value.args[1].op is Op.CONST and value.args[1].data >= 0
    return value is target or (value.op is Op.ITE and all(_at_most(target, a) for a in value.args[1:]))


def _meant(
    runs: Sequence[Explored], steps: Mapping[str, list[_Growth]], growing: Mapping[str, list[_Growth]]
) -> set[str]:
    """The variables that ``final`` reads, and those that they bound, directly or through others."""
    meant = {name for run in runs for name in variables_of(*run.instance.system.final)}
    down = {n for n, g in steps.items() if g and all(_at_most(x.update.target, x.update.value) for x in g)}
    while True:
        counters = (growing.keys() | down) & meant
        more = {n for n, g in growing.items() if n not in meant and all(_bounded(n, x, meant, counters) for x in g)}
        if not more:
            return meant
        meant |= more


def _bounded(name: str, growth: _Growth, meant: set[str], counters: set[str]) -> bool:
    """The growth is bounded: its step changes one of ``counters``, its new value reads a variable in ``meant``, or its
    condition compares the variable with one in ``meant``."""
    if any(u.variable.data in counters and _counts(u) for u in growth.outcome.updates):
        return True
    if variables_of(growth.update.value) & meant:
        return True
    read_terms = subterms(growth.action.guard, growth.outcome.condition)
    return any(
        t.op in (Op.LT, Op.LE) and name in (found := variables_of(t)) and found & meant and _apart(t, name)
        for t in read_terms
    )


def _counts(update: Update) -> bool:
    """It adds or subtracts a constant that is not 0, in every state."""
    value = update.value
    return value.op in (Op.ADD, Op.SUB) and any(t.op is Op.CONST and t.data > 0 for t in value.args)


def _apart(comparison: Term, name: str) -> bool:
    """The variable is on exactly one side of a comparison."""
    return sum(name in variables_of(side) for side in comparison.args) == 1


def _at_bound(runs: Sequence[Explored], v: Variable, updates: Sequence[Update]) -> Explored | None:
    """An exploration in which a number reaches the bound of its sort, or would exceed it."""
    sort = _base(v.sort)
    if not isinstance(sort, Int):
        return None
    places = {u.where for u in updates}
    for run in runs:
        left = run.error is not None and run.error.where in places
        if left or (run.error is None and run.greatest(v.name) == run.instance.size(sort.high)):
            return run
    return None
