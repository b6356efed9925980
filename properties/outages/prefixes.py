"""A clean-up withdraws live prefixes, because it reads an empty filter as "everything" (20 February 2026).

Customers have prefixes advertised, each bound to services. What a customer removes, a clean-up task deletes in three
steps: it plans (asks which prefixes are pending, and queues them), it enacts (withdraws a queued prefix, at once
everywhere), and it cleans up (deletes its bindings). The task asks with a flag that has no value, and the server
answers with all prefixes.

Whose prefix is only withdrawn can toggle it on again; whose bindings are gone needs an operator, who rebuilds them.
Both last only when the task has been stopped. ``docs/outages.md`` says what is public, and what is left out.

    check -p prefixes
    check -p prefixes --with pass-the-value
    check -p prefixes-fixed --fault slip
"""

from __future__ import annotations

from planrace.model.language import (
    Changes,
    Outcome,
    Protocol,
    Says,
    Step,
    Term,
    boolean,
    count,
    each,
    exists,
    forall,
    index,
    outcome,
    primed,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.model.language import array as array_of
from planrace.properties.kinds import invariant, leads_to, reachable, recoverable
from planrace.properties.scenario import event, fact, never, role, scenario

protocol = Protocol("prefixes", "a clean-up reads an empty filter as everything, and withdraws live prefixes")
prefixes = protocol.parameter("prefixes", 2, 1, 6, "prefixes of customers")
limit = protocol.parameter("limit", 1, 1, 6, "prefixes that the circuit breaker lets through at once")
SLIP = protocol.fault("slip", "somebody asks with a flag without a value, once more")
Prefix = index("prefix", prefixes, symmetric=True)
OfEach = array_of(Prefix, boolean())

wanted = protocol.variable("wanted", OfEach, True, "its customer wants it")
queued = protocol.variable("queued", OfEach, False, "the clean-up task will delete it")
advertised = protocol.variable("advertised", OfEach, True, "it is announced to the internet")
bound = protocol.variable("bound", OfEach, True, "it has its service bindings")
stopped = protocol.variable("stopped", boolean(), False, "the clean-up task does not run")
pending = protocol.let("pending", Prefix, lambda p: ~wanted[p] & (advertised[p] | bound[p]))


def healthy(p: Term) -> Term:
    """The prefix is as its customer wants it."""
    return wanted[p].implies(advertised[p])


# Customers -----------------------------------------------------------------------------------------------------------
@protocol.action(Prefix, by="customer", fairness="none", tags=["wish"])
def remove(p: Term) -> Step:
    return step(when(wanted[p]), update(wanted[p], False), says("removes prefix {p}", p=p))


@protocol.action(Prefix, by="customer", fairness="none", tags=["wish"])
def keep(p: Term) -> Step:
    return step(
        when(~wanted[p], advertised[p], bound[p]),
        update(wanted[p], True),
        says("changes their mind, and keeps prefix {p}", p=p),
    )


@protocol.action(Prefix, by="customer", tags=["customer"])
def toggle(p: Term) -> Step:
    return step(
        when(wanted[p], ~advertised[p], bound[p]),
        update(advertised[p], True),
        says("toggles prefix {p} on again", p=p),
    )


# The clean-up task: plan, enact, clean up ----------------------------------------------------------------------------
def idle() -> Term:
    """The task runs, and its queue is empty."""
    return ~stopped & forall(Prefix, lambda p: ~queued[p])


ALL = "asks which prefixes are pending, with a flag that has no value, and is told: all"


@protocol.action(by="clean-up", tags=["task"])
def ask() -> Step:
    return step(when(idle()), outcome("everything", update(queued, each(Prefix, lambda p: True)), says(ALL)))


@protocol.action(by="clean-up", fault=SLIP, tags=["task"])
def ask_without_value() -> Step:
    return step(when(idle()), outcome("everything", update(queued, each(Prefix, lambda p: True)), says(ALL)))


@protocol.action(Prefix, by="clean-up", tags=["task"])
def withdraw(p: Term) -> Step:
    return step(
        when(~stopped, queued[p], advertised[p]),
        outcome("withdrawn", update(advertised[p], False), says("withdraws prefix {p}", p=p)),
    )


@protocol.action(Prefix, by="clean-up", tags=["task"])
def delete(p: Term) -> Step:
    return step(
        when(~stopped, queued[p], ~advertised[p]),
        outcome(
            "deleted",
            update(bound[p], False),
            update(queued[p], False),
            says("deletes the bindings of prefix {p}", p=p),
        ),
    )


# Operators -----------------------------------------------------------------------------------------------------------
@protocol.action(by="operator", fairness="none", tags=["operator"])
def stop() -> Step:
    return step(
        when(~stopped),
        update(stopped, True),
        update(queued, each(Prefix, lambda p: False)),
        says("stops the clean-up task and empties its queue"),
    )


@protocol.action(Prefix, by="operator", fairness="none", tags=["operator"])
def rebuild(p: Term) -> Step:
    return step(when(wanted[p], ~bound[p]), update(bound[p], True), says("rebuilds the bindings of prefix {p}", p=p))


protocol.final(stopped)


@protocol.observe("prefix", Prefix)
def reached(p: Term) -> list[tuple[Term, Says]]:
    return [
        (~wanted[p], says("is not wanted any more")),
        (advertised[p] & bound[p], says("is reached")),
        (bound[p], says("is not reached: it is withdrawn")),
        (bound[p] == bound[p], says("is not reached, and its bindings are gone")),
    ]


# Protections ---------------------------------------------------------------------------------------------------------
@protocol.protection("strict-parse", "the server refuses a flag without a value")
def strict_parse(change: Changes) -> None:
    for name in ("ask", "ask_without_value"):
        if change.has(name):
            refused = says("asks with a flag that has no value, and is refused")
            change.outcome(name, outcome("refused", when(stopped == stopped), refused))  # noqa: PLR0124  (always)


@protocol.protection("pass-the-value", "the task asks with a value, and is told what is pending")
def pass_the_value(change: Changes) -> None:
    change.remove("ask")

    @change.action(by="clean-up", tags=["task"])
    def ask_with_value() -> Step:
        return step(
            when(idle(), exists(Prefix, pending)),
            outcome(
                "pending",
                update(queued, each(Prefix, pending)),
                says("asks which prefixes are pending, and is told the right ones"),
            ),
        )


@protocol.protection("ask-again", "a prefix that is wanted when its turn comes is dropped from the queue")
def ask_again(change: Changes) -> None:
    def dropped(p: Term) -> Outcome:
        return outcome("dropped", when(wanted[p]), update(queued[p], False), says("finds prefix {p} wanted", p=p))

    for name in ("withdraw", "delete"):
        if change.has(name):
            change.outcome(name, dropped)


@protocol.protection("not-advertised", "only customers withdraw; what is advertised is not deleted")
def not_advertised(change: Changes) -> None:
    change.remove("withdraw")
    change.guard("delete", lambda p: ~stopped & queued[p])
    change.outcome(
        "delete",
        lambda p: outcome(
            "spared", when(advertised[p]), update(queued[p], False), says("spares prefix {p}, which is live", p=p)
        ),
    )

    @change.action(Prefix, by="customer", tags=["customer"])
    def retire(p: Term) -> Step:
        return step(when(~wanted[p], advertised[p]), update(advertised[p], False), says("withdraws prefix {p}", p=p))


@protocol.protection("staged", "the task withdraws a prefix only while no customer misses one")
def staged(change: Changes) -> None:
    if change.has("withdraw"):
        change.require("withdraw", lambda _: forall(Prefix, healthy))


@protocol.protection("circuit-breaker", "the task stops itself when it is told more prefixes at once than the limit")
def circuit_breaker(change: Changes) -> None:
    words = says("is told too many prefixes at once, and stops itself")
    for name, told in (("ask", False), ("ask_without_value", False), ("ask_with_value", True)):
        if change.has(name):
            many = count(Prefix, pending) > limit if told else count(Prefix, lambda p: p == p) > limit  # noqa: PLR0124
            change.outcome(name, outcome("stopped", when(many), update(stopped, True), words))


@protocol.protection("two-step-delete", "deleted bindings are kept aside until their customer does not want them")
def two_step_delete(change: Changes) -> None:
    aside = change.variable("aside", OfEach, False, "its bindings are deleted, but can be restored")
    change.also("delete", lambda p: update(aside[p], bound[p] | aside[p]), outcome="deleted")
    change.guard("toggle", lambda p: wanted[p] & ~advertised[p] & (bound[p] | aside[p]))
    change.also("toggle", lambda p: update(bound[p], True), lambda p: update(aside[p], False))

    @change.action(Prefix, by="clean-up", tags=["task"])
    def purge(p: Term) -> Step:
        return step(
            when(~stopped, aside[p], ~wanted[p]), update(aside[p], False), says("purges what prefix {p} had", p=p)
        )


# What is promised ----------------------------------------------------------------------------------------------------
def restored(p: Term) -> Term:
    """A prefix that is wanted has all that it needs, and nothing will take it away again."""
    return wanted[p].implies(advertised[p] & bound[p] & ~queued[p])


protocol.declare(
    invariant("live-prefixes-stay", forall(Prefix, healthy), "no prefix that its customer wants is withdrawn"),
    invariant(
        "outage-stays-small",
        count(Prefix, lambda p: ~healthy(p)) <= 1,
        "at most one prefix at once is withdrawn although it is wanted",
    ),
    invariant(
        "bindings-stay",
        forall(Prefix, lambda p: wanted[p].implies(bound[p])),
        "no prefix that its customer wants loses its bindings",
    ),
    recoverable(
        "customers-recover",
        forall(Prefix, restored),
        "whatever happens, customers can get back what they want, for good, while the task goes on",
        helpers={"customer", "task"},
    ),
    recoverable(
        "everybody-recovers",
        forall(Prefix, restored),
        "the same, if operators help",
        helpers={"customer", "task"},
        manual={"operator"},
    ),
    reachable(
        "removed-is-deleted",
        exists(Prefix, lambda p: ~wanted[p] & bound[p] & ~primed(bound[p])),
        "a removed prefix is deleted: a fix that never cleans up is no fix",
    ),
    forall(
        Prefix,
        lambda p: leads_to(
            "removals-end",
            pending(p),
            ~pending(p),
            "what a customer removes is deleted in the end, unless the customer keeps it",
            without={"operator"},
        ),
    ),
)

# What happened -------------------------------------------------------------------------------------------------------
victim, other = role("victim", Prefix), role("other", Prefix)
asked = taken("ask", outcome="everything")
protocol.scenario(
    scenario(
        "withdrawal",
        "the withdrawal of customers' prefixes on 20 February 2026",
        (victim, other),
        fact("F1", "a new clean-up task asks which prefixes are pending, with a flag without a value", event(asked)),
        fact(
            "F2",
            "the server takes that for all prefixes, and queues them for deletion",
            event(asked & forall(Prefix, lambda p: primed(queued[p])) & ~exists(Prefix, pending), since=("F1",)),
        ),
        fact(
            "F3",
            "prefixes that customers want are withdrawn, at once",
            event(taken("withdraw", p=other) & wanted[other], after=("F2",)),
        ),
        fact(
            "F4",
            "some lose their service bindings, too",
            event(taken("delete", p=victim) & wanted[victim] & ~primed(bound[victim]), after=("F2",)),
        ),
        fact("F5", "an operator stops the task", event(taken("stop"), after=("F3", "F4"))),
        fact(
            "F6",
            "customers who lost only the advertisement toggle it on again",
            event(taken("toggle", p=other) & (primed(advertised[other])), after=("F5",)),
        ),
        fact(
            "F7",
            "operators repair the others by hand",
            event(taken("rebuild", p=victim), after=("F5",)),
            event(taken("toggle", p=victim)),
        ),
        never(
            "F8",
            "customers cannot bring back a prefix that has lost its bindings",
            taken("toggle", p=victim),
            by={"customer", "task"},
            after="F4",
        ),
        where=victim != other,
    )
)

fixed = protocol.variant(
    "prefixes-fixed",
    ("strict-parse", "pass-the-value", "ask-again"),
    meaning="the task asks with a value, the server refuses a flag without one, and what is wanted is dropped",
)
