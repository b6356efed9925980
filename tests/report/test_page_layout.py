"""The layout of the explorer page: the rail, heights that stay, rows for all properties, phones, printing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, check, find, forecast, mutate, render
from planrace.checker.report.html.page import render_html
from planrace.checker.results.trace import Observed
from tests import ROOT
from tests.report.test_page import at, box, browser, lengthened

__all__ = ["browser"]

Open = Callable[..., Any]
EXPLAIN = Options(explain=True)
WIDTHS = (390, 800, 1400, 2200)


@pytest.fixture(scope="module")
def report() -> Report:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    return check(find("original"), sizes, options=Options(explain=True, beside=find("fixed")))


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    complaints: list[str] = []
    contexts = []

    def opened(html: str, width: int = 1400, where: str = "") -> Any:
        (tmp_path / "page.html").write_text(html)
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on("console", lambda m: complaints.append(m.text))
        page.goto(f"file://{tmp_path}/page.html{where}")
        return page

    yield opened
    for c in contexts:
        c.close()
    assert complaints == []


# The rail ---------------------------------------------------------------------------------------------------------
def test_steps_are_searched_and_filtered(open_page: Open, report: Report) -> None:
    f = report.findings[0]
    assert f.trace is not None
    page = open_page(render_html(report), where="#0.0")
    page.keyboard.press("/")
    page.keyboard.type("flips")
    found = [n for n, s in enumerate(f.trace.steps, 1) if "flips" in s.text]
    listed = [int(b.get_attribute("data-step")) for b in page.locator("#steps-body button").all()]
    assert listed == found
    assert page.text_content("#found") == f"{len(found)} of {len(f.trace)} steps"
    page.keyboard.press("Enter")
    assert at(page).startswith(f"Step {found[0]} of")
    page.keyboard.press("Enter")
    assert at(page).startswith(f"Step {found[1]} of")
    until_faint = page.locator("#width .faint")
    page.wait_for_timeout(60)
    assert until_faint.count() == len(f.trace) - len(found)
    page.keyboard.press("Escape")
    page.select_option("#who", "planner")
    mine = [n for n, s in enumerate(f.trace.steps, 1) if s.by == "planner"]
    assert [int(b.get_attribute("data-step")) for b in page.locator("#steps-body button").all()] == mine


def test_arrows_up_and_down_step_in_the_rail(open_page: Open, report: Report) -> None:
    page = open_page(render_html(report), where="#0.3")
    page.locator("#steps-body [data-step='3']").focus()
    page.keyboard.press("ArrowDown")
    assert at(page).startswith("Step 4 of")
    assert page.evaluate("document.activeElement.dataset.step") == "4"
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    assert at(page).startswith("Step 1 of")


def test_it_opens_at_a_tab_that_says_something(open_page: Open) -> None:
    """In the last state of this run no process relies on what it read."""
    page = open_page(render_html(check(find(f"{ROOT / 'examples' / 'blue_green.py'}:protocol"), options=EXPLAIN)))
    assert page.locator("#tabs button").all_text_contents()[0] == "what they think"
    assert page.locator("#tabs [aria-selected=true]").text_content() == "enabled steps"
    assert page.locator("#offers-body li").count() > 0


# Stepping ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_while_stepping(open_page: Open, report: Report, width: int) -> None:
    """Every part of the page stays where it is, whatever the current step, in every tab."""
    page = open_page(render_html(report), width, "#0.0")
    places = """[...document.querySelectorAll('section, #because, #controls button, #tabs button, footer')]
        .filter(e => e.offsetParent).map(e => [e.id, e.offsetTop, e.offsetHeight])"""
    for tab in page.locator("#tabs button").all():
        tab.click()
        page.keyboard.press("Home")
        before = page.evaluate(f"[document.documentElement.scrollHeight, ...{places}]")
        for _ in range(len(report.findings[0].trace or ())):
            page.keyboard.press("ArrowRight")
            assert page.evaluate(f"[document.documentElement.scrollHeight, ...{places}]") == before
    cut = "(b => b.scrollHeight > b.clientHeight + 1)(document.querySelector('{}'))"
    for body in ("#step-body", "#state-body"):
        assert not page.evaluate(cut.format(body)), "the reserved height is enough"


def test_the_state_is_compared_with_any_step(open_page: Open, report: Report) -> None:
    f = report.findings[0]
    assert f.trace is not None
    page = open_page(render_html(report))
    page.fill("#since", "1")
    page.keyboard.press("Enter")
    assert page.text_content("#differences").startswith("Since step 1: ")
    after = f.trace.steps[0].state
    changed = [c for c in f.trace.steps[-1].state if f.trace.steps[-1].state[c] != after[c]]
    for name in changed:
        assert name in page.text_content("#differences")
    assert page.locator("#tables td.changed").count() >= len(changed)
    page.click("#previous")
    assert page.text_content("#differences") == ""


def test_races_are_one_line(open_page: Open, report: Report) -> None:
    f = report.findings[0]
    assert f.insight is not None
    assert f.insight.causes is not None
    page = open_page(render_html(report))
    n = f.insight.causes.chain[1]
    page.click(f"#steps-body [data-step='{n}']")
    pairs = [(r.first, r.second) for r in f.insight.causes.races if n in (r.first, r.second)]
    others = sorted(a if b == n else b for a, b in pairs)
    assert page.locator("#step-body .races").count() == 1
    assert page.locator("#step-body .races button").all_text_contents() == [str(m) for m in others]
    assert "would hold" in page.locator("#step-body .races button").first.get_attribute("title")


# Rows -------------------------------------------------------------------------------------------------------------
def test_every_property_has_a_row(open_page: Open, report: Report) -> None:
    """Also recovery, liveness and reachability: of them the condition inside is shown, which violates nothing."""
    page = open_page(render_html(report))
    names = [b.get_attribute("title") for b in page.locator("#names .name.truth").all()]
    assert [n.split(":")[0] for n in names] == [f.name for f in report.findings]
    groups = page.locator("#names .group").all_text_contents()
    assert groups == ["Processes", "What users see", "Promises"]
    actors = page.locator("#names .actor").all_text_contents()
    assert actors == ["planner", "enactor 1", "enactor 2"]
    insight = report.findings[0].insight
    assert insight is not None
    truths = {t.property: t for t in insight.truths}
    goal = truths["automation-recovers"]
    last = insight.recoverable
    assert last is not None
    states = range(len(goal.holds))
    lost = sum(n > last for n in states)
    broken = sum(t.holds[n] is False for t in insight.truths if t.inner is None for n in states)
    assert page.locator("#width .fails").count() == broken + lost
    inner = sum(bool(t.holds[n]) for t in insight.truths if t.inner is not None for n in states)
    hidden = sum(bool(goal.holds[n]) for n in states if n > last)
    assert page.locator("#width .inner").count() == inner - hidden


def test_the_goal_of_liveness_fails_in_the_loop(open_page: Open, report: Report) -> None:
    number = next(n for n, f in enumerate(report.findings) if f.name == "endpoints-converge")
    f = report.findings[number]
    assert f.trace is not None
    assert f.trace.loop is not None
    page = open_page(render_html(report))
    page.click(f"#properties button[data-finding='{number}']")
    page.click("[data-zoom=fit]")
    title = "its goal (true finally always) is false"
    told = [t for t in page.locator("#width .fails title").all_text_contents() if title in t]
    assert len(told) == len(f.trace) - f.trace.loop
    assert all("repeats for ever" in t for t in told)


def test_observations_of_one_name_are_told_apart(open_page: Open, report: Report) -> None:
    """Two titles with one member, and a title without a member, once had one row or none."""
    f = report.findings[0]
    assert f.trace is not None
    seen = (Observed("endpoint", 1, "is red"), Observed("cache", 1, "is blue"), Observed("site", None, "is down"))
    steps = (replace(f.trace.steps[0], observed=seen), *f.trace.steps[1:])
    changed = replace(report, findings=(replace(f, trace=replace(f.trace, steps=steps)),))
    page = open_page(render_html(changed), where="#0.1")
    names = page.locator("#names .thing").all_text_contents()
    assert {"endpoint 1", "cache 1", "site"} <= set(names)
    titles = page.locator("#width .hit.seen title").all_text_contents()
    assert {"endpoint 1 is red", "cache 1 is blue", "site is down"} <= set(titles)


def test_long_runs_have_a_minimap(open_page: Open, report: Report) -> None:
    page = open_page(render_html(lengthened(report, 2000)), where="#0.0")
    assert page.locator("#minimap .mark").count() < 1500
    map_box = box(page, "#minimap")
    page.mouse.click((map_box["x"] + map_box["right"]) / 2, map_box["y"] + 20)
    page.wait_for_timeout(60)
    numbers = [int(t) for t in page.locator("#width .mark-text").all_text_contents()]
    assert min(numbers) < 1000 < max(numbers)
    before = len(numbers)
    page.click("[data-zoom=out]")
    assert page.locator("#width .mark").count() > before
    short = open_page(render_html(lengthened(report, 5)))
    assert not short.locator("#minimap").is_visible()
    columns, there = short.evaluate("['#width', '#scroll'].map(x => document.querySelector(x).clientWidth)")
    assert columns == pytest.approx(there, abs=8), "a short run is as wide as the page"


# Other media ------------------------------------------------------------------------------------------------------
def test_a_phone(open_page: Open, report: Report) -> None:
    """A choice in place of buttons, no hints about keys, the timeline in the first screen, nothing wider than it."""
    page = open_page(render_html(report), 390)
    assert not page.locator("#properties").is_visible()
    assert not page.locator("#hint").is_visible()
    assert page.locator("#property option").all_text_contents()[0] == "active-plan-never-deleted: violated"
    assert box(page, "#lanes")["y"] < 844 / 2
    page.select_option("#property", "2")
    assert page.text_content("#story-title").startswith(report.findings[2].name)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_verdicts_without_a_run_are_seen_on_a_phone(open_page: Open) -> None:
    """The choice in place of the buttons is only for runs."""
    sizes = {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 1}
    asked = Options(explain=True, properties=("plans-never-regress",))
    page = open_page(render_html(check(find("fixed"), sizes, options=asked)), 390)
    assert page.locator("#properties").inner_text() == "HOLDSplans-never-regress"
    assert not page.locator("#property").is_visible()


def test_paper_shows_everything(open_page: Open, report: Report) -> None:
    """No step, fact, property or belief is hidden, scrolled away or behind a tab."""
    page = open_page(render_html(report))
    page.emulate_media(media="print")
    page.wait_for_timeout(100)
    text = page.locator("body").inner_text()
    for f in report.findings:
        assert f.name in text
        for s in f.trace.steps if f.trace is not None else ():
            assert f"{s.by} {s.text}" in text
            assert all(o.text in text for o in s.observed)
        for b in f.insight.beliefs if f.insight is not None else ():
            assert f"{b.who} thinks {b.sentence or b.text} ({'checked' if b.checked else 'read'} at step" in text
        for m in f.match.facts if f.match is not None else ():
            assert m.meaning in text
    widest = "Math.max(...[...document.querySelectorAll('#paper .strip')].map(s => s.offsetWidth))"
    assert page.evaluate(widest) < 720, "a strip is as wide as a sheet of A4 at most"
    assert page.pdf()[:4] == b"%PDF"
    page.emulate_media(media="screen")
    page.wait_for_timeout(100)
    assert page.locator("#paper *").count() == 0


def test_a_run_as_text(open_page: Open, report: Report) -> None:
    """What "copy as text" copies: the run, the sentence about its cause, and the command."""
    page = open_page(render_html(report, "check -p original"))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async t => {window.taken = t}}})")
    page.click("#copy-text")
    assert page.locator("#copied").text_content() == "copied"
    text = page.evaluate("window.taken")
    f = report.findings[0]
    assert f.trace is not None
    for n, s in enumerate(f.trace.steps, 1):
        assert f"{n}. {s.by} {s.text}" in text
    assert "VIOLATED: active-plan-never-deleted" in text
    assert page.text_content("#because") in text
    assert text.rstrip().endswith("check -p original")
    assert "check -p original" in page.text_content("footer")
    page.click("#copy-link")
    assert page.evaluate("window.taken").endswith(f"#0.{len(f.trace)}")


def test_steps_name_their_lines(open_page: Open, report: Report) -> None:
    page = open_page(render_html(report), where="#0.1")
    where = report.sources["publish"]
    assert f"publish at {where.file}:{where.line}" in page.text_content("#step-body")


# Results without runs -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_forecasts_and_mutants(open_page: Open, width: int) -> None:
    protocol = find(f"{ROOT / 'examples' / 'blue_green.py'}:protocol")
    made = forecast(protocol), mutate(protocol, {"releases": 1, "deployers": 1})
    for result in made:
        page = open_page(render(result, "html"), width)
        shown = page.locator("main").inner_text()
        for line in render(result).splitlines():
            for word in re.findall(r"\w[\w-]{3,}", line):
                assert word in shown or word in page.text_content("h1"), word
        assert not page.locator("#explorer").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
