"""Functions of authors that change a system: of protections, and of choices of options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from planrace.model.language.actions import AnyOutcome, Part, Says, Update, updates_of
from planrace.model.language.author_code import shown, takes
from planrace.model.language.author_text import refuse_vain
from planrace.model.language.errors import DefinitionError, Place, author, is_authors_code, listed, near

if TYPE_CHECKING:
    from planrace.model.language.changes import Changes


def word_for(part: Part) -> str:
    """The function that makes such a part of a step."""
    return "any_outcome" if isinstance(part, AnyOutcome) else type(part).__name__.lower()


def only_updates(parts: Sequence[Part], what: str) -> tuple[Update, ...]:
    """The parts, which are all updates. Raises ``DefinitionError``."""
    found = updates_of(tuple(parts))
    strange = next((p for p in parts if not isinstance(p, Update)), None)
    if strange is not None:
        raise DefinitionError(
            f"{what}: {word_for(strange)}(…) is not an update",
            where=None if isinstance(strange, Says) else strange.where,
            remedy="conditions are changed by change.require, change.guard and change.condition, outcomes added by "
            "change.outcome",
        )
    return found


def name_of(action: object) -> str:
    """The name of an action, given as a name, as an action, or as the value that its decorator returned."""
    name = getattr(action, "name", action)
    if not isinstance(name, str):
        raise DefinitionError(f"{name!r} is not an action", remedy="name one: change.require('flip', …)")
    return name


def fault_actions(names: Iterable[str], actions: Collection[str], what: str, *, certain: bool) -> tuple[str, ...]:
    """Names of actions of faults. Only if it is ``certain`` that all faults are on, they have to be known. Raises
    ``DefinitionError``."""
    found = tuple(map(name_of, listed(names, f"{what}: forgotten_by", author())))
    for name in found:
        if name not in actions and certain:
            raise DefinitionError(f"{what}: there is no action {name}", remedy=near(name, actions))
    return found


def changing(change: Callable[[Changes], None], what: str) -> Place:
    """The line of the function that changes a system; refused if it does not take exactly the change as its
    argument."""
    if not inspect.isfunction(change):
        raise DefinitionError(
            f"{what}: {shown(change)} is not a function", remedy="write def name(change): change.require(…)"
        )
    where = Place(change.__code__.co_filename, change.__code__.co_firstlineno)
    if not takes(change, 1):
        name = change.__name__
        raise DefinitionError(
            f"{what}: {name} must take what it changes, and nothing else",
            where=where,
            remedy=f"write def {name}(change): change.require(…)",
        )
    if is_authors_code(change):
        refuse_vain(change, what, "what changes is said to the change: change.require(…), change.updates(…), …")
    return where
