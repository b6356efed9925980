"""What Enactors and the Planner log beside the model: the code conforms, the outage is told, drifts are found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planrace import conform, render
from planrace.checker.drive.dns.chaos.options import ChaosOptions, ServerKind
from planrace.checker.drive.dns.chaos.records import RecordedEnactor, record_kill
from planrace.checker.drive.dns.chaos.roles import enactor_class
from planrace.checker.drive.dns.chaos.run import run_chaos
from planrace.checker.drive.dns.chaos.serials import add_serials
from planrace.checker.drive.dns.client import NoAnswerError
from planrace.checker.drive.dns.daemon import installed
from planrace.checker.drive.dns.deployment import deploy
from planrace.checker.drive.dns.embedded import DirectClient, EmbeddedServer
from planrace.checker.drive.dns.enactor import Enactor, EnactorStep, StepResult
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards
from planrace.checker.results.conformance import Conformance, ConformanceReport
from planrace.drive import log_to, step
from planrace.model.language import ModelError
from tests import ROOT
from tests.drive.dns.servers import require

DRIFTS = ROOT / "examples" / "driving" / "dns_drift.py"
FAULTS = ("crash", "lock-expiry")


class LoggedRegion:
    """A region in this process whose steps are logged; ``does`` takes steps as they are written: ``publish``, ``1`` for
    the next step of Enactor 1, ``wait`` for all locks to run out."""

    def __init__(
        self,
        folder: Path,
        enactor: type[Enactor] = Enactor,
        safeguards: Safeguards = FIXED,
        *,
        endpoints: int = 1,
        afresh: bool = True,
    ) -> None:
        self.log = folder / "region.jsonl"
        self.time = 0.0
        self._origins = [f"e{e}.planrace.test." for e in range(1, endpoints + 1)]
        self.server = EmbeddedServer(self._origins)
        self.server.start()
        self._client = DirectClient(self.server)
        self.region = deploy(
            self.server,
            client=self._client,
            enactors=2,
            endpoints=endpoints,
            keep=1,
            safeguards=safeguards,
            enactor=enactor,
            clock=lambda: self.time,
        )
        self._recorded = [RecordedEnactor(e, i, afresh) for i, e in enumerate(self.region.enactors, 1)]
        self.sizes = {"enactors": 2, "endpoints": endpoints, "plans": 4, "keep": 1}
        log_to(self.log)

    def close(self) -> None:
        log_to(None)
        self.server.stop()

    def does(self, *words: str) -> None:
        for word in words:
            if word == "publish":
                with step("publish") as s:
                    s.log(after={"latest": self.region.planner.publish().generation})
            elif word == "wait":
                self.time += 1000
            else:
                self.step(int(word) - 1, lambda does: does())

    def step(self, number: int, does: object) -> StepResult:
        return self._recorded[number].perform(self.region.enactors[number].next_step(), does)  # type: ignore[arg-type]

    def loses(self, number: int, *, done: bool) -> None:
        """A step of an Enactor whose answer is lost; what it has sent is ``done`` or not."""

        def does(todo: EnactorStep) -> StepResult:
            if done:
                todo()
            raise NoAnswerError("lost")

        with pytest.raises(NoAnswerError):
            self.step(number, does)

    def conforms(self, protocol: str = "fixed") -> ConformanceReport:
        return conform(protocol, self.log, self.sizes, faults=FAULTS)


@pytest.fixture
def made() -> Iterator[list[LoggedRegion]]:
    regions: list[LoggedRegion] = []
    yield regions
    for region in regions:
        region.close()


SCHEDULES: dict[str, tuple[str, ...]] = {
    "GreedyEnactor": ("publish", "1", "1", "1", "1", "1"),
    "UncheckedEnactor": ("publish", "1", "1", "1", "1", "1", "1"),
    "UnlockedEnactor": ("publish", "1", "1", "1", "2", "wait", "2", "1", "1"),
}
WHERE = {
    "GreedyEnactor": ("list_old_plans(1)[listed]", "ends as nothing-old in the model"),
    "UncheckedEnactor": ("pick_up(1)", "alias[e] < latest is false"),
    "UnlockedEnactor": ("flip_alias(1)[accepted]", "lock[cursor[i]] = i is false"),
}


@pytest.mark.parametrize("drift", WHERE)
def test_a_drift_of_the_code_diverges_at_its_line(drift: str, made: list[LoggedRegion], tmp_path: Path) -> None:
    """And our code conforms where the same Enactors are called in the same order."""
    for name in ("", f"{DRIFTS}:{drift}"):
        folder = tmp_path / drift if name else tmp_path
        folder.mkdir(exist_ok=True)
        made.append(LoggedRegion(folder, enactor_class(name)))
        made[-1].does(*SCHEDULES[drift])
        made[-1].does("publish")
        report = made[-1].conforms()
        assert (report.verdict is Conformance.DIVERGES) is bool(name)
        made[-1].close()
    assert report.divergence is not None
    what, why = WHERE[drift]
    lines = made[-1].log.read_text().splitlines()
    for blocked in report.divergence.blocked:
        assert blocked.called == what
        assert json.loads(lines[blocked.line.line - 1])["action"] == what.partition("(")[0]
    assert any(why in b.why for b in report.divergence.blocked)


def test_the_outage_is_told_with_its_causes(made: list[LoggedRegion], tmp_path: Path) -> None:
    """Enactor 1 applies plan 1 to the second endpoint after plan 3, and then Enactor 2 deletes plan 1."""
    made.append(LoggedRegion(tmp_path, safeguards=ORIGINAL, endpoints=2))
    region = made[0]
    region.does("publish", *"1111", "publish", "publish", *"22222222", *"111", *"22")
    report = region.conforms("original")
    assert report.verdict is Conformance.CONFORMS
    assert not report
    assert report.judged is not None
    (broken,) = (f for f in report.judged.findings if f.name == "active-plan-never-deleted")
    assert broken.trace is not None
    told = [s.action for s in broken.trace.steps]
    assert told[-1] == "delete_old_plans"
    flips = [n for n, s in enumerate(broken.trace.steps) if s.action == "flip_alias"]
    assert flips[-1] > told.index("list_old_plans")
    text = " ".join(render(report).split())
    cause = re.search(r"Cause: .*?\(step (\d+)\) before .*?\(step (\d+)\) before .*?\(step (\d+)\);", text)
    assert cause is not None
    assert sorted(map(int, cause.groups())) == [*map(int, cause.groups())]  # the causes before the effect
    assert int(cause[3]) == len(told)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("steps", range(6))
def test_after_a_lost_answer_an_enactor_that_starts_afresh_conforms(
    steps: int, done: bool, made: list[LoggedRegion], tmp_path: Path
) -> None:
    """Whichever step it was, and whether it was done."""
    made.append(LoggedRegion(tmp_path))
    region = made[0]
    region.does("publish", "1", "1", "1", "1", "1", "publish", *"1" * steps)
    region.loses(0, done=done)
    region.does("publish", "2", "wait", "2", "2", "2", "2", "2", "wait", "1", "1", "1", "1")
    assert region.conforms().verdict is Conformance.CONFORMS


def test_who_goes_on_after_a_lost_answer_leaves_the_model(made: list[LoggedRegion], tmp_path: Path) -> None:
    """The flip was done, and its Enactor takes the lock again for the same endpoint: the model knows no lost answer."""
    for afresh in (True, False):
        folder = tmp_path / str(afresh)
        folder.mkdir()
        made.append(LoggedRegion(folder, endpoints=2, afresh=afresh))
        region = made[-1]
        region.does("publish", *"111")
        enactor = region.region.enactors[0]

        def does(todo: EnactorStep, enactor: Enactor = enactor) -> StepResult:
            before = dict(vars(enactor))
            todo()
            vars(enactor).update(before)  # it does not hear of it
            raise NoAnswerError("lost")

        with pytest.raises(NoAnswerError):
            region.step(0, does)
        region.does("wait", *"11111")
        assert region.conforms().verdict is (Conformance.CONFORMS if afresh else Conformance.DIVERGES)
        region.close()


def test_a_kill_is_a_crash_unless_the_enactor_was_idle(made: list[LoggedRegion], tmp_path: Path) -> None:
    made.append(LoggedRegion(tmp_path))
    region = made[0]
    region.does("publish")
    for steps in (0, 1, 2):
        region.does(*"1" * steps)
        record_kill(region.log, "region", 1, 0.0)
        region.region.enactors[0].crash()
    region.does("wait", *"1111")
    report = region.conforms()
    assert report.verdict is Conformance.CONFORMS
    assert report.trace is not None
    assert [s.action for s in report.trace.steps].count("crash") == 2


JOURNAL = """\
del e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 2 3600 600 86400 5
add e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 3 3600 600 86400 5
add lock.e1.planrace.test.\t5\tIN\tTXT\t"enactor-1 10.000 aa"
del e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 3 3600 600 86400 5
add e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 4 3600 600 86400 5
add plan-1.trees.e1.planrace.test. 5 IN\tA\t192.0.2.1
add plan-1.trees.e1.planrace.test. 5 IN\tTXT\t"plan 1"
del e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 4 3600 600 86400 5
del lock.e1.planrace.test.\t5\tIN\tTXT\t"enactor-1 10.000 aa"
add e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 5 3600 600 86400 5
add lock.e1.planrace.test.\t5\tIN\tTXT\t"enactor-2 20.000 bb"
del e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 5 3600 600 86400 5
del lock.e1.planrace.test.\t5\tIN\tTXT\t"enactor-2 20.000 bb"
add e1.planrace.test.\t5\tIN\tSOA\tns.e1.planrace.test. hostmaster.e1.planrace.test. 6 3600 600 86400 5
add service.e1.planrace.test. 5\tIN\tCNAME\tplan-1.trees.e1.planrace.test.
"""
"""Of ``named-journalprint``: Enactor 1 builds, its lock runs out, and Enactor 2 flips."""


def test_steps_have_the_serial_numbers_of_their_changes(tmp_path: Path) -> None:
    first, second = "enactor-1 10.000 aa", "enactor-2 20.000 bb"
    steps: list[tuple[str, str, dict[str, Any], int | None]] = [
        ("take_lock", first, {}, 3),
        ("build_tree", first, {}, 4),
        ("build_tree", first, {"plan": 2}, None),
        ("take_lock", second, {}, 5),
        ("build_tree", second, {}, None),  # the tree was there, so nothing changed
        ("flip_alias", second, {}, 6),
        ("flip_alias", second, {"endpoint": 2}, None),
        ("take_lock", "enactor-2 30.000 cc", {}, None),
    ]
    notes = [{"endpoint": 1, "plan": 1, "lock": lock, **more} for _, lock, more, _ in steps]
    lines = [{"action": a, "note": note} for (a, *_), note in zip(steps, notes, strict=True)]
    lines += [{"action": "publish"}, {"action": "flip_alias", "note": notes[5], "refused": "lost"}]
    (tmp_path / "enactor.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert add_serials(tmp_path, {1: JOURNAL, 2: ""}, tmp_path / "with") == 4
    found = [json.loads(line).get("serials") for line in (tmp_path / "with" / "enactor.jsonl").read_text().splitlines()]
    assert found == [None if n is None else {"e1": n} for *_, n in steps] + [None, None]


def test_what_is_no_enactor_is_refused() -> None:
    with pytest.raises(ModelError, match="is no class of Enactors"):
        enactor_class(f"{DRIFTS}:NoCondition")


# Processes -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["embedded", "bind"])
def test_the_repaired_code_conforms_in_chaos(kind: str, tmp_path: Path) -> None:
    require(kind)
    options = ChaosOptions(
        ServerKind(kind), seconds=6.0, publish_every=0.3, kill_every=1.5, restart_every=2.0, loss=0.05, afresh=True
    )
    found = run_chaos(options, tmp_path)
    logs = sorted((tmp_path / ("serials" if kind == "bind" else "records")).iterdir())
    sizes = {"enactors": 3, "endpoints": 2, "plans": found.published, "keep": 2}
    report = conform("fixed", logs, sizes, faults=FAULTS)
    assert [f.stem for f in logs] == ["enactor-1", "enactor-2", "enactor-3", "planner"]
    taken = [r for f in logs for r in map(json.loads, f.read_text().splitlines()) if "lock" in (r.get("note") or {})]
    taken = [r for r in taken if r["action"] == "take_lock"]
    journals = kind == "bind" and installed("named-journalprint") is not None
    assert all(("serials" in r) is journals for r in taken)
    assert len(taken) > 3
    assert report, report
    assert found.results["flip_alias: accepted"] > 0


@pytest.mark.parametrize("drift", WHERE)
def test_drifts_diverge_in_chaos(drift: str, tmp_path: Path) -> None:
    """What happens depends on the machine, so the drift may not show in six seconds; it does in three times six."""
    for seed in range(3):
        options = ChaosOptions(
            seconds=6.0,
            seed=seed,
            lease_seconds=0.5,
            longest_pause=1.0,
            pauses={"take_lock": 0.3, "flip_alias": 0.5},
            afresh=True,
            enactor=f"{DRIFTS}:{drift}",
        )
        folder = tmp_path / str(seed)
        folder.mkdir()
        run_chaos(options, folder)
        sizes = {"enactors": 3, "endpoints": 2, "keep": 2}
        report = conform("fixed", sorted((folder / "records").iterdir()), sizes, faults=FAULTS)
        if report.divergence is not None:
            break
    assert report.divergence is not None
    assert {b.called.partition("(")[0] for b in report.divergence.blocked} == {WHERE[drift][0].partition("(")[0]}
