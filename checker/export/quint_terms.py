"""Terms of an instance → expressions of Quint.

Numbers and members of an index are ``int`` (no member is 0, called ``none``), an enumeration is a type with a
constructor for each member, a set is a ``Set``, an array is a map from all members of its domain. Sizes keep their
names.

``and``, ``or``, ``implies``, ``if``, ``forall`` and ``exists`` evaluate what decides, as the plain interpreter does.
Where that finds an error of the model (a position that an array does not have, a divisor that is 0, a least member
where there is none), the simulator of Quint finds one, too. Division does not depend on how a tool rounds: the
simulator rounds towards 0, TLA+ rounds down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from planrace.checker.export.quint_names import QuintNames, capital, field_name, outcome_texts, step_label
from planrace.checker.export.quint_text import (
    FALSE,
    PLUS,
    TIMES,
    TRUE,
    QuintText,
    call,
    choose,
    compared,
    conjunction,
    disjunction,
    function,
    implied,
    infix,
    negated,
    number,
)
from planrace.model.language import Array, Instance, Op, SetOf, Term
from planrace.model.language.intervals import intervals
from planrace.model.language.named_terms import NamedTerm, matched
from planrace.model.language.number_ranges import Interval
from planrace.model.language.sorts import (
    Bool,
    Enum,
    Int,
    Maybe,
    Parameter,
    Presence,
    Scalar,
    Size,
    Sort,
    Ticks,
    bounds_of,
)
from planrace.model.language.structural import Structural

HELPERS: Mapping[str, str] = {
    "minimum": "pure def {}(a: int, b: int): int = if (a <= b) a else b",
    "maximum": "pure def {}(a: int, b: int): int = if (a >= b) a else b",
    "remainder": "pure def {}(a: int, b: int): int = if (a % b != 0 and (a % b < 0) != (b < 0)) a % b + b else a % b",
    "none": "pure val {} = 0",
}
"""Definitions that are written where they are used."""


@dataclass(frozen=True, eq=False)
class QuintSight(Structural):
    """Where a term stands: the expressions of its bound variables; what each variable is called there (None: by its
    name), and after the step; whether the author's names of terms may be used."""

    bound: Mapping[Term, QuintText] = field(default_factory=dict)
    called: Mapping[str, str] | None = None
    named: bool = True

    def but(self, variable: Term, value: QuintText) -> QuintSight:
        return replace(self, bound={**self.bound, variable: value})

    @property
    def seen(self) -> frozenset[str]:
        """The names of all bound variables."""
        return frozenset(b.text for b in self.bound.values())


class QuintTerms:
    """Writes the terms of one instance. ``sorts`` are the sorts whose sets of members have a name, ``enumerations``
    those that have a type, ``helpers`` the definitions that were used."""

    def __init__(self, instance: Instance, names: QuintNames) -> None:
        self.instance = instance
        self.names = names
        self.sorts: dict[str, tuple[Scalar, str]] = {}
        self.enumerations: dict[str, Enum] = {}
        self.helpers: set[str] = set()
        self._known: dict[Term, Interval] = {}

    def write(self, term: Term, sight: QuintSight) -> QuintText:
        """The expression for a term."""
        if sight.named:
            found = self._by_name(term, sight)
            if found is not None:
                return found
        return self.written_out(term, sight)

    def written_out(self, term: Term, sight: QuintSight) -> QuintText:
        """The expression for a term, itself without the author's name for it."""
        try:
            handler = HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"Quint has no handler for {term.op}") from None
        return handler(self, term, sight)

    def usable(self, n: NamedTerm) -> bool:
        """Whether a name of a term is a definition here: an array is read element by element instead."""
        return not isinstance(n.term.sort, Array)

    def _by_name(self, term: Term, sight: QuintSight) -> QuintText | None:
        """The author's name for a term, if there is one."""
        for n in self.instance.system.named_terms:
            members: dict[Term, Term] = {}
            if n.term.op is term.op and self.usable(n) and matched(n.term, term, frozenset(n.holes), members):
                name = self.names.of("name", n.name, f"{n.name}_value")
                given = [self.write(members[h], sight).text for h in n.holes]
                return QuintText(f"{name}({', '.join(given)})" if given else name)
        return None

    def reach(self, term: Term) -> Interval:
        """Bounds for the value of a term, or for the elements of a set."""
        if term not in self._known:
            self._known.update(intervals(self.instance, [term]))
        return self._known[term]

    def helper(self, name: str) -> str:
        """The name of one of ``HELPERS``, which is used."""
        self.helpers.add(name)
        return self.names.of("helper", name, f"the_{name}")

    # Sorts -----------------------------------------------------------------------------------------------------
    def type_of(self, sort: Sort) -> str:
        match sort:
            case Bool():
                return "bool"
            case Enum():
                self.enumerations.setdefault(repr(sort), sort)
                return self.names.of(f"type {sort!r}", capital(sort.name), f"{capital(sort.name)}Type")
            case SetOf(element=element):
                return f"Set[{self.type_of(element)}]"
            case Array(domain=domain, element=element):
                return f"{self.type_of(domain)} -> {self.type_of(element)}"
            case _:
                return "int"

    def members(self, sort: Scalar) -> QuintText:
        """The set of all members of a scalar sort."""
        if isinstance(sort, Bool):
            return QuintText("Set(false, true)")
        plain = isinstance(sort, Int) and (sort.name == "number" or isinstance(sort, Ticks | Presence))
        if plain:
            return self.members_in_full(sort)
        key = repr(sort)
        if key not in self.sorts:
            wanted = f"{capital(sort.index.name)}OrNone" if isinstance(sort, Maybe) else capital(sort.name)
            self.sorts[key] = sort, self.names.of(f"members of {key}", wanted, f"{wanted}Members")
        return QuintText(self.sorts[key][1])

    def members_in_full(self, sort: Scalar) -> QuintText:
        """The same without its name."""
        if isinstance(sort, Enum):
            return QuintText(f"Set({', '.join(self.constant(n, sort).text for n in range(len(sort.members)))})")
        if isinstance(sort, Maybe):
            return call(self.members(sort.index), "union", f"Set({self.helper('none')})")
        low, high = map(self.size, bounds_of(sort))
        return call(low, "to", high)

    def in_order(self, sort: Scalar) -> QuintText:
        """The list of all members of a scalar sort, ascending."""
        if isinstance(sort, Bool):
            return QuintText("[false, true]")
        if isinstance(sort, Enum):
            return QuintText(f"[{', '.join(self.constant(n, sort).text for n in range(len(sort.members)))}]")
        low, high = bounds_of(sort)
        after = number(high + 1) if isinstance(high, int) else infix("+", PLUS, [self.size(high), number(1)])
        return QuintText(f"range({self.size(low).text}, {after.text})")

    def size(self, size: Size) -> QuintText:
        if isinstance(size, int):
            return number(size)
        return self.parameter(size) if isinstance(size, Parameter) else self.write(size.term, QuintSight())

    def parameter(self, p: Parameter) -> QuintText:
        return QuintText(self.names.of("parameter", p.name, f"{p.name}_size"))

    def constant(self, value: int, sort: Scalar) -> QuintText:
        if isinstance(sort, Bool):
            return TRUE if value else FALSE
        if isinstance(sort, Enum):
            self.type_of(sort)
            member = sort.members[value]
            return QuintText(self.names.of(f"member of {sort!r}", member, f"{capital(sort.name)}_{member}"))
        if isinstance(sort, Maybe) and value == 0:
            return QuintText(self.helper("none"))
        return number(value)

    def fits(self, text: QuintText, sort: Sort, seen: frozenset[str] = frozenset()) -> QuintText:
        """The condition that a value is in the range of its sort."""
        match sort:
            case Bool() | Enum() | SetOf(element=Bool() | Enum()):
                return TRUE
            case SetOf(element=element):
                return call(text, "subseteq", self.members(element))
            case Array(domain=domain, element=element):
                name = self.names.local("k", seen)
                inner = self.fits(call(text, "get", name), element, seen | {name})
                return TRUE if inner == TRUE else call(self.members(domain), "forall", function([name], inner))
            case _:
                return call(text, "in", self.members(sort))

    # Places in arrays ------------------------------------------------------------------------------------------
    def variable(self, name: str, sight: QuintSight) -> QuintText:
        if sight.called is not None:
            return QuintText(sight.called[name])
        return QuintText(self.names.of("variable", name, f"{name}_now"))

    def element(self, array: Term, path: Sequence[tuple[QuintText, Interval]], sight: QuintSight) -> QuintText:
        """The element of an array term at a path of positions, each with its bounds. Other elements are not evaluated
        (a map would have them all evaluated)."""
        match array.op:
            case Op.SELECT:
                position = array.args[1]
                at = (self.write(position, sight), self.reach(position))
                return self.element(array.args[0], [at, *path], sight)
            case Op.PRIMED:
                return self.element(array.args[0], path, after(sight))
            case Op.ITE:
                test, then, other = array.args
                then_text, other_text = (self.element(a, path, sight) for a in (then, other))
                return choose(self.write(test, sight), then_text, other_text)
            case Op.EACH if path:
                return self._element_of_each(array, path, sight)
            case Op.VARIABLE:
                found = self.variable(array.data, sight)
                for place, _ in path:
                    found = call(found, "get", place)
                return found
            case Op.EACH:
                variable, body = array.args
                inside, name = self.inside(variable, sight)
                return call(self.members(variable.sort), "mapBy", function([name], self.write(body, inside)))  # type: ignore[arg-type]
            case _:
                raise NotImplementedError(f"Quint has no handler for the array {array.op}")

    def _element_of_each(self, array: Term, path: Sequence[tuple[QuintText, Interval]], sight: QuintSight) -> QuintText:
        variable, body = array.args
        (at, (least, most)), *rest = path
        sort: Any = variable.sort
        low, high = self.instance.bounds(sort)
        if low <= least and most <= high:
            here = sight.but(variable, at)
            return self.element(body, rest, here) if rest else self.write(body, here)
        inside, name = self.inside(variable, sight)
        element = self.element(body, rest, inside) if rest else self.write(body, inside)
        there = call(QuintText(f"Set({at.text})"), "intersect", self.members(sort))
        return call(call(there, "mapBy", function([name], element)), "get", at)

    def inside(self, variable: Term, sight: QuintSight) -> tuple[QuintSight, str]:
        """The sight in a binder, and what its variable is called there."""
        name = self.names.local(str(variable.data[0]), sight.seen)
        return sight.but(variable, QuintText(name)), name

    def over(self, t: Term, operator: str, s: QuintSight) -> QuintText:
        """A binder as an operator of the set of members."""
        variable, body = t.args
        inside, name = self.inside(variable, s)
        return call(self.members(variable.sort), operator, function([name], self.write(body, inside)))  # type: ignore[arg-type]


def after(sight: QuintSight) -> QuintSight:
    """The sight of the state after the step, whose variables are called as usual."""
    return replace(sight, called=None)


# Handlers, one for each operator -------------------------------------------------------------------------------
QuintHandler = Callable[[QuintTerms, Term, QuintSight], QuintText]


def _all(g: QuintTerms, t: Term, s: QuintSight) -> list[QuintText]:
    return [g.write(a, s) for a in t.args]


def _method(name: str) -> QuintHandler:
    def handler(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
        first, *others = _all(g, t, s)
        return call(first, name, *others)

    return handler


def _sign(sign: str, binds: int) -> QuintHandler:
    return lambda g, t, s: infix(sign, binds, _all(g, t, s))


_OPPOSITE = {Op.EQ: "!=", Op.LT: ">=", Op.LE: ">"}


def _not(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    (inner,) = t.args
    if inner.op in _OPPOSITE:
        return compared(_OPPOSITE[inner.op], *_all(g, inner, s))
    return negated(g.write(inner, s))


def _or(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    if len(t.args) == 2 and t.args[0].op is Op.NOT:
        return implied(g.write(t.args[0].args[0], s), g.write(t.args[1], s))
    return disjunction(_all(g, t, s))


def _natural(g: QuintTerms, t: Term) -> bool:
    """Whether all tools divide alike: neither part is negative."""
    return all(g.reach(a)[0] >= 0 for a in t.args)


def _remainder(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    a, b = _all(g, t, s)
    return infix("%", TIMES, [a, b]) if _natural(g, t) else QuintText(f"{g.helper('remainder')}({a.text}, {b.text})")


def _quotient(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    """What is left over is taken off first."""
    a, b = _all(g, t, s)
    if _natural(g, t):
        return infix("/", TIMES, [a, b])
    rest = QuintText(f"{g.helper('remainder')}({a.text}, {b.text})")
    return infix("/", TIMES, [infix("-", PLUS, [a, rest]), b])


def _extreme(name: str) -> QuintHandler:
    def handler(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
        found, *others = _all(g, t, s)
        for other in others:
            found = QuintText(f"{g.helper(name)}({found.text}, {other.text})")
        return found

    return handler


def _last(g: QuintTerms, t: Term) -> QuintText:
    return g.size(bounds_of(t.sort)[1])  # type: ignore[arg-type]


def _following(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    next_one = infix("+", PLUS, [g.write(t.args[0], s), number(1)])
    return QuintText(f"{g.helper('minimum')}({next_one.text}, {_last(g, t).text})")


def _preceding(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    one_before = infix("-", PLUS, [g.write(t.args[0], s), number(1)])
    return QuintText(f"{g.helper('maximum')}({one_before.text}, 1)")


def _sum(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    variable, body = t.args
    inside, name = g.inside(variable, s)
    total = g.names.local("total", inside.seen)
    added = infix("+", PLUS, [QuintText(total), g.write(body, inside)])
    return call(g.members(variable.sort), "fold", "0", function([total, name], added))  # type: ignore[arg-type]


def _least(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    variable, body = t.args
    inside, name = g.inside(variable, s)
    found = call(g.in_order(variable.sort), "select", function([name], g.write(body, inside)))  # type: ignore[arg-type]
    return call(found, "head")


def _set(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    return QuintText(f"Set({', '.join(a.text for a in _all(g, t, s))})")


def _taken(g: QuintTerms, t: Term, s: QuintSight) -> QuintText:
    action, outcome, named = t.data
    declared = next((a for a in g.instance.system.actions.values() if a.name == action), None)
    if declared is None or not set(named) <= {str(p) for p in declared.parameters}:
        return FALSE
    it = g.names.local("its", s.seen)
    parts = []
    if outcome is not None:
        if outcome not in declared.outcome_names:
            return FALSE
        parts.append(compared("==", QuintText(f"{it}.outcome"), QuintText(f'"{outcome_texts(declared)[outcome]}"')))
    for name, a in zip(named, t.args, strict=True):
        parts.append(compared("==", QuintText(f"{it}.{field_name(name)}"), g.write(a, s)))
    label = step_label(g.names, action)
    return QuintText(f"(match lastStep {{ | {label}({it}) => {conjunction(parts).text} | _ => false }})")


HANDLERS: Mapping[Op, QuintHandler] = {
    Op.CONST: lambda g, t, s: g.constant(int(t.data), t.sort),  # type: ignore[arg-type]
    Op.PARAMETER: lambda g, t, s: g.parameter(t.data),
    Op.VARIABLE: lambda g, t, s: g.variable(t.data, s),
    Op.BOUND: lambda g, t, s: s.bound[t],
    Op.SELECT: lambda g, t, s: g.element(t, [], s),
    Op.NOT: _not,
    Op.AND: lambda g, t, s: conjunction(_all(g, t, s)),
    Op.OR: _or,
    Op.EQ: lambda g, t, s: compared("==", *_all(g, t, s)),
    Op.LT: lambda g, t, s: compared("<", *_all(g, t, s)),
    Op.LE: lambda g, t, s: compared("<=", *_all(g, t, s)),
    Op.ITE: lambda g, t, s: choose(*_all(g, t, s)),
    Op.ADD: _sign("+", PLUS),
    Op.SUB: _sign("-", PLUS),
    Op.MUL: _sign("*", TIMES),
    Op.DIV: _quotient,
    Op.MOD: _remainder,
    Op.MIN: _extreme("minimum"),
    Op.MAX: _extreme("maximum"),
    Op.FIRST: lambda g, t, s: number(1),
    Op.LAST: lambda g, t, s: _last(g, t),
    Op.FOLLOWING: _following,
    Op.PRECEDING: _preceding,
    Op.POSITION: lambda g, t, s: g.write(t.args[0], s),
    Op.SET: _set,
    Op.MEMBER: _method("in"),
    Op.UNION: _method("union"),
    Op.INTERSECTION: _method("intersect"),
    Op.DIFFERENCE: _method("exclude"),
    Op.SUBSET: _method("subseteq"),
    Op.COMPREHENSION: lambda g, t, s: g.over(t, "filter", s),
    Op.FORALL: lambda g, t, s: g.over(t, "forall", s),
    Op.EXISTS: lambda g, t, s: g.over(t, "exists", s),
    Op.COUNT: lambda g, t, s: call(g.over(t, "filter", s), "size"),
    Op.SUM: _sum,
    Op.LEAST: _least,
    Op.EACH: lambda g, t, s: g.element(t, [], s),
    Op.PRIMED: lambda g, t, s: g.write(t.args[0], after(s)),
    Op.TAKEN: _taken,
}
