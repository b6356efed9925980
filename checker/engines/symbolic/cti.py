"""Counterexamples to induction on a finite instance: states, reachable or not, from which a step breaks a property or
is a model error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import z3

from planrace.checker.engines.limits import LimitGuard, Limits
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.semantics.replay import Recording, record
from planrace.model.language import Instance, ModelError, Term
from planrace.properties.kinds import Invariant, StepInvariant

Found = TypeVar("Found")


def counterexample_to_induction(
    instance: Instance, given: Sequence[Term], p: Invariant | StepInvariant, solving: Solving | None = None
) -> Recording | None:
    """One step from a state where ``given`` (and an invariant ``p`` itself) hold, which breaks ``p``; None if the
    solver finds none at this size within the limits of ``solving``. The interpreter has replayed it."""
    return _within(solving, lambda s: _breaking(instance, given, p, s))


def model_error(
    instance: Instance, given: Sequence[Term], solving: Solving | None = None
) -> tuple[Recording, str] | None:
    """A state where ``given`` holds and from which a step is a model error, with the interpreter's message about that
    step; None if the solver finds none at this size within the limits of ``solving``."""
    return _within(solving, lambda s: _wrong(instance, given, s))


def _within(solving: Solving | None, work: Callable[[Solving], Found | None]) -> Found | None:
    active = solving or Solving(LimitGuard("looking for a counterexample to induction", Limits()))
    try:
        return active.run(lambda: work(active))
    except SolverStoppedError:
        return None


def _breaking(
    instance: Instance, given: Sequence[Term], p: Invariant | StepInvariant, solving: Solving
) -> Recording | None:
    steps = Steps(instance, [*given, p.holds], look=solving.look)
    solver = z3.SolverFor("QF_BV")
    solver.set("random_seed", 0)
    known = [steps.legal(), *(steps.holds(t) for t in given)]
    solver.add(*(steps.at(f, 0) for f in known), steps.at(steps.relation, 0))
    if isinstance(p, Invariant):
        solver.add(steps.at(steps.holds(p.holds), 0), z3.Not(steps.at(steps.holds(p.holds), 1)))
    else:
        solver.add(steps.at(steps.holds(~p.holds, of_step=True), 0))
    if solving.check(solver) != z3.sat:
        return None
    model = solver.model()
    return record(steps.interpreter, [steps.pick(model, 0)], steps.state_of(model, 0))


def _wrong(instance: Instance, given: Sequence[Term], solving: Solving) -> tuple[Recording, str] | None:
    steps = Steps(instance, given, look=solving.look)
    solver = z3.SolverFor("QF_BV")
    solver.set("random_seed", 0)
    known = [steps.legal(), *(steps.holds(t) for t in given)]
    solver.add(*(steps.at(f, 0) for f in known), steps.at(steps.out_of_range, 0))
    if solving.check(solver) != z3.sat:
        return None
    start = record(steps.interpreter, [], steps.state_of(solver.model(), 0))
    try:
        list(steps.interpreter.moves(start.states[0]))
    except ModelError as problem:
        return start, problem.what
    return None
