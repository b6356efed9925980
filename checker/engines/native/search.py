"""Breadth-first search in machine code, on several cores that share nothing.

The hash of a state determines its segment and the worker that owns it. A level is searched in rounds of two phases:
first all workers expand a part of their frontiers into boxes, one for each segment of each worker; then each inserts
what was sent to its own segments. No phase writes what another worker reads, so verdicts, counts, depth and lengths do
not depend on the number of workers.

A property is decided at the end of its level, by the least deciding state, and a trace takes the least predecessors: so
reports do not depend on the number of workers either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from planrace.checker.engines.answer import Answer, of_step, retrace
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.symmetry import check_symmetric
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, peak_memory
from planrace.checker.engines.native.crew import Crew, LocalCrew, cores
from planrace.checker.engines.native.paths import Ways
from planrace.checker.engines.native.program import Program, ShardCode
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.checker.engines.native.worker import Worker
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.model.language import Instance
from planrace.properties.kinds import Property


class OutdatedError(Exception):
    """The machine code evaluates a property that is decided already, and it has no value there."""


class NativeSearch:
    """One exploration of one instance, as ``explicit.search.Search``; ``workers``: None means one for each core.

    ``compact``: states are kept as sorted runs from the beginning, not only when memory gets short; ``spill``: in files
    of this folder.

    Raises ``UnsupportedError`` if the instance does not fit into machine words, ``CostlyError`` if compiling takes more
    than ``most`` seconds, or more than the time limit leaves.
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
        workers: int | None = None,
        keep: bool = False,
        most: float | None = None,
        compact: bool = False,
        spill: Path | None = None,
    ) -> None:
        if symmetric:
            check_symmetric(instance, properties)
        self.kernel = Kernel(instance, symmetric=symmetric, tried=tried, sliced=sliced, normal=normal)
        self.symmetric, self.sliced = symmetric, tuple(sliced)
        self.properties = tuple(properties)
        self.limits = limits or Limits()
        self.fail_fast, self.exhaustive = fail_fast, exhaustive
        self.interrupted = False
        self._limit_guard = LimitGuard("searching", self.limits, listener)
        self.questions = Questions(properties, "explicit search, shortest", vacuity)
        self._vacuity = vacuity
        self._keep, self._compact, self._spill = keep, compact, spill
        self._prepare(workers or cores(), most)

    def _prepare(self, count: int, most: float | None = None) -> None:
        """Compile machine code for the open properties, and make workers with empty stores."""
        watch = self.questions.watch()
        self._terms = [p for some in self.questions.watched for p in some]
        self._limit_guard.announce("compiling")
        self.crew: Crew = self._hired(watch, count, most)
        self._sought = (1 << len(self._terms)) - 1 | self._stuck
        self._decided = self._depth = 0

    def _hired(self, watch: Watch, count: int, most: float | None) -> Crew:
        """Workers with machine code that looks for ``watch``."""
        self.program = Program(
            ShardCode.of(self.kernel.instance, self.kernel.layout, watch, self.kernel.canonical), count, most
        )
        return LocalCrew(
            self.program,
            count,
            self.limits.memory,
            orders=self.kernel.orders,
            keep=self._keep,
            check=self._check_clock,
            compact=self._compact,
            spill=self._spill,
        )

    def run(self) -> tuple[list[Answer], Coverage]:
        """Search; answers in the order of the properties, and what was covered."""
        stopped: StopReason | None
        try:
            stopped = self._searched()
        except KeyboardInterrupt:
            self.interrupted = True
            stopped = INTERRUPTED
        except SearchStoppedError as problem:
            stopped = problem.reason
        except TimeUpError as problem:
            stopped = StopReason(StopKind.TIME, str(problem))
        finally:
            self.crew.close()
        if self._vacuity is not None:
            self._vacuity.bits |= self.crew.met()
        coverage = Coverage(
            states=self.crew.states,
            transitions=self.transitions,
            depth=self._depth + self.crew.fresh,  # a level that was cut short
            complete=stopped is None,
            symmetry=self.symmetric,
            normalised=self.kernel.normalised,
            states_per_orbit=self.kernel.states_per_orbit,
            seconds=self._limit_guard.seconds,
            peak_memory_bytes=peak_memory(),
            stopped=stopped,
            sliced=self.sliced,
            workers=self.crew.count,
        )
        return [self.questions.answer(p, coverage) for p in self.properties], coverage

    @property
    def workers(self) -> list[Worker]:
        """The workers, if they are of this process."""
        assert isinstance(self.crew, LocalCrew)
        return self.crew.workers

    def states(self) -> Iterator[int]:
        """Every packed state met, if they are in this process."""
        assert isinstance(self.crew, LocalCrew)
        return self.crew.all()

    @property
    def transitions(self) -> int:
        """Steps taken."""
        return self.crew.transitions

    # The loop --------------------------------------------------------------------------------------------------
    def _searched(self) -> StopReason | None:
        """Search; None when nothing is left, else why it stopped."""
        while True:
            try:
                return self._levels()
            except OutdatedError:
                self.crew.close()
                self._prepare(self.crew.count)

    def _levels(self) -> StopReason | None:
        """Search level by level; None when nothing is left, else why it stopped."""
        self.crew.begin(self.kernel.initials)
        while self.crew.size:
            rounds = self.crew.rounds(self._depth)
            if self.limits.depth is not None and self._depth >= self.limits.depth:
                return self._last_level()
            for n in range(rounds):
                self._decide(self.crew.advance(n, self._sought))
                self.crew.take()
                if not self.crew.failing:
                    self._look()
            self._refuse_ranges_left()
            self._settle()
            self.crew.turn()
            self._depth += self.crew.size > 0
            stopped = self.questions.stop_reason(fail_fast=self.fail_fast, exhaustive=self.exhaustive)
            if stopped:
                return stopped
        return None

    def _decide(self, seen: int) -> None:
        """Record that these properties were just decided."""
        self._decided |= seen
        self._sought &= ~seen

    def _check_clock(self) -> None:
        """End the search in the middle of a level. Machine code cannot be interrupted, and where many orders of members
        are tried, a part of a frontier may take minutes."""
        if self.interrupted:
            raise SearchStoppedError(INTERRUPTED)
        if self._limit_guard.deadline is not None and self._limit_guard.deadline.left == 0.0:
            raise SearchStoppedError(StopReason(StopKind.TIME, self._limit_guard.deadline.reason))

    def _refuse_ranges_left(self) -> None:
        """Raise the interpreter's error for the least state of this level with a value out of range, whatever the
        number of workers. Machine code also evaluates properties that are decided already: if the error is in one of
        those, the search starts again without them, as the reference engine continues without them."""
        if not self.crew.failing:
            return
        self.questions.watch()
        raise_range_error(self._recording(min(self.crew.failing)), self.questions)
        if len(self.questions.open) == len(self._terms):
            raise ReplayError("machine code finds a value out of range where the interpreter finds none")
        raise OutdatedError

    def _look(self) -> None:
        states = self.crew.states
        if self.limits.states is not None and states >= self.limits.states:
            bound = f"bound of {numbered(self.limits.states, 'state')}"
            raise SearchStoppedError(StopReason.bound(StopKind.STATES, bound))
        stopped = self._limit_guard.look(states, self.transitions, self._depth)
        if stopped:
            raise SearchStoppedError(stopped)

    def _last_level(self) -> StopReason | None:
        """Check the states at the depth bound; the search is complete if they lead nowhere new."""
        states = sum(1 << k for k, p in enumerate(self._terms) if not of_step(p)) | self._stuck
        seen, closed = self.crew.last(self._sought & states)
        self._decide(seen)
        self._refuse_ranges_left()
        self._settle(steps=False)
        return None if closed else StopReason.bound(StopKind.DEPTH, f"depth bound of {self.limits.depth}")

    # Answers ---------------------------------------------------------------------------------------------------
    def _settle(self, *, steps: bool = True) -> None:
        """Answer the properties decided on this level: by the same state whatever the number of workers, and with the
        same reason as the reference engine."""
        for k, p in enumerate(self._terms):
            if self._decided >> k & 1 and p.name not in self.questions.answers:
                s = self.crew.least(1 << k)
                found, hits = self._reference(s)
                self.questions.settle(found, hits if steps else [], lambda s=s: self._recording(s))  # type: ignore[misc]
        if self._decided & self._stuck and self._vacuity is not None:
            self._vacuity.stuck = self._recording(self.crew.least(self._stuck))
        self._decided = 0
        still = {p.name for p in self.questions.open}
        self._sought = sum(1 << k for k, p in enumerate(self._terms) if p.name in still) | self._stuck

    def _reference(self, s: int) -> tuple[int, list[tuple[int, int]]]:
        """What the reference engine finds in a state. If nothing is asked about steps, it does not need those."""
        watch, hits = self.questions.watch(), list[tuple[int, int]]()
        if watch.steps or watch.final is not None:
            return self.kernel.expand(watch)(s, [], hits), hits
        return self.kernel.judge(watch.states)(s), hits

    @property
    def _stuck(self) -> int:
        """The bit of a deadlock while none is known, else 0."""
        return 0 if self._vacuity is None or self._vacuity.stuck is not None else 1 << len(self._terms)

    def _recording(self, s: int) -> Recording:
        """A replayed run to a state of the current frontier."""
        return self.run_to(s, self._depth)

    def run_to(self, s: int, depth: int) -> Recording:
        """A replayed shortest run to a packed state that was met, ``depth`` steps long."""
        return retrace(
            self.kernel.interpreter,
            self.kernel.seen,
            Ways(self.crew.before, self.kernel.initials).path(s, depth),
        )
