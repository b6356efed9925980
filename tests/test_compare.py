"""Two reports side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker import Options, Report, check, find
from checker.cli.main import run
from checker.report import render_json
from checker.report.compare import Comparison, compare, comparison_json, comparison_markdown, parting

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
LOST = "active-plan-never-deleted"


@pytest.fixture(scope="module")
def before() -> Report:
    return check(find("original"), SMALL)


@pytest.fixture(scope="module")
def after() -> Report:
    return check(find("fixed"), SMALL)


def by_name(c: Comparison) -> dict[str, tuple[str | None, str | None]]:
    return {d.what: (d.before, d.after) for d in c.verdicts}


def test_a_fix_changes_verdicts_and_counts(before: Report, after: Report) -> None:
    c = compare(before, after)
    assert c.changed
    assert by_name(c) == {
        f.name: (f.verdict.word, g.verdict.word)
        for f, g in zip(before.findings, after.findings, strict=True)
        if f.verdict is not g.verdict
    }
    assert by_name(c)[LOST] == ("violated", "holds")
    assert before.exploration is not None
    assert after.exploration is not None
    assert (c.counts[0].what, c.counts[0].before, c.counts[0].after) == (
        "states",
        f"{before.exploration.states:,}",
        f"{after.exploration.states:,}",
    )
    assert [(d.what, d.after) for d in c.request] == [
        ("protocol", "fixed"),
        ("protections", ", ".join(after.protections)),
    ]
    back = compare(after, before)
    assert by_name(back) == {n: (y, x) for n, (x, y) in by_name(c).items()}


def test_the_same_report_does_not_differ(before: Report) -> None:
    again = replace(before, exploration=replace(before.exploration, seconds=9.0, peak_memory_bytes=1))  # type: ignore[type-var]
    c = compare(before, again)
    assert not c.changed
    assert c == Comparison((), (), (), (), "", (), (), c.partings)
    assert all(p.step is None and not p.longer for p in c.partings)
    assert {p.property for p in c.partings} == {f.name for f in before.findings if f.trace is not None}


def test_a_property_that_is_gone_counts_as_a_change(before: Report) -> None:
    fewer = replace(before, findings=before.findings[1:])
    assert by_name(compare(before, fewer)) == {LOST: ("violated", None)}
    assert by_name(compare(fewer, before)) == {LOST: (None, "violated")}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"complete": False}, "one of the searches is not complete"),
        ({"symmetry": True}, "only one of the searches counts orbits"),
        ({"sliced": ("empty",)}, "the states do not have the same variables"),
    ],
)
def test_counts_that_say_nothing_are_not_compared(change: dict[str, Any], why: str, before: Report) -> None:
    assert before.exploration is not None
    plain = replace(before, exploration=replace(before.exploration, symmetry=False, sliced=()))
    assert plain.exploration is not None
    other = replace(plain, exploration=replace(plain.exploration, states=1, **change))
    c = compare(plain, other)
    assert (c.counts, c.uncounted) == ((), why)
    assert compare(plain, replace(plain, exploration=None)).uncounted == "one of the engines does not count states"


def test_where_runs_part(before: Report) -> None:
    trace = before.findings[0].trace
    assert trace is not None
    for n in range(1, len(trace) + 1):
        steps = list(trace.steps)
        steps[n - 1] = replace(steps[n - 1], action="something_else", text="does something else")
        p = parting("p", trace, replace(trace, steps=tuple(steps)))
        assert (p.step, p.places) == (n, ())
        assert "does something else" in p.after
        elsewhere = list(trace.steps)
        elsewhere[n - 1] = replace(elsewhere[n - 1], state={**elsewhere[n - 1].state, "alias": [9]})
        p = parting("p", trace, replace(trace, steps=tuple(elsewhere)))
        assert p.step == n
        assert [(d.what, d.after) for d in p.places] == [("alias[1]", "9")]
    shorter = replace(trace, steps=trace.steps[:5])
    p = parting("p", shorter, trace)
    assert (p.step, p.longer) == (None, "the second")
    assert trace.steps[5].text in p.after
    assert parting("p", trace, shorter).longer == "the first"
    other = replace(trace, initial={**trace.initial, "latest": 1})
    assert [d.what for d in parting("p", trace, other).places] == ["latest"]


def test_the_command(before: Report, after: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_text(render_json(before))
    b.write_text(render_json(after))
    assert run(["compare", str(a), str(b)]) == 1
    out = capsys.readouterr().out
    assert f"{LOST}: violated → holds" in out
    assert out.endswith("verdicts: changed (exit 1)\n")
    assert run(["compare", str(a), str(a)]) == 0
    assert capsys.readouterr().out.endswith("verdicts: the same (exit 0)\n")
    assert run(["compare", str(a), str(b), "--format", f"json:{tmp_path / 'c.json'}"]) == 1
    data = json.loads((tmp_path / "c.json").read_text())
    assert (data["schema"], data["changed"]) == ("planrace/comparison/1", True)
    assert data == json.loads(comparison_json(compare(before, after)))
    assert run(["compare", str(a), str(tmp_path / "none.json")]) == 2
    assert "cannot read" in capsys.readouterr().err
    (tmp_path / "d.json").write_text('{"schema": "planrace/report/0"}')
    assert run(["compare", str(tmp_path / "d.json"), str(a)]) == 2
    assert "its schema is 'planrace/report/0'" in capsys.readouterr().err


def test_markdown_cannot_be_broken_by_names(before: Report, after: Report) -> None:
    bad = replace(after, protocol="a|b`c`<img src=x> [x](http://y) *z*\x1b[31m")
    text = comparison_markdown(compare(before, bad))
    rows = [line for line in text.splitlines() if line.startswith("| protocol")]
    assert len(rows) == 1
    assert rows[0].count("|") == 4
    assert not set("<>`*\x1b[") & set(rows[0])


def test_a_different_length_is_told() -> None:
    short = check(find("original"), SMALL, options=Options(properties=(LOST,)))
    long = check(
        find("original"), {**SMALL, "endpoints": 2, "keep": 2, "plans": 4}, options=Options(properties=(LOST,))
    )
    assert [(d.what, d.before, d.after) for d in compare(short, long).depths] == [
        (LOST, f"{short.findings[0].depth} steps", f"{long.findings[0].depth} steps")
    ]
