"""Proofs as tasks in this process: the verdicts, certificates and scripts of one process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.api.calls import prove
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.run import cluster_tasks
from planrace.checker.run.proof_tasks import sets_tried
from planrace.model.language import ModelError
from tests import ROOT
from tests.engines.cluster.here_tasks import HereTasks

EXAMPLES = [
    f"{ROOT}/examples/{name}"
    for name in ("rollout.py:fixed", "rollout.py:protocol", "finalizers.py:fixed", "sessions.py:fixed")
]
SEVERAL = EXAMPLES[2]
"""It has three properties."""


def elsewhere(monkeypatch: pytest.MonkeyPatch, name: str, hosts: HereTasks | None = None, **more: Any) -> Report:
    monkeypatch.setattr(cluster_tasks, "_made", lambda *_: hosts or HereTasks(2))
    return prove(name, cluster="local", **more)


def told(report: Report) -> list[tuple[Any, ...]]:
    return [(f.name, f.verdict, f.trace, f.parameters, f.insight, f.variables) for f in report.findings]


def proofs(report: Report) -> list[tuple[Any, ...]]:
    return [(c.properties, c.statement, c.assumptions, c.complete) for c in report.proofs]


@pytest.mark.parametrize(
    "name",
    [*EXAMPLES, pytest.param("fixed", marks=pytest.mark.long("proofs of the DNS protocol as tasks"))],
    ids=lambda n: n.rpartition("/")[2],
)
@pytest.mark.parametrize("faults", [None, ()])
def test_verdicts_and_certificates(name: str, faults: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = prove(name, faults=faults), elsewhere(monkeypatch, name, faults=faults)
    assert told(there) == told(here)
    assert proofs(there) == proofs(here)
    assert there.left_out == here.left_out
    assert there.warnings == here.warnings
    assert [{c.name for c in p.conjuncts} for p in there.proofs] != [] or not here.proofs
    for c in there.proofs:
        assert {x for o in c.obligations for x in o.uses} <= {x.name for x in c.conjuncts}
        assert {o.fact for o in c.obligations if o.kind == "conjunct"} == {x.name for x in c.conjuncts}


@pytest.mark.long("proofs of the DNS protocol as tasks")
def test_faults_that_are_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    here = prove("fixed", properties=["record-never-empty"])
    there = elsewhere(monkeypatch, "fixed", properties=["record-never-empty"])
    assert "also under crash, lock-expiry" in there.findings[0].how
    assert there.findings[0].how.partition(";")[2] == here.findings[0].how.partition(";")[2]


@pytest.mark.long("proofs of the DNS protocol as tasks")
def test_what_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are violated. The runs may differ: in one process a run that was found for one property may serve for
    another."""
    some: dict[str, Any] = {"properties": ["plans-never-regress", "rollback-target-exists"], "faults": ()}
    here, there = prove("original", **some), elsewhere(monkeypatch, "original", **some)
    for a, b in zip(here.findings, there.findings, strict=True):
        assert (a.name, a.verdict) == (b.name, b.verdict) == (a.name, Verdict.VIOLATED)
        assert a.trace is not None
        assert b.trace is not None


def test_the_faults_of_a_task() -> None:
    """All that the search for those that are survived tries: see ``Proving._widest`` and ``_words``."""
    assert set(sets_tried((), ("a", "b"))) == {(), ("a",), ("b",), ("a", "b")}
    many = tuple("abcdefgh")
    found = set(sets_tried((), many))
    assert {(), many, ("a",), ("a", "h")} <= found
    assert len(found) == 1 + 1 + 8 + 28


def test_scripts_come_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    report = prove(SEVERAL, faults=(), dump_smt=here)
    elsewhere(monkeypatch, SEVERAL, faults=(), dump_smt=there)
    files = [[p.name for p in sorted(folder.iterdir())] for folder in (here, there)]
    assert files[0]
    assert {re.sub(r"^\d+", "", f) for f in files[0]} == {re.sub(r"^\d+", "", f) for f in files[1]}
    assert [int(f[:4]) for f in files[1]] == list(range(1, len(files[1]) + 1))
    texts = [p.read_text() for p in there.iterdir()]
    assert len(set(texts)) == len(texts)  # also those that two proofs have in common
    assert len(files[1]) >= len({(o.kind, o.fact, o.action) for c in report.proofs for o in c.obligations})


def test_a_second_solver_confirms_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cvc5", reason="the extra planrace[cvc5] is not installed")
    here = prove(EXAMPLES[0], faults=(), confirm=True).confirmation
    hosts = HereTasks(2)
    there = elsewhere(monkeypatch, EXAMPLES[0], hosts, faults=(), confirm=True).confirmation
    assert there is not None
    assert there == here
    assert len(hosts.started) == 1 + -(-there.asked // 8)


def test_obligations_whose_task_is_lost_are_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cvc5", reason="the extra planrace[cvc5] is not installed")
    found = elsewhere(monkeypatch, EXAMPLES[0], HereTasks(1, lost={1}), faults=(), confirm=True).confirmation
    assert found is not None
    assert [why for _, why in found.doubted] == ["the machine is gone"] * 8


def test_a_lost_proof_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    report = elsewhere(monkeypatch, SEVERAL, HereTasks(1, lost={1}), faults=())
    unknown = [f for f in report.findings if f.verdict is Verdict.UNKNOWN]
    assert [f.name for f in unknown] == [report.findings[1].name]
    assert unknown[0].how == "not decided: the machine is gone"


def test_an_interruption_keeps_what_was_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = HereTasks(1, ordered=True)

    def interrupt() -> None:
        if len(hosts.results) == 2:
            raise KeyboardInterrupt

    hosts.before = interrupt
    report = elsewhere(monkeypatch, SEVERAL, hosts, faults=())
    assert report.interrupted
    assert [f.verdict is Verdict.HOLDS for f in report.findings[:3]] == [True, True, False]
    assert hosts.closed


@pytest.mark.long("lemmas that are inferred, and used in tasks")
def test_inferred_lemmas_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{ROOT}/examples/rollout.py:fixed"
    here, there = prove(name, infer=True), elsewhere(monkeypatch, name, infer=True)
    assert told(there) == told(here)
    assert [p.conjuncts for p in there.proofs] == [p.conjuncts for p in here.proofs]


def test_time_that_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    report = elsewhere(monkeypatch, SEVERAL, faults=(), time_limit=0)
    assert {f.verdict for f in report.findings} == {Verdict.UNKNOWN}
    assert all("time limit of 0 s" in f.how for f in report.findings)


def test_a_cluster_that_is_none() -> None:
    with pytest.raises(ModelError, match="write local, auto or ray://HOST:PORT"):
        prove("fixed", cluster="there")
