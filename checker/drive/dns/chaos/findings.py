"""What a run of chaos has shown, counted from the journals of its processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planrace.checker.drive.dns.enactor import StepResult
from planrace.checker.drive.dns.journal import read_journal

NOERROR = "NOERROR"


@dataclass
class Outage:
    """Answers without addresses at an endpoint, in seconds after the first plan. ``end`` is ``None`` if it lasted."""

    endpoint: int
    begin: float
    end: float | None = None


@dataclass
class Regression:
    """A resolver got an older plan than before."""

    endpoint: int
    at: float
    before: int
    after: int


@dataclass
class Findings:
    """Counts of a run. ``updates`` by answer, ``results`` of steps as ``action: result``."""

    published: int = 0
    questions: int = 0
    crashes: int = 0
    server_kills: int = 0
    updates: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    stale_flips: int = 0
    """Flips from a newer plan to an older one, by what the Enactor had read."""
    failures: list[str] = field(default_factory=list)
    """Errors of Enactors that no step expects."""
    outages: list[Outage] = field(default_factory=list)
    regressions: list[Regression] = field(default_factory=list)
    unanswered: float = 0.0
    """Seconds in which resolvers got no answer, added over the endpoints."""
    reached: tuple[int, ...] = ()
    """The active plans at the end."""
    settled: float | None = None
    """Seconds until all endpoints had the newest plan, once it was quiet; ``None``: they did not get there."""

    @property
    def lost(self) -> int:
        """Answers to updates that were thrown away, or that never came."""
        return sum(n for answer, n in self.updates.items() if answer == "none" or answer.endswith("lost"))

    @property
    def safe(self) -> bool:
        """No empty answer, no regression."""
        return not (self.outages or self.regressions or self.stale_flips)


def read_findings(folder: Path) -> Findings:
    """Counts what the journals of a folder say."""
    found = Findings()
    lines = {f.stem: list(read_journal(f)) for f in sorted(folder.glob("*.jsonl"))}
    first = [journal[0]["begin"] for name, journal in lines.items() if name.startswith("planner") and journal]
    begin = min(first, default=0.0)
    for name, journal in lines.items():
        if name.startswith("resolver"):
            _answers(found, journal, begin)
        else:
            for line in journal:
                _line(found, line)
    found.regressions.sort(key=lambda r: r.at)
    found.outages.sort(key=lambda o: o.begin)
    return found


def _line(found: Findings, line: dict[str, Any]) -> None:
    match line:
        case {"message": "update", "answer": answer}:
            found.updates[answer] += 1
        case {"event": "server-kill"}:
            found.server_kills += 1
        case {"action": "publish"}:
            found.published += 1
        case {"action": "crash"}:
            found.crashes += 1
            if "why" in line:
                found.failures.append(line["why"])
        case {"action": action, "result": result}:
            found.results[f"{action}: {result}"] += 1
            found.stale_flips += result == StepResult.ACCEPTED and line["before"]["plan"] < line["seen"]["alias"]


def _answers(found: Findings, journal: Iterable[dict[str, Any]], begin: float) -> None:
    """What the resolver of an endpoint got. What it got before the first plan was there does not count."""
    newest, outage, silent = 0, None, None
    for line in journal:
        if "questions" in line:
            found.questions += line["questions"]
            continue
        at = line["begin"] - begin
        if silent is not None:
            found.unanswered, silent = found.unanswered + at - silent, None
        if line["answer"] != NOERROR:
            silent = at if newest else None
            continue
        if not line["addresses"] and outage is None:
            outage = Outage(line["e"], at)
            found.outages.append(outage)
        if line["addresses"] and outage is not None:
            outage.end, outage = at, None
        if line["alias"] < newest:
            found.regressions.append(Regression(line["e"], at, newest, line["alias"]))
        newest = line["alias"]
