"""What an author is told at once: constants that no instance has room for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

from .description import Action, Description, Node, Parameter, Sort, bound_at
from .inserted import endings


def refused(described: Description) -> str | None:
    """Why a definition is refused, if it is: a constant position, an assigned constant or an initial value that no size
    has room for."""
    sizes = {p.name: p for p in described.parameters}
    variables = [*described.variables, *(c.declared for _, cs in described.protections for c in cs if c.declared)]
    for v in variables:
        base = v.sort
        while base.kind == "array":
            base = base.element
        values = [x for value in v.starts for x in (sorted(value) if base.kind == "set" else [value])]
        if any(_outside(base.element if base.kind == "set" else base, x, sizes) for x in values):
            return f"initial value of {v.name}"
    for term in _terms(described):
        for t in term.inner:
            if t.op == "select" and _too_far(t.args[1], t.args[0].sort.over, sizes):
                return f"a position in {t.args[0].data}"
    actions = [*described.actions, *(c.added for _, cs in described.protections for c in cs if c.added)]
    changes = [c for _, cs in described.protections for c in cs]
    writes = [w for a in actions for e in endings(a) for w in e.writes]
    writes += [w for c in changes for w in (*c.writes, *(c.ending.writes if c.ending else ()))]
    for target, value in writes:
        if _too_far(value, target.sort, sizes):
            return f"an assignment to {target.data}"
    return None


def _too_far(value: Node, sort: Sort, sizes: dict[str, Parameter]) -> bool:
    known = _known(value)
    return known is not None and sort.kind == "int" and _outside(sort, known, sizes)


_PYTHON: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.floordiv,
    "mod": operator.mod,
}


def _known(value: Node) -> int | None:
    """What Python makes of a number that is written with constants alone."""
    if value.op == "const" and value.sort.kind in ("int", "number"):
        return int(value.data)
    if value.op in _PYTHON:
        a, b = map(_known, value.args)
        if a is not None and b is not None:
            return _PYTHON[value.op](a, b)
    return None


def _outside(sort: Sort, value: int, sizes: dict[str, Parameter]) -> bool:
    """No instance gives the sort room for the value."""
    if sort.kind != "int":
        return False
    low = bound_at(sort.low, {n: p.low for n, p in sizes.items()})
    high = bound_at(sort.high, {n: p.high for n, p in sizes.items()})
    return not low <= value <= high


def _terms(described: Description) -> Iterator[Node]:
    for a in described.actions:
        yield from _of_action(a)
    for c in (c for _, changes in described.protections for c in changes):
        yield from (t for t in (c.term,) if t is not None)
        yield from (t for w in c.writes for t in w)
        if c.ending is not None:
            yield from _of_action(Action("", (), None, (), (c.ending,)))
        if c.added is not None:
            yield from _of_action(c.added)
    for p in described.properties:
        yield p.term
        yield from (t for t in (p.second,) if t is not None)
    yield from (t for t in (described.final, *described.beginnings) if t is not None)


def _of_action(a: Action) -> Iterator[Node]:
    yield from (t for t in (a.guard,) if t is not None)
    for e in endings(a):
        yield from (t for t in (e.condition,) if t is not None)
        yield from (t for w in e.writes for t in w)
