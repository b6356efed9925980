"""The states reachable from a state, by plain breadth-first search over packed states."""

from __future__ import annotations

from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import timed

MOST = 500_000
"""The largest number of states to visit."""


def closure(kernel: Kernel, start: int, watch: Watch | None = None) -> tuple[list[int], bool]:
    """States that a kernel's steps reach from ``start``, in breadth-first order, and whether the list is complete; it
    ends at the first step that ``watch`` matches."""
    expand, found, out = kernel.expand(watch or Watch()), {start: None}, list[int]()
    queue, hits = [start], list[tuple[int, int]]()
    for s in timed(queue):
        expand(s, out, hits)
        for t in out:
            if t not in found:
                found[t] = None
                queue.append(t)
        out.clear()
        if hits or len(queue) > MOST:
            return queue, False
    return queue, True
