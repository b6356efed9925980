"""The coffee can: what colour has the last bean?

A can holds black and white beans. Take two out. If they have the same colour, throw both away and put a black one in;
otherwise put the white one back. Each turn there is a bean less, and the number of white beans stays even, or odd. So
the last bean is black if the number of white ones was even at first, and white otherwise.

D. Gries, "The Science of Programming", Springer, 1981, who has it from E. W. Dijkstra, and he from C. S. Scholten.

Source: CoffeeCan.tla, in the folder CoffeeCan of the TLA+ examples: any can of at most 100 beans to begin with. TLC
finds 5,150 distinct states, all of them initial. Runs are weakly fair to the choice between all actions.

    check -p examples/ground_truth/coffee_can.py:protocol
"""

from __future__ import annotations

from planrace import (
    If,
    Protocol,
    Step,
    anything,
    eventually,
    everything,
    integers,
    primed,
    says,
    step,
    step_invariant,
    taken,
    update,
    weak,
    when,
)

protocol = Protocol("coffee-can", "beans are taken out two at a time")

most = protocol.parameter("most", 100, 1, 1000, "beans in the can at first, at most")
Count = integers(0, most, "count")

black = protocol.variable("black", Count, anything, "black beans in the can")
white = protocol.variable("white", Count, anything, "white beans in the can")
protocol.initially((black + white >= 1) & (black + white <= most))


@protocol.action(by="hand", fairness="none")
def two_black() -> Step:
    return step(when(black >= 2), update(black, black - 1), says("takes two black beans, puts one back"))


@protocol.action(by="hand", fairness="none")
def two_white() -> Step:
    out = says("takes two white beans, puts a black one in")
    return step(when(white >= 2), update(black, black + 1), update(white, white - 2), out)


@protocol.action(by="hand", fairness="none")
def one_of_each() -> Step:
    return step(when(black >= 1, white >= 1), update(black, black - 1), says("throws a black bean away"))


@protocol.action(by="hand", fairness="none")
def rest() -> Step:
    return step(when(black + white == 1), says("has one bean left"))


protocol.fair(weak(everything))
protocol.declare(
    step_invariant("fewer", taken(rest) | (primed(black) + primed(white) < black + white), "each turn there are fewer"),
    step_invariant("same-parity", white % 2 == primed(white) % 2, "white beans stay even or odd"),
    eventually("ends", black + white == 1, "one bean is left at last"),
    eventually(
        "colour-is-known",
        If(white % 2 == 0, (black == 1) & (white == 0), (black == 0) & (white == 1)),
        "the last bean is black where white beans are even, and white where they are odd",
    ),
)
