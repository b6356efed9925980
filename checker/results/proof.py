"""What a second solver says of the proofs of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.trace import Trace


@dataclass(frozen=True)
class Confirmation:
    """What a second solver says of obligations: how many it was asked about, and which it does not confirm and why."""

    solver: str
    asked: int
    doubted: tuple[tuple[str, str], ...]


INITIALLY = "initially"
"""What stands for an action in obligations about the initial state."""


@dataclass(frozen=True)
class Conjunct:
    """A fact of an inductive invariant: ``kind`` is "range", "lemma" or "property"."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Obligation:
    """Something that a solver had to show: that ``fact`` holds after ``action`` (or "initially"), from the facts
    ``uses``. ``reason`` says why it was not shown; ``seconds`` is the solver's time.

    ``kind`` is "conjunct" (of the invariant), "model" (``fact`` fails where a step is a model error), "step property",
    or "schedule" (then ``fact`` names its rule).
    """

    kind: str
    fact: str
    action: str
    proved: bool
    uses: tuple[str, ...]
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Certificate:
    """A proof for every size: the statement, what it assumes, the invariant's conjuncts and every obligation."""

    properties: tuple[str, ...]
    statement: str
    assumptions: str
    conjuncts: tuple[Conjunct, ...]
    obligations: tuple[Obligation, ...]

    @property
    def complete(self) -> bool:
        return all(o.proved for o in self.obligations)


@dataclass(frozen=True)
class InductionCounterexample:
    """A counterexample to induction, at ``parameters``: a run from a state that need not be reachable.

    Until its last step everything holds that the induction assumes; the last step breaks the property.
    """

    trace: Trace
    parameters: Mapping[str, int]
