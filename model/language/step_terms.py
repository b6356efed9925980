"""Terms that are only meaningful for steps: the value after the step, and which action the step is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from planrace.model.language.chosen_composites import named_leaves
from planrace.model.language.composite import Composite, mapped
from planrace.model.language.errors import DefinitionError, instances
from planrace.model.language.operators import Op
from planrace.model.language.sorts import BOOL
from planrace.model.language.terms import Term, make, subterms

if TYPE_CHECKING:
    from planrace.model.language.actions import Action

C = TypeVar("C", bound=Composite)


@overload
def primed(term: C) -> C: ...
@overload
def primed(term: Term) -> Term: ...
def primed(term: Any) -> Any:
    """The value of ``term`` after the step; its sort is that of ``term``: ``primed(written) >= written``. Only for
    properties and events of steps, and not nested; raises ``DefinitionError`` elsewhere."""
    if isinstance(term, Composite):
        return mapped(term, primed)
    instances((term,), Term, "primed", "a term about one state, such as a variable")
    if any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(term)):
        raise DefinitionError(f"primed: {term} refers to a step already", remedy="prime a term about one state")
    return make(Op.PRIMED, (term,), term.sort)


def taken(action: str | Action, /, outcome: str | None = None, **parameters: Any) -> Term:
    """Whether the step is one of ``action`` (a name, or the value that its decorator returned), with that outcome if
    one is given and for these values of its parameters: ``taken("store", outcome="stored", w=worker)``. Only for
    properties and events of steps. The reference is checked when the property is declared."""
    values = named_leaves(parameters)
    names = tuple(sorted(values))
    called = getattr(action, "name", action)
    if not isinstance(called, str):
        raise DefinitionError(f"taken: {called!r} is not an action", remedy="name one: taken('flip')")
    if outcome is not None and not isinstance(outcome, str):
        raise DefinitionError(
            f"taken: outcome={outcome!r} is not the name of an outcome",
            remedy="name one: outcome='late'; if a parameter of the action is called outcome, rename it",
        )
    return make(Op.TAKEN, tuple(values[n] for n in names), BOOL, (called, outcome, names))
