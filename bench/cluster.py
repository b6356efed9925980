"""A search by processes that share the states, against one process: processor time, bytes sent, levels, losses.

    python bench/cluster.py cpu [--rounds N] [--sizes ENACTORS/ENDPOINTS/PLANS/KEEP] [--shards N]
    python bench/cluster.py wire [--sizes …] [--shards N]
    python bench/cluster.py kills [--times N] [--sizes …] [--shards N]

All search `fixed` with crashes and expiring locks completely, by Ray on this machine. `cpu` runs whole commands
`check` alternately, and counts the processor time of all their processes: those of Ray, too. `wire` prints bytes for a
step, the largest shard, and the median time of levels with few states. `kills` ends a process with SIGKILL at a random
moment of each search, and refuses counts that differ from those of one process.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

FAULTS = ("crash", "lock-expiry")
NAMES = ("enactors", "endpoints", "plans", "keep")
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER: processes whose parents have ended become ours, so that their time is told to us."""
FEW = 20_000
"""Levels with fewer states are small."""


def instance(sizes: dict[str, int]) -> Any:
    """The instance, and the properties that all searches decide."""
    from planrace.properties.dns import fixed
    from planrace.properties.kinds import Invariant, StepInvariant

    found = fixed.system(FAULTS).instance(**sizes)
    return found, [p for p in found.system.properties if isinstance(p, Invariant | StepInvariant)]


def command(sizes: dict[str, int], *options: str) -> tuple[tuple[int, int, int], float, float]:
    """One `check`: states, transitions and depth, processor seconds of all its processes, wall seconds."""
    _, properties = instance(sizes)
    words = [x for n, v in sizes.items() for x in ("-s", f"{n}={v}")] + [x for f in FAULTS for x in ("--fault", f)]
    words += [x for p in properties for x in ("--property", p.name)]
    started = time.perf_counter()
    code = "from planrace.checker.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "-p", "fixed", *words, "--exhaustive", "--format", "json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as done:
        assert done.stdout is not None
        covered = json.loads(done.stdout.read())["exploration"]
        _, _, usage = os.wait4(done.pid, 0)
        done.returncode = 0
    seconds = usage.ru_utime + usage.ru_stime
    wall = time.perf_counter() - started
    while True:  # Ray's processes end after the command, and are ours then
        try:
            _, _, usage = os.wait3(0)
        except ChildProcessError:
            break
        seconds += usage.ru_utime + usage.ru_stime
    return (covered["states"], covered["transitions"], covered["depth"]), seconds, wall


def cpu(sizes: dict[str, int], shards: int, rounds: int) -> None:
    """Processor time of whole commands, alternately; medians, and their ratio."""
    if ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0):
        raise SystemExit("this system does not tell the time of processes whose parents have ended")
    found: dict[str, list[tuple[float, float]]] = {"alone": [], "cluster": []}
    counts = set()
    for _ in range(rounds):
        for name, options in (
            ("alone", ["--engine", "native"]),
            ("cluster", ["--cluster", "local", "--shards", str(shards)]),
        ):
            told, seconds, wall = command(sizes, *options)
            counts.add(told)
            found[name].append((seconds, wall))
            print(f"{name:8} {seconds:7.2f} CPU-s {wall:7.2f} s", flush=True)
    if len(counts) != 1:
        raise SystemExit(f"the counts differ: {counts}")
    alone, cluster = (statistics.median(s for s, _ in found[n]) for n in ("alone", "cluster"))
    print(f"states, transitions, depth {counts.pop()}; {cluster:.2f} / {alone:.2f} CPU-s = {cluster / alone:.2f}")


class Searching:
    """One search by shards, on the Ray that is there."""

    def __init__(self, sizes: dict[str, int], shards: int) -> None:
        from planrace.checker.engines.cluster.on_ray import RayHosts
        from planrace.checker.engines.cluster.search import ClusterSearch

        given, properties = instance(sizes)
        self.hosts = RayHosts("local", shards, None)
        self.search = ClusterSearch(given, properties, self.hosts, exhaustive=True)
        self.fleet = self.search.fleet
        self.levels: list[tuple[float, int]] = []
        turn = self.fleet.turn

        def timed() -> None:
            turn()
            self.levels.append((time.perf_counter(), self.fleet.size))

        self.fleet.turn = timed  # type: ignore[method-assign]

    def run(self) -> tuple[int, int, int]:
        """Search: states, transitions and depth."""
        _, covered = self.search.run()
        if not covered.complete:
            raise SystemExit(f"not complete: {covered.stopped}")
        return covered.states, covered.transitions, covered.depth


def started() -> None:
    """Start Ray once for several searches."""
    import ray

    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    ray.init(
        address="local",
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=512 * 2**20,
    )


def wire(sizes: dict[str, int], shards: int) -> None:
    """Bytes for a step, balance, and the time of small levels."""
    started()
    found = Searching(sizes, shards)
    begun = time.perf_counter()
    states, transitions, depth = found.run()
    seconds = found.levels[-1][0] - begun
    small = [1000 * (b - a) for (a, size), (b, _) in zip(found.levels, found.levels[1:], strict=False) if size < FEW]
    shares, chosen = found.fleet.shares, found.search.chosen
    assert chosen is not None
    print(f"{shards} shards by {', '.join(chosen.variables)}: {states:,} states, {transitions:,} steps, depth {depth}")
    print(f"{seconds:.2f} s, {len(small)} levels below {FEW:,} states: median {statistics.median(small):.1f} ms")
    print(f"{found.fleet.sent / transitions:.3f} bytes sent for a step; crossing in the sample {chosen.crossing:.3f}")
    print(f"largest shard / mean {max(shares) * shards / states:.3f} (sample {chosen.balance:.3f})")
    print(f"{found.fleet.kept.bytes / states:.2f} bytes kept for a state")


def kills(sizes: dict[str, int], shards: int, times: int) -> None:
    """Searches of which each loses a process at a random moment."""
    from planrace.checker.engines.native.search import NativeSearch

    given, properties = instance(sizes)
    _, covered = NativeSearch(given, properties, exhaustive=True).run()
    wanted = covered.states, covered.transitions, covered.depth
    print(f"one process: {wanted}")
    started()
    found = Searching(sizes, shards)
    begun = time.perf_counter()
    assert found.run() == wanted
    whole = found.levels[-1][0] - begun
    print(f"no loss: {whole:.2f} s")
    for n in range(times):
        found, moment = Searching(sizes, shards), random.Random(n).uniform(0, whole)
        victim = random.Random(n).choice(found.hosts.processes())
        timer = threading.Timer(moment, os.kill, (victim, signal.SIGKILL))
        begun = time.perf_counter()
        timer.start()
        told = found.run()
        timer.cancel()
        seconds = found.levels[-1][0] - begun
        print(f"killed after {moment:.2f} s: {seconds:.2f} s, {found.fleet.losses} losses, {told}", flush=True)
        if told != wanted:
            raise SystemExit("the counts differ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cpu", "wire", "kills"))
    parser.add_argument("--sizes", default="3/2/4/2")
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=10)
    chosen = parser.parse_args()
    sizes = dict(zip(NAMES, map(int, chosen.sizes.split("/")), strict=True))
    if chosen.what == "cpu":
        cpu(sizes, chosen.shards, chosen.rounds)
    elif chosen.what == "wire":
        wire(sizes, chosen.shards)
    else:
        kills(sizes, chosen.shards, chosen.times)


if __name__ == "__main__":
    main()
