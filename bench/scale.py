"""Searches whose table does not fit: sorted runs against the table, on the same states, in the same run.

    python bench/scale.py [--rounds N] [--sizes ENACTORS/ENDPOINTS/PLANS/KEEP] [--memory 256M …] [--bytes]
    python bench/scale.py --models

The first form searches `fixed` with crashes and expiring locks completely, without reduction: with the table, with
`--store compact`, and with the table under each memory limit, alternately. It refuses to compare where states, steps or
depths differ, and prints medians of processor time and of the search's wall time as ratios. Whole commands, so that
their memory is theirs alone. `--bytes` searches once more in this process, for the bytes of a state in the runs.
`--models` searches protocols of other kinds (`models.py`) until two million states: bytes of a state, processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FAULTS = ("crash", "lock-expiry")
SAFETY = ("active-plan-never-deleted", "record-never-empty", "plans-never-regress", "rollback-target-exists")
NAMES = ("enactors", "endpoints", "plans", "keep")
MODELS: tuple[tuple[str, dict[str, int]], ...] = (
    ("gossip", {"nodes": 11}),
    ("gossip", {"nodes": 14}),
    ("paxos", {"ballots": 4}),
    ("paxos", {"acceptors": 4, "ballots": 5}),
    *(("vectors", {"nodes": n}) for n in (5, 6, 7, 8)),
)
CUT = 2_000_000
"""States after which a search of `--models` ends."""


@dataclass(frozen=True)
class Measured:
    """One command: its counts, or why it stopped, seconds of wall and processor time, and bytes of memory."""

    counts: tuple[int, int, int]
    stopped: str | None
    seconds: float
    processor: float
    memory: int


def measured(sizes: str, *options: str) -> Measured:
    """Run one search as a command of its own."""
    command = [sys.executable, "-m", "planrace", "-p", "fixed", "--exhaustive", "--no-symmetry", "--no-slicing"]
    command += [word for name, n in zip(NAMES, sizes.split("/"), strict=True) for word in ("-s", f"{name}={n}")]
    command += [word for fault in FAULTS for word in ("--fault", fault)]
    command += [word for name in SAFETY for word in ("--property", name)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--engine", "native", "--format", "json", *options], check=False, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)["exploration"]
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stopped = None if found["complete"] else str(found["stopped"])
    counts = found["states"], found["transitions"], found["depth"]
    return Measured(counts, stopped, found["seconds"], spent, found["peak_memory_bytes"])


def bytes_of_a_state(sizes: str) -> None:
    """Bytes of a state in the runs of one and of two workers, with their index and their codes."""
    from planrace.checker.engines.native.search import NativeSearch
    from planrace.properties.dns import fixed

    instance = fixed.system(FAULTS).instance(**dict(zip(NAMES, map(int, sizes.split("/")), strict=True)))
    for workers in (1, 2):
        search = NativeSearch(instance, [], exhaustive=True, compact=True, workers=workers)
        search.run()
        runs = [w.runs for w in search.workers if w.runs is not None]
        print(
            f"runs of {workers} workers: {sum(r.bytes for r in runs) / sum(r.states for r in runs):.2f} bytes a state"
        )


def models() -> None:
    """Bytes of a state in the table and in runs, and the processor time of each search without its compilation."""
    from planrace import find
    from planrace.checker.engines.limits import Limits
    from planrace.checker.engines.native.search import NativeSearch

    columns = f"{'words':>5} {'table':>7} {'runs':>6} {'times':>6} {'CPU s':>6} {'CPU s':>6} {'ratio':>6}"
    print(f"{'model':28} {columns}")
    for name, sizes in MODELS:
        instance = find(f"{Path(__file__).parent / 'models.py'}:{name}").system().instance(**sizes)
        bytes_, spent = [], []
        for compact in (False, True):
            search = NativeSearch(instance, [], exhaustive=True, limits=Limits(states=CUT), compact=compact, workers=2)
            began = time.process_time()
            _, covered = search.run()
            spent.append(time.process_time() - began)
            stored = sum(w.store.bytes if w.runs is None else w.runs.bytes for w in search.workers)
            bytes_.append(stored / covered.states)
        called = " ".join([name, *(f"{n}={v}" for n, v in sizes.items())])
        print(
            f"{called:28} {search.program.words:5} {bytes_[0]:7.1f} {bytes_[1]:6.1f} {bytes_[0] / bytes_[1]:6.1f} "
            f"{spent[0]:6.2f} {spent[1]:6.2f} {spent[1] / spent[0]:6.2f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="3/2/4/2")
    parser.add_argument("--memory", nargs="*", default=["256M"])
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("--models", action="store_true")
    given = parser.parse_args()
    if given.models:
        models()
        return
    kinds = {"table": (), "compact": ("--store", "compact")}
    kinds |= {f"at most {size}": ("--max-memory", size) for size in given.memory}
    runs: dict[str, list[Measured]] = {kind: [] for kind in kinds}
    for _ in range(given.rounds):
        for kind, options in kinds.items():
            runs[kind].append(measured(given.sizes, *options))
    wanted = runs["table"][0].counts
    print(
        f"{given.sizes}: {wanted[0]:,} states, {wanted[1]:,} steps, depth {wanted[2]}; {given.rounds} rounds, medians"
    )
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    base = statistics.median(r.processor for r in runs["table"])
    wall = statistics.median(r.seconds for r in runs["table"])
    for kind, found in runs.items():
        stopped = next((r.stopped for r in found if r.stopped is not None), None)
        if stopped is None and any(r.counts != wanted for r in found):
            raise SystemExit(f"{kind} finds other counts: {[r.counts for r in found]}")
        spent = statistics.median(r.processor for r in found)
        memory = statistics.median(r.memory for r in found)
        seconds = statistics.median(r.seconds for r in found)
        text = f"{kind:14} {spent:7.1f} CPU-s {spent / base:6.2f} ×  {seconds:7.1f} s {seconds / wall:6.2f} ×"
        text += f"  {memory / 2**20:7,.0f} MiB"
        print(text if stopped is None else f"{text}  not complete: {stopped}")
    if given.bytes:
        bytes_of_a_state(given.sizes)


if __name__ == "__main__":
    main()
