"""A random run of an instance: any enabled step, of faults only some."""

from __future__ import annotations

from random import Random

from planrace.checker.engines.limits import timed
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance

FAULTS = 0.1
"""How often a fault is taken where there are other steps, too."""


def random_run(instance: Instance, steps: int, seed: int) -> Recording:
    """A run of that many steps, or less if it comes to a state in which nothing is enabled. It begins in an initial
    state in which something is, if there is one. Equal seeds make equal runs. Raises ``TimeUpError``."""
    chance, interpreter = Random(seed), Interpreter(instance)
    starts = interpreter.initials()
    lively = [s for s in starts if any(True for _ in interpreter.moves(s))]
    run = Recording(interpreter, chance.choice(lively or starts))
    for _ in timed(range(steps), 64):
        moves = list(interpreter.moves(run.states[-1]))
        usual = [m for m in moves if m[0].action.fault is None]
        if not moves:
            break
        move, after = chance.choice(usual if usual and chance.random() >= FAULTS else moves)
        run.moves.append(move)
        run.states.append(after)
    return run
