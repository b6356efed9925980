"""k-induction with simple paths (Sheeran, Singh & Stålmarck, "Checking safety properties using induction and a
SAT-solver", FMCAD 2000).

A property holds if no run of fewer than k steps breaks it (the base, by bounded model checking), and if no path of k
different states that satisfy it has a step from its last state that breaks it (the step). A shortest run that breaks
the property visits no state twice before its last step; that step may lead back, so the state after it may be one of
the path. Lemmas of the protocol are used if they are inductive together. That no step leaves the range of a variable is
one more goal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from planrace.checker.engines.answer import Answer, of_step, verdict_never_met
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.engines.symbolic.bmc import DEPTH, INTERRUPTED, Bounded
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving, said
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.engines.symbols import symbol
from planrace.checker.results.report import ModelWarning
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording, record
from planrace.model.language import Instance
from planrace.properties.kinds import Checkable
from planrace.properties.proof import Lemma, Proof

RANGES = "every value stays in its range"


@dataclass
class Goal:
    """A goal of induction: ``bad`` over the templates, about the state before or the step."""

    name: str
    bad: Any
    of_step: bool
    label: Any
    assumed: int = 0
    shown: int | None = None
    cti: Recording | None = None


class Induction:
    """Proves properties of one instance by k-induction up to ``limits.depth``, or finds shortest counterexamples."""

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Checkable],
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
    ) -> None:
        self.properties = tuple(properties)
        self.limits = limits or Limits()
        self.depth = DEPTH if self.limits.depth is None else self.limits.depth
        self.fail_fast = fail_fast
        self.interrupted = False
        self.solving = Solving(LimitGuard("k-induction", self.limits, listener))
        self._declared = [x for a in instance.system.proofs if isinstance(a, Proof) for x in a.lemmas]
        more = [x.holds for x in self._declared]
        self.base = Bounded(instance, properties, limits=self.limits, more=more, solving=self.solving)
        self._goals: dict[str, Goal] = {}

    def run(self) -> list[Answer]:
        """Answers in the order of the properties. Raises ``ModelError``."""
        try:
            stopped = self.solving.run(self._search)
        except SolverStoppedError as limit:
            stopped = str(limit)
        except KeyboardInterrupt:
            self.interrupted, stopped = True, INTERRUPTED
        return [self._answer(p, stopped) for p in self.properties]

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """A warning if no step is possible."""
        return self.base.warnings

    @property
    def steps(self) -> Steps:
        """The instance in Z3."""
        return self.base.steps

    @cached_property
    def lemmas(self) -> list[Lemma]:
        """The declared lemmas that hold initially and are inductive together."""
        return self._inductive(self._declared)

    @cached_property
    def _solver(self) -> Any:
        solver = z3.SolverFor("QF_BV")
        solver.set("random_seed", 0)
        return solver

    @cached_property
    def _ranges(self) -> Goal:
        return Goal(RANGES, self.steps.out_of_range, True, z3.Bool(symbol("ranges")))

    def _search(self) -> str:
        """Alternate base and step; returns why the search ended."""
        ended = self.base.deepen(0) or self.base.vacuous()
        self._goals = {p.name: self._goal(p) for p in self.properties}
        self._solver.add(self._assumed(0))
        for k in range(1, self.depth + 2):
            ended = ended or (self.base.deepen(k - 1) if k > 1 else None) or self.base.leaves_no_range(k - 1)
            waiting = self._waiting()
            if ended is not None and (self.base.complete or waiting):
                return ended
            if not waiting or (self.fail_fast and self._violated()):
                return "every property has its verdict" if not waiting else "the first violation was found"
            # A step that leaves a range is not in the relation, so this is asked before step k is added to the path.
            gave_up = self._step(self._ranges, k) if self._ranges in waiting else None
            self._solver.add(self._taken(k))
            for goal in waiting:
                if goal is not self._ranges:
                    gave_up = gave_up or self._step(goal, k)
            if gave_up:
                return gave_up
            # Not earlier, because the last step may lead back to a state of the path.
            self._solver.add(*self._fresh(k))
        return f"not inductive up to k = {self.depth + 1}"

    def _waiting(self) -> list[Goal]:
        """Undecided goals. The goal about ranges is needed as long as a property needs it."""
        wanted = [g for p in self.properties if (g := self._goals[p.name]).shown is None and not self.base.answer(p)]
        proved = any(g.shown is not None for g in self._goals.values())
        return [*([self._ranges] if self._ranges.shown is None and (wanted or proved) else []), *wanted]

    def _violated(self) -> bool:
        found = (self.base.answer(p) for p in self.properties)
        return any(a is not None and a.verdict is Verdict.VIOLATED for a in found)

    # Induction -------------------------------------------------------------------------------------------------
    def _taken(self, k: int) -> Any:
        """The formula that step number k leads to a state where the lemmas hold."""
        return z3.And(self.steps.at(self.steps.relation, k - 1), self._assumed(k))

    def _fresh(self, k: int) -> list[Any]:
        """The formulas that the state after step number k differs from those before it."""
        return [self.steps.differ(n, k) for n in range(k)]

    def _assumed(self, n: int) -> Any:
        known = [self.steps.legal(), *(self.steps.holds(x.holds) for x in self.lemmas)]
        return self.steps.at(z3.And(*known), n)

    def _step(self, goal: Goal, k: int) -> str | None:
        """Record whether ``goal`` is k-inductive; returns why the solver gave up, if it did."""
        while goal.assumed < k:
            if not goal.of_step or goal.assumed:
                at = goal.assumed - 1 if goal.of_step else goal.assumed
                self._solver.add(z3.Implies(goal.label, z3.Not(self.steps.at(goal.bad, at))))
            goal.assumed += 1
        at, question = (k - 1 if goal.of_step else k), z3.Bool(f"{goal.label.decl().name()}@{k}")
        self._solver.add(z3.Implies(question, self.steps.at(goal.bad, at)))
        found = self.solving.check(self._solver, goal.label, question)
        if found == z3.unsat:
            goal.shown, goal.cti = k, None
        elif found == z3.sat:
            goal.cti = self._path_of(self._solver.model(), k, goal)
        else:
            return f"the solver gave up at k = {k}: {said(self._solver.reason_unknown())}"
        return None

    def _path_of(self, model: Any, k: int, goal: Goal) -> Recording | None:
        """The counterexample to induction as the interpreter replays it; None if its last step leaves a range."""
        if goal is self._ranges:
            return None
        picks = [self.steps.pick(model, n) for n in range(k)]
        return record(self.steps.interpreter, picks, self.steps.state_of(model, 0))

    # Lemmas ----------------------------------------------------------------------------------------------------
    def _inductive(self, lemmas: Iterable[Lemma]) -> list[Lemma]:
        """The largest set of lemmas that holds initially and is inductive (Houdini, on the finite instance)."""
        initial, relation = self.steps.initial(), self.steps.relation
        terms = {x.name: self.steps.holds(x.holds) for x in lemmas}
        candidates = [x for x in lemmas if self._never(initial, z3.Not(terms[x.name]))]
        while True:
            given = z3.And(self.steps.at(self.steps.legal(), 0), *(self.steps.at(terms[x.name], 0) for x in candidates))
            taken = self.steps.at(relation, 0)
            kept = [x for x in candidates if self._never(given, taken, z3.Not(self.steps.at(terms[x.name], 1)))]
            if len(kept) == len(candidates):
                return kept
            candidates = kept

    def _never(self, *formulas: Any) -> bool:
        solver = z3.SolverFor("QF_BV")
        solver.add(*formulas)
        return bool(self.solving.check(solver) == z3.unsat)

    # Answers ---------------------------------------------------------------------------------------------------
    def _goal(self, p: Checkable) -> Goal:
        return Goal(p.name, self.base.badness(p), of_step(p), z3.Bool(symbol("keep", p.name)))

    def _answer(self, p: Checkable, stopped: str) -> Answer:
        found = self.base.answer(p)
        if found is not None:
            return found
        goal = self._goals.get(p.name)
        if goal is None or goal.shown is None:
            cti = None if goal is None else goal.cti
            seen = (
                f"no run of {numbered(self.base.reached, 'step')} breaks it"
                if self.base.reached >= 0
                else "no run was checked"
            )
            return Answer(p, Verdict.UNKNOWN, f"{stopped}; {seen}", None, cti)
        if self._ranges.shown is None:
            return Answer(p, Verdict.UNKNOWN, f"inductive at k = {goal.shown}, but not shown: {RANGES} ({stopped})")
        names = f", with lemmas {', '.join(x.name for x in self.lemmas)}" if self.lemmas else ""
        return Answer(p, verdict_never_met(p), f"k-induction, k = {goal.shown}{names}")
