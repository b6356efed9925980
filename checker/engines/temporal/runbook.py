"""The runbook: what people can do by hand if the automation cannot recover by itself.

It is about the states that the system reaches by itself, where recovery is required, and where no steps of the
automation lead to the goal any more. For each of them it finds the shortest sequence of manual steps after which the
automation can do the rest; states with the same sequence form one class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from planrace.checker.engines.explicit.transition_graph import Graph, Label, Maker
from planrace.checker.engines.limits import timed
from planrace.checker.engines.temporal.backward import ASKED, GOAL, recover
from planrace.checker.engines.temporal.rows import loops, pieces, zeros
from planrace.checker.results.temporal import Intervention, Runbook
from planrace.model.language import System
from planrace.properties.kinds import Recoverability

FARTHEST = 32
"""The largest number of manual steps in a sequence."""


def manual(system: System, p: Recoverability) -> list[str]:
    """The manual actions."""
    return [name for name, a in system.actions.items() if a.tags & p.manual]


def runbook(search: Any, make: Maker, p: Recoverability) -> Runbook:
    """The interventions for ``p``, the shortest first; among equally short ones, those that help most states."""
    system = search.kernel.interpreter.instance.system
    by_hand = manual(system, p)
    alone = [name for name, a in system.actions.items() if a.tags & p.helpers and name not in by_hand]
    automatic = make(search, alone, (p.goal, p.wherever))
    marks = recover(automatic)
    reached = _reached(make(search, [n for n in system.actions if n not in by_hand], ()))
    hands = make(search, by_hand, ())
    distance = _distances(hands, marks)
    needed = [n for n in timed(hands.numbers) if reached[n] and marks[n] & (GOAL | ASKED) == ASKED]
    found = Counter(_sequence(hands, distance, n) for n in needed if distance[n])
    ranked = sorted(found.items(), key=lambda item: (len(item[0]), -item[1], item[0]))
    interventions = tuple(Intervention(tuple(_called(*label) for label in steps), n) for steps, n in ranked)
    return Runbook(interventions, len(needed) - sum(found.values()))


def _reached(g: Graph) -> Any:
    """A byte for each state: the steps of ``g`` reach it from an initial one."""
    found = zeros("B", len(g.offsets))
    run = loops(g.states + len(g.targets))
    for n in g.starts:
        found[n] = 1
    while sum(run("reached", g.offsets, g.targets, found, *r) for level in g.levels for r in pieces(level, g.degree)):
        pass
    return found


def _distances(g: Graph, marks: Any) -> Any:
    """A byte for each state: one more than the number of manual steps from it to a state that can recover; 0 if there
    are none, or more than FARTHEST."""
    run = loops(g.states + len(g.targets))
    distance = zeros("B", len(g.offsets))
    for n in timed(g.numbers):
        distance[n] = marks[n] & GOAL
    for steps in range(1, FARTHEST + 1):
        ranges = (r for level in g.levels for r in pieces(level, g.degree))
        if not sum(run("nearer", g.offsets, g.targets, distance, *r, steps) for r in ranges):
            break
    return distance


def _sequence(g: Graph, distance: Any, n: int) -> tuple[Label, ...]:
    """The manual steps from a state to one that can recover; among several the first in the order of the actions."""
    return tuple(_downhill(g, distance, n))


def _downhill(g: Graph, distance: Any, n: int) -> Iterator[Label]:
    while distance[n] > 1:
        label, n = next((k, t) for k, t in g.steps(n) if distance[t] == distance[n] - 1)
        yield g.names[label]


def _called(action: str, choice: Collection[int]) -> str:
    return f"{action}({', '.join(map(str, choice))})" if choice else action
