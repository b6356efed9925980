"""Which facts a run can show together: the largest sets that one run shows, and the smallest that none shows.

Whoever shows some facts shows every part of them, so there is a border. It is found as in MARCO (Liffiton, Previti,
Malik and Marques-Silva, "Fast, flexible MUS enumeration", Constraints 21, 2016): a set that nothing known decides is
asked about, the largest first; if no run shows it, it shrinks to a smallest one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from planrace.checker.results.verdict import Verdict

Ask = Callable[[frozenset[str]], Verdict]
"""Whether a run shows these facts together: ``HOLDS``, ``VIOLATED``, or ``UNKNOWN``."""

VAIN = 3
"""So many questions without an answer end it: the next ones would have none, either."""


@dataclass
class Border:
    """The sets between which everything is decided. ``open`` are sets that were asked about in vain; while there are
    some, a set of ``largest`` may not be the largest, and one of ``smallest`` not the smallest."""

    largest: list[frozenset[str]] = field(default_factory=list)
    smallest: list[frozenset[str]] = field(default_factory=list)
    open: list[frozenset[str]] = field(default_factory=list)


def border(names: Sequence[str], ask: Ask, alone: Iterable[str] = ()) -> Border:
    """The border among all sets of ``names``; ``alone`` are those of which it is known that no run shows them."""
    found = Border(smallest=[frozenset({n}) for n in alone])
    possible = [n for n in names if frozenset({n}) not in found.smallest]
    while len(found.open) < VAIN and (asked := _undecided(possible, found)) is not None:
        verdict = ask(asked)
        if verdict is Verdict.HOLDS:
            found.largest.append(asked)  # what is larger is decided: no run shows it
        elif verdict is Verdict.VIOLATED:
            found.smallest.append(_shrunk(asked, possible, ask, found))
        else:
            found.open.append(asked)
    return found


def _undecided(names: Sequence[str], found: Border) -> frozenset[str] | None:
    """A set as large as possible that is neither part of a shown one, nor has a part that no run shows, nor was asked
    about in vain."""
    for size in range(len(names), -1, -1):
        for chosen in combinations(names, size):
            asked = frozenset(chosen)
            if _decided(asked, found) is None and asked not in found.open:
                return asked
    return None


def _decided(asked: frozenset[str], found: Border) -> Verdict | None:
    if not asked or any(asked <= shown for shown in found.largest):
        return Verdict.HOLDS
    return Verdict.VIOLATED if any(none <= asked for none in found.smallest) else None


def _answer(asked: frozenset[str], ask: Ask, found: Border) -> Verdict:
    known = _decided(asked, found)
    return ask(asked) if known is None else known


def _shrunk(none: frozenset[str], names: Sequence[str], ask: Ask, found: Border) -> frozenset[str]:
    for n in names:
        if n in none and _answer(none - {n}, ask, found) is Verdict.VIOLATED:
            none -= {n}
    return none
