"""Cigarette smokers: who has what is missing?

To smoke one needs paper, tobacco and matches. Each of three smokers has one of these without end. A dealer puts the
two others of one of them on the table; that one takes them and smokes; when it has finished, the dealer puts two
things on the table again. (S. S. Patil, "Limitations and capabilities of Dijkstra's semaphore primitives", MIT,
1971.)

Source: CigaretteSmokers.tla, in the folder CigaretteSmokers of the TLA+ examples. TLC finds 6 distinct states.

    check -p examples/ground_truth/cigarette_smokers.py:protocol
"""

from __future__ import annotations

from planrace import (
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    count,
    each,
    enumeration,
    everything,
    exists,
    infinitely_often,
    invariant,
    least,
    says,
    size_of,
    step,
    subsets,
    update,
    weak,
    when,
)

protocol = Protocol("cigarette-smokers", "three smokers, each lacks two of three things")

Thing = enumeration("thing", "MATCHES PAPER TOBACCO")

smoking = protocol.variable("smoking", array(Thing, boolean()), False, "the one who owns this smokes")
table = protocol.variable("table", subsets(Thing), anything, "what the dealer has put on the table")
protocol.initially(size_of(table) == 2)


@protocol.action(by="smoker", fairness="none")
def smoke() -> Step:
    return step(
        when(table != set()),
        update(smoking, each(Thing, lambda t: ~t.isin(table))),
        update(table, set()),
        says("who has {t} takes the rest and smokes", t=least(Thing, lambda t: ~t.isin(table))),
    )


@protocol.action(subsets(Thing), by="dealer", fairness="none")
def deal(offer: Term) -> Step:
    smoker = least(Thing, lambda t: smoking[t])
    return step(
        when(table == set(), size_of(offer) == 2),
        update(smoking[smoker], False),
        update(table, offer),
        says("waits until who has {t} has finished, and offers {o}", t=smoker, o=offer),
    )


protocol.fair(weak(everything))
protocol.declare(
    invariant("one-smokes", count(Thing, lambda t: smoking[t]) <= 1, "at most one smokes at a time"),
    infinitely_often("somebody-smokes", exists(Thing, lambda t: smoking[t]), "there is always a next cigarette"),
)
