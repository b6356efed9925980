"""What a search looks for in the states and steps that it meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planrace.model.language import Op, Term
from planrace.model.language.structural import Structural
from planrace.model.language.terms import subterms

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class Occurrence(Structural):
    """Something that a search should meet: an outcome of an action (``term`` is None), or an antecedent of a
    property."""

    name: str
    part: str
    term: Term | None = None

    @property
    def of_steps(self) -> bool:
        """Whether the term is a step term."""
        return self.term is not None and any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(self.term))


@dataclass(frozen=True, eq=False)
class Watch(Structural):
    """What a step function looks for: terms that are reported when they hold. ``final``: states that enable nothing and
    are not final are reported like those of one more state term; ``met``: occurrences are collected. No verdict depends
    on ``met``, nor on state terms that are only ``report_only``; in these, reading outside an array is no error."""

    states: tuple[Term, ...] = ()
    steps: tuple[Term, ...] = ()
    marks: tuple[Term, ...] = ()
    roles: tuple[tuple[Term, int], ...] = ()
    final: Term | None = None
    met: tuple[Occurrence, ...] = ()
    report_only: bool = False
