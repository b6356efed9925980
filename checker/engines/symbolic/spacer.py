"""Spacer, Z3's fixedpoint engine (Komuravelli, Gurfinkel & Chaki, "SMT-based model checking for recursive programs",
CAV 2014): finds an inductive invariant of a finite instance by itself.

Its result is not trusted: the invariant is taken out of its answer, and three obligations (initial, kept, enough) are
discharged by a plain solver. For a violation, bounded model checking finds a shortest counterexample.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import z3

from planrace.checker.engines.answer import Answer, of_step, verdict_never_met
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.engines.symbolic.bmc import DEPTH, INTERRUPTED, Bounded
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving, said
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.results.report import ModelWarning
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.model.language import Instance
from planrace.properties.kinds import Checkable

SHORT = 16
"""The depth of bounded model checking before Spacer is used."""


class Spacer:
    """Decides properties of one instance; ``limits.depth`` only bounds the length of counterexamples."""

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
        self.fail_fast = fail_fast
        self.interrupted = False
        self._depth = DEPTH * 4 if self.limits.depth is None else self.limits.depth
        self.solving = Solving(LimitGuard("spacer", self.limits, listener))
        self.base = Bounded(instance, properties, limits=self.limits, fail_fast=fail_fast, solving=self.solving)
        self._answers: dict[str, Answer] = {}

    def run(self) -> list[Answer]:
        """Answers in the order of the properties. Raises ``ModelError``."""
        try:
            stopped = self.solving.run(self._search)
        except SolverStoppedError as limit:
            stopped = str(limit)
        except KeyboardInterrupt:
            self.interrupted, stopped = True, INTERRUPTED
        return [self._answer_of(p) or Answer(p, Verdict.UNKNOWN, stopped) for p in self.properties]

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """A warning if no step is possible."""
        return self.base.warnings

    @property
    def steps(self) -> Steps:
        """The instance in Z3."""
        return self.base.steps

    def _search(self) -> str:
        """Bounded model checking first: it finds short runs sooner. Returns why the search ended."""
        ended = self.base.search(min(SHORT, self._depth))
        self.base.vacuous()
        waiting = self._waiting()
        if not waiting or (self.fail_fast and self._violated()):
            return ended
        in_range = self._settle(self.steps.out_of_range)
        while waiting := self._waiting():
            if self.fail_fast and self._violated():
                return "the first violation was found"
            p = waiting[0]
            self._answers[p.name] = self._answer(p, in_range)
        return "every property has its verdict"

    def _waiting(self) -> list[Checkable]:
        return [p for p in self.properties if self._answer_of(p) is None]

    def _answer_of(self, p: Checkable) -> Answer | None:
        return self._answers.get(p.name) or self.base.answer(p)

    def _violated(self) -> bool:
        return any(a is not None and a.verdict is Verdict.VIOLATED for a in map(self._answer_of, self.properties))

    def _answer(self, p: Checkable, in_range: str | None) -> Answer:
        bad = self.base.badness(p)
        problem = self._settle(z3.And(self.steps.relation, bad) if of_step(p) else bad)
        if problem is None and in_range is None:
            return Answer(p, verdict_never_met(p), "Spacer's invariant, checked by a plain solver")
        if "violated" in (problem, in_range):
            return self._counterexample(p)
        return Answer(p, Verdict.UNKNOWN, problem or f"not shown that every value stays in its range: {in_range}")

    def _counterexample(self, p: Checkable) -> Answer:
        """The shortest counterexample; Spacer says that there is one."""
        ended: str | None = None
        while self.base.answer(p) is None and ended is None and self.base.reached < self._depth:
            ended = self.base.deepen(self.base.reached + 1)
        found = self.base.answer(p)
        if found is None or found.recording is None:
            ended = ended or f"it has more than {numbered(self._depth, 'step')}"
            return Answer(p, Verdict.UNKNOWN, f"Spacer says it is decided by a run, but none was told: {ended}")
        return found

    # Fixedpoints -----------------------------------------------------------------------------------------------
    def _settle(self, bad: Any) -> str | None:
        """None if ``bad`` is unreachable and that was checked; "violated"; or why it is not known."""
        if self._answer_to(self.steps.at(bad, 0)) == z3.unsat:
            return None  # no state and no step is bad, reachable or not
        engine, inductive, error = self._horn(bad)
        self.solving.look()
        try:
            found = engine.query(error)
        except z3.Z3Exception as problem:
            self.solving.look()
            return f"Spacer gave up: {said(problem)}"
        self.solving.look()
        if found == z3.sat:
            return "violated"
        if found == z3.unknown:
            return f"Spacer gave up: {said(engine.reason_unknown())}"
        return self._check(self._certificate(engine.get_answer(), inductive), bad)

    # Bits ------------------------------------------------------------------------------------------------------
    @cached_property
    def _before(self) -> list[Any]:
        return [c for _, c in self.steps.constants()]

    @cached_property
    def _after(self) -> list[Any]:
        return [c for _, c in self.steps.constants(after=True)]

    @cached_property
    def _parts(self) -> dict[int, list[Any]]:
        """The bits of every constant of the templates."""
        return {c.get_id(): _bits(c) for c in (*self._before, *self._after, self.steps.selector)}

    @cached_property
    def _whole(self) -> list[tuple[Any, Any]]:
        """The replacement of every constant by its bits."""
        constants = (*self._before, *self._after, self.steps.selector)
        return [(c, _number(self._parts[c.get_id()])) for c in constants]

    def _horn(self, bad: Any) -> tuple[Any, Any, Any]:
        """Constrained Horn clauses: an inductive predicate over the fields, and an error that it must exclude."""
        engine = z3.Fixedpoint()
        engine.set("engine", "spacer")
        engine.set("spacer.random_seed", 0)
        before, after = self._all(self._before), self._all(self._after)
        inductive = z3.Function("Inductive", *(z3.BoolSort() for _ in before), z3.BoolSort())
        error = z3.Bool("Error")
        engine.register_relation(inductive, error.decl())
        engine.declare_var(*before, *after, *self._all([self.steps.selector]))
        here = inductive(*before)
        engine.rule(here, self._blasted(self.steps.initial()))
        engine.rule(inductive(*after), [here, self._blasted(self.steps.relation)])
        engine.rule(error, [here, self._blasted(bad)])
        return engine, inductive, error

    def _all(self, constants: Sequence[Any]) -> list[Any]:
        return [b for c in constants for b in self._parts[c.get_id()]]

    def _blasted(self, formula: Any) -> Any:
        """The formula over the bits of its numbers: on bit-vectors, Spacer has returned wrong invariants."""
        return z3.Then("simplify", "bit-blast", "simplify")(z3.substitute(formula, *self._whole)).as_expr()

    def _certificate(self, answer: Any, inductive: Any) -> Any:
        """The predicate in Spacer's answer, over the fields; None if the answer has an unexpected form."""
        waiting = [answer]
        while waiting:
            formula = waiting.pop()
            if z3.is_quantifier(formula):
                body = formula.body()
                if z3.is_eq(body) and z3.is_app(body.arg(0)) and body.arg(0).decl().eq(inductive):
                    # Variables count from the innermost binder: the last argument is variable 0.
                    values = {
                        z3.get_var_index(v): c
                        for v, c in zip(body.arg(0).children(), self._all(self._before), strict=True)
                    }
                    return z3.substitute_vars(body.arg(1), *(values[n] for n in range(len(values))))
            elif z3.is_app(formula):
                waiting += formula.children()
        return None

    def _check(self, certificate: Any, bad: Any) -> str | None:
        """Discharge the obligations of the invariant that was found."""
        if certificate is None:
            return "Spacer's answer holds no invariant that could be checked"
        at = self.steps.at
        bits = [(b, z3.Extract(n, n, c) == 1) for c in self._before for n, b in enumerate(self._parts[c.get_id()])]
        certificate = z3.substitute(certificate, *bits)
        initial, relation = at(self.steps.initial(), 0), at(self.steps.relation, 0)
        before, after = at(certificate, 0), at(certificate, 1)
        for name, formulas in {
            "holds initially": [initial, z3.Not(before)],
            "is kept": [before, relation, z3.Not(after)],
            "is enough": [before, at(bad, 0)],
        }.items():
            answer = self._answer_to(*formulas)
            if answer != z3.unsat:
                said = "does not agree" if answer == z3.sat else "cannot tell"
                return f"Spacer's invariant was refused: a plain solver {said} that it {name}"
        return None

    def _answer_to(self, *formulas: Any) -> Any:
        """A plain solver's answer; invariants that Spacer finds may have quantifiers."""
        solver = z3.SolverFor("BV" if any(map(_quantified, formulas)) else "QF_BV")
        solver.add(*formulas)
        return self.solving.check(solver)


def _quantified(formula: Any) -> bool:
    waiting, seen = [formula], set()
    while waiting:
        part = waiting.pop()
        if z3.is_quantifier(part):
            return True
        if part.get_id() not in seen:
            seen.add(part.get_id())
            waiting += part.children()
    return False


def _bits(constant: Any) -> list[Any]:
    """Truth values for the bits of a constant, the lowest first."""
    return [z3.Bool(f"{constant.decl().name()}@{n}") for n in range(constant.size())]


def _number(bits: Sequence[Any]) -> Any:
    digits = [z3.If(b, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1)) for b in reversed(bits)]
    return z3.Concat(*digits) if len(digits) > 1 else digits[0]
