"""Scenarios: named facts in a partial order, matched against runs.

A scenario has roles (members of bounded sorts that are chosen once for a whole run) and facts; a fact is one event or
several in sequence; an event is a step term over the roles. A run shows the scenario if its steps embed the events in
an order that respects ``after`` (strictly later than these) and ``since`` (not earlier than these).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planrace.model.language import DefinitionError, Op, Place, Term
from planrace.model.language.errors import author, instances, listed
from planrace.model.language.ledger import handed_on, made
from planrace.model.language.names import meant, usable
from planrace.model.language.sorts import INTEGER, Scalar, describe, is_scalar
from planrace.model.language.terms import TRUE, Value, make, truth

_FOR_AUTHORS = True  # errors name the line that calls this module


@dataclass(frozen=True, eq=False)
class Event:
    """A step for which ``happens`` holds, after every event of ``after`` and no earlier than those of ``since``.
    ``without`` holds for no step between the one event of ``after`` and this one."""

    name: str
    happens: Term
    after: tuple[str, ...]
    since: tuple[str, ...]
    without: Term | None = None


@dataclass(frozen=True, eq=False)
class Fact:
    """Something that a run shows when all of ``events`` happen. ``optional``: a run may match without it."""

    name: str
    meaning: str
    events: tuple[Event, ...]
    optional: bool = False


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement about all continuations: after the fact ``after``, actions with a tag in ``by`` and those of these
    ``actions`` never lead to a step for which ``happens`` holds."""

    name: str
    meaning: str
    happens: Term
    by: frozenset[str]
    after: str
    actions: frozenset[str] = frozenset()

    def allows(self, action: str, tags: frozenset[str]) -> bool:
        """Whether steps of an action with these tags are among those that the claim is about."""
        return action in self.actions or bool(tags & self.by)


@dataclass(frozen=True, eq=False)
class Scenario:
    """Facts about the same ``roles``, and claims about what follows; ``where`` restricts the choice of roles."""

    name: str
    title: str
    roles: tuple[Term, ...]
    where: Term
    facts: tuple[Fact, ...]
    claims: tuple[Claim, ...] = ()
    place: Place | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that it reads."""
        events = (t for e in self.events for t in (e.happens, e.without) if t is not None)
        return (self.where, *events, *(c.happens for c in self.claims))

    @property
    def tags(self) -> frozenset[str]:
        """The tags that it names."""
        return frozenset(t for c in self.claims for t in c.by)

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, in the order of the facts."""
        return tuple(e for f in self.facts for e in f.events)


def role(name: str, sort: Scalar) -> Term:
    """A role in a scenario: one member of ``sort``, fixed throughout a run."""
    if not is_scalar(sort) or sort == INTEGER:
        raise DefinitionError(
            f"role {name}: {describe(sort)} is not a bounded scalar sort",
            remedy="name an index, or what integers(…) returns",
        )
    return make(Op.BOUND, (), sort, (usable(name, "role"), 0))


def event(
    happens: Value, *, after: tuple[str, ...] = (), since: tuple[str, ...] = (), without: Value | None = None
) -> Event:
    """An event; ``fact`` gives it a name. ``after`` and ``since`` name facts and refer to their last events.
    ``without`` must not happen between the event that this one comes after and this one."""
    forbidden = None if without is None else truth(without, "event, without")
    named = listed(after, "event, after"), listed(since, "event, since")
    found = Event("", truth(happens, "event"), *named, forbidden)
    made(found, "an event", "fact(…)", (found.happens,))
    return found


def fact(name: str, meaning: str, *events: Event, optional: bool = False) -> Fact:
    """A fact that ``events``, in this order, show."""
    usable(name, "fact")
    meant(meaning, f"fact {name}")
    if not events:
        raise DefinitionError(f"fact {name} has no events")
    instances(events, Event, f"fact {name}", "event(…)")
    named: list[Event] = []
    for n, e in enumerate(events, 1):
        label = name if n == len(events) else f"{name}.{n}"
        follows = (named[-1].name,) if named else ()
        named.append(Event(label, e.happens, (*e.after, *follows), e.since, e.without))
    handed_on(*events)
    found = Fact(name, meaning, tuple(named), optional)
    made(found, f"fact {name}", "scenario(…)", tuple(e.happens for e in named))
    return found


def never(name: str, meaning: str, happens: Value, *, by: Iterable[str], after: str) -> Claim:
    """After the fact ``after``, actions with a tag in ``by`` never lead to a step for which ``happens`` holds."""
    helpers = frozenset(listed(by, f"claim {name}", author()))
    usable(name, "claim")
    meant(meaning, f"claim {name}")
    found = Claim(name, meaning, truth(happens, f"claim {name}"), helpers, usable(after, "fact"))
    made(found, f"claim {name}", "scenario(…)", (found.happens,))
    return found


def scenario(name: str, title: str, roles: tuple[Term, ...], *parts: Fact | Claim, where: Value = TRUE) -> Scenario:
    """A scenario; every fact that an event or claim refers to must come before it in the list."""
    usable(name, "scenario")
    meant(title, f"scenario {name}")
    instances(roles, Term, f"scenario {name}, roles", "role('…', sort)")
    for p in parts:
        if not isinstance(p, Fact | Claim):
            raise DefinitionError(f"scenario {name}: {p!r} is no fact", remedy="write fact(…) or never(…)")
    _check_names(name, roles, parts)
    known: set[str] = set()
    facts = tuple(p for p in parts if isinstance(p, Fact))
    claims = tuple(p for p in parts if isinstance(p, Claim))
    for c in claims:
        if c.after not in {f.name for f in facts}:
            raise DefinitionError(
                f"scenario {name}: claim {c.name} refers to {c.after}", remedy="name one of its facts"
            )
    for f in facts:
        for e in f.events:
            unknown = [x for x in (*e.after, *e.since) if x not in known]
            if unknown:
                raise DefinitionError(
                    f"scenario {name}: event {e.name} refers to {unknown[0]}",
                    remedy="put that fact before this one",
                )
            if e.without is not None:
                _check_window(name, e, {other.name: other for g in facts for other in g.events})
            known.add(e.name)
    handed_on(*parts)
    found = Scenario(name, title, roles, truth(where, f"scenario {name}"), facts, claims, author())
    made(found, f"scenario {name}", "protocol.scenario(…)", found.terms)
    return found


def _check_names(name: str, roles: tuple[Term, ...], parts: tuple[Fact | Claim, ...]) -> None:
    """Check that the names of roles, facts, events and claims of one scenario are distinct: reports and monitors use
    them."""
    called = [("role", str(r)) for r in roles]
    called += [("fact", n) for p in parts for n in (_event_names(p) if isinstance(p, Fact) else (p.name,))]
    for kind, word in called:
        if called.count((kind, word)) > 1:
            raise DefinitionError(f"scenario {name}: two {kind}s are called {word}", remedy="rename one of the two")


def _event_names(f: Fact) -> tuple[str, ...]:
    return tuple(e.name for e in f.events)


def _check_window(name: str, e: Event, events: Mapping[str, Event]) -> None:
    """Check that ``e`` forbids something only between itself and one event, which forbids nothing itself. Then the
    facts shown so far determine the state of a monitor; it need not remember every way in which a run may be read."""
    if len(e.after) != 1 or e.since:
        raise DefinitionError(
            f"scenario {name}: event {e.name} forbids something since {', '.join((*e.after, *e.since)) or 'nothing'}",
            remedy="let it come after exactly one event, by after= alone",
        )
    if events[e.after[0]].without is not None:
        raise DefinitionError(
            f"scenario {name}: event {e.name} and {e.after[0]}, which it comes after, both forbid something",
            remedy="put an event that forbids nothing between them",
        )
