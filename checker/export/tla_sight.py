"""Terms on their way to TLA+: where they stand, and what of their form matters there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from planrace.checker.export.tla_text import TlaText
from planrace.model.language import Action, Op, Term
from planrace.model.language.sorts import Index, Maybe
from planrace.model.language.structural import Structural
from planrace.model.language.terms import subterms


@dataclass(frozen=True)
class Label:
    """The step that a formula is about: one outcome of an action, and the values of its parameters."""

    action: Action
    outcome: int
    given: Mapping[str, TlaText]


@dataclass(frozen=True, eq=False)
class TlaSight(Structural):
    """Where a term stands: the expressions of its bound variables, whether variables are read after the step, and the
    step, if it is known."""

    bound: Mapping[Term, TlaText] = field(default_factory=dict)
    primed: bool = False
    label: Label | None = None

    def but(self, variable: Term, value: TlaText) -> TlaSight:
        return replace(self, bound={**self.bound, variable: value})


def needs_order(terms: Sequence[Term]) -> frozenset[Index]:
    """The indices of which a term names a member or takes the least: their members are numbers."""
    found = set()
    for t in subterms(*terms):
        sort = t.args[0].sort if t.op is Op.LEAST else t.sort
        of = sort.index if isinstance(sort, Maybe) else sort
        named = t.op is Op.CONST and (t.data != 0 or not isinstance(sort, Maybe))
        if isinstance(of, Index) and (named or t.op is Op.LEAST):
            found.add(of)
    return frozenset(found)


def branches(term: Term) -> bool:
    """Whether TLC would go several ways where a guard has this conjunct: it takes each part of a disjunction for an
    action of its own."""
    match term.op:
        case Op.OR | Op.EXISTS | Op.ITE:
            return True
        case Op.SELECT:
            return term.args[0].op is Op.EACH
        case Op.AND:
            return any(map(branches, term.args))
        case Op.FORALL:
            return branches(term.args[1])
    return False


def conjuncts(term: Term) -> Iterator[Term]:
    """The parts of a conjunction."""
    if term.op is Op.AND:
        for a in term.args:
            yield from conjuncts(a)
    else:
        yield term
