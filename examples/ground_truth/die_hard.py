"""Two jugs and a tap: measure four gallons.

There is a jug for five gallons, one for three, and water enough. A jug can be filled, emptied, or poured into the
other one until that is full or it is empty itself. The riddle is from a film; it is the first example of many courses
about TLA+. The invariant says that the big jug never holds four gallons. It is false, and its shortest counterexample
is the solution.

Source: DieHard.tla, in the folder DieHard of the TLA+ examples. TLC finds 16 distinct states.

    check -p examples/ground_truth/die_hard.py:protocol
"""

from __future__ import annotations

from planrace import Protocol, Step, integers, invariant, minimum, says, step, update

protocol = Protocol("die-hard", "two jugs and a tap")

large = protocol.parameter("large", 5, 1, 9, "gallons that the big jug holds")
little = protocol.parameter("little", 3, 1, 9, "gallons that the small jug holds")
goal = protocol.parameter("goal", 4, 1, 9, "gallons that are wanted in the big jug")

big = protocol.variable("big", integers(0, large), 0, "gallons in the big jug")
small = protocol.variable("small", integers(0, little), 0, "gallons in the small jug")


@protocol.action(by="hero")
def fill_big() -> Step:
    return step(update(big, large), says("fills the big jug"))


@protocol.action(by="hero")
def fill_small() -> Step:
    return step(update(small, little), says("fills the small jug"))


@protocol.action(by="hero")
def empty_big() -> Step:
    return step(update(big, 0), says("empties the big jug"))


@protocol.action(by="hero")
def empty_small() -> Step:
    return step(update(small, 0), says("empties the small jug"))


@protocol.action(by="hero")
def pour_into_big() -> Step:
    poured = minimum(small, large - big)
    return step(update(big, big + poured), update(small, small - poured), says("pours {n} into the big jug", n=poured))


@protocol.action(by="hero")
def pour_into_small() -> Step:
    poured = minimum(big, little - small)
    return step(
        update(big, big - poured), update(small, small + poured), says("pours {n} into the small jug", n=poured)
    )


protocol.declare(invariant("unsolved", big != goal, "the big jug never holds what is wanted; this is false"))
