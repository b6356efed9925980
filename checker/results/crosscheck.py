"""What another checker says about a protocol, beside what planrace says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.verdict import Verdict


@dataclass(frozen=True)
class ComparedAnswer:
    """One question and both answers: a number of states or transitions, or the word of a verdict. None: no answer."""

    question: str
    ours: str | None
    theirs: str | None

    @property
    def agrees(self) -> bool | None:
        """None where one of the two has no answer."""
        if self.ours is None or self.theirs is None:
            return None
        return self.ours == self.theirs


@dataclass(frozen=True)
class Crosscheck:
    """Both answers to everything that a peer can be asked. ``undecided`` says why something has no answer;
    ``left_out`` names the properties that the peer is not asked about, with the reason."""

    protocol: str
    parameters: Mapping[str, int]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    peer: str
    answers: tuple[ComparedAnswer, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    undecided: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Holds if all answers agree, violated if two differ, unknown if none differ and some are missing."""
        agreed = [a.agrees for a in self.answers]
        if False in agreed:
            return Verdict.VIOLATED
        return Verdict.HOLDS if agreed and None not in agreed and self.undecided is None else Verdict.UNKNOWN

    def __bool__(self) -> bool:
        return bool(self.verdict)

    def __str__(self) -> str:
        sizes = ", ".join(f"{name}={n}" for name, n in self.parameters.items()) or "no sizes"
        faults, protections = (", ".join(names) or "none" for names in (self.faults, self.protections))
        lines = [
            f"{self.protocol} in {self.peer}",
            f"{sizes}; faults: {faults}; protections: {protections}",
            "",
        ]
        rows = [("", "planrace", self.peer, ""), *(_row(a) for a in self.answers)]
        widths = [max(len(r[column]) for r in rows) for column in range(3)]
        lines += ["  ".join([*(c.ljust(w) for c, w in zip(r[:3], widths, strict=True)), r[3]]).rstrip() for r in rows]
        lines += ["", *(f"Not asked: {name}: {why}." for name, why in self.left_out)] if self.left_out else []
        lines += ["", f"Undecided: {self.undecided}."] if self.undecided else []
        return "\n".join([*lines, "", _ENDING[self.verdict]])


def _row(a: ComparedAnswer) -> tuple[str, str, str, str]:
    word = {True: "agree", False: "DIFFER", None: "undecided"}[a.agrees]
    return a.question, a.ours or "?", a.theirs or "?", word


_ENDING = {
    Verdict.HOLDS: "Both agree.",
    Verdict.VIOLATED: "They disagree: one of them has a defect, or the export does. Please report it.",
    Verdict.UNKNOWN: "Undecided.",
}
