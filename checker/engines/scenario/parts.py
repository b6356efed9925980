"""A scenario with some of its facts and claims: what a run may still show if it cannot show them all.

What is left out leaves its order behind: if C comes after B, and B after A, then without B, C comes after A. So a run
that shows some facts and claims shows every part of them, too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from planrace.properties.scenario import Event, Fact, Scenario


def names_of(scenario: Scenario) -> tuple[str, ...]:
    """The facts that are not optional, and the claims."""
    return (*(f.name for f in scenario.facts if not f.optional), *(c.name for c in scenario.claims))


def closed(scenario: Scenario, names: Collection[str]) -> frozenset[str]:
    """These facts and claims, and the facts that the claims come after."""
    return frozenset({*names, *(c.after for c in scenario.claims if c.name in names)})


def part_of(scenario: Scenario, names: Collection[str]) -> Scenario:
    """The scenario with these facts and claims only; none of them is optional."""
    kept = closed(scenario, names)
    events = {e.name: e for e in scenario.events}
    staying = {e.name for f in scenario.facts if f.name in kept for e in f.events}
    facts = tuple(_fact(f, events, staying) for f in scenario.facts if f.name in kept)
    return replace(scenario, facts=facts, claims=tuple(c for c in scenario.claims if c.name in kept))


def with_optional(scenario: Scenario, names: Collection[str]) -> Scenario:
    """The scenario in which these of its optional facts are not optional."""
    facts = (replace(f, optional=False) if f.name in names else f for f in scenario.facts)
    return replace(scenario, facts=tuple(facts))


def _fact(f: Fact, events: dict[str, Event], staying: Collection[str]) -> Fact:
    return replace(f, events=tuple(_event(e, events, staying) for e in f.events), optional=False)


def _event(e: Event, events: dict[str, Event], staying: Collection[str]) -> Event:
    """The event after those that stay. What it forbids it forbids only since an event that stays."""
    after: dict[str, None] = {}
    since: dict[str, None] = {}
    waiting = [*((x, True) for x in e.after), *((x, False) for x in e.since)]
    seen: set[tuple[str, bool]] = set()
    while waiting:
        name, strictly = waiting.pop(0)
        if (name, strictly) in seen:
            continue
        seen.add((name, strictly))
        if name in staying:
            (after if strictly else since)[name] = None
        else:
            waiting += [*((x, True) for x in events[name].after), *((x, strictly) for x in events[name].since)]
    without = e.without if all(x in staying for x in e.after) else None
    return replace(e, after=tuple(after), since=tuple(x for x in since if x not in after), without=without)
