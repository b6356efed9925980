"""Gives a system its statements: properties, scenarios, proofs, and what it refines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from planrace.model.language.enabled import asks, settled
from planrace.model.language.errors import ModelError
from planrace.model.language.ledger import handed_on
from planrace.model.language.name_tables import check_statements
from planrace.model.language.references import Actions, check_spoken
from planrace.model.language.refinement import stated
from planrace.model.language.system import System


class Statements(NamedTuple):
    """What is said of a system; ``refining`` are names of abstract protocols that it is asked to refine."""

    properties: Iterable[Any]
    scenarios: Iterable[Any]
    proofs: Iterable[Any] = ()
    refining: Iterable[str] = ()


def with_statements(
    system: System,
    said: Statements,
    remembered: Callable[[System], Actions],
    everything: Callable[[System], Actions],
) -> System:
    """``system`` with statements. They may refer to actions of ``everything``, which ``remembered`` may know already.
    Raises ``ModelError`` if they refer to something else that the system does not have."""
    properties = (*said.properties, *stated(system, said.refining))
    extended = replace(system, properties=properties, scenarios=tuple(said.scenarios), proofs=tuple(said.proofs))
    if any(map(asks, (*extended.properties, *extended.proofs))):
        extended = replace(extended, stated=(extended.properties, extended.proofs))
    check_statements(extended)
    handed_on(*extended.properties, *extended.scenarios, *extended.proofs)
    try:
        check_spoken(extended, lambda: remembered(extended))
    except ModelError:  # the table of another system may lack something
        check_spoken(extended, lambda: everything(extended))
    return settled(extended)
