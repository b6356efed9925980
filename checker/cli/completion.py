"""Completion of names by the shell. What a protocol declares is known only when its file has been loaded, so completing
such a name loads the file that ``-p`` names, as running the command would."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OURS = ("original", "fixed", "design", "register", "prefixes", "prefixes-fixed", "snapshot", "snapshot-fixed")


class Kind(StrEnum):
    """What a name names."""

    FAULT = "fault"
    PROTECTION = "protection"
    PROPERTY = "property"
    SCENARIO = "scenario"
    ENGINE = "engine"
    CHECK = "check"


def complete_protocol(begun: str) -> list[CompletionItem]:
    """Our protocols; otherwise files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(n) for n in OURS if n.startswith(begun)] or [CompletionItem(begun, type="file")]


def complete_name(kind: Kind, protocol: str | None, begun: str) -> list[CompletionItem]:
    """The names of a kind that begin so, with what they mean: those of the protocol, or else of all our own."""
    from click.shell_completion import CompletionItem

    try:
        found = dict(_names(kind, protocol))
    except Exception:  # nobody wants to read about an error while typing
        return []
    return [CompletionItem(name, help=meaning) for name, meaning in found.items() if name.startswith(begun)]


def _names(kind: Kind, protocol: str | None) -> Iterable[tuple[str, str]]:
    if kind is Kind.CHECK:
        from planrace.checker.api.project.read import required_project

        yield from ((c.name, c.entry.protocol) for c in required_project().checks)
        return
    from planrace.checker.api.calls import listing

    found = listing([protocol] if protocol else [])
    if kind is Kind.ENGINE:
        yield from found.engines.items()
        return
    for one in found.protocols:
        match kind:
            case Kind.FAULT:
                yield from one.faults.items()
            case Kind.PROTECTION:
                yield from ((p.name, p.meaning) for p in one.protections)
            case Kind.PROPERTY:
                yield from ((p.name, p.meaning) for p in one.properties)
            case Kind.SCENARIO:
                yield from one.scenarios.items()
