"""Gathers the evidence for the gate: a complete search, lint, mutants, and proofs if they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from planrace.checker.advice.lint.finding import LintFindings
from planrace.checker.advice.lint.lint import lint
from planrace.checker.engines.limits import look_at_the_clock, time_left, until
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.gate.conditions import Establishment, Evidence, GateRequest
from planrace.checker.review.gate.judge import judge
from planrace.checker.review.mutation.judge import Mutation, UndecidedMutationError, mutate
from planrace.checker.run.contract import Ability
from planrace.checker.run.options import Options
from planrace.checker.run.proving import Proving
from planrace.checker.run.registry import engine_for
from planrace.checker.run.request import Selection, select_properties
from planrace.checker.run.run import run
from planrace.model.language import ModelError

X = TypeVar("X")


def establish(selection: Selection, request: GateRequest, options: Options | None = None) -> Establishment:
    """Gather the evidence within the time limit of ``options``, and judge it. Raises ``ModelError``."""
    options = options or Options()
    _check(selection, request, options)
    whole = replace(options, exhaustive=True, fail_fast=False, explain=False, ir=None)
    with until(options.time_limit):
        report = run(selection, whole)
        gathering = _Gathering(selection, whole, report)
        proof = gathering.attempt("proof", gathering.proof) if request.every_size else None
        linted = gathering.attempt("linted", gathering.linted)
        mutation = gathering.attempt("mutation", gathering.mutation)
    return judge(request, Evidence(report, proof, linted, mutation, gathering.missing))


def _check(selection: Selection, request: GateRequest, options: Options) -> None:
    """Refuse requests that ask for less than the gate is about."""
    if options.properties or options.scenario is not None:
        remedy = "leave out properties and scenario"
        raise ModelError("a protocol is established by all of its properties", remedy=remedy)
    if Ability.EXHAUSTIVE not in engine_for(replace(options, exhaustive=False)).abilities:
        what = f"the gate needs a complete search; engine {options.engine} makes none"
        raise ModelError(what, remedy="use auto, explicit or native; every_size adds proofs")
    select_properties(selection.system, request.violated)
    if request.every_size:
        selection.check_every_size()
        _ = selection.variant  # a System cannot be proved


@dataclass
class _Gathering:
    """Work that follows the search. It is left out if the search was interrupted or there is no time."""

    selection: Selection
    options: Options
    report: Report
    missing: dict[str, str] = field(default_factory=dict)

    def attempt(self, name: str, work: Callable[[], X]) -> X | None:
        """The result of the work; None if there is none, and ``missing`` then says why."""
        if self.report.interrupted:
            self.missing[name] = "the run was interrupted"
            return None
        try:
            look_at_the_clock()
            return work()
        except (TimeUpError, UndecidedMutationError) as problem:
            self.missing[name] = str(problem)
            return None

    def proof(self) -> Report:
        """Proofs for every size, under the same faults."""
        every = replace(self.selection, sizes={})
        listener, limits = self.options.listener, self.options.limits
        properties, left_out = select_properties(every.system, (), engine_for(Options(engine="proof")).abilities.kinds)
        return Proving(every, limits=limits, listener=listener).run(properties, left_out)

    def linted(self) -> LintFindings:
        """The findings of lint; they are complete only if there is time left."""
        found = lint(self.selection.subject, self.selection.instance, self.selection.with_all_faults)
        look_at_the_clock()
        return found

    def mutation(self) -> Mutation:
        """The results of all mutants, unless the protocol itself is undecided."""
        unknown = [f.name for f in self.report.findings if f.verdict is Verdict.UNKNOWN]
        if unknown:
            raise UndecidedMutationError(f"{', '.join(unknown)}: undecided", remedy="decide the properties first")
        return mutate(self.selection, (), replace(self.options, time_limit=time_left(), exhaustive=False))
