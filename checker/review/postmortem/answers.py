"""What a protocol says to the facts of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.report import Report
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict


@dataclass(frozen=True)
class JudgedFact:
    """A fact or a claim. ``HOLDS``: a run shows it; ``step`` is where the run of the report does.

    If a run shows the whole story, ``length`` is that of a shortest run that shows an optional fact with it; otherwise
    ``verdict`` is about the fact alone, and ``length`` that of a shortest run that shows it, whatever else it shows."""

    name: str
    meaning: str
    verdict: Verdict
    how: str
    optional: bool = False
    claim: bool = False
    step: int | None = None
    length: int | None = None


@dataclass(frozen=True)
class ShownTogether:
    """Facts and claims that one run shows together, and no run with any other; ``missing`` are the others."""

    names: tuple[str, ...]
    missing: tuple[str, ...]
    length: int


@dataclass(frozen=True)
class JudgedProtection:
    """Whether a run shows the story with these ``protections``: those that are on and this one; or, if no run shows it
    with those that are on, this one alone, or none (then it has no name). ``unclaimed``: runs show the facts, but what
    is claimed after them does not hold."""

    name: str
    meaning: str
    protections: tuple[str, ...]
    verdict: Verdict
    how: str
    length: int | None = None
    unclaimed: bool = False


@dataclass(frozen=True)
class Postmortem:
    """The answer to a file of facts. ``verdict`` says whether one run shows all facts that are not optional, and all
    claims; ``report`` has that run, or else the one that shows the most.

    If no run shows all, ``together`` are the largest sets of facts and claims that a run shows, and ``conflicts`` the
    smallest that none shows. ``open`` says what was not decided, and why."""

    path: str
    title: str
    source: str
    verdict: Verdict
    how: str
    report: Report
    facts: tuple[JudgedFact, ...]
    unclaimed: bool = False
    together: tuple[ShownTogether, ...] = ()
    conflicts: tuple[tuple[str, ...], ...] = ()
    protections: tuple[JudgedProtection, ...] = ()
    open: tuple[str, ...] = ()
    interrupted: bool = False

    def __bool__(self) -> bool:
        """Whether a run shows all facts and claims."""
        return self.verdict is Verdict.HOLDS

    def __repr__(self) -> str:
        return f"<Postmortem {self.title}: {self.outcome}>"

    @property
    def protocol(self) -> str:
        """The name of the protocol."""
        return self.report.protocol

    @property
    def parameters(self) -> Mapping[str, int | str]:
        """The sizes at which it was searched."""
        return self.report.parameters

    @property
    def length(self) -> int | None:
        """The number of steps of the run that shows all."""
        found = self.report.findings[0].depth
        return found if self.verdict is Verdict.HOLDS else None

    @property
    def outcome(self) -> str:
        """The verdict in words."""
        if self.interrupted:
            return "interrupted"
        words = {Verdict.HOLDS: "a run shows it all", Verdict.VIOLATED: "no run shows it all"}
        return words.get(self.verdict, "undecided")

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 0 a run shows all facts, 1 none does, 3 undecided, 130 interrupted."""
        return INTERRUPTED if self.interrupted else EXIT_CODES[self.verdict]
