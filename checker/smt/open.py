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

from model.language import Action, Array, Index, Int, Maybe, Op, Outcome, SetOf, Sort, System, Term, Variable
from model.language.sorts import BOOL, Bool, Scalar, bounds_of, describe
from model.language.structural import Structural
from model.language.terms import subterms

from ..layout import root_of
from ..symbols import symbol
from .sorts import Sorts, UnencodableError, conjunction, disjunction, implication, scalar

Value = Any
"""A Z3 term (scalars), or a Python function from a position or element to a value (arrays, sets)."""
State = Mapping[str, Value]
_OF_A_STATE = frozenset({Op.VARIABLE, Op.PRIMED, Op.TAKEN})


@dataclass(frozen=True, eq=False)
class Frame(Structural):
    """What a term is encoded in: values of bound variables, the state; of a step also the state after it, and which
    action with which outcome it is."""

    bound: Mapping[Term, Value]
    state: State
    after: State | None = None
    move: tuple[Action, Outcome] | None = None

    def primed(self) -> Frame:
        assert self.after is not None, "a primed term outside a step"
        return Frame(self.bound, self.after)


class Open(Sorts):
    """Encodes terms of one system whose sizes stay open."""

    def __init__(self, system: System) -> None:
        super().__init__(system.parameters)
        self.system = system
        self._staying: dict[tuple[Term, Scalar], bool] = {}
        self.state: dict[str, Value] = {v.name: self._symbol(v.name, v.sort) for v in system.variables}

    # States ----------------------------------------------------------------------------------------------------
    def range(self, variable: Variable, state: State) -> Any | None:
        """Every place of a variable is in the range of its sort; None where nothing can be out of it."""
        return self._inside(variable.sort, state[variable.name])

    def initial(self) -> State:
        """The state that every run starts in."""
        start = Frame({}, {})
        return {v.name: _spread(v.sort, self.encode(v.initially, start)) for v in self.system.variables}

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
            return z3.Const(symbol("variable", name), target)
        function = z3.Function(symbol("variable", name), *domains, target)

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
            return self.some(given)(value)
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

    def legal_position(self, array: Term, position: Term) -> None:
        """Positions have the sort of the array's domain, so that their range is that of the sort; or they are computed
        from bound variables and sizes in a way that never leaves it, such as ``k + 1`` where k is not the last."""
        assert isinstance(array.sort, Array)
        domain = array.sort.domain
        if position.sort == domain or position.op is Op.CONST or self._stays(position, domain):
            return
        raise UnencodableError(f"{array}[{position}]: the position is a {describe(position.sort)}")

    def _stays(self, position: Term, domain: Scalar) -> bool:
        """A computed position is in the range of ``domain`` whatever its bound variables and the sizes are."""
        if (position, domain) not in self._staying:
            parts = list(subterms(position))
            simple = isinstance(domain, Int) and not any(t.op in _OF_A_STATE for t in parts)
            self._staying[position, domain] = simple and self._always(position, domain, parts)
        return self._staying[position, domain]

    def _always(self, position: Term, domain: Scalar, parts: list[Term]) -> bool:
        made = {t: self.parameter(t) for t in parts if t.op is Op.BOUND}
        value = self.encode(position, Frame({t: x for t, (x, _) in made.items()}, {}))
        solver = z3.Solver()
        solver.set("rlimit", 100_000)
        solver.add(*self.sizes(), *(legal for _, legal in made.values()), z3.Not(self.within(domain, value)))
        return bool(solver.check() == z3.unsat)


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
        return e.none(sort.index)
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
        return e.end(which, t.sort)

    return handler


def _following(e: Open, t: Term, f: Frame) -> Any:
    assert isinstance(t.sort, Index)
    return e.following(t.sort)(e.encode(t.args[0], f))


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
