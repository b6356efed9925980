"""Values with parts in states: a record is shown as one value, although a state has a variable for each leaf.

``Declared.whole`` of a report's variables says what they are leaves of. If a state does not fit, as one from a
stranger's file, its variables are shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from planrace.checker.results.composites import (
    Leaf,
    MisfitError,
    PlainValues,
    built,
    composite_text,
    composites,
    elements,
)
from planrace.checker.results.explanation import Declared, Structure
from planrace.checker.results.trace import ShownState


@dataclass(frozen=True)
class WholeContent:
    """A value with parts at ``place`` (``batch``, or ``batch[2]``)."""

    place: str
    text: str

    def __str__(self) -> str:
        return self.text


def wholes(state: ShownState, variables: Sequence[Declared]) -> dict[str, list[WholeContent]]:
    """The values with parts in a state, by the names of the variables that store their leaves."""
    found: dict[str, list[WholeContent]] = {}
    for name, (structure, leaves) in composites(state, variables).items():
        with suppress(MisfitError):
            made = list(_places(name, structure, leaves))
            found |= {v.name: made for v in variables if v.whole is not None and v.whole.variable == name}
    return found


def plain_wholes(state: ShownState, variables: Sequence[Declared]) -> dict[str, Any]:
    """The values with parts in a state as JSON values, by the names of the variables that their author declared."""
    found = {}
    for name, (structure, leaves) in composites(state, variables).items():
        with suppress(MisfitError):
            found[name] = built(structure, leaves, PlainValues())
    return found


def _places(place: str, structure: Structure, leaves: list[Leaf]) -> Iterator[WholeContent]:
    if structure.kind != "array" or len(structure.parts) != 1:
        yield WholeContent(place, composite_text(structure, leaves))
        return
    for member, inner in elements(structure, leaves):
        yield from _places(f"{place}[{member}]", structure.parts[0], inner)
