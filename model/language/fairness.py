"""Fairness of a choice between actions: one of them is taken at last, whichever it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planrace.model.language.actions import Action
from planrace.model.language.author_code import shown
from planrace.model.language.errors import DefinitionError, Place, author
from planrace.model.language.ledger import made


class Everything:
    """All actions that are no faults."""

    def __repr__(self) -> str:
        return "everything"


everything = Everything()
"""In ``weak(everything)`` and ``strong(everything)``: all actions that are no faults."""


@dataclass(frozen=True, eq=False)
class FairChoice:
    """Runs are fair to the choice between all instances of some actions: a "weak" choice is taken at last if from some
    state on some instance is enabled in every state, a "strong" one if some is enabled again and again. ``names`` are
    those of actions, or of processes for all their steps; none stands for all actions that are no faults."""

    kind: str
    names: tuple[str, ...]
    where: Place | None

    def among(self, actions: Iterable[Action]) -> frozenset[str]:
        """The names of the actions that it is between."""
        return frozenset(a.name for a in actions if self._is_of(a))

    def _is_of(self, action: Action) -> bool:
        if not self.names:
            return action.fault is None
        return action.name in self.names or (action.origin is not None and action.origin.process in self.names)

    def __str__(self) -> str:
        return " or ".join(self.names) if self.names else "any action"


def weak(*actions: object) -> FairChoice:
    """Weak fairness of a choice, for ``protocol.fair(…)``: if from some state on an instance of some of ``actions`` is
    enabled in every state, one of them is taken at last. ``actions`` are actions or processes, themselves or their
    names, or ``everything``. A step that changes nothing counts as taken."""
    return _choice("weak", actions)


def strong(*actions: object) -> FairChoice:
    """The same if some instance is enabled again and again."""
    return _choice("strong", actions)


def _choice(kind: str, actions: tuple[object, ...]) -> FairChoice:
    how = f"write {kind}(flip, clean), or {kind}(everything)"
    if not actions:
        raise DefinitionError(f"{kind}() is of no action", remedy=how)
    if everything in actions:
        if len(actions) > 1:
            raise DefinitionError(f"{kind}: everything has all actions already", remedy=f"write {kind}(everything)")
        names: tuple[str, ...] = ()
    else:
        names = tuple(dict.fromkeys(_named(a, kind, how) for a in actions))
    found = FairChoice(kind, names, author())
    made(found, f"{kind}(…)", "protocol.fair(…)")
    return found


def _named(given: object, kind: str, how: str) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, Action) or hasattr(given, "points"):
        return str(getattr(given, "name", given))
    raise DefinitionError(f"{kind}: {shown(given)} is not an action", remedy=how)
