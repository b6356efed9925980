"""The further outages: what every protection does for every property, counts by plain Python, and the facts."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from planrace.checker import Options, check, find, listing, prove, render
from tests import ROOT
from tests.outages import by_hand

WHOLE = Options(exhaustive=True, slicing=False, symmetry=False)
Row = dict[str, str]
"""For each property "holds", or the length of the shortest violation."""

PREFIXES = {
    "": "2 3 3 1 holds holds holds",
    "strict-parse": "holds holds holds holds holds never 2",
    "pass-the-value": "4 7 5 3 holds holds 7",
    "ask-again": "holds holds holds holds holds holds holds",
    "not-advertised": "holds holds holds holds holds holds holds",
    "staged": "2 holds 3 1 holds holds 4",
    "circuit-breaker": "holds holds holds holds holds never 2",
    "two-step-delete": "2 3 3 holds holds holds 7",
    "strict-parse pass-the-value ask-again": "holds holds holds holds holds holds holds",
}
SNAPSHOT = {
    "": "6 7 6 holds holds",
    "one-build": "holds holds holds holds holds",
    "bake-time": "holds 7 holds holds holds",
    "staged": "5 8 5 holds holds",
    "older-snapshot": "6 7 12 holds holds",
    "load-synchronously": "holds holds holds holds holds",
    "one-build bake-time load-synchronously": "holds holds holds holds holds",
}
PINNED = [(name, row, table[row]) for name, table in (("prefixes", PREFIXES), ("snapshot", SNAPSHOT)) for row in table]


def told(name: str, protections: str, faults: tuple[str, ...] = (), **sizes: int) -> str:
    report = check(name, sizes, faults=faults, with_protections=protections.split(), options=WHOLE)
    words = {"holds": "holds", "violated": "never"}
    cells = (
        words[f.verdict.word] if f.depth is None or f.verdict.word == "holds" else str(f.depth)
        for f in report.findings
        if "[" not in f.name
    )
    return " ".join(cells)


@pytest.mark.parametrize(("name", "protections", "verdicts"), PINNED)
def test_what_each_protection_does(name: str, protections: str, verdicts: str) -> None:
    assert told(name, protections) == verdicts


def test_every_protection_has_a_row() -> None:
    for name, table in (("prefixes", PREFIXES), ("snapshot", SNAPSHOT)):
        assert set(find(name).protocol.protections) == {p for p in table if p and " " not in p}
        assert " ".join(find(f"{name}-fixed").protections) in table


@pytest.mark.parametrize(
    ("name", "fault", "needed"),
    [
        ("prefixes", "slip", {"pass-the-value", "ask-again"}),
        ("snapshot", "bad-data", {"load-synchronously"}),
    ],
)
def test_the_repair_holds_with_the_fault(name: str, fault: str, needed: set[str]) -> None:
    """And which of its protections could be left out, because the others prevent the same."""
    assert set(told(f"{name}-fixed", "", (fault,)).split()) == {"holds"}
    for less in find(f"{name}-fixed").protections:
        report = check(f"{name}-fixed", faults=[fault], without=[less], options=WHOLE)
        assert (report.verdict.word == "violated") is (less in needed), less


def counted(report: Any) -> tuple[int, int, dict[str, int]]:
    lengths = {f.name: f.depth for f in report.findings if f.kind == "invariant" and f.verdict.word == "violated"}
    return report.exploration.states, report.exploration.transitions, lengths


def words(report: Any) -> dict[str, bool]:
    return {f.name: f.verdict.word == "holds" for f in report.findings if f.kind == "recoverability"}


SETS = [frozenset(c) for k in (0, 1, 2, 7) for c in combinations([p for p in PREFIXES if p and " " not in p], k)]


@pytest.mark.parametrize("on", SETS, ids=lambda s: " ".join(sorted(s)) or "none")
def test_prefixes_by_hand(on: frozenset[str]) -> None:
    slip = len(on) == 1
    faults = ["slip"] if slip else []
    report = check("prefixes", faults=faults, with_protections=sorted(on), options=WHOLE)
    found = by_hand.prefixes(2, on, slip=slip)
    assert counted(report) == (found.states, found.transitions, found.shortest)
    assert words(report) == {
        "customers-recover": found.recoverable(by_hand.restored, {"customer", "task"}, lambda _: True),
        "everybody-recovers": found.recoverable(by_hand.restored, {"customer", "task", "operator"}, lambda _: True),
    }


@pytest.mark.parametrize(
    "on",
    [frozenset(c) for k in range(6) for c in combinations([p for p in SNAPSHOT if p and " " not in p], k)],
    ids=lambda s: " ".join(sorted(s)) or "none",
)
def test_snapshot_by_hand(on: frozenset[str]) -> None:
    bad_data = len(on) == 2
    faults = ["bad-data"] if bad_data else []
    report = check("snapshot", faults=faults, with_protections=sorted(on), options=WHOLE)
    found = by_hand.snapshot(2, 2, on, bad_data=bad_data)
    assert counted(report) == (found.states, found.transitions, found.shortest)
    all_of_them = {"automation", "operator"}
    assert words(report) == {
        "rollback-recovers": found.recoverable(by_hand.settled, {"automation"}, lambda s: not s[-1]),
        "everybody-recovers": found.recoverable(
            lambda s: by_hand.settled(s) and not s[-1], all_of_them, lambda _: True
        ),
    }


@pytest.mark.parametrize(
    ("name", "sizes", "counts"),
    [
        ("prefixes", {"prefixes": 3}, by_hand.prefixes(3, frozenset())),
        ("snapshot", {"nodes": 3}, by_hand.snapshot(3, 2, frozenset())),
    ],
)
def test_larger_sizes_by_hand(name: str, sizes: dict[str, int], counts: by_hand.Counted) -> None:
    assert counted(check(name, sizes, options=WHOLE)) == (counts.states, counts.transitions, counts.shortest)


@pytest.mark.parametrize(
    ("name", "scenario", "length", "facts"),
    [("prefixes", "withdrawal", 8, 8), ("snapshot", "poisoned-snapshot", 14, 9)],
)
def test_the_facts_are_shown(name: str, scenario: str, length: int, facts: int) -> None:
    report = check(name, options=Options(scenario=scenario))
    assert report.findings[0].depth == length
    assert report.full_match is not None
    assert report.full_match.match is not None
    assert report.full_match.match.full
    assert len(report.full_match.match.facts) == facts
    assert check(f"{name}-fixed", options=Options(scenario=scenario)).verdict.word == "violated"


def test_the_runbooks_have_the_classes_of_recovery() -> None:
    text = render(check("prefixes"))
    for steps in ("stop", "rebuild(1)", "stop, then rebuild(1)", "stop, then rebuild(1), then rebuild(2)"):
        assert f"{steps}: " in text
    assert "freeze, then edit_snapshot, then unfreeze: 40 states" in render(check("snapshot"))


@pytest.mark.parametrize(
    ("name", "safety"),
    [
        ("prefixes-fixed", ("live-prefixes-stay", "outage-stays-small", "bindings-stay")),
        ("snapshot-fixed", ("snapshot-is-good", "somebody-serves")),
    ],
)
def test_the_repair_is_proved_for_every_size(name: str, safety: tuple[str, ...]) -> None:
    report = prove(name, properties=safety)
    assert report.every_size
    assert report.verdict.word == "holds"


@pytest.mark.parametrize(("name", "table"), [("prefixes", PREFIXES), ("snapshot", SNAPSHOT)])
def test_the_tables_on_the_page_are_these(name: str, table: dict[str, str]) -> None:
    page = (ROOT / "docs" / "outages.md").read_text().partition(f"## {name}:")[2].partition("\n## ")[0]
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")]
    shown = {("" if r[0] == "none" else r[0].split("`")[1]): r[1:] for r in rows if r[0] not in ("protection", "---")}
    columns = [p.name for p in find(name).system().properties]
    left_out = [n for n, c in enumerate(columns) if c == "everybody-recovers" and name == "prefixes"]  # it holds always
    for protection in (p for p in table if " " not in p):
        cells = table[protection].replace("holds", "·").split()
        assert shown.pop(protection) == [c for n, c in enumerate(cells) if n not in left_out], protection
    assert shown == {}


def test_they_are_listed() -> None:
    assert {"prefixes", "prefixes-fixed", "snapshot", "snapshot-fixed"} <= {p.name for p in listing().protocols}
