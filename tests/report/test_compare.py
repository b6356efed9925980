"""Differences between two reports."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, Verdict, check, find
from planrace.checker.cli.main import run
from planrace.checker.report.json.read import TRACE_SCHEMA
from planrace.checker.report.json.write import render_json
from planrace.checker.report.text.comparison import (
    Comparison,
    compare,
    comparison_document,
    comparison_json,
    comparison_markdown,
    parting,
)
from planrace.checker.report.text.plain import render_plain
from planrace.checker.results.blocks import Document, Paragraph
from planrace.checker.results.report import ModelWarning
from tests import HERE

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


def test_a_removed_property_counts_as_a_change(before: Report) -> None:
    fewer = replace(before, findings=before.findings[1:])
    assert by_name(compare(before, fewer)) == {LOST: ("violated", None)}
    assert by_name(compare(fewer, before)) == {LOST: (None, "violated")}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"complete": False}, "one of the searches is not complete"),
        ({"symmetry": True}, "only one of the searches counts orbits"),
        ({"normalised": "plan"}, "only one of the searches counts normal forms of generations"),
        ({"states_per_orbit": 6}, "the searches count orbits differently"),
        ({"sliced": ("empty",)}, "the ignored variables differ"),
    ],
)
def test_incomparable_counts_are_not_compared(change: dict[str, Any], why: str, before: Report) -> None:
    assert before.exploration is not None
    plain = replace(before, exploration=replace(before.exploration, symmetry=False, sliced=()))
    assert plain.exploration is not None
    other = replace(plain, exploration=replace(plain.exploration, states=1, **change))
    c = compare(plain, other)
    assert (c.counts, c.uncounted) == ((), why)
    assert compare(plain, replace(plain, exploration=None)).uncounted == "one of the engines does not count states"


def test_where_runs_diverge(before: Report) -> None:
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


def test_witnesses_are_separate_from_counterexamples(before: Report) -> None:
    """A shorter witness is no shorter counterexample."""
    reached = replace(before.findings[0], name="reached", kind="reachable", verdict=Verdict.HOLDS)
    assert reached.trace is not None
    shorter = replace(reached, trace=replace(reached.trace, steps=reached.trace.steps[:5]))
    a, b = (replace(before, findings=(f, before.findings[0])) for f in (reached, shorter))
    c = compare(a, b)
    assert [d.what for d in c.depths] == []
    assert [(d.what, d.after) for d in c.witnesses] == [("reached", "5 steps")]
    assert [(p.property, p.witness) for p in c.partings] == [("reached", True), (LOST, False)]
    text = render_plain(comparison_document(c, 0))
    assert text.index("\nRuns\n") < text.index(f"{LOST}: the same run") < text.index("\nWitnesses\n")
    assert text.index("\nWitnesses\n") < text.index("reached: the first run continues")
    assert "Length of witnesses" in text
    assert "Length of counterexamples" not in text
    markdown = comparison_markdown(c)
    assert markdown.index("**Runs**") < markdown.index("**Witnesses**")


def sentences(told: Document) -> list[str]:
    return [b.text for b in told.blocks if isinstance(b, Paragraph)]


def with_run(report: Report, **change: Any) -> Report:
    """The report with another run for its first property."""
    first = report.findings[0]
    assert first.trace is not None
    return replace(report, findings=(replace(first, trace=replace(first.trace, **change)), *report.findings[1:]))


def test_different_steps_with_the_same_text_are_distinguished(before: Report) -> None:
    trace = before.findings[0].trace
    assert trace is not None
    for change in ({"action": "another"}, {"parameters": {"i": 9}}):
        steps = (*trace.steps[:3], replace(trace.steps[3], **change), *trace.steps[4:])
        p = parting(LOST, trace, replace(trace, steps=steps))
        assert (p.step, p.before != p.after) == (4, True)
        assert p.after.endswith("another(i=2)" if "action" in change else "(i=9)"), p.after
        (said,) = [
            s
            for s in sentences(comparison_document(compare(before, with_run(before, steps=steps)), 0))
            if s.startswith(LOST)
        ]
        assert p.before in said
        assert p.after in said
        assert "leads elsewhere" not in said


def test_the_same_step_to_different_states_is_shown_once(before: Report) -> None:
    trace = before.findings[0].trace
    assert trace is not None
    steps = (replace(trace.steps[0], state={**trace.steps[0].state, "latest": 2}), *trace.steps[1:])
    told = sentences(comparison_document(compare(before, with_run(before, steps=steps)), 0))
    first = trace.steps[0]
    assert (
        f"{LOST}: the runs diverge at step 1, which leads to different states ({first.by} {first.text}): latest: 1 → 2"
        in told
    )


def test_runs_with_different_continuations_differ(before: Report) -> None:
    looped = with_run(before, loop=3)
    (p, *_) = compare(before, looped).partings
    assert (p.step, p.before, p.after) == (None, "ends", "repeats the steps after step 3 for ever")
    told = sentences(comparison_document(compare(before, looped), 0))
    assert f"{LOST}: the same steps; the first run ends, the second repeats the steps after step 3 for ever" in told
    assert f"{LOST}: the same run" in sentences(comparison_document(compare(looped, looped), 0))


def test_another_protection_is_a_changed_request(before: Report) -> None:
    c = compare(before, check(find("original"), SMALL, with_protections=["guarded-delete"]))
    assert [(d.what, d.before, d.after) for d in c.request] == [("protections", None, "guarded-delete")]
    assert by_name(c)[LOST] == ("violated", "holds")


def test_added_and_removed_warnings_and_facts(before: Report) -> None:
    stuck = ModelWarning("deadlock", "", "after 3 steps nothing is enabled any more")
    c = compare(before, replace(before, warnings=(stuck,)))
    assert not c.changed
    assert [(d.what, d.after) for d in c.warnings] == [("warnings", f"deadlock: {stuck.message}")]
    assert before.full_match is not None
    assert before.full_match.match is not None
    facts = before.full_match.match.facts
    fewer = replace(before.full_match.match, facts=(replace(facts[0], step=None), *facts[1:]))
    c = compare(before, replace(before, full_match=replace(before.full_match, match=fewer)))
    assert [(d.before, d.after) for d in c.facts] == [(facts[0].fact, None)]


def saved(report: Report, path: Path, **change: Any) -> str:
    """A run as ``check walk`` saves it."""
    data = json.loads(render_json(report))
    kept = {k: data[k] for k in ("protocol", "parameters", "faults", "protections")}
    path.write_text(json.dumps({"schema": TRACE_SCHEMA, **kept, "trace": data["properties"][0]["trace"], **change}))
    return str(path)


def test_saved_runs(before: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = saved(before, tmp_path / "a.json")
    data = json.loads(Path(a).read_text())
    data["trace"]["steps"][6]["state"]["latest"] = 7
    b = saved(before, tmp_path / "b.json", trace=data["trace"])
    assert run(["compare", a, a]) == 0
    assert "run: the same run" in capsys.readouterr().out
    assert run(["compare", a, b, "--format", "json"]) == 0
    (p,) = json.loads(capsys.readouterr().out)["partings"]
    assert (p["step"], p["places"]) == (7, [{"what": "latest", "before": "2", "after": "7"}])


def test_a_run_is_not_compared_with_a_report(
    before: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = saved(before, tmp_path / "a.json"), tmp_path / "b.json"
    b.write_text(render_json(before))
    for pair in ([a, str(b)], [str(b), a]):
        assert run(["compare", *pair]) == 2
        assert f"{a} is a saved run and {b} a report" in capsys.readouterr().err


ERRORS = {
    "nothing": ("", "is not JSON"),
    "no JSON": ("verdict: holds", "is not JSON"),
    "a list": ("[]", "it names no schema"),
    "another schema": ('{"schema": "planrace/matrix/1"}', "its schema is 'planrace/matrix/1'"),
    "a lost field": ('{"schema": "planrace/report/1"}', "protocol is missing"),
    "a lost run": ('{"schema": "planrace/trace/1", "protocol": "p"}', "trace is missing"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_incomparable_files_give_one_sentence(
    name: str, before: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, message = ERRORS[name]
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(render_json(before))
    bad.write_text(text)
    for pair in ([good, bad], [bad, good]):
        assert run(["compare", *map(str, pair)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"Error: {bad}")
        assert message in err
        assert "--format json" in err
        assert err.count("\n") == 1


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
    bad = replace(after, protocol="a|b`c`<img src=x> [x](http://y) *z*\x1b[31m ~~q~~ $x$ @someone")
    text = comparison_markdown(compare(before, bad))
    rows = [line for line in text.splitlines() if line.startswith("| protocol")]
    assert len(rows) == 1
    assert rows[0].count("|") == 4
    assert not set("<>`*\x1b[~$") & set(rows[0])
    assert "@someone" not in rows[0]


def test_a_different_length_is_shown() -> None:
    short = check(find("original"), SMALL, options=Options(properties=(LOST,)))
    long = check(
        find("original"), {**SMALL, "endpoints": 2, "keep": 2, "plans": 4}, options=Options(properties=(LOST,))
    )
    assert [(d.what, d.before, d.after) for d in compare(short, long).depths] == [
        (LOST, f"{short.findings[0].depth} steps", f"{long.findings[0].depth} steps")
    ]


def test_golden(before: Report, after: Report) -> None:
    text = comparison_markdown(compare(before, after))
    golden = HERE / "golden" / "comparison.md"
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()
