"""Seeded random simulation: long runs through instances that are too large to search.

It finds violations but never proves their absence. All enabled steps of a visited state are checked, not only the one
that is taken.

What a run does follows from the seed and its number alone. So runs can be made elsewhere (``met_in``), for what they
meet; those that meet something are made again here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from planrace.checker.engines.answer import Answer, retrace
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Expand, Kernel, OutOfRangeError
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, peak_memory, time_left
from planrace.checker.engines.native.stopped import SearchStoppedError
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


@dataclass(frozen=True)
class RunsWanted:
    """What runs elsewhere need: at most so many ``steps`` of each."""

    instance: Instance
    properties: tuple[Property, ...]
    seed: int
    steps: int


@dataclass(frozen=True)
class MetRun:
    """A run that was made elsewhere: its ``states`` (packed), how many ``steps`` it took, the names of properties that
    it ``decides``, and whether a value left its range, which ends it."""

    states: frozenset[int]
    steps: int
    decides: frozenset[str]
    failed: bool


Elsewhere: TypeAlias = "Callable[[RunsWanted, int, Callable[[], None]], Iterator[MetRun | None]]"
"""Makes that many runs in other processes, in the order of their numbers from 1; None stands for a run that was lost.
It calls the function often, which may raise an error."""


def met_in(wanted: RunsWanted, numbers: range) -> list[MetRun]:
    """What the runs of these numbers meet. If the time is up, the last ones are missing."""
    kernel, questions = Kernel(wanted.instance), Questions(wanted.properties, "")
    met: list[MetRun] = []
    try:
        expand, (by_state, by_step) = kernel.expand(questions.watch()), questions.watched
    except TimeUpError:
        return met
    for n in numbers:
        if time_left() == 0.0:
            break
        states: set[int] = set()
        decides: set[str] = set()
        steps, failed, run = 0, False, RandomPath(kernel, wanted.seed, n)
        for k in range(wanted.steps + 1):
            out: list[int] = []
            hits: list[tuple[int, int]] = []
            states.add(run.here)
            try:
                found = expand(run.here, out, hits)
            except OutOfRangeError:
                failed = True
                break
            decides |= {p.name for bit, p in enumerate(by_state) if found >> bit & 1}
            decides |= {by_step[bit].name for bit, _ in hits}
            if not out or k == wanted.steps:
                break
            run.go_on(out)
            steps += 1
        met.append(MetRun(frozenset(states), steps, frozenset(decides), failed))
    return met


class RandomPath:
    """The choices of run number ``n``; it is ``here``, a packed state."""

    def __init__(self, kernel: Kernel, seed: int, n: int) -> None:
        self._random = random.Random(f"seed {seed}, run {n}")
        starts = kernel.initials
        self.here = self._random.choice(starts) if len(starts) > 1 else starts[0]

    def go_on(self, successors: Sequence[int]) -> int:
        """Take one of these, which comes after all calls so far."""
        self.here = self._random.choice(successors)
        return self.here


class Simulation:
    """``runs`` random runs of at most ``limits.depth`` (default 1000) steps each; ``seed`` makes them repeatable. With
    ``elsewhere`` other processes make them; answers and numbers are the same."""

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
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.kernel = Kernel(instance)
        self.properties = tuple(properties)
        self.seed = seed
        self.runs = runs
        self.limits = limits or Limits()
        self.fail_fast = fail_fast
        self.interrupted = False
        self._elsewhere = elsewhere
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
        except SearchStoppedError as problem:  # while runs elsewhere were awaited
            stopped = problem.reason
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
        with closing(self._met()) as met:
            for n, found in zip(range(1, self.runs + 1), met, strict=True):
                stopped = self._taken(n, found) or self._stop_reason(n)
                if stopped:
                    return stopped
        return StopReason(StopKind.RUNS, f"{numbered(self.runs, 'run')} {plural(self.runs, 'was', 'were')} done")

    def _met(self) -> Generator[MetRun | None, None, None]:
        """What each run has met elsewhere; None for those that are to be made here."""
        if self._elsewhere is None:
            yield from [None] * self.runs
            return
        wanted = RunsWanted(self.kernel.interpreter.instance, self.properties, self.seed, self._length)
        yield from self._elsewhere(wanted, self.runs, self._wait)

    def _wait(self) -> None:
        stopped = self._look()
        if stopped:
            raise SearchStoppedError(stopped)

    def _taken(self, n: int, met: MetRun | None) -> StopReason | None:
        """Count run number ``n``. One that decides something that is open is made again, for its states in order, and
        so is one in which a value left its range: that may be a value of a property that was decided before."""
        if met is None or met.failed or any(p.name in met.decides for p in self._questions.open):
            return self._look() or self._one_run(n)
        self._seen |= met.states
        self._steps += met.steps
        self._longest = max(self._longest, met.steps)
        return self._look()

    def _look(self) -> StopReason | None:
        return self._limit_guard.look(len(self._seen), self._steps, self._longest)

    @property
    def _length(self) -> int:
        """The most steps of a run."""
        return STEPS if self.limits.depth is None else self.limits.depth

    def _one_run(self, number: int) -> StopReason | None:
        """Simulate one run from an initial state; returns the reason if the simulation must stop."""
        run, length = RandomPath(self.kernel, self.seed, number), self._length
        path = [run.here]
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
            path.append(run.go_on(out))
            self._steps += 1
            self._longest = max(self._longest, n + 1)
            if self._steps % 1024 == 0:
                stopped = self._look()
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
