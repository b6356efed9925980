"""Sweeps and the fix lab on a cluster: what they find is what one process finds. The tasks are in this process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import fixes, sweep
from planrace.checker.engines.cluster.tasks import TaskHosts
from planrace.checker.review.lab import keep
from planrace.checker.run import cluster_tasks
from planrace.checker.run.options import Options
from planrace.model.language import ModelError
from planrace.properties.dns import original
from tests import ROOT
from tests.engines.cluster.here_tasks import HereTasks

LEASE = f"{ROOT / 'examples' / 'lease.py'}:protocol"
SIZES = {"enactors": 2, "endpoints": 1, "plans": 3}
ASKED: dict[str, Any] = {"properties": ("record-never-empty", "plans-never-regress")}


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> HereTasks:
    made = HereTasks(slots=3)

    def hosts_for(address: str, workers: int, memory: int | None) -> TaskHosts:
        assert address == "local"
        return made

    monkeypatch.setattr(cluster_tasks, "_made", hosts_for)
    return made


def test_a_sweep_is_the_same_and_each_point_a_task(hosts: HereTasks) -> None:
    vary = {"keep": (1, 2), "plans": (3, 4)}
    here = sweep("original", {"enactors": 2, "endpoints": 1}, vary=vary, options=Options(**ASKED))
    there = sweep("original", {"enactors": 2, "endpoints": 1}, vary=vary, options=Options(cluster="local", **ASKED))
    assert replace(there, engine=here.engine) == here
    assert len(hosts.started) == 4
    assert hosts.closed
    assert any(c.length for p in there.points for c in p.cells)


def test_a_point_that_is_lost_ends_the_sweep_with_its_name(hosts: HereTasks) -> None:
    hosts.losses = {1}
    with pytest.raises(ModelError, match=r"point {'keep': 2} \(task 2\) has no result"):
        sweep("original", SIZES, vary={"keep": (1, 2)}, options=Options(cluster="local", **ASKED))


def test_what_a_cluster_does_not_do_is_refused(hosts: HereTasks) -> None:
    with pytest.raises(ModelError, match="a bisection needs one point after the other"):
        sweep("original", SIZES, vary={"keep": (1, 2)}, bisect="keep", options=Options(cluster="local"))
    with pytest.raises(ModelError, match="a cluster finds a protocol by its name"):
        fixes(original, SIZES, cluster="local")
    assert hosts.started == []


def test_sizes_out_of_range_are_found_before_the_first_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from planrace.checker.review.sweep import sweep as module

    monkeypatch.setattr(module, "run", lambda *_: pytest.fail("a search began"))
    with pytest.raises(ModelError, match="keep=16 is out of range"):
        sweep("original", SIZES, vary={"keep": (1, 16)})


def test_the_fix_lab_is_the_same_and_keeps_what_the_cluster_found(
    hosts: HereTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "cache_folder", lambda: tmp_path)
    asked: dict[str, Any] = {"max_set": 2, "proof_time": 0, "fault_sets": 1}
    here = fixes(LEASE, cache=False, **asked)
    first = fixes(LEASE, cluster="local", **asked)
    begun = len(hosts.started)
    second = fixes(LEASE, cluster="local", **asked)
    for made in (first, second):
        assert replace(made, seconds=0.0, cached=0) == replace(here, seconds=0.0, cached=0)
    assert begun == first.points - first.cached > 5
    assert len(hosts.started) == begun
    assert second.cached == second.points
    assert first.minimal
