"""Covering tests in parts, as tasks in this process: what is covered is what one process covers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.api.driving import cover
from planrace.checker.drive.cover import CoverRequest, cover_part, driver_of
from planrace.checker.drive.model_steps import ModelSteps, controlled_graph
from planrace.checker.drive.plan import branches, coverable
from planrace.checker.drive.refusal import Refused
from planrace.checker.drive.shares import merged, share_of
from planrace.checker.results.driving import CoverReport, Criterion
from planrace.checker.results.stop import StopKind
from planrace.checker.results.verdict import Verdict
from planrace.checker.run import cluster_tasks
from planrace.checker.run.protocols import find
from planrace.checker.run.request import select
from planrace.model.language import ModelError, Protocol, Step, integers, one_of, step, update, when
from tests.drive.gate import Driver, protocol
from tests.engines.cluster.here_tasks import HereTasks

GATE = "tests.drive.gate:protocol"
DRIVER = "tests.drive.gate:Driver"
CRITERIA: list[dict[str, Any]] = [
    {},
    {"criterion": "outcomes"},
    {"criterion": "pairs"},
    {"criterion": "runs", "length": 4},
    {"reset_cost": 50},
    {"max_steps": 100_000},
]


def in_parts(monkeypatch: pytest.MonkeyPatch, hosts: HereTasks, driver: str = DRIVER, **settings: Any) -> CoverReport:
    monkeypatch.setattr(cluster_tasks, "_made", lambda *_: hosts)
    return cover(GATE, driver, cluster="local", **settings)


def the_same(report: CoverReport) -> CoverReport:
    """Without what parts may need more of: steps, resets and time; and how they were planned."""
    zero: dict[str, Any] = dict.fromkeys(("resets", "steps", "compared"), 0)
    zero |= dict.fromkeys(("seconds", "planning_seconds", "driver_seconds"), 0.0)
    return replace(report, **zero, method=report.method.__class__.TOUR)


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize("settings", CRITERIA, ids=str)
def test_parts_cover_what_one_covers(settings: dict[str, Any], parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    here = cover(GATE, DRIVER, seed=1, **settings)
    hosts = HereTasks(parts, ordered=True)
    there = in_parts(monkeypatch, hosts, seed=1, **settings)
    first, second = the_same(here), the_same(there)
    if settings.get("criterion") in ("outcomes", "runs"):  # these need not be in every state, nor take every transition
        first, second = (replace(r, refusals=0, shares=()) for r in (first, second))
    assert second == first
    assert there.verdict is Verdict.HOLDS
    assert there.steps >= there.performed or settings.get("criterion") == "runs"
    assert len(hosts.started) == parts
    assert hosts.closed


def test_each_item_is_in_one_part() -> None:
    instance = find(GATE).system().instance()
    for criterion, length in ((Criterion.TRANSITIONS, None), (Criterion.PAIRS, None), (Criterion.RUNS, 4)):
        graph = controlled_graph(ModelSteps(instance, instance.system.actions), 10_000)
        what = coverable(graph, criterion, length)
        shares = [{i for i in share_of(what, criterion, n, 4).network.items if i >= 0} for n in range(4)]
        assert sum(map(len, shares)) == what.total
        assert set().union(*shares) == {i for i in what.network.items if i >= 0}
        if criterion is not Criterion.RUNS:
            assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_part_does_less_than_the_whole() -> None:
    made = [part(n, 3) for n in range(3)]
    whole = part(0, 1)
    assert all(p.report.steps < whole.report.steps for p in made)
    assert not made[0].covered & made[1].covered
    assert merged(made, 1.0).performed == whole.report.performed


@pytest.mark.parametrize("length", [3, 4])
def test_a_part_of_runs_does_less_than_the_whole(length: int) -> None:
    """A run whose end belongs to another part is not made."""
    instance = find(GATE).system().instance()
    graph = controlled_graph(ModelSteps(instance, instance.system.actions), 10_000)
    what = coverable(graph, Criterion.RUNS, length)
    shares = [share_of(what, Criterion.RUNS, n, 3) for n in range(3)]
    assert sum(len(branches(s.network)) for s in shares) == len(branches(what.network))
    assert all(branches(s.network) for s in shares)


@pytest.mark.parametrize("parts", [2, 3])
def test_runs_begin_in_every_initial_state(parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In some of them nothing can be done, so no part has anything to cover there."""
    here = cover("tests.engines.cluster.test_covering:dice", "tests.engines.cluster.test_covering:Dice")
    monkeypatch.setattr(cluster_tasks, "_made", lambda *_: HereTasks(parts))
    there = cover(
        "tests.engines.cluster.test_covering:dice", "tests.engines.cluster.test_covering:Dice", cluster="local"
    )
    assert (there.starts, there.starts_total) == (here.starts, here.starts_total) == (6, 6)
    assert there.verdict is Verdict.HOLDS
    assert there.resets <= here.resets + 2 * (parts - 1)  # only the first part begins everywhere


dice = Protocol("dice", "a die that lies somehow")
shown = dice.variable("shown", integers(1, 6), one_of(1, 2, 3, 4, 5, 6))


@dice.action(by="hand")
def roll() -> Step:
    return step(when(shown > 3), update(shown, shown - 3))


dice.final(shown <= 3)


class Dice:
    """It does what the model does."""

    shown = 1

    def reset(self, state: dict[str, int]) -> None:
        self.shown = state["shown"]

    def roll(self) -> None:
        if self.shown <= 3:
            raise Refused("it stays")
        self.shown -= 3

    def observe(self) -> dict[str, int]:
        return {"shown": self.shown}


def part(n: int, parts: int) -> Any:
    with driver_of(Driver, select(protocol)) as made:
        return cover_part(made, CoverRequest(seed=1, part=n, parts=parts), lambda run, _: run)


def test_a_divergence_is_told_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    here = cover(GATE, "tests.engines.cluster.test_covering:Careless", seed=1)
    hosts = HereTasks(4, ordered=True)
    there = in_parts(monkeypatch, hosts, "tests.engines.cluster.test_covering:Careless", seed=1)
    assert here.divergence is not None
    assert there.divergence is not None
    assert there.verdict is here.verdict is Verdict.VIOLATED
    assert there.divergence.kind is here.divergence.kind
    assert there.divergence.repeat.startswith(
        f"check cover -p {GATE} --on tests.engines.cluster.test_covering:Careless"
    )
    again = cover(GATE, "tests.engines.cluster.test_covering:Careless", run=there.divergence.run)
    assert again.divergence is not None
    assert (again.divergence.kind, again.divergence.called) == (there.divergence.kind, there.divergence.called)


class Careless(Driver):
    """It does not count the second time that the key is taken."""

    def observe(self) -> dict[str, Any]:
        found = dict(super().observe())
        if found.get("used") == 2:
            found["used"] = 1
        return found


def test_a_budget_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    report = in_parts(monkeypatch, HereTasks(2, ordered=True), max_steps=10, seed=1)
    assert report.stopped is not None
    assert report.stopped.kind is StopKind.STEPS
    assert report.steps == 5  # the first part was cut short
    assert report.verdict is Verdict.UNKNOWN


def test_an_interruption_keeps_what_was_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = HereTasks(2, ordered=True)

    def interrupt() -> None:
        if hosts.results:
            raise KeyboardInterrupt

    hosts.before, hosts.slots = interrupt, 2
    monkeypatch.setattr(HereTasks, "ended", ended_singly)
    report = in_parts(monkeypatch, hosts, seed=1)
    assert report.interrupted
    assert 0 < report.performed < report.total
    assert report.exit_code == 130


def ended_singly(self: HereTasks, handles: Any, seconds: float) -> list[Any]:
    from planrace.checker.engines.cluster.tasks import carried_out

    self.before()
    n = handles[0]
    self.results[n] = carried_out(*self.started[n])
    return [n]


def test_files_are_found_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from tests.drive.gate import Driver, protocol\n")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    hosts = HereTasks(2)
    hosts.before = lambda: monkeypatch.chdir(tmp_path / "other")
    monkeypatch.setattr(cluster_tasks, "_made", lambda *_: hosts)
    report = cover("mine.py:protocol", "mine.py:Driver", cluster="local")
    assert report.verdict is Verdict.HOLDS


def test_what_has_no_parts_is_refused() -> None:
    with pytest.raises(ModelError, match=r"one run has no parts for several machines"):
        cover(GATE, DRIVER, run="take", cluster="local")
    with pytest.raises(ModelError, match=r"the schedule random has no parts"):
        cover(GATE, DRIVER, schedule="random", cluster="local")
    with pytest.raises(ModelError, match=r"find the driver by its name only"):
        cover(GATE, Driver, cluster="local")
    with pytest.raises(ModelError, match=r"find the protocol by its name only"):
        cover(protocol, DRIVER, cluster="local")


def test_a_driver_that_is_missing_there_names_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from tests.drive.gate import Driver, protocol\n")
    hosts = HereTasks(1)
    hosts.before = lambda: file.unlink(missing_ok=True)
    monkeypatch.setattr(cluster_tasks, "_made", lambda *_: hosts)
    with pytest.raises(ModelError, match=r"on the machine .*: cannot read .*mine\.py"):
        cover(GATE, f"{file}:Driver", cluster="local")
