"""What terms are evaluated in, and the error where one has no value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from planrace.model.language import Action, ModelError, Outcome, Place, Term
from planrace.model.language.structural import Structural

State: TypeAlias = "tuple[Any, ...]"


@dataclass(frozen=True)
class Move:
    """A step: an action with values of its parameters, and the outcome."""

    action: Action
    choice: tuple[int, ...]
    outcome: Outcome


@dataclass(eq=False)
class Context(Structural):
    """What a term is evaluated in: bound variables, a state, and for step terms also the step and the state after it.
    Nothing changes it; it is not frozen, because evaluating makes thousands, and frozen ones take twice as long."""

    bound: Mapping[Term, int]
    state: State
    after: State | None = None
    move: Move | None = None


class RangeError(ModelError):
    """A step assigns a value that its variable's sort does not hold, or two different values to one place; or a
    position is read that an array does not have; or a divisor is 0."""

    def of(self, what: str, where: Place | None) -> RangeError:
        """This error with the thing that contains it, unless that is known already."""
        if self.where is not None:
            return self
        return RangeError(f"{what}: {self.what}", where=where, remedy=self.remedy)
