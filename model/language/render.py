"""Terms as text, for errors, reports and ``repr``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planrace.model.language.operators import Op
from planrace.model.language.size_limits import DEEPEST, LARGEST, READABLE
from planrace.model.language.sorts import Bool, Enum, Maybe, Scalar, describe
from planrace.model.language.terms import Term, substitute, subterms

_INFIX = {
    Op.EQ: " = ",
    Op.LT: " < ",
    Op.LE: " ≤ ",
    Op.ADD: " + ",
    Op.SUB: " - ",
    Op.MUL: " · ",
    Op.DIV: " // ",
    Op.MOD: " % ",
    Op.MEMBER: " ∈ ",
    Op.UNION: " ∪ ",
    Op.INTERSECTION: " ∩ ",
    Op.DIFFERENCE: " ∖ ",
    Op.SUBSET: " ⊆ ",
    Op.AND: " ∧ ",
    Op.OR: " ∨ ",
}
_NEGATED = {Op.EQ: " ≠ ", Op.MEMBER: " ∉ "}


def value_text(value: int, sort: Scalar) -> str:
    """The text of a scalar of ``sort``."""
    match sort:
        case Bool():
            return "true" if value else "false"
        case Enum(members=members):
            return members[value]
        case Maybe() if value == 0:
            return "none"
        case _:
            return str(value)


def render(term: Term) -> str:
    """``term`` in the notation of the protocol's tables."""
    if term.depth > DEEPEST or term.parts > READABLE:
        return f"a term of {term.parts:,} parts" if term.parts < LARGEST else "a very large term"
    term = applied(term)
    if (size := magnitude(term)) is not None:
        return f"|{render(size)}|"
    if term.op in _INFIX:
        return _infix(term, _INFIX[term.op])
    return _TEXT[term.op](term)


def start_text(starts: Sequence[Term], text: Callable[[Term], str] = render) -> str:
    """The initial values of a variable (``Variable.starts``) in words; ``text`` writes a term."""
    if not starts:
        return "any value"
    return text(starts[0]) if len(starts) == 1 else f"one of {', '.join(map(text, starts))}"


def applied(term: Term) -> Term:
    """Simplify reading one element of an array, or of several, that ``each`` makes: ``length[2] < 3``, not
    ``[m ↦ …][2]``."""
    while term.op is Op.SELECT:
        array, position = applied(term.args[0]), term.args[1]
        if array.op is not Op.EACH:
            break
        variable, body = array.args
        term = substitute(body, {variable: position})
    return term


def magnitude(term: Term) -> Term | None:
    """The term of which ``term`` is the absolute value."""
    if term.op is Op.MAX and len(term.args) == 2 and (of := opposite(term.args[1])) is term.args[0]:
        return of
    return None


def opposite(term: Term) -> Term | None:
    """The term of which ``term`` is the negative."""
    if term.op is Op.SUB and term.args[0].op is Op.CONST and term.args[0].data == 0:
        return term.args[1]
    return None


def _inner(term: Term) -> str:
    term = applied(term)
    compound = (term.op in _INFIX) or term.op in (Op.ITE, Op.FORALL, Op.EXISTS)
    return f"({render(term)})" if compound else render(term)


def _infix(term: Term, sign: str) -> str:
    if (of := opposite(term)) is not None:
        return f"-{_inner(of)}"
    return sign.join(_inner(a) for a in term.args)


def _negation(term: Term) -> str:
    (body,) = term.args
    if body.op in _NEGATED:
        return _infix(body, _NEGATED[body.op])
    return f"¬{_inner(body)}"


def _constant(term: Term) -> str:
    sort = term.sort
    assert not hasattr(sort, "domain")
    return value_text(term.data, sort)  # type: ignore[arg-type]


def _taken(term: Term) -> str:
    action, outcome, names = term.data
    picks = ", ".join(f"{n}={render(a)}" for n, a in zip(names, term.args, strict=True))
    return f"taken {action}({picks})" + (f" {outcome}" if outcome else "")


def _enabled(term: Term) -> str:
    action, names, stands = term.data
    picks = ", ".join(f"{n}={render(a)}" for n, a in zip(names, term.args, strict=True))
    return f"{'at' if stands else 'enabled'} {action}({picks})"


def _quantifier(term: Term) -> str:
    variable, body = term.args
    return f"{term.op.value}{render(variable)} ∈ {describe(variable.sort)}. {render(body)}"


def _count(term: Term) -> str:
    variable, body = term.args
    if body.op is Op.MEMBER and body.args[0] is variable and all(t is not variable for t in subterms(body.args[1])):
        return f"|{render(body.args[1])}|"
    return f"count({_quantifier(term).removeprefix('count')})"


def _listed(term: Term) -> str:
    return f"{term.op.value}({', '.join(map(render, term.args))})"


_TEXT: dict[Op, Callable[[Term], str]] = {
    Op.CONST: _constant,
    Op.PARAMETER: lambda t: str(t.data),
    Op.VARIABLE: lambda t: str(t.data),
    Op.BOUND: lambda t: str(t.data[0]),
    Op.SELECT: lambda t: f"{_inner(t.args[0])}[{render(t.args[1])}]",
    Op.NOT: _negation,
    Op.ITE: lambda t: f"if {render(t.args[0])} then {render(t.args[1])} else {render(t.args[2])}",
    Op.MIN: _listed,
    Op.MAX: _listed,
    Op.FIRST: lambda t: f"first {describe(t.sort)}",
    Op.LAST: lambda t: f"last {describe(t.sort)}",
    **dict.fromkeys((Op.FOLLOWING, Op.PRECEDING, Op.POSITION), _listed),
    Op.SET: lambda t: "{" + ", ".join(render(a) for a in t.args) + "}" if t.args else "∅",
    Op.COMPREHENSION: lambda t: f"{{{render(t.args[0])} : {render(t.args[1])}}}",
    Op.FORALL: _quantifier,
    Op.EXISTS: _quantifier,
    Op.COUNT: _count,
    Op.SUM: lambda t: f"sum({_quantifier(t).removeprefix('sum')})",
    Op.LEAST: lambda t: f"least({_quantifier(t).removeprefix('least')})",
    Op.EACH: lambda t: f"[{render(t.args[0])} ↦ {render(t.args[1])}]",
    Op.PRIMED: lambda t: f"{_inner(t.args[0])}′",
    Op.TAKEN: _taken,
    Op.ENABLED: _enabled,
}
