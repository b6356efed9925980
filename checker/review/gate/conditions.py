"""The conditions of the gate, the evidence that decides them, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planrace.checker.advice.lint.finding import LintFindings
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict
from planrace.checker.review.mutation.judge import Mutation


class GateCondition(StrEnum):
    """What a protocol must meet to be established."""

    DECIDED = "decided"
    """Every property has a verdict, by a complete search, a counterexample, a witness or a proof."""
    AS_EXPECTED = "as expected"
    """Every property holds, but for those that are meant to be violated, which are."""
    SPECIFIED = "specified"
    """Some property says what must hold, and the properties notice enough mutants."""
    NO_WARNINGS = "no warnings"
    """No warning about the model and no finding of lint is open."""
    ACTS = "acts"
    """The model does something: every action happens, no property is vacuous, every witness is reached."""


class ConditionStatus(StrEnum):
    """Whether a condition is met."""

    NOT_MET = "not met"
    UNDECIDED = "undecided"
    """A bound, a time limit or an interruption ended the work that decides it."""
    MET = "met"


class GateOutcome(StrEnum):
    """The answer of the gate."""

    NOT_ESTABLISHED = "not established"
    UNDECIDED = "undecided"
    ESTABLISHED = "established"


@dataclass(frozen=True)
class JudgedCondition:
    """The result for a condition. ``open`` lists what keeps it from being met; where it is met, what a reader should
    know all the same: mutants that survived, notes, what was accepted."""

    condition: GateCondition
    status: ConditionStatus
    why: str
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateRequest:
    """What is asked of a protocol.

    ``violated`` are the properties that are meant to be violated. ``accepted`` are warnings and findings that somebody
    looked at and accepts, each as ``kind: subject``. ``at_least`` is the mutation score, in per cent.
    """

    violated: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    at_least: float = 80.0
    every_size: bool = False

    def expected(self, name: str) -> Verdict:
        """The verdict that the property should have."""
        return Verdict.VIOLATED if name in self.violated else Verdict.HOLDS


@dataclass(frozen=True)
class Evidence:
    """What was found out about a protocol: the report of a complete search, one of proofs for every size, findings of
    lint, results of mutants. None: it is missing, and ``missing`` says why, by the name of the field."""

    report: Report
    proof: Report | None = None
    linted: LintFindings | None = None
    mutation: Mutation | None = None
    missing: Mapping[str, str] | None = None

    def why_not(self, field: str) -> str:
        """Why a part of the evidence is missing."""
        return (self.missing or {}).get(field, "it was not tried")


@dataclass(frozen=True)
class Establishment:
    """The answer of the gate. It is true only if the protocol is established."""

    request: GateRequest
    evidence: Evidence
    conditions: tuple[JudgedCondition, ...]

    def __bool__(self) -> bool:
        return self.established

    @property
    def established(self) -> bool:
        """Every condition was judged, and every one is met."""
        return self.outcome is GateOutcome.ESTABLISHED

    @property
    def outcome(self) -> GateOutcome:
        """Not established if a condition is not met; undecided if one is undecided or was not judged."""
        found = {c.condition: c.status for c in self.conditions}
        statuses = [found.get(c, ConditionStatus.UNDECIDED) for c in GateCondition]
        if ConditionStatus.NOT_MET in statuses:
            return GateOutcome.NOT_ESTABLISHED
        met = all(s is ConditionStatus.MET for s in statuses)
        return GateOutcome.ESTABLISHED if met else GateOutcome.UNDECIDED

    @property
    def interrupted(self) -> bool:
        """The user interrupted the work."""
        parts = (self.evidence.report, self.evidence.proof, self.evidence.mutation)
        return any(p is not None and p.interrupted for p in parts)

    @property
    def exit_code(self) -> int:
        """0 established, 1 not established, 3 undecided, 130 interrupted."""
        return INTERRUPTED if self.interrupted else EXIT_CODES[_VERDICTS[self.outcome]]


_VERDICTS = {
    GateOutcome.ESTABLISHED: Verdict.HOLDS,
    GateOutcome.NOT_ESTABLISHED: Verdict.VIOLATED,
    GateOutcome.UNDECIDED: Verdict.UNKNOWN,
}
