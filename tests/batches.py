"""Workers that take batches of plans: a protocol with records, for tests."""

from __future__ import annotations

from planrace.model.language import (
    Protocol,
    Step,
    Term,
    array,
    both,
    forall,
    index,
    integers,
    optional,
    primed,
    record,
    says,
    step,
    update,
    when,
)
from planrace.model.patterns import crash
from planrace.properties import invariant, lemma, proof, step_invariant

batches = Protocol("batches", "workers take batches of plans to sites")
workers = batches.parameter("workers", 2, 1, 5)
sites = batches.parameter("sites", 2, 1, 4)
plans = batches.parameter("plans", 2, 1, 9)
Worker = index("worker", workers, symmetric=True)
Site = index("site", sites, symmetric=True)
Plan = integers(0, plans, "plan")
Batch = record("batch", of=Plan, at=Site)

latest = batches.variable("latest", Plan, 0, "the latest plan")
held = batches.variable("held", array(Worker, optional(Batch)), None, "what the worker carries")
done = batches.variable("done", array(Site, Plan), 0, "the plan of the site")


@batches.action(by="planner")
def plan() -> Step:
    return step(when(latest < plans), update(latest, latest + 1))


@batches.action(Worker, Site, by=Worker)
def take(w: Term, s: Term) -> Step:
    return step(
        when(held[w] == None),  # noqa: E711
        update(held[w], Batch(of=latest, at=s)),
        says("takes plan {p} to {s}", p=latest, s=s),
    )


@batches.action(Worker, Site, by=Worker)
def finish(w: Term, s: Term) -> Step:
    b = held[w]
    return step(
        when(b != None, b.at == s),  # noqa: E711
        update(done[s], b.of),
        update(held[w], None),
        says("finishes {b}", b=b),
    )


@batches.protection("newer", "a site takes only newer plans")
def newer(change) -> None:  # type: ignore[no-untyped-def]
    change.require("finish", lambda w, s: held[w].of >= done[s])


batches.final(both())
batches.declare(
    invariant("bounded", forall(Site, lambda s: done[s] <= latest), "no site is ahead of the planner"),
    step_invariant("never-back", forall(Site, lambda s: primed(done[s]) >= done[s]), "no site goes back"),
)
old = forall(Worker, lambda w: (held[w] != None).implies(held[w].of <= latest))  # noqa: E711
batches.argue(proof([lemma("old", old, "no batch is newer than the latest plan")]))
FAINT = batches.fault("faint", "workers lose what they carry")
crash(batches, [held], fault=FAINT, by=Worker, name="faint")
fixed = batches.variant("batches-fixed", ["newer"])
