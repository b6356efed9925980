"""Lint of what only grows: numbers that end at the bound of their sort, sets that nothing is taken from.

A model checker has to bound what the world does not bound. Where a number that only counts up decides when runs end,
their end is one of the model and not of the protocol. It is no finding where the author says that it is meant: where
``final`` reads the number. Nor is a set one that gets no more elements than such a number counts, nor one of members of
an index or an enumeration: of those the world has so many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.language import Action, Array, Int, Op, SetOf, Sort, Term
from model.language.actions import Update
from model.language.system import System, Variable

from .explored import Explored
from .family import variables_of
from .finding import Lint


def grows(runs: Sequence[Explored]) -> Iterator[Lint]:
    """Numbers and sets that only grow, of all systems that were explored."""
    for v in {v.name: v for run in runs for v in run.instance.system.variables}.values():
        having = [run for run in runs if any(w.name == v.name for w in run.instance.system.variables)]
        updates = [u for run in having for u in _updates(run.instance.system, v.name)]
        if not updates or not all(_grows(u.target, u.value) for u in updates) or _meant(having, v, updates):
            continue
        base = _base(v.sort)
        if isinstance(base, SetOf):
            if isinstance(base.element, Int):
                yield _set(v)
        elif (run := _at_bound(having, v, updates)) is not None:
            yield _number(v, run)


def _number(v: Variable, run: Explored) -> Lint:
    sort = _base(v.sort)
    assert isinstance(sort, Int)
    past = "and a step would go beyond" if run.error is not None else "and then stays there"
    return Lint(
        "unbounded growth",
        v.name,
        run.error.where if run.error is not None else v.where,
        f"variable {v.name}: every update of it makes it greater; it reaches the bound of {sort.name}, {sort.high} "
        f"(at {run.sizes}), {past}",
        "reset it, count modulo something, or say with final(…) that runs end there",
    )


def _set(v: Variable) -> Lint:
    return Lint(
        "unbounded growth",
        v.name,
        v.where,
        f"variable {v.name}: every update of it adds elements and none takes one away, so it keeps all there ever was",
        "take out what is no longer needed, or say with final(…) when runs end",
    )


def _updates(system: System, name: str) -> list[Update]:
    actions: Iterator[Action] = iter(system.actions.values())
    return [u for a in actions for o in a.outcomes for u in o.updates if u.variable.data == name]


def _base(sort: Sort) -> Sort:
    while isinstance(sort, Array):
        sort = sort.element
    return sort


def _grows(target: Term, value: Term) -> bool:
    """``value`` is never less than ``target``: it adds a constant or elements, in every case; it is not ``target``."""
    return _at_least(target, value) and value is not target


def _at_least(target: Term, value: Term) -> bool:
    if value is target:
        return True
    if value.op is Op.ADD:
        return any(_at_least(target, a) and b.op is Op.CONST and b.data >= 0 for a, b in (value.args, value.args[::-1]))
    if value.op is Op.UNION:
        return any(_at_least(target, a) for a in value.args)
    return value.op is Op.ITE and all(_at_least(target, a) for a in value.args[1:])


def _meant(runs: Sequence[Explored], v: Variable, updates: Sequence[Update]) -> bool:
    """The author says when runs end, by this variable or by one that says which elements it gets."""
    ends = {name for run in runs for name in variables_of(*run.instance.system.final)}
    if v.name in ends:
        return True
    return isinstance(_base(v.sort), SetOf) and all(variables_of(u.value) & ends for u in updates)


def _at_bound(runs: Sequence[Explored], v: Variable, updates: Sequence[Update]) -> Explored | None:
    """An exploration in which a number reaches the bound of its sort, or would leave it."""
    sort = _base(v.sort)
    if not isinstance(sort, Int):
        return None
    places = {u.where for u in updates}
    for run in runs:
        left = run.error is not None and run.error.where in places
        if left or (run.error is None and run.greatest(v.name) == run.instance.size(sort.high)):
            return run
    return None
