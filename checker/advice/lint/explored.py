"""Bounded explorations for lint: what small instances do, and the beginning of what the asked one does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel, OutOfRangeError
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import Limits
from planrace.checker.semantics.interpreter import RangeError, State
from planrace.model.language import Instance
from planrace.model.language.system import System

SMALL = 2
"""What parameters are in a small instance, as far as their ranges allow: with one member of everything much that is
meant to differ does not."""
WALKS, STEPS = 60, 120
"""Random runs from the initial state, and their steps, where a search does not get done."""
DECODED = 4_000
"""States that are looked at one by one."""


@dataclass(frozen=True, eq=False)
class Explored:
    """What an exploration met: ``endings`` of actions, packed ``states``; ``error`` is what left its range."""

    instance: Instance
    kernel: Kernel
    states: tuple[int, ...]
    complete: bool
    endings: frozenset[tuple[str, str | None]]
    error: RangeError | None

    @property
    def actions(self) -> set[str]:
        """Actions that happened."""
        return {name for name, _ in self.endings}

    @property
    def sizes(self) -> str:
        """Its parameters in words."""
        return ", ".join(f"{n}={v}" for n, v in self.instance.parameters.items()) or "its only size"

    def decoded(self) -> Iterator[State]:
        """States as the interpreter has them; where there are many, evenly chosen ones."""
        stride = max(1, len(self.states) // DECODED)
        return (self.kernel.layout.decode(s) for s in self.states[::stride])

    def greatest(self, variable: str) -> int | None:
        """The greatest value that a number, or an element of an array of numbers, had."""
        fields = [f for f in self.kernel.layout.fields.values() if f.variable == variable]
        return max((f.low + (s >> f.offset & f.mask) for s in self.states for f in fields), default=None)


def small(system: System) -> Instance:
    """The instance of a system with small sizes, which may be too small for what variables start with."""
    return Instance(system, tuple(min(p.high, max(p.low, SMALL)) for p in system.parameters))


def explored(instance: Instance, limits: Limits) -> Explored:
    """Explore an instance, breadth first within ``limits``, then by random runs if that was not all. Raises
    ``ModelError`` where variables start with what they cannot hold."""
    census = VacuityCheck(instance.checked(), [])
    search = Search(instance, [], exhaustive=True, limits=limits, census=census)
    error, complete = None, False
    try:
        complete = search.run()[1].complete
    except RangeError as problem:
        error = problem
    states, bits = dict.fromkeys(search.states()), census.bits
    if not complete and error is None:
        more, met, error = _walked(search.kernel, census)
        states.update(more)
        bits |= met
    names = [(s.name, s.part or None) for s in census.subjects]
    endings = frozenset(e for n, e in enumerate(names) if bits >> n & 1)
    return Explored(instance, search.kernel, tuple(states), complete, endings, error)


def _walked(kernel: Kernel, census: VacuityCheck) -> tuple[dict[int, None], int, RangeError | None]:
    """States of random runs, what they met as bits, and what went wrong."""
    expand = kernel.expand(Watch(met=census.subjects))
    chance, states, bits = random.Random(0), dict[int, None](), 0
    for _ in range(WALKS):
        s = kernel.initial
        for _ in range(STEPS):
            out: list[int] = []
            try:
                bits |= expand(s, out, []) >> 1
            except OutOfRangeError:
                return states, bits, _range_error(kernel, s)
            states[s] = None
            if not out:
                break
            s = chance.choice(out)
    return states, bits, None


def _range_error(kernel: Kernel, s: int) -> RangeError | None:
    """What the interpreter says is out of range in a packed state."""
    try:
        list(kernel.interpreter.moves(kernel.layout.decode(s)))
    except RangeError as problem:
        return problem
    return None
