"""What the actions of a system do beside what their authors write: ticks are counted, inserted steps are waited for,
and steps of a bounded fault are counted.

Protections may replace guards and updates, so this is added last, to the actions as they are written.
"""

from __future__ import annotations

import re
from dataclasses import replace

from planrace.model.language.actions import Action, Update
from planrace.model.language.constructors import both
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.histories import check_histories
from planrace.model.language.insertions import ordered
from planrace.model.language.point_insertions import with_steps
from planrace.model.language.sorts import ComputedSize, Parameter, integers, parameters_of, size_of_sort
from planrace.model.language.system import FaultBound, System, Variable
from planrace.model.language.terms import FALSE, Term, constant
from planrace.model.language.timekeeping import clocks_in, ticking, timed


def as_written(system: System) -> dict[str, Action]:
    """The actions without what ``woven`` adds."""
    return {n: a.written or a for n, a in system.actions.items() if a.passes is not FALSE}


def woven(system: System) -> System:
    """The system whose actions, which are as written, keep their times and wait for inserted steps, and in which steps
    of bounded faults are counted and end at the bound. It has the clocks of its timed actions."""
    written, clocks = system.actions, clocks_in(system)
    counted = {c.variable.name: c.variable for c in (*system.clocks, *clocks)}
    variables = [counted.pop(v.name, v) for v in system.variables]
    system = replace(system, clocks=clocks, variables=(*variables, *counted.values()))
    actions = ordered(system.insertions, with_steps(system.point_insertions, timed(system)))
    for bound in system.bounds:
        actions |= {n: _counted(a, bound) for n, a in actions.items() if a.fault == bound.fault}
    actions = ticking(system, actions)
    kept = {n: a if a is written.get(n, a) else replace(a, written=written[n]) for n, a in actions.items()}
    made = replace(system, actions=kept)
    check_histories(made)
    return made


def fault_bound(fault: str, at_most: object, where: Place | None) -> FaultBound:
    """The bound of a fault, with the variable that counts its steps. Raises ``DefinitionError`` if it is neither a
    number from 1 on nor a parameter, nor computed from these, that is never negative."""
    if isinstance(at_most, bool) or not isinstance(at_most, int | Parameter | ComputedSize | Term):
        raise DefinitionError(
            f"fault {fault}: at_most={at_most!r} is neither a number nor a parameter",
            remedy="write at_most=2, or at_most= what protocol.parameter(…) has returned",
        )
    at_most = size_of_sort(at_most, f"fault {fault}: at_most")
    if isinstance(at_most, int) and at_most < 1:
        raise DefinitionError(
            f"fault {fault}: with at_most={at_most} it never happens", remedy="leave it off, or give a number from 1 on"
        )
    if not isinstance(at_most, int) and at_most.low < 0:
        names = " and ".join(p.name for p in parameters_of(at_most))
        low = "low=0" if isinstance(at_most, Parameter) else "a greater low="
        raise DefinitionError(f"fault {fault}: at_most={at_most} may be negative", remedy=f"declare {names} with {low}")
    name = counter_of(fault)
    sort = integers(0, at_most, f"number of {fault}")
    counter = Variable(name, sort, constant(0, sort), f"how often {fault} has happened", where, auxiliary=True)
    return FaultBound(fault, at_most, counter)


def counter_of(fault: str) -> str:
    """The name of the variable that counts the steps of a fault."""
    return re.sub(r"\W", "_", f"{fault}_count" if fault[:1].isalpha() else f"fault_{fault}_count")


def _counted(action: Action, bound: FaultBound) -> Action:
    counter = bound.counter.term
    outcomes = (replace(o, updates=(*o.updates, Update(counter, counter + 1, o.where))) for o in action.outcomes)
    return replace(action, when=both(action.when, counter < bound.at_most), outcomes=tuple(outcomes))
