"""The plain interpreter: the semantics of the language, written for readability.

A state is a tuple of values in the order of the system's variables; a value is a whole number (every scalar), a
frozenset (sets) or a tuple (arrays). Every faster implementation is tested against this module, and every trace is
replayed by it before it is shown.

What is evaluated decides what is an error, so every engine follows these rules. Arguments are evaluated from left to
right. Of a conjunction, disjunction or quantifier only as much is evaluated as decides it, of a conditional only the
branch that is taken, of an array that is read (also one that ``each`` makes) only the element that is read, of
everything else all. A position that an array does not have, a divisor that is 0, and a least member where there is
none, are errors wherever they are evaluated. If the updates of a
step write one place (a scalar or a set) more than once, the values must be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from planrace.checker.semantics.context import Context, Move, RangeError, State
from planrace.checker.semantics.initials import Initials
from planrace.model.language import (
    Action,
    Array,
    Instance,
    Op,
    SetOf,
    Sort,
    Term,
    Update,
)
from planrace.model.language.sorts import Presence
from planrace.model.language.subset_numbers import chosen_value
from planrace.model.language.terms import subterms

__all__ = ["Context", "Interpreter", "Move", "RangeError", "State"]


class Interpreter:
    """Evaluates terms and performs steps of one finite instance."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.actions = tuple(instance.system.actions.values())
        self.place = {v.name: n for n, v in enumerate(instance.system.variables)}
        self._early = {a.name: _early(a) for a in self.actions}

    # Terms -----------------------------------------------------------------------------------------------------
    def evaluate(self, term: Term, context: Context) -> Any:
        """The value of ``term``: a number (truth values 0 and 1 as bool), a frozenset or a tuple."""
        try:
            handler = _HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"the interpreter has no handler for {term.op}") from None
        return handler(self, term, context)

    def holds(
        self,
        term: Term,
        state: State,
        after: State | None = None,
        move: Move | None = None,
        bound: Mapping[Term, int] | None = None,
    ) -> bool:
        """Whether a truth-valued term holds in a state, or for a step from it."""
        return bool(self.evaluate(term, Context(bound or {}, state, after, move)))

    # Runs ------------------------------------------------------------------------------------------------------
    @property
    def starting(self) -> Initials:
        """The initial states, listed and recognised; shared by all interpreters of the instance."""
        return _initials(self.instance)

    def initials(self) -> tuple[State, ...]:
        """Every initial state, in the order that ``Initials.all`` states. Raises ``ModelError`` if there are none, or
        too many to list."""
        return self.starting.all

    def initial(self) -> State:
        """The initial state. Raises ``ModelError`` if there is not exactly one."""
        return self.starting.only

    def moves(self, state: State) -> Iterator[tuple[Move, State]]:
        """Every enabled step with the state it leads to, in the order of the protocol."""
        for action in self.actions:
            yield from self.moves_of(state, action)

    def moves_of(self, state: State, action: Action) -> Iterator[tuple[Move, State]]:
        """Every enabled step of one action with the state it leads to."""
        for choice in self._choices(state, action, ()):
            found = self.perform(state, action, choice)
            if found is not None:
                yield found

    def _choices(self, state: State, action: Action, some: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The choices of parameters that begin with ``some``, in order. Prefixes that already make a part of the guard
        false are skipped: an action may have very many choices."""
        if len(some) == len(action.parameters):
            yield some
            return
        context = Context(dict(zip(action.parameters, some, strict=False)), state)
        try:
            if not all(self.evaluate(part, context) for part in self._early[action.name][len(some)]):
                return
        except RangeError as problem:
            raise problem.of(action.name, action.where) from None
        for value in self.instance.members(action.parameters[len(some)].sort):  # type: ignore[arg-type]
            yield from self._choices(state, action, (*some, value))

    def perform(self, state: State, action: Action, choice: tuple[int, ...]) -> tuple[Move, State] | None:
        """The step of ``action`` for the parameter values ``choice``; None if it is not enabled."""
        context = Context(dict(zip(action.parameters, choice, strict=True)), state)
        try:
            if not self.evaluate(action.guard, context):
                return None
            outcome = next(o for o in action.outcomes if self.evaluate(o.condition, context))
        except RangeError as problem:
            raise problem.of(action.name, action.where) from None
        written: dict[str, Any] = {}
        claimed: dict[tuple[Any, ...], Any] = {}
        for u in outcome.updates:
            try:
                value = self.evaluate(u.value, context)
                name, path = self._target(u.target, context)
            except RangeError as problem:
                raise problem.of(action.name, u.where or action.where) from None
            self._check(u, value, action)
            self._claim(u, action, claimed, (name, *path), value)
            before = written.get(name, state[self.place[name]])
            written[name] = _replaced(before, path, value)
        after = list(state)
        for name, value in written.items():
            after[self.place[name]] = value
        return Move(action, choice, outcome), tuple(after)

    def _claim(
        self, u: Update, action: Action, claimed: dict[tuple[Any, ...], Any], at: tuple[Any, ...], value: Any
    ) -> None:
        """Record that an update writes ``value`` (an array element by element) to a place, which may have been written
        before."""
        if isinstance(value, tuple):
            for n, inner in enumerate(value):
                self._claim(u, action, claimed, (*at, n), inner)
        elif claimed.setdefault(at, value) != value:
            raise RangeError(
                f"{action.name} assigns {u.target} two values in one step",
                where=u.where or action.where,
                remedy="keep one of them",
            )

    def _target(self, target: Term, context: Context) -> tuple[str, list[int]]:
        path: list[int] = []
        while target.op is Op.SELECT:
            array, position = target.args
            assert isinstance(array.sort, Array)
            path.insert(0, self._offset(array.sort, self.evaluate(position, context), target))
            target = array
        return target.data, path

    def element(self, array: Term, at: tuple[tuple[Term, int], ...], context: Context) -> Any:
        """The element of an array term at positions, outermost first, each with the term that reads there; other
        elements of the array are not evaluated."""
        if array.op is not Op.VARIABLE:  # asked first, because most arrays are variables
            (selection, position), *rest = at
            assert isinstance(array.sort, Array)
            match array.op:
                case Op.SELECT:
                    inner = array, self.evaluate(array.args[1], context)
                    return self.element(array.args[0], (inner, *at), context)
                case Op.ITE:
                    _, then, other = array.args
                    return self.element(then if self.evaluate(array.args[0], context) else other, at, context)
                case Op.PRIMED:
                    return self.element(array.args[0], at, _after(context))
                case Op.EACH:
                    self._offset(array.sort, position, selection)
                    variable, body = array.args
                    here = replace(context, bound={**context.bound, variable: position})
                    return self.element(body, tuple(rest), here) if rest else self.evaluate(body, here)
            value = self.evaluate(array, context)
        else:
            value = context.state[self.place[array.data]]
        sort = array.sort
        for selection, position in at:
            assert isinstance(sort, Array)
            value = value[self._offset(sort, position, selection)]
            sort = sort.element
        return value

    def _offset(self, sort: Array, position: int, term: Term) -> int:
        low, high = self.instance.bounds(sort.domain)
        if not low <= position <= high:
            if isinstance(sort.domain, Presence):
                raise RangeError(f"{term}: {sort.domain.name}", remedy="guard the access")
            raise RangeError(f"{term}: position {position} is not in {low}…{high}", remedy="guard the access")
        return position - low

    def _check(self, update: Update, value: Any, action: Action) -> None:
        if not self._inside(update.target.sort, value):
            raise RangeError(
                update.amiss
                or f"{action.name} assigns {update.target} the value {_text(value)}, which its sort does not hold",
                where=update.where or action.where,
                remedy=update.remedy or "strengthen the guard or widen the sort",
            )

    def _inside(self, sort: Sort, value: Any) -> bool:
        if isinstance(sort, Array):
            return all(self._inside(sort.element, v) for v in value)
        if isinstance(sort, SetOf):
            low, high = self.instance.bounds(sort.element)
            return all(low <= v <= high for v in value)
        low, high = self.instance.bounds(sort)
        return bool(low <= value <= high)


@lru_cache(maxsize=8)
def _initials(instance: Instance) -> Initials:
    """Cached: all searches of an instance share the list."""
    return Initials(Interpreter(instance))


def _text(value: Any) -> str:
    return "{" + ", ".join(map(str, sorted(value))) + "}" if isinstance(value, frozenset) else str(value)


def _early(action: Action) -> list[list[Term]]:
    """For each number of parameters that have values: the conjuncts of the guard that can be evaluated then, because
    they and all conjuncts before them use no other parameters."""
    found: list[list[Term]] = [[] for _ in range(len(action.parameters) + 1)]
    known = 0
    for part in action.guard.args if action.guard.op is Op.AND else (action.guard,):
        spoken = set(subterms(part))
        known = max([known, *(n for n, p in enumerate(action.parameters, 1) if p in spoken)])
        found[known].append(part)
    return found


def _replaced(value: Any, path: list[int], new: Any) -> Any:
    if not path:
        return new
    at, *rest = path
    return (*value[:at], _replaced(value[at], rest, new), *value[at + 1 :])


# Handlers, one for each operator -------------------------------------------------------------------------------
def _all_of(m: Interpreter, t: Term, c: Context) -> bool:
    for a in t.args:  # noqa: SIM110  (a generator takes a fifth longer)
        if not m.evaluate(a, c):
            return False
    return True


def _any_of(m: Interpreter, t: Term, c: Context) -> bool:
    for a in t.args:  # noqa: SIM110
        if m.evaluate(a, c):
            return True
    return False


def _if(m: Interpreter, t: Term, c: Context) -> Any:
    return m.evaluate(t.args[1] if m.evaluate(t.args[0], c) else t.args[2], c)


def _divisor(m: Interpreter, t: Term, c: Context) -> int:
    found = int(m.evaluate(t.args[1], c))
    if found == 0:
        raise RangeError(f"{t}: {t.args[1]} is 0, and divides", remedy="guard the division")
    return found


def _following(m: Interpreter, t: Term, c: Context) -> int:
    return int(min(m.evaluate(t.args[0], c) + 1, m.instance.bounds(t.sort)[1]))  # type: ignore[arg-type]


def _least(m: Interpreter, t: Term, c: Context) -> int:
    for member, holds in _each_member(m, t, c):
        if holds:
            return member
    raise RangeError(f"{t}: there is none", remedy="guard it by exists(…), or give it a default")


def _each_member(m: Interpreter, t: Term, c: Context) -> Iterator[tuple[int, Any]]:
    variable, body = t.args
    for member in m.instance.members(variable.sort):  # type: ignore[arg-type]
        yield member, m.evaluate(body, Context({**c.bound, variable: member}, c.state, c.after, c.move))


def _after(c: Context) -> Context:
    """The context in which a primed term is evaluated."""
    assert c.after is not None, "a primed term outside a step"
    return Context(c.bound, c.after)


def _taken(m: Interpreter, t: Term, c: Context) -> bool:
    assert c.move is not None, "taken() outside a step"
    action, outcome, names = t.data
    if c.move.action.name != action or outcome not in (None, c.move.outcome.name):
        return False
    pairs = zip(c.move.action.parameters, c.move.choice, strict=True)
    chosen = {str(p): chosen_value(p.sort, v) for p, v in pairs}  # type: ignore[arg-type]
    return all(n in chosen and chosen[n] == m.evaluate(a, c) for n, a in zip(names, t.args, strict=True))


_HANDLERS: dict[Op, Callable[[Interpreter, Term, Context], Any]] = {
    Op.CONST: lambda m, t, c: t.data,
    Op.PARAMETER: lambda m, t, c: m.instance.size(t.data),
    Op.VARIABLE: lambda m, t, c: c.state[m.place[t.data]],
    Op.BOUND: lambda m, t, c: chosen_value(t.sort, c.bound[t]) if isinstance(t.sort, SetOf) else c.bound[t],
    Op.SELECT: lambda m, t, c: m.element(t.args[0], ((t, m.evaluate(t.args[1], c)),), c),
    Op.NOT: lambda m, t, c: not m.evaluate(t.args[0], c),
    Op.AND: _all_of,
    Op.OR: _any_of,
    Op.EQ: lambda m, t, c: m.evaluate(t.args[0], c) == m.evaluate(t.args[1], c),
    Op.LT: lambda m, t, c: m.evaluate(t.args[0], c) < m.evaluate(t.args[1], c),
    Op.LE: lambda m, t, c: m.evaluate(t.args[0], c) <= m.evaluate(t.args[1], c),
    Op.ITE: _if,
    Op.ADD: lambda m, t, c: m.evaluate(t.args[0], c) + m.evaluate(t.args[1], c),
    Op.SUB: lambda m, t, c: m.evaluate(t.args[0], c) - m.evaluate(t.args[1], c),
    Op.MUL: lambda m, t, c: m.evaluate(t.args[0], c) * m.evaluate(t.args[1], c),
    Op.DIV: lambda m, t, c: m.evaluate(t.args[0], c) // _divisor(m, t, c),
    Op.MOD: lambda m, t, c: m.evaluate(t.args[0], c) % _divisor(m, t, c),
    Op.MIN: lambda m, t, c: min(m.evaluate(a, c) for a in t.args),
    Op.MAX: lambda m, t, c: max(m.evaluate(a, c) for a in t.args),
    Op.FIRST: lambda m, t, c: 1,
    Op.LAST: lambda m, t, c: m.instance.bounds(t.sort)[1],  # type: ignore[arg-type]
    Op.FOLLOWING: _following,
    Op.PRECEDING: lambda m, t, c: max(m.evaluate(t.args[0], c) - 1, 1),
    Op.POSITION: lambda m, t, c: m.evaluate(t.args[0], c),
    Op.SET: lambda m, t, c: frozenset(int(m.evaluate(a, c)) for a in t.args),
    Op.MEMBER: lambda m, t, c: m.evaluate(t.args[0], c) in m.evaluate(t.args[1], c),
    Op.UNION: lambda m, t, c: m.evaluate(t.args[0], c) | m.evaluate(t.args[1], c),
    Op.INTERSECTION: lambda m, t, c: m.evaluate(t.args[0], c) & m.evaluate(t.args[1], c),
    Op.DIFFERENCE: lambda m, t, c: m.evaluate(t.args[0], c) - m.evaluate(t.args[1], c),
    Op.SUBSET: lambda m, t, c: m.evaluate(t.args[0], c) <= m.evaluate(t.args[1], c),
    Op.COMPREHENSION: lambda m, t, c: frozenset(v for v, x in _each_member(m, t, c) if x),
    Op.FORALL: lambda m, t, c: all(x for _, x in _each_member(m, t, c)),
    Op.EXISTS: lambda m, t, c: any(x for _, x in _each_member(m, t, c)),
    Op.COUNT: lambda m, t, c: sum(bool(x) for _, x in _each_member(m, t, c)),
    Op.SUM: lambda m, t, c: sum(x for _, x in _each_member(m, t, c)),
    Op.LEAST: _least,
    Op.EACH: lambda m, t, c: tuple(x for _, x in _each_member(m, t, c)),
    Op.PRIMED: lambda m, t, c: m.evaluate(t.args[0], _after(c)),
    Op.TAKEN: _taken,
}
