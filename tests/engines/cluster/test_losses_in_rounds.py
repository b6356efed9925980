"""Losses on a level that takes several rounds: a new process may have its states in another order."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")

from planrace.checker.engines.cluster.hosts import Handle
from planrace.checker.engines.cluster.search import ClusterSearch
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Instance, Protocol, Term, array, either, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant
from tests.engines.cluster.here import Here

LAST = 15


class LostInRound(Here):
    """Loses shard ``victim`` when it shall expand a part of a level."""

    def __init__(self, count: int, victim: int, level: int, part: int) -> None:
        super().__init__(count)
        self.at: tuple[int, ...] | None = (victim, level, part)
        self.level = 0

    def call(self, n: int, method: str, *given: Any, results: int = 1) -> list[Handle]:
        if method == "rounds":
            self.level = given[1]
        if method == "advance" and self.at == (n, self.level, given[1]):
            self.at = None
            self.kills[self.calls] = False
        return super().call(n, method, *given, results=results)


def grid(first: int, second: int) -> Instance:
    """Two counters, and one state that must not be."""
    protocol = Protocol("grid", "two counters")
    which, number = integers(1, 2, "which"), integers(0, LAST, "number")
    value = protocol.variable("value", array(which, number), 0)

    @protocol.action(which, by="environment")
    def tick(w: Term) -> Step:
        return step(when(value[w] < LAST), update(value[w], value[w] + 1))

    protocol.declare(invariant("never", either(value[1] != first, value[2] != second), "it is not met"))
    return protocol.system().instance()


@pytest.mark.parametrize(("first", "victim", "part"), [(3, 1, 1), (12, 0, 2), (12, 0, 3), (7, 1, 2)])
def test_what_moved_to_an_earlier_part_is_met(
    monkeypatch: pytest.MonkeyPatch, first: int, victim: int, part: int
) -> None:
    """The only violation is in a part that was to come, and then in one that is expanded again."""
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", 2)
    instance = grid(first, LAST - first)
    hosts = LostInRound(2, victim, LAST, part)
    search = ClusterSearch(instance, instance.system.properties, hosts, exhaustive=True)
    (answer,), covered = search.run()
    assert hosts.killed == 1
    assert (covered.states, covered.complete) == ((LAST + 1) ** 2, True)
    assert answer.verdict is Verdict.VIOLATED
    assert answer.recording is not None
    assert len(answer.recording.moves) == LAST
