"""How long a run can stay in some states: the longest path through them, in the state graph."""

from __future__ import annotations

from array import array

from planrace.checker.engines.explicit.transition_graph import Graph
from planrace.checker.engines.limits import timed


def longest_stay(g: Graph) -> int | None:
    """The most steps of a run that begins in a marked state (bit 0 of its marks) and goes on until it leaves these
    states, the leaving step included; 0 if there are none, None if there is a cycle among them. Predecessors are taken
    away first (Kahn, "Topological sorting of large networks", Communications of the ACM 5, 1962)."""
    inside = {n for n in g.numbers if g.marks[n] & 1}
    before = array("I", [0]) * len(g.offsets)
    for n in timed(inside):
        for _, t in g.steps(n):
            if t in inside:
                before[t] += 1
    ready = [n for n in inside if not before[n]]
    length = dict.fromkeys(ready, 0)
    most = done = 0
    while ready:
        n = ready.pop()
        done += 1
        for _, t in timed(g.steps(n)):
            most = max(most, length[n] + 1)
            if t in inside:
                length[t] = max(length.get(t, 0), length[n] + 1)
                before[t] -= 1
                if not before[t]:
                    ready.append(t)
    return most if done == len(inside) else None
