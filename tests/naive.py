"""Breadth-first search in the plain interpreter alone: slow, obvious, and what the engines are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance, Op, Term
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
    frontier: list[State] = [interpreter.initial()]
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


def speaks_of_a_step(term: Term) -> bool:
    return any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(term))
