"""Bounded model checking (Biere, Cimatti, Clarke & Zhu, "Symbolic model checking without BDDs", TACAS 1999).

One incremental solver; depth by depth, so that the first counterexample of a property is a shortest one. Every model is
replayed by the interpreter before it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from model.language import Instance, Term
from properties.kinds import Checkable, Property

from ..answers import Answer, of_step, shows, sought, verdict_met, verdict_never_met
from ..limits import Limits, Listener, Watchman
from ..replay import ReplayError, record
from ..vocabulary import Verdict
from .steps import Steps

DEPTH = 30
"""Steps that are looked at when no bound is given."""


class Bounded:
    """Looks for counterexamples of at most ``limits.depth`` steps. ``more`` are terms that others will ask about."""

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Checkable],
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
        more: Sequence[Term] = (),
    ) -> None:
        self.properties = tuple(properties)
        self.limits = limits or Limits()
        self.depth = DEPTH if self.limits.depth is None else self.limits.depth
        self.fail_fast = fail_fast
        self.interrupted = False
        self.steps = Steps(instance, [*(sought(p) for p in properties), *more])
        self._watchman = Watchman("bounded search", self.limits, listener)
        self._solver = z3.SolverFor("QF_BV")
        self._solver.set("random_seed", 0)
        self._bad = {p.name: self.badness(p) for p in properties}
        self._answers: dict[str, Answer] = {}
        self.reached = -1

    def run(self) -> list[Answer]:
        """Answers in the order of the properties."""
        try:
            stopped, complete = self._search()
        except KeyboardInterrupt:
            self.interrupted = True
            stopped, complete = "it was interrupted", False
        return [self._answers.get(p.name) or self._rest(p, stopped, complete) for p in self.properties]

    def _search(self) -> tuple[str, bool]:
        """Why the search ended, and whether it saw every run."""
        for depth in range(self.depth + 1):
            ended = self.deepen(depth)
            if ended is not None:
                return ended
        return f"the depth bound of {self.depth} was reached", False

    def deepen(self, depth: int) -> tuple[str, bool] | None:
        """Look at runs of ``depth`` steps, after all shorter ones; why the search ends there, if it does."""
        if depth:
            self._solver.add(self.steps.at(self.steps.relation, depth - 1))
        else:
            self._solver.add(self.steps.at(self.steps.initial(), 0))
        ended = self._settle(depth)
        if ended is None:
            self.reached = depth
        return ended

    def answer(self, p: Checkable) -> Answer | None:
        """What was found for ``p`` so far."""
        return self._answers.get(p.name)

    def refuse_ranges_left(self, step: int) -> None:
        """No step after ``step`` others assigns a value out of range; raises the interpreter's error where one does."""
        self._solver.push()
        self._solver.add(self.steps.at(self.steps.out_of_range, step))
        found = self._solver.check()
        if found == z3.sat:
            self._raise_range_error(self._solver.model(), step)
        self._solver.pop()

    def _raise_range_error(self, model: Any, step: int) -> None:
        picks = [self.steps.pick(model, k) for k in range(step)]
        list(self.steps.interpreter.moves(record(self.steps.interpreter, picks).states[-1]))
        raise ReplayError(f"the solver's run of {step} steps leaves no range")

    def _settle(self, depth: int) -> tuple[str, bool] | None:
        """Decide what is violated at ``depth``; why to stop, if so."""
        for attempt in range(len(self.properties) + 1):
            still_open = [p for p in self.properties if p.name not in self._answers]
            if not still_open:
                return "every property has its verdict", False
            stopped = self._watchman.look(0, 0, depth)
            if stopped:
                return stopped, False
            literal = z3.Bool(f"bad@{depth}.{attempt}")
            wrong = [self.bad_at(p, depth) for p in still_open]
            self._solver.add(z3.Implies(literal, z3.Or(*wrong)))
            found = self._check(literal)
            if found == z3.unsat:
                return self._exhausted(depth) if not self._solver.unsat_core() else None
            if found == z3.unknown:
                return f"the solver gave up at depth {depth}: {self._solver.reason_unknown()}", False
            self._confirm(depth, still_open)
            if self.fail_fast and any(a.verdict is Verdict.VIOLATED for a in self._answers.values()):
                return "the first violation was found", False
        raise ReplayError(f"the solver finds violations at depth {depth} that no property accounts for")

    def _exhausted(self, depth: int) -> tuple[str, bool]:
        """No run has ``depth`` steps: every run was seen, unless one ends by assigning a value out of range."""
        solver = z3.SolverFor("QF_BV")
        solver.add(self.steps.at(self.steps.initial(), 0))
        for n in range(depth):
            solver.push()
            solver.add(self.steps.at(self.steps.out_of_range, n))
            if solver.check() != z3.unsat:
                self._raise_range_error(solver.model(), n)
            solver.pop()
            solver.add(self.steps.at(self.steps.relation, n))
        return "no run is longer", True

    def _check(self, literal: Any) -> Any:
        if self.limits.seconds is not None:
            left = max(1, int(1000 * (self.limits.seconds - self._watchman.seconds)))
            self._solver.set("timeout", left)
        found = self._solver.check(literal)
        if found == z3.unknown and "interrupt" in self._solver.reason_unknown():
            raise KeyboardInterrupt
        return found

    # Models ----------------------------------------------------------------------------------------------------
    def _confirm(self, depth: int, still_open: list[Checkable]) -> None:
        """Replay the model, and let the interpreter say which properties it decides."""
        model = self._solver.model()
        picks = [self.steps.pick(model, n) for n in range(depth)]
        decided = 0
        for p in still_open:
            recording = record(self.steps.interpreter, picks)
            if shows(p, recording):
                self._answers[p.name] = Answer(p, verdict_met(p), "bounded model checking, shortest", recording)
                decided += 1
        if not decided:
            raise ReplayError(f"the solver's run of {depth} steps violates nothing")

    def badness(self, p: Checkable) -> Any:
        """What decides ``p``, over the templates: of a state, or of a step."""
        return self.steps.holds(sought(p), of_step=of_step(p))

    def bad_at(self, p: Checkable, depth: int) -> Any:
        """``p`` is decided by the state after ``depth`` steps, or by the last of them."""
        if not of_step(p):
            return self.steps.at(self._bad[p.name], depth)
        return self.steps.at(self._bad[p.name], depth - 1) if depth else z3.BoolVal(False)

    def _rest(self, p: Property, stopped: str, complete: bool) -> Answer:
        if complete:
            how = f"bounded model checking, complete: no run is longer than {self.reached} steps"
            return Answer(p, verdict_never_met(p), how)
        return Answer(p, Verdict.UNKNOWN, f"not met in runs of up to {max(self.reached, 0)} steps: {stopped}")
