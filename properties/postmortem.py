"""The post-mortem of 20 October 2025 as facts that a run can show (``docs/protocol.md`` tells them with sources).

Four roles: the ``delayed`` Enactor with the old plan ``stale``, the ``other`` Enactor that installs the newest plan and
cleans up, and the ``endpoint`` that loses its record. F11 is about all continuations, so it is a claim; F12 needs an
operator and is part of the scenario only if there is one.
"""

from __future__ import annotations

from planrace.model.dns.protocol import (
    Enactor,
    Endpoint,
    Generation,
    Phase,
    alias,
    cursor,
    doomed,
    fresh,
    keep,
    latest,
    lock,
    phase,
    plan,
    trees,
)
from planrace.model.language import Term, both, exists, forall, primed, taken
from planrace.properties.scenario import event, fact, never, role, scenario

delayed = role("delayed", Enactor)
other = role("other", Enactor)
endpoint = role("endpoint", Endpoint)
stale = role("stale", Generation)


def installed_everywhere(generation: Term) -> Term:
    """Every endpoint's alias points at ``generation`` after the step."""
    return forall(Endpoint, lambda e: primed(alias[e]) == generation)


def held_up() -> Term:
    """Somebody else takes the lock that the delayed Enactor is waiting for."""
    return both(
        exists(Enactor, lambda j: (j != delayed) & taken("take_lock", i=j)),
        phase[delayed] == Phase.LOCK,
        plan[delayed] == stale,
        cursor[delayed] == endpoint,
        primed(lock[endpoint]) != None,  # noqa: E711  (a term, not a comparison)
        lock[endpoint] == None,  # noqa: E711
    )


overwrites = both(
    taken("flip_alias", outcome="accepted", i=delayed),
    cursor[delayed] == endpoint,
    plan[delayed] == stale,
    stale < alias[endpoint],
)

deletes_active = both(
    taken("delete_old_plans", i=other),
    cursor[other] == endpoint,
    alias[endpoint] == stale,
    stale <= plan[other] - keep,
    stale.isin(trees[endpoint]),
    ~stale.isin(primed(trees[endpoint])),
)

ROLES = (delayed, other, endpoint, stale)
TITLE = "the outage of 20 October 2025"

FACTS = (
    fact(
        "F1",
        "redundant Enactors work independently: a second one takes a plan beside the first",
        event(taken("pick_up", i=other)),
    ),
    fact(
        "F2",
        "the Enactor that will be delayed takes a plan; its one-time check passes",
        event(taken("pick_up", i=delayed) & (latest == stale) & fresh(stale)),
    ),
    fact(
        "F3",
        "it is delayed: others take the endpoint's lock before it, twice at least",
        event(held_up(), after=("F2",)),
        event(held_up()),
        optional=True,
    ),
    fact(
        "F4",
        "meanwhile the Planner gets ahead by as many generations as are kept",
        event(
            both(primed(latest) > latest, primed(latest) >= stale + keep, plan[delayed] == stale),
            after=("F2",),
        ),
    ),
    fact(
        "F5",
        "another Enactor takes the newest plan and applies it to every endpoint",
        event(taken("pick_up", i=other) & (latest >= stale + keep), after=("F4",)),
        event(
            both(
                taken("flip_alias", i=other),
                plan[other] >= stale + keep,
                primed(phase[other]) == Phase.LIST,
                installed_everywhere(plan[other]),
            )
        ),
    ),
    fact(
        "F6",
        "having finished, it starts clean-up: the delayed Enactor's plan is on its list",
        event(taken("list_old_plans", i=other) & stale.isin(primed(doomed[other])), after=("F5",)),
    ),
    fact(
        "F7",
        "the delayed Enactor applies its much older plan over the newer one; the lock does not prevent it",
        event(overwrites, after=("F2", "F5")),
    ),
    fact(
        "F8",
        "its check is stale by then: it would fail now",
        event(overwrites & ~fresh(stale), since=("F7",)),
    ),
    fact(
        "F9",
        "the clean-up deletes the older plan that has just become active",
        event(deletes_active, after=("F6", "F7")),
    ),
    fact(
        "F10",
        "all addresses of the endpoint are gone at once: it answers without records",
        event(
            deletes_active
            & (primed(alias[endpoint]) == stale)
            & ~primed(alias[endpoint]).isin(primed(trees[endpoint])),
            since=("F9",),
        ),
    ),
)


def works_at(i: Term) -> Term:
    """Enactor ``i`` flips the endpoint that was repaired."""
    return taken("flip_alias", outcome="accepted", i=i) & (cursor[i] == endpoint)


refused = never(
    "F11",
    "no Enactor can apply another plan there: every flip is refused, for it names a tree that is gone",
    exists(Enactor, works_at),
    by={"automation", "lease"},
    after="F10",
)

postmortem = scenario("postmortem", TITLE, ROLES, *FACTS, refused, where=delayed != other)


repair = fact(
    "F12",
    "operators repair by hand: they install a healthy tree, after which the automation works again",
    event(taken("freeze"), after=("F10",)),
    event(taken("install", e=endpoint)),
    event(taken("unfreeze")),
    event(exists(Enactor, works_at)),
)

repaired = scenario("postmortem", TITLE, ROLES, *FACTS, refused, repair, where=delayed != other)
"""The story with its end, where there is an operator."""
