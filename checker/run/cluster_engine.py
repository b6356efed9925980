"""The engine that searches on several machines."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from planrace.checker.engines.answer import Answer
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.cluster_tasks import connected, without_ray
from planrace.checker.run.contract import Abilities, Ability, Answers, Engine
from planrace.checker.run.explicit_engines import searched
from planrace.checker.run.options import CLUSTER, LOCAL, Options
from planrace.checker.run.request import Request
from planrace.checker.run.strategies import Searched, SearchTask
from planrace.model.language import ModelError
from planrace.properties.kinds import Checkable

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.hosts import Hosts


class OnCluster(Engine):
    """Recovery and liveness need the graph of all states with their numbers, which shards do not have."""

    name = CLUSTER
    summary = "machine code on the processors of several machines (Ray): for what one cannot hold"
    abilities = Abilities(
        Checkable,
        *(Ability.SYMMETRY, Ability.NORMAL_FORM, Ability.EXHAUSTIVE, Ability.SCENARIO),
        *(Ability.CLUSTER, Ability.SHARDS),
    )

    def answer(self, request: Request) -> Answers:
        mine = request.of(self.abilities.kinds)
        if not mine and not request.options.exhaustive:
            return Answers(self.name)
        try:
            return searched(on_cluster, replace(request, properties=mine))
        except TimeUpError as problem:  # before there were processes
            return Answers(self.name, [Answer(p, Verdict.UNKNOWN, f"not decided: {problem}") for p in mine])

    def kept(self, options: Options) -> AbstractContextManager[None]:
        return connected(options.cluster or LOCAL)


def on_cluster(task: SearchTask) -> Searched:
    """Search on the cluster that the options name, or on one that is started on this machine. Raises ``ModelError`` if
    there is none, or the instance cannot be compiled."""
    from planrace.checker.engines.cluster.search import ClusterSearch
    from planrace.checker.engines.native.emit import UnsupportedError

    seen, options = task.vacuity(), task.options
    limits = replace(options.limits, memory=options.max_memory)  # that of this machine says nothing of others
    hosts = _hosts(options.cluster or LOCAL, options.shards, options.workers)
    try:
        settings = {**task.settings, "vacuity": seen}
        search = ClusterSearch(task.instance, task.checkable, hosts, limits=limits, **settings)
    except UnsupportedError as problem:
        hosts.close()
        what = f"this instance cannot be compiled to machine code: {problem}"
        raise ModelError(what, remedy="use --engine explicit") from problem
    except BaseException:
        hosts.close()
        raise
    return Searched(CLUSTER, search, *search.run(), seen)


def _hosts(address: str, shards: int | None, workers: int | None) -> Hosts:
    try:
        from planrace.checker.engines.cluster.on_ray import RayHosts
    except ImportError as problem:
        raise without_ray(problem) from problem
    return RayHosts(address, shards, workers)
