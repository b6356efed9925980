"""Breadth-first search in the plain interpreter alone: slow, obvious, and what the engines are held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from checker.interpreter import Interpreter, State
from model.language import Instance
from properties import Invariant, Property, Reachability, StepInvariant


@dataclass
class Naive:
    """What a full search of an instance finds. ``shortest``: property → steps up to the one that decides it."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    shortest: dict[str, int] = field(default_factory=dict)


def search(instance: Instance, properties: list[Property] | None = None) -> Naive:
    interpreter = Interpreter(instance)
    asked = list(instance.system.properties if properties is None else properties)
    invariants = [p for p in asked if isinstance(p, Invariant)]
    stepped = [p for p in asked if isinstance(p, StepInvariant | Reachability)]
    found, depth = Naive(), 0
    frontier: list[State] = [interpreter.initial()]
    seen = set(frontier)
    while frontier:
        fresh = []
        for s in frontier:
            for p in invariants:
                if p.name not in found.shortest and not interpreter.holds(p.holds, s):
                    found.shortest[p.name] = depth
            for move, t in interpreter.moves(s):
                found.transitions += 1
                for q in stepped:
                    term = q.event if isinstance(q, Reachability) else ~q.holds
                    if q.name not in found.shortest and interpreter.holds(term, s, t, move):
                        found.shortest[q.name] = depth + 1
                if t not in seen:
                    seen.add(t)
                    fresh.append(t)
        frontier = fresh
        depth += bool(fresh)
    found.states, found.depth = len(seen), depth
    return found
