"""Names of a translation: those of TLA⁺ where Python and planrace allow them."""

from __future__ import annotations

import builtins
import keyword
import re

RESERVED = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *[
            "If",
            "anything",
            "array",
            "boolean",
            "both",
            "count",
            "distance",
            "each",
            "either",
            "enabled",
            "enumeration",
            "everything",
            "exists",
            "first",
        ],
        *[
            "following",
            "forall",
            "index",
            "integers",
            "invariant",
            "last",
            "least",
            "maximum",
            "minimum",
            "one_of",
            "optional",
            "outcome",
            "position",
        ],
        *[
            "primed",
            "protocol",
            "record",
            "Protocol",
            "reachable",
            "says",
            "sequence",
            "size_of",
            "step",
            "step_invariant",
            "strong",
            "subsets",
        ],
        *[
            "successor",
            "such_that",
            "sum_of",
            "taken",
            "Term",
            "Step",
            "update",
            "weak",
            "when",
            "eventually",
            "eventually_always",
            "infinitely_often",
        ],
        *["leads_to", "annotations", "initially"],
    }
)
"""What a translation uses itself."""


class GivenNames:
    """Gives each thing a name of its own."""

    def __init__(self) -> None:
        self._top: set[str] = set()

    def top(self, wanted: str) -> str:
        """A name in the module, like the one that is wanted, and no other's."""
        name = plain(wanted)
        number = 2
        while name in self._top or name in RESERVED:
            name = f"{plain(wanted)}_{number}" if plain(wanted) not in RESERVED or number > 2 else f"{plain(wanted)}_"
            number += 1
        self._top.add(name)
        return name

    def reset(self) -> None:
        self._top.clear()

    def mark(self) -> frozenset[str]:
        return frozenset(self._top)

    def back(self, mark: frozenset[str]) -> None:
        """Forgets the names that were given since the mark."""
        self._top = set(mark)

    def is_top(self, name: str) -> bool:
        return name in self._top or name in RESERVED

    @staticmethod
    def member(name: str) -> str:
        """A member of an enumeration."""
        found = plain(name)
        if found[0].isdigit() or found[0] == "_" or found in ("name", "members") or keyword.iskeyword(found):
            return f"m{found}" if found[0].isdigit() else f"m_{found.lstrip('_')}"
        return found


def field_name(name: str) -> str:
    """A field of a record."""
    found = plain(name)
    return f"{found}_" if keyword.iskeyword(found) or found in _TAKEN_FIELDS else found


_TAKEN_FIELDS = frozenset({"replace", "sort", "isin", "name", "fields", "present", "held"})
"""What records have themselves."""


def plain(name: str) -> str:
    """An identifier like this name."""
    found = re.sub(r"\W", "_", name) or "x"
    return f"n{found}" if found[0].isdigit() else found.lstrip("_") or "x"
