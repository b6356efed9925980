"""The last state from which a run can still recover, by forward search from its states."""

from __future__ import annotations

from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.transition_graph import acting
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import timed
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance
from planrace.properties.kinds import Recoverability

MOST = 200_000
"""The most states that are searched for the goal."""


class Recovery:
    """Whether steps of a property's helpers lead from a state to its goal. Answers are remembered."""

    def __init__(self, instance: Instance, p: Recoverability) -> None:
        helpers = {n for n, a in instance.system.actions.items() if a.tags & (p.helpers | p.manual)}
        self.property = p
        self._kernel = Kernel(acting(instance, helpers))
        self._expand, self._reached = self._kernel.expand(Watch()), self._kernel.judge((p.goal,))
        self._known: dict[int, bool] = {}

    def possible(self, state: State) -> bool | None:
        """Whether the goal can be reached; None if that takes more than ``MOST`` states to find out."""
        start = self._kernel.layout.encode(state)
        parents: dict[int, int | None] = {start: None}
        queue = [start]
        for s in timed(queue):
            out: list[int] = []
            if self._known.get(s) or self._reached(s):
                self._remember(s, parents)
                return True
            self._expand(s, out, [])
            for t in out:
                if t not in parents and self._known.get(t) is not False:
                    parents[t] = s
                    queue.append(t)
            if len(queue) > MOST:
                return None
        self._known.update(dict.fromkeys(queue, False))
        return False

    def lost(self, recording: Recording) -> bool:
        """The last state requires recovery, and recovery is impossible."""
        state = recording.states[-1]
        required = recording.interpreter.holds(self.property.wherever, state)
        return required and self.possible(state) is False

    def last(self, recording: Recording) -> int | None:
        """The number of the last state of a run from which the goal can be reached, if any."""
        numbers = range(len(recording.states) - 1, -1, -1)
        return next((n for n in numbers if self.possible(recording.states[n])), None)

    def _remember(self, s: int | None, parents: dict[int, int | None]) -> None:
        while s is not None:
            self._known[s] = True
            s = parents[s]
