"""What driving a system has found, in the formats for CI and as a page."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace import CoverReport, ReplayReport, check, cover, invariant, render, replay, save
from planrace.checker.cli.main import run
from planrace.checker.results.driving import DivergenceKind, SystemAnswer
from tests.drive.gate import Driver, protocol, used
from tests.drive.test_cover import Misnaming
from tests.report.test_ci_outputs import HOSTILE, junit, valid
from tests.report.test_page import browser
from tests.report.test_proof_page import data_of

__all__ = ["browser"]

GATE = "tests.drive.gate"
broken = protocol.variant("gate-broken").declaring(
    properties=[invariant("unused", used < 2, "the key is not worn out")]
)


class Wrong(Driver):
    made = Misnaming

    def turn(self, d: int) -> Any:
        return super().turn(d)

    def show(self) -> dict[str, str]:
        return {"ls": "\n".join(f"door {d} {'open' if o else 'shut'}" for d, o in self._gate.open.items())}


Report = CoverReport | ReplayReport
MADE: dict[str, Callable[[], Report]] = {
    "nothing differs": lambda: cover(protocol, Driver),
    "less than all was asked for": lambda: cover(protocol, Driver, max_steps=30, at_least=10, seed=1),
    "it differs": lambda: cover(protocol, Wrong, seed=1),
    "a budget ends it": lambda: cover(protocol, Driver, max_steps=3, seed=1),
    "it does it too": lambda: replay(check(broken), Driver, broken),
    "it leaves the run": lambda: replay(check(broken), Stubborn, broken),
    "undecided": lambda: replay(check(broken), Raising, broken),
}


class Stubborn(Driver):
    def take(self) -> Any:
        return None


class Raising(Driver):
    def take(self) -> Any:
        raise OSError("the key is stuck")


@pytest.fixture(scope="module")
def made() -> dict[str, Report]:
    return {name: make() for name, make in MADE.items()}


def test_the_reports_are_of_every_kind(made: dict[str, Report]) -> None:
    assert [r.exit_code for r in made.values()] == [0, 0, 1, 3, 1, 0, 3]


@pytest.mark.parametrize("name", MADE)
def test_every_format_agrees_with_the_exit_code(name: str, made: dict[str, Report]) -> None:
    report = made[name]
    suite = junit(render(report, "junit"))
    counted = {"failures": report.exit_code == 1, "errors": report.exit_code == 3}
    assert {tag: suite.get(tag) == "1" for tag in counted} == counted
    found = valid(render(report, "sarif"))
    assert [r["level"] for r in found["results"]] == {0: [], 1: ["error"], 3: ["warning"]}[report.exit_code]
    assert found["invocations"] == [{"executionSuccessful": True, "exitCode": report.exit_code}]
    annotations = render(report, "annotations")
    assert annotations.partition(" ")[0] == {0: "", 1: "::error", 3: "::warning"}[report.exit_code]
    assert render(report, "summary").splitlines()[0].split(": ")[1][0] == {0: "✅", 1: "❌", 3: "⚠"}[report.exit_code]


def test_a_covering_test_has_a_case_for_each_outcome(made: dict[str, Report]) -> None:
    differs = made["it differs"]
    assert isinstance(differs, CoverReport)
    main, *others = junit(render(differs, "junit")).findall("testcase")
    assert main.get("name") == "the code does what the model does (transitions)"
    failure = main.find("failure")
    assert failure is not None
    assert differs.divergence is not None
    assert failure.get("message") == (
        f"At {differs.divergence.called} the model ends the step as jammed; the code ends the step as opened."
    )
    assert "To see it again: cover(…" in (failure.text or "")
    assert [c.get("name") for c in others] == ["turn [jammed]", "turn [opened]", "take", "blow"]
    missing = [s.performed < s.total for s in differs.shares]
    assert [c.find("skipped") is not None for c in others] == missing
    assert any(missing)
    enough = junit(render(made["less than all was asked for"], "junit"))
    assert enough.get("skipped") == "0"  # what was asked for was performed


def test_the_place_is_the_method_of_the_driver(made: dict[str, Report]) -> None:
    line = inspect.getsourcelines(Wrong.turn)[1]
    (result,) = valid(render(made["it differs"], "sarif"))["results"]
    place = result["locations"][0]["physicalLocation"]
    here = "tests/report/test_driving_formats.py"
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (here, line)
    steps = [x for flow in result["codeFlows"][0]["threadFlows"] for x in flow["locations"]]
    files = {x["location"]["physicalLocation"]["artifactLocation"]["uri"] for x in steps}
    assert files <= {here, "tests/drive/gate.py"}
    assert f"::error file={here},line={line},title=gate%3A the code does what" in render(
        made["it differs"], "annotations"
    )


def test_a_step_that_the_model_refuses_has_no_mark_in_the_diagram(made: dict[str, Report]) -> None:
    report = made["it differs"]
    assert isinstance(report, CoverReport)
    assert report.divergence is not None
    red = "rect rgba(194, 47, 47"
    assert red in render(report, "summary")
    accepted = replace(report, divergence=replace(report.divergence, kind=DivergenceKind.ACCEPTED))
    assert red not in render(accepted, "summary")


def test_the_summary_tells_shares_what_is_missing_and_both_sides(made: dict[str, Report]) -> None:
    text = render(made["it differs"], "summary")
    assert "| turn &#91;jammed&#93; | " in text
    assert "- not performed: " in text
    assert "the model ends the step as jammed; the code ends the step as opened" in text
    assert "    $ ls\n    door 1 " in text
    assert "```mermaid" in text
    assert "```mermaid" not in render(made["it leaves the run"], "summary")


def test_hostile_words_break_nothing(made: dict[str, Report]) -> None:
    for report in made.values():
        bad = replace(report, system=replace(report.system, protocol=HOSTILE))
        if isinstance(bad, CoverReport) and bad.divergence is not None:
            answers = (SystemAnswer(HOSTILE, HOSTILE),)
            bad = replace(bad, divergence=replace(bad.divergence, code=HOSTILE, repeat=HOSTILE, answers=answers))
        junit(render(bad, "junit"))
        valid(render(bad, "sarif"))
        assert render(bad, "annotations").count("\n") <= 1
        told = [line for line in render(bad, "summary").splitlines() if not line.startswith("    ")]  # that is code
        assert "<script>" not in "\n".join(told)
        assert "\x1b" not in render(bad, "html")


def test_files_are_written_by_their_endings(made: dict[str, Report], tmp_path: Path) -> None:
    for ending, begins in {"xml": "<?xml", "sarif": "{", "md": "## gate", "html": "<!doctype html>"}.items():
        save(made["it differs"], tmp_path / f"found.{ending}")
        assert (tmp_path / f"found.{ending}").read_text().lower().startswith(begins)


def test_the_command_writes_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = {"junit": "a.xml", "sarif": "b.sarif", "summary": "c.md", "annotations": "d.txt", "html": "e.html"}
    formats = [w for form, file in there.items() for w in ("--format", f"{form}:{tmp_path / file}")]
    assert run(["cover", "-p", f"{GATE}:protocol", "--on", f"{GATE}:Driver", *formats]) == 0
    assert all((tmp_path / file).exists() for file in there.values())
    capsys.readouterr()
    assert run(["cover", "-p", f"{GATE}:protocol", "--on", f"{GATE}:Nobody", *formats]) == 2
    suite = junit((tmp_path / "a.xml").read_text())
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    assert "Nobody" in (tmp_path / "d.txt").read_text()
    assert not (tmp_path / "e.html").exists()  # an older page would be taken for the new one


# The page ----------------------------------------------------------------------------------------------------------
def titles(report: Report) -> list[str]:
    return [b["text"] for b in data_of(render(report, "html"))["document"]["blocks"] if b["kind"] == "heading"]


def test_the_page_of_a_covering_test(made: dict[str, Report]) -> None:
    report = made["it differs"]
    assert isinstance(report, CoverReport)
    assert report.divergence is not None
    data = data_of(render(report, "html"))
    assert data["title"] == f"gate: {report.performed} of 36 transitions of the model were performed on your code"
    assert data["document"]["closing"] == "the code and the model differ"
    assert titles(report) == [
        "In short",
        f"The code and the model differ at {report.divergence.called}",
        "Transitions by action",
        "What was not performed, and why",
    ]
    grids = [b for b in data["document"]["blocks"] if b["kind"] == "grid"]
    assert grids[0]["rows"] == [["all", str(report.performed), "36", f"{report.share:.1f}%"]]
    assert [r[0] for r in grids[-1]["rows"]] == ["turn [jammed]", "turn [opened]", "take", "blow"]
    (run_,) = (b for b in data["document"]["blocks"] if b["kind"] == "timeline")
    last = run_["entries"][-1]
    assert last["mark"]
    assert last["sees"] == ["the code ends the step as opened"]
    assert last["quoted"][0] == "$ ls"


def test_the_page_of_a_replay(made: dict[str, Report]) -> None:
    assert titles(made["it does it too"]) == ["In short", "Step by step"]
    left = data_of(render(made["it leaves the run"], "html"))
    assert titles(made["it leaves the run"]) == ["In short", "Step by step", "What differs"]
    (run_,) = (b for b in left["document"]["blocks"] if b["kind"] == "timeline")
    (marked,) = (e for e in run_["entries"] if e["mark"])
    assert marked["sees"][0].startswith("your system ")


def test_the_page_says_what_the_driver_does_not_do() -> None:
    class Blind(Driver):
        blow = None  # type: ignore[assignment]

        def observe(self) -> dict[str, Any]:
            return {n: v for n, v in super().observe().items() if n != "used"}

    report = cover(protocol, Blind)
    text = json.dumps(data_of(render(report, "html")))
    assert "What the driver does not do, and does not see" in text
    assert "does not perform the action blow" in text
    assert "Never observed: used" in text


@pytest.mark.long("a browser")
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_in_a_browser(width: int, scheme: str, made: dict[str, Report], browser: Any, tmp_path: Path) -> None:
    for n, report in enumerate(made.values()):
        save(report, tmp_path / f"{n}.html")
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        problems: list[str] = []
        page.on("pageerror", lambda e, to=problems: to.append(str(e)))
        page.goto((tmp_path / f"{n}.html").as_uri())
        assert problems == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".card").count() >= 2
        for quoted in page.locator(".steps pre").all():
            assert quoted.evaluate("e => e.scrollWidth <= e.clientWidth")
        page.close()
