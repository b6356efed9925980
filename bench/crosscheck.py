"""Another checker against planrace on every protocol of the repository, and on random systems.

    python bench/crosscheck.py [--peer spin] [--states N] [--seconds S] [--only WORD] [--random N] [--first SEED]

Our protocols, the examples and those of `examples/ground_truth`; each with no fault, each fault alone and all of them;
at the smallest sizes, at the usual ones, and at those that are up to three smaller or larger, one of them or all, as
long as there are at most N states (default: 100,000). `--random N` takes N random systems of the tests instead.

A line for each instance: what agrees, or what differs or is undecided, and why. It ends with 1 if anything differs.
What the peer needs must be installed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from planrace.checker import Options, Verdict, crosscheck, find  # noqa: E402
from planrace.checker.results.crosscheck import ComparedKind, Crosscheck  # noqa: E402
from planrace.checker.run.protocols import names_in  # noqa: E402
from planrace.model.language import DefinitionError, ModelError, Parameter, Protocol, Variant  # noqa: E402

BUILT_IN = ("original", "fixed", "design", "register", "prefixes", "snapshot")
STEPS = 3
"""How often sizes are changed."""
Sizes = tuple[tuple[str, int], ...]


@dataclass
class Table:
    """What was compared so far."""

    said: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    states: int = 0
    transitions: int = 0

    def add(self, subject: str, found: Crosscheck, seconds: float) -> None:
        word = {Verdict.HOLDS: "agree", Verdict.VIOLATED: "DIFFER", Verdict.UNKNOWN: "undecided"}[found.verdict]
        self.said[word] += 1
        counts = {a.question: a.ours for a in found.answers if a.kind is ComparedKind.COUNT}
        if found:
            self.states += int(counts["states"] or 0)
            self.transitions += int(counts["transitions"] or 0)
            self.asked.update(str(a.ours) for a in found.answers if a.kind is ComparedKind.VERDICT)
        self.left_out.update(f"{p.kind}: {p.why}" for p in found.left_out)
        asked = sum(a.kind is ComparedKind.VERDICT for a in found.answers)
        print(f"{word:9} {subject}: {counts.get('states')} states, {asked} properties, {seconds:.1f} s", flush=True)
        if not found:
            for a in found.answers:
                if a.agrees is False:
                    print(f"          {a.question}: {a.ours} and {a.theirs}", flush=True)
            if found.undecided:
                print(f"          {found.undecided}", flush=True)

    def refused(self, subject: str, problem: Exception) -> None:
        self.said["refused"] += 1
        print(f"refused   {subject}: {problem}", flush=True)


def subjects() -> Iterator[str]:
    yield from BUILT_IN
    for folder in ("examples", "examples/ground_truth"):
        for file in sorted((ROOT / folder).glob("*.py")):
            yield from names_in(str(file))


def protocol_of(name: str) -> Protocol:
    found = find(name)
    return found.protocol if isinstance(found, Variant) else found


def fault_sets(protocol: Protocol) -> list[tuple[str, ...]]:
    every = tuple(protocol.faults)
    return list(dict.fromkeys([(), *((f,) for f in every), every]))


def chains(protocol: Protocol) -> Iterator[Iterator[Sizes]]:
    """The smallest sizes; and from the usual ones on, each size alone and all together, smaller and larger."""
    parameters = list(protocol.parameters.values())
    yield iter([tuple((p.name, p.low) for p in parameters)])
    yield iter([tuple((p.name, p.default) for p in parameters)])
    for grown in (*([p] for p in parameters), parameters):
        for by in (-1, 1):
            yield chain(parameters, grown, by)


def chain(parameters: Sequence[Parameter], grown: Sequence[Parameter], by: int) -> Iterator[Sizes]:
    """From the usual sizes on, those of ``grown`` by so much more each time."""
    now = {p.name: p.default for p in parameters}
    for _ in range(STEPS):
        for p in grown:
            now[p.name] = min(max(now[p.name] + by, p.low), p.high)
        yield tuple(now.items())


def through(name: str, peer: str, options: Options, table: Table) -> None:
    """The instances of a protocol that have few enough states."""
    protocol = protocol_of(name)
    for faults in fault_sets(protocol):
        seen = set[Sizes]()
        for sizes_of in chains(protocol):
            for sizes in sizes_of:
                if sizes in seen:
                    continue
                seen.add(sizes)
                if not one(name, sizes, faults, peer, options, table):
                    break


def one(name: str, sizes: Sizes, faults: tuple[str, ...], peer: str, options: Options, table: Table) -> bool:
    """Compare one instance; returns whether a larger one may have few enough states."""
    subject = f"{name.removeprefix(f'{ROOT}/')} {' '.join(f'{n}={v}' for n, v in sizes)} [{', '.join(faults)}]"
    begun = time.monotonic()
    try:
        found = crosscheck(name, dict(sizes), faults=faults, peer=peer, options=options)
    except ModelError as problem:
        table.refused(subject, problem)
        return False
    states = next((a.ours for a in found.answers if a.question == "states"), None)
    if states is None:
        table.said["too many states"] += 1
        return False
    table.add(subject, found, time.monotonic() - begun)
    return True


def randomly(first: int, many: int, peer: str, options: Options, table: Table) -> None:
    """Random systems of the tests."""
    from tests.random_systems.draw import draw
    from tests.random_systems.write import load

    for seed in range(first, first + many):
        d = draw(seed).described
        protections = [n for n, _ in d.protections] if d.protected else []
        begun = time.monotonic()
        try:
            found = crosscheck(load(d), d.values, faults=d.on, with_protections=protections, peer=peer, options=options)
        except (ModelError, DefinitionError) as problem:
            table.refused(f"seed {seed}", problem)
            continue
        table.add(f"seed {seed}", found, time.monotonic() - begun)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="spin")
    parser.add_argument("--states", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=300.0, help="for one instance")
    parser.add_argument("--only", default="", help="subjects with this word in their name")
    parser.add_argument("--random", type=int, default=0, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    given = parser.parse_args()
    options, table = Options(max_states=given.states, time_limit=given.seconds), Table()
    if given.random:
        randomly(given.first, given.random, given.peer, options, table)
    else:
        for name in subjects():
            if given.only in name:
                through(name, given.peer, options, table)
    print(
        f"\n{dict(table.said)}; where all agree: {table.states:,} states, {table.transitions:,} transitions, ", end=""
    )
    print(f"properties that {', '.join(f'{word}: {n}' for word, n in sorted(table.asked.items()))}")
    for why, n in table.left_out.most_common():
        print(f"not asked, {n} times: {why}")
    return 1 if table.said["DIFFER"] else 0


if __name__ == "__main__":
    sys.exit(main())
