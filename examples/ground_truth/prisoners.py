"""Prisoners and two switches: who knows that everybody has been in the room?

The warden takes prisoners into a room, one at a time, everybody again and again. There are two switches, and each
visitor must flip exactly one. Whoever says that all have been there frees them all, if it is true. Their plan: one of
them counts. Every other one turns switch A up if it is down, twice at most, and flips B otherwise. The counter turns
A down, and counts that; otherwise it flips B. When it has counted two for each other prisoner, all have been there:
nobody knows how A stood at first, so one for each would not do.

Source: Prisoners.tla, in the folder Prisoners of the TLA+ examples. With four prisoners TLC finds 214 distinct
states.

    check -p examples/ground_truth/prisoners.py:protocol --no-symmetry --no-slicing
"""

from __future__ import annotations

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    eventually,
    forall,
    index,
    integers,
    invariant,
    otherwise,
    outcome,
    says,
    step,
    sum_of,
    update,
    when,
)

protocol = Protocol("prisoners", "prisoners find out by two switches that all have been in the room")

others = protocol.parameter("others", 3, 1, 6, "prisoners beside the one who counts")
Prisoner = index("prisoner", others, symmetric=True)

up_a = protocol.variable("up_a", boolean(), anything, "switch A is up")
up_b = protocol.variable("up_b", boolean(), anything, "switch B is up")
turned = protocol.variable("turned", array(Prisoner, integers(0, 2)), 0, "how often the prisoner has turned A up")
counted = protocol.variable("counted", integers(0, 2 * others + 1), 0, "how often the counter has turned A down")
done = protocol.let("all were there", counted == 2 * others)


@protocol.action(Prisoner, by=Prisoner)
def visit(p: Term) -> Step:
    return step(
        outcome(
            "turns A up",
            when(~up_a, turned[p] < 2),
            update(up_a, True),
            update(turned[p], turned[p] + 1),
            says("turns A up"),
        ),
        otherwise("flips B", update(up_b, ~up_b), says("flips B")),
    )


@protocol.action(by="counter")
def count_visits() -> Step:
    return step(
        outcome("turns A down", when(up_a), update(up_a, False), update(counted, counted + 1), says("turns A down")),
        otherwise("flips B", update(up_b, ~up_b), says("flips B")),
    )


# At most one that the counter saw was there before anybody turned it up, and at most one is still to be seen.
unseen = sum_of(Prisoner, lambda p: turned[p]) - If(up_a, 1, 0)
protocol.declare(
    invariant("count-is-right", (counted == unseen) | (counted == unseen + 1), "the count is right, or one too high"),
    invariant("safe", done.implies(forall(Prisoner, lambda p: turned[p] > 0)), "when it is said, it is true"),
    eventually("free", done, "all are free at last"),
)
