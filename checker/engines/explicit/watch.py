"""What a search looks out for in the states and steps that it meets."""

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
    """Something to meet: an ending of an action (``term`` is None), or an antecedent of a property."""

    name: str
    part: str
    term: Term | None = None

    @property
    def of_steps(self) -> bool:
        """The term speaks of a step."""
        return self.term is not None and any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(self.term))


@dataclass(frozen=True, eq=False)
class Watch(Structural):
    """What the function looks for: terms that are reported when they hold. ``final``: states that enable nothing and
    are not final are reported like those of a further state term; ``met``: what is met at all is collected. No verdict
    depends on the latter, nor on state terms that are only ``told``: what they read beyond an array is no error."""

    states: tuple[Term, ...] = ()
    steps: tuple[Term, ...] = ()
    marks: tuple[Term, ...] = ()
    roles: tuple[tuple[Term, int], ...] = ()
    final: Term | None = None
    met: tuple[Occurrence, ...] = ()
    told: bool = False
