"""What the actions of a system do beside what their authors write: steps of a bounded fault are counted.

Protections may replace guards and updates of such actions, so this is added last; what is there already is not added
again.
"""

from __future__ import annotations

import re
from dataclasses import replace

from planrace.model.language.actions import Action, Outcome, Update
from planrace.model.language.constructors import both
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Parameter, integers
from planrace.model.language.system import FaultBound, System, Variable
from planrace.model.language.terms import Term, constant


def woven(system: System) -> System:
    """The system in which the steps of bounded faults are counted, and end at the bound."""
    actions = dict(system.actions)
    for bound in system.bounds:
        actions |= {n: _counted(a, bound) for n, a in actions.items() if a.fault == bound.fault}
    return replace(system, actions=actions)


def fault_bound(fault: str, at_most: object, where: Place | None) -> FaultBound:
    """The bound of a fault, with the variable that counts its steps. Raises ``DefinitionError`` if it is neither a
    number from 1 on nor a parameter that is never negative."""
    if isinstance(at_most, bool) or not isinstance(at_most, int | Parameter):
        raise DefinitionError(
            f"fault {fault}: at_most={at_most!r} is neither a number nor a parameter",
            remedy="write at_most=2, or at_most= what protocol.parameter(…) has returned",
        )
    if isinstance(at_most, int) and at_most < 1:
        raise DefinitionError(
            f"fault {fault}: with at_most={at_most} it never happens", remedy="leave it off, or give a number from 1 on"
        )
    if isinstance(at_most, Parameter) and at_most.low < 0:
        raise DefinitionError(
            f"fault {fault}: at_most={at_most.name} may be negative", remedy=f"declare {at_most.name} with low=0"
        )
    name = counter_of(fault)
    sort = integers(0, at_most, f"number of {fault}")
    counter = Variable(name, sort, constant(0, sort), f"how often {fault} has happened", where, auxiliary=True)
    return FaultBound(fault, at_most, counter)


def counter_of(fault: str) -> str:
    """The name of the variable that counts the steps of a fault."""
    return re.sub(r"\W", "_", f"{fault}_count" if fault[:1].isalpha() else f"fault_{fault}_count")


def _counted(action: Action, bound: FaultBound) -> Action:
    counter = bound.counter.term
    room = counter < bound.at_most
    conditions = action.when.args if action.when.op is Op.AND else (action.when,)
    when = action.when if any(t is room for t in conditions) else both(action.when, room)
    return replace(action, when=when, outcomes=tuple(_counting(o, counter) for o in action.outcomes))


def _counting(outcome: Outcome, counter: Term) -> Outcome:
    if any(u.variable is counter for u in outcome.updates):
        return outcome
    return replace(outcome, updates=(*outcome.updates, Update(counter, counter + 1, outcome.where)))
