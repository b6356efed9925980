"""How fast `check conform` explains long logs of `fixed`: a Planner and four Enactors whose crashes nobody logs.

    python bench/conform.py --events 30000 --wrong 0.5 1.0

A run of the model is taken at random (faults one step in fifty), and written as logs of five streams, a step a second,
with clocks that are wrong by up to so many seconds, each by its own amount. Nobody logs crashes and expired locks.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from planrace.checker import conform, find
from planrace.checker.logs.generations import NormalStates, generations_of
from planrace.checker.run.request import select
from planrace.checker.semantics.replay import Pick

FAULTS = ("crash", "lock-expiry")
RARE = 0.02
"""How many of the steps are faults."""
PUBLISHED = 0.065
"""How many of the steps publish a plan."""


def main() -> None:
    """Prints a line for each amount by which clocks are wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000, help="lines of the logs (default: 10,000)")
    parser.add_argument("--wrong", type=float, nargs="+", default=[0.5, 1.0], help="in seconds, a step takes one")
    parser.add_argument("--enactors", type=int, default=4)
    parser.add_argument("--endpoints", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serials", action="store_true", help="lines have the number of the change of the zone")
    given = parser.parse_args()
    sizes = {"enactors": given.enactors, "endpoints": given.endpoints, "keep": 2}
    with tempfile.TemporaryDirectory(prefix="planrace-logs-") as folder:
        for wrong in given.wrong:
            file = Path(folder) / f"{wrong}.jsonl"
            hidden = _write(file, sizes, given.events, wrong, given.seed)
            began, cpu = time.perf_counter(), time.process_time()
            report = conform("fixed", file, sizes, faults=FAULTS)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - began
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            share = f"{report.events / cpu:,.0f} events a second of CPU time"
            print(
                f"{wrong}: {report.verdict}, {report.events:,} events in {cpu:.1f} s of CPU time, {wall:.1f} s of wall "
                f"time ({share}); {len(report.hidden)} hidden steps found, "
                f"{hidden} were there; {peak:.0f} MiB at most so far",
                flush=True,
            )
            if not report.explained:
                sys.exit(f"a log of the model must be explained: {report.stopped}")


def _write(file: Path, sizes: dict[str, int], events: int, wrong: float, seed: int) -> int:
    """Write logs; returns the number of steps that were left out."""
    rng = Random(seed)
    off = {n: rng.uniform(-wrong, wrong) for n in range(sizes["enactors"] + 1)}
    written = hidden = 0
    with file.open("w") as out:
        for second, (name, choice) in enumerate(_run(sizes, rng)):
            if name in ("crash", "expire_lock"):
                hidden += 1
                continue
            stream = choice[0] if choice else 0
            record = {"stream": f"enactor {stream}" if stream else "planner", "at": second + off[stream]}
            record |= {"uncertainty": wrong, "action": name, "parameters": list(choice)}
            out.write(json.dumps(record) + "\n")
            written += 1
            if written == events:
                return hidden
    raise AssertionError("the run never ends")


def _run(sizes: dict[str, int], rng: Random) -> Iterator[Pick]:
    """The steps of a random run without an end."""
    instance = select(find("fixed"), sizes, faults=FAULTS).instance
    generations = generations_of(instance)
    assert generations is not None, "plans need no bound"
    states = NormalStates(generations)
    ((number, _),) = states.starts()
    while True:
        kinds = {a: states.moves(number, a) for a in states.actions}
        faults = [m for a in ("crash", "expire_lock") for m in kinds.pop(a)]
        published = kinds.pop("publish")
        usual = [m for moves in kinds.values() for m in moves]
        draw = rng.random()
        if faults and (draw < RARE or not usual):  # if all wait for the lock of one that has crashed, it runs out
            taken = rng.choice(faults)
        else:
            taken = rng.choice(published if draw < RARE + PUBLISHED or not usual else usual)
        yield taken.pick
        number = taken.number


if __name__ == "__main__":
    main()
