"""The last-known-good snapshot is poisoned, so that every rollback installs the fault again (29 October 2025).

Two builds of a control plane write into a draft. Published with metadata of both, a configuration is incompatible: a
node that loads it works on, and crashes later, when it has processed the metadata in the background. A health gate asks
whether all nodes run the newest configuration and are up; then that becomes the last-known-good snapshot. A node that
is down is restarted with the snapshot.

The gate passes, because the crash is still to come. After that no rollback helps: the snapshot itself has the fault.
``docs/outages.md`` says what is public, and what is left out.

    check -p snapshot
    check -p snapshot --with bake-time
    check -p snapshot-fixed --fault bad-data
"""

from __future__ import annotations

from planrace.model.language import (
    Changes,
    If,
    Protocol,
    Says,
    Step,
    Term,
    array,
    boolean,
    both,
    enumeration,
    exists,
    forall,
    index,
    integers,
    otherwise,
    outcome,
    primed,
    says,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.properties.kinds import invariant, reachable, recoverable
from planrace.properties.proof import lemma, proof
from planrace.properties.scenario import event, fact, never, role, scenario

protocol = Protocol("snapshot", "the last-known-good snapshot is poisoned: a rollback installs the fault again")
nodes = protocol.parameter("nodes", 2, 1, 5, "data planes that serve traffic")
configs = protocol.parameter("configs", 2, 1, 6, "configurations that are published")
BAD_DATA = protocol.fault("bad-data", "a configuration of one build is incompatible, too")

Node = index("node", nodes, symmetric=True)
Config = integers(0, configs, "configuration")  # 0: the one of the beginning, which is good
Build = enumeration("build", "OLD NEW")
State = enumeration("state", "SETTLED PROCESSING DOWN")

draft = protocol.variable("draft", subsets(Build), set(), "builds that wrote into the next configuration")
latest = protocol.variable("latest", Config, 0, "newest configuration")
bad = protocol.variable("bad", subsets(Config), set(), "configurations with incompatible metadata")
snapshot = protocol.variable("snapshot", Config, 0, "the last-known-good one, which is installed in a rollback")
runs = protocol.variable("runs", array(Node, Config), 0, "what the node has loaded")
state = protocol.variable(
    "state", array(Node, State), State.SETTLED, "whether it is up, and has processed its metadata"
)
frozen = protocol.variable("frozen", boolean(), False, "operators let nothing change")


def up(n: Term) -> Term:
    """The node serves traffic."""
    return state[n] != State.DOWN


# The control plane ---------------------------------------------------------------------------------------------------
@protocol.action(Build, by="control plane", fairness="none", tags=["change"])
def write(b: Term) -> Step:
    return step(
        when(~frozen, latest < configs, ~b.isin(draft)),
        update(draft, draft | {b}),
        says("writes metadata of build {b}", b=b),
    )


@protocol.action(by="control plane", fairness="none", tags=["change", "milestone"])
def publish() -> Step:
    mixed = Build.OLD.isin(draft) & Build.NEW.isin(draft)
    return step(
        when(~frozen, latest < configs, draft != set()),
        update(latest, latest + 1),
        update(draft, set()),
        outcome(
            "mixed", when(mixed), update(bad, bad | {latest + 1}), says("publishes {c}, of two builds", c=latest + 1)
        ),
        otherwise("plain", says("publishes {c}", c=latest + 1)),
    )


@protocol.action(by="control plane", fault=BAD_DATA, tags=["change"])
def publish_bad_data() -> Step:
    return step(
        when(~frozen, latest < configs),
        update(latest, latest + 1),
        update(draft, set()),
        update(bad, bad | {latest + 1}),
        says("publishes {c}, of one build, and incompatible", c=latest + 1),
    )


# Data planes ---------------------------------------------------------------------------------------------------------
@protocol.action(Node, by=Node, tags=["automation"])
def load(n: Term) -> Step:
    return step(
        when(~frozen, up(n), runs[n] < latest),
        update(runs[n], latest),
        update(state[n], State.PROCESSING),
        says("loads {c}", c=latest),
    )


@protocol.action(Node, by=Node, tags=["automation"])
def process(n: Term) -> Step:
    return step(
        when(state[n] == State.PROCESSING),
        outcome(
            "crashed",
            when(runs[n].isin(bad)),
            update(state[n], State.DOWN),
            says("has processed the metadata of {c}, and crashes", c=runs[n]),
        ),
        otherwise("settled", update(state[n], State.SETTLED), says("has processed the metadata of {c}", c=runs[n])),
    )


@protocol.action(Node, by=Node, tags=["automation"])
def roll_back(n: Term) -> Step:
    return step(
        when(~frozen, ~up(n)),
        update(runs[n], snapshot),
        update(state[n], State.PROCESSING),
        says("restarts with the last-known-good {c}", c=snapshot),
    )


@protocol.action(by="health gate", tags=["automation", "milestone"])
def promote() -> Step:
    return step(
        when(~frozen, snapshot < latest, forall(Node, lambda n: (runs[n] == latest) & up(n))),
        update(snapshot, latest),
        says("finds every node up with {c}, which becomes the last-known-good", c=latest),
    )


# Operators -----------------------------------------------------------------------------------------------------------
@protocol.action(by="operator", fairness="none", tags=["operator"])
def freeze() -> Step:
    return step(when(~frozen), update(frozen, True), says("freezes all changes"))


@protocol.action(by="operator", fairness="none", tags=["operator"])
def edit_snapshot() -> Step:
    return step(
        when(frozen, snapshot.isin(bad)),
        update(bad, bad - {snapshot}),
        says("takes the incompatible metadata out of {c}", c=snapshot),
    )


@protocol.action(Node, by="operator", fairness="none", tags=["operator"])
def restart(n: Term) -> Step:
    calm = forall(Node, lambda m: state[m] != State.PROCESSING)
    return step(
        when(frozen, ~up(n), calm),
        update(runs[n], snapshot),
        update(state[n], State.PROCESSING),
        says("restarts node {n}, and no other meanwhile, with {c}", n=n, c=snapshot),
    )


@protocol.action(by="operator", fairness="none", tags=["operator"])
def unfreeze() -> Step:
    return step(when(frozen), update(frozen, False), says("lets changes go on"))


protocol.final(forall(Node, lambda n: state[n] == State.SETTLED))


@protocol.observe("traffic")
def served() -> list[tuple[Term, Says]]:
    return [
        (forall(Node, up), says("is served by all nodes")),
        (exists(Node, up), says("is served by some nodes")),
        (forall(Node, lambda n: ~up(n)), says("is not served")),
    ]


# Protections ---------------------------------------------------------------------------------------------------------
@protocol.protection("one-build", "a draft takes metadata of one build only")
def one_build(change: Changes) -> None:
    change.require("write", lambda b: draft == set())


@protocol.protection("staged", "a second node loads a configuration only when it is the last-known-good one")
def staged(change: Changes) -> None:
    def first_or_known(n: Term) -> Term:
        alone = forall(Node, lambda m: (m == n) | (runs[m] < latest))
        return (latest == snapshot) | (alone & forall(Node, up))

    change.require("load", first_or_known)
    change.guard("promote", lambda: ~frozen & (snapshot < latest) & exists(Node, lambda n: (runs[n] == latest) & up(n)))


@protocol.protection("bake-time", "the gate waits until the nodes that it asks have processed the metadata")
def bake_time(change: Changes) -> None:
    processed = forall(Node, lambda n: (runs[n] == latest).implies(state[n] == State.SETTLED))
    change.require("promote", processed)


@protocol.protection(
    "older-snapshot", "the snapshot before is kept, for a node that crashes with the last-known-good one"
)
def older_snapshot(change: Changes) -> None:
    older = change.variable("older", Config, 0, "the snapshot before the last-known-good one")
    change.also("promote", lambda: update(older, snapshot))
    change.value("roll_back", runs, lambda assigned, n: If(runs[n] == snapshot, older, assigned))


@protocol.protection("load-synchronously", "a node processes the metadata before it takes a configuration")
def load_synchronously(change: Changes) -> None:
    change.outcome(
        "load",
        lambda n: outcome(
            "refused", when(latest.isin(bad)), says("finds {c} incompatible, and does not take it", c=latest)
        ),
    )


# What is promised ----------------------------------------------------------------------------------------------------
def recovered(n: Term) -> Term:
    """The node serves traffic, and nothing is going to crash it."""
    return (state[n] == State.SETTLED) & ~runs[n].isin(bad)


protocol.declare(
    invariant("snapshot-is-good", ~snapshot.isin(bad), "the last-known-good configuration is good"),
    invariant("somebody-serves", exists(Node, up), "some node serves traffic"),
    recoverable(
        "rollback-recovers",
        forall(Node, recovered),
        "without a new configuration, and while nothing is frozen, nodes can come back by themselves, with a good one",
        wherever=~frozen,
        helpers={"automation"},
    ),
    recoverable(
        "everybody-recovers",
        forall(Node, recovered) & ~frozen,
        "the same, also where changes are frozen, if operators help",
        helpers={"automation"},
        manual={"operator"},
    ),
    reachable(
        "changes-arrive",
        taken("promote") & ~primed(snapshot).isin(bad),
        "a good configuration becomes the last-known-good: a fix that promotes nothing is no fix",
    ),
)

# What happened -------------------------------------------------------------------------------------------------------
first, config = role("first", Node), role("poisoned", Config)
protocol.scenario(
    scenario(
        "poisoned-snapshot",
        "the rollback that installed the fault again, on 29 October 2025",
        (first, config),
        fact(
            "F1",
            "metadata of two builds of the control plane is incompatible",
            event(taken("publish", outcome="mixed") & (primed(latest) == config)),
        ),
        fact("F2", "nodes load it, and stay up", event(taken("load", n=first) & (latest == config), after=("F1",))),
        fact(
            "F3",
            "the health gate passes, and it becomes the last-known-good snapshot",
            event(taken("promote") & (latest == config), after=("F2",)),
        ),
        fact(
            "F4",
            "then nodes crash, when they have processed it in the background",
            event(taken("process", outcome="crashed", n=first) & (runs[first] == config), after=("F3",)),
        ),
        fact(
            "F5",
            "a rollback installs it again",
            event(taken("roll_back", n=first) & (primed(runs[first]) == config), after=("F4",)),
            event(taken("process", outcome="crashed", n=first)),
        ),
        fact("F6", "operators freeze all changes", event(taken("freeze"), after=("F5",))),
        fact("F7", "they edit the snapshot", event(taken("edit_snapshot"), after=("F6",))),
        fact(
            "F8",
            "and bring nodes back one by one",
            event(taken("restart", n=first), after=("F7",)),
            event(taken("process", outcome="settled", n=first)),
        ),
        never(
            "F9",
            "no rollback alone brings a node back for good",
            taken("process", outcome="settled"),
            by={"automation"},
            after="F5",
        ),
    )
)

fixed = protocol.variant(
    "snapshot-fixed",
    ("one-build", "bake-time", "load-synchronously"),
    meaning="a draft is of one build, nodes process metadata before they take it, and the gate waits for that",
).declaring(
    proofs=[
        proof(
            [
                lemma(
                    "one-build-writes",
                    ~(Build.OLD.isin(draft) & Build.NEW.isin(draft)),
                    "a draft has metadata of one build",
                ),
                lemma(
                    "numbers-are-published",
                    both(
                        forall(Config, lambda c: c.isin(bad).implies((c > 0) & (c <= latest))),
                        snapshot <= latest,
                        forall(Node, lambda n: runs[n] <= latest),
                    ),
                    "configurations that are known have been published",
                ),
                lemma("loaded-is-good", forall(Node, lambda n: ~runs[n].isin(bad)), "nodes run good configurations"),
                lemma("nodes-are-up", forall(Node, up), "no node is down"),
            ]
        )
    ]
)
