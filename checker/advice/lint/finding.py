"""The findings of lint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planrace.model.language import Place


@dataclass(frozen=True)
class Lint:
    """Something that the author of a model may have overlooked. ``kind`` is one of ``KINDS``, ``subject`` the name of
    what it is about, ``where`` the line, if known."""

    kind: str
    subject: str
    where: Place | None
    sentence: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.kind}: {self.sentence} ({self.remedy})"


class LintFindings(tuple[Lint, ...]):
    """What lint found in the model ``protocol``, in the order of ``KINDS``: a tuple, empty where nothing was found."""

    protocol: str

    def __new__(cls, protocol: str, found: Iterable[Lint]) -> LintFindings:
        made = super().__new__(cls, found)
        made.protocol = protocol
        return made


KINDS = (
    "never read",
    "never written",
    "guard never true",
    "outcome never chosen",
    "unreachable point",
    "busy waiting",
    "missing reset",
    "unbounded growth",
    "unused parameter",
    "unused fault",
    "unused protection",
    "reads nothing",
    "negated implication",
    "nothing fair",
    "covered fairness",
    "unused fairness",
    "not declared",
)
