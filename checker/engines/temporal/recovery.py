"""Recoverability: from every reachable state that requires it, some steps of the helpers lead to the goal (AG EF).

Backward reachability (Clarke, Grumberg & Peled, *Model Checking*, 1999, section 4.1) as sweeps over the rows of the
graph: states are numbered by their distance from the initial state, and most steps lead away from it, so a sweep from
the last state to the first marks nearly all. Sweeps are repeated until nothing changes; unmarked states cannot recover.
"""

from __future__ import annotations

from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.transition_graph import Graph, Maker, graph
from planrace.checker.engines.limits import timed
from planrace.checker.engines.temporal.backward import ASKED, GOAL, helpers, recover
from planrace.checker.engines.temporal.dead_ends import explain
from planrace.checker.results.guard import Guard
from planrace.checker.results.temporal import Runbook
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.interpreter import RangeError
from planrace.checker.semantics.replay import ReplayError
from planrace.properties.kinds import Recoverability


class RecoveryChecker:
    """Decides recoverability from one complete search, which kept the data for its graph."""

    def __init__(self, search: Any, make: Maker = graph) -> None:
        self.search = search
        self._make = make

    def answer(self, p: Recoverability) -> Answer:
        """Whether ``p`` holds; if not, the shortest run to a state without recovery, and why there is none. Raises
        ``MemoryError`` if the graph does not fit."""
        instance = self.search.kernel.interpreter.instance
        guard = Guard(keeps=True)
        try:
            made = self._make(self.search, helpers(instance.system, p), (p.goal, p.wherever))
        except RangeError as problem:
            raise problem.of(f"property {p.name}", p.where) from None
        dead_end = _first(made, recover(made))
        if dead_end is None:
            how = f"complete search of {numbered(made.states, 'state')}, checked from all {_starts(made)}"
            book = guard.attempt(p.name, "runbooks", lambda: self._runbook(p), None)
            self.search.interrupted |= guard.interrupted
            return Answer(p, Verdict.HOLDS, how, runbook=book, unexplained=guard.warnings)
        depth, n = dead_end
        recording = self.search.run_to(made.packed(n), depth)
        state = recording.states[-1]
        if recording.interpreter.holds(p.goal, state) or not recording.interpreter.holds(p.wherever, state):
            raise ReplayError(f"{p.name} is not required in the state that should violate it")
        how = "explicit search, shortest run to a state without recovery"
        book = guard.attempt(p.name, "runbooks", lambda: self._runbook(p), None)
        why = guard.attempt(p.name, "reasons why there is no recovery", lambda: explain(instance, p, state), None)
        self.search.interrupted |= guard.interrupted
        return Answer(p, Verdict.VIOLATED, how, recording, dead_end=why, runbook=book, unexplained=guard.warnings)

    def _runbook(self, p: Recoverability) -> Runbook | None:
        """What people can do, if there are manual actions."""
        from planrace.checker.engines.temporal.runbook import manual, runbook

        if not manual(self.search.kernel.interpreter.instance.system, p):
            return None
        return runbook(self.search, self._make, p)


def _first(g: Graph, marks: Any) -> tuple[int, int] | None:
    """Depth and number of the nearest state where recovery is required and impossible; among several the least
    packed."""
    for depth, level in enumerate(timed(g.levels, 1)):
        found = [n for first, last in level for n in _without(bytes(marks[first:last]), first)]
        if found:
            return depth, min(found, key=g.packed)
    return None


def _without(marks: bytes, first: int) -> list[int]:
    """The numbers of states that have only the mark ASKED."""
    if ASKED not in marks:
        return []
    return [first + k for k, mark in enumerate(marks) if mark & (GOAL | ASKED) == ASKED]


def _starts(g: Graph) -> int:
    return sum(_count(bytes(g.marks[first:last])) for level in g.levels for first, last in level)


def _count(marks: bytes) -> int:
    return marks.count(ASKED) + marks.count(ASKED | GOAL)
