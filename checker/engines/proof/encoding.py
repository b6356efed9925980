"""A system with open sizes → Z3: one handler for each operator; quantifiers stay quantifiers.

Numbers and enumerations are integers, an index sort is an uninterpreted sort (an ordered one with a total order, a
first and a last member), an optional index a sort of its own with an injection into it. Sets and arrays are not Z3
values: a set is the function from an element to its membership, an array the function from a position to its element.
So the state after a step is the state before with the updates written into those functions, which gives the weakest
precondition of any formula about it (Dijkstra, "A discipline of programming", 1976, chapter 4).

The axioms hold in every finite instance, so what follows from them holds for every size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import z3

from planrace.checker.engines.proof.arithmetic import ARITHMETIC, counted
from planrace.checker.engines.proof.counting import Counting
from planrace.checker.engines.proof.sorts import (
    Sorts,
    UnencodableError,
    conjunction,
    disjunction,
    implication,
    may_be_empty,
    scalar,
)
from planrace.checker.engines.symbols import symbol
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Array, Index, Maybe, Op, Outcome, SetOf, Sort, System, Term, Variable
from planrace.model.language.sorts import BOOL, Bool, Scalar, describe
from planrace.model.language.structural import Structural
from planrace.model.language.terms import make

OpenValue = Any
"""A Z3 term (scalars), or a Python function from a position or element to a value (arrays, sets)."""
OpenState = Mapping[str, OpenValue]


@dataclass(frozen=True, eq=False)
class OpenFrame(Structural):
    """The context in which a term is encoded: values of bound variables and the state; for a step also the state after
    it, and its action and outcome."""

    bound: Mapping[Term, OpenValue]
    state: OpenState
    after: OpenState | None = None
    move: tuple[Action, Outcome] | None = None

    def primed(self) -> OpenFrame:
        assert self.after is not None, "a primed term outside a step"
        return OpenFrame(self.bound, self.after)


class Open(Sorts):
    """Encodes terms of one system whose sizes stay open."""

    def __init__(self, system: System) -> None:
        super().__init__(system.parameters)
        self.counting = Counting(self)
        self.system = system
        self.state: dict[str, OpenValue] = {v.name: self._symbol(v.name, v.sort) for v in system.variables}

    # States ----------------------------------------------------------------------------------------------------
    def range(self, variable: Variable, state: OpenState) -> Any | None:
        """The formula that every place of a variable is in the range of its sort; None if nothing can be out of
        range."""
        return self._inside(variable.sort, state[variable.name])

    def initial(self) -> OpenState:
        """A state that runs start in: variables with several initial values are arbitrary there (see
        ``Obligations``)."""
        start, found = OpenFrame({}, {}), {}
        for v in self.system.variables:
            found[v.name] = self.state[v.name] if v.initially is None else self._started(v.sort, v.initially, start)
        return found

    def _started(self, sort: Sort, value: Term, frame: OpenFrame) -> OpenValue:
        if isinstance(value.sort, Array):
            return self.fitted(value, sort, frame)
        return _spread(sort, self.fitted(value, _inmost(sort), frame))

    def _symbol(self, name: str, sort: Sort) -> OpenValue:
        """The symbolic value of a state variable: nested functions down to applications of one Z3 function."""
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

        def applied(*given: Any) -> OpenValue:
            if len(given) == len(domains):
                return function(*given)
            return lambda at: applied(*given, at)

        return applied()

    def _inside(self, sort: Sort, value: OpenValue) -> Any | None:
        """The formula that every place of a value is in range; None if nothing can be out of range."""
        if isinstance(sort, Array):
            at, legal = self.parameter_of(sort.domain)
            body = self._inside(sort.element, value(at))
            return None if body is None else z3.ForAll([at], implication(legal, body))
        if isinstance(sort, SetOf):
            x, legal = self.parameter_of(sort.element)
            return None if z3.is_true(legal) else z3.ForAll([x], z3.Implies(value(x), legal))
        legal = self.within(sort, value)
        return None if z3.is_true(legal) else legal

    # Terms -----------------------------------------------------------------------------------------------------
    def encode(self, term: Term, frame: OpenFrame) -> OpenValue:
        """The value of a term."""
        try:
            handler = _HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"the open encoding has no handler for {term.op}") from None
        return handler(self, term, frame)

    def fitted(self, term: Term, sort: Sort, frame: OpenFrame) -> OpenValue:
        """The value of a term where ``sort`` is expected: members of an index become optional ones."""
        return self.lifted(self.encode(term, frame), term.sort, sort)

    def lifted(self, value: OpenValue, given: Sort, wanted: Sort) -> OpenValue:
        match given, wanted:
            case Index(), Maybe():
                return self.some(given)(value)
            case Array(element=inner), Array(element=outer):
                return lambda at: self.lifted(value(at), inner, outer)
            case SetOf(), SetOf(element=Maybe() as element):
                return lambda x: self.contains(value, given, x, element)
        return value

    def contains(self, members: OpenValue, of: SetOf, item: Any, given: Sort) -> Any:
        """Whether an item of the sort ``given`` is in a set; one of the two may be about members and the other about
        optional members."""
        if isinstance(given, Maybe) and isinstance(of.element, Index):
            x = self.constant("x", of.element)
            return z3.Exists([x], conjunction(self.some(of.element)(x) == item, members(x)))
        return members(self.lifted(item, given, of.element))

    def quantified(self, term: Term, frame: OpenFrame) -> tuple[Any, Any, Any]:
        """For a binder: a fresh constant, the formula that it is in range, and the body about it."""
        variable, body = term.args
        made, legal = self.parameter(variable)
        return made, legal, self.encode(body, replace(frame, bound={**frame.bound, variable: made}))

    # Steps -----------------------------------------------------------------------------------------------------
    def after(self, outcome: Outcome, frame: OpenFrame) -> OpenState:
        """The state after an outcome, as functions of the state before."""
        state = dict(frame.state)
        for u in outcome.updates:
            name, _ = root_of(u.target)
            at = self.positions(u.target, frame)
            state[name] = _written(state[name], at, self.fitted(u.value, u.target.sort, frame))
        return state

    def positions(self, target: Term, frame: OpenFrame) -> list[Any]:
        """The positions that a target names, outermost first."""
        found: list[Any] = []
        while target.args:
            target, at = target.args
            assert isinstance(target.sort, Array)
            found.insert(0, self.fitted(at, target.sort.domain, frame))
        return found


def _spread(sort: Sort, value: OpenValue) -> OpenValue:
    """An initial value for each element of an array."""
    return (lambda _: _spread(sort.element, value)) if isinstance(sort, Array) else value


def _inmost(sort: Sort) -> Sort:
    """The innermost element sort of nested arrays."""
    while isinstance(sort, Array):
        sort = sort.element
    return sort


def _written(old: OpenValue, positions: list[Any], new: OpenValue) -> OpenValue:
    """``old`` with ``new`` at ``positions``."""
    if not positions:
        return new
    here, *rest = positions
    return lambda at: choice(at == here, _written(old(at), rest, new), old(at))


def choice(test: Any, then: OpenValue, other: OpenValue) -> OpenValue:
    """``then`` if ``test``, else ``other``, at every place of a function."""
    if callable(then):
        return lambda at: choice(test, then(at), other(at))
    return z3.If(test, then, other)


Handler = Callable[[Open, Term, OpenFrame], OpenValue]


# Handlers, one for each operator -------------------------------------------------------------------------------
def _constant(e: Open, t: Term, _: OpenFrame) -> Any:
    sort = t.sort
    if isinstance(sort, Bool):
        return z3.BoolVal(bool(t.data))
    if isinstance(sort, Maybe) and t.data == 0:
        return e.none(sort.index)
    if isinstance(sort, Index | Maybe):
        raise UnencodableError(f"{t}: a named member of {describe(sort)}, whose size is open")
    return z3.IntVal(t.data)


def _select(e: Open, t: Term, f: OpenFrame) -> OpenValue:
    array, position = t.args
    assert isinstance(array.sort, Array)
    return e.encode(array, f)(e.fitted(position, array.sort.domain, f))


def _joined(e: Open, t: Term, f: OpenFrame) -> tuple[Any, Any]:
    """Both arguments; one is lifted if only the other is optional."""
    a, b = t.args
    return e.fitted(a, b.sort, f), e.fitted(b, a.sort, f)


def _both_sets(e: Open, t: Term, f: OpenFrame) -> tuple[Any, Any, Any, Any]:
    """A fresh element of the wider of both sets, the formula that it exists, and whether it is in each set."""
    sorts = [a.sort for a in t.args if isinstance(a.sort, SetOf)]
    element = max((s.element for s in sorts), key=lambda s: isinstance(s, Maybe))
    x, there = _element(e, element)
    a, b = (e.contains(e.encode(of, f), sort, x, element) for of, sort in zip(t.args, sorts, strict=True))
    return x, there, a, b


def _equal(e: Open, t: Term, f: OpenFrame) -> Any:
    if isinstance(t.args[0].sort, SetOf):
        x, there, a, b = _both_sets(e, t, f)
        return z3.ForAll([x], implication(there, a == b))
    if (few := counted(e, t, f)) is not None:
        return few
    a, b = _joined(e, t, f)
    return a == b


def same(e: Open, sort: Sort, a: OpenValue, b: OpenValue) -> Any:
    """Equality of two values of ``sort``: scalars, sets with the same elements, arrays equal at every position."""
    if isinstance(sort, Array):
        at, legal = e.parameter_of(sort.domain)
        return z3.ForAll([at], implication(legal, same(e, sort.element, a(at), b(at))))
    if isinstance(sort, SetOf):
        x, there = _element(e, sort.element)
        return z3.ForAll([x], implication(there, a(x) == b(x)))
    return a == b


def _element(e: Open, sort: Scalar) -> tuple[Any, Any]:
    """A fresh element of sets of ``sort``, possibly out of range, and the formula that it exists: an index without
    members has none, although its Z3 sort is never empty."""
    x = e.constant("x", sort)
    return x, e.within(sort, x) if isinstance(sort, Index) else z3.BoolVal(True)


def _less(e: Open, t: Term, f: OpenFrame) -> Any:
    if (few := counted(e, t, f)) is not None:
        return few
    a, b = (e.encode(x, f) for x in t.args)
    sort = t.args[0].sort
    return e.less(sort)(a, b) if isinstance(sort, Index) else a < b


def _at_most(e: Open, t: Term, f: OpenFrame) -> Any:
    if (few := counted(e, t, f)) is not None:
        return few
    a, b = (e.encode(x, f) for x in t.args)
    sort = t.args[0].sort
    return disjunction(a == b, e.less(sort)(a, b)) if isinstance(sort, Index) else a <= b


def _end(which: str) -> Handler:
    def handler(e: Open, t: Term, _: OpenFrame) -> Any:
        assert isinstance(t.sort, Index)
        if may_be_empty(t.sort):
            raise UnencodableError(f"{t}: {describe(t.sort)} may have no member")
        return e.end(which, t.sort)

    return handler


def _following(e: Open, t: Term, f: OpenFrame) -> Any:
    assert isinstance(t.sort, Index)
    return e.following(t.sort)(e.encode(t.args[0], f))


def _preceding(e: Open, t: Term, f: OpenFrame) -> Any:
    assert isinstance(t.sort, Index)
    return e.preceding(t.sort)(e.encode(t.args[0], f))


def _position(e: Open, t: Term, f: OpenFrame) -> Any:
    sort = t.args[0].sort
    assert isinstance(sort, Index)
    return e.position(sort)(e.encode(t.args[0], f))


def _set(e: Open, t: Term, f: OpenFrame) -> OpenValue:
    assert isinstance(t.sort, SetOf)
    elements = [e.fitted(a, t.sort.element, f) for a in t.args]
    return lambda x: disjunction(*(x == v for v in elements))


def _member(e: Open, t: Term, f: OpenFrame) -> Any:
    item, of = t.args
    assert isinstance(of.sort, SetOf)
    return e.contains(e.encode(of, f), of.sort, e.encode(item, f), item.sort)


def _combined(join: Callable[[Any, Any], Any]) -> Handler:
    def handler(e: Open, t: Term, f: OpenFrame) -> OpenValue:
        assert isinstance(t.sort, SetOf)
        element = t.sort.element
        sides = [(e.encode(a, f), a.sort) for a in t.args if isinstance(a.sort, SetOf)]
        return lambda x: join(*(e.contains(members, sort, x, element) for members, sort in sides))

    return handler


def _subset(e: Open, t: Term, f: OpenFrame) -> Any:
    x, there, a, b = _both_sets(e, t, f)
    return z3.ForAll([x], implication(there, z3.Implies(a, b)))


def _comprehension(e: Open, t: Term, f: OpenFrame) -> OpenValue:
    variable, body = t.args
    sort = scalar(variable.sort)
    return lambda x: conjunction(e.within(sort, x), e.encode(body, replace(f, bound={**f.bound, variable: x})))


def _forall(e: Open, t: Term, f: OpenFrame) -> Any:
    x, legal, body = e.quantified(t, f)
    return z3.ForAll([x], implication(legal, body))


def _exists(e: Open, t: Term, f: OpenFrame) -> Any:
    x, legal, body = e.quantified(t, f)
    return z3.Exists([x], conjunction(legal, body))


def _each(e: Open, t: Term, f: OpenFrame) -> OpenValue:
    variable, body = t.args
    return lambda x: e.encode(body, replace(f, bound={**f.bound, variable: x}))


def _taken(e: Open, t: Term, f: OpenFrame) -> Any:
    assert f.move is not None, "taken() outside a step"
    action, outcome = f.move
    wanted, ending, names = t.data
    given = {str(p): p for p in action.parameters}
    if action.name != wanted or ending not in (None, outcome.name) or not set(names) <= set(given):
        return z3.BoolVal(False)

    def same_choice(parameter: Term, said: Term) -> Any:
        if isinstance(parameter.sort, SetOf):
            return _equal(e, make(Op.EQ, (parameter, said), BOOL), f)
        value = e.lifted(f.bound[parameter], parameter.sort, said.sort)
        return value == e.fitted(said, parameter.sort, f)

    return conjunction(*(same_choice(given[n], a) for n, a in zip(names, t.args, strict=True)))


def _if(e: Open, t: Term, f: OpenFrame) -> OpenValue:
    test, then, other = t.args
    return choice(e.encode(test, f), e.fitted(then, t.sort, f), e.fitted(other, t.sort, f))


_HANDLERS: dict[Op, Handler] = {
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
    **ARITHMETIC,
    Op.FIRST: _end("first"),
    Op.LAST: _end("last"),
    Op.FOLLOWING: _following,
    Op.PRECEDING: _preceding,
    Op.POSITION: _position,
    Op.SET: _set,
    Op.MEMBER: _member,
    Op.UNION: _combined(disjunction),
    Op.INTERSECTION: _combined(conjunction),
    Op.DIFFERENCE: _combined(lambda a, b: conjunction(a, z3.Not(b))),
    Op.SUBSET: _subset,
    Op.COMPREHENSION: _comprehension,
    Op.FORALL: _forall,
    Op.EXISTS: _exists,
    Op.EACH: _each,
    Op.PRIMED: lambda e, t, f: e.encode(t.args[0], f.primed()),
    Op.TAKEN: _taken,
}
