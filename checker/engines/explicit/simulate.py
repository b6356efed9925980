"""Seeded random simulation: long runs through instances that are too large to search.

It finds violations but never proves their absence. All enabled steps of a visited state are checked, not only the one
that is taken.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from planrace.checker.engines.answer import Answer, retrace
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Expand, Kernel, OutOfRangeError
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, peak_memory
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered, plural
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance
from planrace.properties.kinds import Property

RUNS = 100
STEPS = 1000


class Simulation:
    """``runs`` random runs of at most ``limits.depth`` (default 1000) steps each; ``seed`` makes them repeatable."""

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Property],
        *,
        seed: int,
        runs: int = RUNS,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
    ) -> None:
        self.kernel = Kernel(instance)
        self.properties = tuple(properties)
        self.seed = seed
        self.runs = runs
        self.limits = limits or Limits()
        self.fail_fast = fail_fast
        self.interrupted = False
        self._random = random.Random(seed)
        self._limit_guard = LimitGuard("simulating", self.limits, listener)
        how = f"random run of seed {seed}; not a shortest one"
        self._questions = Questions(properties, how)
        self._expand: Expand | None = None
        self._seen: set[int] = set()
        self._steps = 0
        self._longest = 0

    def run(self) -> tuple[list[Answer], Coverage]:
        """Simulate; answers in the order of the properties, and what was covered."""
        try:
            stopped = self._all_runs()
        except KeyboardInterrupt:
            self.interrupted = True
            stopped = INTERRUPTED
        except TimeUpError as problem:  # before a step function was made
            stopped = StopReason(StopKind.TIME, str(problem))
        coverage = Coverage(
            states=len(self._seen),
            transitions=self._steps,
            depth=self._longest,
            complete=False,
            symmetry=False,
            seconds=self._limit_guard.seconds,
            peak_memory_bytes=peak_memory(),
            stopped=stopped,
            seed=self.seed,
        )
        unknown = f"not met in random runs (seed {self.seed}): {stopped}"
        answers = [self._questions.answers.get(p.name) or Answer(p, Verdict.UNKNOWN, unknown) for p in self.properties]
        return answers, coverage

    def _all_runs(self) -> StopReason:
        self._expand = self.kernel.expand(self._questions.watch())
        for n in range(1, self.runs + 1):
            stopped = self._one_run() or self._stop_reason(n)
            if stopped:
                return stopped
        return StopReason(StopKind.RUNS, f"{numbered(self.runs, 'run')} {plural(self.runs, 'was', 'were')} done")

    def _one_run(self) -> StopReason | None:
        """Simulate one run from an initial state; returns the reason if the simulation must stop."""
        starts = self.kernel.initials
        path = [self._random.choice(starts) if len(starts) > 1 else starts[0]]
        length = STEPS if self.limits.depth is None else self.limits.depth
        for n in range(length + 1):
            out: list[int] = []
            hits: list[tuple[int, int]] = []
            found = self._careful(path, out, hits)
            self._seen.add(path[-1])
            if found or hits:
                self._questions.settle(found, hits, partial(self._recording, list(path)))
                self._expand = self.kernel.expand(self._questions.watch())
            if not out or n == length:
                break
            path.append(self._random.choice(out))
            self._steps += 1
            self._longest = max(self._longest, n + 1)
            if self._steps % 1024 == 0:
                stopped = self._limit_guard.look(len(self._seen), self._steps, self._longest)
                if stopped:
                    return stopped
        return None

    def _careful(self, path: list[int], out: list[int], hits: list[tuple[int, int]]) -> int:
        try:
            assert self._expand is not None
            return self._expand(path[-1], out, hits)
        except OutOfRangeError:
            raise_range_error(self._recording(path), self._questions)
            raise

    def _stop_reason(self, runs: int) -> StopReason | None:
        if self.limits.states is not None and len(self._seen) >= self.limits.states:
            reached = f"the bound of {numbered(self.limits.states, 'state')} was reached after {numbered(runs, 'run')}"
            return StopReason(StopKind.STATES, reached)
        if self.fail_fast and self._questions.violated:
            return StopReason(StopKind.DECIDED, f"the first violation was found in run {runs}")
        if not self._questions.open:
            return StopReason(StopKind.DECIDED, f"every property has its verdict in run {runs}")
        return None

    def _recording(self, path: list[int]) -> Recording:
        return retrace(self.kernel.interpreter, self.kernel.seen, path)
