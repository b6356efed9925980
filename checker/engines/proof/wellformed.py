"""Model errors as formulas over open sizes: a position outside its array, a divisor 0, the least of no members, two
values for one place.

The fifth kind, a value outside its sort, is covered by the range of a variable, a conjunct of every invariant. All
of them are obligations of every proof: in the encoding every term has a value, so without them a proof could be about
runs that the interpreter refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import z3

from planrace.checker.engines.proof.encoding import Open, OpenFrame, same
from planrace.checker.engines.proof.sorts import conjunction, disjunction, implication
from planrace.checker.results.wording import joined
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Array, Int, Op, Outcome, Sort, Term, Update
from planrace.model.language.operators import BINDERS, DIVISIONS
from planrace.model.language.terms import subterms

if TYPE_CHECKING:
    from planrace.checker.engines.proof.obligations import Case

POSITIONS = "every position is inside its array"
ONCE = "no place is assigned two values"

DIVISORS = "no divisor is 0"
CHOSEN = "no least member is missing"


# Values --------------------------------------------------------------------------------------------------------
def defined(e: Open, term: Term, f: OpenFrame) -> Any:
    """The formula that ``term`` has a value: every position that is read in it is inside its array, what it divides by
    is not 0, and there is a least member where one is wanted. What an earlier condition excludes is not evaluated, as
    in the interpreter; in a quantifier all members are evaluated, in any order."""
    if not _partial(term):
        return z3.BoolVal(True)
    return _HANDLERS.get(term.op, _all_arguments)(e, term, f)


def _partial(term: Term) -> bool:
    """Whether some position in it may be outside its array, some divisor 0, or some least member missing."""
    return any(_misplacing(t) or _dividing(t) or t.op is Op.LEAST for t in subterms(term))


def _misplacing(t: Term) -> bool:
    return t.op is Op.SELECT and not _inside(t.args[1], domain_of(t))


def _dividing(t: Term) -> bool:
    return t.op in DIVISIONS and not (t.args[1].op is Op.CONST and t.args[1].data != 0)


def obligation(terms: Iterable[Term]) -> str:
    """What has to be shown so that ``terms`` have values."""
    parts = list(subterms(*terms))
    kinds = ((POSITIONS, _misplacing), (DIVISORS, _dividing), (CHOSEN, lambda t: t.op is Op.LEAST))
    return joined([what for what, wrong in kinds if any(map(wrong, parts))] or [POSITIONS])


def domain_of(selection: Term) -> Any:
    """The domain of the array that a selection reads."""
    sort = selection.args[0].sort
    assert isinstance(sort, Array)
    return sort.domain


def _inside(position: Term, domain: Sort) -> bool:
    """Whether the position is inside the domain in every state whose values are in range."""
    if not isinstance(domain, Int):
        return True  # other sorts have no other values
    if position.op is Op.CONST:
        low, high = domain.low, domain.high
        return isinstance(low, int) and isinstance(high, int) and low <= position.data <= high
    if position.op is Op.ITE:
        return all(_inside(a, domain) for a in position.args[1:])
    return position.sort == domain and (position.op is Op.BOUND or _of_a_state(position))


def _of_a_state(term: Term) -> bool:
    """Whether it is a variable or a place of one, so that its range is known."""
    while term.op in (Op.SELECT, Op.PRIMED):
        term = term.args[0]
    return term.op is Op.VARIABLE


def _all_arguments(e: Open, t: Term, f: OpenFrame) -> Any:
    return conjunction(*(defined(e, a, f) for a in t.args))


def _divided(e: Open, t: Term, f: OpenFrame) -> Any:
    nonzero = e.encode(t.args[1], f) != 0 if _dividing(t) else z3.BoolVal(True)
    return conjunction(_all_arguments(e, t, f), nonzero)


def _selected(e: Open, t: Term, f: OpenFrame) -> Any:
    """For an element of a constructed array, only the selected element is evaluated."""
    return _read(e, t, (), f)


def _read(e: Open, array: Term, at: tuple[tuple[Term, Any], ...], f: OpenFrame) -> Any:
    """The formula that ``array`` has an element at positions, outermost first, each with the term that reads there."""
    match array.op:
        case Op.SELECT:
            of, position = array.args
            here = (array, e.fitted(position, domain_of(array), f))
            return conjunction(defined(e, position, f), _read(e, of, (here, *at), f))
        case Op.ITE:
            test, then, other = array.args
            holds = e.encode(test, f)
            return conjunction(
                defined(e, test, f),
                implication(holds, _read(e, then, at, f)),
                implication(z3.Not(holds), _read(e, other, at, f)),
            )
        case Op.PRIMED:
            return _read(e, array.args[0], at, f.primed())
        case Op.EACH:
            (selection, position), *rest = at
            variable, body = array.args
            inner = replace(f, bound={**f.bound, variable: position})
            inside = _read(e, body, tuple(rest), inner) if rest else defined(e, body, inner)
            return conjunction(_placed(e, selection, position), inside)
    return conjunction(*(_placed(e, selection, position) for selection, position in at))


def _placed(e: Open, selection: Term, position: Any) -> Any:
    domain = domain_of(selection)
    return z3.BoolVal(True) if _inside(selection.args[1], domain) else e.within(domain, position)


def _in_turn(going: Callable[[Any], Any]) -> Callable[[Open, Term, OpenFrame], Any]:
    """For a conjunction or disjunction: an argument is evaluated only if those before it do not decide the result."""

    def handler(e: Open, t: Term, f: OpenFrame) -> Any:
        known: Any = z3.BoolVal(True)
        for a in reversed(t.args):
            known = conjunction(defined(e, a, f), implication(going(e.encode(a, f)), known))
        return known

    return handler


def _if_then_else(e: Open, t: Term, f: OpenFrame) -> Any:
    test, then, other = t.args
    here = e.encode(test, f)
    return conjunction(
        defined(e, test, f),
        implication(here, defined(e, then, f)),
        implication(z3.Not(here), defined(e, other, f)),
    )


def _everywhere(e: Open, t: Term, f: OpenFrame) -> Any:
    variable, body = t.args
    made, legal = e.parameter(variable)
    inside = defined(e, body, replace(f, bound={**f.bound, variable: made}))
    return z3.ForAll([made], implication(legal, inside))


def _chosen(e: Open, t: Term, f: OpenFrame) -> Any:
    made, legal, holds = e.quantified(t, f)
    return conjunction(_everywhere(e, t, f), z3.Exists([made], conjunction(legal, holds)))


_HANDLERS: dict[Op, Callable[[Open, Term, OpenFrame], Any]] = {
    **dict.fromkeys(BINDERS, _everywhere),
    Op.SELECT: _selected,
    Op.DIV: _divided,
    Op.MOD: _divided,
    Op.LEAST: _chosen,
    Op.AND: _in_turn(lambda a: a),
    Op.OR: _in_turn(z3.Not),
    Op.ITE: _if_then_else,
    Op.PRIMED: lambda e, t, f: defined(e, t.args[0], f.primed()),
}


def terms_of(action: Action) -> list[Term]:
    """The terms that an action evaluates."""
    return [action.guard, *(t for o in action.outcomes for t in (o.condition, *(x for u in o.updates for x in _of(u))))]


def misplaced(e: Open, case: Case) -> list[Any] | None:
    """The formula that the action reads or writes a place outside an array, divides by 0, or
    wants the least of no members; None if it cannot."""
    action, frame = case.action, case.frame
    if not any(map(_partial, terms_of(action))):
        return None
    wrong = [conjunction(*case.legal, z3.Not(defined(e, action.guard, frame)))]
    earlier: list[Any] = [case.enabled]
    for ending in case.endings:
        condition, updates = ending.outcome.condition, ending.outcome.updates
        wrong.append(conjunction(*earlier, z3.Not(defined(e, condition, frame))))
        here = [defined(e, t, frame) for u in updates for t in _of(u)]
        wrong.append(conjunction(case.enabled, ending.condition, z3.Not(conjunction(*here))))
        earlier.append(z3.Not(e.encode(condition, frame)))
    return [disjunction(*(w for w in wrong if not z3.is_false(z3.simplify(w))))]


def _of(u: Update) -> tuple[Term, Term]:
    return u.value, u.target


# Two values ----------------------------------------------------------------------------------------------------
def contradictory(e: Open, case: Case) -> list[Any] | None:
    """The formula that the action assigns two values to one place; None if it cannot."""
    wrong = []
    for ending in case.endings:
        for u, v in _meeting(ending.outcome):
            wrong.append(conjunction(ending.condition, _clash(e, u, v, case.frame)))
    return [case.enabled, disjunction(*wrong)] if wrong else None


def _meeting(outcome: Outcome) -> Iterator[tuple[Update, Update]]:
    """Pairs of updates that may write to the same place: same variable, and no constants that make their positions
    differ. The second writes an element of what the first writes, if their targets differ in depth."""
    for u, v in combinations(outcome.updates, 2):
        (name, a), (other, b) = root_of(u.target), root_of(v.target)
        if name == other and not any(_apart(p, q) for p, q in zip(a, b, strict=False)):
            yield (u, v) if len(a) <= len(b) else (v, u)


def _apart(a: Term, b: Term) -> bool:
    return a.op is b.op is Op.CONST and a.data != b.data


def _clash(e: Open, u: Update, v: Update, frame: OpenFrame) -> Any:
    a, b = e.positions(u.target, frame), e.positions(v.target, frame)
    value = _element(e.fitted(u.value, u.target.sort, frame), b[len(a) :])
    other = e.fitted(v.value, v.target.sort, frame)
    meeting = [p == q for p, q in zip(a, b, strict=False)]
    return conjunction(*meeting, z3.Not(same(e, v.target.sort, value, other)))


def _element(value: Any, positions: Sequence[Any]) -> Any:
    for at in positions:
        value = value(at)
    return value


__all__ = ["ONCE", "contradictory", "defined", "misplaced", "obligation", "terms_of"]
