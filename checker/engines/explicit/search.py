"""Breadth-first search: every counterexample is a shortest one, and every run gives the same result.

A state is checked when it is expanded; steps are checked when they are taken. A search that may stop still finishes its
level, so its counts do not depend on the order within a level. The store maps each state to its first predecessor, so
traces need no memory of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from planrace.checker.engines.answer import Answer, retrace
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Expand, Kernel, OutOfRangeError
from planrace.checker.engines.explicit.symmetry import check_symmetric
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, peak_memory
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance
from planrace.properties.kinds import Property

BATCH, BATCH_RELATED = 1024, 32
"""States expanded between two checks of the clock; fewer if many orders may be tried for each successor."""
MANY = 1 << 18
"""Steps after which the clock is checked even if fewer states were expanded."""


class Search:
    """One exploration of one instance.

    ``fail_fast`` stops at the first violation; ``exhaustive`` continues when every property has its verdict;
    ``symmetric`` searches orbits of interchangeable members (``tried``: see ``Kernel``); ``sliced`` names variables to
    leave out (``irrelevant``); ``normal`` is a normal form, of the instance without these, that states are counted up
    to: it must be one for the ``properties``, and for whatever is asked of the state graph.
    """

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Property],
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
        exhaustive: bool = False,
        symmetric: bool = False,
        tried: int = ASKED,
        sliced: Sequence[str] = (),
        normal: NormalForm | None = None,
        vacuity: VacuityCheck | None = None,
    ) -> None:
        if symmetric:
            check_symmetric(instance, properties)
        self.kernel = Kernel(instance, symmetric=symmetric, tried=tried, sliced=sliced, normal=normal)
        self.symmetric = symmetric
        self.sliced = tuple(sliced)
        self.properties = tuple(properties)
        self.limits = limits or Limits()
        self.fail_fast = fail_fast
        self.exhaustive = exhaustive
        self.interrupted = False
        self.full = False
        """Whether a bound on states or steps ended the search, so that it can be continued."""
        self._steps: int | None = None
        self._limit_guard = LimitGuard("searching", self.limits, listener)
        self._questions = Questions(properties, "explicit search, shortest", vacuity)
        self._vacuity = vacuity
        self._parents: dict[int, int | None] = dict.fromkeys(self.kernel.initials)
        self.levels = [0]
        """The index in ``states`` at which each level begins."""
        self.expanded = 0
        """The number of fully expanded states: a prefix of ``states``."""
        self._transitions = 0
        self._depth = 0
        self._frontier, self._at = list(self.kernel.initials), 0
        """The current level, and how many of its states are expanded."""
        self._fresh: list[int] = []
        """The next level, as far as it is known."""
        self._step: Expand | None = None
        self._watched = self._sought
        """The properties that were open when the level began; they are checked until its end."""

    def run(self) -> tuple[list[Answer], Coverage]:
        """Search; answers in the order of the properties, and what was covered."""
        try:
            stopped = self._levels()
        except KeyboardInterrupt:
            self.interrupted = True
            stopped = INTERRUPTED
        except TimeUpError as problem:  # before a step function was made
            stopped = StopReason(StopKind.TIME, str(problem))
        coverage = Coverage(
            states=len(self._parents),
            transitions=self._transitions,
            depth=self._depth + bool(self._fresh),  # a level that was cut short
            complete=stopped is None,
            symmetry=self.symmetric,
            normalised=self.kernel.normalised,
            states_per_orbit=self.kernel.states_per_orbit,
            seconds=self._limit_guard.seconds,
            peak_memory_bytes=peak_memory(),
            stopped=stopped,
            sliced=self.sliced,
        )
        return self.answers(coverage), coverage

    def go_on(self, states: int | None = None, steps: int | None = None) -> tuple[list[Answer], Coverage]:
        """Continue after a bound ended the search, up to this total number of states or steps; None is no bound."""
        self.limits = replace(self.limits, states=states)
        self._steps = steps
        self.full = False
        return self.run()

    def answers(self, coverage: Coverage) -> list[Answer]:
        """The answers for the properties, in their order, at this coverage."""
        return [self._questions.answer(p, coverage) for p in self.properties]

    def states(self) -> Iterator[int]:
        """Every packed state met, in the order of the search."""
        return iter(self._parents)

    # The loop --------------------------------------------------------------------------------------------------
    def _levels(self) -> StopReason | None:
        """Search level by level; None when nothing is left, else why it stopped."""
        expand = self._step = self._step or self.kernel.expand(self._questions.watch())
        while self._frontier:
            if self.limits.depth is not None and self._depth >= self.limits.depth:
                return self._last_level(self._frontier, expand)
            while self._at < len(self._frontier):
                batch = self._frontier[self._at : self._at + self._batch]
                self._expand(batch, self._fresh, expand)
                self._at += len(batch)
                stopped = self._look()
                if stopped:
                    return stopped
            if self._fresh:
                self.levels.append(len(self._parents) - len(self._fresh))
            self._depth += bool(self._fresh)
            self._frontier, self._at, self._fresh = self._fresh, 0, []
            stopped = self._questions.stop_reason(fail_fast=self.fail_fast, exhaustive=self.exhaustive)
            if stopped:
                return stopped
            if self._watched != self._sought:
                self._watched = self._sought
                expand = self._step = self.kernel.expand(self._questions.watch())
        return None

    @property
    def _batch(self) -> int:
        """The number of states to expand before the next check of the clock."""
        most = BATCH_RELATED if self.kernel.related else BATCH
        return min(most, MANY * (self.expanded + 1) // (self._transitions + 1) + 1)

    @property
    def _sought(self) -> tuple[int, bool]:
        """What the step function depends on: how many properties are open, and whether a deadlock was found."""
        return len(self._questions.open), self._vacuity is not None and self._vacuity.stuck is not None

    def _expand(self, batch: list[int], fresh: list[int], expand: Expand) -> None:
        """Expand a batch of one level; new states go to ``fresh``."""
        parents = self._parents
        out: list[int] = []
        hits: list[tuple[int, int]] = []
        for s in batch:
            found = self._counted(self._careful(expand, s, out, hits))
            self.expanded += 1
            self._transitions += len(out)
            if self.kernel.canonical is not None:
                out[:] = map(self.kernel.representative, out)
            for t in out:
                if t not in parents:
                    parents[t] = s
                    fresh.append(t)
            out.clear()
            if found or hits:
                self._questions.settle(found, hits, partial(self._recording, s))
                hits.clear()

    def _last_level(self, frontier: list[int], expand: Expand) -> StopReason | None:
        """Check the states at the depth bound; the search is complete if they lead nowhere new."""
        closed, transitions = True, 0
        for s in frontier:
            out: list[int] = []
            found = self._counted(self._careful(expand, s, out, []))
            transitions += len(out)
            closed = closed and all(self.kernel.representative(t) in self._parents for t in out)
            if found:
                self._questions.settle(found, [], partial(self._recording, s))
        if closed:
            self.expanded = len(self._parents)
            self._transitions += transitions
            return None
        return StopReason.bound(StopKind.DEPTH, f"depth bound of {self.limits.depth}")

    def _counted(self, found: int) -> int:
        """The properties that a state decides, after recording what else was met there."""
        if self._vacuity is None:
            return found
        above = len(self._questions.watched[0]) + 1
        self._vacuity.bits |= found >> above
        return found & (1 << above) - 1

    def _careful(self, expand: Expand, s: int, out: list[int], hits: list[tuple[int, int]]) -> int:
        try:
            return expand(s, out, hits)
        except OutOfRangeError:
            self._explain(s)
            raise

    def _look(self) -> StopReason | None:
        if self.limits.states is not None and len(self._parents) >= self.limits.states:
            self.full = True
            return StopReason.bound(StopKind.STATES, f"bound of {numbered(self.limits.states, 'state')}")
        if self._steps is not None and self._transitions >= self._steps:
            self.full = True
            return StopReason.bound(StopKind.STEPS, f"bound of {numbered(self._steps, 'step')}")
        return self._limit_guard.look(len(self._parents), self._transitions, self._depth)

    # Answers ---------------------------------------------------------------------------------------------------
    def run_to(self, s: int, depth: int) -> Recording:
        """A shortest run to a packed state that was met, ``depth`` steps long."""
        recording = self._recording(s)
        assert len(recording.moves) == depth
        return recording

    def _recording(self, s: int) -> Recording:
        path = [s]
        while (parent := self._parents[path[-1]]) is not None:
            path.append(parent)
        return retrace(self.kernel.interpreter, self.kernel.seen, path[::-1])

    def _explain(self, s: int) -> None:
        """Raise the interpreter's ``RangeError`` for a value out of range in ``s``."""
        raise_range_error(self._recording(s), self._questions)
