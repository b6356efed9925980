"""The gallery: verdicts, shortest counterexamples and counts, pinned; engines agree; published counts are met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checker import Options, check, prove
from properties.kinds import Checkable

from . import naive
from .test_docs import ROOT

PINNED: dict[str, tuple[dict[str, tuple[str, int | None]], dict[str, int]]] = {
    "peterson": (
        {"one-inside": ("violated", 8), "who-wants-gets-in": ("holds", None), "somebody-is-inside": ("holds", 4)},
        {"states": 34},
    ),
    "two_phase_commit": (
        {"all-or-none": ("violated", 9), "commits-happen": ("holds", 8)},
        {"states": 288},
    ),
    "lease": (
        {"no-write-is-undone": ("violated", 7), "writes-are-stored": ("holds", 3)},
        {"states": 666},
    ),
}
WHOLE = Options(exhaustive=True, slicing=False, symmetry=False)


def name(example: str, attribute: str) -> str:
    return f"{ROOT / 'examples' / example}.py:{attribute}"


@pytest.mark.parametrize("example", PINNED)
def test_the_bug_is_found(example: str) -> None:
    report = check(name(example, "protocol"))
    assert {f.name: (f.verdict.word, f.depth) for f in report.findings} == PINNED[example][0]


@pytest.mark.parametrize("example", PINNED)
def test_the_repair_holds(example: str) -> None:
    report = check(name(example, "fixed"), options=WHOLE)
    assert report.verdict.word == "holds"
    assert report.exploration is not None
    assert report.exploration.states == PINNED[example][1]["states"]
    assert not [w for w in report.warnings if w.strict]


@pytest.mark.parametrize("attribute", ["protocol", "fixed"])
@pytest.mark.parametrize("example", PINNED)
def test_engines_agree(example: str, attribute: str) -> None:
    found: dict[str, Any] = {}
    for engine in ("explicit", "native"):
        report = check(name(example, attribute), options=Options(engine=engine, exhaustive=True, symmetry=False))
        assert report.exploration is not None
        counts = report.exploration.states, report.exploration.transitions
        found[engine] = counts, [(f.verdict, f.depth) for f in report.findings]
    assert found["explicit"] == found["native"]
    plain = check(name(example, attribute), options=WHOLE)
    instance_counts = naive.search(instance(example, attribute))
    assert plain.exploration is not None
    assert (plain.exploration.states, plain.exploration.transitions) == (
        instance_counts.states,
        instance_counts.transitions,
    )
    bounded = check(name(example, attribute), options=Options(engine="bmc", depth=9))
    for f, g in zip(bounded.findings, [g for g in report.findings if g.kind != "liveness"], strict=False):
        if f.verdict.word == "violated":
            assert (f.verdict, f.depth) == (g.verdict, g.depth)


def instance(example: str, attribute: str) -> Any:
    from checker import instance_of

    return instance_of(name(example, attribute))


@pytest.mark.parametrize(("managers", "states"), [(3, 288), (4, 1568)])
def test_two_phase_commit_has_the_states_that_tlc_counts(managers: int, states: int) -> None:
    report = check(name("two_phase_commit", "fixed"), {"managers": managers}, options=WHOLE)
    assert report.exploration is not None
    assert report.exploration.states == states


def test_fencing_is_proved_for_every_size() -> None:
    assert prove(name("lease", "fixed")).verdict.word == "holds"
    assert prove(name("lease", "protocol"), properties=["no-write-is-undone"]).verdict.word == "violated"


def test_every_example_is_here() -> None:
    there = {p.stem for p in (ROOT / "examples").glob("*.py")}
    assert there == {*PINNED, "blue_green"}
    assert Path(ROOT / "docs" / "gallery.md").read_text().count("\n## ") == len(there)
    assert all(
        isinstance(p, Checkable) or p.kind == "liveness" for p in instance("peterson", "fixed").system.properties
    )
