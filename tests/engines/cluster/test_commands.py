"""What commands have carried out as tasks: their reports are those of one process. The tasks are in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from planrace.checker.api.calls import check, mutate
from planrace.checker.engines.cluster.tasks import TaskHosts
from planrace.checker.engines.explicit.simulate import RunsWanted, met_in
from planrace.checker.engines.limits import Progress
from planrace.checker.results.report import Report
from planrace.checker.results.stop import StopKind
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.mutation import judge
from planrace.checker.review.mutation.judge import MutantStatus, Mutation
from planrace.checker.run import cluster_tasks
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    Instance,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    index,
    integers,
    optional,
    primed,
    step,
    taken,
    update,
    when,
)
from planrace.properties import event, fact, invariant, role, scenario
from tests import ROOT
from tests.engines.cluster.here_tasks import HereTasks

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
On = Callable[[HereTasks], list[tuple[str, int | None, int | None]]]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> On:
    """Have these hosts carry out tasks; returns how they were asked for."""

    def use(hosts: HereTasks) -> list[tuple[str, int | None, int | None]]:
        asked: list[tuple[str, int | None, int | None]] = []

        def made(address: str, workers: int, memory: int | None) -> TaskHosts:
            asked.append((address, workers, memory))
            return hosts

        monkeypatch.setattr(cluster_tasks, "_made", made)
        return asked

    return use


# Simulation ------------------------------------------------------------------------------------------------------
def simulated(name: str, sizes: dict[str, int], **options: Any) -> tuple[Any, ...]:
    """All that must not depend on where runs are made."""
    report = check(name, sizes, options=Options(engine="simulate", **options))
    found = report.exploration
    assert found is not None
    return report.findings, found.states, found.transitions, found.depth, found.stopped, report.warnings


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize(
    ("name", "sizes"), [("original", SMALL), ("fixed", SMALL), (f"{ROOT}/examples/rollout.py:protocol", {})]
)
def test_runs_are_the_same_wherever_they_are_made(
    name: str, sizes: dict[str, int], slots: int, seed: int, on: On
) -> None:
    options: dict[str, Any] = {"seed": seed, "runs": 12, "depth": 40, "fail_fast": seed == 3}
    here = simulated(name, sizes, **options)
    hosts = HereTasks(slots)
    asked = on(hosts)
    assert simulated(name, sizes, cluster="auto", **options) == here
    assert asked == [("auto", 1, None)]
    assert hosts.closed
    assert len(hosts.started) > 1


def test_a_run_follows_from_the_seed_and_its_number() -> None:
    instance = find("fixed").system().instance(**SMALL)
    wanted = RunsWanted(instance, (), 7, 30)
    together = met_in(wanted, range(1, 9))
    assert [m for n in range(1, 9) for m in met_in(wanted, range(n, n + 1))] == together
    assert len({m.states for m in together}) > 5


def test_lost_runs_are_made_here(on: On) -> None:
    here = simulated("fixed", SMALL, seed=2, runs=10, depth=30)
    on(HereTasks(2, lost={0, 3}))
    assert simulated("fixed", SMALL, seed=2, runs=10, depth=30, cluster="local") == here


def test_a_bound_on_states_ends_it_after_the_same_run(on: On) -> None:
    here = simulated("fixed", SMALL, seed=2, runs=50, depth=30, max_states=60)
    hosts = HereTasks(1, ordered=True)
    on(hosts)
    assert simulated("fixed", SMALL, seed=2, runs=50, depth=30, max_states=60, cluster="local") == here
    assert here[4].kind is StopKind.STATES
    assert hosts.cancelled


def leaves(*, late: bool) -> Protocol:
    """A property whose value leaves its range, in a state after the one that decides it (``late``), or before."""
    p = Protocol("leaves")
    n = p.variable("n", integers(0, 9), 0)
    m = p.variable("m", integers(0, 3), 0)

    @p.action(by="it")
    def count() -> Step:
        return step(when(n < 9), update(n, n + 1), update(m, n // 3))

    held = p.variable("held", integers(0, 3), 0)

    @p.action(by="it")
    def hold() -> Step:
        return step(when(n == 9), update(held, m))

    p.final(n == 9)
    at = 2 if late else 9
    p.declare(invariant("divides", (n != at) & (n // (6 - n) < 9), "n is not there"))
    return p


def test_a_value_that_leaves_its_range_is_the_same_error(on: On) -> None:
    """Before it was decided; after it was, nobody looks at it."""
    options = Options(engine="simulate", seed=1, runs=3)
    with pytest.raises(RangeError) as here:
        check(leaves(late=False), options=options)
    on(HereTasks(1))
    with pytest.raises(RangeError) as there:
        check(leaves(late=False), options=replace(options, cluster="local"))
    assert str(there.value) == str(here.value)
    found = check(leaves(late=True), options=options)
    assert [f.verdict for f in found.findings] == [Verdict.VIOLATED]
    on(HereTasks(1))
    assert check(leaves(late=True), options=replace(options, cluster="local")).findings == found.findings


def test_time_ends_it(on: On) -> None:
    on(HereTasks(1))
    report = check("fixed", SMALL, options=Options(engine="simulate", seed=1, time_limit=0, cluster="local"))
    assert report.exploration is not None
    assert report.exploration.stopped is not None
    assert report.exploration.stopped.kind is StopKind.TIME


def test_runs_meet_nothing_when_time_is_up() -> None:
    from planrace.checker.engines.limits import until

    instance = find("fixed").system().instance(**SMALL)
    with until(0.0):
        assert met_in(RunsWanted(instance, (), 7, 30), range(1, 9)) == []


# Mutants ---------------------------------------------------------------------------------------------------------
def told(m: Mutation) -> list[tuple[Any, ...]]:
    return [(str(j.mutant), j.status, j.by, j.verdict, j.depth, j.how, j.difference, j.mutant.where) for j in m.judged]


MUTATED = [
    (f"{ROOT}/examples/rollout.py:fixed", {"workers": 2, "versions": 2}, ()),
    (f"{ROOT}/examples/lease.py:fixed", {}, ()),
    ("fixed", {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}, ("flip_alias",)),
]


@pytest.mark.parametrize(("name", "sizes", "actions"), MUTATED, ids=["rollout", "lease", "fixed"])
def test_mutants_are_judged_the_same(name: str, sizes: dict[str, int], actions: tuple[str, ...], on: On) -> None:
    here = mutate(name, sizes, actions=actions)
    hosts = HereTasks(3, memory=2**33)
    asked = on(hosts)
    there = mutate(name, sizes, actions=actions, options=Options(cluster="local", max_memory=2**33))
    assert told(there) == told(here)
    assert there.verdicts == here.verdicts
    assert len(hosts.started) == len(here.judged)
    assert asked == [("local", 1, 2**33)]
    assert {j.status for j in here.judged} > {MutantStatus.KILLED}


def test_a_lost_mutant_is_undecided(on: On) -> None:
    on(HereTasks(1, lost={2}))
    found = mutate(f"{ROOT}/examples/lease.py:fixed", options=Options(cluster="local"))
    (undecided,) = found.of(MutantStatus.UNDECIDED)
    assert undecided is found.judged[2]
    assert undecided.how == "not decided: the machine is gone"
    assert found.exit_code() == 3


def test_an_interruption_keeps_what_was_judged(on: On) -> None:
    hosts = HereTasks(1, ordered=True)
    on(hosts)

    def interrupt() -> None:
        if len(hosts.results) == 3:
            raise KeyboardInterrupt

    hosts.before = interrupt
    found = mutate(f"{ROOT}/examples/lease.py:fixed", options=Options(cluster="local"))
    assert found.interrupted
    assert [j.how == "not tried" for j in found.judged[:4]] == [False, False, False, True]
    assert hosts.closed


def test_progress_says_how_many_are_judged(on: On) -> None:
    heard: list[Progress] = []
    on(HereTasks(1))
    found = mutate(f"{ROOT}/examples/lease.py:fixed", options=Options(cluster="local", listener=heard.append))
    told_of = [p.task for p in heard if "mutants judged by the cluster" in p.task]
    assert told_of == [f"{n} of {len(found.judged)} mutants judged by the cluster" for n in range(len(found.judged))]


def test_each_mutant_has_its_memory_and_processors(on: On, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int | None, int | None, str]] = []
    verdicts = judge._Bench._verdicts

    def noted(self: Any, instance: Instance, before: Any) -> Any:
        given.append((self.options.max_memory, self.options.workers, self.options.engine))
        return verdicts(self, instance, before)

    monkeypatch.setattr(judge._Bench, "_verdicts", noted)
    on(HereTasks(1, memory=2**34))
    mutate(f"{ROOT}/examples/lease.py:fixed", options=Options(cluster="local"))
    assert given[0] == (None, None, "auto")
    assert set(given[1:]) == {(2**34, 1, "auto")}


def test_shards_are_for_searches() -> None:
    with pytest.raises(ModelError, match="engine auto does not divide its states"):
        mutate("fixed", options=Options(cluster="local", shards=2))
    with pytest.raises(ModelError, match="engine simulate does not divide its states"):
        check("fixed", options=Options(engine="simulate", cluster="local", shards=2))


# Scenarios -------------------------------------------------------------------------------------------------------
@pytest.fixture
def shards(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Searches on a cluster have shards in this process. The list says when one was connected to a cluster."""
    pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")
    from planrace.checker.run import cluster_engine
    from tests.engines.cluster.here import Here

    blocks: list[str] = []

    @contextmanager
    def connected(address: str) -> Iterator[None]:
        blocks.append(address)
        yield
        blocks.append("ended")

    def hosts(*_: object) -> Here:
        blocks.append("search")
        return Here(3)

    monkeypatch.setattr(cluster_engine, "connected", connected)
    monkeypatch.setattr(cluster_engine, "_hosts", hosts)
    yield blocks
    assert blocks[0] == "local"
    assert blocks[-1] == "ended"
    assert blocks.count("local") == 1


def relay(*, careful: bool) -> Protocol:
    """Runners of two teams hand on a baton; who is ``careful`` does not drop it."""
    p = Protocol("relay")
    Runner, Leg = index("runner", 3, symmetric=True), integers(0, 4, "leg")  # noqa: N806
    holder, leg = p.variable("holder", optional(Runner), None), p.variable("leg", Leg, 0)
    ran = p.variable("ran", array(Runner, Leg), 0)

    @p.action(Runner, by=Runner)
    def take(r: Term) -> Step:
        return step(when(holder == None, leg < 4), update(holder, r))  # noqa: E711

    @p.action(Runner, by=Runner)
    def run(r: Term) -> Step:
        return step(when(holder == r, leg < 4), update(leg, leg + 1), update(ran[r], leg + 1))

    @p.action(Runner, by=Runner)
    def drop(r: Term) -> Step:
        return step(when(holder == r, *([leg < 1] if careful else [])), update(holder, None))

    p.final(leg == 4)
    first, last = role("first", Runner), role("last", Runner)
    p.scenario(
        scenario(
            "handed-on",
            "the baton was handed on twice",
            (first, last),
            fact("F1", "one runs first", event(taken("run", r=first) & (primed(leg) == 1))),
            fact("F2", "and drops it", event(taken("drop", r=first), after=("F1",))),
            fact("F3", "the other one comes last", event(taken("run", r=last) & (primed(leg) == 4), after=("F2",))),
            where=first != last,
        )
    )
    p.declare(invariant("counts", leg <= 4, "there are four legs"))
    return p


@pytest.mark.parametrize("careful", [False, True])
def test_a_scenario_on_shards(careful: bool, shards: list[str]) -> None:
    protocol = relay(careful=careful)
    here = check(protocol, options=Options(scenario="handed-on", engine="native"))
    there = check(protocol, options=Options(scenario="handed-on", cluster="local"))
    assert there.findings == here.findings
    assert there.full_match == here.full_match
    assert there.engine == "cluster"
    assert [f.verdict for f in there.findings] == [Verdict.VIOLATED if careful else Verdict.HOLDS]
    assert "search" in shards


@pytest.mark.long("the scenario of the post-mortem, on shards")
@pytest.mark.parametrize("name", ["original", "fixed"])
def test_the_post_mortem_on_shards(name: str, shards: list[str]) -> None:
    def shown(**options: Any) -> Report:
        return check(name, SMALL, options=Options(scenario="postmortem", **options))

    here, there = shown(engine="native"), shown(cluster="local")
    assert there.findings == here.findings
    assert there.full_match == here.full_match
    assert shards.count("search") > 1


def test_a_scenario_that_a_bound_ends_is_undecided(shards: list[str]) -> None:
    report = check(relay(careful=True), options=Options(scenario="handed-on", cluster="local", depth=3))
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]
    assert "bound of 3" in report.findings[0].how
    assert shards
