"""Logs of the model with one wrong line: the verdict is that of brute force, and the divergence is near that line.

Run as a program, it counts: ``python -m tests.logs.test_mutated_logs 100 400`` makes 100 logs of 400 lines.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from planrace import conform, find
from planrace.checker.logs.generations import generations_of
from planrace.checker.results.conformance import Conformance
from planrace.checker.run.request import select
from planrace.model.language import Instance
from tests.logs.logs import Records, logged, random_run
from tests.logs.oracle import most_explained

SIZES = {"enactors": 4, "endpoints": 1, "keep": 2}
FAULTS = ["crash", "lock-expiry"]
UNSEEN = ("crash", "expire_lock", "lose_lock")
PLANS = 80
"""More than a log of 400 lines tells: a run goes on as long as there is one to publish."""
WRONG = 0.5
"""By how much clocks are wrong at most, in steps of the whole system."""
HOW = ("field", "dropped", "swapped", "repeated")


def whole_instance() -> Instance:
    """An instance that holds all plans."""
    generations = generations_of(select(find("fixed"), SIZES, faults=FAULTS).instance)
    assert generations is not None
    return generations.instance(PLANS)


def records_of(instance: Instance, lines: int, seed: int) -> Records:
    """So many lines of a random run; one step in ten publishes a plan or is a fault, and nobody logs faults."""
    run = random_run(instance, lines + lines // 4, seed, (*UNSEEN, "publish"))
    found = logged(run, UNSEEN, WRONG, seed)[:lines]
    assert len(found) == lines, "the run goes on to the end of the log"
    return found


def mutated(records: Records, how: str, rng: Random) -> tuple[Records, float]:
    """The records with one mutation in the middle half, and the time at which it is."""
    found = [dict(r) for r in records]
    n = rng.choice([n for n in range(len(found) // 4, 3 * len(found) // 4) if found[n]["parameters"]])
    if how == "field":
        others = [i for i in range(1, SIZES["enactors"] + 1) if i != found[n]["parameters"]["i"]]
        found[n]["parameters"] = {**found[n]["parameters"], "i": rng.choice(others)}
    elif how == "dropped":
        del found[n]
    elif how == "repeated":
        found.insert(n, found[n])
    else:
        after = next(m for m in range(n + 1, len(found)) if found[m]["stream"] == found[n]["stream"])
        found[n], found[after] = {**found[after], "at": found[n]["at"]}, {**found[n], "at": found[after]["at"]}
    return found, records[n]["at"]


def distance(report: Any, at: float) -> float:
    """How many steps of the whole system lie between the mutation and the nearest line that nothing explains."""
    times: list[float] = [json.loads(b.line.text)["at"] for b in report.divergence.blocked]
    return min(abs(t - at) for t in times)


def outcome_of(instance: Instance, lines: int, seed: int, folder: Path) -> tuple[str, str, float | None]:
    """The mutation of a log, what became of it, and how far from the mutation it diverges. The verdict and the number
    of explained events must be those of brute force."""
    how = HOW[seed % len(HOW)]
    records, at = mutated(records_of(instance, lines, seed), how, Random(seed))
    log = folder / "a.jsonl"
    log.write_text("".join(json.dumps(r) + "\n" for r in records))
    report = conform("fixed", log, SIZES, faults=FAULTS)
    many = most_explained(instance, records, UNSEEN)
    if many == len(records):
        assert report.verdict is Conformance.CONFORMS, (seed, how)
        return how, "conforms", None
    assert report.divergence is not None, (seed, how)
    assert report.divergence.explained == many, (seed, how)
    return how, "diverges", distance(report, at)


@pytest.mark.parametrize("seed", range(4))
def test_short_logs(seed: int, tmp_path: Path) -> None:
    how, outcome, far = outcome_of(whole_instance(), 40, seed, tmp_path)
    assert how == HOW[seed]
    assert far is None or (outcome == "diverges" and far < 10)


@pytest.mark.parametrize("first", [0, 10])
def test_logs_of_400_lines(first: int, tmp_path: Path) -> None:
    """Of a hundred that diverge, eight in ten do so within two steps of the mutation; of ten, more than half."""
    instance = whole_instance()
    outcomes = [outcome_of(instance, 400, seed, tmp_path) for seed in range(first, first + 10)]
    far = [d for _, _, d in outcomes if d is not None]
    assert len(far) > 5
    assert sum(d <= 2 for d in far) >= 0.6 * len(far)


def main(logs: int, lines: int) -> None:
    """Print how many logs of each mutation diverge, and how many of those within two steps."""
    instance, found, near, began = whole_instance(), Counter[tuple[str, str]](), Counter[str](), time.process_time()
    with TemporaryDirectory() as folder:
        for seed in range(logs):
            how, outcome, far = outcome_of(instance, lines, seed, Path(folder))
            found[how, outcome] += 1
            near[how] += far is not None and far <= 2
            print(seed, how, outcome, far, flush=True)
    for how in HOW:
        many = found[how, "diverges"]
        print(f"{how}: {many} diverge, {near[how]} of them within two steps; {found[how, 'conforms']} conform")
    print(f"{time.process_time() - began:.0f} s of CPU time")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
