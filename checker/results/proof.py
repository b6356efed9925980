"""Proofs for every size, their confirmation by a second solver, and counterexamples to induction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.trace import Trace


@dataclass(frozen=True)
class Confirmation:
    """The answer of a second solver: how many obligations it was asked, which it does not confirm, and why."""

    solver: str
    asked: int
    doubted: tuple[tuple[str, str], ...]


INITIALLY = "initially"
"""The name in place of an action in obligations about the initial state."""


@dataclass(frozen=True)
class Conjunct:
    """A fact of an inductive invariant: ``kind`` is "range", "lemma" or "property"."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Obligation:
    """A question to the solver: does ``fact`` hold after ``action`` (or "initially") if the facts ``uses`` hold before?
    ``reason`` says why it is not proved; ``seconds`` is the solver's time, in whole microseconds as JSON has it: text
    that is made of JSON again then rounds it to the same milliseconds.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 6))


@dataclass(frozen=True)
class Certificate:
    """A proof for every size: the statement, its assumptions, the conjuncts of the invariant and every obligation."""

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

    Before the last step all assumptions of the induction hold; the last step violates the property.
    """

    trace: Trace
    parameters: Mapping[str, int]
