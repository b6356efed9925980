"""Terms that only make sense of steps: the value after the step, and which action the step is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import BOOL
from planrace.model.language.terms import Term, lift, make, subterms

if TYPE_CHECKING:
    from planrace.model.language.actions import Action


def primed(term: Term) -> Term:
    """The value of ``term`` after the step, of the sort of ``term``: ``primed(written) >= written``. Only in properties
    and events of steps, and not within itself; raises ``DefinitionError`` elsewhere."""
    if any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(term)):
        raise DefinitionError(f"primed: {term} speaks of a step already", remedy="prime a term of one state")
    return make(Op.PRIMED, (term,), term.sort)


def taken(action: str | Action, /, outcome: str | None = None, **parameters: Term) -> Term:
    """Whether the step is one of ``action``, by its name or as what its decorator made of it: with that outcome if one
    is given, for these values of its parameters if they are: ``taken("store", outcome="stored", w=worker)``. Only in
    properties and events of steps. That the action exists is looked at when the property is declared."""
    names = tuple(sorted(parameters))
    called = getattr(action, "name", action)
    if not isinstance(called, str):
        raise DefinitionError(f"taken: {called!r} is no action", remedy="name one: taken('flip')")
    if outcome is not None and not isinstance(outcome, str):
        raise DefinitionError(
            f"taken: outcome={outcome!r} is no name of an outcome",
            remedy="name one: outcome='late'; a parameter of the action that is called outcome wants another name",
        )
    return make(Op.TAKEN, tuple(lift(parameters[n]) for n in names), BOOL, (called, outcome, names))
