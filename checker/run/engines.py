"""Engines by name: which there are, and asking one of them."""

from __future__ import annotations

import random
from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.limits import until
from planrace.checker.results.report import Coverage, ModelWarning
from planrace.checker.run.options import Options
from planrace.model.language import Instance, ModelError
from planrace.model.language.errors import known
from planrace.properties.kinds import Checkable, Property

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
) -> tuple[str, list[Answer], Coverage | None, bool, tuple[ModelWarning, ...]]:
    """The engine that answered, the answers, what was covered, whether it was interrupted, and warnings about the
    model. Only explicit search answers properties of continuations and warns. All ends with the time limit."""
    with until(options.seconds):
        return _asked(engine, instance, properties, options)


def _asked(
    engine: str, instance: Instance, properties: list[Property], options: Options
) -> tuple[str, list[Answer], Coverage | None, bool, tuple[ModelWarning, ...]]:
    common: dict[str, Any] = {"listener": options.listener, "fail_fast": options.fail_fast}
    checkable = [p for p in properties if isinstance(p, Checkable)]
    if engine in SYMBOLIC:
        from planrace.checker.engines.symbolic import engine as symbolic

        run = symbolic(engine)(instance, checkable, limits=options.limits, **common)
        answers = run.run()
        return engine, answers, None, run.interrupted, run.warnings
    if engine == "simulate":
        return engine, *_simulated(instance, checkable, options, common), ()
    from planrace.checker.run.explicit import searched

    return searched(engine, instance, properties, options)


def _simulated(
    instance: Instance, properties: list[Checkable], options: Options, common: dict[str, Any]
) -> tuple[list[Answer], Coverage, bool]:
    from planrace.checker.engines.explicit.simulate import Simulation

    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    more: dict[str, Any] = {"runs": options.runs} if options.runs is not None else {}
    run = Simulation(instance, properties, seed=seed, limits=options.limits, **common, **more)
    return *run.run(), run.interrupted
