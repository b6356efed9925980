"""The DNS automation as processes is the protocol, state for state; a protection that is left out changes a verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planrace import Options, check, find
from tests import HERE, ROOT

pytestmark = pytest.mark.usefixtures("unexplained")

EXAMPLE = str(ROOT / "examples" / "dns_processes.py")
ROWS: list[dict[str, Any]] = json.loads((HERE / "counts.json").read_text())
SIZES = ("enactors", "plans", "endpoints", "keep")
OWN = {"crash", "lock-expiry"}
"""The faults that the processes have."""
PLAIN = [r for r in ROWS if not r["symmetry"] and OWN.issuperset(r["faults"])]


def label(row: dict[str, Any]) -> str:
    return "-".join([row["protocol"], *(str(row[s]) for s in SIZES), *row["faults"]])


@pytest.mark.parametrize("row", PLAIN, ids=label)
def test_the_counts_are_those_of_the_protocol(row: dict[str, Any]) -> None:
    protocol = find(f"{EXAMPLE}:{row['protocol']}")
    options = Options(exhaustive=True, slicing=False)  # rollback is in the counts
    report = check(protocol, {s: row[s] for s in SIZES}, faults=row["faults"], options=options)
    covered = report.exploration
    assert covered is not None
    assert covered.complete
    assert (covered.states, covered.transitions, covered.depth) == (row["states"], row["transitions"], row["depth"])
    assert {f.name: f.depth for f in report.findings} == {
        f.name: row["shortest_violation"][f.name] for f in report.findings
    }
    assert len(report.findings) == 3


@pytest.mark.parametrize("protection", ["transactional-check", "guarded-delete"])
def test_each_protection_matters(protection: str) -> None:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    assert not check(find(f"{EXAMPLE}:fixed"), sizes, without=[protection], faults=["crash", "lock-expiry"])
