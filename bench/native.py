"""The native explorer against SPIN (and TLC) on the same states, in the same run.

    python bench/native.py [--rounds N] [--sizes ENACTORS/ENDPOINTS/PLANS/KEEP] [--without-spin]
    python bench/native.py --growth
    python bench/native.py --profile
    python bench/native.py --models

The first form searches `fixed` with crashes and expiring locks completely, without reduction, alternately with each
tool (whole commands, SPIN without its compilation), refuses to compare where states or transitions differ, and prints
medians, and how many times as fast as SPIN each is: by the clock, and by the time that processors worked, which says
what one core does, and which other work on the machine changes less. SPIN: the Debian package `spin`, and gcc. TLC: the
environment variable TLA2TOOLS_JAR names its jar. Their models are in `peers/`. `--growth` shows time and memory from
ten thousand to a hundred million states, `--profile` where the time goes. `--models` searches protocols of other kinds
(`models.py`), each until ten million states.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PEERS = Path(__file__).parent / "peers"
NAMES = ("enactors", "endpoints", "plans", "keep")
FAULTS = ("crash", "lock-expiry")
SAFETY = ("active-plan-never-deleted", "record-never-empty", "plans-never-regress", "rollback-target-exists")
"""What the peers' models check too."""
ENVIRONMENT = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
"""As users have it: Python compiles a module once."""
GROWTH = ("2/1/4/2", "3/1/3/2", "3/1/4/2", "3/2/3/2", "3/2/4/2", "4/2/3/2")

MODELS: tuple[tuple[str, dict[str, int]], ...] = (
    ("gossip", {"nodes": 11}),
    ("gossip", {"nodes": 14}),
    ("paxos", {"ballots": 4}),
    ("paxos", {"acceptors": 4, "ballots": 4}),
    ("paxos", {"acceptors": 4, "ballots": 5}),
    *(("vectors", {"nodes": n}) for n in (5, 6, 7, 8)),
)
"""What `--models` searches: states of one to five words, with 25 to 196 successors at most."""
CUT = 10_000_000
"""States after which such a search ends."""


@dataclass(frozen=True)
class Run:
    """One search of one tool: counts, seconds of wall time, seconds that processors worked, bytes of memory at its
    peak."""

    states: int
    transitions: float
    seconds: float
    worked: float
    memory: int


def timed(command: list[str], cwd: Path | None = None) -> tuple[str, tuple[float, float, int]]:
    """Output of a command; its seconds, those that processors worked for it, and peak bytes."""
    started = time.perf_counter()
    pipe = subprocess.PIPE
    done = subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
    assert done.stdout is not None
    with done.stdout:
        text = done.stdout.read()
    _, _, usage = os.wait4(done.pid, 0)
    done.returncode = 0
    return text, (time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def ours(sizes: dict[str, int], *options: str) -> Run:
    """The command ``check``, from start to end."""
    chosen = [x for n, v in sizes.items() for x in ("-s", f"{n}={v}")]
    faults = [x for f in FAULTS for x in ("--fault", f)]
    asked = [x for p in SAFETY for x in ("--property", p)]
    command = [
        sys.executable,
        "-c",
        "from planrace.checker.cli import main; main()",
        "-p",
        "fixed",
        *chosen,
        *faults,
        *asked,
    ]
    text, cost = timed([*command, "--exhaustive", "--format", "json", *options])
    covered = json.loads(text)["exploration"]
    return Run(covered["states"], covered["transitions"], *cost)


class Spin:
    """SPIN with the model of ``peers/dns.pml``, compiled once."""

    def __init__(self, sizes: dict[str, int], folder: Path) -> None:
        self.folder = folder
        defines = [f"-D{n.upper()}={v}" for n, v in sizes.items()]
        shutil.copy(PEERS / "dns.pml", folder)
        self._do(["spin", "-a", "-o2", *defines, "dns.pml"])
        self._do(["gcc", "-O3", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-w", "-o", "pan", "pan.c"])

    def _do(self, command: list[str]) -> None:
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def run(self) -> Run:
        """One search; a hash table as SPIN's manual advises, no smaller than the states."""
        text, cost = timed(["./pan", "-m1000000", "-w26"], self.folder)
        if "errors: 0" not in text or "too small" in text:
            raise SystemExit(f"SPIN's search is void:\n{text}")
        found = [re.search(rf"([\d.e+]+) {what}", text) for what in ("states, stored", "transitions")]
        stored, taken = (float(m[1]) for m in found if m is not None)
        return Run(int(stored), taken - 1, *cost)  # SPIN counts the way into the initial state


def tlc(sizes: dict[str, int], folder: Path) -> Run | None:
    """TLC with two workers, if its jar is named and its model is there."""
    jar = os.environ.get("TLA2TOOLS_JAR")
    if not jar or not (PEERS / "dns.tla").exists():
        return None
    shutil.copy(PEERS / "dns.tla", folder)
    config = (PEERS / "dns.cfg").read_text()
    for name, value in sizes.items():
        config = re.sub(rf"\b{name.capitalize()} = \d+", f"{name.capitalize()} = {value}", config)
    (folder / "dns.cfg").write_text(config)
    command = ["java", "-XX:+UseParallelGC", "-cp", jar, "tlc2.TLC", "-deadlock", "-workers", "2", "-config", "dns.cfg"]
    text, cost = timed([*command, "dns.tla"], folder)
    found = re.search(r"([\d,]+) states generated, ([\d,]+) distinct states found, 0 states left", text)
    if found is None:
        raise SystemExit(f"TLC's search is void:\n{text}")
    generated, distinct = (int(g.replace(",", "")) for g in found.groups())
    return Run(distinct, generated - 1, *cost)  # TLC counts the initial state as generated


def agree(name: str, run: Run, wanted: Run) -> None:
    """Refuse a comparison of different state spaces. SPIN prints eight digits of great numbers."""
    if run.states != wanted.states or abs(run.transitions - wanted.transitions) > 1e-7 * wanted.transitions:
        raise SystemExit(f"{name} searched something else: {run}, not {wanted}")


def medians(runs: list[Run]) -> tuple[float, float]:
    """Seconds by the clock, and seconds that processors worked."""
    return statistics.median(r.seconds for r in runs), statistics.median(r.worked for r in runs)


def line(name: str, runs: list[Run], base: tuple[float, float]) -> str:
    """A row of the table: medians."""
    seconds, worked = medians(runs)
    r = runs[0]
    memory = statistics.median(x.memory for x in runs)
    return (
        f"{name:10} {seconds:8.2f} s {r.states / seconds:14,.0f} states/s {r.transitions / seconds:14,.0f} steps/s "
        f"{memory / r.states:6.1f} bytes/state {base[0] / seconds:6.1f} x "
        f"{worked:8.2f} CPU s {base[1] / worked:6.1f} x"
    )


def compare(sizes: dict[str, int], rounds: int, *, spin: bool) -> None:
    """Alternate runs of every tool there is; medians, and how many times faster than SPIN."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = Spin(sizes, folder) if spin and shutil.which("spin") and shutil.which("gcc") else None
        runs: dict[str, list[Run]] = {"planrace": [], "symmetric": [], "SPIN": [], "TLC": []}
        for _ in range(rounds):
            runs["planrace"].append(ours(sizes, "--no-symmetry"))
            runs["symmetric"].append(ours(sizes, "--symmetry"))
            if peer is not None:
                runs["SPIN"].append(peer.run())
            other = tlc(sizes, folder)
            runs["TLC"] += [other] if other else []
        for tool in ("SPIN", "TLC"):
            for r in runs[tool]:
                agree(tool, r, runs["planrace"][0])
    first = runs["planrace"][0]
    print(f"{first.states:,} states, {first.transitions:,.0f} transitions; {rounds} rounds, medians")
    base = medians(runs["SPIN"] or runs["planrace"])
    for tool, found in runs.items():
        if found:
            print(line(tool, found, base))


def growth() -> None:
    """Time and memory of whole commands, as sizes grow."""
    print(f"{'sizes':10} {'states':>12} {'transitions':>13} {'seconds':>8} {'MiB':>7} {'bytes/state':>12}")
    for text in GROWTH:
        r = ours(sizes_of(text), "--no-symmetry")
        mib, each = r.memory / 2**20, r.memory / r.states
        print(f"{text:10} {r.states:12,} {r.transitions:13,.0f} {r.seconds:8.2f} {mib:7,.0f} {each:12.1f}")


def profile(sizes: dict[str, int]) -> None:
    """Seconds in each function of machine code, summed over the workers."""
    from planrace.checker.engines.native.search import NativeSearch
    from planrace.properties.dns import fixed
    from planrace.properties.kinds import Invariant, StepInvariant

    instance = fixed.system(FAULTS).instance(**sizes)
    asked = [p for p in instance.system.properties if isinstance(p, Invariant | StepInvariant)]
    started = time.perf_counter()
    search = NativeSearch(instance, asked, exhaustive=True)
    made = time.perf_counter() - started
    spent: Counter[str] = Counter()

    def watched(name: str, function: Any) -> Any:
        def call(*arguments: int) -> int:
            begun = time.perf_counter()
            result: int = function(*arguments)
            spent[name] += time.perf_counter() - begun  # type: ignore[assignment]
            return result

        return call

    functions = search.program.functions
    functions |= {name: watched(name, function) for name, function in functions.items()}
    for w in search.workers:
        w.store._spread = functions["spread"]
    _, covered = search.run()
    print(f"{covered.states:,} states, {covered.workers} workers: {made:.2f} s to make, {covered.seconds:.2f} s in all")
    for name, seconds in spent.most_common():
        print(f"{name:10} {seconds:7.2f} s {1e9 * seconds / covered.transitions:7.1f} ns a transition")


def models() -> None:
    """Words of a state, counts, and the time of searches of protocols of other kinds, without their compilation. CPU
    seconds are those of all workers together."""
    from planrace import find
    from planrace.checker.engines.limits import Limits
    from planrace.checker.engines.native.search import NativeSearch

    columns = f"{'words':>5} {'fan':>4} {'states':>12} {'steps':>13} {'seconds':>8} {'CPU s':>6} {'states/CPU s':>13}"
    print(f"{'model':28} {columns}")
    for name, sizes in MODELS:
        instance = find(f"{Path(__file__).parent / 'models.py'}:{name}").system().instance(**sizes)
        search = NativeSearch(instance, instance.system.properties, exhaustive=True, limits=Limits(states=CUT))
        words, fan = search.program.words, search.program.fan
        began, cpu = time.perf_counter(), time.process_time()
        _, covered = search.run()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        called = " ".join([name, *(f"{n}={v}" for n, v in sizes.items())])
        print(
            f"{called:28} {words:5} {fan:4} {covered.states:12,} {covered.transitions:13,} {seconds:8.2f} "
            f"{cpu:6.2f} {covered.states / cpu:13,.0f}"
        )


def sizes_of(text: str) -> dict[str, int]:
    """``ENACTORS/ENDPOINTS/PLANS/KEEP`` as sizes."""
    return dict(zip(NAMES, map(int, text.split("/")), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default="3/2/4/2")
    parser.add_argument("--without-spin", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--models", action="store_true")
    chosen = parser.parse_args()
    if chosen.growth:
        growth()
    elif chosen.profile:
        profile(sizes_of(chosen.sizes))
    elif chosen.models:
        models()
    else:
        compare(sizes_of(chosen.sizes), chosen.rounds, spin=not chosen.without_spin)


if __name__ == "__main__":
    main()
