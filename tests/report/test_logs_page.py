"""The page of logs: its data, and its lanes, its list and its panels in a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace import conform, follow, render
from planrace.checker.report.html.logs_page import HEAD, TAIL, render_conformance
from planrace.checker.results.conformance import Conformance, ConformanceReport
from tests.logs.test_conform import find_outage
from tests.report.test_page import browser, until
from tests.report.test_proof_page import Open, data_of, open_page

__all__ = ["browser", "open_page"]

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
HOSTILE = "</script><img src=x onerror=document.title=1>\u2028\u202e\x00\x1b[31m{{data}}"


def reported(folder: Path, records: list[dict[str, Any]], name: str = "fixed", **options: Any) -> ConformanceReport:
    path = folder / "run.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return conform(name, path, SIZES, **options)


def region() -> list[dict[str, Any]]:
    """Enactor 2 takes the lock of Enactor 1, which must have run out; and Enactor 1 begins again."""
    said: list[tuple[str, float, str, int, str | None]] = [
        ("planner", 1.0, "publish", 0, None),
        ("enactor-1", 1.4, "pick_up", 1, None),
    ]
    said += [("enactor-1", 2.0, "take_lock", 1, None), ("enactor-1", 2.3, "build_tree", 1, None)]
    said += [("enactor-2", 1.1, "pick_up", 2, None), ("enactor-2", 4.0, "take_lock", 2, None)]
    said += [("enactor-2", 4.2, "build_tree", 2, None), ("enactor-2", 4.9, "flip_alias", 2, "accepted")]
    return [
        {
            "stream": stream,
            "at": at,
            "action": action,
            **({"parameters": {"i": i}} if i else {}),
            **({"outcome": outcome} if outcome else {}),
        }
        for stream, at, action, i, outcome in said
    ]


@pytest.fixture
def conforms(tmp_path: Path) -> ConformanceReport:
    return reported(tmp_path, region(), faults=["lock-expiry"], uncertainty=0.2)


@pytest.fixture
def diverges(tmp_path: Path) -> ConformanceReport:
    return reported(tmp_path, region(), uncertainty=0.2)


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> ConformanceReport:
    records = [{"action": s["action"], "parameters": s["parameters"]} for s in find_outage()]
    return reported(tmp_path_factory.mktemp("outage"), records, "original")


# The data --------------------------------------------------------------------------------------------------------
def test_the_page_has_every_event_and_every_step(conforms: ConformanceReport) -> None:
    shown = data_of(render(conforms, "html"))["logs"]
    events, steps, text = shown["events"], shown["steps"], shown["texts"]
    assert [shown["streams"][n] for n in events["stream"]] == [e.stream for e in conforms.logged]
    assert [f"{text[f]}:{n}" for f, n in zip(events["file"], events["line"], strict=True)] == [
        str(e.line) for e in conforms.logged
    ]
    assert [shown["base"] + t / 1e6 for t in events["from"]] == pytest.approx([e.earliest for e in conforms.logged])
    assert [shown["base"] + t / 1e6 for t in events["to"]] == pytest.approx([e.latest for e in conforms.logged])
    assert conforms.trace is not None
    assert [text[n] for n in steps["text"]][:2] == [s.text for s in conforms.trace.steps[:2]]
    assert [None if n < 0 else n for n in steps["event"]] == list(conforms.told)
    (hidden,) = conforms.hidden
    assert text[steps["fault"][hidden.step - 1]] == "lock-expiry"
    state = dict(conforms.trace.initial)
    for step, changed in zip(conforms.trace.steps, steps["changed"], strict=True):
        for n, after in zip(changed[::2], changed[1::2], strict=True):
            _, variable, path = shown["places"][n]
            state[variable] = put(state[variable], path, after)
        assert state == step.state, "changes alone lead from state to state"


def put(value: Any, path: list[int], after: Any) -> Any:
    if not path:
        return after
    return [put(x, path[1:], after) if n == path[0] else x for n, x in enumerate(value)]


def test_blocked_lines_are_events_that_no_step_tells(diverges: ConformanceReport) -> None:
    shown = data_of(render(diverges, "html"))["logs"]
    assert diverges.divergence is not None
    (blocked,) = shown["blocked"]
    assert blocked["why"] == diverges.divergence.blocked[0].why
    assert blocked["event"] not in shown["steps"]["event"]
    assert shown["events"]["line"][blocked["event"]] == 6
    assert shown["explained"] == len(shown["steps"]["event"]) == 5
    assert shown["repairs"][0].startswith(diverges.divergence.repairs[0].text)


OPTIONAL: list[dict[str, Any]] = [
    {"stream": "planner", "action": "publish", "at": 1},
    {"stream": "enactor", "action": "pick_up", "parameters": [1], "at": 2},
    {"stream": "enactor", "action": "flip_alias", "parameters": [1], "at": 3, "optional": True},
    {"stream": "planner", "action": "publish", "at": 4},
]
"""The third cannot have happened; it may not have, and conforms."""


def test_a_line_whose_step_did_not_happen_is_explained(tmp_path: Path, open_page: Open) -> None:
    for records, count in ((OPTIONAL, 3), ([*OPTIONAL, {"stream": "planner", "action": "build_tree", "at": 5}], 3)):
        report = reported(tmp_path, records, hidden=0)
        text = render(report, "html")
        shown = data_of(text)["logs"]
        (skipped,) = shown["skipped"]
        assert shown["events"]["line"][skipped] == 3
        page = open_page(text, 1400, "light")
        page.evaluate("location.hash = '#3'")
        until(page, "document.querySelector('#step-title').textContent === 'A step that may have happened or not'")
        page.keyboard.press("ArrowRight")
        assert title(page) == f"Step 3 of {count}"
        assert page.locator("#rows .pill").all_text_contents()[:5] == ["0", "1", "2", "∅", "3"]
        assert "latest2" in page.text_content("#tables").replace(" ", "")


def test_nothing_of_a_line_breaks_out(tmp_path: Path, open_page: Open) -> None:
    """Markup, ends of scripts, control characters and marks of direction; a line of almost a megabyte is cut."""
    records: list[dict[str, Any]] = [
        {"action": "publish", "stream": HOSTILE, "note": HOSTILE, "at": 10**300},
        {"action": "pick_up", "parameters": [1], "stream": "long", "note": "x" * 1_000_000, "at": -(10**300)},
    ]
    report = reported(tmp_path, records, hidden=0)
    text = render(report, "html")
    assert len(text) < 400_000
    assert text.count("</script>") == 2
    assert not re.search("[\u2028\u202e\x00\x1b]", text)
    shown = data_of(text)["logs"]
    cut = shown["texts"][shown["events"]["text"][1]]
    assert HEAD + TAIL < len(cut) < HEAD + TAIL + 60
    page = open_page(text, 1200, "light")
    page.keyboard.press("End")
    page.keyboard.press("t")
    assert page.locator("img").count() == 0
    assert page.title().startswith("fixed: ")
    assert "</script><img" in page.locator(".log-line").inner_text()


# In a browser ----------------------------------------------------------------------------------------------------
def title(page: Any) -> str:
    return str(page.text_content("#step-title"))


def settle(page: Any) -> None:
    """Until what was asked for is drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


ACCENT, BAD = (0x24, 0x58, 0xC5), (0xC2, 0x2F, 0x2F)
LANES, LANE = 74, 26
"""Pixels above the lanes, and of a lane."""
READ = """(() => {
  const canvas = document.getElementById("canvas");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  return [...copy.getImageData(0, %d * devicePixelRatio, canvas.width, 1).data];
})()"""
"""The colours of a line of pixels."""


def marks(page: Any, lane: int, wanted: tuple[int, ...]) -> list[int]:
    """The middles of the marks of a colour in a lane, from the left, in pixels of the page."""
    settle(page)
    data = page.evaluate(READ % (LANES + LANE * lane + LANE // 2 + 4))
    there = [n for n in range(len(data) // 4) if tuple(data[4 * n : 4 * n + 3]) == wanted]
    runs = [n for n in there if n - 1 not in there]
    return [next(m for m in range(n, n + 99) if m + 1 not in there) / 2 + n / 2 for n in runs]  # type: ignore[misc]


def test_a_divergence_is_marked_and_explained(open_page: Open, diverges: ConformanceReport) -> None:
    page = open_page(render(diverges, "html"), 1400, "light")
    assert title(page) == "Line 1 of 3 that no step explains"
    assert "take_lock(2) is not enabled" in page.text_content("#step-body")
    assert "take_lock(2) is not enabled" in page.text_content("#story")
    assert "flip_alias(1)" in page.text_content("#story")
    assert page.locator(".row").count() == 9
    selected = page.locator('.row[aria-selected="true"]')
    assert selected.locator(".pill.blocked").count() == 1
    assert [len(marks(page, lane, ACCENT)) for lane in range(3)] == [1, 3, 1]
    page.keyboard.press("ArrowRight")
    assert "must be explained first" in page.text_content("#step-body")
    page.keyboard.press("x")
    assert title(page).startswith("Line 1 of 3")


def test_a_step_is_selected_in_lanes_list_and_by_keys(open_page: Open, conforms: ConformanceReport) -> None:
    page = open_page(render(conforms, "html"), 1400, "light")
    assert title(page) == "Step 6 of 9, which no line tells"
    assert "fault: lock-expiry" in page.text_content("#step-body")
    assert "between" not in page.text_content("#step-body")
    assert "after" in page.text_content("#step-body .around")
    places = [marks(page, lane, ACCENT) for lane in range(3)]
    assert [len(x) for x in places] == [1, 3, 4]
    page.locator("#canvas").click(position={"x": places[1][0], "y": LANES + 1.5 * LANE})
    assert title(page) == "Step 3 of 9"
    assert '"action": "pick_up"' in page.text_content(".log-line")
    assert "between 1.2 s and 1.6 s" in page.text_content("#step-body")
    assert page.locator("#tables td.changed").count() > 0
    page.click(".row[data-step='1']")
    assert title(page) == "Step 1 of 9"
    page.keyboard.press("ArrowDown")
    assert title(page) == "Step 2 of 9"
    assert page.get_attribute("#steps-body", "aria-activedescendant") == "row-2"
    page.keyboard.press("h")
    assert title(page).startswith("Step 6 of 9")
    assert page.evaluate("location.hash") == "#6"
    page.keyboard.press("Home")
    assert title(page) == "Before the first step"


def test_the_axis_of_the_clock_shows_when_lines_happened(open_page: Open, conforms: ConformanceReport) -> None:
    """Distances between marks are those of the clocks; the last step of the run is at its end."""
    page = open_page(render(conforms, "html"), 1400, "light")
    page.keyboard.press("t")
    page.click('[data-do="fit"]')
    assert page.get_attribute("#axis", "aria-pressed") == "true"
    first, *_, last = marks(page, 2, ACCENT)  # 1.1 s, 4.9 s
    (publish,) = marks(page, 0, ACCENT)  # 1.0 s
    assert (first - publish) / (last - publish) == pytest.approx(0.1 / 3.9, abs=0.01)
    page.keyboard.press("t")
    order = marks(page, 2, ACCENT)
    assert order[1] - order[0] == pytest.approx(5 * (order[2] - order[1]), rel=0.1)


def test_violations_are_marked_with_their_facts(open_page: Open, outage: ConformanceReport) -> None:
    assert outage.judged is not None
    page = open_page(render(outage, "html"), 1400, "light")
    assert outage.trace is not None
    broken = {f.name: len(f.trace) for f in outage.judged.findings if f.trace is not None}
    assert title(page) == f"Step {broken['active-plan-never-deleted']} of {len(outage.trace)}"
    assert "violated" in page.text_content("#step-body")
    assert page.locator("#axis").is_hidden(), "there are no times"
    for name in broken:
        assert name in page.text_content("#story")
    assert page.locator(".row .fact").count() > 3
    assert len(marks(page, 0, BAD)) == len(set(broken.values()))


def test_what_only_another_run_violates_is_no_step_of_this_one(open_page: Open, tmp_path: Path) -> None:
    """Two Enactors without clocks: in one order of their flips the older plan comes last."""
    records: list[dict[str, Any]] = [{"stream": "planner", "action": "publish"}] * 2
    for i in (1, 2):
        actions = ("pick_up", "take_lock", "build_tree", "flip_alias")
        records += [{"stream": i, "action": a, "parameters": [i]} for a in actions]
        records[-4]["after"] = {"plan": {str(i): i}}
    report = reported(tmp_path, records, "original", hidden=0)
    assert report.verdict is Conformance.AMBIGUOUS
    assert report.judged is not None
    page = open_page(render(report, "html"), 1400, "light")
    assert "is violated by another run that explains the logs, too" in page.text_content("#story")
    assert page.locator('[data-do="wrong"]').is_hidden()
    assert page.locator(".pill.breaks").count() == 1, "that of the legend"


def test_logs_that_begin_in_the_middle_or_were_followed_have_a_page(open_page: Open, tmp_path: Path) -> None:
    """Of what such logs violate only the line is known by which it is; the state before them is no initial one."""
    records: list[dict[str, Any]] = [
        {"stream": "e", "action": a, "parameters": [1]} for a in ("build_tree", "flip_alias")
    ]
    joined = reported(tmp_path, records, join=True)
    assert joined.joined is not None
    assert joined.trace is not None
    line = joined.logged[1].line
    for report in (joined, replace(joined, violates=(("record-never-empty", line),))):
        page = open_page(render(report, "html"), 1400, "light")
        assert page.text_content('.row[data-step="0"]').startswith("0Before the first step")
        page.keyboard.press("Home")
        phases = page.text_content("#tables")
        assert "BUILD" in phases
        tone = page.get_attribute("#story .told", "class")
        assert tone == ("told violated-tone" if report.violates else "told holds-tone")
    assert f"record-never-empty is violated by {line} at the latest" in page.text_content("#story")
    page.click("#story button:has-text('its line')")
    assert title(page) == "Step 2 of 2"


def test_what_a_followed_log_has_forgotten_is_explained(open_page: Open, tmp_path: Path) -> None:
    """The beginning of the run is not known any more; its lines are neither steps nor unexplained."""
    path = tmp_path / "long.jsonl"
    path.write_text("".join(f'{{"action": "publish", "at": {n}}}\n' for n in range(1500)))
    report = follow("fixed", path, {"enactors": 2, "endpoints": 1, "keep": 1}, time_limit=2.0)
    assert report.verdict is Conformance.CONFORMS
    text = render(report, "html")
    shown = data_of(text)["logs"]
    assert len(shown["forgotten"]) + len(shown["steps"]["event"]) == len(report.logged)
    assert shown["forgotten"]
    assert shown["skipped"] == []
    page = open_page(text, 1400, "light")
    page.evaluate("location.hash = '#1'")
    until(page, "document.querySelector('#step-title').textContent.startsWith('A line before')")
    assert "It was explained" in page.text_content("#step-body")
    page.keyboard.press("End")
    assert title(page).startswith("Step ")


def test_the_search_finds_steps_lines_and_streams(open_page: Open, conforms: ConformanceReport) -> None:
    page = open_page(render(conforms, "html"), 1400, "light")
    page.fill("#search", "flip_alias")
    assert page.text_content("#found") == "1 of 9"
    page.keyboard.press("Enter")
    assert title(page) == "Step 9 of 9"
    page.fill("#search", "")
    page.select_option("#who", label="steps that no line tells")
    assert page.locator(".row").count() == 1
    page.select_option("#who", label="enactor-1")
    assert page.locator(".row").count() == 3
    page.fill("#search", "nonsense")
    assert "Nothing matches" in page.text_content("#rows")


def test_of_a_long_log_only_what_is_in_sight_exists(open_page: Open, tmp_path: Path) -> None:
    report = conform("fixed", written(tmp_path, 1500), {**SIZES, "plans": 1500}, hidden=0)
    text = render_conformance(report)
    assert len(text) < 1_000_000
    page = open_page(text, 1400, "dark")
    assert page.locator(".row").count() < 40
    page.keyboard.press("End")
    assert title(page) == "Step 1500 of 1,500"
    assert "latest1500" in page.text_content("#tables").replace(" ", "")
    until(page, "document.querySelector('#row-1500') !== null")
    page.evaluate("location.hash = '#700'")
    until(page, "document.querySelector('#step-title').textContent === 'Step 700 of 1,500'")
    page.click('[data-do="fit"]')
    settle(page)
    assert page.locator("#rows > *").count() < 40


def written(folder: Path, count: int) -> Path:
    path = folder / "long.jsonl"
    path.write_text("".join(f'{{"action": "publish", "at": {n}}}\n' for n in range(count)))
    return path


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_nothing_is_wider_than_the_window(
    open_page: Open, conforms: ConformanceReport, diverges: ConformanceReport, width: int, colours: str
) -> None:
    for report in (conforms, diverges):
        page = open_page(render(report, "html"), width, colours)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        empty = "[...document.querySelectorAll('section')].filter(s => s.offsetParent && !s.textContent.trim()).length"
        assert page.evaluate(empty) == 0
        settle(page)


def test_of_many_streams_the_one_of_the_selected_line_is_in_sight(open_page: Open, tmp_path: Path) -> None:
    records = [{"stream": f"planner {n}", "action": "publish", "at": n} for n in range(200)]
    page = open_page(render(reported(tmp_path, records, hidden=0), "html"), 1400, "light")
    assert page.evaluate("document.getElementById('scroll').scrollHeight") > 5000
    page.keyboard.press("End")
    settle(page)
    top = page.evaluate("document.getElementById('scroll').scrollTop")
    assert LANES + 199 * LANE - top < page.evaluate("document.getElementById('scroll').clientHeight")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert page.evaluate("document.getElementById('scroll').scrollTop") == 0
    assert len(marks(page, 0, ACCENT)) == 1


def test_everything_is_named(open_page: Open, diverges: ConformanceReport) -> None:
    page = open_page(render(diverges, "html"), 1400, "light")
    nameless = "[...document.querySelectorAll('button')].filter(b => !(b.textContent.trim() || b.ariaLabel)).length"
    assert page.evaluate(nameless) == 0
    unlabelled = "[...document.querySelectorAll('input, select')].filter(x => !(x.ariaLabel || x.labels.length)).length"
    assert page.evaluate(unlabelled) == 0
    assert page.get_attribute("#steps-body", "role") == "listbox"
    rows = page.locator('[role="option"]')
    assert rows.count() == 9
    assert [rows.nth(n).get_attribute("aria-posinset") for n in (0, 8)] == ["1", "9"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_a_report_without_a_run_shows_its_lines(open_page: Open, diverges: ConformanceReport) -> None:
    """An interrupted search has no run; the lanes have the lines all the same."""
    page = open_page(render(replace(diverges, divergence=None), "html"), 1400, "light")
    assert title(page) == "Line 1 of 8 that no step explains"
    assert page.locator("#state").is_hidden()
    assert [len(marks(page, lane, ACCENT)) for lane in range(3)] == [0, 0, 0]
