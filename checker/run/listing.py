"""``check list``: protocols with their parameters, options, protections, faults, properties and scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from planrace.checker.run.listed_steps import ListedStep, listed_names, listed_steps, step_lines
from planrace.checker.run.protocols import BUILT_IN, find, names_in
from planrace.checker.run.registry import ENGINES
from planrace.model.language import Option, Parameter, Protection, Variant
from planrace.model.language.system import FaultBound
from planrace.properties.kinds import Property


@dataclass(frozen=True)
class ListedProtocol:
    """A protocol and what can be chosen for it. ``on`` names the protections that are on by default;
    ``faults`` and ``scenarios`` map names to meanings and titles."""

    name: str
    meaning: str
    parameters: tuple[Parameter, ...]
    options: tuple[Option, ...]
    protections: tuple[Protection, ...]
    on: tuple[str, ...]
    faults: Mapping[str, str]
    properties: tuple[Property, ...]
    scenarios: Mapping[str, str]
    steps: tuple[ListedStep, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of terms, listed with the steps."""


@dataclass(frozen=True)
class Listing:
    """Protocols, and the engines with a summary of each."""

    protocols: tuple[ListedProtocol, ...]
    engines: Mapping[str, str]


def listing(names: Sequence[str] = (), *, steps: bool = False) -> Listing:
    """The protocols ``names``, by default the built-in ones; the name of a file means all protocols in it. With
    ``steps``, also the steps of each. Raises ``ModelError`` for one that does not exist."""
    return Listing(
        tuple(listed(find(name), steps=steps) for given in names or BUILT_IN for name in _named(given)),
        {n: e.summary for n, e in ENGINES.items()},
    )


def _named(given: str) -> list[str]:
    """The names of all protocols in a file, if only the file is given."""
    return (names_in(given) if given.endswith(".py") else []) or [given]


def listed(variant: Variant, *, steps: bool = False) -> ListedProtocol:
    """One protocol."""
    system, protocol = variant.system(), variant.protocol
    return ListedProtocol(
        name=variant.name,
        meaning=variant.meaning or protocol.meaning,
        parameters=tuple(protocol.parameters.values()),
        options=tuple(protocol.options.values()),
        protections=tuple(protocol.protections.values()),
        on=system.protections,
        faults={n: _fault(meaning, protocol.fault_bounds.get(n)) for n, meaning in protocol.faults.items()},
        properties=tuple(system.properties),
        scenarios={s.name: s.title for s in system.scenarios},
        steps=listed_steps(variant) if steps else (),
        names=listed_names(variant) if steps else {},
    )


def _fault(meaning: str, bound: FaultBound | None) -> str:
    """The meaning of a fault, and how often it may happen."""
    return meaning if bound is None else f"{meaning} (at most {bound.at_most} in a run)"


def listing_text(found: Listing) -> str:
    """What ``check list`` prints."""
    lines = [line for one in found.protocols for line in _listed(one)]
    lines += ["engines", *_table(found.engines.items())]
    return "\n".join(lines) + "\n"


def listing_json(found: Listing) -> str:
    """The same as JSON text."""
    protocols = [_listed_json(one) for one in found.protocols]
    value = {"schema": "planrace/listing/1", "protocols": protocols, "engines": dict(found.engines)}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _listed_json(one: ListedProtocol) -> dict[str, Any]:
    return {
        "name": one.name,
        "meaning": one.meaning,
        "parameters": [
            {"name": p.name, "default": p.default, "low": p.low, "high": p.high, "meaning": p.meaning}
            for p in one.parameters
        ],
        "options": [
            {"name": o.name, "meaning": o.meaning, "choices": {c.name: c.meaning for c in o.choices.values()}}
            for o in one.options
        ],
        "protections": [_protection_json(p, one.on) for p in one.protections],
        "faults": dict(one.faults),
        "properties": [{"name": p.name, "kind": p.kind, "meaning": p.meaning} for p in one.properties],
        "scenarios": dict(one.scenarios),
        **({"steps": [asdict(s) for s in one.steps]} if one.steps else {}),
        **({"names": dict(one.names)} if one.names else {}),
    }


def _protection_json(p: Protection, on: Sequence[str]) -> dict[str, Any]:
    return {
        "name": p.name,
        "meaning": p.meaning,
        "on": p.name in on,
        "plausible": p.plausible,
        "argument": p.argument or None,
    }


def _listed(one: ListedProtocol) -> Iterator[str]:
    yield f"{one.name}: {one.meaning or 'no description'}"
    yield "  parameters (-s NAME=VALUE)"
    yield from _table((p.name, f"{p.default} ({p.low}–{p.high})  {p.meaning}") for p in one.parameters)
    for option in one.options:
        yield f"  option {option.name} (-s {option.name}=WORD): {option.meaning}"
        yield from _table((c.name, c.meaning) for c in option.choices.values())
    yield "  protections (--with, --without)"
    yield from _protections(one, plausible=False)
    if any(p.plausible for p in one.protections):
        yield "  plausible protections, which may not suffice (--with, check matrix)"
        yield from _protections(one, plausible=True)
    yield "  faults (--fault)"
    yield from _table(one.faults.items())
    yield "  properties (--property)"
    yield from _table((p.name, f"{p.kind}: {p.meaning}") for p in one.properties)
    if one.scenarios:
        yield "  scenarios (--scenario)"
        yield from _table(one.scenarios.items())
    if one.names:
        yield "  names of terms"
        yield from _table(one.names.items())
    if one.steps:
        yield "  steps (each is atomic)"
        for s in one.steps:
            yield from step_lines(s)
    yield ""


def _protections(one: ListedProtocol, *, plausible: bool) -> Iterator[str]:
    chosen = [p for p in one.protections if p.plausible is plausible]
    yield from _table((p.name, f"{'on ' if p.name in one.on else 'off'} {p.meaning}") for p in chosen)


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    known = list(rows)
    width = max((len(name) for name, _ in known), default=0)
    for name, text in known or [("none", "")]:
        yield f"    {name:<{width}}  {text}".rstrip()
