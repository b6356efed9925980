"""Mutants of initial values: conditions on initial states that are dropped or weakened, and values never begun with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from planrace.checker.results.wording import counted
from planrace.checker.review.mutation.weaken import weaker
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import Instance, Place, System
from planrace.model.language.terms import TRUE


@dataclass(frozen=True, eq=False)
class OtherStart:
    """A system that begins otherwise, and the change as text."""

    subject: str
    change: str
    where: Place | None
    system: System


def other_starts(system: System) -> Iterator[OtherStart]:
    """Systems with one condition on initial states dropped or weakened, or with one initial value less of a variable
    that has several. What belongs to the parts of a record, a sequence or a map is left alone: its parts have to
    fit."""
    for n, b in enumerate(system.beginnings):
        before, after = system.beginnings[:n], system.beginnings[n + 1 :]
        for altered in weaker(b.holds) if not b.of else ():
            kept = () if altered.term is TRUE else (replace(b, holds=altered.term),)
            made = replace(system, beginnings=(*before, *kept, *after))
            yield OtherStart("initial states", altered.words, b.where, made)
    for n, v in enumerate(system.variables):
        if len(v.among) < 2 or v.whole is not None or v.name in system.auxiliary:
            continue
        for k, value in enumerate(v.among):
            rest = (*v.among[:k], *v.among[k + 1 :])
            less = replace(v, initially=rest[0], among=()) if len(rest) == 1 else replace(v, among=rest)
            made = replace(system, variables=(*system.variables[:n], less, *system.variables[n + 1 :]))
            yield OtherStart("initial states", f"{v.name} never begins as {value}", v.where, made)


def difference_of_starts(instance: Instance, mutant: System) -> str:
    """How many initial states are new or gone, as text; empty if they are the same."""
    mine = set(Interpreter(instance).initials())
    theirs = set(Interpreter(replace(instance, system=mutant)).initials())
    parts = [(theirs - mine, "more"), (mine - theirs, "fewer")]
    return ", ".join(f"{counted(len(states), 'initial state')} {word}" for states, word in parts if states)
