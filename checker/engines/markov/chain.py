"""The Markov chain of an instance: its states, and its steps with the rates of their actions.

Every enabled step, that is, every action with values of its parameters, waits for a time that is exponentially
distributed with the action's rate, independently of the others; the first one to occur is taken. So the model is a
continuous-time Markov chain (Norris, *Markov Chains*, 1997, section 2.6). Interchangeable members have equal rates, so
their orbits are an ordinary lumping of the chain (Buchholz, "Exact and ordinary lumpability in finite Markov chains",
Journal of Applied Probability 31, 1994): probabilities are the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.checker.engines.answer import of_step, refuse_ranges_left, retrace, sought
from planrace.checker.engines.explicit.codegen import Emitter
from planrace.checker.engines.explicit.lower import Scope
from planrace.checker.engines.explicit.step_function import Kernel, OutOfRangeError, compiled
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import Instance
from planrace.properties.kinds import Checkable

LOOK = 1024
"""States expanded between two looks at the limits."""
MOST = 64
"""Properties whose bits fit into a mark."""


class RatedSteps:
    """The steps of an instance with the numbers of their actions, and what decides the properties: for each step
    ``(successor, action, marks)``, where bit k of ``marks`` says that the step decides property k."""

    def __init__(self, instance: Instance, properties: Sequence[Checkable], *, symmetric: bool) -> None:
        self.kernel = Kernel(instance, symmetric=symmetric)
        self.properties = tuple(properties)
        self.actions = tuple(instance.system.actions)
        states = [(k, p) for k, p in enumerate(properties) if not of_step(p)]
        self._bits = [1 << k for k, _ in states]
        taken = [(k, p) for k, p in enumerate(properties) if of_step(p)]
        self._step_bits = [1 << k for k, _ in taken]
        watch = Watch(states=tuple(sought(p) for _, p in states), marks=tuple(sought(p) for _, p in taken))
        emitter = _Rated(instance, self.kernel.layout, watch)
        emitter.numbers = {name: n for n, name in enumerate(self.actions)}
        self._expand = compiled(emitter.source())

    def starts(self) -> dict[int, float]:
        """The initial states with their probabilities: all initial states of the instance are equally likely."""
        initials = list(self.kernel.interpreter.initials())
        found: dict[int, float] = {}
        for s in initials:
            view = self.kernel.view(s)
            found[view] = found.get(view, 0.0) + 1 / len(initials)
        return found

    def of(self, s: int) -> tuple[int, list[tuple[int, int, int]]]:
        """The marks of a state (bit k: it decides property k), and its steps. Raises ``OutOfRangeError``."""
        out: list[Any] = []
        found = self._expand(s, out, [])
        mark = sum(bit for n, bit in enumerate(self._bits) if found >> n & 1)
        see = self.kernel.representative
        return mark, [(see(t), a, self._marked(m)) for t, a, m in out]

    def _marked(self, m: int) -> int:
        return sum(bit for n, bit in enumerate(self._step_bits) if m >> n & 1) if m else 0

    def refuse(self, path: list[int]) -> None:
        """Raise the interpreter's error for a value that is out of range in the last state of a run."""
        recording = retrace(self.kernel.interpreter, self.kernel.seen, path)
        asked = [(p, sought(p)) for p in self.properties]
        refuse_ranges_left(
            recording, [(p, t) for p, t in asked if not of_step(p)], [(p, t) for p, t in asked if of_step(p)]
        )
        raise ReplayError("a value is out of range that the interpreter does not find")


class _Rated(Emitter):
    """Generates successors with the numbers of their actions, and marks."""

    numbers: dict[str, int]

    def _append(self, scope: Scope) -> list[str]:
        assert scope.step is not None
        return [*self._marks(scope), f"out.append((t, {self.numbers[scope.step[0]]}, m))"]


@dataclass(frozen=True)
class MarkovChain:
    """States 0…``states`` - 1; the steps of state n are ``targets[offsets[n]:offsets[n + 1]]``, beside them the numbers
    of their ``actions`` and their ``step_marks``: bit k says that the step decides property k, as bit k of
    ``marks[n]`` does for the state. ``starts`` are the initial states with their probabilities, ``names`` the actions
    by number. ``orbits``: whether orbits of interchangeable members are states."""

    states: int
    starts: dict[int, float]
    offsets: Any
    targets: Any
    actions: Any
    marks: Any
    step_marks: Any
    names: tuple[str, ...]
    orbits: bool

    def steps(self, n: int) -> Iterator[tuple[int, int, int]]:
        """Target, number of the action and marks of each step of a state."""
        for k in range(self.offsets[n], self.offsets[n + 1]):
            yield self.targets[k], self.actions[k], self.step_marks[k]


def markov_chain(
    steps: RatedSteps, limits: Limits, listener: Listener | None = None
) -> tuple[MarkovChain | None, StopReason | None]:
    """The chain of all reachable states; None, and why, if a limit is met before it is complete."""
    starts = steps.starts()
    number = {s: n for n, s in enumerate(starts)}
    order, parents = list(starts), array("q", [-1] * len(starts))
    offsets, targets, actions = array("Q", [0]), array("I"), array("H")
    marks, step_marks = array("Q"), array("Q")
    guard = LimitGuard("searching", limits, listener)
    at = 0
    while at < len(order):
        if at % LOOK == 0:
            stopped = guard.look(len(order), len(targets), 0)
            if stopped is not None:
                return None, stopped
        if limits.states is not None and len(order) > limits.states:
            return None, StopReason.bound(StopKind.STATES, numbered(limits.states, "state"))
        try:
            mark, found = steps.of(order[at])
        except OutOfRangeError:
            steps.refuse(_path(order, parents, at))
        marks.append(mark)
        for t, a, m in found:
            n = number.setdefault(t, len(order))
            if n == len(order):
                order.append(t)
                parents.append(at)
            targets.append(n)
            actions.append(a)
            step_marks.append(m)
        offsets.append(len(targets))
        at += 1
    chances = {number[s]: p for s, p in starts.items()}
    orbits = steps.kernel.canonical is not None
    chain = MarkovChain(len(order), chances, offsets, targets, actions, marks, step_marks, steps.actions, orbits)
    return chain, None


def _path(order: list[int], parents: Any, at: int) -> list[int]:
    path = [order[at]]
    while parents[at] >= 0:
        at = parents[at]
        path.append(order[at])
    return path[::-1]
