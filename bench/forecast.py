"""How good forecasts are: of instances whose states are known, by what factor they miss, and how often the interval
holds the truth.

    python bench/forecast.py [--seconds N] [--seed N] [--kept FILE] [--shares]
    python bench/forecast.py --large [--total N]

The first form counts all instances of each protocol that can be counted in N seconds of processor time (the DNS
automation and the examples, as they are and repaired, with and without faults, with and without symmetry reduction;
protocols of ``models.py``). Then it holds out instances with 50,000 or more states: each is predicted from those of its
table that are 5, 20, 50 times smaller, with the arithmetic of ``check forecast``. Counts are kept in FILE, a line
of JSON for each, and those that it has are not counted again. With `--shares` it asks in place of that which share of
the states a search has found, at the levels where that is a tenth, a quarter, …, as the progress line and the report of
a search say it, from those of the table with at most 5,000 states. `--large` makes whole forecasts, as
``check forecast`` does, of instances whose counts took up to minutes to find; on a busy machine give it more time than
the default.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from pathlib import Path
from statistics import median

from planrace.checker import find
from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.filling import SIDE, SMALL
from planrace.checker.advice.forecast.forecast import forecast, reducible
from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.profile import LevelProfile, ShareTable
from planrace.checker.advice.forecast.rate import measured
from planrace.checker.advice.forecast.sample import sampled
from planrace.checker.advice.forecast.table import Point, below, extrapolation
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.model.language import Instance, ModelError, Variant

ROOT = Path(__file__).parent.parent
EXAMPLES = (
    "addresses",
    "autoscaler",
    "blue_green",
    "broker",
    "failover",
    "lease",
    "registry",
    "resolver",
    "rollout",
    "sessions",
)
"""Those with two parameters or more, of which several instances are large."""
PEERS = ("gossip", "paxos", "vectors")
FACTORS = (5, 20, 50)
SHARE_FACTORS = (5, 50, 500)
PARTS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The shares at which searches are held out."""
HELD_OUT = 50_000
"""The least states of an instance that is held out."""
OF_EACH = 8
"""The most instances that are held out of one table."""
STATES = 5_000_000
FARTHEST = 8
"""The most that a parameter is above its least value."""
LARGE: tuple[tuple[str, tuple[int, int, int], int], ...] = (
    ("fixed", (3, 2, 4), 5_845_321),
    ("fixed", (3, 3, 3), 12_142_194),
    ("fixed", (2, 3, 5), 46_203_718),
    ("fixed", (3, 2, 5), 46_832_220),
    ("fixed", (4, 2, 3), 4_700_365),
    ("fixed", (4, 2, 4), 64_276_755),
    ("fixed", (3, 3, 4), 164_028_570),
)
"""Enactors, endpoints, plans; orbits with crashes and expiring locks, as searches have counted them."""


@dataclass
class ShareTold:
    """What was said where a search has found the share ``truth``, which is about ``part``."""

    part: float
    truth: float
    said: ForecastInterval | None


@dataclass
class Told:
    """An instance that was held out: errors as logarithms of a factor."""

    family: str
    point: Point
    error: float
    doubt: float


def families() -> Iterator[tuple[str, Instance, bool]]:
    """Each protocol, with and without all its faults, with and without symmetry reduction."""
    names = ["original", "fixed"]
    names += [f"{ROOT}/examples/{name}.py:{which}" for name in EXAMPLES for which in ("protocol", "fixed")]
    names += [f"{ROOT}/bench/models.py:{name}" for name in PEERS]
    for name in names:
        found = find(name)
        protocol = found.protocol if isinstance(found, Variant) else found
        faulty = ["crash", "lock-expiry"] if name in ("original", "fixed") else sorted(protocol.faults)
        for faults in ([], faulty) if faulty else ([],):
            instance = found.system(faults).instance()
            short = name.removeprefix(f"{ROOT}/")
            for symmetric in (False, True) if reducible(instance, instance.system.properties) else (False,):
                yield " ".join([short, *faults, *(["symmetric"] if symmetric else [])]), instance, symmetric


def counted(instance: Instance, symmetric: bool, seconds: float) -> dict[Point, tuple[int, ...]]:
    """The levels of all instances that can be counted in so many seconds, smallest first."""
    sliced = irrelevant(instance, instance.system.properties)
    lows = tuple(p.low for p in instance.system.parameters)
    heap, seen, found = [(0, lows)], {lows}, dict[Point, tuple[int, ...]]()
    ends = time.process_time() + seconds
    while heap and time.process_time() < ends:
        _, point = heappop(heap)
        levels = _levels(replace(instance, values=point), symmetric, sliced)
        if levels is None:
            continue
        found[point] = levels
        for n, p in enumerate(instance.system.parameters):
            more = tuple(x + (k == n) for k, x in enumerate(point))
            if more not in seen and more[n] <= min(p.high, p.low + FARTHEST):
                seen.add(more)
                heappush(heap, (sum(levels), more))
    return found


def _levels(instance: Instance, symmetric: bool, sliced: tuple[str, ...]) -> tuple[int, ...] | None:
    """The sizes of the levels of an instance: in Python if its states are few; None if they are too many, or there is
    no such instance."""
    try:
        budget = SearchBudget(states=SMALL, seconds=60.0)
        _, sample = sampled(instance, budget, symmetric=symmetric, sliced=sliced)
        if sample.complete:
            return sample.levels
        run = measured(instance, 30.0, symmetric=symmetric, sliced=sliced, states=STATES)
    except ModelError:
        return None
    return run[1].levels if run is not None and run[1].complete else None


def held_out(family: str, table: dict[Point, float], factor: int, chosen: random.Random) -> Iterator[Told | None]:
    """Instances of a table, each predicted from those so much smaller; None: nothing is said of one."""
    large = sorted(v for v, x in table.items() if x >= math.log(HELD_OUT))
    for point in chosen.sample(large, min(OF_EACH, len(large))):
        near = {v: x for v, x in table.items() if all(p - y <= SIDE for p, y in zip(point, v, strict=True))}
        told = extrapolation(below(near, point, table[point] - math.log(factor)), point)
        if told is None or not told.errors:
            yield None
        else:
            yield Told(family, point, told.log - table[point], told.doubt)


def summary(name: str, told: list[Told | None]) -> str:
    """A line: how many of the instances there is an interval for, how many of these hold the truth, the factors."""
    some = [t for t in told if t is not None]
    if not some:
        return f"{name:40} {len(told):4} held out, none with an interval"
    held, near = sum(abs(t.error) <= t.doubt for t in some), sum(abs(t.error) <= math.log(2) for t in some)
    off = math.exp(median(abs(t.error) for t in some))
    wide = math.exp(median(t.doubt for t in some))
    return (
        f"{name:40} {len(told):4} held out, {len(some):4} with an interval: truth in {held / len(some):6.1%}, "
        f"within a factor of two {near / len(some):6.1%}; median factor {off:.3f}, half-width {wide:.2f}"
    )


def all_tables(seconds: float, kept: Path | None) -> Iterator[tuple[str, dict[Point, tuple[int, ...]]]]:
    """The tables that are kept, then the others, which are counted and kept."""
    found: dict[str, dict[Point, tuple[int, ...]]] = {}
    lines = kept.read_text().splitlines() if kept is not None and kept.exists() else []
    for row in map(json.loads, lines):
        found.setdefault(row["family"], {})[tuple(row["values"])] = tuple(row["levels"])
    yield from found.items()
    for family, instance, symmetric in families():
        if family in found:
            continue
        table = counted(instance, symmetric, seconds)
        rows = [json.dumps({"family": family, "values": v, "levels": x}) for v, x in table.items()]
        if kept is not None:
            with kept.open("a") as file:
                file.write("".join(f"{row}\n" for row in rows))
        yield family, table


def tables(seconds: float, seed: int, kept: Path | None) -> None:
    """Hold out instances of all protocols."""
    told: dict[int, list[Told | None]] = {factor: [] for factor in FACTORS}
    for family, levels in all_tables(seconds, kept):
        table = {v: math.log(sum(x)) for v, x in levels.items()}
        chosen = random.Random(seed)
        for factor in FACTORS:
            some = list(held_out(family, table, factor, chosen))
            told[factor] += some
            print(f"{factor:3} {summary(family, some)}" if some else f"{factor:3} {family:40} none large", flush=True)
    print()
    for factor in FACTORS:
        print(summary(f"all, {factor} times smaller", told[factor]))
    missed = [t for some in told.values() for t in some if t is not None and abs(t.error) > t.doubt]
    for t in sorted(missed, key=lambda t: abs(t.error) - t.doubt, reverse=True):
        print(f"missed: {t.family} {t.point}: {math.exp(t.error):.3g} times the truth, ± {math.exp(t.doubt):.3g}")


def found_shares(levels: dict[Point, tuple[int, ...]], factor: int, chosen: random.Random) -> Iterator[ShareTold]:
    """What is said of searches of instances of a table at some of their levels."""
    large = sorted(v for v, x in levels.items() if sum(x) >= HELD_OUT)
    for point in chosen.sample(large, min(OF_EACH, len(large))):
        whole = LevelProfile(levels[point])
        most = min(SMALL, sum(levels[point]) / factor)
        near = {v: LevelProfile(x) for v, x in levels.items() if sum(x) <= most and _below(v, point)}
        table, states = ShareTable(point, near), list(itertools.accumulate(levels[point]))
        for part in PARTS:
            depth = next(d for d, share in enumerate(whole.shares) if share >= part)
            yield ShareTold(part, whole.shares[depth], table.share(states[: depth + 1]))


def _below(v: Point, point: Point) -> bool:
    return v != point and all(0 <= y - x <= SIDE for x, y in zip(v, point, strict=True))


def shares(seconds: float, seed: int, kept: Path | None) -> None:
    """Hold out searches of all protocols, at some of their levels."""
    told: dict[int, list[ShareTold]] = {factor: [] for factor in SHARE_FACTORS}
    for _, levels in all_tables(seconds, kept):
        for factor in SHARE_FACTORS:
            told[factor] += found_shares(levels, factor, random.Random(seed))
    for factor, some in told.items():
        for part in (None, *PARTS):
            asked = [t for t in some if part in (None, t.part)]
            said = [(t.truth, t.said) for t in asked if t.said is not None]
            if not said:
                print(f"{factor:4} {part}: {len(asked)} asked, nothing said")
                continue
            held = sum(i.low <= truth <= i.high for truth, i in said) / len(said)
            off = sorted(abs(math.log(i.middle / truth)) for truth, i in said)
            near = sum(x <= math.log(1.5) for x in off) / len(off)
            wide = median(i.high / i.low for _, i in said)
            print(
                f"{factor:4} times smaller, {'all' if part is None else f'{part:.0%}'} found: {len(asked)} asked, "
                f"{len(said)} told, truth in {held:.1%}, within a factor of 1.5 {near:.1%}; median factor "
                f"{math.exp(median(off)):.2f}, greatest {math.exp(off[-1]):.2f}, ends {wide:.2f} times apart"
            )


def large(total: float) -> None:
    """Whole forecasts of large instances, each in about so many seconds."""
    for name, (enactors, endpoints, plans), truth in LARGE:
        instance = find(name).system(["crash", "lock-expiry"])
        began, used = time.monotonic(), time.process_time()
        budget = SearchBudget(total=total, seconds=total / 15)
        made = forecast(instance.instance(enactors=enactors, endpoints=endpoints, plans=plans, keep=2), budget=budget)
        taken = f"{time.monotonic() - began:.1f} s, {time.process_time() - used:.1f} CPU-s"
        where = f"{name} {enactors}/{endpoints}/{plans}: truth {truth:,}, "
        if made.states is None:
            print(f"{where}at least {made.at_least:,}; {taken}", flush=True)
            continue
        low, middle, high = made.states.low, made.states.middle, made.states.high
        inside = "holds" if round(low) <= truth <= round(high) else "does not hold"
        print(
            f"{where}told {middle:,.0f} ({middle / truth:.2f} times), {low:,.0f} to {high:,.0f} {inside} it; "
            f"{taken}; {made.how}",
            flush=True,
        )


def main() -> None:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for the counts of one protocol")
    parser.add_argument("--seed", type=int, default=1, help="which instances are held out")
    parser.add_argument("--kept", type=Path, help="where counts are kept")
    parser.add_argument("--shares", action="store_true", help="which share of the states a search has found")
    parser.add_argument("--large", action="store_true", help="whole forecasts of large instances")
    parser.add_argument("--total", type=float, default=15.0, help="seconds for each whole forecast")
    asked = parser.parse_args()
    if asked.large:
        large(asked.total)
    elif asked.shares:
        shares(asked.seconds, asked.seed, asked.kept)
    else:
        tables(asked.seconds, asked.seed, asked.kept)


if __name__ == "__main__":
    main()
