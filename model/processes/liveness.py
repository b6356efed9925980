"""Which local variables a process may read again, from each of its points (A. V. Aho, M. S. Lam, R. Sethi, J. D.
Ullman, "Compilers", 2nd edition, section 9.2.5). The others need not be remembered, so states that differ in nothing
else are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from planrace.model.language.operators import Op
from planrace.model.language.terms import Term, subterms
from planrace.model.processes.store import apart, covers
from planrace.model.processes.way import Way

Point = TypeVar("Point")


def live_locals(
    ways: Mapping[Point, Sequence[tuple[Way, Point]]], variables: Iterable[tuple[Term, tuple[Term, ...], bool]]
) -> dict[Point, frozenset[Term]]:
    """For each point the local variables that may be read from there before they are assigned; persistent ones always.
    ``variables`` are their terms, the positions of this member's element, and whether they persist."""
    known = {v: (path, kept) for v, path, kept in variables}
    always = frozenset(v for v, (_, kept) in known.items() if kept)
    live = dict.fromkeys(ways, always)
    changed = True
    while changed:
        changed = False
        for point, ends in ways.items():
            found = always.union(*(_read(way, live[target], known) for way, target in ends))
            if found != live[point]:
                live[point], changed = found, True
    return live


def _read(way: Way, after: frozenset[Term], known: Mapping[Term, tuple[tuple[Term, ...], bool]]) -> set[Term]:
    """The local variables whose value before the step matters, if those in ``after`` matter after it."""
    terms = [c.term for c in way.conditions]
    terms += [t for _, t in way.says.terms] if way.says is not None else []
    found: set[Term] = set()
    for variable in {*way.store.writes, *after}:
        if variable in known and variable not in after:
            continue
        writes = way.store.updates(variable)
        for u in writes:
            terms += [u.value, *apart(u.target)[1]]
        if variable in known and not any(covers(apart(u.target)[1], known[variable][0]) for u in writes):
            found.add(variable)
    return found | {t for t in subterms(*terms) if t.op is Op.VARIABLE and t in known}
