"""The same on Ray: processes of their own, which are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")
pytest.importorskip("ray", reason="the extra planrace[cluster] is not installed")

import ray

from planrace.checker.api.calls import check
from planrace.checker.engines.cluster.on_ray import RayHosts
from planrace.checker.engines.cluster.search import ClusterSearch
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.model.language import Instance, ModelError
from tests.engines.cluster.test_fleet import asked, said

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


@pytest.fixture(scope="module")
def started() -> Iterator[None]:
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def original() -> Instance:
    return find("original").system().instance(enactors=2, endpoints=1, plans=3, keep=1)


@pytest.mark.usefixtures("started")
def test_a_check_on_this_machine(original: Instance) -> None:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    names = tuple(p.name for p in asked(original))
    here = check("original", sizes, options=Options(engine="native", properties=names, exhaustive=True))
    found = check("original", sizes, options=Options(cluster="local", properties=names, exhaustive=True))
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
