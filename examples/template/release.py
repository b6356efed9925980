"""Workers release versions of a configuration. A slow worker may bring an old version back.

    check                             all checks of pyproject.toml: finds the bug, searches the fix
    check -p release.py:protocol      shows the bug, step by step
    check prove -p release.py:fixed   proves the fix for any number of workers and versions

Change it into your own protocol: variables first, then what each process does, then what must hold.
"""

from planrace import (
    Protocol,
    array,
    forall,
    index,
    integers,
    outcome,
    primed,
    reachable,
    says,
    step,
    step_invariant,
    update,
    when,
)

protocol = Protocol("release", "workers release versions of a configuration")

workers = protocol.parameter("workers", 2, 1, 6, "workers that release versions")
versions = protocol.parameter("versions", 3, 1, 20, "versions that will be published")
Worker = index("worker", workers, symmetric=True)
Version = integers(0, versions, "version")

published = protocol.variable("published", Version, 0, "the newest version")
live = protocol.variable("live", Version, 0, "the version that users get")
fetched = protocol.variable("fetched", array(Worker, Version), 0, "what the worker will release; 0: nothing")

# Runs may end here. A state elsewhere without a next step is a deadlock, which the report names.
protocol.final((published == versions) & (live == versions) & forall(Worker, lambda w: fetched[w] == 0))


# What the processes do ---------------------------------------------------------------------------------------------
@protocol.action(by="author")
def publish():
    return step(
        when(published < versions),
        update(published, published + 1),
        says("publishes version {v}", v=published + 1),
    )


@protocol.action(Worker, by=Worker)
def fetch(w):
    return step(
        when(fetched[w] == 0, published > live),
        update(fetched[w], published),
        says("fetches version {v}", v=published),
    )


@protocol.action(Worker, by=Worker)
def release(w):
    return step(
        when(fetched[w] > 0),
        update(live, fetched[w]),
        update(fetched[w], 0),
        says("releases version {v}", v=fetched[w]),
    )


# What must hold ----------------------------------------------------------------------------------------------------
protocol.declare(
    step_invariant("versions-never-go-back", primed(live) >= live, "users never get an older version than before"),
    reachable("the-newest-version-is-live", live == versions, "the newest version is released in some run"),
)


# The fix -----------------------------------------------------------------------------------------------------------
@protocol.protection("compare-and-set", "a worker drops a version that is no newer than the live one")
def compare_and_set(change):
    change.outcome(
        "release",
        lambda w: outcome(
            "outdated",
            when(fetched[w] <= live),
            update(fetched[w], 0),
            says("drops version {v}", v=fetched[w]),
        ),
    )


fixed = protocol.variant("release-fixed", ["compare-and-set"])
