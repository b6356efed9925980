"""The results of several checks, as one run of the command gives them."""

from __future__ import annotations

from dataclasses import dataclass

from planrace.checker.results.outcome import Broken, RunOutcome
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import INTERRUPTED

WORST_FIRST = (INTERRUPTED, 2, 1, 3, 0)
"""Exit codes of checks; that of the whole run is the first of these that a check has."""


@dataclass(frozen=True)
class CheckResult:
    """The result of the check called ``name``: an outcome, or why there is no report."""

    name: str
    outcome: RunOutcome | Broken

    @property
    def code(self) -> int:
        """The exit code that the check alone would have."""
        return self.outcome.code

    @property
    def report(self) -> Report | None:
        return self.outcome.report if isinstance(self.outcome, RunOutcome) else None

    @property
    def sentence(self) -> str:
        """The outcome in a few words."""
        return self.outcome.words if isinstance(self.outcome, RunOutcome) else "not checked"


@dataclass(frozen=True)
class Reports:
    """Results in the order of the checks. ``left`` are the names of checks that an interruption left out."""

    results: tuple[CheckResult, ...]
    left: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether every check is as expected: ``assert check_project()``."""
        return self.code == 0

    def __repr__(self) -> str:
        return f"<Reports {'; '.join(f'{r.name}: {r.sentence}' for r in self.results)}>"

    @property
    def interrupted(self) -> bool:
        return bool(self.left) or any(r.code == INTERRUPTED for r in self.results)

    @property
    def code(self) -> int:
        """The exit code: that of the worst result."""
        codes = {r.code for r in self.results} | ({INTERRUPTED} if self.left else set())
        return next((c for c in WORST_FIRST if c in codes), 0)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The results that are not as expected."""
        return tuple(r for r in self.results if r.code)
