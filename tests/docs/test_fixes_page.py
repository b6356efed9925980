"""``docs/fixes.md``: its tables and quotations are what the search finds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from planrace.checker import FixReport, check, find, fixes, render
from planrace.checker.report.text.fixes import broken_text, letters, set_text
from planrace.model.dns import PLAUSIBLE
from planrace.properties.dns import original
from tests import ROOT
from tests.dns.test_plausible import LENGTHS, SMALL

PAGE = ROOT / "docs" / "fixes.md"
RETENTION = ("longer-keep", "bounded-retry", "delete-after-grace", "locked-cleanup", "freeze-on-anomaly")
WITH_GRACE = {
    ("transactional-check", "delete-after-grace", "lock-held-through"): 13,
    ("delete-after-grace", "recheck-under-lock", "lock-held-through"): 15,
    ("delete-after-grace", "fencing-token", "lock-held-through"): 12,
    ("delete-after-grace", "single-enactor"): 13,
}
"""Minimal sets that need a retention, and how soon they are violated without."""


def tables() -> list[list[str]]:
    """The tables of the page, as lines."""
    found = re.findall(r"(?:^\|.*\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [t.splitlines() for t in found]


def cells(line: str) -> list[str]:
    return [c.strip() for c in line.strip("|").split("|")]


def quotations() -> Iterator[str]:
    for quoted in re.findall(r"(?:^>.*\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        yield " ".join(quoted.replace(">", " ").split())


def test_the_table_of_single_protections() -> None:
    """Against what ``tests/dns/test_plausible.py`` finds."""
    rows = {c[0]: c[1:] for c in map(cells, tables()[0][2:])}
    assert set(rows) == {"none", *original.protocol.protections}
    for name in PLAUSIBLE:
        assert rows[name][:6] == ["holds" if n is None else str(n) for n in LENGTHS[name]]


def test_commands_of_the_page_beside_the_tables() -> None:
    """Several at once are not enough, and grace needs a retention."""
    found = check(original, SMALL, with_protections=RETENTION, properties=["active-plan-never-deleted"])
    assert found.findings[0].depth == 24
    safety = ["active-plan-never-deleted", "record-never-empty", "plans-never-regress", "rollback-target-exists"]
    kept = {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 0}
    for names in (tuple(cells(line)[0].split(" + ")) for line in tables()[1][2:]):
        report = check(original, kept, with_protections=names, properties=safety)
        lengths = [f.depth for f in report.findings if f.depth is not None]
        assert min(lengths, default=None) == WITH_GRACE.get(names)


@pytest.fixture(scope="module")
def report() -> FixReport:
    return fixes("original", cache=False)


def test_the_tables_are_those_of_the_search(report: FixReport) -> None:
    written = [line.replace("&#45;", "-") for line in render(report, "markdown").splitlines()]
    assert set(tables()[0]) <= set(written)
    assert {"none": 7}.get(cells(tables()[0][2])[0]) == len(report.properties)
    rows = {cells(line)[0]: cells(line)[-1] for line in tables()[1][2:]}
    names = letters(report)
    assert rows == {set_text(m.protections): broken_text(m, names) for m in report.minimal}
    assert [x.sufficient for x in report.levels] == [0, 0, 9, 3]
    assert "of 189 ways to add one protection to a minimal set, 12 break a property" in report.pruning
    added = [next(n for n in p.protections if n not in m.protections) for m in report.minimal for p in m.more]
    assert (added.count("stale-lock-read"), added.count("recheck-before-lock"), len(added)) == (9, 3, 12)
    assert not any("preamble-everywhere" in m.protections for m in report.minimal)


def test_quotations_are_in_the_report(report: FixReport) -> None:
    told = {v.open for row in report.alone for v in row[0].violated}
    quoted = list(quotations())
    assert len(quoted) == 4
    assert set(quoted) <= told


def test_the_smallest_set_is_proved_for_every_size() -> None:
    found = fixes(
        find("original"),
        with_protections=["guarded-delete"],
        without=[p for p in original.protocol.protections if p not in ("guarded-delete", "transactional-check")],
        max_set=1,
        fault_sets=0,
        cache=False,
        larger={"enactors": 2, "endpoints": 1, "keep": 1},
    )
    (only,) = found.minimal
    words = {v.property: v.verdict.word for v in only.proofs}
    assert words == {
        **dict.fromkeys(
            ("active-plan-never-deleted", "record-never-empty", "plans-never-regress", "rollback-target-exists"),
            "holds",
        ),
        "automation-recovers": "holds",
        "endpoints-converge": "unknown",
        "cleanup-deletes": "unknown",
    }
