"""Systems after a change, for mutations and experiments."""

from __future__ import annotations

from collections.abc import Callable

from planrace.model.language.changes import Changes
from planrace.model.language.errors import DefinitionError
from planrace.model.language.system import System


def changed(system: System, change: Callable[[Changes], None]) -> System:
    """The system after ``change``, as protections and mutations make it: ``changed(system, lambda c: c.forget(…))``.
    Raises ``DefinitionError`` where the change does not fit the system."""
    if not isinstance(system, System) or not callable(change):
        raise DefinitionError(
            "changed wants a system and a function", remedy="write changed(protocol.system(), lambda change: …)"
        )
    changes = Changes(system)
    change(changes)
    return changes.done()
