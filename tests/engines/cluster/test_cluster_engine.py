"""The engine, with shards in this process: its limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")

from planrace.checker.api.calls import check
from planrace.checker.engines.cluster.shard import Order
from planrace.checker.results.report import Report
from planrace.checker.results.stop import StopKind
from planrace.checker.results.verdict import Verdict
from planrace.checker.run import cluster_engine
from planrace.checker.run.options import Options
from tests.engines.cluster.here import Here

SMALL = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}


class NeverReady(Here):
    """Processes that do not begin."""

    def ready(self, check: Callable[[], None]) -> None:
        while True:
            check()
            time.sleep(0.01)


class RememberedOrders(Here):
    """Remembers the memory that shards were given."""

    given: int | None = None

    def start(self, n: int, order: Order) -> None:
        self.given = order.memory
        super().start(n, order)


def on(hosts: Here, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Report:
    monkeypatch.setattr(cluster_engine, "_hosts", lambda *_: hosts)
    return check("fixed", SMALL, options=Options(cluster="local", properties=("record-never-empty",), **options))


def test_time_that_ends_before_processes_have_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    report = on(NeverReady(2), monkeypatch, time_limit=0.3)
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]
    assert report.exploration is not None
    assert report.exploration.stopped is not None
    assert report.exploration.stopped.kind is StopKind.TIME
    assert report.exploration.partition is None


def test_time_that_ends_before_the_states_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = Here(2)
    report = on(hosts, monkeypatch, time_limit=0)
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]
    assert hosts.calls == 0


@pytest.mark.parametrize(("most", "given"), [(None, 2**50), (2**31, 2**31), (2**52, 2**50)])
def test_memory_is_that_of_the_machines_of_shards(
    monkeypatch: pytest.MonkeyPatch, most: int | None, given: int
) -> None:
    """Where ``check`` runs there may be less."""
    hosts = RememberedOrders(2)
    hosts.memory = 2**50
    assert [f.verdict for f in on(hosts, monkeypatch, max_memory=most).findings] == [Verdict.HOLDS]
    assert hosts.given == given
