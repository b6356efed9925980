"""Bounded explorations for lint: of small instances, and of the first states of the requested one."""

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
"""The value of parameters in a small instance, if their ranges allow it: with one member, too much is equal."""
WALKS, STEPS = 60, 120
"""The number of random runs from the initial state, and of their steps, after an incomplete search."""
DECODED = 4_000
"""The most states that are decoded one by one."""


@dataclass(frozen=True, eq=False)
class Explored:
    """What an exploration found: ``endings`` (actions with their outcomes) that happened, packed ``states``, and the
    ``error`` of a value that left its range."""

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
        """Its parameters as text."""
        return ", ".join(f"{n}={v}" for n, v in self.instance.parameters.items()) or "its only size"

    def decoded(self) -> Iterator[State]:
        """Its states for the interpreter; an even selection if there are many."""
        stride = max(1, len(self.states) // DECODED)
        return (self.kernel.layout.decode(s) for s in self.states[::stride])

    def greatest(self, variable: str) -> int | None:
        """The greatest value that a number, or an element of an array of numbers, had."""
        fields = [f for f in self.kernel.layout.fields.values() if f.variable == variable]
        return max((f.low + (s >> f.offset & f.mask) for s in self.states for f in fields), default=None)


def small(system: System) -> Instance:
    """The instance of a system with small sizes. They may be too small for initial values."""
    return Instance(system, tuple(min(p.high, max(p.low, SMALL)) for p in system.parameters))


def explored(instance: Instance, limits: Limits) -> Explored:
    """Explore an instance breadth first within ``limits``, then by random runs if the search was incomplete. Raises
    ``ModelError`` if an initial value is out of range."""
    vacuity = VacuityCheck(instance.checked(), [])
    search = Search(instance, [], exhaustive=True, limits=limits, vacuity=vacuity)
    error, complete = None, False
    try:
        complete = search.run()[1].complete
    except RangeError as problem:
        error = problem
    states, bits = dict.fromkeys(search.states()), vacuity.bits
    if not complete and error is None:
        more, met, error = _walked(search.kernel, vacuity)
        states.update(more)
        bits |= met
    names = [(s.name, s.part or None) for s in vacuity.subjects]
    endings = frozenset(e for n, e in enumerate(names) if bits >> n & 1)
    return Explored(instance, search.kernel, tuple(states), complete, endings, error)


def _walked(kernel: Kernel, vacuity: VacuityCheck) -> tuple[dict[int, None], int, RangeError | None]:
    """The states of random runs, the endings that they met (as bits), and the error that stopped them."""
    expand = kernel.expand(Watch(met=vacuity.subjects))
    chance, states, bits = random.Random(0), dict[int, None](), 0
    for _ in range(WALKS):
        s = chance.choice(kernel.initials) if len(kernel.initials) > 1 else kernel.initials[0]
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
    """The interpreter's error in a packed state."""
    try:
        list(kernel.interpreter.moves(kernel.layout.decode(s)))
    except RangeError as problem:
        return problem
    return None
