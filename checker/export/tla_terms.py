"""Terms of a finite instance → expressions of TLA+.

Numbers are numbers, truth values are ``TRUE`` and ``FALSE``, members of an enumeration are strings, sets are sets and
arrays are functions. Members of a symmetric index are model values, unless something depends on their order; of other
indices they are 1…n. No member is the model value ``None``. What has no value here, such as an element that an array
does not have, has none there, so TLC reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planrace.checker.export.tla_names import TlaNames, title
from planrace.checker.export.tla_sight import TlaSight
from planrace.checker.export.tla_text import (
    FALSE,
    TRUE,
    K,
    TlaText,
    binder,
    conditional,
    implication,
    infix,
    junction,
    negation,
    quoted,
)
from planrace.model.language import Array, Instance, ModelError, Op, SetOf, Term
from planrace.model.language.errors import Place
from planrace.model.language.intervals import beyond, intervals, may_fail
from planrace.model.language.number_ranges import Interval
from planrace.model.language.render import applied
from planrace.model.language.sorts import Bool, Enum, Index, Int, Maybe, Presence, Scalar, Size, Sort, Ticks
from planrace.model.language.terms import substitute, subterms

LEAST, GREATEST = -(2**31), 2**31 - 1
"""TLC's numbers."""
HELPERS: Mapping[str, Sequence[str]] = {
    "Min": ("Min(a, b) == IF a <= b THEN a ELSE b",),
    "Max": ("Max(a, b) == IF a >= b THEN a ELSE b",),
    "Least": ("Least(S) == CHOOSE x \\in S : \\A y \\in S : x <= y",),
    "Sum": (
        "RECURSIVE Sum(_, _)",
        "Sum(f, S) == IF S = {} THEN 0 ELSE LET x == CHOOSE x \\in S : TRUE IN f[x] + Sum(f, S \\ {x})",
    ),
}
"""Definitions that a module has if it uses them."""


class TlaTerms:
    """Writes the terms of one instance. ``sorts`` collects the definitions of sorts, ``helpers`` the names of the
    HELPERS that are used, ``has_none`` whether ``None`` is. ``taken`` writes an action that a step is, without a
    label."""

    def __init__(self, instance: Instance, names: TlaNames, ordered: frozenset[Index]) -> None:
        self.instance = instance
        self.names = names
        self.ordered = ordered
        self.where: Place | None = None
        self.sorts: dict[str, str] = {}
        self.helpers: dict[str, None] = {}
        self.has_none = False
        self.taken: Callable[[Term, TlaSight], TlaText] | None = None
        self._known: dict[Term, Interval] = {}
        self._strings: dict[Enum, dict[str, str]] = {}

    def write(self, term: Term, sight: TlaSight) -> TlaText:
        """The expression for a term. Raises ``ModelError`` for numbers beyond 32 bits."""
        try:
            handler = HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"TLA+ has no handler for {term.op}") from None
        return handler(self, term, sight)

    def reach(self, term: Term) -> Interval:
        """Bounds for the value of a term, or for the elements of a set."""
        if term not in self._known:
            self._known.update(intervals(self.instance, [term]))
        return self._known[term]

    def is_symmetric(self, sort: Sort) -> bool:
        """Whether its members are model values."""
        return isinstance(sort, Index) and sort.symmetric and sort not in self.ordered

    def helper(self, name: str) -> str:
        self.helpers.setdefault(name)
        return name

    # Sorts -----------------------------------------------------------------------------------------------------
    def sort(self, sort: Sort) -> TlaText:
        """The set of the values of a sort."""
        match sort:
            case Bool():
                return TlaText("BOOLEAN")
            case Maybe(index=of):
                return infix("\\cup", K.SETS, self.sort(of), TlaText("{" + self.none() + "}"))
            case SetOf(element=element):
                return TlaText(f"SUBSET {self.sort(element).within(K.ATOM)}", K.SETS)
            case Array(domain=domain, element=element):
                return TlaText(f"[{self.sort(domain).text} -> {self.sort(element).text}]")
            case Int(low=low, high=high):
                return self._named(sort, ends(self.size(low), self.size(high)))
            case Enum(members=members):
                return self._named(sort, TlaText("{" + ", ".join(self.member(sort, m).text for m in members) + "}"))
            case Index(size=size):
                if self.is_symmetric(sort):
                    return TlaText(self.name_of(sort))
                return self._named(sort, ends(TlaText("1"), self.size(size)))
        raise NotImplementedError(f"TLA+ has no set for {sort}")

    def name_of(self, sort: Index | Enum | Int) -> str:
        """The name of a sort in the module."""
        return self.names.of("sort", sort, title(sort.name), f"{title(sort.name)}Set")

    def _named(self, sort: Index | Enum | Int, members: TlaText) -> TlaText:
        if isinstance(sort, Presence | Ticks) or sort.name == "number":
            return members
        name = self.name_of(sort)
        self.sorts.setdefault(name, members.text)
        return TlaText(name)

    def size(self, size: Size) -> TlaText:
        """A bound of a sort."""
        if isinstance(size, int):
            return self.number(size)
        return self.write(size.term, TlaSight())

    def member(self, sort: Enum, name: str) -> TlaText:
        return quoted(name, self._strings.setdefault(sort, {}))

    def none(self) -> str:
        self.has_none = True
        return "None"

    # Constants -------------------------------------------------------------------------------------------------
    def number(self, value: int) -> TlaText:
        if not LEAST <= value <= GREATEST:
            raise ModelError(
                f"TLA+: the number {value} is beyond the 32 bits of TLC",
                where=self.where,
                remedy="choose smaller numbers",
            )
        if value == LEAST:  # TLC reads the digits without their sign
            return TlaText(f"({LEAST + 1} - 1)")
        return TlaText(str(value), K.ATOM if value >= 0 else K.NEGATIVE)

    def constant(self, value: int, sort: Scalar) -> TlaText:
        """A scalar of a sort."""
        if isinstance(sort, Bool):
            return TRUE if value else FALSE
        if isinstance(sort, Enum):
            return self.member(sort, sort.members[value])
        if isinstance(sort, Maybe):
            return TlaText(self.none()) if value == 0 else self.constant(value, sort.index)
        if self.is_symmetric(sort):
            raise NotImplementedError(f"{sort.name} has a constant, so its members are numbers")
        return self.number(value)

    def value(self, value: Any, sort: Sort) -> TlaText:
        """A value as the interpreter has it: a number, a set of numbers or a tuple."""
        if isinstance(sort, SetOf):
            return TlaText("{" + ", ".join(self.constant(m, sort.element).text for m in sorted(value)) + "}")
        assert not isinstance(sort, Array), sort
        return self.constant(int(value), sort)

    # Binders ---------------------------------------------------------------------------------------------------
    def opened(self, variable: Term, sight: TlaSight, name: str | None = None) -> tuple[TlaText, str, TlaSight]:
        """A name for a bound variable, ``x \\in S``, and the sight inside."""
        beside = frozenset(t.text for t in sight.bound.values())
        fresh = TlaText(self.names.free((name or variable.data[0],), beside))
        return fresh, f"{fresh.text} \\in {self.sort(variable.sort).within(K.RELATION)}", sight.but(variable, fresh)

    def chosen(self, term: Term, sight: TlaSight) -> TlaText:
        """The set of members for which the body of a binder holds."""
        variable, body = term.args
        _, among, inside = self.opened(variable, sight)
        if body.op is Op.MEMBER and body.args[0] is variable and _is_place(body.args[1]):
            held = body.args[1]
            if isinstance(held.sort, SetOf) and held.sort.element == variable.sort and not _mentions(held, variable):
                return self.write(held, sight)
        return TlaText(f"{{{among} : {self.write(body, inside).text}}}")


def ends(low: TlaText, high: TlaText) -> TlaText:
    """The set of the numbers from one to another."""
    return TlaText(f"{low.within(K.RANGE)}..{high.within(K.RANGE)}", K.RANGE)


def _is_place(term: Term) -> bool:
    """Whether it is a variable or an element of one: a set that has members of its sort only."""
    while term.op is Op.SELECT:
        term = term.args[0]
    return term.op is Op.VARIABLE


def _mentions(term: Term, variable: Term) -> bool:
    return any(t is variable for t in subterms(term))


# Handlers, one for each operator -------------------------------------------------------------------------------
Handler = Callable[[TlaTerms, Term, TlaSight], TlaText]


def _all(g: TlaTerms, t: Term, s: TlaSight) -> list[TlaText]:
    return [g.write(a, s) for a in t.args]


def _two(sign: str, kind: K) -> Handler:
    return lambda g, t, s: infix(sign, kind, *_all(g, t, s))


def _variable(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    name = g.names.of("variable", t.data, t.data)
    return TlaText(f"{name}'" if s.primed else name)


def _select(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    if t in s.bound:  # what a step changes, as it was
        return s.bound[t]
    array, position = t.args
    if array.op is Op.EACH:
        assert isinstance(array.sort, Array)
        if isinstance(array.sort.domain, Presence) and position.op is Op.ITE and _is_presence(position):
            body = g.write(applied(substitute(array.args[1], {array.args[0]: position.args[1]})), s)
            return TlaText(f"CASE {g.write(position.args[0], s).text} -> {body.text}", K.OPEN)
        if not beyond(g.instance, t, g.reach(position)):
            return g.write(applied(t), s)
    return TlaText(f"{g.write(array, s).within(K.ATOM)}[{g.write(position, s).text}]")


def _is_presence(position: Term) -> bool:
    return all(a.op is Op.CONST for a in position.args[1:]) and [a.data for a in position.args[1:]] == [1, 0]


def _not(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    (inner,) = t.args
    if inner.op in OPPOSITE:
        return infix(OPPOSITE[inner.op], K.RELATION, *_all(g, inner, s))
    return negation(g.write(inner, s))


OPPOSITE = {Op.EQ: "#", Op.MEMBER: "\\notin", Op.LT: ">=", Op.LE: ">"}


def _or(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    first, *rest = t.args
    if first.op is Op.NOT and rest and first.args[0].op not in (Op.EQ, Op.MEMBER):
        return implication(g.write(first.args[0], s), junction(K.OR, [g.write(a, s) for a in rest]))
    return junction(K.OR, _all(g, t, s))


def _sub(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    a, b = _all(g, t, s)
    if a.text == "0":
        return TlaText(f"-{b.within(K.NEGATIVE)}", K.NEGATIVE)
    return infix("-", K.PLUS, a, b)


def _mod(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    a, b = _all(g, t, s)
    if g.reach(t.args[1])[0] > 0:
        return TlaText(f"{a.within(K.TIMES)} % {b.within(K.TIMES)}", K.PLUS)
    return infix("-", K.PLUS, a, infix("*", K.TIMES, b, infix("\\div", K.TIMES, a, b)))


def _extreme(name: str) -> Handler:
    def handler(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
        *early, found = _all(g, t, s)
        for a in reversed(early):
            found = TlaText(f"{g.helper(name)}({a.text}, {found.text})")
        return found

    return handler


def _following(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    assert isinstance(t.sort, Index)
    a = infix("+", K.PLUS, g.write(t.args[0], s), TlaText("1"))
    return TlaText(f"{g.helper('Min')}({a.text}, {g.size(t.sort.size).text})")


def _preceding(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    a = infix("-", K.PLUS, g.write(t.args[0], s), TlaText("1"))
    return TlaText(f"{g.helper('Max')}({a.text}, 1)")


def _last(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    assert isinstance(t.sort, Index)
    return g.size(t.sort.size)


def _quantifier(sign: str) -> Handler:
    def handler(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
        _, among, inside = g.opened(t.args[0], s)
        return binder(f"{sign} {among} :", g.write(t.args[1], inside))

    return handler


def _comprehension(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    return g.chosen(t, s)


def _each(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    _, among, inside = g.opened(t.args[0], s)
    return TlaText(f"[{among} |-> {g.write(t.args[1], inside).text}]")


def _sum(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    variable, body = t.args
    _, among, inside = g.opened(variable, s)
    return TlaText(f"{g.helper('Sum')}([{among} |-> {g.write(body, inside).text}], {g.sort(variable.sort).text})")


def _least(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    """Members of a word's sort have no order there, and where the body may have no value only the members up to the
    least are tried, as here."""
    variable, body = t.args
    if isinstance(variable.sort, Int | Index) and not may_fail(g.instance, body):
        return TlaText(f"{g.helper('Least')}({g.chosen(t, s).text})")
    found = TlaText("CHOOSE none \\in {} : TRUE", K.OPEN)
    for n in reversed(g.instance.members(variable.sort)):  # type: ignore[arg-type]
        member = g.constant(n, variable.sort)  # type: ignore[arg-type]
        found = conditional(g.write(body, s.but(variable, member)), member, found)
    return found


def _taken(g: TlaTerms, t: Term, s: TlaSight) -> TlaText:
    action, outcome, names = t.data
    if s.label is None:
        assert g.taken is not None
        return g.taken(t, s)
    if s.label.action.name != action or outcome not in (None, s.label.action.outcomes[s.label.outcome].name):
        return FALSE
    if any(n not in s.label.given for n in names):
        return FALSE
    pairs = zip(names, t.args, strict=True)
    return junction(K.AND, [infix("=", K.RELATION, s.label.given[n], g.write(a, s)) for n, a in pairs])


HANDLERS: Mapping[Op, Handler] = {
    Op.CONST: lambda g, t, s: g.constant(int(t.data), t.sort),  # type: ignore[arg-type]
    Op.PARAMETER: lambda g, t, s: TlaText(g.names.of("parameter", t.data.name, t.data.name)),
    Op.VARIABLE: _variable,
    Op.BOUND: lambda g, t, s: s.bound[t],
    Op.SELECT: _select,
    Op.NOT: _not,
    Op.AND: lambda g, t, s: junction(K.AND, _all(g, t, s)),
    Op.OR: _or,
    Op.EQ: _two("=", K.RELATION),
    Op.LT: _two("<", K.RELATION),
    Op.LE: _two("<=", K.RELATION),
    Op.ITE: lambda g, t, s: conditional(*_all(g, t, s)),
    Op.ADD: _two("+", K.PLUS),
    Op.SUB: _sub,
    Op.MUL: _two("*", K.TIMES),
    Op.DIV: _two("\\div", K.TIMES),
    Op.MOD: _mod,
    Op.MIN: _extreme("Min"),
    Op.MAX: _extreme("Max"),
    Op.FIRST: lambda g, t, s: TlaText("1"),
    Op.LAST: _last,
    Op.FOLLOWING: _following,
    Op.PRECEDING: _preceding,
    Op.POSITION: lambda g, t, s: g.write(t.args[0], s),
    Op.SET: lambda g, t, s: TlaText("{" + ", ".join(a.text for a in _all(g, t, s)) + "}"),
    Op.MEMBER: _two("\\in", K.RELATION),
    Op.UNION: _two("\\cup", K.SETS),
    Op.INTERSECTION: _two("\\cap", K.SETS),
    Op.DIFFERENCE: _two("\\", K.SETS),
    Op.SUBSET: _two("\\subseteq", K.RELATION),
    Op.COMPREHENSION: _comprehension,
    Op.FORALL: _quantifier("\\A"),
    Op.EXISTS: _quantifier("\\E"),
    Op.COUNT: lambda g, t, s: TlaText(f"Cardinality({g.chosen(t, s).text})"),
    Op.SUM: _sum,
    Op.LEAST: _least,
    Op.EACH: _each,
    Op.PRIMED: lambda g, t, s: g.write(t.args[0], replace(s, primed=True)),
    Op.TAKEN: _taken,
}
