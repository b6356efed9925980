"""Hunting for violations: random runs that a distance guides against blind ones, and bitstate searches in both orders.

    python bench/hunt.py [--seeds 5] [--seconds 2] [NAME…]

For each property that is violated somewhere, a line with medians over the seeds. Runs of 1,000 steps begin anew until
they meet the violation: ``steps`` and ``CPU`` are those of guided runs, divided by those of blind ones (1: as many;
less is better; ``∞`` or ``0`` where one of them does not find it within the seconds). Bitstate searches are those of
``--engine bitstate --runs 1`` in each order, as ``CPU seconds/length of the run``: without making machine code, but
with shortening the run.

A guided run takes a step to a state with the least distance to a violation, and in one of five steps any. The distance
is the branch distance of search-based testing (Korel, "Automated software test data generation", IEEE TSE 16, 1990;
Tracey, Clark, Mander & McDermid, "An automated framework for structural test-data generation", ASE 1998): how far
numbers are from satisfying a comparison, summed up over what must be true together, the least of what is enough alone.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from planrace.checker import find
from planrace.checker.engines.answer import of_step, sought
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.hunting.swarm import Swarm
from planrace.checker.results.bitstate import SearchOrder
from planrace.checker.run.request import select
from planrace.checker.semantics.interpreter import Context, Interpreter
from planrace.model.language import Instance, Op, Term
from planrace.properties.kinds import Checkable, Reachability

EXAMPLES = Path(__file__).parents[1] / "examples"
LENGTH, ANY = 1000, 0.2
BOTH = ("crash", "lock-expiry")


def dns(name: str, *, faults: Sequence[str] = (), without: Sequence[str] = (), **sizes: int) -> Instance:
    return select(find(name), sizes, faults=faults, without=without).instance


def example(name: str, **sizes: int) -> Instance:
    return select(find(f"{EXAMPLES}/{name}"), sizes).instance


CASES: dict[str, Callable[[], Instance]] = {
    "original 2/1/3": lambda: dns("original", enactors=2, endpoints=1, plans=3, keep=1),
    "original 3/2/4": lambda: dns("original"),
    "original 4/3/6": lambda: dns("original", enactors=4, endpoints=3, plans=6),
    "original 6/4/10": lambda: dns("original", enactors=6, endpoints=4, plans=10),
    "fixed -check": lambda: dns("fixed", faults=BOTH, without=["transactional-check"]),
    "fixed -guard": lambda: dns("fixed", faults=BOTH, without=["guarded-delete"]),
    "rollout 6/9": lambda: example("rollout.py:protocol", workers=6, versions=9),
    "blue/green 6/12": lambda: example("blue_green.py:protocol", deployers=6, releases=12),
    "broker half": lambda: example("broker.py:half"),
    "failover half": lambda: example("failover.py:half"),
    "autoscaler half": lambda: example("autoscaler.py:half", pods=4, nodes=4),
    "registry half": lambda: example("registry.py:half"),
    "addresses half": lambda: example("addresses.py:half"),
    "two-phase commit": lambda: example("two_phase_commit.py:protocol", managers=5),
    "lease": lambda: example("lease.py:protocol"),
    "sessions": lambda: example("sessions.py:protocol"),
    "finalizers": lambda: example("finalizers.py:protocol"),
}


# The distance -----------------------------------------------------------------------------------------------------
def distance(m: Interpreter, t: Term, c: Context, *, wanted: bool = True) -> int:
    """How far a truth value is from the wanted one; 0 if it is that."""
    match t.op:
        case Op.NOT:
            return distance(m, t.args[0], c, wanted=not wanted)
        case Op.AND | Op.OR:
            parts = [distance(m, a, c, wanted=wanted) for a in t.args]
            return sum(parts) if (t.op is Op.AND) is wanted else min(parts)
        case Op.FORALL | Op.EXISTS:
            parts = [distance(m, t.args[1], inner, wanted=wanted) for inner in members(m, t, c)]
            return sum(parts) if (t.op is Op.FORALL) is wanted else min(parts, default=1)
        case Op.EQ | Op.LT | Op.LE:
            return compared(t.op, *(m.evaluate(a, c) for a in t.args), wanted=wanted)
        case Op.PRIMED if c.after is not None:
            return distance(m, t.args[0], Context(c.bound, c.after), wanted=wanted)
        case _:
            return int(bool(m.evaluate(t, c)) is not wanted)


def members(m: Interpreter, t: Term, c: Context) -> Iterator[Context]:
    variable = t.args[0]
    for member in m.instance.members(variable.sort):  # type: ignore[arg-type]
        yield Context({**c.bound, variable: member}, c.state, c.after, c.move)


def compared(op: Op, a: Any, b: Any, *, wanted: bool) -> int:
    if isinstance(a, frozenset):
        return len(a ^ b) if wanted else int(a == b)
    if isinstance(a, tuple):
        return sum(x != y for x, y in zip(a, b, strict=True)) if wanted else int(a == b)
    if op is Op.EQ:
        return abs(int(a) - int(b)) if wanted else int(a == b)
    if not wanted:
        a, b = b, a
    return max(0, int(a) - int(b) + ((op is Op.LT) is wanted))


# Random runs ------------------------------------------------------------------------------------------------------
def random_runs(kernel: Kernel, p: Checkable, seed: int, seconds: float, *, guided: bool) -> tuple[int, float] | None:
    """The steps and the processor time until a run meets a violation; None if none does within the seconds."""
    draw, term = random.Random(seed), sought(p)
    expand = kernel.expand(Watch((), (term,)) if of_step(p) else Watch((term,)))
    begun, steps = time.process_time(), 0
    while True:
        s = draw.choice(kernel.initials)
        for _ in range(LENGTH):
            out: list[int] = []
            hits: list[tuple[int, int]] = []
            if expand(s, out, hits) or hits:
                return steps, time.process_time() - begun
            if time.process_time() - begun > seconds:
                return None
            if not out:
                break
            steps += 1
            s = nearest(kernel, term, s, out, draw, step=of_step(p)) if guided else draw.choice(out)


def nearest(kernel: Kernel, term: Term, s: int, out: Sequence[int], draw: random.Random, *, step: bool) -> int:
    """A successor with the least distance to a violation, at random. A property of steps is judged by the step."""
    if draw.random() < ANY:
        return draw.choice(out)
    m, decode = kernel.interpreter, kernel.layout.decode
    before = decode(s)
    contexts = (Context({}, before, decode(t)) if step else Context({}, decode(t)) for t in out)
    far = [distance(m, term, c) for c in contexts]
    least = min(far)
    return draw.choice([t for t, d in zip(out, far, strict=True) if d == least])


def searched(instance: Instance, p: Checkable, seed: int, order: SearchOrder) -> tuple[float, int] | None:
    """The processor time of a bitstate search, and the length of its run; None if it finds none."""
    swarm = Swarm(instance, [p], seed=seed, searches=1, order=order, size=1 << 22)
    begun = time.process_time()
    (answer,), _ = swarm.run()
    spent = time.process_time() - begun
    return None if answer.recording is None else (spent, len(answer.recording.moves))


def ratio(of: Sequence[float | None], to: Sequence[float | None]) -> str:
    """Of the medians, where None is more than all others."""
    a, b = (statistics.median_low([float("inf") if x is None else x for x in some]) for some in (of, to))
    if a == b == float("inf"):
        return "-"
    return "∞" if a == float("inf") else f"{a / b:.2f}" if b else "-"


def row(instance: Instance, p: Checkable, seeds: Sequence[int], seconds: float) -> str | None:
    kernel = Kernel(instance)
    blind, guided = ([random_runs(kernel, p, seed, seconds, guided=g) for seed in seeds] for g in (False, True))
    if not any(blind) and not any(guided):
        return None
    steps, spent = (ratio(*([x and x[k] for x in some] for some in (guided, blind))) for k in (0, 1))
    found = f"{sum(x is not None for x in blind)}, {sum(x is not None for x in guided)} of {len(seeds)}"
    return f"steps {steps:>6}  CPU {spent:>6}  found {found:10}" + "".join(
        f"  {order.value} {median_of([searched(instance, p, seed, order) for seed in seeds])}" for order in SearchOrder
    )


def median_of(found: Sequence[tuple[float, int] | None]) -> str:
    known = [x for x in found if x is not None]
    if 2 * len(known) <= len(found):
        return "-"
    return "/".join(f"{statistics.median(x[k] for x in known):.3g}" for k in (0, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="processor time of random runs for each seed")
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginnings of names of cases")
    given = parser.parse_args()
    for name, make in CASES.items():
        if given.names and not name.startswith(tuple(given.names)):
            continue
        instance = make()
        for p in instance.system.properties:
            if isinstance(p, Checkable) and not isinstance(p, Reachability):
                line = row(instance, p, range(1, given.seeds + 1), given.seconds)
                if line is not None:
                    print(f"{name:17} {p.name:26} {line}", flush=True)


if __name__ == "__main__":
    main()
