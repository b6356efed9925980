"""Breadth-first search in the plain interpreter alone: slow, obvious, and what the engines are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from planrace.checker.semantics.interpreter import Context, Interpreter, State
from planrace.model.language import Array, Instance, Op, SetOf, Sort, Term, Variable
from planrace.model.language.terms import subterms
from planrace.properties import Invariant, Property, Reachability, StepInvariant


@dataclass
class Naive:
    """What a full search of an instance finds. ``shortest``: property → steps up to the one that decides it; it is
    evaluated in all states, and of all steps, that are as near."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    shortest: dict[str, int] = field(default_factory=dict)


class TooManyError(Exception):
    """There are more states than a test should wait for."""


def search(instance: Instance, properties: Sequence[Property] | None = None, most: int | None = None) -> Naive:
    interpreter = Interpreter(instance)
    asked = list(instance.system.properties if properties is None else properties)
    events = [p for p in asked if isinstance(p, Reachability)]
    of_states = {p.name: ~p.holds for p in asked if isinstance(p, Invariant)}
    of_states |= {p.name: p.event for p in events if not speaks_of_a_step(p.event)}
    of_steps = {p.name: ~p.holds for p in asked if isinstance(p, StepInvariant)}
    of_steps |= {p.name: p.event for p in events if speaks_of_a_step(p.event)}
    found, depth = Naive(), 0
    frontier: list[State] = initials(instance)
    seen = set(frontier)
    while frontier:
        fresh = []
        decided = set(found.shortest)
        for s in frontier:
            for name, term in of_states.items():
                if name not in decided and interpreter.holds(term, s):
                    found.shortest[name] = depth
            for move, t in interpreter.moves(s):
                found.transitions += 1
                for name, term in of_steps.items():
                    if name not in decided and interpreter.holds(term, s, t, move):
                        found.shortest[name] = depth + 1
                if t not in seen:
                    seen.add(t)
                    fresh.append(t)
        if most is not None and len(seen) > most:
            raise TooManyError
        frontier = fresh
        depth += bool(fresh)
    found.states, found.depth = len(seen), depth
    return found


def initials(instance: Instance) -> list[State]:
    """Every initial state: all states with initial values, of which those are kept that satisfy the conditions."""
    interpreter = Interpreter(instance)
    choices = [list(_values(interpreter, v)) for v in instance.system.variables]
    return [s for s in product(*choices) if all(interpreter.holds(b.holds, s) for b in instance.system.beginnings)]


def _values(interpreter: Interpreter, v: Variable) -> Iterator[Any]:
    """The initial values of a variable."""
    alternatives = [interpreter.evaluate(t, Context({}, ())) for t in v.starts]
    yield from dict.fromkeys(_combined(interpreter.instance, v.sort, alternatives or None))


def _combined(instance: Instance, sort: Sort, alternatives: list[Any] | None) -> Iterator[Any]:
    """The values of a sort; with ``alternatives``, those whose elements stand in one of these at the same place."""
    if isinstance(sort, Array):
        members = range(len(instance.members(sort.domain)))
        inner = [alternatives and [a[n] if isinstance(a, tuple) else a for a in alternatives] for n in members]
        yield from product(*(list(_combined(instance, sort.element, i)) for i in inner))
    elif alternatives is not None:
        yield from alternatives
    elif isinstance(sort, SetOf):
        for chosen in product((False, True), repeat=len(instance.members(sort.element))):
            yield frozenset(m for m, taken in zip(instance.members(sort.element), chosen, strict=True) if taken)
    else:
        yield from instance.members(sort)


def speaks_of_a_step(term: Term) -> bool:
    return any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(term))
