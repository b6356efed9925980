"""Bounded model checking (Biere, Cimatti, Clarke & Zhu, "Symbolic model checking without BDDs", TACAS 1999).

One incremental solver goes depth by depth, so the first counterexample of a property is a shortest one. Every model of
the solver is replayed by the interpreter before it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import z3

from planrace.checker.engines.answer import (
    Answer,
    of_step,
    refuse_ranges_left,
    shows,
    sought,
    verdict_met,
    verdict_never_met,
)
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving, said
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.results.report import NEVER_HAPPENS, ModelWarning
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.initials import TooManyError, no_state
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language import Instance, Term
from planrace.properties.kinds import Checkable, Property

DEPTH = 30
"""The depth if no bound is given."""

INTERRUPTED = "it was interrupted"
DECIDED = "every property has its verdict"


class Bounded:
    """Looks for counterexamples of at most ``limits.depth`` steps. ``more`` are terms that other engines will evaluate;
    ``solving`` belongs to the engine that uses this one."""

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Checkable],
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
        more: Sequence[Term] = (),
        solving: Solving | None = None,
    ) -> None:
        self.instance = instance
        self.properties = tuple(properties)
        self.limits = limits or Limits()
        self.depth = DEPTH if self.limits.depth is None else self.limits.depth
        self.fail_fast = fail_fast
        self.interrupted = False
        self.solving = solving or Solving(LimitGuard("bounded search", self.limits, listener))
        self._more = tuple(more)
        self._answers: dict[str, Answer] = {}
        self.reached = -1
        self.complete = False
        """Whether all runs were covered."""
        self._in_range = 0

    def run(self) -> list[Answer]:
        """Answers in the order of the properties. Raises ``ModelError``."""
        try:
            stopped = self.solving.run(lambda: self.search(self.depth))
        except SolverStoppedError as limit:
            stopped = str(limit)
        except KeyboardInterrupt:
            self.interrupted, stopped = True, INTERRUPTED
        return [self.answer(p) or self._open(p, stopped) for p in self.properties]

    @cached_property
    def steps(self) -> Steps:
        """The instance in Z3."""
        terms = [*(sought(p) for p in self.properties), *self._more]
        return Steps(self.instance, terms, look=self.solving.look)

    @cached_property
    def _solver(self) -> Any:
        solver = z3.SolverFor("QF_BV")
        solver.set("random_seed", 0)
        return solver

    @cached_property
    def _bad(self) -> dict[str, Any]:
        return {p.name: self.badness(p) for p in self.properties}

    @cached_property
    def _undefined(self) -> dict[str, Any]:
        """The formulas that properties have no value, for those that may have none."""
        found = {p.name: self.steps.undefined(sought(p), of_step=of_step(p)) for p in self.properties}
        return {name: formula for name, formula in found.items() if not z3.is_false(formula)}

    @property
    def _no_start(self) -> str:
        return "the initial state" if self.instance.system.starts_alike else "no initial state"

    @property
    def _at_first(self) -> str:
        return "the initial state" if self.instance.system.starts_alike else "any initial state"

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """A warning if no step is possible: then step properties hold vacuously."""
        if not self.complete or self.reached > 0:
            return ()
        never = f"never happens: nothing is enabled in {self._at_first}"
        return tuple(ModelWarning(NEVER_HAPPENS, name, never) for name in self.instance.system.actions)

    # The search ------------------------------------------------------------------------------------------------
    def search(self, most: int) -> str:
        """Check the runs of up to ``most`` steps that were not checked yet; returns why the search ended."""
        for depth in range(self.reached + 1, most + 1):
            ended = self.deepen(depth)
            if ended is not None:
                return ended
        return f"the depth bound of {most} was reached"

    def deepen(self, depth: int) -> str | None:
        """Check the runs of ``depth`` steps, after all shorter ones; returns why the search ends there, if it does."""
        self.solving.depth = depth
        gave_up = self._begun() if depth == 0 else self.leaves_no_range(depth - 1)
        if gave_up:
            return gave_up
        if depth:
            self._solver.add(self.steps.at(self.steps.relation, depth - 1))
        ended = self._settle(depth)
        if ended is None:
            self.reached = depth
        return ended

    def vacuous(self) -> str | None:
        """If no state has any step, every step property would be proved; then this records the answers, and returns why
        the search ends."""
        if self.reached != 0:
            return None
        solver = z3.SolverFor("QF_BV")
        solver.add(self.steps.at(self.steps.legal(), 0), self.steps.at(self.steps.relation, 0))
        return self.deepen(1) if self.solving.check(solver) == z3.unsat else None

    def answer(self, p: Checkable) -> Answer | None:
        """The answer for ``p`` so far."""
        found = self._answers.get(p.name)
        if found is None and self.complete:
            runs = (
                f"no run is longer than {numbered(self.reached, 'step')}"
                if self.reached
                else f"{self._no_start} enables no step"
            )
            return Answer(p, verdict_never_met(p), f"bounded model checking, complete: {runs}")
        return found

    def leaves_no_range(self, step: int) -> str | None:
        """Check that no step after ``step`` steps is a model error; returns why that is not known, if it is not. Raises
        the interpreter's error if there is one."""
        if step < self._in_range:
            return None
        self._solver.push()  # a label instead of push would make the queries about properties harder
        self._solver.add(self.steps.at(self.steps.out_of_range, step))
        found = self.solving.check(self._solver)
        if found == z3.sat:
            self._raise_range_error(self._solver.model(), step)
        if found != z3.unsat:
            return self._gave_up(step)
        self._solver.pop()
        self._in_range = step + 1
        return None

    def _begun(self) -> str | None:
        """Check that there is an initial state: without one everything would hold."""
        gave_up = self._all_valued()
        if gave_up:
            return gave_up
        self._solver.add(self.steps.at(self.steps.initial(), 0))
        found = self.solving.check(self._solver)
        if found == z3.unsat:
            raise no_state(self.instance.system, self.instance.parameters)
        return None if found == z3.sat else self._gave_up(0)

    def _all_valued(self) -> str | None:
        """Check that conditions on initial states have values; returns why that is not known, if it is not. Raises the
        interpreter's error if one has none."""
        unvalued = self.steps.unvalued()
        if z3.is_false(unvalued):
            return None
        solver = z3.SolverFor("QF_BV")
        solver.add(self.steps.at(unvalued, 0))
        found = self.solving.check(solver)
        if found == z3.sat:
            self.steps.interpreter.starting.includes(self.steps.state_of(solver.model(), 0))
            raise ReplayError("the solver finds a condition on initial states without a value, the interpreter none")
        return None if found == z3.unsat else f"the solver gave up on initial states: {said(solver.reason_unknown())}"

    def _raise_range_error(self, model: Any, step: int) -> None:
        refuse_ranges_left(self._run(model, step), [], [])
        raise ReplayError(f"the solver's run of {numbered(step, 'step')} leaves no range")

    def _run(self, model: Any, steps: int) -> Recording:
        interpreter, start = self.steps.interpreter, self.steps.state_of(model, 0)
        if not interpreter.starting.includes(start):
            raise ReplayError("the solver's run does not start in an initial state")
        return record(interpreter, [self.steps.pick(model, k) for k in range(steps)], start)

    def _evaluated(self, depth: int) -> str | None:
        """Check that the open properties have values in every state after ``depth`` steps and for every last step;
        returns why that is not known, if it is not. Raises the interpreter's error if one has no value."""
        some = [(p, sought(p)) for p in self._still_open() if p.name in self._undefined]
        wrong = [self._at(self._undefined[p.name], p, depth) for p, _ in some]
        if not wrong:
            return None
        self._solver.push()
        self._solver.add(z3.Or(*wrong))
        found = self.solving.check(self._solver)
        if found == z3.sat:
            model = self._solver.model()
            refuse_ranges_left(self._run(model, depth), [(p, t) for p, t in some if not of_step(p)], None)
            if depth:
                refuse_ranges_left(self._run(model, depth - 1), [], [(p, t) for p, t in some if of_step(p)])
            raise ReplayError(f"every property has a value in the solver's run of {numbered(depth, 'step')}")
        if found != z3.unsat:
            return self._gave_up(depth)
        self._solver.pop()
        return None

    def _still_open(self) -> list[Checkable]:
        return [p for p in self.properties if p.name not in self._answers]

    def _settle(self, depth: int) -> str | None:
        """Decide which properties are violated at ``depth``; returns why to stop, if so."""
        gave_up = self._evaluated(depth)
        if gave_up:
            return gave_up
        for attempt in range(len(self.properties) + 1):
            still_open = self._still_open()
            if not still_open:
                return DECIDED
            literal = z3.Bool(f"bad@{depth}.{attempt}")
            wrong = [self.bad_at(p, depth) for p in still_open]
            self._solver.add(z3.Implies(literal, z3.Or(*wrong)))
            found = self.solving.check(self._solver, literal)
            if found == z3.unsat:
                return self._exhausted(depth) if not self._solver.unsat_core() else None
            if found == z3.unknown:
                return self._gave_up(depth)
            self._confirm(depth, still_open)
            if self.fail_fast and any(a.verdict is Verdict.VIOLATED for a in self._answers.values()):
                return "the first violation was found"
        raise ReplayError(f"the solver finds violations at depth {depth} that no property accounts for")

    def _exhausted(self, depth: int) -> str:
        """Confirm that no run has ``depth`` steps, and that no shorter one ends with a value out of range: all runs are
        covered."""
        if depth == 0 or (depth == 1 and self._has_a_step()):
            raise ReplayError(f"the solver finds no run of {numbered(depth, 'step')}, and there are some")
        self.complete = True
        return "every run was seen"

    def _has_a_step(self) -> bool:
        """Whether the interpreter finds a step from the first initial state."""
        interpreter = self.steps.interpreter
        with suppress(TooManyError):
            return next(interpreter.moves(interpreter.starting.first), None) is not None
        return False

    def _gave_up(self, depth: int) -> str:
        return f"the solver gave up at depth {depth}: {said(self._solver.reason_unknown())}"

    # Models ----------------------------------------------------------------------------------------------------
    def _confirm(self, depth: int, still_open: list[Checkable]) -> None:
        """Replay the model; the interpreter says which properties it decides."""
        model = self._solver.model()
        decided = []
        for p in still_open:
            recording = self._run(model, depth)
            if shows(p, recording):
                self._answers[p.name] = Answer(p, verdict_met(p), "bounded model checking, shortest", recording)
                decided.append(p)
        if not decided:
            raise ReplayError(f"the solver's run of {numbered(depth, 'step')} violates nothing")
        if not all(map(of_step, decided)):
            self.leaves_no_range(depth)  # explicit searches also finish the deciding level

    def badness(self, p: Checkable) -> Any:
        """The formula that decides ``p``, over the templates: of a state or a step; or it has no value there."""
        bad = self.steps.holds(sought(p), of_step=of_step(p))
        return z3.Or(bad, self._undefined[p.name]) if p.name in self._undefined else bad

    def bad_at(self, p: Checkable, depth: int) -> Any:
        """The formula that ``p`` is decided by the state after ``depth`` steps, or by the last of them."""
        return self._at(self._bad[p.name], p, depth)

    def _at(self, formula: Any, p: Checkable, depth: int) -> Any:
        """A formula about what decides ``p``, moved to the state after ``depth`` steps, or to the last of them."""
        if not of_step(p):
            return self.steps.at(formula, depth)
        return self.steps.at(formula, depth - 1) if depth else z3.BoolVal(False)

    def _open(self, p: Property, stopped: str) -> Answer:
        if self.reached < 0:
            return Answer(p, Verdict.UNKNOWN, f"no run was checked: {stopped}")
        return Answer(p, Verdict.UNKNOWN, f"not met in runs of up to {numbered(self.reached, 'step')}: {stopped}")
