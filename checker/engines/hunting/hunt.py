"""One bitstate search: what it looks for, what it finds, and how its runs are shortened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from planrace.checker.engines.answer import Answer, retrace
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Kernel, OutOfRangeError
from planrace.checker.engines.hunting.code import HuntingCode
from planrace.checker.engines.hunting.walks import BitWalk, BreadthFirst, DepthFirst, first_met
from planrace.checker.engines.hunting.words import MET
from planrace.checker.engines.native.instructions import FAILED
from planrace.checker.results.bitstate import BitstateSearch, Order
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.properties.kinds import Property

SHORTENED = (1 << 12, 1 << 14)
"""Widths of the searches for a shorter run."""
SHORT_SIZE, SHORT_STATES = 1 << 22, 1 << 22
"""The bytes of their bit arrays, and the most states that each visits: some tenths of a second."""
PARTS = (0, 2, 4, 8)
"""They start at the beginning of a run, then in its middle, before its last quarter and its last eighth."""


@dataclass(frozen=True)
class HuntPlan:
    """How one search goes: its ``number`` from 1 on, its own seed, its order, and its bounds (``width`` of levels;
    ``states`` None: no bound)."""

    number: int
    seed: int
    order: Order
    width: int
    bound: int
    size: int
    hashes: int
    states: int | None = None
    fail_fast: bool = False


@dataclass(frozen=True)
class Hunted:
    """What one search found; ``failure`` is an error of the model that it met."""

    answers: dict[str, Answer]
    covered: BitstateSearch
    failure: Exception | None = None


class Hunt:
    """One search for ``properties`` with ``code`` that looks for all of them; ``stop`` says that it must end. Searches
    of several threads share a ``lock`` for what they do in Python, and ``how`` tells how runs were found."""

    def __init__(
        self,
        kernel: Kernel,
        code: HuntingCode,
        properties: Sequence[Property],
        plan: HuntPlan,
        how: str,
        stop: Callable[[], bool],
        lock: Lock,
    ) -> None:
        self.kernel, self.code, self.plan = kernel, code, plan
        self._stop, self._lock = stop, lock
        self._questions = Questions(properties, how)
        self._questions.watch()
        self.walk = self._walk(plan)

    def _walk(self, plan: HuntPlan) -> BitWalk:
        """A walk from the beginning, which looks for the terms that the code evaluates."""
        self._terms = [p for some in self._questions.watched for p in some]
        self._of_states = (1 << len(self._questions.watched[0])) - 1
        settings: dict[str, Any] = {
            "seed": plan.seed,
            "size": plan.size,
            "hashes": plan.hashes,
            "sought": (1 << len(self._terms)) - 1,
            "states": self._of_states,
            "bound": plan.bound,
            "orders": self.kernel.orders,
        }
        if plan.order is Order.DEPTH:
            return DepthFirst(self.code, self.kernel.initials, **settings)
        return BreadthFirst(self.code, self.kernel.initials, width=plan.width, **settings)

    def go(self) -> Hunted:
        """Search to the end."""
        failure: Exception | None = None
        try:
            stopped = self._searched()
        except Exception as problem:  # raised where searches are awaited in turn, if no earlier one decides everything
            stopped, failure = "it failed", problem
        walk = self.walk
        covered = BitstateSearch(
            order=walk.order,
            most=walk.most,
            bound=walk.bound,
            states=walk.states,
            transitions=walk.transitions,
            depth=walk.deepest,
            dropped=walk.dropped,
            cut=walk.cut,
            set=walk.bits_set,
            stopped=stopped,
        )
        return Hunted(self._questions.answers, covered, failure)

    def _searched(self) -> str:
        """Search; returns why it ended."""
        most = self.plan.states
        while self.walk.left:
            if self._stop():
                return "it was stopped"
            found = self.walk.go_on()
            if found == MET:
                with self._lock:
                    self._attend()
            elif found == FAILED:
                with self._lock:
                    self._fail()
            if not self._questions.open or (self.plan.fail_fast and self._questions.violated):
                return "it found what it looked for"
            if most is not None and self.walk.states >= most:
                return f"the bound of {numbered(most, 'state')} was reached"
            if self.walk.half_full:
                return "half of the bits were set"
        return "no state was left"

    def _attend(self) -> None:
        """Answer the properties that the state just expanded decides, each by a run that is shortened."""
        path, met = self.walk.path(), self.walk.met
        for k, p in enumerate(self._terms):
            if met >> k & 1 and p.name not in self._questions.answers:
                self._settle(self._shortened(path, 1 << k))
                if p.name not in self._questions.answers:
                    self._settle(path)
                if p.name not in self._questions.answers:
                    raise ReplayError(f"machine code finds that {p.name} is decided where the step function does not")
        still = {p.name for p in self._questions.open}
        self.walk.seek(sum(1 << k for k, p in enumerate(self._terms) if p.name in still))

    def _settle(self, path: list[int]) -> None:
        """Answer what the last state of a run decides."""
        recorded: list[Recording] = []

        def recording() -> Recording:
            """A run for each property: that of a step gets one more."""
            recorded.append(self._recording(path))
            return recorded[-1]

        hits: list[tuple[int, int]] = []
        try:
            found = self.kernel.expand(self._questions.watch())(path[-1], [], hits)
        except OutOfRangeError:
            raise_range_error(recording(), self._questions)
            raise
        self._questions.settle(found, hits if len(path) <= self.walk.bound else [], recording)

    def _fail(self) -> None:
        """Raise the interpreter's error for a value out of range. Machine code also evaluates what is decided already:
        if the error is there, the search starts again without that, as the reference engine goes on without it."""
        watch = self._questions.watch()
        raise_range_error(self._recording(self.walk.path()), self._questions)
        if len(self._questions.open) == len(self._terms):
            raise ReplayError("machine code finds a value out of range where the interpreter finds none")
        self.code = HuntingCode(self.kernel, watch)
        self.walk = self._walk(self.plan)

    def _recording(self, path: list[int]) -> Recording:
        return retrace(self.kernel.interpreter, self.kernel.seen, path)

    def _shortened(self, path: list[int], term: int) -> list[int]:
        """A shorter run that meets a term, if a search of bounded effort finds one: breadth first, from the beginning
        of the run or from a later state. It need not be a shortest one."""
        steps = int(term & self._of_states == 0)  # a term about steps is not looked for at the bound
        for part in PARTS:
            before, start = len(path), 0 if part == 0 else (len(path) - 1) * (part - 1) // part
            for width in SHORTENED:
                found = self._from(path[start], term, width, len(path) - 2 - start + steps)
                path = path if found is None else [*path[:start], *found]
            if len(path) < before:
                break
        return path

    def _from(self, start: int, term: int, width: int, bound: int) -> list[int] | None:
        """The run of a search from one state that meets a term within so many steps."""
        if bound < 0:
            return None
        walk = BreadthFirst(
            self.code,
            [start],
            seed=self.plan.seed,
            size=SHORT_SIZE,
            hashes=self.plan.hashes,
            sought=term,
            states=self._of_states,
            bound=bound,
            width=width,
            orders=self.kernel.orders,
        )
        return first_met(walk, SHORT_STATES, self._stop)
