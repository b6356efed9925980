"""Engines by name: which there are, and asking one of them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from model.language import Instance, ModelError
from model.language.protocol import known
from properties.kinds import Checkable, Property

from .answers import Answer
from .limits import Limits, Listener, memory_in_use, until
from .ranges import RANGES, Range, shortened
from .vocabulary import Exploration, Warned

ENGINES = {
    "auto": "explicit search that goes native when it is large",
    "explicit": "complete breadth-first search of a finite instance; shortest counterexamples",
    "native": "the same in machine code, on all cores",
    "simulate": "seeded random runs through instances that are too large to search; finds, never proves",
    "bmc": "bounded model checking with Z3 to --depth steps (default 30); shortest counterexamples",
    "induction": "k-induction with Z3 up to k = --depth (default 30), with the protocol's lemmas; proves one size",
    "spacer": "Z3's fixedpoint engine finds an invariant of one size by itself; the invariant is checked",
    "proof": "proves for every size, or finds a counterexample on a small instance (see `check prove`)",
}
SYMBOLIC = ("bmc", "induction", "spacer")
EXPLICIT = ("auto", "explicit", "native")


NUMBERS = ("depth", "states", "memory", "seconds", "seed", "runs", "workers", "alternatives")
"""Fields of ``Options`` that are numbers."""


@dataclass(frozen=True)
class Options:
    """How to run. ``memory`` bytes, ``seconds`` wall time; None is no bound (memory: 75 % of the machine), of
    ``workers`` one for each core; of ``symmetry`` the engine's choice."""

    engine: str = "auto"
    properties: tuple[str, ...] = ()
    scenario: str | None = None
    fail_fast: bool = False
    exhaustive: bool = False
    symmetry: bool | None = None
    slicing: bool = True
    depth: int | None = None
    states: int | None = None
    memory: int | None = None
    seconds: float | None = None
    seed: int | None = None
    runs: int | None = None
    workers: int | None = None
    listener: Listener | None = None
    ir: Callable[[str], None] | None = None
    """Is given the LLVM IR of the search, which is then in machine code from the start."""
    explain: bool = False
    """Say of every trace all that there is to say; otherwise only its causes."""
    alternatives: int | None = None
    """How many steps away from traces the report lets one walk."""
    beside: Any = None
    """A protocol or variant in which the steps of traces are taken too; of several the first that holds, if a short
    search can tell, else the first."""
    least_delay: bool = False
    all_different: bool = False
    """Look for counterexamples with other races."""
    verbose: bool = False
    """Tell whatever can be told, however long it takes; else telling has a few seconds."""

    def __post_init__(self) -> None:
        check_names("properties", self.properties)
        check_numbers(**{name: getattr(self, name) for name in NUMBERS})
        object.__setattr__(self, "properties", tuple(self.properties))

    @property
    def candidates(self) -> tuple[Any, ...]:
        """What may be laid beside traces, the best first."""
        if self.beside is None:
            return ()
        return tuple(self.beside) if isinstance(self.beside, list | tuple) else (self.beside,)

    @property
    def limits(self) -> Limits:
        """The bounds of the search."""
        return Limits(self.depth, self.states, self.memory or _three_quarters(), self.seconds)


def check_names(what: str, given: object) -> None:
    """``given`` is a list of names: ``faults="crash"`` would be five faults."""
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(x, str) for x in given):
        raise ModelError(f"{what}={given!r} is no list of names", remedy=f"write {what}=['…']")


def check_numbers(**given: object) -> None:
    """Each is None or a number of its range (``RANGES``). Raises ``ModelError``."""
    for name, value in given.items():
        if value is not None:
            check_number(name, value, RANGES[name])


def check_number(name: str, value: object, of: Range) -> None:
    """A number of the range. Raises ``ModelError``."""
    fault = of.fault(value)
    if fault is not None:
        raise ModelError(f"{name}={shortened(value)} {fault}", remedy=of.remedy)


def engine_of(options: Options) -> str:
    """The engine that the options ask for; raises ``ModelError`` where other options do not go with it."""
    name = known(options.engine, ENGINES, "engine")
    if options.symmetry and name not in EXPLICIT:
        raise ModelError(f"engine {name} has no symmetry reduction", remedy="leave out --symmetry")
    if name not in EXPLICIT and options.exhaustive:
        raise ModelError(f"engine {name} is never exhaustive", remedy="leave out --exhaustive or use --engine explicit")
    if name not in ("auto", "native") and options.ir is not None:
        raise ModelError(f"engine {name} makes no machine code", remedy="use --engine native to see it")
    if options.scenario is not None and (name not in EXPLICIT or options.properties):
        raise ModelError("a scenario is looked for by explicit search, and alone", remedy="leave out the other")
    if name != "simulate" and (options.seed is not None or options.runs is not None):
        raise ModelError("a seed and a number of runs belong to random simulation", remedy="add --engine simulate")
    return name if options.ir is None else "native"


def ask(
    engine: str, instance: Instance, properties: list[Property], options: Options
) -> tuple[str, list[Answer], Exploration | None, bool, tuple[Warned, ...]]:
    """The engine that answered, the answers, what was covered, whether it was interrupted, and warnings about the
    model. Only explicit search answers properties of continuations and warns. All ends with the time limit."""
    with until(options.seconds):
        return _asked(engine, instance, properties, options)


def _asked(
    engine: str, instance: Instance, properties: list[Property], options: Options
) -> tuple[str, list[Answer], Exploration | None, bool, tuple[Warned, ...]]:
    common: dict[str, Any] = {"listener": options.listener, "fail_fast": options.fail_fast}
    checkable = [p for p in properties if isinstance(p, Checkable)]
    if engine in SYMBOLIC:
        from .smt import engine as symbolic

        run = symbolic(engine)(instance, checkable, limits=options.limits, **common)
        answers = run.run()
        return engine, answers, None, run.interrupted, run.warnings
    if engine == "simulate":
        return engine, *_simulated(instance, checkable, options, common), ()
    from .searches import searched

    return searched(engine, instance, properties, options)


def _simulated(
    instance: Instance, properties: list[Checkable], options: Options, common: dict[str, Any]
) -> tuple[list[Answer], Exploration, bool]:
    from .explore import Simulation

    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    more: dict[str, Any] = {"runs": options.runs} if options.runs is not None else {}
    run = Simulation(instance, properties, seed=seed, limits=options.limits, **common, **more)
    return *run.run(), run.interrupted


def _three_quarters() -> int | None:
    """75 % of the machine's memory, where the system tells it and how much of it this process uses."""
    if not memory_in_use():
        return None
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 0.75)
    except (ValueError, OSError, AttributeError):
        return None
