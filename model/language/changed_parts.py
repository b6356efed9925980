"""Variables with parts in changes."""

from __future__ import annotations

from planrace.model.language.actions import Action
from planrace.model.language.composite import Composite, leaves_in
from planrace.model.language.errors import DefinitionError
from planrace.model.language.terms import Term


def check_assigned(action: Action, variable: object, reason: str, otherwise: str = "") -> None:
    """Refuse what is no variable, or one that the action does not assign."""
    if isinstance(variable, Composite):
        parts = ", ".join(map(str, leaves_in(variable)))
        raise DefinitionError(f"{reason}: {variable} has parts", remedy=f"name one of them: {parts}")
    if not isinstance(variable, Term):
        raise DefinitionError(f"{reason}: {variable!r} is not a variable", remedy="name it as Python does")
    written = {u.variable for o in action.outcomes for u in o.updates}
    if variable not in written:
        raise _unassigned(action, variable, written, reason, otherwise)


def assigned_leaves(action: Action, variable: Term | Composite, reason: str) -> frozenset[Term]:
    """The leaves of a variable that an action assigns. Raises ``DefinitionError`` if there are none."""
    if not isinstance(variable, Composite):
        check_assigned(action, variable, reason)
        return frozenset({variable})
    written = {u.variable for o in action.outcomes for u in o.updates}
    found = frozenset(leaf for leaf in leaves_in(variable) if leaf in written)
    if not found:
        raise _unassigned(action, variable, written, reason, "")
    return found


def _unassigned(action: Action, variable: object, written: set[Term], reason: str, otherwise: str) -> DefinitionError:
    names = ", ".join(sorted(map(str, written))) or "nothing"
    return DefinitionError(
        f"{reason}: {action.name} does not assign {variable}", remedy=f"it assigns {names}{otherwise}"
    )
