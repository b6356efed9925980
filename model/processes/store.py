"""What a step has written so far, as terms over the state before the step.

A process reads its statements in order: what was assigned before in the same step is seen by what follows, as in any
program. An action assigns everything at once. So terms are rewritten: a read of a variable becomes what the step has
assigned to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from planrace.model.language.actions import Outcome, Says, Update, When
from planrace.model.language.composite import Composite, mapped
from planrace.model.language.constructors import If, both, either
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.sorts import Array, Int
from planrace.model.language.terms import FALSE, TRUE, Term, equal, expect, is_checked, lift, make, substitute, subterms

_FOR_AUTHORS = True  # errors name the line of the process

Positions = tuple[Term, ...]
"""The positions in an array, the outermost first; empty for a variable as a whole."""


@dataclass(frozen=True, eq=False)
class Write:
    """One assignment, in terms of the state before the step."""

    path: Positions
    value: Term
    where: Place | None
    remedy: str | None = None


@dataclass(frozen=True, eq=False)
class Assignments:
    """The assignments of a step so far, by variable, in their order. Immutable: branches share what they have in
    common."""

    writes: Mapping[Term, tuple[Write, ...]] = field(default_factory=dict)

    def write(self, target: Term, value: object, where: Place | None, remedy: str | None = None) -> Assignments:
        """The store after an assignment; ``target`` and ``value`` are in terms of the state before the step. Raises
        ``DefinitionError`` if the sorts differ."""
        root, path = apart(target)
        if root.op is not Op.VARIABLE:
            remedy = "only variables of the protocol, local variables and their elements can"
            remedy += "; assign the whole: update(s, s.put(k, x))" if is_checked(target) else ""
            raise DefinitionError(f"{target} cannot be assigned to", where=where, remedy=remedy)
        given = expect(value, target.sort, f"assignment to {target}", remedy)
        before = tuple(w for w in self.writes.get(root, ()) if not covers(path, w.path))
        return Assignments({**self.writes, root: (*before, Write(path, given, where, remedy))})

    def current(self, term: Term, values: Mapping[Term, Term]) -> Term:
        """``term``, which an author has written in terms of the present moment, in terms of the state before the step;
        ``values`` are what placeholders in it stand for."""
        leaves = {t for t in subterms(term) if t.op in (Op.VARIABLE, Op.BOUND)}
        if not any(t in self.writes or t in values for t in leaves):
            return term
        return _Rewriting(self, values).of(term)

    def read(self, variable: Term, path: Positions) -> Term:
        """What is at ``path`` in a variable now."""
        found = variable
        for p in path:
            found = select(found, p)
        for w in self.writes.get(variable, ()):
            found = _after(found, path, w)
        return found

    def updates(self, variable: Term) -> list[Update]:
        """What the step assigns to a variable in the end."""
        writes = self.writes.get(variable, ())
        if any(_may_be_same(a.path, b.path) for n, a in enumerate(writes) for b in writes[:n]):
            path = _common([w.path for w in writes])
            return [Update(_selected(variable, path), self.read(variable, path), writes[-1].where)]
        return [Update(_selected(variable, w.path), w.value, w.where, w.remedy) for w in writes]


def apart(target: Term) -> tuple[Term, Positions]:
    """The variable and the positions of an element."""
    path: list[Term] = []
    while target.op is Op.SELECT:
        target, position = target.args
        path.append(position)
    return target, tuple(reversed(path))


def covers(outer: Positions, inner: Positions) -> bool:
    """Whether an assignment to ``outer`` replaces all of ``inner``, whatever the state."""
    return len(outer) <= len(inner) and all(a is b for a, b in zip(outer, inner, strict=False))


def folded(term: Term) -> Term:
    """The term, or the truth value that it has in every state, as far as its top tells."""
    match term.op, term.args:
        case Op.NOT, (a,):
            return FALSE if a is TRUE else TRUE if a is FALSE else term
        case Op.AND, args:
            rest = [a for a in args if a is not TRUE]
            return FALSE if FALSE in rest_of(rest) else both(*rest)
        case Op.OR, args:
            rest = [a for a in args if a is not FALSE]
            return TRUE if TRUE in rest_of(rest) else either(*rest)
        case ((Op.EQ | Op.LT | Op.LE), (a, b)) if a.op is b.op is Op.CONST:
            holds = {Op.EQ: a.data == b.data, Op.LT: a.data < b.data, Op.LE: a.data <= b.data}[term.op]
            return TRUE if holds else FALSE
        case ((Op.EQ | Op.LE), (a, b)) if a is b:
            return TRUE
        case Op.LT, (a, b) if a is b:
            return FALSE
        case Op.ITE, (c, a, b):
            return a if c is TRUE else b if c is FALSE else term
        case Op.MEMBER, (x, s) if x.op is Op.CONST and s.op is Op.SET and all(e.op is Op.CONST for e in s.args):
            return TRUE if x.data in {e.data for e in s.args} else FALSE
    return term


def rest_of(terms: list[Term]) -> dict[Term, None]:
    """The terms by identity; their ``==`` builds a term."""
    return dict.fromkeys(terms)


class _Rewriting:
    """Rewrites one term; shared subterms once."""

    def __init__(self, store: Assignments, values: Mapping[Term, Term]) -> None:
        self._store = store
        self._done: dict[Term, Term] = dict(values)

    def of(self, term: Term) -> Term:
        found = self._done.get(term)
        if found is None:
            found = self._done[term] = folded(self._new(term))
        return found

    def _new(self, term: Term) -> Term:
        root, path = apart(term)
        if root.op is Op.VARIABLE:
            return self._store.read(root, tuple(map(self.of, path)))
        if term.op in BINDERS:
            return self._binder(term)
        return rebuilt(term, tuple(map(self.of, term.args)))

    def _binder(self, term: Term) -> Term:
        variable, body = term.args
        hole = _hole(variable)
        inner = self.of(substitute(body, {variable: hole}))
        return _bound(term, variable, hole, inner)


def _hole(variable: Term) -> Term:
    """A placeholder for a bound variable, different from all others: what is put under the binder may bind, too."""
    return make(Op.BOUND, (), variable.sort, (variable.data[0], object()))


def _bound(term: Term, variable: Term, hole: Term, body: Term) -> Term:
    """A binder like ``term`` with another body, numbered anew by its height."""
    fresh = make(Op.BOUND, (), variable.sort, (variable.data[0], body.height + 1))
    sort = Array(variable.sort, body.sort) if term.op is Op.EACH else term.sort  # type: ignore[arg-type]
    return make(term.op, (fresh, substitute(body, {hole: fresh})), sort)


_REBUILT: dict[Op, Callable[..., Term]] = {
    Op.NOT: lambda a: ~a,
    Op.AND: both,
    Op.OR: either,
    Op.ITE: If,
    Op.SELECT: lambda a, k: select(a, k),  # noqa: PLW0108  (defined below)
    Op.UNION: lambda a, b: a | b,
    Op.INTERSECTION: lambda a, b: a & b,
    Op.DIFFERENCE: lambda a, b: a - b,
    Op.SET: lambda *xs: lift(frozenset(xs)),
}
"""Operators whose sort depends on that of their arguments, or that have a normal form."""


def rebuilt(term: Term, args: tuple[Term, ...]) -> Term:
    """A term with other arguments; its sort is what these have together (a number assigned to a variable may be a sum,
    which has no bounds)."""
    if all(a is b for a, b in zip(args, term.args, strict=True)):
        return term
    if term.op in _REBUILT:
        return _REBUILT[term.op](*args)
    return make(term.op, args, term.sort, term.data)


def select(array: Term, position: Term) -> Term:
    """An element; of an array that is written out (``each``), the element itself, unless the position may be outside:
    reading it is an error then, which has to stay."""
    if array.op is Op.EACH and _is_inside(position, array):
        variable, body = array.args
        return substitute(body, {variable: position})
    return array[position]


def _is_inside(position: Term, array: Term) -> bool:
    """Whether the position is one of the array's, whatever the state."""
    assert isinstance(array.sort, Array)
    domain = array.sort.domain
    return not isinstance(domain, Int) or (position.op is Op.BOUND and position.sort == domain)


def _selected(variable: Term, path: Positions) -> Term:
    for p in path:
        variable = variable[p]
    return variable


def _after(found: Term, path: Positions, w: Write) -> Term:
    """What is at ``path`` after a write, if ``found`` was there before."""
    if isinstance(found.sort, Array):
        domain = found.sort.domain
        variable = make(Op.BOUND, (), domain, ("k", 0))
        hole = _hole(variable)
        inner = _after(select(found, hole), (*path, hole), w)
        return _bound(make(Op.EACH, (variable, hole), Array(domain, domain)), variable, hole, inner)
    pairs = list(zip(w.path, path, strict=False))
    if any(_differ(a, b) for a, b in pairs):
        return found
    value = w.value
    for p in path[len(w.path) :]:
        value = select(value, p)
    same = [equal(b, a) for a, b in pairs if a is not b]
    return If(both(*same), value, found) if same else value


def _differ(a: Term, b: Term) -> bool:
    """Whether two positions are different members in every state."""
    return a.op is b.op is Op.CONST and a.data != b.data


def _may_be_same(a: Positions, b: Positions) -> bool:
    return not any(_differ(x, y) for x, y in zip(a, b, strict=False))


def _common(paths: list[Positions]) -> Positions:
    """The longest common beginning."""
    found: list[Term] = []
    for positions in zip(*paths, strict=False):
        if any(p is not positions[0] for p in positions):
            break
        found.append(positions[0])
    return tuple(found)


def rewritten(thing: Any, change: Callable[[Term], Term]) -> Any:
    """A part of a step, or terms in tuples, lists and sets, with every term changed; anything else as it is."""
    match thing:
        case Term():
            return change(thing)
        case Composite():
            return mapped(thing, change)
        case When():
            return replace(thing, condition=change(thing.condition))
        case Update():
            return replace(thing, target=at_present(thing.target, change), value=change(thing.value))
        case Says():
            return replace(thing, terms=tuple((n, change(t)) for n, t in thing.terms))
        case Outcome():
            updates = tuple(rewritten(u, change) for u in thing.updates)
            says = None if thing.says is None else rewritten(thing.says, change)
            return replace(thing, condition=change(thing.condition), updates=updates, says=says)
        case list() | tuple():
            return type(thing)(rewritten(x, change) for x in thing)
        case set() | frozenset():
            return frozenset(rewritten(x, change) for x in thing)
    return thing


def at_present(target: Term, change: Callable[[Term], Term]) -> Term:
    """The same element, at the positions that it has now."""
    root, path = apart(target)
    return _selected(root, tuple(map(change, path)))
