"""Reports say in which of several initial states a run starts."""

from __future__ import annotations

from pathlib import Path

from planrace.checker import check, save
from planrace.checker.api.walks import replay
from planrace.checker.report.json.read import read_report
from planrace.checker.report.json.write import trace_json
from planrace.checker.report.text.document import document
from planrace.checker.results.blocks import Paragraph
from planrace.checker.run.walk import Walk
from planrace.model.language import (
    Protocol,
    Step,
    anything,
    array,
    boolean,
    enumeration,
    one_of,
    step,
    update,
    when,
)
from planrace.properties import invariant


def rounds() -> Protocol:
    p = Protocol("rounds", "an inspector visits sites")
    site = enumeration("site", "EAST WEST")
    done = p.variable("done", array(site, boolean()), False)
    here = p.variable("here", site, one_of(site.EAST, site.WEST))
    limit = p.variable("limit", boolean(), anything)

    @p.action(by="inspector")
    def visit() -> Step:
        return step(when(~done[here], ~limit), update(done[here], True))

    p.final(limit)
    p.declare(
        invariant("never-west", ~done[site.WEST], "the west is not visited; this is false"),
        invariant("no-limit", ~limit, "there is no limit; false at once"),
    )
    return p


def test_a_run_says_where_it_starts() -> None:
    report = check(rounds())
    text = "\n".join(b.text for b in document(report).blocks if isinstance(b, Paragraph))
    assert "Starts with here: WEST, limit: false." in text
    trace = report.findings[0].trace
    assert trace is not None
    assert trace.chosen == ("here", "limit")
    assert trace_json(trace)["chosen"] == ["here", "limit"]


def test_a_saved_run_is_replayed_from_where_it_starts(tmp_path: Path) -> None:
    report = check(rounds())
    save(report, tmp_path / "report.json")
    assert read_report(tmp_path / "report.json").findings[0].trace == report.findings[0].trace
    walk = Walk(rounds().system().instance(), 0)
    assert (walk.starts, walk.state["here"], walk.state["limit"]) == (4, "EAST", False)
    replay(walk, tmp_path / "report.json", "never-west")
    assert walk.state["done"] == [False, True]
    walk.begin(4)
    assert (walk.state["here"], walk.state["limit"], len(walk)) == ("WEST", True, 0)
