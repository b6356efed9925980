"""Terms of a finite instance → expressions of Promela.

A scalar is its number (a member of an enumeration its name, which a macro makes a number), a set is a bit mask in
which bit n stands for member n, an array has its elements at their positions. Quantifiers are written out, because
Promela has none. Operators bind as in C. As in the plain interpreter, ``&&``, ``||`` and ``(a -> b : c)`` evaluate only
what decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planrace.checker.export.names import PromelaNames
from planrace.checker.export.promela_text import (
    BIT_AND,
    EQUAL,
    FALSE,
    ORDER,
    PLUS,
    TIMES,
    TRUE,
    PromelaText,
    bit,
    bits,
    bitwise,
    choose,
    compared,
    conjunction,
    disjunction,
    infix,
    mentions,
    minus,
    negated,
    number,
    plus,
    times,
)
from planrace.model.language import Array, Instance, ModelError, Op, SetOf, Term
from planrace.model.language.errors import Place
from planrace.model.language.intervals import intervals
from planrace.model.language.number_ranges import Interval
from planrace.model.language.sorts import Bool, Enum, Scalar, Sort, is_numeric
from planrace.model.language.structural import Structural

TOP = 30
"""The greatest member of a set: SPIN computes with numbers of 32 bits, one of them the sign."""
LEAST, GREATEST = 1 - 2**31, 2**31 - 1  # SPIN reads -2147483648 as another number


@dataclass(frozen=True, eq=False)
class Sight(Structural):
    """Where a term stands: the expressions of its bound variables, and whether variables are read as they were before
    the step."""

    bound: Mapping[Term, PromelaText]
    before: bool = False

    def but(self, variable: Term, value: PromelaText) -> Sight:
        return replace(self, bound={**self.bound, variable: value})


class PromelaTerms:
    """Writes the terms of one instance. ``names`` gives variables (kind ``variable``), parameters (``parameter``) and
    members of enumerations (``member``) their names."""

    def __init__(self, instance: Instance, names: PromelaNames) -> None:
        self.instance = instance
        self.names = names
        self.where: Place | None = None
        self._known: dict[Term, Interval] = {}

    def write(self, term: Term, sight: Sight) -> PromelaText:
        """The expression for a scalar or a set. Raises ``ModelError`` for what Promela cannot say."""
        try:
            handler = HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"Promela has no handler for {term.op}") from None
        if isinstance(term.sort, SetOf):
            self.check_set(term)
        elif is_numeric(term.sort):
            self.check_number(term)
        return handler(self, term, sight)

    def reach(self, term: Term) -> Interval:
        """Bounds for the value of a term, or for the elements of a set."""
        if term not in self._known:
            self._known.update(intervals(self.instance, [term]))
        return self._known[term]

    def refuse(self, what: str, remedy: str) -> ModelError:
        """The error that something has no counterpart in Promela."""
        return ModelError(f"Promela: {what}", where=self.where, remedy=remedy)

    def check_set(self, term: Term) -> None:
        low, high = self.reach(term)
        if (low < 0 or high > TOP) and not (term.op is Op.SET and not term.args):
            raise self.refuse(
                f"the set {term} may have members from {low} to {high}, and a bit mask of SPIN has 0 to {TOP}",
                "choose smaller sizes",
            )

    def check_number(self, term: Term) -> None:
        low, high = self.reach(term)
        if low < LEAST or high > GREATEST:
            raise self.refuse(
                f"{term} may be {low} to {high}, and SPIN computes with 32 bits", "choose smaller numbers"
            )

    # Places in arrays ------------------------------------------------------------------------------------------
    def place(self, variable: str, path: Sequence[PromelaText], before: bool = False) -> PromelaText:
        """A variable, or the element of one at a path of positions."""
        name = (
            self.names.of("before", f"before_{variable}")
            if before
            else self.names.of("variable", variable, f"v_{variable}")
        )
        sort = self.instance.system.sort_of(variable)
        if not path:
            return PromelaText(name)
        return PromelaText(f"{name}[{self._offset(sort, path).text}]")

    def _read(self, variable: Term, path: Sequence[PromelaText], before: bool) -> PromelaText:
        """An element of a variable. SPIN refuses an array as an index of itself: then every position is tried."""
        name = self.place(variable.data, (), before).text
        at = next((n for n, p in enumerate(path) if mentions(p, name)), None)
        if at is None:
            return self.place(variable.data, path, before)
        sort: Any = variable.sort
        for _ in range(at):
            sort = sort.element
        members = [self.constant(n, sort.domain) for n in self.instance.members(sort.domain)]
        *early, found = [self._read(variable, [*path[:at], m, *path[at + 1 :]], before) for m in members]
        for member, element in reversed(list(zip(members, early, strict=False))):
            found = choose(compared("==", EQUAL, path[at], member), element, found)
        return found

    def _offset(self, sort: Sort, path: Sequence[PromelaText]) -> PromelaText:
        """Where an element lies: row after row, each with places for the positions 0…high (see ``spans``)."""
        found: PromelaText | None = None
        for position, (first, length) in zip(path, self.spans(sort), strict=True):
            here = minus(position, first)
            found = here if found is None else plus(times(found, length), here)
        assert found is not None
        return found

    def spans(self, sort: Sort) -> list[tuple[int, int]]:
        """For each dimension of an array: the position of its first place and the number of its places. Members of
        an index are 1…n, and place 0 stays unused, so that ``lock[e]`` is written like that."""
        found = []
        while isinstance(sort, Array):
            low, high = self.instance.bounds(sort.domain)
            first = 0 if low in (0, 1) else low
            found.append((first, max(high - first + 1, 1)))
            sort = sort.element
        return found

    def element(self, array: Term, path: Sequence[PromelaText], sight: Sight) -> PromelaText:
        """The element of an array term at a path of positions."""
        match array.op:
            case Op.VARIABLE:
                return self._read(array, path, sight.before)
            case Op.PRIMED:
                return self.element(array.args[0], path, replace(sight, before=False))
            case Op.SELECT:
                return self.element(array.args[0], [self.write(array.args[1], sight), *path], sight)
            case Op.ITE:
                test, then, other = array.args
                return choose(
                    self.write(test, sight), self.element(then, path, sight), self.element(other, path, sight)
                )
            case Op.EACH:
                variable, body = array.args
                inside = sight.but(variable, path[0])
                return self.element(body, path[1:], inside) if len(path) > 1 else self.write(body, inside)
            case _:
                raise NotImplementedError(f"Promela has no handler for the array {array.op}")

    def leaves(self, sort: Sort) -> Iterator[list[PromelaText]]:
        """The paths to each scalar or set inside a sort."""
        if not isinstance(sort, Array):
            yield []
            return
        for n in self.instance.members(sort.domain):
            yield from ([self.constant(n, sort.domain), *rest] for rest in self.leaves(sort.element))

    # Constants -------------------------------------------------------------------------------------------------
    def constant(self, value: int, sort: Scalar) -> PromelaText:
        if isinstance(sort, Bool):
            return TRUE if value else FALSE
        if isinstance(sort, Enum):
            member = sort.members[value]
            return PromelaText(self.names.of(f"member of {sort.name}", member, f"{sort.name}_{member}"), value=value)
        return number(value)

    def inside(self, term: Term, sight: Sight) -> Iterator[tuple[int, PromelaText]]:
        """A binder's body for each member."""
        variable, body = term.args
        sort: Any = variable.sort
        for n in self.instance.members(sort):
            yield n, self.write(body, sight.but(variable, self.constant(n, sort)))


# Handlers, one for each operator -------------------------------------------------------------------------------
Handler = Callable[[PromelaTerms, Term, Sight], PromelaText]


def _all(g: PromelaTerms, t: Term, s: Sight) -> list[PromelaText]:
    return [g.write(a, s) for a in t.args]


def _sign(sign: str, binds: int) -> Handler:
    return lambda g, t, s: compared(sign, binds, *_all(g, t, s))


def _parameter(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    return PromelaText(g.names.of("parameter", t.data.name), value=g.instance.size(t.data))


def _bound(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    return s.bound[t]


def _add(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    a, b = _all(g, t, s)
    return PromelaText(f"{a.within(PLUS - 1)} + {b.within(PLUS)}", PLUS)


def _sub(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    a, b = _all(g, t, s)
    return PromelaText(f"{a.within(PLUS - 1)} - {b.within(PLUS)}", PLUS)


def _mul(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    a, b = _all(g, t, s)
    return PromelaText(f"{a.within(TIMES - 1)} * {b.within(TIMES)}", TIMES)


def _div(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    """C rounds towards 0, and ``//`` rounds down: what is left over is taken off first."""
    a, b = _all(g, t, s)
    if _natural(g, t):
        return PromelaText(f"{a.within(TIMES - 1)} / {b.within(TIMES)}", TIMES)
    return PromelaText(f"({a.within(PLUS - 1)} - {_rest(a, b).within(PLUS)}) / {b.within(TIMES)}", TIMES)


def _mod(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    a, b = _all(g, t, s)
    return PromelaText(f"{a.within(TIMES - 1)} % {b.within(TIMES)}", TIMES) if _natural(g, t) else _rest(a, b)


def _rest(a: PromelaText, b: PromelaText) -> PromelaText:
    """The rest that has the sign of the divisor."""
    divisor = b.within(TIMES)
    return PromelaText(f"({a.within(TIMES - 1)} % {divisor} + {b.within(PLUS)}) % {divisor}", TIMES)


def _natural(g: PromelaTerms, t: Term) -> bool:
    """Whether C divides like the language: neither part is negative. Otherwise sums of both must fit."""
    if all(g.reach(a)[0] >= 0 for a in t.args):
        return True
    if any(max(-low, high) > GREATEST // 2 for low, high in map(g.reach, t.args)):
        raise g.refuse(f"{t} divides numbers beyond 31 bits, some of them negative", "choose smaller numbers")
    return False


def _extreme(sign: str) -> Handler:
    def handler(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
        *early, last = _all(g, t, s)
        found = last
        for n, a in reversed(list(enumerate(early))):
            later = [*early[n + 1 :], last]
            found = choose(conjunction([compared(sign, ORDER, a, b) for b in later]), a, found)
        return found

    return handler


def _following(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    (a,) = _all(g, t, s)
    _, high = g.instance.bounds(t.sort)  # type: ignore[arg-type]
    return choose(compared("<", ORDER, a, number(high)), plus(a, number(1)), number(high))


def _preceding(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    (a,) = _all(g, t, s)
    return choose(compared(">", ORDER, a, number(1)), minus(a, 1), number(1))


def _member(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    item, of = t.args
    a = g.write(item, s)
    if of.op is Op.SET:  # its members may be any numbers
        return disjunction([compared("==", EQUAL, a, g.write(b, s)) for b in of.args])
    test = PromelaText(f"({g.write(of, s).within(TIMES)} >> {a.within(TIMES)} & 1)")
    low, high = g.reach(item)
    limits = [compared(">=", ORDER, a, number(0))] if low < 0 else []
    limits += [compared("<=", ORDER, a, number(TOP))] if high > TOP else []
    return conjunction([*limits, test])


def _difference(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    a, b = _all(g, t, s)
    return PromelaText(f"{a.within(TIMES)} & ~{b.within(TIMES)}", BIT_AND)


def _subset(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    a, b = _all(g, t, s)
    return PromelaText(f"({a.within(TIMES)} & ~{b.within(TIMES)}) == 0", EQUAL)


def _comprehension(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    return bits([choose(c, number(1 << n), number(0)) for n, c in g.inside(t, s)])


def _total(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    parts = [c for _, c in g.inside(t, s)]
    return infix("+", PLUS, parts) if parts else number(0)


def _least(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    """The last member needs no test: there is one, or the model is wrong."""
    sort: Any = t.args[0].sort
    *early, (last, _) = g.inside(t, s)
    found = g.constant(last, sort)
    for n, condition in reversed(early):
        found = choose(condition, g.constant(n, sort), found)
    return found


def _taken(g: PromelaTerms, t: Term, s: Sight) -> PromelaText:
    action, outcome, named = t.data
    parts = [
        compared("==", EQUAL, PromelaText("step_action"), PromelaText(g.names.of("step", action, f"step_{action}")))
    ]
    declared = next((a for a in g.instance.system.actions.values() if a.name == action), None)
    if declared is None:
        return FALSE
    if outcome is not None:
        endings = [n for n, o in enumerate(declared.outcomes) if o.name == outcome]
        parts.append(disjunction([compared("==", EQUAL, PromelaText("step_outcome"), number(n)) for n in endings]))
    at = {str(p): n for n, p in enumerate(declared.parameters, 1)}
    for name, a in zip(named, t.args, strict=True):
        if name not in at:
            return FALSE
        parts.append(compared("==", EQUAL, PromelaText(f"step_parameter_{at[name]}"), g.write(a, s)))
    return conjunction(parts)


HANDLERS: Mapping[Op, Handler] = {
    Op.CONST: lambda g, t, s: g.constant(int(t.data), t.sort),  # type: ignore[arg-type]
    Op.PARAMETER: _parameter,
    Op.VARIABLE: lambda g, t, s: g.place(t.data, (), s.before),
    Op.BOUND: _bound,
    Op.SELECT: lambda g, t, s: g.element(t.args[0], [g.write(t.args[1], s)], s),
    Op.NOT: lambda g, t, s: negated(g.write(t.args[0], s)),
    Op.AND: lambda g, t, s: conjunction(_all(g, t, s)),
    Op.OR: lambda g, t, s: disjunction(_all(g, t, s)),
    Op.EQ: _sign("==", EQUAL),
    Op.LT: _sign("<", ORDER),
    Op.LE: _sign("<=", ORDER),
    Op.ITE: lambda g, t, s: choose(*_all(g, t, s)),
    Op.ADD: _add,
    Op.SUB: _sub,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.MOD: _mod,
    Op.MIN: _extreme("<="),
    Op.MAX: _extreme(">="),
    Op.FIRST: lambda g, t, s: number(1),
    Op.LAST: lambda g, t, s: number(g.instance.bounds(t.sort)[1]),  # type: ignore[arg-type]
    Op.FOLLOWING: _following,
    Op.PRECEDING: _preceding,
    Op.POSITION: lambda g, t, s: g.write(t.args[0], s),
    Op.SET: lambda g, t, s: bits([bit(a) for a in _all(g, t, s)]),
    Op.MEMBER: _member,
    Op.UNION: lambda g, t, s: bits(_all(g, t, s)),
    Op.INTERSECTION: lambda g, t, s: bitwise("&", _all(g, t, s)),
    Op.DIFFERENCE: _difference,
    Op.SUBSET: _subset,
    Op.COMPREHENSION: _comprehension,
    Op.FORALL: lambda g, t, s: conjunction([c for _, c in g.inside(t, s)]),
    Op.EXISTS: lambda g, t, s: disjunction([c for _, c in g.inside(t, s)]),
    Op.COUNT: _total,
    Op.SUM: _total,
    Op.LEAST: _least,
    Op.EACH: lambda g, t, s: g.element(t, [], s),
    Op.PRIMED: lambda g, t, s: g.write(t.args[0], replace(s, before=False)),
    Op.TAKEN: _taken,
}
