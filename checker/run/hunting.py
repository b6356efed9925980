"""The engine that hunts with bitstate searches."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.orbits import ASKED, UNASKED
from planrace.checker.results.bitstate import SearchOrder
from planrace.checker.results.browser import no_llvm
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.contract import Abilities, Ability, Answers, Engine
from planrace.checker.run.request import Request
from planrace.checker.run.strategies import SearchTask, symmetric
from planrace.model.language import ModelError
from planrace.properties.kinds import Checkable

if TYPE_CHECKING:
    from planrace.checker.engines.hunting.swarm import Swarm


class BitstateHunt(Engine):
    name = "bitstate"
    summary = "bitstate searches in machine code, for spaces that no memory holds; finds violations, proves nothing"
    abilities = Abilities(Checkable, Ability.RANDOM, Ability.BITSTATE, Ability.SYMMETRY, Ability.NORMAL_FORM)

    def answer(self, request: Request) -> Answers:
        try:
            swarm = _swarm(request)
        except TimeUpError as problem:  # before there was machine code
            how = f"not decided: {problem}"
            return Answers(self.name, [Answer(p, Verdict.UNKNOWN, how) for p in request.of(Checkable)])
        return Answers(self.name, *swarm.run(), swarm.interrupted)


def _swarm(request: Request) -> Swarm:
    """The searches that the request asks for. Raises ``ModelError``, also where there is no machine code."""
    task = SearchTask(request.instance, request.of(Checkable), request.options)
    task.check()
    o = request.options
    orbits = symmetric(task.instance, task.properties) if o.symmetry is None else o.symmetry
    try:
        from planrace.checker.engines.hunting.swarm import HASHES, SEARCHES, SIZE, Swarm
        from planrace.checker.engines.native.crew import cores
        from planrace.checker.engines.native.emit import UnsupportedError
    except (ImportError, OSError) as problem:
        raise _without_code(no_llvm(problem)) from None
    try:
        return Swarm(
            task.instance,
            task.properties,
            seed=random.SystemRandom().randrange(2**32) if o.seed is None else o.seed,
            searches=SEARCHES if o.runs is None else o.runs,
            size=SIZE if o.bit_array is None else o.bit_array // 8 * 8,
            hashes=HASHES if o.hashes is None else o.hashes,
            order=None if o.order is None else SearchOrder(o.order),
            workers=o.workers or cores(),
            limits=o.limits,
            listener=o.listener,
            fail_fast=o.fail_fast,
            symmetric=orbits,
            tried=UNASKED if o.symmetry is None else ASKED,
            sliced=task.sliced,
            normal=task.normal,
        )
    except (TimeUpError, ModelError):
        raise
    except (UnsupportedError, MemoryError, OSError, RuntimeError) as problem:
        raise _without_code(str(problem)) from None


def _without_code(reason: str) -> ModelError:
    return ModelError(
        f"engine bitstate needs machine code, and there is none: {reason}", remedy="use --engine simulate"
    )
