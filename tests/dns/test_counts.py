"""State counts of the protocol, to the last state, and the shortest violations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planrace.checker import Options, check, find
from tests import HERE, naive

pytestmark = pytest.mark.usefixtures("unexplained", "optimised")

ROWS: list[dict[str, Any]] = json.loads((HERE / "counts.json").read_text())
PLAIN = [r for r in ROWS if not r["symmetry"]]


def label(row: dict[str, Any]) -> str:
    sizes = "/".join(str(row[k]) for k in ("enactors", "plans", "endpoints", "keep"))
    return "-".join([row["protocol"], sizes, *row["faults"]])


def sizes(row: dict[str, Any]) -> dict[str, int]:
    return {k: row[k] for k in ("enactors", "plans", "endpoints", "keep")}


def test_the_table_is_there() -> None:
    assert len(PLAIN) == 21


@pytest.mark.parametrize("row", PLAIN, ids=label)
def test_explorer(row: dict[str, Any]) -> None:
    report = check(find(row["protocol"]), sizes(row), faults=row["faults"], options=Options(exhaustive=True))
    covered = report.exploration
    assert covered is not None
    assert covered.complete
    assert (covered.states, covered.transitions, covered.depth) == (
        row["states"],
        row["transitions"],
        row["depth"],
    )
    lengths = {f.name: f.depth for f in report.findings if f.name in row["shortest_violation"]}
    assert lengths == row["shortest_violation"]
    verdicts = {f.name: f.verdict.word for f in report.findings if f.name in row["shortest_violation"]}
    assert verdicts == {n: "holds" if d is None else "violated" for n, d in row["shortest_violation"].items()}


@pytest.mark.parametrize("row", [r for r in PLAIN if r["states"] < 3000], ids=label)
def test_interpreter(row: dict[str, Any]) -> None:
    found = naive.search(find(row["protocol"]).system(row["faults"]).instance(**sizes(row)))
    assert (found.states, found.transitions, found.depth) == (row["states"], row["transitions"], row["depth"])
    for name, depth in row["shortest_violation"].items():
        assert found.shortest.get(name) == depth


def test_the_default_size() -> None:
    report = check(find("original"))
    depths = {f.name: f.depth for f in report.findings}
    assert depths["active-plan-never-deleted"] == depths["record-never-empty"] == 16
    assert depths["plans-never-regress"] == 10
    fixed = check(find("fixed"))
    assert fixed.verdict.word == "holds"
    assert fixed.exploration is not None
    assert fixed.exploration.complete


def test_fixed_with_crashes_and_expiring_locks() -> None:
    report = check(find("fixed"), {"endpoints": 1}, faults=["crash", "lock-expiry"])
    assert report.verdict.word == "holds"
    assert report.exploration is not None
    assert report.exploration.complete
