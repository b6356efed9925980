"""The examples: verdicts, shortest counterexamples and counts, pinned."""

from __future__ import annotations

from pathlib import Path

from checker import Options, check, find

from . import naive

BLUE_GREEN = str(Path(__file__).parent.parent / "examples" / "blue_green.py")


def test_blue_green_has_a_bug() -> None:
    report = check(find(f"{BLUE_GREEN}:protocol"), options=Options(exhaustive=True))
    assert {f.name: (f.verdict.word, f.depth) for f in report.findings} == {
        "live-release-exists": ("violated", 8),
        "old-releases-are-deleted": ("holds", 6),
    }
    found = naive.search(find(f"{BLUE_GREEN}:protocol").system().instance())
    assert report.exploration is not None
    assert (report.exploration.states, report.exploration.transitions) == (found.states, found.transitions)
    assert found.shortest["live-release-exists"] == 8


def test_blue_green_has_a_fix() -> None:
    report = check(find(f"{BLUE_GREEN}:fixed"))
    assert report.verdict.word == "holds"
    assert report.exploration is not None
    assert report.exploration.states == 149
    larger = check(find(f"{BLUE_GREEN}:fixed"), {"deployers": 3, "releases": 5})
    assert larger.verdict.word == "holds"
