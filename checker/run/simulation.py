"""The engine that makes random runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from planrace.checker.run.cluster_tasks import task_hosts
from planrace.checker.run.contract import Abilities, Ability, Answers, Engine
from planrace.checker.run.request import Request
from planrace.properties.kinds import Checkable

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.tasks import TaskHosts
    from planrace.checker.engines.explicit.simulate import Elsewhere

MOST = 200
"""The most runs of a task."""
SHARES = 4
"""The tasks for each that can run at once: so many that all end at about the same time."""


class RandomRuns(Engine):
    name = "simulate"
    summary = "seeded random runs, for instances that are too large to search; finds violations, proves nothing"
    abilities = Abilities(Checkable, Ability.RANDOM, Ability.CLUSTER)

    def answer(self, request: Request) -> Answers:
        from planrace.checker.engines.explicit.simulate import RUNS, Simulation

        o = request.options
        with nullcontext() if o.cluster is None else task_hosts(o.cluster, o.workers, o.max_memory) as hosts:
            run = Simulation(
                request.instance,
                request.of(self.abilities.kinds),
                seed=random.SystemRandom().randrange(2**32) if o.seed is None else o.seed,
                runs=RUNS if o.runs is None else o.runs,
                limits=o.limits,
                listener=o.listener,
                fail_fast=o.fail_fast,
                elsewhere=None if hosts is None else _elsewhere(hosts),
            )
            return Answers(self.name, *run.run(), run.interrupted)


def _elsewhere(hosts: TaskHosts) -> Elsewhere:
    """Makes runs in tasks. Each takes several runs, because it has to make a step function first."""
    from planrace.checker.engines.cluster.tasks import run_all
    from planrace.checker.engines.explicit.simulate import MetRun, RunsWanted, met_in

    def made(wanted: RunsWanted, runs: int, check: Callable[[], None]) -> Iterator[MetRun | None]:
        size = max(1, min(MOST, runs // (SHARES * hosts.slots)))
        parts = [range(n, min(n + size, runs + 1)) for n in range(1, runs + 1, size)]
        found = run_all(
            met_in,
            wanted,
            parts,
            hosts,
            check=lambda _: check(),
            called=lambda part: f"runs {part.start} to {part.stop - 1}",
            lost=lambda _, __: [],
        )
        for part, met in zip(parts, found, strict=True):
            yield from met
            yield from [None] * (len(part) - len(met))

    return made
