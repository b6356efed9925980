"""The same on Ray: processes of their own, which are killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")
pytest.importorskip("ray", reason="the extra planrace[cluster] is not installed")

import ray

from planrace.checker.api.calls import check, mutate, prove
from planrace.checker.api.driving import cover
from planrace.checker.engines.cluster.on_ray import RayHosts
from planrace.checker.engines.cluster.search import ClusterSearch
from planrace.checker.engines.cluster.tasks import run_all
from planrace.checker.engines.cluster.tasks_on_ray import RayTasks, room
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.cluster_tasks import task_hosts
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.model.language import Instance, ModelError
from tests import ROOT
from tests.engines.cluster.test_fleet import asked, said

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


@pytest.fixture(scope="module")
def started() -> Iterator[None]:
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def original() -> Instance:
    return find("original").system().instance(**SMALL)


@pytest.mark.usefixtures("started")
def test_a_check_on_this_machine(original: Instance) -> None:
    names = tuple(p.name for p in asked(original))
    here = check("original", SMALL, options=Options(engine="native", properties=names, exhaustive=True))
    found = check("original", SMALL, options=Options(cluster="local", properties=names, exhaustive=True))
    assert found.engine == "cluster"
    assert found.findings == here.findings
    assert found.exploration is not None
    assert here.exploration is not None
    assert found.exploration.states == here.exploration.states == 1360
    assert found.exploration.transitions == here.exploration.transitions == 2574
    assert found.exploration.depth == here.exploration.depth
    assert "2 shards, states divided by " in (found.exploration.partition or "")


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize(
    ("method", "number"),
    [("advance", 9), pytest.param("take", 14, marks=pytest.mark.long("another moment of a loss")), ("turn", 19)],
)
def test_a_killed_process_is_made_again(
    original: Instance, method: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed when a call is on its way to it."""
    hosts = RayHosts("local", 2, 1)
    search = ClusterSearch(original, asked(original), hosts, exhaustive=True)
    call, seen, victims = hosts.call, [0], hosts.processes()

    def killing(n: int, name: str, *given: object, results: int = 1) -> list[Any]:
        handles = call(n, name, *given, results=results)
        seen[0] += name == method
        if name == method and seen[0] == number:
            os.kill(victims[n], signal.SIGKILL)
        return handles

    monkeypatch.setattr(hosts, "call", killing)
    alone = said(NativeSearch(original, asked(original), exhaustive=True, workers=1))
    assert said(search) == alone
    assert search.fleet.losses == 1


def once_killed(folder: str, request: int) -> int:
    """Ends its process the first time that it is asked for 3."""
    mark = Path(folder, str(request))
    if request == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * request


def always_killed(_: None, request: int) -> int:
    if request == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return request


def slow(folder: str, request: int) -> int:
    Path(folder, f"begun {request}").touch()
    time.sleep(60 * request)
    Path(folder, f"ended {request}").touch()
    return request


@pytest.mark.usefixtures("started")
def test_tasks_of_killed_processes_run_again(tmp_path: Path) -> None:
    with task_hosts("local") as hosts:
        assert hosts.slots == 2
        assert list(run_all(once_killed, str(tmp_path), range(6), hosts)) == [0, 2, 4, 6, 8, 10]
    assert (tmp_path / "3").exists()


@pytest.mark.usefixtures("started")
@pytest.mark.long("a task whose process is killed four times")
def test_a_task_that_ends_its_process_each_time_is_lost() -> None:
    with task_hosts("local") as hosts:
        found = list(run_all(always_killed, None, range(3), hosts, lost=lambda n, why: f"{n} is lost: {why}"))
    assert found[::2] == [0, 2]
    assert str(found[1]).startswith("1 is lost: WorkerCrashedError: ")


@pytest.mark.usefixtures("started")
def test_what_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    with task_hosts("local") as hosts:
        found = run_all(slow, str(tmp_path), [0, 1, 1], hosts)
        assert next(found) == 0
        began = time.monotonic()
        found.close()
        assert list(run_all(slow, str(tmp_path), [0, 0], hosts)) == [0, 0]  # there is room for them
    assert time.monotonic() - began < 40
    assert not (tmp_path / "ended 1").exists()


@pytest.mark.usefixtures("started")
def test_commands_have_tasks_carried_out() -> None:
    """Simulation, mutants, proofs and covering tests, as in one process."""
    options = Options(engine="simulate", seed=3, runs=8, depth=40)
    here, there = (check("fixed", SMALL, options=replace(options, cluster=c)) for c in (None, "local"))
    assert there.findings == here.findings
    assert (here.exploration and here.exploration.states) == (there.exploration and there.exploration.states)
    lease = f"{ROOT}/examples/lease.py:fixed"
    alone, shared = (mutate(lease, actions=["acquire"], options=Options(cluster=c)) for c in (None, "local"))
    assert [(j.status, j.by, j.depth) for j in shared.judged] == [(j.status, j.by, j.depth) for j in alone.judged]
    gate, driver = "tests.drive.gate:protocol", "tests.drive.gate:Driver"
    tour, parts = (cover(gate, driver, seed=1, cluster=c) for c in (None, "local"))
    assert (parts.performed, parts.shares, parts.verdict) == (tour.performed, tour.shares, Verdict.HOLDS)
    assert parts.steps > tour.steps
    sessions = f"{ROOT}/examples/sessions.py:fixed"
    proved, also = (prove(sessions, faults=(), cluster=c) for c in (None, "local"))
    assert [(f.name, f.verdict) for f in proved.findings] == [(f.name, f.verdict) for f in also.findings]
    assert [(c.statement, c.complete) for c in also.proofs] == [(c.statement, True) for c in proved.proofs]


@pytest.mark.usefixtures("started")
def test_a_task_must_fit_on_a_machine() -> None:
    with pytest.raises(ModelError, match=r"no machine of the cluster has 1,024 TiB for a task \(Ray has "):
        RayTasks("local", 1, 2**50)
    with pytest.raises(ModelError, match=r"no machine of the cluster has 3 processors for a task \(--workers 2 is the"):
        RayTasks("local", 3)


def test_room_for_tasks() -> None:
    giga = 2**30
    assert room([(4, 16 * giga), (8, 8 * giga)], 1, None) == (12, giga)
    assert room([(4, 16 * giga), (8, 8 * giga)], 4, None) == (3, 4 * giga)
    assert room([(4, 16 * giga), (8, 8 * giga)], 1, 6 * giga) == (3, 6 * giga)
    assert room([(2, 16 * giga), (8, 8 * giga)], 3, 3 * giga) == (2, 3 * giga)
    assert room([(4, 0)], 1, None) == (4, None)


def test_an_address_without_a_cluster_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(**_: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nMore.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", nobody)
    with pytest.raises(
        ModelError, match=r"no Ray cluster at auto: Could not find any running Ray instance\."
    ) as caught:
        RayHosts("auto", None, None)
    assert "--cluster local" in str(caught.value)


def test_other_engines_take_no_cluster() -> None:
    with pytest.raises(ModelError, match="engine bmc searches on one machine"):
        check("original", options=Options(engine="bmc", cluster="local"))
    with pytest.raises(ModelError, match="write local, auto or ray://HOST:PORT"):
        Options(cluster="there")
