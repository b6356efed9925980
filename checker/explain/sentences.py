"""Conditions as English clauses: ``plan[1] = latest`` of enactor 1 is "its plan is the latest"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from planrace.checker.semantics.describe import in_words, spelled
from planrace.model.language import Bool, Index, Maybe, Op, SetOf, Term
from planrace.model.language.size_limits import DEEPEST

SHORT = 140
"""The most characters of a clause; a longer one is harder to read than the term."""
_VERBS: Mapping[Op, tuple[str, str]] = {
    Op.EQ: ("is", "is not"),
    Op.LT: ("is less than", "is not less than"),
    Op.LE: ("is at most", "is more than"),
    Op.MEMBER: ("is in", "is not in"),
    Op.SUBSET: ("is part of", "is not part of"),
}
_BETWEEN: Mapping[Op, str] = {
    Op.ADD: "plus",
    Op.SUB: "minus",
    Op.MUL: "times",
    Op.DIV: "divided by",
    Op.MOD: "modulo",
    Op.UNION: "and",
    Op.INTERSECTION: "shared with",
    Op.DIFFERENCE: "without",
}
_EXTREMES: Mapping[Op, str] = {Op.MIN: "the least", Op.MAX: "the greatest"}


class _NoWordsError(Exception):
    """The term has an operator that no clause tells better than the term itself."""


def clause(term: Term, who: str, own: Callable[[Term], bool] = lambda _: False) -> str:
    """The condition as a clause in which ``who`` ("enactor 1") is "it"; empty if the term itself reads better. ``own``
    says which variables are its own."""
    if term.depth > DEEPEST:
        return ""
    try:
        made = _Clauses(who, own).true(term)
    except _NoWordsError:
        return ""
    return made if len(made) <= SHORT else ""


class _Clauses:
    """Writes the clauses about one process."""

    def __init__(self, who: str, own: Callable[[Term], bool]) -> None:
        self._who, self._own = who, own
        self._bound: dict[Term, str] = {}

    def true(self, term: Term, *, negated: bool = False) -> str:
        """The clause that says that the condition is true, or that it is false."""
        args = term.args
        match term.op:
            case Op.NOT:
                return self.true(args[0], negated=not negated)
            case Op.AND | Op.OR:
                word = "and" if (term.op is Op.AND) != negated else "or"
                return f" {word} ".join(self.true(a, negated=negated) for a in args)
            case Op.EXISTS | Op.FORALL:
                return self._quantified(term, negated=negated)
            case op if op in _VERBS:
                return f"{self.thing(args[0])} {_VERBS[op][negated]} {self.thing(args[1])}"
            case Op.SELECT | Op.VARIABLE:
                return f"{self.thing(term)} is {'false' if negated else 'true'}"
        raise _NoWordsError

    def _quantified(self, term: Term, *, negated: bool) -> str:
        """A bound variable that occurs once needs no name: "the alias of some endpoint"."""
        variable, body = term.args
        word = "some" if (term.op is Op.EXISTS) != negated else "every"
        if _times(variable, body) == 1:
            none = term.op is Op.EXISTS and negated
            self._bound[variable] = f"{'no' if none else word} {variable.sort.name}"
            return self.true(body, negated=negated and not none)
        return f"for {word} {variable.sort.name} {variable}, {self.true(body, negated=negated)}"

    def thing(self, term: Term) -> str:
        """The value of a term as a noun."""
        makers: Mapping[Op, Callable[[Term], str]] = {
            Op.CONST: self._constant,
            Op.VARIABLE: self._variable,
            Op.BOUND: lambda t: self._bound.get(t, str(t)),
            Op.PARAMETER: str,
            Op.SELECT: self._element,
            Op.SUM: lambda t: f"the sum over all {t.args[0].sort.name}s {t.args[0]} of {self.thing(t.args[1])}",
            Op.COUNT: lambda t: f"the number of {t.args[0].sort.name}s for which {self.true(t.args[1])}",
        }
        if term.op in _EXTREMES:
            return f"{_EXTREMES[term.op]} of {' and '.join(map(self.thing, term.args))}"
        if term.op in _BETWEEN:
            return f"{self.thing(term.args[0])} {_BETWEEN[term.op]} {self.thing(term.args[1])}"
        if term.op not in makers:
            raise _NoWordsError
        return makers[term.op](term)

    def _variable(self, term: Term) -> str:
        """The article goes with values ("the latest"), but not with conditions and sets ("committed is true")."""
        article = "its " if self._own(term) else "" if isinstance(term.sort, Bool | SetOf) else "the "
        return f"{article}{spelled(str(term.data))}"

    def _element(self, term: Term) -> str:
        array, position = term.args
        if array.op is not Op.VARIABLE:
            raise _NoWordsError
        whose = self.thing(position)
        name = spelled(str(array.data))
        return f"its {name}" if whose == self._who else f"the {name} of {whose}"

    def _constant(self, term: Term) -> str:
        word = in_words(term.sort, term.data)
        if isinstance(term.sort, Maybe):
            return f"{term.sort.index.name} {word}" if term.data else word
        return f"{term.sort.name} {word}" if isinstance(term.sort, Index) else word


def _times(variable: Term, body: Term) -> int:
    """How often a variable occurs in a term."""
    return 1 if body is variable else sum(_times(variable, a) for a in body.args)
