"""``python -m tests.random_systems SEED [STAGE…]``: one system again, what is wrong with it, and a smaller one.

``--many FIRST LAST [STAGE…]`` counts what is wrong with many.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from .draw import draw
from .engines import STAGES, complaints
from .report import failure, kinds, shown


def one(seed: int, stages: list[str]) -> int:
    """Show the system of a seed; 1 if something is wrong."""
    drawn = draw(seed)
    found = complaints(drawn, stages)
    print(shown(drawn, found))
    if found:
        print(failure(drawn, found, stages, 60))
    return 1 if found else 0


def many(first: int, last: int, stages: list[str]) -> int:
    """Count what is wrong with many systems; 1 if anything is."""
    counts: Counter[str] = Counter()
    seen: dict[str, tuple[int, str]] = {}
    spent: dict[str, float] = {"draw": 0.0}
    for seed in range(first, last):
        started = time.process_time()
        drawn = draw(seed)
        spent["draw"] += time.process_time() - started
        for c in complaints(drawn, stages, spent):
            (k,) = kinds([c])
            counts[k] += 1
            if k not in seen:
                seen[k] = seed, c
                print(f"{seed}: {c}", flush=True)
    print(f"\n{last - first} systems; milliseconds for each:", end=" ")
    print(", ".join(f"{k} {v / (last - first) * 1000:.1f}" for k, v in spent.items()))
    for k, n in counts.most_common():
        print(f"{n} times, first {seen[k][0]}: {seen[k][1][:300]}")
    return 1 if counts else 0


if __name__ == "__main__":
    if sys.argv[1] == "--many":
        sys.exit(many(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] or list(STAGES)))
    sys.exit(one(int(sys.argv[1]), sys.argv[2:] or list(STAGES)))
