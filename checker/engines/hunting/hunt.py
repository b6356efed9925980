"""One bitstate search: what it looks for, what it finds, and how its runs are shortened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from planrace.checker.engines.answer import Answer, retrace, verdict_met
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.hunting.code import HuntingCode
from planrace.checker.engines.hunting.walks import BitWalk, BreadthFirst, DepthFirst, first_met
from planrace.checker.engines.hunting.words import MET
from planrace.checker.engines.native.instructions import FAILED
from planrace.checker.results.bitstate import BitstateSearch, SearchOrder
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.properties.kinds import Checkable, Property

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
    order: SearchOrder
    width: int
    bound: int
    size: int
    hashes: int
    states: int | None = None
    fail_fast: bool = False


@dataclass(frozen=True)
class Met:
    """A run (its packed states) that meets a term: the bit of the term in ``code``, and the bits of its terms about
    states. ``restarts`` is how often the search had started again before."""

    path: list[int]
    code: HuntingCode
    term: int
    states: int
    restarts: int


@dataclass(frozen=True)
class Hunted:
    """What one search found: for each property that was decided, how. ``failure`` is an error of the model that it
    met."""

    met: dict[str, Met]
    covered: BitstateSearch
    failure: Exception | None = None


class Hunt:
    """One search for ``properties`` with ``code`` that looks for all of them; ``stop`` says that it must end. Searches
    of several threads share a ``lock`` for what they do in Python."""

    def __init__(
        self,
        kernel: Kernel,
        code: HuntingCode,
        properties: Sequence[Property],
        plan: HuntPlan,
        stop: Callable[[], bool],
        lock: Lock,
    ) -> None:
        self.kernel, self.code, self.plan = kernel, code, plan
        self._properties, self._stop, self._lock = properties, stop, lock
        self._met: dict[str, Met] = {}
        self._restarts = 0
        self.walk = self._walk(self._open())

    def _open(self) -> Questions:
        """What is not decided, as the code looks for it."""
        questions = Questions([p for p in self._properties if p.name not in self._met], "")
        questions.watch()
        return questions

    def _walk(self, questions: Questions) -> BitWalk:
        """A walk from the beginning, which looks for all terms of the code."""
        plan = self.plan
        self._terms = [p for some in questions.watched for p in some]
        self._of_states = (1 << len(questions.watched[0])) - 1
        settings: dict[str, Any] = {
            "seed": plan.seed,
            "size": plan.size,
            "hashes": plan.hashes,
            "sought": (1 << len(self._terms)) - 1,
            "states": self._of_states,
            "bound": plan.bound,
            "orders": self.kernel.orders,
        }
        if plan.order is SearchOrder.DEPTH:
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
        return Hunted(self._met, covered, failure)

    def _searched(self) -> str:
        """Search; returns why it ended."""
        most = self.plan.states
        while self.walk.left:
            if self._stop():
                return "it was stopped"
            found = self.walk.go_on()
            if found == MET:
                self._attend()
            elif found == FAILED:
                with self._lock:
                    self._fail()
            violated = self.plan.fail_fast and any(verdict_met(p) is Verdict.VIOLATED for p in self._decided())
            if violated or all(p.name in self._met for p in self._properties):
                return "it found what it looked for"
            if most is not None and self.walk.states >= most:
                return f"the bound of {numbered(most, 'state')} was reached"
            if self.walk.half_full:
                return "half of the bits were set"
        return "no state was left"

    def _decided(self) -> list[Checkable]:
        return [p for p in self._terms if p.name in self._met]

    def _attend(self) -> None:
        """Note the run to the state just expanded, for the properties that it decides."""
        path, met = self.walk.path(), self.walk.met
        for k, p in enumerate(self._terms):
            if met >> k & 1:
                self._met[p.name] = Met(path, self.code, 1 << k, self._of_states, self._restarts)
        self.walk.seek(sum(1 << k for k, p in enumerate(self._terms) if p.name not in self._met))

    def _fail(self) -> None:
        """Raise the interpreter's error for a value out of range. Machine code also evaluates what is decided already:
        if the error is there, the search starts again without that, as the reference engine goes on without it."""
        questions = self._open()
        raise_range_error(self._recording(self.walk.path()), questions)
        if len(self._decided()) == 0:
            raise ReplayError("machine code finds a value out of range where the interpreter finds none")
        self.code = HuntingCode(self.kernel, questions.watch())
        self._restarts += 1
        self.walk = self._walk(questions)

    # Answers ---------------------------------------------------------------------------------------------------
    def answers(self, wanted: Sequence[Property], how: str) -> dict[str, Answer]:
        """The answers for properties that the search has decided, by runs that are replayed, and shortened before.

        What was met before the search started again comes first: later runs may lead to states in which it is out of
        range, and are not asked about what has its answer. Otherwise the shortest run is the first, because it may
        decide other properties, too.
        """
        questions = Questions(wanted, how)
        for p in sorted(wanted, key=lambda p: (self._met[p.name].restarts, len(self._met[p.name].path))):
            if p.name not in questions.answers:
                self._settle(questions, self._shortened(self._met[p.name]))
            if p.name not in questions.answers:
                raise ReplayError(f"machine code finds that {p.name} is decided where the step function does not")
        return questions.answers

    def _settle(self, questions: Questions, path: list[int]) -> None:
        """Answer what the last state of a run decides."""
        hits: list[tuple[int, int]] = []
        found = self.kernel.expand(questions.watch())(path[-1], [], hits)
        questions.settle(found, hits if len(path) <= self.plan.bound else [], lambda: self._recording(path))

    def _recording(self, path: list[int]) -> Recording:
        return retrace(self.kernel.interpreter, self.kernel.seen, path)

    def _shortened(self, met: Met) -> list[int]:
        """A shorter run that meets the term, if a search of bounded effort finds one: breadth first, from the beginning
        of the run or from a later state. It need not be a shortest one."""
        path, steps = met.path, int(met.term & met.states == 0)  # a step is not looked for at the bound
        for part in PARTS:
            before, start = len(path), 0 if part == 0 else (len(path) - 1) * (part - 1) // part
            for width in SHORTENED:
                found = self._from(path[start], met, width, len(path) - 2 - start + steps)
                path = path if found is None else [*path[:start], *found]
            if len(path) < before:
                break
        return path

    def _from(self, start: int, met: Met, width: int, bound: int) -> list[int] | None:
        """The run of a search from one state that meets a term within so many steps."""
        if bound < 0:
            return None
        walk = BreadthFirst(
            met.code,
            [start],
            seed=self.plan.seed,
            size=SHORT_SIZE,
            hashes=self.plan.hashes,
            sought=met.term,
            states=met.states,
            bound=bound,
            width=width,
            orders=self.kernel.orders,
        )
        return first_met(walk, SHORT_STATES, self._stop)
