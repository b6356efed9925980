"""What ``check list`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from model.language import Variant

from ..catalogue import BUILT_IN, find, names_in
from ..run import ENGINES


def listing(protocols: Sequence[str]) -> str:
    """Protocols (by default all of ours) with what can be chosen for them, and the engines."""
    found = [find(name) for given in protocols or BUILT_IN for name in _named(given)]
    lines = [line for variant in found for line in _variant(variant)]
    lines += ["engines", *_table((name, meaning) for name, meaning in ENGINES.items())]
    return "\n".join(lines) + "\n"


def _named(given: str) -> list[str]:
    """All that a file has, where only the file is named."""
    return (names_in(given) if given.endswith(".py") else []) or [given]


def _variant(variant: Variant) -> Iterator[str]:
    system, protocol = variant.system(), variant.protocol
    yield f"{variant.name}: {variant.meaning or protocol.meaning or 'no description'}"
    yield "  parameters (-s NAME=VALUE)"
    yield from _table((p.name, f"{p.default} ({p.low}–{p.high})  {p.meaning}") for p in protocol.parameters.values())
    for option in protocol.options.values():
        yield f"  option {option.name} (-s {option.name}=WORD): {option.meaning}"
        yield from _table((c.name, c.meaning) for c in option.choices.values())
    yield "  protections (--with, --without)"
    on = set(system.protections)
    yield from _table(
        (p.name, f"{'on ' if p.name in on else 'off'} {p.meaning}") for p in protocol.protections.values()
    )
    yield "  faults (--fault)"
    yield from _table(protocol.faults.items())
    yield "  properties (--property)"
    yield from _table((p.name, f"{p.kind}: {p.meaning}") for p in system.properties)
    if system.scenarios:
        yield "  scenarios (--scenario)"
        yield from _table((s.name, s.title) for s in system.scenarios)
    yield ""


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    known = list(rows)
    width = max((len(name) for name, _ in known), default=0)
    for name, text in known or [("none", "")]:
        yield f"    {name:<{width}}  {text}".rstrip()
