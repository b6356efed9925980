"""Searches the product of a system with a scenario's monitor for a run that shows every fact.

The search is guided: states are kept in queues by the number of events already shown, and the queues are served in turn
from the fullest down. States with more events are usually the best way on; when they are all dead ends, the other
queues still make progress. The runs found are short but not necessarily shortest. When all queues are empty, no run
shows the scenario.
"""

from __future__ import annotations

from collections import deque

from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, timed
from planrace.checker.engines.scenario.match import Monitor, allows, casts
from planrace.checker.engines.scenario.watching import Showing
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance
from planrace.properties.scenario import Scenario

BATCH = 256


Node = tuple[int, int, int]
"""A cast (its number), the events shown so far (as bits), and a packed state."""


class Guide:
    """One search for one scenario. After ``run``, ``states`` says how many product states were met."""

    def __init__(
        self,
        instance: Instance,
        scenario: Scenario,
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.kernel = Kernel(instance)
        self.monitor = Monitor(scenario)
        self.limits = limits or Limits()
        self.scenario, interpreter = scenario, self.kernel.interpreter
        self.casts = list(timed(casts(interpreter, scenario, up_to_symmetry=True), 1))
        self.stopped: StopReason | None = None
        self.interrupted = False
        self._limit_guard = LimitGuard("looking for the fullest match", self.limits, listener)
        self._showing = Showing(self.kernel, self.monitor, self.casts)
        self._moves: dict[tuple[int, int], int] = {}
        self._parents: dict[Node, Node | None] = {}
        self._queues: list[deque[Node]] = [deque() for _ in range(len(self.monitor.events) + 1)]

    @property
    def states(self) -> int:
        return len(self._parents)

    def run(self) -> Recording | None:
        """A replayed run that shows every event, or None (then ``stopped`` is None if no such run exists)."""
        for n, cast in enumerate(self.casts):
            for s in self.kernel.initials:
                if allows(self.kernel.interpreter, self.scenario, cast, self.kernel.layout.decode(s)):
                    self._meet((n, 0, s), None)
        try:
            return self._search()
        except KeyboardInterrupt:
            self.interrupted = True
            self.stopped = INTERRUPTED
            return None

    def _search(self) -> Recording | None:
        turns = 0
        while any(self._queues):
            for queue in reversed(self._queues):
                if queue:
                    goal = self._serve(queue.popleft())
                    if goal is not None:
                        return self._replay(goal)
            turns += 1
            if turns % BATCH == 0:
                self.stopped = self._look()
                if self.stopped:
                    return None
        return None

    def _look(self) -> StopReason | None:
        if self.limits.states is not None and self.states >= self.limits.states:
            return StopReason.bound(StopKind.STATES, f"bound of {numbered(self.limits.states, 'state')}")
        fullest = max(n for n, q in enumerate(self._queues) if q or n == 0)
        return self._limit_guard.look(self.states, self.states, fullest)

    def _serve(self, node: Node) -> Node | None:
        """Expand one node; returns a successor that shows everything, if there is one."""
        cast, done, state = node
        for t, shown in self._showing.steps(state):
            seen = self._showing.seen(cast, shown) if shown else 0
            now = self._advance(done, seen) if shown else done
            following = (cast, now, t)
            if following not in self._parents and self.admits(node, following, seen):
                self._meet(following, node)
                if now == self.monitor.everything:
                    return following
        return None

    def admits(self, node: Node, following: Node, seen: int) -> bool:
        """Whether a run may go on like this; ``seen`` are the marks of the step."""
        return True

    def _meet(self, node: Node, parent: Node | None) -> None:
        self._parents[node] = parent
        self._queues[node[1].bit_count()].append(node)

    def _advance(self, done: int, seen: int) -> int:
        key = (done, seen)
        now = self._moves.get(key)
        if now is None:
            now = self._moves[key] = self.monitor.advance(done, seen)
        return now

    # Replaying -------------------------------------------------------------------------------------------------
    def _replay(self, goal: Node) -> Recording:
        path = [goal]
        while (parent := self._parents[path[-1]]) is not None:
            path.append(parent)
        recording = Recording(self.kernel.interpreter, self.kernel.layout.decode(path[-1][2]))
        cast = self.casts[goal[0]]
        for (_, done, _), (_, now, packed) in zip(path[::-1][:-1], path[::-1][1:], strict=True):
            move = self.monitor.move(recording, cast, done, now, self.kernel.layout.decode(packed))
            recording.take(move.action.name, move.choice)
        return recording
