"""Three planted drifts from the model are found, and told in its words with what the code did and what clients get."""

from __future__ import annotations

import pytest

from planrace import cover, render
from planrace.checker.results.driving import DivergenceKind
from tests import ROOT

FILE = ROOT / "examples" / "driving" / "dns_drift.py"
SIZES = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}
EMPTY = """\
$ dig service.e1.planrace.test. A
;; status: NOERROR; flags: qr aa; ANSWER: 1
service.e1.planrace.test. 5 IN CNAME plan-1.trees.e1.planrace.test."""

DRIFTS: dict[str, tuple[DivergenceKind, str, list[tuple[str, str, str]], list[str]]] = {
    "NoCondition": (
        DivergenceKind.OUTCOME,
        "flip_alias",
        [("alias[1]", "2", "1"), ("rollback[1]", "0", "2")],
        [
            "cannot flip endpoint 1 to plan 1: Route 53 refuses the batch, a tree it names is gone [refused]",
            "the model ends the step as refused; the code ends the step as accepted.",
            "the active plan: what the stable name points at",
            EMPTY,
        ],
    ),
    "OneTooMany": (
        DivergenceKind.OUTCOME,
        "list_old_plans",
        [("doomed[1]", "{}", "{1}")],
        [
            "starts clean-up after plan 1: no plan is old enough to delete [nothing-old]",
            "the model ends the step as nothing-old; the code ends the step as listed.",
            "generations it listed for deletion",
        ],
    ),
    "FlipFirst": (
        DivergenceKind.OBSERVATION,
        "build_tree",
        [("trees[1]", "{1}", "{}")],
        [
            "builds the record tree of plan 1 in the zone of endpoint 1",
            "the model has trees[1] = {1}; the code has trees[1] = {}.",
            "generations whose record tree exists",
        ],
    ),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_a_drift_is_found_and_told(name: str) -> None:
    kind, action, differ, words = DRIFTS[name]
    report = cover("original", f"{FILE}:{name}", SIZES, criterion="outcomes")
    d = report.divergence
    assert report.exit_code == 1
    assert d is not None
    assert (d.kind, d.called.partition("(")[0], d.repeated, d.minimal) == (kind, action, True, True)
    assert d.trace.steps[-1].action == action
    # Which Enactor does it is open.
    assert {(m.place[:-2], m.expected, m.observed) for m in d.mismatches} >= {(p[:-2], a, b) for p, a, b in differ}
    text = " ".join(render(report).replace("enactor 2", "enactor 1").replace("[2]", "[1]").split())
    assert [w for w in words if " ".join(w.split()) not in text] == []


def test_the_run_to_an_empty_answer_is_short() -> None:
    """The condition matters only after the whole race: it is found by the outcome that the flip never had."""
    report = cover("original", f"{FILE}:NoCondition", SIZES, criterion="outcomes")
    assert report.divergence is not None
    assert len(report.divergence.run.split()) == 12
    again = cover("original", f"{FILE}:NoCondition", SIZES, run=report.divergence.run)
    assert again.divergence is not None
    assert again.divergence.called == report.divergence.called


def test_the_code_without_drift_has_no_divergence() -> None:
    assert cover("original", "dns:embedded,direct", SIZES, criterion="outcomes")
