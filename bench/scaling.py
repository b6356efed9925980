"""How long a search by many machines would take: a model on paper, with the exchange of levels simulated.

    python bench/scaling.py

Measured on one machine (`bench/cluster.py`, `docs/cluster.md`): processor time of a step, bytes sent for a step that
crosses, bytes of a state in the table and on the disk, time of a call. Assumed: everything else, and
the output names it. A level is as long as its slowest machine: each has its share of the states, as a hash gives them,
and sends what crosses to all others at the speed of its network; the calls of a level are sent and answered one after
the other by the machine where `check` runs.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Costs:
    """Measured costs, in seconds and bytes; ``cores`` to ``latency`` are assumptions."""

    step: float = 33e-9
    """Processor seconds of a step: 7.19 CPU-s for 216,514,495 steps, with Ray's own."""
    crossing_bytes: float = 2.4
    """Bytes of a step that crosses: 0.442 bytes a step, with 0.187 crossing."""
    stored: float = 15.0
    """Bytes of a state of one word in the table."""
    kept: float = 2.5
    """Bytes of a state on the disk of the machine where `check` runs."""
    call: float = 1.5e-3
    """Seconds of a call of one shard: 8.6 ms a level for three calls of two shards, and 42 ms for those of eight."""
    steps_a_state: float = 6.4
    """Instance A: 216,514,495 / 33,664,207."""
    levels: int = 90
    """Levels of the space."""
    cores: int = 32
    network: float = 1.25e9
    """Bytes a second in and out of a machine (10 Gbit/s)."""
    disk: float = 4e8
    """Bytes a second to the disk where `check` runs."""
    crossing: float = 0.3
    """The share of steps that cross at 16 and more machines: 0.27 to 0.31 at 16 in samples of `fixed`."""
    groups: int = 4000
    """Values of the slow variables, equally frequent."""


def shares(machines: int, groups: int, seed: int = 0) -> list[float]:
    """The share of the states of each machine, where each group falls to one by chance."""
    drawn = random.Random(seed)
    counts = [0] * machines
    for _ in range(groups):
        counts[drawn.randrange(machines)] += 1
    return [c / groups for c in counts]


def level(states: float, owned: list[float], costs: Costs) -> dict[str, float]:
    """Seconds of a level with so many new states: of computing, of exchange and of calls, each of its slowest part."""
    machines = len(owned)
    steps = states * costs.steps_a_state
    compute = max(owned) * steps * costs.step / costs.cores
    crossing = steps * costs.crossing * costs.crossing_bytes
    out = max(owned) * crossing * (machines - 1) / machines
    into = max(s * (1 - s) for s in owned) * crossing
    kept = states * costs.kept / min(costs.network, costs.disk)
    return {
        "compute": compute,
        "exchange": max(out, into) / costs.network,
        "keep": kept,
        "calls": 3 * machines * costs.call,
    }


def search(states: float, machines: int, costs: Costs) -> tuple[dict[str, float], float]:
    """Seconds of all levels, which grow and shrink like a triangle, and the largest machine relative to the mean."""
    owned = shares(machines, costs.groups)
    middle = (costs.levels + 1) / 2
    weights = [middle - abs(n + 1 - middle) for n in range(costs.levels)]
    total: dict[str, float] = {}
    for w in weights:
        for name, seconds in level(states * w / sum(weights), owned, costs).items():
            total[name] = total.get(name, 0.0) + seconds
    return total, max(owned) * machines


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    costs = Costs()
    print(f"assumed: {costs}\n")
    print("states   machines  largest  GiB each  compute s  exchange s   keep s  calls s    sum")
    for exponent in (9, 10, 11, 12):
        for machines in (10, 100, 1000):
            states = 10.0**exponent
            parts, largest = search(states, machines, costs)
            memory = states / machines * largest * costs.stored / 2**30
            row = "  ".join(f"{parts[n]:9.0f}" for n in ("compute", "exchange", "keep", "calls"))
            print(f"10^{exponent:<5} {machines:8} {largest:8.2f} {memory:9.1f}  {row} {sum(parts.values()):8.0f}")


if __name__ == "__main__":
    main()
