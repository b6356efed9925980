"""What a description has in it, to count whether everything is drawn that went wrong once."""

from __future__ import annotations

from collections.abc import Iterator

from .description import Action, Description, Linear, Node, Sort, bound_at
from .inserted import endings, root
from .names import HOSTILE, WORDS

COMPUTED = ("card", "mul", "div", "mod", "min", "max", "sum", "least", "position", "preceding")
FAR = 2**31
"""A number from here on is wide."""
MASK = 30
"""So many elements of a set fill a word, or half of it."""


def drawn(d: Description) -> Iterator[str]:
    """The kinds of things in it, each as often as it is there."""
    parts = [(s, v.initially) for v in d.variables for s in v.sort.parts]
    for s, initially in parts:
        yield from _of_sort(d, s, initially)
    if any(p.value in (p.low, p.high) for p in d.parameters):
        yield "a parameter at its limit"
    related = [{s for s in v.sort.parts if s.kind == "index" and s.symmetric} for v in d.variables]
    if len(set().union(*related)) > 1:
        yield "two symmetric sorts"
    if any(len(r) > 1 for r in related):
        yield "symmetric sorts that refer to each other"
    if any(name in HOSTILE or name in WORDS for name in [d.name, *(v.name for v in d.variables)]):
        yield "a hostile name"
    if any(v.among is not None for v in d.variables):
        yield "many initial values"
    if any(v.history for v in d.variables):
        yield "a history"
    yield from (f"{kind} fairness of a choice" for kind, _ in d.fair)
    if d.beginnings:
        yield "a condition on initial states"
    for a in d.actions:
        yield from _of_action(a)


def _bounds(d: Description, s: Sort) -> tuple[int, int]:
    low, high = (bound_at(b, d.values) for b in (s.low, s.high))
    return low, high


def _of_sort(d: Description, s: Sort, initially: object) -> Iterator[str]:
    if isinstance(s.low, Linear) or isinstance(s.high, Linear):
        yield "a computed bound"
    if s.kind == "int":
        low, high = _bounds(d, s)
        if max(-low, high) >= FAR:
            yield "a wide integer"
        if initially in (low, high):
            yield "an initial value at an end"
        if isinstance(initially, int) and not low <= initially <= high:
            yield "an initial value beyond the ends"
    if s.kind == "set" and s.element.kind == "int":
        low, high = _bounds(d, s.element)
        if high - low >= MASK and initially == frozenset(range(low, high + 1)):
            yield "a full word"
    if s.kind == "set" and s.element.kind == "maybe":
        yield "a set of an optional"
    if s.kind == "enum" and len(s.members) == 1:
        yield "an enumeration of one"
    if s.kind == "array" and s.over.kind == "bool":
        yield "an array over truth values"


def _of_action(a: Action) -> Iterator[str]:
    for e in endings(a):
        targets = [t for t, _ in e.writes]
        depths = [(root(t), len(_positions(t))) for t in targets]
        if any(x == y and m != n for x, m in depths for y, n in depths):
            yield "a row and an element"
        for t in targets:
            yield from ("a write " + how for p in _positions(t) for how in _how(p))
        yield from ("a value with " + x.op for _, value in e.writes for x in value.inner if x.op in COMPUTED)
        for x in (x for _, value in e.writes for x in value.inner if x.op == "select"):
            yield from ("a read " + how for how in _how(x.args[1]))


def _positions(target: Node) -> list[Node]:
    found = []
    while target.op == "select":
        target, position = target.args
        found.append(position)
    return found


def _how(position: Node) -> set[str]:
    ways = {"add": "at a sum", "sub": "at a difference", "member": "at a position that a set decides"}
    return {ways[n.op] for n in position.inner if n.op in ways}


EXPECTED = """
a wide integer; an initial value at an end; an initial value beyond the ends; a full word; a set of an optional;
an enumeration of one; an array over truth values; a parameter at its limit; two symmetric sorts;
symmetric sorts that refer to each other; a hostile name; many initial values; a condition on initial states; a history;
weak fairness of a choice; strong fairness of a choice;
a computed bound; a row and an element;
a write at a sum; a write at a difference; a write at a position that a set decides;
a value with card; a value with mul;
a value with div; a value with mod; a value with min; a value with max; a value with sum;
a value with least; a value with position; a value with preceding;
a read at a sum; a read at a difference; a read at a position that a set decides
"""
"""What ``drawn`` looks for."""


def expected() -> list[str]:
    """The kinds of ``drawn``."""
    return [" ".join(kind.split()) for kind in EXPECTED.split(";")]
