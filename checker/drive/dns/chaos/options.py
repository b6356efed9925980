"""What a run of chaos is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards


class ServerKind(StrEnum):
    """The name server that holds the zones."""

    EMBEDDED = "embedded"
    BIND = "bind"
    KNOT = "knot"


class Code(StrEnum):
    """The code of the Enactors."""

    ORIGINAL = "original"
    FIXED = "fixed"

    @property
    def safeguards(self) -> Safeguards:
        return FIXED if self is Code.FIXED else ORIGINAL


def long_pauses() -> dict[str, float]:
    """Where Enactors rest long enough for the others to overtake them, and how often: before an endpoint, with a plan
    that was checked long ago, and before a deletion that was listed long ago."""
    return {"take_lock": 0.3, "delete_old_plans": 0.3}


@dataclass(frozen=True)
class ChaosOptions:
    """Times are in seconds; what happens ``every`` so often does so at random times with that mean, and never at 0.

    ``pauses`` are steps and how often (0 to 1) an Enactor rests before them for up to ``longest_pause``; before the
    others it rests for up to ``short_pause``. ``loss`` is the share of answers that an Enactor never gets.
    """

    server: ServerKind = ServerKind.EMBEDDED
    code: Code = Code.FIXED
    seconds: float = 60.0
    seed: int = 0
    enactors: int = 3
    endpoints: int = 2
    keep: int = 2
    publish_every: float = 0.5
    kill_every: float = 4.0
    restart_every: float = 12.0
    loss: float = 0.02
    lease_seconds: float = 3.0
    pauses: dict[str, float] = field(default_factory=long_pauses)
    longest_pause: float = 3.0
    short_pause: float = 0.02
    quiet_seconds: float = 60.0
    """Until when all endpoints must have reached the newest plan, once nothing disturbs the Enactors any more."""
    until_empty: bool = False
    """Ends as soon as a resolver has got an answer without addresses."""
    afresh: bool = False
    """An Enactor that gets no answer forgets everything, as if it had crashed. Without it, it tries again."""
    enactor: str = ""
    """The class of the Enactors in place of ours: ``file.py:Class``."""


@dataclass(frozen=True)
class Places:
    """The files of a run."""

    folder: Path

    @property
    def plans(self) -> Path:
        """The folder in which plans are published."""
        return self.folder / "plans"

    @property
    def quiet(self) -> Path:
        """While this file is there, nobody rests, loses answers or publishes."""
        return self.folder / "quiet"

    def journal(self, process: str) -> Path:
        return self.folder / f"{process}.jsonl"

    def records(self, process: str) -> Path:
        """The steps of a process, as ``check conform`` reads them."""
        return self.folder / "records" / f"{process}.jsonl"

    def output(self, process: str) -> Path:
        return self.folder / f"{process}.output"


Given = dict[str, Any]
"""What a process is given, as JSON."""
