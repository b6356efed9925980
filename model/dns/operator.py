"""The operator: a person who repairs by hand, as on the day of the outage. Chosen with ``-s operator=on``.

The automation is frozen first, wherever it is, and stays as it is; a healthy tree of the newest plan is installed at an
endpoint; then the automation goes on. An installation by hand leaves a healthy rollback record too: it points at the
plan that was active if its tree exists, and at none otherwise.

With ``-s operator=rollback`` the operator goes back instead, on purpose and while the automation works: one flip to
what the rollback record points at.
"""

from __future__ import annotations

from planrace.model.dns.protocol import Endpoint, alias, dns, empty, latest, rollback, trees
from planrace.model.language import Changes, If, Step, Term, boolean, says, step, update, when

operator = dns.option("operator", "people who repair by hand", "off", "nobody repairs by hand")
hands = operator.choice("on", "an operator freezes the automation, installs healthy trees, unfreezes it")
back = operator.choice("rollback", "an operator points names at what their rollback records point at, at any time")

frozen = dns.variable("frozen", boolean(), False, "the automation is held", only=hands)


@hands.change
def hold_the_automation(change: Changes) -> None:
    for action in change.actions:
        if "automation" in action.tags:
            change.require(action.name, lambda *_: ~frozen)


@dns.action(by="operator", fairness="none", tags=["operator"], only=hands)
def freeze() -> Step:
    return step(when(~frozen), update(frozen, True), says("freezes the automation"))


@dns.action(Endpoint, by="operator", fairness="none", tags=["operator"], only=hands)
def install(e: Term) -> Step:
    return step(
        when(frozen, latest > 0, ~latest.isin(empty), (alias[e] != latest) | ~latest.isin(trees[e])),
        update(trees[e], trees[e] | {latest}),
        update(rollback[e], If(alias[e].isin(trees[e]), alias[e], 0)),
        update(alias[e], latest),
        says("installs a healthy tree of plan {g} at endpoint {e} by hand", g=latest, e=e),
    )


@dns.action(by="operator", fairness="none", tags=["operator"], only=hands)
def unfreeze() -> Step:
    return step(when(frozen), update(frozen, False), says("lets the automation go on"))


@dns.action(Endpoint, by="operator", fairness="none", tags=["operator"], only=back)
def rollback_by_hand(e: Term) -> Step:
    return step(
        when(rollback[e] != 0, rollback[e].isin(trees[e]), alias[e] != rollback[e]),
        update(alias[e], rollback[e]),
        says("flips endpoint {e} back from plan {a} to plan {r} by hand", e=e, a=alias[e], r=rollback[e]),
    )
