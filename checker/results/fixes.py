"""The result of ``check matrix``: which protections suffice, which do not, and what each of them leaves open. Pure
data.

A *point* is a set of protections under a set of faults at one size; it has a *verdict* for each property that is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict

Names = tuple[str, ...]


@dataclass(frozen=True)
class ToldStep:
    """A step of a counterexample in words: who takes it, what happens, what the outside world sees then."""

    action: str
    who: str
    text: str
    sees: Names = ()


@dataclass(frozen=True)
class PointVerdict:
    """The verdict on one property. ``length`` is that of the shortest counterexample (of a reachability property: of
    the witness), ``steps`` are the counterexample where it was asked for, ``acts`` its steps (from 1) at which a
    protection acts, ``open`` says what the protections leave open."""

    property: str
    kind: str
    verdict: Verdict
    how: str
    length: int | None = None
    steps: tuple[ToldStep, ...] = ()
    open: str = ""
    acts: tuple[int, ...] = ()


@dataclass(frozen=True)
class FixPoint:
    """The verdicts at one point. ``command`` reproduces them; ``states`` is 0 where the engine counted none."""

    protections: Names
    faults: Names
    parameters: Mapping[str, int | str]
    verdicts: tuple[PointVerdict, ...]
    states: int = 0
    command: str = ""

    def of(self, name: str) -> PointVerdict:
        """The verdict on a property."""
        return next(v for v in self.verdicts if v.property == name)

    @property
    def verdict(self) -> Verdict:
        """That of all properties together."""
        return min((v.verdict for v in self.verdicts), default=Verdict.UNKNOWN)

    @property
    def violated(self) -> tuple[PointVerdict, ...]:
        return tuple(v for v in self.verdicts if v.verdict is Verdict.VIOLATED)


@dataclass(frozen=True)
class Idea:
    """A protection with its meaning and the argument for it."""

    name: str
    meaning: str
    plausible: bool
    argument: str


@dataclass(frozen=True)
class MissingMember:
    """What happens without one member of a minimal set: the point without it."""

    name: str
    without: FixPoint


@dataclass(frozen=True)
class EverySizeVerdict:
    """What a proof for every size says of a property of a set: it holds at every size, is violated at some size
    (``parameters``, ``length``), or is not proved, which leaves it at the sizes that were searched."""

    property: str
    verdict: Verdict
    how: str
    parameters: Mapping[str, int | str] | None = None
    length: int | None = None


@dataclass(frozen=True)
class MinimalSet:
    """A set of protections with which every property holds at both sizes, while some property fails with each of its
    subsets, or is undecided there: see ``FixReport.doubts``.

    ``under`` are the same protections under the sets of faults, small ones first; ``more`` with one more protection
    each, where some property fails then; ``proofs`` are about every size.
    """

    protections: Names
    small: FixPoint
    large: FixPoint
    members: tuple[MissingMember, ...] = ()
    under: tuple[FixPoint, ...] = ()
    more: tuple[FixPoint, ...] = ()
    proofs: tuple[EverySizeVerdict, ...] = ()
    proof_command: str = ""

    def broken_by(self, name: str) -> list[Names]:
        """The smallest of the sets of faults that were tried under which a property fails."""
        return smallest(p.faults for p in self.under if p.of(name).verdict is Verdict.VIOLATED)

    def healed_by(self, name: str, faults: Names) -> list[Names]:
        """The smallest sets of faults that let a property hold which fails under ``faults``, if they are on, too."""
        larger = (p for p in self.under if set(faults) < set(p.faults) and p.of(name).verdict is Verdict.HOLDS)
        return smallest(tuple(f for f in p.faults if f not in faults) for p in larger)


@dataclass(frozen=True)
class SearchedLevel:
    """The sets of one size: how many were searched, and how many of them suffice or are undecided. ``left_out`` contain
    a smaller set that suffices, so they are not minimal."""

    size: int
    searched: int
    sufficient: int
    undecided: int
    left_out: int


@dataclass(frozen=True)
class FixReport:
    """Which protections suffice. ``alone`` has a row for no protection and for each alone: the point under ``faults``
    first, then under one more fault each. ``apparent`` are sets that suffice at the small size and not at the large
    one."""

    protocol: str
    parameters: Mapping[str, int | str]
    larger: Mapping[str, int | str]
    faults: Names
    always: Names
    properties: Names
    meanings: Mapping[str, str]
    ideas: tuple[Idea, ...]
    alone: tuple[tuple[FixPoint, ...], ...]
    levels: tuple[SearchedLevel, ...]
    minimal: tuple[MinimalSet, ...]
    apparent: tuple[FixPoint, ...]
    undecided: tuple[FixPoint, ...]
    max_set: int
    points: int
    cached: int
    seconds: float
    expected: tuple[Names, ...] = ()
    interrupted: bool = False
    stopped: str | None = None
    pruning: str = ""
    notes: Names = field(default=())

    @property
    def unmet(self) -> tuple[Names, ...]:
        """Sets that were expected among the minimal ones and are not there."""
        there = {frozenset(m.protections) for m in self.minimal}
        return tuple(e for e in self.expected if frozenset(e) not in there)

    def doubts(self, protections: Iterable[str]) -> tuple[Names, ...]:
        """The smaller sets that are undecided: while they are, a set that suffices is not known to be minimal."""
        own = frozenset(protections)
        smaller = (tuple(p for p in x.protections if p not in self.always) for x in self.undecided)
        return tuple(dict.fromkeys(s for s in smaller if own > set(s)))

    @property
    def open_points(self) -> int:
        """How many points are undecided."""
        found = [p for row in self.alone for p in row]
        found += [p for m in self.minimal for p in (*m.under, *m.more, *(x.without for x in m.members))]
        return len(self.undecided) + sum(p.verdict is Verdict.UNKNOWN for p in found)

    @property
    def exit_code(self) -> int:
        """0: everything is decided, or what was expected is there; 1: it is not; 3: something is undecided."""
        if self.interrupted:
            return INTERRUPTED
        if self.expected:
            doubted = any(self.doubts(e) for e in self.expected)
            certain = not doubted if not self.unmet else not (self.undecided or self.stopped)
            return (1 if self.unmet else 0) if certain else EXIT_CODES[Verdict.UNKNOWN]
        return EXIT_CODES[Verdict.UNKNOWN] if self.open_points or self.stopped else 0


def smallest(sets: Iterable[Names]) -> list[Names]:
    """Those that contain no other one."""
    found: list[Names] = []
    for names in sorted(sets, key=len):
        if not any(set(f) <= set(names) for f in found):
            found.append(names)
    return found
