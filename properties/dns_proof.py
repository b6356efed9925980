"""Lemmas that show why the repaired automation is safe at every size, each with its reason.

Which of them hold, and which property needs which, depends on the protections and faults; the prover finds that out.
"""

from __future__ import annotations

from planrace.model.dns.protocol import (
    Enactor,
    Endpoint,
    Phase,
    Plan,
    alias,
    cursor,
    doomed,
    empty,
    keep,
    latest,
    lock,
    phase,
    plan,
)
from planrace.model.language import Term, forall
from planrace.properties.dns_recovery import drive
from planrace.properties.proof import lemma, proof

ENACTING = {Phase.LOCK, Phase.BUILD, Phase.FLIP}
CLEANING = {Phase.LIST, Phase.DELETE}
HOLDING = {Phase.BUILD, Phase.FLIP}


def _passed(i: Term, e: Term) -> Term:
    """Enactor ``i`` is done with endpoint ``e``."""
    return phase[i].isin(CLEANING) | (phase[i].isin(ENACTING) & (e < cursor[i]))


LEMMAS = (
    lemma(
        "work-has-a-plan",
        forall(Enactor, lambda i: (phase[i] != Phase.IDLE).implies(plan[i] >= 1)),
        "an Enactor at work has a plan: it picked one up after the first publication",
    ),
    lemma(
        "plans-are-published",
        forall(Enactor, lambda i: plan[i] <= latest),
        "an Enactor works on a plan that the Planner has published",
    ),
    lemma(
        "active-plans-are-published",
        forall(Endpoint, lambda e: alias[e] <= latest),
        "an endpoint's active plan is one that the Planner has published",
    ),
    lemma(
        "listed-plans-are-old",
        forall(Enactor, lambda i: forall(Plan, lambda g: g.isin(doomed[i]).implies(g <= plan[i] - keep))),
        "what an Enactor listed for deletion is older than its own plan by the retention at least",
    ),
    lemma(
        "applied-where-passed",
        forall(Enactor, lambda i: forall(Endpoint, lambda e: _passed(i, e).implies(plan[i] <= alias[e]))),
        "every endpoint that an Enactor is done with has the Enactor's plan or a newer one",
    ),
    lemma(
        "holder-is-at-work",
        forall(
            Endpoint,
            lambda e: forall(Enactor, lambda i: (lock[e] == i).implies(phase[i].isin(HOLDING) & (cursor[i] == e))),
        ),
        "who is named in a zone's lock builds or flips there: no Enactor crashes",
    ),
    lemma(
        "empty-plans-are-published",
        forall(Plan, lambda g: g.isin(empty).implies(g <= latest)),
        "only published plans are known to be empty",
    ),
    lemma(
        "no-plan-is-empty",
        forall(Plan, lambda g: ~g.isin(empty)),
        "every plan lists a load balancer: the Planner is not at fault",
    ),
    lemma(
        "nobody-works-on-an-empty-plan",
        forall(Enactor, lambda i: (phase[i] != Phase.IDLE).implies(~plan[i].isin(empty))),
        "no Enactor has picked up a plan without load balancers",
    ),
)

argument = proof(LEMMAS, assuming=[keep >= 1], schedules=[drive])
