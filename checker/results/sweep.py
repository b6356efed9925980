"""Verdicts and lengths of counterexamples at many sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.verdict import Verdict


@dataclass(frozen=True)
class SweepCell:
    """The answer for one property at one point. ``length``: the steps of the shortest counterexample, or of the witness
    of a reachability; ``shortest``: whether the engine says that it is."""

    name: str
    verdict: Verdict
    how: str
    length: int | None = None
    shortest: bool = False


@dataclass(frozen=True)
class SweepPoint:
    """The answers at one size: ``values`` of the parameters that vary. ``states`` of the search, if there was one."""

    values: Mapping[str, int]
    cells: tuple[SweepCell, ...]
    states: int | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class SweepThreshold:
    """``parameter`` changes the verdict of a property between ``before`` and ``after``, which are neighbours, where the
    other parameters have the values ``others``. ``bisected``: only as many points were computed as that takes if the
    verdict changes once."""

    name: str
    parameter: str
    others: Mapping[str, int]
    before: int
    after: int
    to: Verdict
    bisected: bool = False


@dataclass(frozen=True)
class SweepLaw:
    """The lengths for a property are ``constant`` + the sum of ``factors`` times the parameters, at all ``points``
    points with a length where the other parameters have the values ``where``. Nothing says that it goes on beyond
    them."""

    name: str
    constant: int
    factors: Mapping[str, int]
    where: Mapping[str, int]
    points: int

    @property
    def formula(self) -> str:
        """The length as a formula: "keep + 11"."""
        terms = [n if f == 1 else f"{f}·{n}" for n, f in self.factors.items() if f]
        terms += [str(self.constant)] if self.constant or not terms else []
        return " + ".join(terms).replace("+ -", "- ")


@dataclass(frozen=True)
class Sweep:
    """All points in the order of their values. ``parameters`` are those that do not vary."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    engine: str
    varied: tuple[str, ...]
    points: tuple[SweepPoint, ...]
    thresholds: tuple[SweepThreshold, ...] = ()
    laws: tuple[SweepLaw, ...] = ()
    bisected: str | None = None
    """The parameter of which only some values were computed."""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict; unknown if something is undecided and nothing is violated."""
        return min((c.verdict for p in self.points for c in p.cells), default=Verdict.HOLDS)

    @property
    def decided(self) -> bool:
        """Whether every cell has a verdict."""
        return all(c.verdict is not Verdict.UNKNOWN for p in self.points for c in p.cells)

    def exit_code(self, expect: str | None = None) -> int:
        """0 if everything is decided, or is as expected; 1 if some verdict is not the expected one, 3 if some is not
        known, 130 if it was interrupted."""
        if any(p.interrupted for p in self.points):
            return 130
        found = {c.verdict for p in self.points for c in p.cells}
        if expect is not None and any(v.word != expect for v in found - {Verdict.UNKNOWN}):
            return 1
        return 0 if self.decided else 3
