"""The explorer page: the content of the file, and its behaviour in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, Trace, check, find
from planrace.checker.cli.main import run
from planrace.checker.report.html.logs_page import SCRIPTS as LOG_SCRIPTS
from planrace.checker.report.html.logs_page import STYLES as LOG_STYLES
from planrace.checker.report.html.page import PAGE, SCRIPTS, STYLES, render_html
from planrace.checker.results.explanation import Insight
from planrace.checker.results.report import Finding
from planrace.checker.results.trace import Change, TraceStep
from planrace.checker.results.verdict import Verdict
from tests import HERE, ROOT

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>'\"&{{data}}"
SIZES = {"enactors": 2, "endpoints": 2, "plans": 3, "keep": 1}


@pytest.fixture(scope="module")
def report() -> Report:
    options = Options(explain=True, alternatives=2, beside=find("fixed"))
    return check(find("original"), SIZES, options=options)


def lengthened(report: Report, steps: int) -> Report:
    """A report with a run of the given length: two processes increment a counter."""
    states = [{"count": n} for n in range(steps + 1)]
    run = tuple(
        TraceStep(
            "count",
            {},
            f"worker {n % 2 + 1}",
            "worker",
            None,
            None,
            f"counts to {n + 1}",
            states[n + 1],
            (Change("count", n, n + 1, "count", ()),),
        )
        for n in range(steps)
    )
    finding = Finding(
        "long", "invariant", "it ends", Verdict.VIOLATED, "made", Trace(states[0], run), insight=Insight()
    )
    return replace(report, findings=(finding,), full_match=None, variables=(), pictures=())


def hostile(report: Report) -> Report:
    f = report.findings[0]
    assert f.trace is not None
    step = replace(f.trace.steps[0], text=HOSTILE, by=HOSTILE, outcome=HOSTILE)
    trace = replace(f.trace, steps=(step, *f.trace.steps[1:]))
    finding = replace(f, name=HOSTILE, meaning=HOSTILE, trace=trace)
    return replace(report, protocol=HOSTILE, findings=(finding,), full_match=None)


# The file --------------------------------------------------------------------------------------------------------
def test_no_name_turns_the_direction_of_the_text_after_it(report: Report) -> None:
    f = replace(report.findings[0], meaning="a\u202eb\u2066c\\u202ed")
    page = render_html(replace(report, findings=(f,)))
    assert r"a\ufffdb\ufffdc\\u202ed" in page, "a backslash and four digits are no such character"
    assert "\u202e" not in page


def test_the_policy_allows_only_our_script_and_style(report: Report) -> None:
    page = render_html(hostile(report))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(scripts) == len(styles) == 1
    for text in (*scripts, *styles):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy[1]
    for word in ("http://", "https://", "innerHTML", "eval(", "@import", "url("):
        assert word not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_page_contains_the_report(report: Report) -> None:
    page = render_html(report)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert [p["name"] for p in data["properties"]][: len(report.findings)] == [f.name for f in report.findings]
    for f in data["findings"]:
        found = next((r for r in report.findings if r.name == f["name"]), None)
        trace = found.trace if found is not None else report.full_match.trace  # type: ignore[union-attr]
        assert trace is not None
        assert [s["text"] for s in data["runs"][f["run"]]["steps"]] == [s.text for s in trace.steps]
    assert len(data["runs"]) < len(data["findings"]), "runs that are told twice are there once"
    assert render_html(report) == page


def test_the_page_of_the_default_run_is_small() -> None:
    found = check(find("original"), options=Options(explain=True, beside=find("fixed")))
    assert len(render_html(found).encode()) < 1_000_000


def test_golden() -> None:
    """The data of the page of a small report, without what differs from run to run."""
    found = check(
        find(str(ROOT / "examples" / "blue_green.py") + ":protocol"),
        {"releases": 2},
        options=Options(explain=True),
    )
    assert found.exploration is not None
    still = replace(found, exploration=replace(found.exploration, seconds=0.0, peak_memory_bytes=0))
    data = json.loads(re.search(r'id="data">(.*?)</script>', render_html(still), re.DOTALL)[1])  # type: ignore[index]
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    golden = HERE / "golden" / "blue-green-page.json"
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


def test_a_report_without_a_run_has_a_page() -> None:
    page = render_html(check(find("fixed"), SIZES, options=Options(explain=True, properties=("plans-never-regress",))))
    assert "no property is violated" in page


@pytest.mark.parametrize("scripts", [SCRIPTS, LOG_SCRIPTS], ids=["explorer", "logs"])
def test_no_name_is_defined_in_two_modules(scripts: tuple[str, ...]) -> None:
    """In a page all modules are in one scope: a second function of one name would silently replace the first."""
    defined: dict[str, str] = {}
    for module in scripts:
        text = (PAGE / f"{module}.js").read_text()
        names = re.findall(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
        for name in names:
            assert name not in defined, f"{name} is defined in {defined.get(name)} and {module}"
            defined[name] = module


def test_every_asset_is_part_of_a_page() -> None:
    there = {p.stem for p in PAGE.glob("*.js")}, {p.stem for p in PAGE.glob("*.css")}
    assert there == ({*SCRIPTS, *LOG_SCRIPTS}, {*STYLES, *LOG_STYLES})


def test_a_page_names_the_command_that_made_it(tmp_path: Path) -> None:
    example = str(ROOT / "examples" / "blue_green.py") + ":protocol"
    for command in (["-p", example], ["forecast", "-p", example, "--no-explain"]):
        asked = [*command, "-s", "releases=1", "--format", f"html:{tmp_path}/page.html"]
        assert run(asked) in (0, 1)
        data = json.loads(re.search(r'id="data">(.*?)</script>', (tmp_path / "page.html").read_text(), re.DOTALL)[1])  # type: ignore[index]
        assert shlex.split(data["command"]) == ["check", *asked]
    assert data["document"]["blocks"][0] == {"kind": "heading", "text": "In short"}


# In a browser ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; CI must have it")
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a report from disk. There may be no network request and no error."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.on("request", lambda r: None if r.url.startswith("file:") else complaints.append(r.url))

    def opened(report: Report, where: str = "") -> Any:
        (tmp_path / "page.html").write_text(render_html(report))
        page = context.new_page()
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on("console", lambda m: complaints.append(m.text))
        page.goto(f"file://{tmp_path}/page.html{where}")
        return page

    yield opened
    context.close()
    assert complaints == []


def until(page: Any, condition: str) -> None:
    """Wait until a condition holds. The page's policy forbids Playwright's own method."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"it never comes about that {condition}")


def at(page: Any) -> str:
    return str(page.text_content("#step-title"))


def test_stepping(open_page: Open, report: Report) -> None:
    page = open_page(report)
    trace = report.findings[0].trace
    assert trace is not None
    last = len(trace)
    assert at(page) == f"Step {last} of {last}"
    page.click("[data-go=first]")
    assert at(page) == "The initial state"
    for n, step in enumerate(trace.steps, 1):
        page.keyboard.press("ArrowRight")
        assert at(page) == f"Step {n} of {last}"
        assert step.text in page.text_content("#step-body")
        shown = page.evaluate("document.querySelector('#tables').innerText")
        latest = re.search(r"latest\s+(\d+)", shown)
        assert latest is not None
        assert int(latest[1]) == step.state["latest"]
    page.keyboard.press("ArrowLeft")
    assert at(page) == f"Step {last - 1} of {last}"
    page.keyboard.press("Home")
    assert at(page) == "The initial state"
    page.fill("#number", "5")
    page.keyboard.press("Enter")
    assert at(page) == f"Step 5 of {last}"
    page.locator("#scroll").click(position={"x": 20, "y": 40})
    assert at(page) == "The initial state"


def box(page: Any, what: str) -> dict[str, float]:
    found = page.evaluate(
        f"(b => ({{x: b.x, y: b.y, right: b.right, bottom: b.bottom}}))"
        f"(document.querySelector({what!r}).getBoundingClientRect())"
    )
    return dict(found)


def test_the_rail_tells_the_run_from_the_top_of_the_page(open_page: Open, report: Report) -> None:
    """What happened, in order, is at the left edge and in the first screen, with facts and violations."""
    page = open_page(report)
    f = report.findings[0]
    assert f.trace is not None
    rail, time = box(page, "#rail"), box(page, "#time")
    assert rail["x"] < 40
    assert rail["right"] <= time["x"]
    assert rail["bottom"] <= 900
    texts = page.locator("#steps-body button").all_text_contents()
    for n, step in enumerate(f.trace.steps, 1):
        assert f"{step.by} {step.text}" in texts[n]
        assert all(o.text in texts[n] for o in step.observed)
    current = page.locator("#steps-body [aria-current=true]")
    assert current.get_attribute("data-step") == str(len(f.trace))
    assert "✗ active-plan-never-deleted" in current.text_content()
    inside = box(page, "#steps-body [aria-current=true]")
    assert box(page, "#steps-body")["y"] <= inside["y"]
    assert inside["bottom"] <= box(page, "#steps-body")["bottom"] + 1
    assert f.match is not None
    shown = {m.fact for m in f.match.facts if m.step is not None and not m.onward}
    assert set(page.locator("#steps-body .fact").all_text_contents()) == shown
    page.click("#steps-body [data-step='3']")
    assert at(page).startswith("Step 3 of")
    page.mouse.wheel(0, 600)
    assert box(page, "#rail")["y"] >= 0, "it stays when the page is scrolled"


def test_arrow_keys_step_after_a_number_was_typed(open_page: Open, report: Report) -> None:
    page = open_page(report)
    for typed, end in (("5", "Enter"), ("4", None)):
        page.fill("#number", typed)
        if end is not None:
            page.keyboard.press(end)
            assert at(page).startswith(f"Step {typed} of")
        page.keyboard.press("ArrowRight")
        assert at(page).startswith(f"Step {int(typed) + 1} of")
        page.keyboard.press("ArrowLeft")
        assert at(page).startswith(f"Step {typed} of")


def test_a_link_to_a_step(open_page: Open, report: Report) -> None:
    page = open_page(report, "#1.3")
    assert at(page).startswith("Step 3 of")
    assert page.text_content("#story-title").startswith(f"{report.findings[1].name}: violated at step")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("location.hash") == "#1.4"


def test_facts_are_pinned(open_page: Open, report: Report) -> None:
    f = report.findings[0]
    assert f.match is not None
    steps = sorted({m.step for m in f.match.facts if m.step is not None and not m.onward})
    page = open_page(report)
    page.keyboard.press("Home")
    for n in steps:
        page.keyboard.press("f")
        assert at(page).startswith(f"Step {n} of")
        names = [m.fact for m in f.match.facts if m.step == n and not m.onward]
        assert page.locator("#step-body .fact").all_text_contents() == names
    assert page.locator("#width .pin").count() == len(steps)
    page.click("#tab-facts")
    page.click("#facts-body button >> nth=0")
    assert at(page).startswith(f"Step {f.match.facts[0].step} of")


def test_enabled_steps_and_walking_into_them(open_page: Open, report: Report) -> None:
    f = report.findings[0]
    assert f.insight is not None
    assert f.trace is not None
    page = open_page(report, "#0.2")
    page.click("#tab-offers")
    here = f.insight.offers[2]
    assert page.locator("#offers-body li").count() == len(here)
    assert page.locator("#offers-body li.taken").count() == 1
    other = next(o for o in here if (o.action, o.parameters) != (f.trace.steps[2].action, f.trace.steps[2].parameters))
    page.click(f"#offers-body li:not(.taken) button:has-text('{other.text[:25]}')")
    assert at(page) == "Off the run: 1 step after step 2"
    assert other.text in page.text_content("#step-body")
    page.click("#offers-body ul button >> nth=0")
    assert at(page) == "Off the run: 2 steps after step 2"
    page.keyboard.press("ArrowLeft")
    assert at(page) == "Off the run: 1 step after step 2"
    page.click("text=back to the run")
    assert at(page).startswith("Step 2 of")


def test_beliefs_truth_and_the_other_variant(open_page: Open, report: Report) -> None:
    f = report.findings[0]
    assert f.insight is not None
    assert f.insight.beside is not None
    belief = next(b for b in f.insight.beliefs if b.checked and b.stale is not None and b.truth[-1] is False)
    page = open_page(report, f"#0.{belief.since}")
    assert belief.sentence
    here = page.locator("#beliefs-body li", has_text=f"thinks {belief.sentence} (checked at step {belief.since}).")
    assert here.first.get_attribute("title") == belief.text
    assert here.first.get_attribute("class") == "true"
    page.evaluate(f"location.hash = '#0.{belief.stale}'")
    until(page, f"document.querySelector('#number').value == '{belief.stale}'")
    assert f"Wrong since step {belief.stale}." in page.locator("#beliefs-body li.stale").all_text_contents()[0]
    page.keyboard.press("End")
    assert "active-plan-never-deleted: endpoint 1" in page.text_content("#step-body")
    assert page.locator("#pictures .offending h3").all_text_contents() == ["endpoint 1"]
    assert page.locator("#pictures .pointer.broken").count() == 1
    page.click("#tab-beside")
    page.click("text=first difference")
    assert "superseded" in page.text_content("#beside-body")
    assert "Every invariant holds there." in page.text_content("#beside-body")


def test_a_lasso_is_drawn_as_a_loop(open_page: Open, report: Report) -> None:
    number = next(n for n, f in enumerate(report.findings) if f.name == "endpoints-converge")
    loop, last = report.findings[number].trace.loop, len(report.findings[number].trace)  # type: ignore[union-attr,arg-type]
    assert loop is not None
    page = open_page(report)
    page.click(f"#properties button[data-finding='{number}']")
    assert at(page) == f"Step {loop + 1} of {last}", "it opens where the loop begins"
    assert f"Steps {loop + 1}–{last} repeat for ever." in page.text_content("#because")
    assert f"Steps {loop + 1}–{last} repeat for ever." in page.text_content("#width path.loop title")
    assert page.locator("#width .looped").count() == last - loop
    assert page.locator("#steps-body li.looped").count() == last - loop
    left, right = page.evaluate(
        "(b => [b.left, b.right])(document.querySelector('#width path.loop').getBoundingClientRect())"
    )
    boxes = "[...document.querySelectorAll('#width .looped')].map(b => b.getBoundingClientRect())"
    bands = page.evaluate(f"{boxes}.map(b => [b.left, b.right])")
    assert bands[0][0] < left < bands[0][1], "the arrow points at the first step that repeats"
    assert bands[-1][0] < right < bands[-1][1] + 1


def test_ten_thousand_steps_stay_fluid(open_page: Open, report: Report) -> None:
    """The number of drawn marks and listed steps does not grow with the run, and their numbers fit."""
    page = open_page(lengthened(report, 10_000))
    assert at(page) == "Step 10000 of 10000"
    for go in ("Home", "End"):
        page.keyboard.press(go)
        page.wait_for_timeout(50)
        assert 5 < page.locator("#width .mark").count() < 80
    inside = """[...document.querySelectorAll('#width g')].every(g => {
        const [shape, text] = ['.mark', '.mark-text'].map(x => g.querySelector(x).getBoundingClientRect());
        return text.left >= shape.left && text.right <= shape.right})"""
    assert page.evaluate(inside), "five digits are wider than their mark"
    page.evaluate("document.querySelector('#scroll').scrollLeft = 150000")
    until(page, "document.querySelector('#width .mark-text').textContent.startsWith('33')")
    assert page.locator("#steps-body li").count() < 600
    assert page.evaluate("document.querySelectorAll('*').length") < 3000
    page.fill("#number", "5000")
    page.keyboard.press("Enter")
    assert "counts to 5000" in page.text_content("#step-body")
    seconds = page.evaluate("""(() => {
        const start = performance.now();
        for (let n = 0; n < 40; n++) dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        return (performance.now() - start) / 1000})()""")
    assert at(page) == "Step 5040 of 10000"
    assert seconds / 40 < 0.1


def test_hostile_names_stay_text(open_page: Open, report: Report) -> None:
    page = open_page(hostile(report), "#0.1")
    assert page.evaluate("window.hacked") is None
    assert HOSTILE in page.text_content("#step-body")
    assert page.locator("#step-body img").count() == 0
    assert HOSTILE in page.text_content("#properties")


def test_words_of_any_length_keep_the_page_narrow(open_page: Open, report: Report) -> None:
    f, word = report.findings[0], "no" * 5000
    assert f.trace is not None
    trace = replace(f.trace, steps=(replace(f.trace.steps[0], text=word, by=word), *f.trace.steps[1:]))
    finding = replace(f, name=word, meaning=word, trace=trace)
    page = open_page(replace(report, findings=(finding, *report.findings[1:]), full_match=None), "#0.1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_can_be_switched(open_page: Open, report: Report) -> None:
    page = open_page(report)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_everything_can_be_reached_and_is_named(open_page: Open, report: Report) -> None:
    """Buttons have names, sections have headings, and a list of steps has the content of the lanes."""
    page = open_page(report)
    nameless = page.evaluate(
        "[...document.querySelectorAll('button')].filter(b => !(b.textContent.trim() || b.ariaLabel)).length"
    )
    assert nameless == 0
    assert page.evaluate("document.documentElement.lang") == "en"
    sections = "[...document.querySelectorAll('section[aria-labelledby]')]"
    labelled = page.evaluate(f"{sections}.every(s => document.getElementById(s.getAttribute('aria-labelledby')))")
    assert labelled
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
