"""Dining philosophers who hand each other forks: nobody starves.

Philosophers sit at a round table, with a fork between each two. To eat, a philosopher needs the two forks beside it,
and both clean. Who holds a dirty fork washes it and hands it to the neighbour; eating makes forks dirty. This is the
solution of K. M. Chandy and J. Misra, "The drinking philosophers problem", ACM TOPLAS 6(4), 1984. In the beginning
all are hungry, all forks are dirty, the first philosopher has two and the second none, so they do not all wait for
each other.

Source: DiningPhilosophers.tla, in the folder DiningPhilosophers of the TLA+ examples. With five philosophers TLC
finds 67 distinct states. Each philosopher is weakly fair there; here each of its actions is, which is the same, as it
has one enabled action at a time, and no other philosopher can disable it.

    check -p examples/ground_truth/dining_philosophers.py:protocol
"""

from __future__ import annotations

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    first,
    forall,
    index,
    infinitely_often,
    invariant,
    otherwise,
    outcome,
    predecessor,
    says,
    step,
    successor,
    update,
    when,
)

protocol = Protocol("dining-philosophers", "philosophers hand each other clean forks")

philosophers = protocol.parameter("philosophers", 5, 2, 9, "philosophers, and forks")
Philosopher = index("philosopher", philosophers, ordered=True)
Doing = enumeration("doing", "LOOK EAT THINK")

# The fork p lies between p and the predecessor of p.
holder = protocol.variable(
    "holder",
    array(Philosopher, Philosopher),
    lambda fork: If(fork == successor(first(Philosopher)), first(Philosopher), fork),
    "who has the fork",
)
clean = protocol.variable("clean", array(Philosopher, boolean()), False, "the fork is clean")
hungry = protocol.variable("hungry", array(Philosopher, boolean()), True, "the philosopher wants to eat")
doing = protocol.variable("doing", array(Philosopher, Doing), Doing.LOOK, "what the philosopher does next")


@protocol.action(Philosopher, by=Philosopher)
def look(p: Term) -> Step:
    """Hands a dirty fork on, the left one first, and goes on to eat, to think, or to look again."""
    right = successor(p)
    can_eat = (holder[p] == p) & (holder[right] == p) & clean[p] & clean[right]
    return step(
        when(doing[p] == Doing.LOOK),
        update(doing[p], If(hungry[p], If(can_eat, Doing.EAT, Doing.LOOK), Doing.THINK)),
        outcome(
            "hands left fork on",
            when(holder[p] == p, ~clean[p]),
            update(holder[p], predecessor(p)),
            update(clean[p], True),
            says("washes fork {f} and hands it to philosopher {q}", f=p, q=predecessor(p)),
        ),
        outcome(
            "hands right fork on",
            when(holder[right] == p, ~clean[right]),
            update(holder[right], right),
            update(clean[right], True),
            says("washes fork {f} and hands it to philosopher {f}", f=right),
        ),
        otherwise("keeps forks", says("has no dirty fork")),
    )


@protocol.action(Philosopher, by=Philosopher)
def eat(p: Term) -> Step:
    return step(
        when(doing[p] == Doing.EAT),
        update(doing[p], Doing.LOOK),
        update(hungry[p], False),
        update(clean[p], False),
        update(clean[successor(p)], False),
        says("eats"),
    )


@protocol.action(Philosopher, by=Philosopher)
def think(p: Term) -> Step:
    return step(when(doing[p] == Doing.THINK), update(doing[p], Doing.LOOK), update(hungry[p], True), says("thinks"))


protocol.declare(
    invariant(
        "neighbours-do-not-eat-together",
        forall(
            Philosopher,
            lambda p: ~((doing[p] == Doing.EAT) & (doing[successor(p)] == Doing.EAT) & (p != successor(p))),
        ),
        "who shares a fork never eats at the same time",
    ),
    forall(
        Philosopher, lambda p: infinitely_often("nobody-starves", ~hungry[p], "everybody has eaten again and again")
    ),
)
