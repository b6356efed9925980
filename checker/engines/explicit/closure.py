"""The states reachable from a state, by plain breadth-first search over packed states."""

from __future__ import annotations

from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import timed

MOST = 500_000
"""The largest number of states to visit."""


def closure(kernel: Kernel, start: int) -> tuple[list[int], bool]:
    """States that a kernel's steps reach from ``start``, in breadth-first order, and whether the list is complete."""
    expand, found, out = kernel.expand(Watch()), {start: None}, list[int]()
    queue = [start]
    for s in timed(queue):
        expand(s, out, [])
        for t in out:
            if t not in found:
                found[t] = None
                queue.append(t)
        out.clear()
        if len(queue) > MOST:
            return queue, False
    return queue, True


def happens(kernel: Kernel, states: list[int], watch: Watch) -> bool:
    """Whether ``watch`` matches a step from one of ``states``."""
    expand = kernel.expand(watch)
    hits: list[tuple[int, int]] = []
    for s in timed(states):
        expand(s, [], hits)
        if hits:
            return True
    return False
