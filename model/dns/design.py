"""What the documents of the design promise, without Enactors, locks and delays; and what its users see of that.

``design``: a plan becomes active only if it is not older than the active one, and clean-up spares what is active. That
comparison and flip are one step is what the code did not keep. ``register`` knows only what users see.
"""

from __future__ import annotations

from planrace.model.language import (
    Protocol,
    Step,
    Term,
    array,
    forall,
    index,
    integers,
    says,
    step,
    subsets,
    update,
    when,
)

design = Protocol("design", "what the design promises: compare and flip as one, and spare what is active")
endpoints = design.parameter("endpoints", 2, 1, 8, "endpoints of one region")
plans = design.parameter("plans", 4, 1, 15, "generations that are published")

Endpoint = index("endpoint", endpoints)
Generation = integers(0, plans, "generation")  # 0: none yet
Plan = integers(1, plans, "plan")

latest = design.variable("latest", Generation, 0, "newest generation published")
trees = design.variable("trees", array(Endpoint, subsets(Plan)), set(), "generations whose record tree exists")
alias = design.variable("alias", array(Endpoint, Generation), 0, "the active plan")
rollback = design.variable("rollback", array(Endpoint, Generation), 0, "the plan that was active before")


@design.action(by="planner")
def publish() -> Step:
    return step(when(latest < plans), update(latest, latest + 1), says("publishes plan {g}", g=latest + 1))


@design.action(Endpoint, Plan, by="automation")
def build(e: Term, g: Term) -> Step:
    return step(
        when(g <= latest, ~g.isin(trees[e])),
        update(trees[e], trees[e] | {g}),
        says("builds the record tree of plan {g} at endpoint {e}", g=g, e=e),
    )


@design.action(Endpoint, Plan, by="automation")
def install(e: Term, g: Term) -> Step:
    return step(
        when(alias[e] <= g, g.isin(trees[e])),  # the same plan again is no harm
        update(rollback[e], alias[e]),
        update(alias[e], g),
        says("compares and flips endpoint {e} from plan {a} to plan {g} in one step", e=e, g=g, a=alias[e]),
    )


@design.action(Endpoint, subsets(Plan), by="automation")
def clean_up(e: Term, gone: Term) -> Step:
    return step(
        when(gone != set(), gone.issubset(trees[e]), ~alias[e].isin(gone), ~rollback[e].isin(gone)),
        update(trees[e], trees[e] - gone),
        says("deletes the trees of plans {gone} at endpoint {e}", gone=gone, e=e),
    )


design.final(latest == plans)
design.picture(trees, alias, rollback)

register = Protocol("register", "what users see: each name answers with a plan that is never an older one, nor none")
names = register.parameter("names", 2, 1, 8, "names that users look up")
top = register.parameter("top", 4, 1, 15, "the newest plan there will be")

Name = index("name", names)
answer = register.variable("answer", array(Name, integers(0, top)), 0, "the plan whose addresses are answered; 0: none")


@register.action(Name, integers(1, top), by="somebody")
def move_forward(n: Term, g: Term) -> Step:
    return step(when(answer[n] < g), update(answer[n], g), says("name {n} answers with plan {g} from now on", n=n, g=g))


register.final(forall(Name, lambda n: answer[n] >= 0))
