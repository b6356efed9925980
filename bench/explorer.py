"""Transitions a second: the reference explorer against the plain interpreter, in the same run.

    python bench/explorer.py [ROUNDS]

Complete searches of `fixed` with two endpoints and three generations, by the interpreter with two Enactors, by the
explorer with three and all invariants checked. Medians of ROUNDS (default 5) are printed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from planrace.checker.engines.explicit.search import Search
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import Instance
from planrace.properties.dns import fixed
from planrace.properties.kinds import Invariant, StepInvariant


def explorer(instance: Instance) -> int:
    """Transitions of a complete search with all invariants checked."""
    asked = [p for p in instance.system.properties if isinstance(p, Invariant | StepInvariant)]
    _, covered = Search(instance, asked, exhaustive=True).run()
    return covered.transitions


def interpreter(instance: Instance) -> int:
    """Transitions of a complete search that checks nothing."""
    semantics = Interpreter(instance)
    frontier, transitions = [semantics.initial()], 0
    seen = set(frontier)
    while frontier:
        for _, after in semantics.moves(frontier.pop()):
            transitions += 1
            if after not in seen:
                seen.add(after)
                frontier.append(after)
    return transitions


def rate(search: Callable[[Instance], int], instance: Instance, rounds: int) -> float:
    """Median transitions a second."""
    rates = []
    for _ in range(rounds):
        started = time.perf_counter()
        transitions = search(instance)
        rates.append(transitions / (time.perf_counter() - started))
    return statistics.median(rates)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    small = fixed.system().instance(enactors=2, plans=3)
    large = fixed.system().instance(plans=3)
    slow, fast = rate(interpreter, small, rounds), rate(explorer, large, rounds)
    print(f"interpreter {slow:12,.0f} transitions/s")
    print(f"explorer    {fast:12,.0f} transitions/s")
    print(f"ratio       {fast / slow:12.1f}")


if __name__ == "__main__":
    main()
