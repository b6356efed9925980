"""A swarm of bitstate searches, on all cores: each with other hash functions, another order and other bounds.

Holzmann, Joshi & Groce, "Swarm verification techniques" (IEEE Transactions on Software Engineering 37, 2011): what one
search misses, another one finds, and each needs little memory. Here breadth-first searches with levels of growing size
alternate with depth-first ones.

The searches share nothing, and their answers are taken in their order, until every property has one. So answers and
numbers depend on the seed, and not on how many searches go on at a time, unless time or memory ends them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from threading import Lock

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.questions import Questions
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.symmetry import check_symmetric
from planrace.checker.engines.hunting.code import HuntingCode
from planrace.checker.engines.hunting.hunt import Hunt, Hunted, HuntPlan
from planrace.checker.engines.hunting.walks import ROOM, STEPS, mixed
from planrace.checker.engines.limits import LimitGuard, Limits, Listener, in_bytes, memory_in_use, peak_memory
from planrace.checker.results.bitstate import Bitstate, BitstateSearch, SearchOrder
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered, plural
from planrace.checker.semantics.normal_form import NormalForm
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Property

SEARCHES = 8
"""Searches of a swarm."""
SIZE = 1 << 26
"""Bytes of a bit array: room for about 120 million states, until half of the bits are set."""
HASHES = 3
"""Hash functions, as in SPIN."""
WIDTH, WIDER = 1 << 10, 8
"""The states that a level of the first breadth-first search keeps, and how many times more that of the next one."""
POLL = 0.05
"""Seconds between two looks at the limits."""


class Swarm:
    """``searches`` of an instance with bit arrays of ``size`` bytes; ``order``: of all of them (None: in turn). At most
    ``workers`` go on at a time. ``limits.states`` and ``limits.depth`` are for each search.

    Raises ``UnsupportedError`` if the instance does not fit into machine words, ``CostlyError`` if the deadline leaves
    no time to compile, ``ModelError`` if a bit array does not fit into the memory limit.
    """

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Property],
        *,
        seed: int,
        searches: int = SEARCHES,
        size: int = SIZE,
        hashes: int = HASHES,
        order: SearchOrder | None = None,
        workers: int = 1,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
        symmetric: bool = False,
        tried: int = ASKED,
        sliced: Sequence[str] = (),
        normal: NormalForm | None = None,
    ) -> None:
        if symmetric:
            check_symmetric(instance, properties)
        self.properties, self.limits = tuple(properties), limits or Limits()
        self.kernel = Kernel(instance, symmetric=symmetric, tried=tried, sliced=sliced, normal=normal)
        self.symmetric, self.sliced = symmetric, tuple(sliced)
        self.seed, self.searches, self.size, self.hashes, self.order = seed, searches, size, hashes, order
        self.fail_fast, self.interrupted = fail_fast, False
        self.workers = min(workers, searches, self._fitting())
        self._limit_guard = LimitGuard("hunting", self.limits, listener)
        self._limit_guard.announce("compiling")
        self.code = HuntingCode(self.kernel, Questions(properties, "").watch())
        self._lock, self._halted = Lock(), False
        self._going: list[Hunt] = []
        self._answers: dict[str, Answer] = {}
        self._covered: list[BitstateSearch] = []

    def _fitting(self) -> int:
        """How many searches the memory limit allows at a time."""
        if self.limits.memory is None:
            return self.searches
        left = self.limits.memory - memory_in_use()
        if self.size > left:
            what = f"a bit array of {in_bytes(self.size)} does not fit into the memory limit"
            raise ModelError(f"{what} of {in_bytes(self.limits.memory)}", remedy="make --bit-array smaller")
        return max(1, left // (self.size + 2 * max(ROOM, self.size)))

    def plans(self) -> Iterator[HuntPlan]:
        """How each search goes. Every second of the depth-first ones makes runs that are ten times shorter."""
        bound = STEPS if self.limits.depth is None else self.limits.depth
        breadths = depths = 0
        for n in range(1, self.searches + 1):
            order = self.order or (SearchOrder.BREADTH if n % 2 else SearchOrder.DEPTH)
            width, own = WIDTH, bound
            if order is SearchOrder.BREADTH:
                width, breadths = WIDTH * WIDER ** min(breadths, 8), breadths + 1
            else:
                own, depths = bound if depths % 2 == 0 else -(-bound // 10), depths + 1
            yield HuntPlan(
                number=n,
                seed=mixed(mixed(self.seed) + n),  # a sum alone would be that of another seed and number
                order=order,
                width=width,
                bound=own,
                size=self.size,
                hashes=self.hashes,
                states=self.limits.states,
                fail_fast=self.fail_fast,
            )

    def run(self) -> tuple[list[Answer], Coverage]:
        """Search; answers in the order of the properties, and what was covered."""
        stopped = self._stopped()
        most = max(self._covered, key=lambda s: s.states, default=None)
        coverage = Coverage(
            states=0 if most is None else most.states,
            transitions=0 if most is None else most.transitions,
            depth=0 if most is None else most.depth,
            complete=False,
            symmetry=self.symmetric,
            normalised=self.kernel.normalised,
            states_per_orbit=self.kernel.states_per_orbit,
            seconds=self._limit_guard.seconds,
            peak_memory_bytes=peak_memory(),
            stopped=stopped,
            seed=self.seed,
            workers=self.workers,
            sliced=self.sliced,
            bitstate=Bitstate(8 * self.size, self.hashes, tuple(self._covered)),
        )
        searches = numbered(len(self._covered), "bitstate search", "bitstate searches")
        unknown = f"not met in {searches} of seed {self.seed}"
        answers = [
            self._answers.get(p.name) or Answer(p, Verdict.UNKNOWN, f"{unknown}: {stopped}") for p in self.properties
        ]
        return answers, coverage

    def _stopped(self) -> StopReason:
        """Search; returns why it ended."""
        plans, waiting = self.plans(), deque[Future[tuple[Hunt, Hunted]]]()
        stopped: StopReason | None = None
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while stopped is None:
                    while len(waiting) < self.workers and (plan := next(plans, None)) is not None:
                        waiting.append(pool.submit(self._hunt, plan))
                    stopped = self._next(waiting)
            except KeyboardInterrupt:
                self.interrupted, stopped = True, INTERRUPTED
            except MemoryError as problem:
                stopped = StopReason(StopKind.MEMORY, f"the system gives no more memory ({problem})")
            finally:
                self._halted = True
        if stopped.kind in (StopKind.TIME, StopKind.MEMORY, StopKind.INTERRUPTED):
            for future in waiting:
                if not isinstance(future.exception(), MemoryError):
                    self._take(future.result())
        return stopped

    def _next(self, waiting: deque[Future[tuple[Hunt, Hunted]]]) -> StopReason | None:
        """Wait for the first search, and take its answers; returns why this was the last one."""
        while not waiting[0].done():
            stopped = self._look(waiting)
            if stopped is not None:
                return stopped
        if self._limit_guard.deadline is not None and self._ended():  # so they may have ended by themselves
            return StopReason(StopKind.TIME, self._limit_guard.deadline.reason)
        self._take(waiting.popleft().result())
        number = len(self._covered)
        if all(p.name in self._answers for p in self.properties):
            return StopReason(StopKind.DECIDED, f"every property has its verdict in search {number}")
        if self.fail_fast and any(a.verdict is Verdict.VIOLATED for a in self._answers.values()):
            return StopReason(StopKind.DECIDED, f"the first violation was found in search {number}")
        if number == self.searches:
            done = f"{numbered(number, 'search', 'searches')} {plural(number, 'was', 'were')} done"
            return StopReason(StopKind.RUNS, done)
        return None

    def _look(self, waiting: deque[Future[tuple[Hunt, Hunted]]]) -> StopReason | None:
        """Wait a little, and look at the limits."""
        try:
            waiting[0].exception(POLL)
        except TimeoutError:
            walks = [h.walk for h in tuple(self._going)]
            states, steps = (sum(getattr(w, n) for w in walks) for n in ("states", "transitions"))
            before = sum(s.states for s in self._covered), sum(s.transitions for s in self._covered)
            depth = max((w.deepest for w in walks), default=0)
            return self._limit_guard.look(states + before[0], steps + before[1], depth)
        return None

    def _take(self, done: tuple[Hunt, Hunted]) -> None:
        """Take what a search found. Raises its error, if it met one."""
        hunt, found = done
        if found.failure is not None:
            raise found.failure
        self._covered.append(found.covered)
        wanted = [p for p in self.properties if p.name in found.met and p.name not in self._answers]
        order = f"{found.covered.order.value} first"
        how = f"bitstate search {hunt.plan.number} of seed {self.seed}, {order}; not a shortest one"
        # Without a deadline: what was found is told. Shortening ends at the limit by itself.
        self._answers |= Context().run(hunt.answers, wanted, how)

    def _hunt(self, plan: HuntPlan) -> tuple[Hunt, Hunted]:
        """One search, in a thread of the pool."""
        hunt = Hunt(self.kernel, self.code, self.properties, plan, self._ended, self._lock)
        self._going.append(hunt)
        try:
            return hunt, hunt.go()
        finally:
            self._going.remove(hunt)

    def _ended(self) -> bool:
        """Whether searches must end."""
        return self._halted or self._limit_guard.seconds_left == 0.0
