"""History variables: they remember what has happened, for properties and lemmas, and nothing in a run depends on them.

They are the auxiliary variables of Owicki & Gries, "An axiomatic proof technique for parallel programs I" (Acta
Informatica 6, 1976): without them the model has the same runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace.model.language.actions import Action
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.operators import Op
from planrace.model.language.system import System
from planrace.model.language.terms import Term, subterms


def check_histories(system: System) -> None:
    """Check that only properties, lemmas, reports and other histories read history variables. Raises
    ``DefinitionError``."""
    histories = {v.name for v in system.variables if v.history}
    if not histories:
        return
    for what, where, terms in _deciding(system, histories):
        for t in subterms(*terms):
            if t.op is Op.VARIABLE and t.data in histories:
                raise DefinitionError(
                    f"{what} reads the history {t.data}, so what happens depends on it",
                    where=where,
                    remedy="histories are for properties and lemmas; what the protocol decides by is a variable",
                )


def _deciding(system: System, histories: set[str]) -> Iterator[tuple[str, Place | None, list[Term]]]:
    """What decides about runs: each part with its place and terms."""
    for a in system.actions.values():
        yield from _of_action(a, histories)
    yield "a condition on final states", system.ended, list(system.final)
    for b in system.beginnings:
        yield "a condition on initial states", b.where, [b.holds]


def _of_action(a: Action, histories: set[str]) -> Iterator[tuple[str, Place | None, list[Term]]]:
    yield f"action {a.name}: its guard", a.where, [a.when]
    for o in a.outcomes:
        named = "a condition" if o.name is None else f"the condition of {o.name}"
        yield f"action {a.name}: {named}", o.where or a.where, [o.condition]
        for u in o.updates:
            if u.variable.data not in histories:
                yield f"action {a.name}: the update of {u.target}", u.where or a.where, [u.target, u.value]
