"""The outcome of a run: one definition for the exit code and for all CI formats, so that they never disagree."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from planrace.checker.results.report import Finding, ModelWarning, Report
from planrace.checker.results.trace import Source, Trace
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict

UNDECIDED = EXIT_CODES[Verdict.UNKNOWN]


class FindingStatus(enum.Enum):
    """What a finding means for its run. ``OPEN``: undecided, but harmless, because the run met its expectation."""

    HOLDS = enum.auto()
    EXPECTED = enum.auto()
    OPEN = enum.auto()
    UNDECIDED = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True)
class Complaint:
    """A reason why a run fails besides violated and undecided properties. ``about`` names the action or property where
    it is shown; ``trace`` leads to it."""

    kind: str
    title: str
    message: str
    about: str = ""
    trace: Trace | None = None
    undecided: bool = False


@dataclass(frozen=True)
class Expectation:
    """What the user expects of a run: ``--expect``, ``--strict``."""

    expected: Verdict | None = None
    strict: bool = False

    @staticmethod
    def of(word: str | None, *, strict: bool = False) -> Expectation:
        """With the word of the expected verdict, if there is one."""
        return Expectation(None if word is None else Verdict.named(word), strict)


@dataclass(frozen=True)
class RunOutcome:
    """A report judged by the user's expectation."""

    report: Report
    expectation: Expectation = Expectation()

    @property
    def code(self) -> int:
        """The exit code of the process. Undecided is 3 whatever was expected."""
        if self.report.interrupted:
            return INTERRUPTED
        return max(self._decided, UNDECIDED) if self.report.doubted else self._decided

    @property
    def _decided(self) -> int:
        verdict = self.report.verdict
        if self.expectation.strict and verdict is not Verdict.UNKNOWN and any(w.strict for w in self.report.warnings):
            return 1
        if self.expectation.expected is None or verdict is Verdict.UNKNOWN:
            return self.report.exit_code
        return 0 if verdict is self.expectation.expected else 1

    @property
    def reason(self) -> str:
        """Why the exit code differs from that of the report."""
        if any(c.kind == "warnings" for c in self.complaints):
            return "With --strict, the warnings above count as failures."
        return f"Expected verdict: {self.expectation.expected}."

    @property
    def _met(self) -> bool:
        """A violation was expected and found."""
        return self.expectation.expected is Verdict.VIOLATED and self.report.verdict is Verdict.VIOLATED

    @property
    def headline(self) -> str:
        """The outcome as a sign and a few words."""
        return f"{'✅' if self.code == 0 else '❌' if self.code == 1 else '⚠️'} {self.words}"

    @property
    def words(self) -> str:
        """The outcome in a few words."""
        met = ", as expected" if self._met else ""
        why = "".join(f"; {kind}" for kind in dict.fromkeys(c.kind for c in self.complaints))
        return f"{self.report.verdict.word}{met}{why}"

    def of(self, f: Finding) -> FindingStatus:
        """What the finding means for the run."""
        if f.verdict is Verdict.HOLDS:
            return FindingStatus.HOLDS
        if f.verdict is Verdict.VIOLATED:
            return FindingStatus.EXPECTED if self._met else FindingStatus.FAILED
        return FindingStatus.OPEN if self._met else FindingStatus.UNDECIDED

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """All complaints. If the exit code is not 0, there is a complaint, or a failed or undecided property."""
        return tuple(self._complaints())

    def _complaints(self) -> Iterator[Complaint]:
        report = self.report
        first = report.findings[0].name if report.findings else ""
        if self.expectation.expected is Verdict.VIOLATED and report.verdict is Verdict.HOLDS:
            message = "no property is violated, and a violation was expected"
            yield Complaint("expectation not met", "expectation not met", message, first)
        if self.expectation.strict:
            for w in report.warnings:
                if w.strict:
                    yield Complaint("warnings", warned_title(w), warned_text(w), warned_about(w), w.trace)
        for name, why in report.doubted:
            message = f"not confirmed: {name}: {why}"
            yield Complaint("not confirmed", message, message, first, undecided=True)
        if report.interrupted:
            message = "the run was interrupted; the report says what was covered"
            yield Complaint("interrupted", "interrupted", message, first, undecided=True)
        if not report.findings:
            message = "no property was checked: none is of a kind that the engine answers"
            yield Complaint("nothing checked", "nothing checked", message, undecided=True)

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """Warnings that do not fail the run."""
        return tuple(w for w in self.report.warnings if not (w.strict and self.expectation.strict))


def warned_title(w: ModelWarning) -> str:
    """The title of a warning: its kind and subject."""
    return f"{w.kind}: {w.subject}" if w.subject else w.kind


def warned_text(w: ModelWarning) -> str:
    """A warning as a sentence."""
    return f"{w.subject or w.kind}: {w.message}."


def warned_about(w: ModelWarning) -> str:
    """The action or property where a warning is shown. Without a subject: the last action of its trace."""
    return w.subject or (w.trace.steps[-1].action if w.trace is not None and w.trace.steps else "")


@dataclass(frozen=True)
class Broken:
    """A run without a report: why, the line of the author's file that shows it, and the exit code."""

    protocol: str
    message: str
    source: Source | None
    code: int
