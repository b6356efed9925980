"""The crew of a search on several machines: shards in processes of their own, which search a level together.

If a process is lost, the others keep what they have. A new one gets the levels that were kept of the lost shard; then
all shards expand the levels after those again, and what belongs to the new shard is sent to it alone; then the current
level is searched again. Insertion is idempotent, and a state is inserted at its true level, so counts, depths and
traces are those of a search without a loss. They are compared with what the lost shard had said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from planrace.checker.engines.cluster.batches import encode
from planrace.checker.engines.cluster.hosts import Handle, Hosts, LostError
from planrace.checker.engines.cluster.kept_levels import KeptLevels
from planrace.checker.engines.cluster.sampling import table
from planrace.checker.engines.cluster.shard import Order, Status
from planrace.checker.engines.native.crew import Crew
from planrace.checker.engines.native.intrinsics import LEVELS
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.semantics.replay import ReplayError

X = TypeVar("X")

LOSSES = 3
"""How often processes may be lost on one level before the search ends: what ends them is not chance then."""
NOTHING = Status(0, (), 0, 0, 0, False, 0, 0, 0)


class Fleet(Crew):
    """Shards made to ``order`` on ``hosts``; ``check`` raises an error if the search must end."""

    def __init__(self, hosts: Hosts, order: Order, check: Callable[[], None], folder: str | None = None) -> None:
        self.hosts, self._order, self._check = hosts, order, check
        self.count = sum(hosts.workers)
        self.failing = []
        self.losses = 0
        """How often processes were lost, and made again."""
        self._all = range(hosts.count)
        self._status = [NOTHING for _ in self._all]
        self._initials: Sequence[int] = ()
        self._epoch = self._met = self._depth = self._rounds = self._done = 0
        self._sought = self._late = 0
        """Terms that are sought on this level, and those that were met when it was searched again."""
        self._batches: list[list[Handle]] | None = None
        """For each shard what it has sent to each, in the round that is not taken yet."""
        self._begun = self._turning = False
        self._lost_here = 0
        self._behind: set[int] = set()
        """Shards that were lost, and have not all of their states again: their new processes answer already."""
        self._unsaved: list[tuple[int, int, Handle]] = []
        """Levels that were not kept yet: shard, level and its states."""
        self._history: list[list[tuple[int, int, int]]] = [[] for _ in self._all]
        """For each shard and level, the states of the level and all up to it, and the steps taken before it."""
        for n in self._all:
            hosts.start(n, order)
        self.kept = KeptLevels(hosts.count, folder)

    @property
    def states(self) -> int:
        return sum(s.states for s in self._status)

    @property
    def transitions(self) -> int:
        return sum(s.transitions for s in self._status)

    @property
    def size(self) -> int:
        return sum(s.size for s in self._status)

    @property
    def fresh(self) -> bool:
        return any(s.fresh for s in self._status)

    @property
    def shares(self) -> list[int]:
        """The states of each shard."""
        return [s.states for s in self._status]

    @property
    def sent(self) -> int:
        """Bytes that the processes that are there have sent to others."""
        return sum(s.sent for s in self._status)

    @property
    def memory(self) -> int:
        """Bytes that the shards' processes have in use."""
        return sum(s.memory for s in self._status)

    def met(self) -> int:
        return self._met

    def close(self) -> None:
        """The processes stay: ``ClusterSearch`` ends them."""
        self.kept.close()

    # The search ------------------------------------------------------------------------------------------------
    def begin(self, initials: Sequence[int]) -> None:
        self.hosts.ready(self._check)
        self._initials = initials
        for n in self._all:
            self.kept.append(n, 0, self._first(n))
        self._safely(lambda: self._load(self._all, 1))
        for n in self._all:
            self._record(n, 0)

    def rounds(self, depth: int) -> int:
        assert depth == self._depth
        self._lost_here = self._done = self._late = 0
        self._rounds = self._safely(self._prepared)
        return self._rounds

    def advance(self, part: int, sought: int) -> int:
        assert part == self._done
        self._sought = sought
        seen = self._safely(lambda: self._advanced(part, sought))
        self._begun = True
        return seen | self._late

    def take(self) -> None:
        self._safely(self._taken)
        self._begun = False
        self._done += 1

    def turn(self) -> None:
        self._turning = True
        self._safely(self._turned)
        self._turning = False
        self._depth += 1
        self._done = 0

    def last(self, sought: int) -> tuple[int, bool]:
        return self._safely(lambda: self._ended(sought))

    def least(self, sought: int) -> int:
        found: list[Any] = self._safely(lambda: self._ask("least", sought))
        return int(min(f for f in found if f is not None)[1])

    def before(self, s: int, level: int) -> Iterator[int]:
        found = self._safely(lambda: self._ask("before", s, level))
        return iter(sorted(p for some in found for p in some))

    # Calls -----------------------------------------------------------------------------------------------------
    def _ask(self, method: str, *given: object) -> list[Any]:
        """The results of a method of all shards."""
        return self._get([self.hosts.call(n, method, self._epoch, *given)[0] for n in self._all])

    def _get(self, handles: Sequence[Handle]) -> list[Any]:
        return self.hosts.get(handles, self._check)

    def _learn(self, shards: Sequence[int], found: Sequence[Status]) -> int:
        """Record what shards say; returns the terms that they met. Raises ``SearchStoppedError`` if one cannot go
        on."""
        seen = 0
        for n, status in zip(shards, found, strict=True):
            self._status[n] = status
            self._met |= status.met
            self.failing += [s for s in status.failing if s not in self.failing]
            seen |= status.seen
        for n, status in zip(shards, found, strict=True):
            if status.stopped is not None:
                raise SearchStoppedError(StopReason(status.stopped.kind, f"{self._named(n)}: {status.stopped}"))
        return seen

    def _named(self, n: int) -> str:
        return f"shard {n + 1} of {self.hosts.count} ({self.hosts.where(n)})"

    def _prepared(self) -> int:
        rounds: list[int] = self._ask("rounds", self._depth)
        return max(rounds)

    def _advanced(self, part: int, sought: int) -> int:
        results = 1 + self.hosts.count
        given = self._epoch, part, self._rounds, sought
        calls = [self.hosts.call(n, "advance", *given, results=results) for n in self._all]
        self._save()  # while they work
        seen = self._learn(self._all, self._get([status for status, *_ in calls]))
        self._batches = [batches for _, *batches in calls]
        return seen

    def _taken(self) -> None:
        assert self._batches is not None
        calls = [self.hosts.call(n, "take", self._epoch, *self._for(n, self._batches))[0] for n in self._all]
        self._learn(self._all, self._get(calls))
        self._batches = None

    def _for(self, n: int, batches: Sequence[Sequence[Handle]]) -> list[Handle]:
        """What others have sent to a shard."""
        return [some[n] for m, some in enumerate(batches) if m != n]

    def _turned(self) -> None:
        level = self._depth + 1
        calls = [self.hosts.call(n, "turn", self._epoch, level, results=2) for n in self._all]
        self._learn(self._all, self._get([status for status, _ in calls]))
        for n, (_, coded) in enumerate(calls):
            self._record(n, level)
            self._unsaved.append((n, level, coded))

    def _record(self, n: int, level: int) -> None:
        """Remember the size of a level; one that was known must be the same."""
        status, known = self._status[n], self._history[n]
        now = status.size, status.states, status.transitions
        if level < len(known) and known[level] != now:
            raise ReplayError(f"{self._named(n)} was lost, and made again with other states on level {level}")
        if level == len(known):
            known.append(now)

    def _ended(self, sought: int) -> tuple[int, bool]:
        results = 2 + self.hosts.count
        calls = [self.hosts.call(n, "last", self._epoch, sought, results=results) for n in self._all]
        seen = self._learn(self._all, self._get([status for status, *_ in calls]))
        batches = [some for _, _, *some in calls]
        asked = [self.hosts.call(n, "contains", self._epoch, *self._for(n, batches))[0] for n in self._all]
        closed = all([*self._get([own for _, own, *_ in calls]), *self._get(asked)])
        if not closed:
            self._learn(self._all, self._ask("adopt"))  # the steps do not count
        return seen, closed

    def _save(self) -> None:
        """Keep levels that came with a turn."""
        while self._unsaved:
            n, level, coded = self._unsaved[0]
            self.kept.append(n, level, *self._get([coded]))
            self._unsaved.pop(0)

    # Losses ----------------------------------------------------------------------------------------------------
    def _safely(self, work: Callable[[], X]) -> X:
        """Do some work, and again after a loss is mended."""
        while True:
            try:
                return work()
            except LostError as problem:
                self._mend(problem)

    def _mend(self, problem: LostError) -> None:
        """Make what was lost again, until nothing more is lost meanwhile."""
        while True:
            self.losses += 1
            self._lost_here += 1
            if self._lost_here > LOSSES:
                why = f"processes were lost {self._lost_here} times on level {self._depth}: {problem}"
                raise SearchStoppedError(StopReason(StopKind.LOST, why)) from problem
            self._epoch += 1
            try:
                self._behind.update(self.hosts.lost(self._check))
                self._restore(sorted(self._behind), problem)
                self._behind.clear()
                if not self._turning:
                    self._again()
            except LostError as another:
                problem = another
            else:
                return

    def _restore(self, lost: Sequence[int], problem: LostError) -> None:
        """Start lost shards again, and bring them to the level at which the others are."""
        others = [n for n in self._all if n not in lost]
        for n, level, coded in [u for u in self._unsaved if u[0] in lost]:
            with suppress(LostError):
                self.kept.append(n, level, *self._get([coded]))
        self._unsaved = [u for u in self._unsaved if u[0] not in lost]
        target = self._depth + self._turning
        kept = max(1, min([target + 1, *(self.kept.count(n) for n in lost)]))
        if target - (kept - 1) >= LEVELS - 1:
            why = f"{self._named(lost[0])} was lost ({problem}), and too many of its levels were not kept"
            why += f": {self.kept.problem}" if self.kept.problem else ""
            raise SearchStoppedError(StopReason(StopKind.LOST, why))
        for n in lost:
            self.hosts.start(n, self._order)
        self._get([self.hosts.call(n, "adopt", self._epoch, False)[0] for n in others])
        self._load(lost, kept)
        for level in range(kept - 1, target):
            self._repeat(level, lost, others)

    def _load(self, shards: Sequence[int], count: int) -> None:
        """Give shards their first ``count`` levels."""
        calls = []
        for n in shards:
            steps = self._history[n][count - 1][-1] if self._history[n] else 0
            calls.append(self.hosts.call(n, "load", self._epoch, steps, *self._levels(n, count))[0])
        self._learn(shards, self._get(calls))
        for n in shards:
            if self._history[n]:
                self._record(n, count - 1)

    def _levels(self, n: int, count: int) -> list[bytes]:
        """The initial states need not be kept."""
        try:
            return self.kept.read(n, count) if count > 1 else [self._first(n)]
        except OSError as problem:
            why = f"{self._named(n)} was lost, and its levels cannot be read: {problem}"
            raise SearchStoppedError(StopReason(StopKind.LOST, why)) from problem

    def _repeat(self, level: int, lost: Sequence[int], others: Sequence[int]) -> None:
        """Bring lost shards from a level to the next: they expand it, and others send what belongs to them again."""
        results = self.hosts.count
        sent = [(n, self.hosts.call(n, "resend", self._epoch, level, results=results)) for n in others]
        rounds = self._get([self.hosts.call(n, "rounds", self._epoch, level)[0] for n in lost])
        for n, count in zip(lost, rounds, strict=True):
            for part in range(count):
                status, *batches = self.hosts.call(n, "advance", self._epoch, part, count, 0, results=1 + results)
                self._learn([n], self._get([status]))
                sent.append((n, batches))
        calls = [
            self.hosts.call(n, "take", self._epoch, *(batches[n] for m, batches in sent if m != n))[0] for n in lost
        ]
        self._learn(lost, self._get(calls))
        turned = [self.hosts.call(n, "turn", self._epoch, level + 1, results=2) for n in lost]
        self._learn(lost, self._get([status for status, _ in turned]))
        for n, (_, coded) in zip(lost, turned, strict=True):
            self._record(n, level + 1)
            self.kept.append(n, level + 1, *self._get([coded]))

    def _again(self) -> None:
        """Search the current level again, up to where it was. A process that was made again may have its states in
        another order, so it expands some that were to come later: what is met there is told with the next part."""
        self._learn(self._all, self._ask("adopt"))
        if self._rounds:
            self._prepared()
        for part in range(self._done):
            self._late |= self._advanced(part, self._sought)
            self._taken()
        if self._begun:
            self._late |= self._advanced(self._done, self._sought)

    def _first(self, n: int) -> bytes:
        """The initial states that a shard owns, coded."""
        code = self._order.code
        own = [s for s in self._initials if code.partition.shard_of(code.unpack(s)) == n]
        return encode(table(own, code.words))
