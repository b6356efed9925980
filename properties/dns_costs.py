"""What protections of the DNS automation cost."""

from __future__ import annotations

from planrace.model.dns.protocol import Enactor, Endpoint, alias, dns, latest, lock, phase, plans, rollback, trees
from planrace.model.dns.protocol import Phase as Work
from planrace.model.language import exists, forall, primed, size_of, taken
from planrace.properties.costs import fewest, longest, most, possible, survives

dns.measure(
    fewest(
        "steps-to-apply",
        (latest == plans)
        & forall(Endpoint, lambda e: alias[e] == plans)
        & forall(Enactor, lambda i: phase[i] == Work.IDLE),
        "steps of one Enactor that applies one plan to every endpoint, alone, and looks for old ones",
        roles=("enactor", "cleaner"),
        enactors=1,
        plans=1,
    ),
    most(
        "trees-kept",
        lambda k: exists(Endpoint, lambda e: size_of(trees[e]) >= k),
        "trees that a zone has at most at the same time",
    ),
    longest(
        "stale-plan-active",
        exists(Endpoint, lambda e: (alias[e] != 0) & (alias[e] < rollback[e])),
        "steps that an endpoint can stay at a plan that is older than the one before",
    ),
    possible(
        "rollback",
        taken("rollback_by_hand")
        & exists(Endpoint, lambda e: (primed(alias[e]) < alias[e]) & primed(alias[e]).isin(trees[e])),
        "people can put an endpoint back to an older plan whose tree is still there",
        operator="rollback",
    ),
    survives(
        "redundancy",
        "endpoints-converge",
        Enactor,
        "endpoints converge although one Enactor may stop for ever, wherever it is; the lock that it holds runs out",
        leases={"expire_lock": lambda member, e: lock[e] == member},
    ),
)
