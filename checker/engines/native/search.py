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
from typing import Any

from planrace.checker.engines.answer import Answer, of_step, retrace
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.symmetry import check_symmetric
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, peak_memory
from planrace.checker.engines.native.checkpoints import Checkpoints, identity
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
    of this folder. ``checkpoints``: what is written while it runs, and where it goes on; see ``checkpoints.py``.

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
        checkpoints: Checkpoints | None = None,
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
        self.vacuity, self.keep = vacuity, keep
        self._compact, self._spill = compact, spill
        self._prepare(workers or cores(), most)
        self.checkpoints = checkpoints or Checkpoints()
        self.identity: Any = None
        """What the files of its checkpoints have in common."""
        if self.checkpoints.wanted:
            code = self.program.code
            self.identity = identity(self.kernel, code, self.properties, symmetric=symmetric, sliced=self.sliced)

    def _prepare(self, count: int, most: float | None = None) -> None:
        """Compile machine code for the open properties, and make workers with empty stores."""
        watch = self.questions.watch()
        self._terms = [p for some in self.questions.watched for p in some]
        self._limit_guard.announce("compiling")
        self.crew: Crew = self._hired(watch, count, most)
        self._sought = (1 << len(self._terms)) - 1 | self._stuck
        self._decided = self._depth = 0
        self.found: list[int] = []
        """How many states there are up to each level that is known as a whole; 0 for levels before a checkpoint."""

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
            keep=self.keep,
            check=self._check_clock,
            compact=self._compact,
            spill=self._spill,
        )

    def run(self) -> tuple[list[Answer], Coverage]:
        """Search; answers in the order of the properties, and what was covered."""
        with self.checkpoints.running():
            stopped = self._ended()
        if self.vacuity is not None:
            self.vacuity.bits |= self.crew.met()
        kept = self.crew.states > 0 or self.checkpoints.resumed is None
        states, transitions = (self.crew.states, self.transitions) if kept else self.checkpoints.counts
        coverage = Coverage(
            states=states,
            transitions=transitions,
            depth=self._depth + self.crew.fresh,  # a level that was cut short
            complete=stopped is None,
            symmetry=self.symmetric,
            normalised=self.kernel.normalised,
            states_per_orbit=self.kernel.states_per_orbit,
            seconds=self.seconds,
            peak_memory_bytes=peak_memory(),
            stopped=stopped,
            sliced=self.sliced,
            workers=self.crew.count,
            resumed=self.checkpoints.resumed,
            checkpoint=self.checkpoints.last,
        )
        return [self.questions.answer(p, coverage) for p in self.properties], coverage

    def _ended(self) -> StopReason | None:
        """Search to the end, and write a checkpoint then; why it is not complete, if so."""
        stopped: StopReason | None
        try:
            stopped = self._searched()
        except KeyboardInterrupt:  # anywhere, so nothing is sure of the states
            self.interrupted = True
            return INTERRUPTED
        except SearchStoppedError as problem:
            stopped = problem.reason
        except TimeUpError as problem:
            stopped = StopReason(StopKind.TIME, str(problem))
        finally:
            self.crew.close()
        try:
            self.checkpoints.end(self, stopped)
        except KeyboardInterrupt:
            self.interrupted = True
        self.interrupted |= self.checkpoints.asked_to_end
        return stopped

    @property
    def depth(self) -> int:
        """The level of the frontier."""
        return self._depth

    @property
    def seconds(self) -> float:
        """Seconds of the search, with those before the checkpoint that it went on from."""
        resumed = self.checkpoints.resumed
        return self._limit_guard.seconds + (0.0 if resumed is None else resumed.seconds)

    def announce(self, task: str) -> None:
        """Report that something else begins that takes a while."""
        self._limit_guard.announce(task)

    @property
    def local(self) -> LocalCrew:
        """The crew, if it is of this process."""
        assert isinstance(self.crew, LocalCrew)
        return self.crew

    @property
    def workers(self) -> list[Worker]:
        """The workers, if they are of this process."""
        return self.local.workers

    def states(self) -> Iterator[int]:
        """Every packed state met, if they are in this process."""
        return self.local.all()

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
                self.checkpoints.again()
                self._prepare(self.crew.count)

    def _levels(self) -> StopReason | None:
        """Search level by level; None when nothing is left, else why it stopped."""
        if not self._begin():
            return self.checkpoints.stopped
        self.found = [0] * self._depth + [self.crew.states]
        while self.crew.size:
            self.checkpoints.begin(self)
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
            if self.crew.size:
                self._depth += 1
                self.found.append(self.crew.states)
            stopped = self.questions.stop_reason(fail_fast=self.fail_fast, exhaustive=self.exhaustive)
            if stopped:
                return stopped
        return None

    def _begin(self) -> bool:
        """Begin with the initial states, or where a checkpoint ends; False if the search had ended there."""
        if self.checkpoints.resume is None:
            self.crew.begin(self.kernel.initials)
            return True
        goes_on = self.checkpoints.restore(self, self._check_clock)
        assert self.checkpoints.resumed is not None
        self._depth = self.checkpoints.resumed.depth
        self._seek()
        return goes_on

    def _decide(self, seen: int) -> None:
        """Record that these properties were just decided."""
        self._decided |= seen
        self._sought &= ~seen

    def _check_clock(self) -> None:
        """End the search in the middle of a level. Machine code cannot be interrupted, and where many orders of members
        are tried, a part of a frontier may take minutes."""
        if self.interrupted or self.checkpoints.asked_to_end:
            raise SearchStoppedError(INTERRUPTED)
        end = self._limit_guard.deadline
        if end is not None and end.left <= self.checkpoints.reserve(end.seconds):
            raise SearchStoppedError(StopReason(StopKind.TIME, end.reason))

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
        if self.checkpoints.wanted:  # which take time at the end
            self._check_clock()
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
        if self._decided & self._stuck and self.vacuity is not None:
            self.vacuity.stuck = self._recording(self.crew.least(self._stuck))
        self._decided = 0
        self._seek()

    def _seek(self) -> None:
        """Seek what is open."""
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
        return 0 if self.vacuity is None or self.vacuity.stuck is not None else 1 << len(self._terms)

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
