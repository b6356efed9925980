"""Which variables of a description may be histories: those that nothing but histories reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from .description import Action, Description, Ending, Node, Write
from .inserted import root


def with_histories(rng: Random, described: Description) -> Description:
    """Half of the descriptions with all the histories that there may be."""
    if rng.random() >= 0.5:
        return described
    reads = list(_reads(described))
    found = {v.name for v in described.variables[1:]}  # something has to be left
    while True:
        read = {name for reader, names in reads if reader not in found for name in names}
        if not found & read:
            break
        found -= read
    variables = tuple(replace(v, history=v.name in found) for v in described.variables)
    return replace(described, variables=variables)


def _reads(d: Description) -> Iterator[tuple[str | None, set[str]]]:
    """What is read for the sake of a variable, or of what decides (None)."""
    for a in d.actions:
        yield from _of_action(a)
    for change in (c for _, changes in d.protections for c in changes):
        if change.added is not None:
            yield from _of_action(change.added)
        if change.ending is not None:
            yield from _of_ending(change.ending)
        if change.term is not None:
            yield (change.variable if change.what == "value" else None), _names(change.term)
        yield from map(_of_write, change.writes)
    for t in (*d.beginnings, *(() if d.final is None else (d.final,))):
        yield None, _names(t)


def _of_action(a: Action) -> Iterator[tuple[str | None, set[str]]]:
    if a.guard is not None:
        yield None, _names(a.guard)
    yield from map(_of_write, a.writes)
    for e in a.endings:
        yield from _of_ending(e)


def _of_ending(e: Ending) -> Iterator[tuple[str | None, set[str]]]:
    if e.condition is not None:
        yield None, _names(e.condition)
    yield from map(_of_write, e.writes)


def _of_write(w: Write) -> tuple[str, set[str]]:
    target, value = w
    found = _names(value)
    while target.op == "select":
        target, position = target.args
        found |= _names(position)
    return root(w[0]), found


def _names(term: Node) -> set[str]:
    return {n.data for n in term.inner if n.op == "var"}
