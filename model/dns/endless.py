"""A Planner that never stops, in finitely many states. Chosen with ``-s planner=endless``.

Steps only compare generations and add distances up to ``keep``, so generations may be numbered relative to the newest
one: that is always number ``plans`` (0 before there is one), and publishing decrements all others. Publishing waits
while anything refers to number 1, the oldest: ``plans`` is the size of the window of generations.
"""

from __future__ import annotations

from planrace.model.dns.protocol import (
    Enactor,
    Endpoint,
    Generation,
    Plan,
    alias,
    dns,
    doomed,
    empty,
    latest,
    plan,
    plans,
    rollback,
    trees,
)
from planrace.model.language import (
    Changes,
    If,
    Term,
    Update,
    array,
    both,
    each,
    either,
    exists,
    says,
    subsets,
    such_that,
    update,
)

planner = dns.option("planner", "how long the Planner goes on", "bounded", "it publishes as many plans as it is told")
endless = planner.choice("endless", "it never stops; -s plans is how many generations are told apart, with the newest")


def oldest_is_needed() -> Term:
    """Something refers to the oldest generation that has a number."""
    return exists(
        Plan,
        lambda g: both(
            g == 1,
            either(
                exists(Endpoint, lambda e: (alias[e] == g) | (rollback[e] == g) | g.isin(trees[e])),
                exists(Enactor, lambda i: (plan[i] == g) | g.isin(doomed[i])),
            ),
        ),
    )


def older(g: Term) -> Term:
    """The number of generation ``g`` after one more is published; none stays none."""
    return If(g == 0, 0, g - 1)


def aged(generations: Term) -> Term:
    """A set of generations, renumbered after one more is published."""
    return such_that(Plan, lambda g: (g + 1).isin(generations))


def shift(listed: Term) -> tuple[Update, ...]:
    """Publish a new generation and decrement all that are remembered; ``listed`` is the new value of ``empty``."""
    return (
        update(latest, plans),
        update(empty, listed),
        update(alias, each(Endpoint, lambda e: older(alias[e]))),
        update(rollback, each(Endpoint, lambda e: older(rollback[e]))),
        update(trees, each(Endpoint, lambda e: aged(trees[e]))),
        update(plan, each(Enactor, lambda i: older(plan[i]))),
        update(doomed, each(Enactor, lambda i: aged(doomed[i]))),
    )


def of_protections(change: Changes) -> list[Term]:
    """Variables that protections have added and that refer to generations."""
    assigned = dict.fromkeys(u.variable for a in change.actions for o in a.outcomes for u in o.updates)
    added = (v for v in assigned if v not in {latest, empty, trees, alias, rollback, plan, doomed})
    return [v for v in added if v.sort in (subsets(Plan), array(Endpoint, Generation))]


def needs_oldest(variable: Term) -> Term:
    """A variable of a protection refers to the oldest generation."""
    if variable.sort == subsets(Plan):
        return exists(Plan, lambda g: (g == 1) & g.isin(variable))
    return exists(Endpoint, lambda e: variable[e] == 1)


def shifted(variable: Term) -> Update:
    """A variable of a protection, renumbered after one more generation is published."""
    if variable.sort == subsets(Plan):
        return update(variable, aged(variable))
    return update(variable, each(Endpoint, lambda e: older(variable[e])))


@endless.change
def never_stop(change: Changes) -> None:
    more = of_protections(change)
    needed = either(oldest_is_needed(), *map(needs_oldest, more))
    change.guard("publish", lambda: ~needed)
    words = says("publishes a newer plan: all others count one less")
    change.updates("publish", *shift(aged(empty)), *map(shifted, more), words=words)
    if change.has("publish_empty"):
        change.guard("publish_empty", lambda: ~needed)
        words = says("publishes a newer plan without a single load balancer: all others count one less")
        listed = aged(empty) | such_that(Plan, lambda g: g == plans)
        change.updates("publish_empty", *shift(listed), *map(shifted, more), words=words)
