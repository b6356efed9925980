"""A system with open sizes → Z3: one handler an operator, quantifiers kept as quantifiers.

Numbers and enumerations are integers, an index sort is an uninterpreted sort (an ordered one with a total order, a
first and a last member), an optional index a sort of its own with an injection into it. A set is never built: it is
the function from an element to its membership, an array value the function from a position to its element. So the state
after a step is the state before with the updates written into those functions, which is the weakest precondition of
whatever is said about it (Dijkstra, "A discipline of programming", 1976, chapter 4).

The axioms hold in every finite instance; what follows from them holds for every size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import z3

from model.language import Action, Array, Index, Maybe, Op, Outcome, Parameter, SetOf, Sort, System, Term, Variable
from model.language.sorts import BOOL, Bool, Scalar, Size, bounds_of, describe

from ..layout import root_of

Value = Any
"""A Z3 term (scalars), or a Python function from a position or element to a value (arrays, sets)."""
State = Mapping[str, Value]


class UnencodableError(Exception):
    """A term that has no quantified encoding here; engines answer *unknown* and say which term it was."""


@dataclass(frozen=True)
class Frame:
    """What a term is encoded in: values of bound variables, the state; of a step also the state after it, and which
    action with which outcome it is."""

    bound: Mapping[Term, Value]
    state: State
    after: State | None = None
    move: tuple[Action, Outcome] | None = None

    def primed(self) -> Frame:
        assert self.after is not None, "a primed term outside a step"
        return Frame(self.bound, self.after)


class Open:
    """Encodes terms of one system whose sizes stay open."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.parameters = {p.name: z3.Int(p.name) for p in system.parameters}
        self._sorts: dict[Scalar, Any] = {}
        self._axioms: list[Any] = []
        self._fresh = 0
        self.state: dict[str, Value] = {v.name: self._symbol(v.name, v.sort) for v in system.variables}

    # Axioms ----------------------------------------------------------------------------------------------------
    def axioms(self) -> list[Any]:
        """What holds in every finite instance: of the parameters, and of the sorts that were met so far."""
        return [*self.sizes(), *self._axioms]

    def order(self) -> list[Any]:
        """The axioms of the sorts that were met so far."""
        return list(self._axioms)

    def sizes(self) -> list[Any]:
        """No parameter is less than its least value; how great it may be is left open."""
        return [self.parameters[p.name] >= p.low for p in self.system.parameters]

    def range(self, variable: Variable, state: State) -> Any | None:
        """Every place of a variable is in the range of its sort; None where nothing can be out of it."""
        return self._inside(variable.sort, state[variable.name])

    def initial(self) -> State:
        """The state that every run starts in."""
        start = Frame({}, {})
        return {v.name: _spread(v.sort, self.encode(v.initially, start)) for v in self.system.variables}

    def indices(self) -> list[Index]:
        """The index sorts that were met so far."""
        return [s for s in self._sorts if isinstance(s, Index)]

    # Sorts -----------------------------------------------------------------------------------------------------
    def sort(self, sort: Scalar) -> Any:
        """The Z3 sort of a scalar sort."""
        match sort:
            case Bool():
                return z3.BoolSort()
            case Index():
                return self._index(sort)
            case Maybe(index=of):
                return self._maybe(of)
            case _:
                return z3.IntSort()

    def _index(self, sort: Index) -> Any:
        if sort not in self._sorts:
            if isinstance(sort.size, Parameter) and sort.size.low < 1:
                raise UnencodableError(f"index {sort.name} may have no member: {sort.size} may be {sort.size.low}")
            made = self._sorts[sort] = z3.DeclareSort(_name(sort))
            if sort.ordered:
                self._order(sort, made)
        return self._sorts[sort]

    def _order(self, sort: Index, made: Any) -> None:
        x, y, z = (z3.Const(n, made) for n in "xyz")
        less, following = self.less(sort), self._following(sort)
        first, last = (z3.Const(f"{which}_{_name(sort)}", made) for which in ("first", "last"))
        self._axioms += [
            z3.ForAll([x], z3.Not(less(x, x))),
            z3.ForAll([x, y, z], z3.Implies(conjunction(less(x, y), less(y, z)), less(x, z))),
            z3.ForAll([x, y], disjunction(less(x, y), x == y, less(y, x))),
            z3.ForAll([x], disjunction(x == first, less(first, x))),
            z3.ForAll([x], disjunction(x == last, less(x, last))),
            z3.ForAll([x], z3.Implies(x != last, less(x, following(x)))),
            z3.ForAll([x, y], z3.Implies(less(x, y), disjunction(following(x) == y, less(following(x), y)))),
            following(last) == last,
        ]

    def _maybe(self, of: Index) -> Any:
        key = Maybe(of)
        if key not in self._sorts:
            self._sorts[key] = z3.DeclareSort(f"Maybe_{_name(of)}")
            some, index = self._some(of), self.sort(of)
            x, y = z3.Consts("x y", index)
            m = z3.Const("m", self._sorts[key])
            self._axioms += [
                z3.ForAll([x, y], z3.Implies(some(x) == some(y), x == y)),
                z3.ForAll([x], some(x) != self._none(of)),
                z3.ForAll([m], disjunction(m == self._none(of), z3.Exists([x], some(x) == m))),
            ]
        return self._sorts[key]

    def _some(self, of: Index) -> Any:
        return z3.Function(f"some_{_name(of)}", self.sort(of), self._maybe(of))

    def _none(self, of: Index) -> Any:
        return z3.Const(f"none_{_name(of)}", self._maybe(of))

    def less(self, sort: Index) -> Any:
        return z3.Function(f"less_{_name(sort)}", self.sort(sort), self.sort(sort), z3.BoolSort())

    def _following(self, sort: Index) -> Any:
        return z3.Function(f"following_{_name(sort)}", self.sort(sort), self.sort(sort))

    # Values ----------------------------------------------------------------------------------------------------
    def size(self, size: Size) -> Any:
        """A bound of a sort as a Z3 integer."""
        return z3.IntVal(size) if isinstance(size, int) else self.parameters[size.name]

    def within(self, sort: Scalar, value: Any) -> Any:
        """``value`` is in the range of ``sort`` (true for sorts that Z3 itself bounds)."""
        if isinstance(sort, Bool | Index | Maybe):
            return z3.BoolVal(True)
        low, high = bounds_of(sort)
        return conjunction(value >= self.size(low), value <= self.size(high))

    def constant(self, name: str, sort: Scalar) -> Any:
        """A fresh constant of ``sort``."""
        self._fresh += 1
        return z3.Const(f"{name}!{self._fresh}", self.sort(sort))

    def parameter(self, term: Term) -> tuple[Any, Any]:
        """A fresh constant for a bound variable, and that it is in its range."""
        sort = scalar(term.sort)
        made = self.constant(str(term), sort)
        return made, self.within(sort, made)

    def _symbol(self, name: str, sort: Sort) -> Value:
        """The value of a state variable: functions down to applications of one Z3 function."""
        domains: list[Any] = []
        inner = sort
        while isinstance(inner, Array):
            domains.append(self.sort(inner.domain))
            inner = inner.element
        if isinstance(inner, SetOf):
            domains.append(self.sort(inner.element))
            inner = BOOL
        target = self.sort(scalar(inner))
        if not domains:
            return z3.Const(name, target)
        function = z3.Function(name, *domains, target)

        def applied(*given: Any) -> Value:
            if len(given) == len(domains):
                return function(*given)
            return lambda at: applied(*given, at)

        return applied()

    def _inside(self, sort: Sort, value: Value) -> Any | None:
        """Every place of a value is in its range; None where nothing can be out of it."""
        if isinstance(sort, Array):
            at, legal = self.parameter_of(sort.domain)
            body = self._inside(sort.element, value(at))
            return None if body is None else z3.ForAll([at], implication(legal, body))
        if isinstance(sort, SetOf):
            if isinstance(sort.element, Bool | Index | Maybe):
                return None
            x = self.constant("x", sort.element)
            return z3.ForAll([x], z3.Implies(value(x), self.within(sort.element, x)))
        return None if isinstance(sort, Bool | Index | Maybe) else self.within(sort, value)

    def parameter_of(self, sort: Scalar) -> tuple[Any, Any]:
        """A fresh constant of ``sort`` and that it is in its range."""
        made = self.constant("x", sort)
        return made, self.within(sort, made)

    # Terms -----------------------------------------------------------------------------------------------------
    def encode(self, term: Term, frame: Frame) -> Value:
        """The value of a term."""
        try:
            handler = _HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"the open encoding has no handler for {term.op}") from None
        return handler(self, term, frame)

    def fitted(self, term: Term, sort: Sort, frame: Frame) -> Value:
        """The value of a term where ``sort`` is wanted: members of an index as optional ones."""
        return self.lifted(self.encode(term, frame), term.sort, sort)

    def lifted(self, value: Value, given: Sort, wanted: Sort) -> Value:
        if isinstance(wanted, Maybe) and isinstance(given, Index):
            return self._some(given)(value)
        if isinstance(wanted, Array) and isinstance(given, Array):
            return lambda at: self.lifted(value(at), given.element, wanted.element)
        return value

    def quantified(self, term: Term, frame: Frame) -> tuple[Any, Any, Any]:
        """Of a binder: a fresh constant, that it is in its range, and the body about it."""
        variable, body = term.args
        made, legal = self.parameter(variable)
        return made, legal, self.encode(body, replace(frame, bound={**frame.bound, variable: made}))

    # Steps -----------------------------------------------------------------------------------------------------
    def after(self, outcome: Outcome, frame: Frame) -> State:
        """The state after an outcome, as functions of the state before."""
        state = dict(frame.state)
        for u in outcome.updates:
            name, positions = root_of(u.target)
            at = [self.encode(p, frame) for p in positions]
            for selection, position in zip(_selections(u.target), positions, strict=True):
                self.legal_position(selection, position)
            state[name] = _written(state[name], at, self.fitted(u.value, u.target.sort, frame))
        return state

    @staticmethod
    def legal_position(array: Term, position: Term) -> None:
        """Positions have the sort of the array's domain, so that their range is that of the sort."""
        assert isinstance(array.sort, Array)
        if position.sort != array.sort.domain and position.op is not Op.CONST:
            raise UnencodableError(f"{array}[{position}]: the position is a {describe(position.sort)}")


def conjunction(*parts: Any) -> Any:
    """All of the parts; what is trivially true is left out, for an empty conjunction is no SMT-LIB."""
    kept = [p for p in parts if not z3.is_true(p)]
    return z3.And(*kept) if len(kept) > 1 else kept[0] if kept else z3.BoolVal(True)


def disjunction(*parts: Any) -> Any:
    """Some of the parts; false when there are none."""
    return z3.Or(*parts) if len(parts) > 1 else parts[0] if parts else z3.BoolVal(False)


def implication(given: Any, then: Any) -> Any:
    """``then`` wherever ``given`` holds."""
    return then if z3.is_true(given) else z3.Implies(given, then)


def scalar(sort: Sort) -> Scalar:
    assert not isinstance(sort, Array | SetOf), sort
    return sort


def _name(sort: Index) -> str:
    return f"{sort.name.replace(' ', '_').capitalize()}_{sort.size}"


def _spread(sort: Sort, value: Value) -> Value:
    """An initial value for each element of an array."""
    return (lambda _: _spread(sort.element, value)) if isinstance(sort, Array) else value


def _selections(target: Term) -> list[Term]:
    """The arrays that a target's positions select from, outermost first."""
    found: list[Term] = []
    while target.args:
        target = target.args[0]
        found.insert(0, target)
    return found


def _written(old: Value, positions: list[Any], new: Value) -> Value:
    """``old`` with ``new`` at ``positions``."""
    if not positions:
        return new
    here, *rest = positions
    return lambda at: choice(at == here, _written(old(at), rest, new), old(at))


def choice(test: Any, then: Value, other: Value) -> Value:
    """``then`` if ``test``, else ``other``, at every place of a function."""
    if callable(then):
        return lambda at: choice(test, then(at), other(at))
    return z3.If(test, then, other)


# Handlers, one for each operator -------------------------------------------------------------------------------
def _constant(e: Open, t: Term, _: Frame) -> Any:
    sort = t.sort
    if isinstance(sort, Bool):
        return z3.BoolVal(bool(t.data))
    if isinstance(sort, Maybe) and t.data == 0:
        return e._none(sort.index)
    if isinstance(sort, Index | Maybe):
        raise UnencodableError(f"{t}: a named member of {describe(sort)}, whose size is open")
    return z3.IntVal(t.data)


def _select(e: Open, t: Term, f: Frame) -> Value:
    array, position = t.args
    e.legal_position(array, position)
    return e.encode(array, f)(e.encode(position, f))


def _joined(e: Open, t: Term, f: Frame) -> tuple[Any, Any]:
    """Both arguments, one lifted where only the other is optional."""
    a, b = t.args
    return e.fitted(a, b.sort, f), e.fitted(b, a.sort, f)


def _equal(e: Open, t: Term, f: Frame) -> Any:
    a, b = _joined(e, t, f)
    return e_iff(e, t.args[0], a, b) if callable(a) else a == b


def e_iff(e: Open, of: Term, a: Value, b: Value) -> Any:
    """Two sets have the same elements."""
    assert isinstance(of.sort, SetOf)
    x = e.constant("x", of.sort.element)
    return z3.ForAll([x], a(x) == b(x))


def _less(e: Open, t: Term, f: Frame) -> Any:
    a, b = (e.encode(x, f) for x in t.args)
    sort = t.args[0].sort
    return e.less(sort)(a, b) if isinstance(sort, Index) else a < b


def _at_most(e: Open, t: Term, f: Frame) -> Any:
    a, b = (e.encode(x, f) for x in t.args)
    sort = t.args[0].sort
    return disjunction(a == b, e.less(sort)(a, b)) if isinstance(sort, Index) else a <= b


def _end(which: str) -> Callable[[Open, Term, Frame], Any]:
    def handler(e: Open, t: Term, _: Frame) -> Any:
        assert isinstance(t.sort, Index)
        return z3.Const(f"{which}_{_name(t.sort)}", e.sort(t.sort))

    return handler


def _following(e: Open, t: Term, f: Frame) -> Any:
    assert isinstance(t.sort, Index)
    return e._following(t.sort)(e.encode(t.args[0], f))


def _set(e: Open, t: Term, f: Frame) -> Value:
    assert isinstance(t.sort, SetOf)
    elements = [e.fitted(a, t.sort.element, f) for a in t.args]
    return lambda x: disjunction(*(x == v for v in elements))


def _member(e: Open, t: Term, f: Frame) -> Any:
    item, of = t.args
    assert isinstance(of.sort, SetOf)
    return e.encode(of, f)(e.fitted(item, of.sort.element, f))


def _combined(join: Callable[[Any, Any], Any]) -> Callable[[Open, Term, Frame], Value]:
    def handler(e: Open, t: Term, f: Frame) -> Value:
        a, b = (e.encode(x, f) for x in t.args)
        return lambda x: join(a(x), b(x))

    return handler


def _subset(e: Open, t: Term, f: Frame) -> Any:
    a, b = (e.encode(x, f) for x in t.args)
    assert isinstance(t.args[0].sort, SetOf)
    x = e.constant("x", t.args[0].sort.element)
    return z3.ForAll([x], z3.Implies(a(x), b(x)))


def _comprehension(e: Open, t: Term, f: Frame) -> Value:
    variable, body = t.args
    sort = scalar(variable.sort)
    return lambda x: conjunction(e.within(sort, x), e.encode(body, replace(f, bound={**f.bound, variable: x})))


def _forall(e: Open, t: Term, f: Frame) -> Any:
    x, legal, body = e.quantified(t, f)
    return z3.ForAll([x], implication(legal, body))


def _exists(e: Open, t: Term, f: Frame) -> Any:
    x, legal, body = e.quantified(t, f)
    return z3.Exists([x], conjunction(legal, body))


def _count(e: Open, t: Term, f: Frame) -> Any:
    variable, body = t.args
    low, high = (0, 1) if isinstance(variable.sort, Index | Maybe) else bounds_of(scalar(variable.sort))
    if isinstance(variable.sort, Index | Maybe) or not (isinstance(low, int) and isinstance(high, int)):
        raise UnencodableError(f"{t}: counting the members of {describe(variable.sort)}, whose size is open")
    values = [z3.BoolVal(False), z3.BoolVal(True)] if variable.sort == BOOL else range(low, high + 1)
    holds = [e.encode(body, replace(f, bound={**f.bound, variable: _literal(v)})) for v in values]
    return z3.Sum(*(z3.If(h, 1, 0) for h in holds))


def _literal(value: Any) -> Any:
    return z3.IntVal(value) if isinstance(value, int) else value


def _each(e: Open, t: Term, f: Frame) -> Value:
    variable, body = t.args
    return lambda x: e.encode(body, replace(f, bound={**f.bound, variable: x}))


def _taken(e: Open, t: Term, f: Frame) -> Any:
    assert f.move is not None, "taken() outside a step"
    action, outcome = f.move
    wanted, ending, names = t.data
    given = {str(p): p for p in action.parameters}
    if action.name != wanted or ending not in (None, outcome.name) or not set(names) <= set(given):
        return z3.BoolVal(False)
    return conjunction(*(f.bound[given[n]] == e.encode(a, f) for n, a in zip(names, t.args, strict=True)))


def _if(e: Open, t: Term, f: Frame) -> Value:
    test, then, other = t.args
    return choice(e.encode(test, f), e.fitted(then, t.sort, f), e.fitted(other, t.sort, f))


_HANDLERS: dict[Op, Callable[[Open, Term, Frame], Value]] = {
    Op.CONST: _constant,
    Op.PARAMETER: lambda e, t, f: e.parameters[t.data.name],
    Op.VARIABLE: lambda e, t, f: f.state[t.data],
    Op.BOUND: lambda e, t, f: f.bound[t],
    Op.SELECT: _select,
    Op.NOT: lambda e, t, f: z3.Not(e.encode(t.args[0], f)),
    Op.AND: lambda e, t, f: conjunction(*(e.encode(a, f) for a in t.args)),
    Op.OR: lambda e, t, f: disjunction(*(e.encode(a, f) for a in t.args)),
    Op.EQ: _equal,
    Op.LT: _less,
    Op.LE: _at_most,
    Op.ITE: _if,
    Op.ADD: lambda e, t, f: e.encode(t.args[0], f) + e.encode(t.args[1], f),
    Op.SUB: lambda e, t, f: e.encode(t.args[0], f) - e.encode(t.args[1], f),
    Op.FIRST: _end("first"),
    Op.LAST: _end("last"),
    Op.FOLLOWING: _following,
    Op.SET: _set,
    Op.MEMBER: _member,
    Op.UNION: _combined(disjunction),
    Op.INTERSECTION: _combined(conjunction),
    Op.DIFFERENCE: _combined(lambda a, b: conjunction(a, z3.Not(b))),
    Op.SUBSET: _subset,
    Op.COMPREHENSION: _comprehension,
    Op.FORALL: _forall,
    Op.EXISTS: _exists,
    Op.COUNT: _count,
    Op.EACH: _each,
    Op.PRIMED: lambda e, t, f: e.encode(t.args[0], f.primed()),
    Op.TAKEN: _taken,
}
