"""The result of ``check prove --all``: all protections, properties and faults, decided for every size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.proof import Confirmation
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict


@dataclass(frozen=True)
class Cell:
    """A property of a protocol with some protections under some faults, decided for every size.

    ``conjuncts`` name the invariant of its proof; ``depth`` and ``parameters`` are those of its counterexample.
    """

    protections: tuple[str, ...]
    faults: tuple[str, ...]
    property: str
    verdict: Verdict
    how: str
    conjuncts: tuple[str, ...] = ()
    depth: int | None = None
    parameters: Mapping[str, int] | None = None


@dataclass(frozen=True)
class MatrixReport:
    """Every subset of the protections × every property × every set of faults; ``seconds`` is wall time."""

    protocol: str
    parameters: Mapping[str, int]
    protections: tuple[str, ...]
    faults: tuple[str, ...]
    properties: tuple[str, ...]
    cells: tuple[Cell, ...]
    assumptions: tuple[str, ...]
    queries: int
    seconds: float
    interrupted: bool = False
    confirmation: Confirmation | None = None
    """The second solver's answer on the proofs, if it was requested."""
    stopped: str | None = None
    """The time limit that left cells undecided, if one did."""

    @property
    def size(self) -> int:
        """The number of cells of the complete table; an interrupted run has fewer."""
        return len(self.properties) << (len(self.protections) + len(self.faults))

    @property
    def decided(self) -> int:
        return len(self.cells) - self.undecided

    @property
    def undecided(self) -> int:
        return sum(c.verdict is Verdict.UNKNOWN for c in self.cells)

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 0 if all cells are decided and none is doubted."""
        if self.interrupted:
            return INTERRUPTED
        doubted = self.confirmation is not None and self.confirmation.doubted
        return EXIT_CODES[Verdict.UNKNOWN] if self.undecided or doubted else 0
