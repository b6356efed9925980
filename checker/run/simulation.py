"""The engine that makes random runs."""

from __future__ import annotations

import random

from planrace.checker.run.contract import Abilities, Ability, Answers, Engine
from planrace.checker.run.request import Request
from planrace.properties.kinds import Checkable


class RandomRuns(Engine):
    name = "simulate"
    summary = "seeded random runs, for instances that are too large to search; finds violations, proves nothing"
    abilities = Abilities(Checkable, Ability.RANDOM)

    def answer(self, request: Request) -> Answers:
        from planrace.checker.engines.explicit.simulate import RUNS, Simulation

        o = request.options
        run = Simulation(
            request.instance,
            request.of(self.abilities.kinds),
            seed=random.SystemRandom().randrange(2**32) if o.seed is None else o.seed,
            runs=RUNS if o.runs is None else o.runs,
            limits=o.limits,
            listener=o.listener,
            fail_fast=o.fail_fast,
        )
        return Answers(self.name, *run.run(), run.interrupted)
