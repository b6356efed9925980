"""How the output looks: what each level says, who decides on colours, how wide it is."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from planrace.checker import Options, check
from planrace.checker.api.progress import line
from planrace.checker.cli.look import Color, Look
from planrace.checker.cli.main import run
from planrace.checker.engines.limits import Progress
from planrace.checker.report.text.plain import WIDTH
from tests import ROOT

SMALL = ["-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=3", "-s", "keep=1"]
ORIGINAL = ["-p", "original", *SMALL]
EXAMPLE = str(ROOT / "examples" / "blue_green.py")
LEASE = f"{ROOT / 'examples' / 'lease.py'}:fixed"
IDLE = """from planrace import Protocol, integers, invariant, step, update, when
protocol = Protocol("idle")
count = protocol.variable("count", integers(0, 3), 0)
protocol.final(count == 3)
@protocol.action(by="clerk")
def add():
    return step(when(count < 3), update(count, count + 1))
@protocol.action(by="clerk")
def rest():
    return step(when(count > 5), update(count, 0))
protocol.declare(invariant("counts", count >= 0, "it counts"))
"""
COMMANDS: dict[str, list[str]] = {
    "check": ORIGINAL,
    "prove": ["prove", "-p", f"{EXAMPLE}:fixed"],
    "explain": ["explain", "report.json"],
    "compare": ["compare", "report.json", "report.json"],
    "lint": ["lint", "-p", f"{EXAMPLE}:fixed"],
    "forecast": ["forecast", "-p", f"{EXAMPLE}:fixed"],
    "mutate": ["mutate", "-p", f"{EXAMPLE}:fixed", "-s", "releases=2", "--action", "build"],
    "baseline compare": ["baseline", "compare"],
}
"""Every command that has a text for people."""
WITH_RUNS = ("check", "prove", "explain", "baseline compare")
"""Those that say more with ``-v``."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a report and a baseline."""
    place = tmp_path_factory.mktemp("there")
    assert run([*ORIGINAL, "-o", f"json:{place / 'report.json'}"]) == 1
    assert run(["baseline", "save", "-p", f"{EXAMPLE}:fixed", "-o", str(place / "planrace.baseline")]) == 0
    return place


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    run(list(arguments))
    return capsys.readouterr().out


# Levels ----------------------------------------------------------------------------------------------------------
def test_quiet_says_only_the_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    title, rule, *lines, blank, closing = said(capsys, *ORIGINAL, "-q").splitlines()
    assert (title, set(rule), blank, closing) == ("original: violated", {"-"}, "", "verdict: violated (exit 1)")
    assert all(re.fullmatch(r"  (VIOLATED|HOLDS|UNKNOWN) +[\w-]+(: (reached )?in \d+ steps)?", line) for line in lines)
    assert len(lines) == 7


def test_quiet_keeps_what_a_verdict_cannot_be_read_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Why it is undecided, what was left out, and the warnings that decide the exit code."""
    assert "  UNKNOWN   no-write-is-undone: not decided: the bound of 2 states was reached\n" in said(
        capsys, "-p", LEASE, "--max-states", "2", "-q"
    )
    out = said(capsys, "prove", "-p", LEASE, "-q")
    assert "\nLeft out: writes-are-stored (reachability): this kind of property cannot be proved" in out
    file = tmp_path / "idle.py"
    file.write_text(IDLE, encoding="utf-8")
    out = said(capsys, "-p", f"{file}:protocol", "--strict", "-q")
    assert "\nWarning: rest: never happens: its guard is never true.\n" in out
    assert out.endswith("verdict: holds (exit 1)\n")


def test_by_default_the_first_counterexample_is_told_and_the_others_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = said(capsys, *ORIGINAL)
    assert [line for line in out.splitlines() if re.match(r"^[\w-]+: violated$", line)] == [
        "original: violated",
        "active-plan-never-deleted: violated",
    ]
    assert out.count("1. planner publishes plan 1") == 1
    assert out.count("Match of this trace") == 1
    words = " ".join(out.split())
    assert "record-never-empty, by the same 12 steps as active-plan-never-deleted: an endpoint" in words
    assert re.search(r"plans-never-regress, in \d+ steps: no step puts", words)
    assert "-v shows their runs." in out
    assert out.endswith("hold.\n\nverdict: violated (exit 1)\n")


def test_verbose_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, *ORIGINAL, "-v")
    assert len(re.findall(r"^[\w-]+: violated$", out, re.MULTILINE)) == 7
    assert out.count("1. planner publishes plan 1") > 3
    assert "-v shows" not in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_levels_that_say_more_and_more(
    command: str, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(there)
    words = COMMANDS[command]
    quiet, usual = said(capsys, *words, "-q"), said(capsys, *words)
    assert len(quiet.splitlines()) <= len(usual.splitlines())
    assert re.search(r"[\w ]+: .+", quiet.splitlines()[-1])
    assert quiet.splitlines()[-1] == usual.splitlines()[-1]
    if command in WITH_RUNS:
        assert len(said(capsys, *words, "-v").splitlines()) >= len(usual.splitlines())
        assert run([*words, "-q", "-v"]) == 2
        assert "-q and -v exclude each other" in capsys.readouterr().err


def test_a_file_has_the_level_of_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.txt"
    for level in (["-q"], [], ["-v"]):
        assert run([*ORIGINAL, *level, "-o", f"text:{file}"]) == 1
        measured = re.compile(r"depth.*?MiB", re.DOTALL)
        assert measured.sub("", capsys.readouterr().out) == measured.sub("", file.read_text(encoding="utf-8"))


def test_other_forms_do_not_depend_on_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    reports = [json.loads(said(capsys, *ORIGINAL, *level, "--format", "json")) for level in (["-q"], [], ["-v"])]
    for report in reports:
        report["exploration"] = None
    assert reports[0] == reports[1] == reports[2]


def test_why_the_exit_code_is_another_is_said_quietly_too(capsys: pytest.CaptureFixture[str]) -> None:
    *_, why, _, closing = said(capsys, *ORIGINAL, "-q", "--expect", "violated").splitlines()
    assert why == "Expected verdict: violated."
    assert closing == "verdict: violated (exit 0)"


# Colours ---------------------------------------------------------------------------------------------------------
class Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("option", "environment", "terminal", "colored"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_decides_on_colours(option: str, environment: dict[str, str], terminal: bool, colored: bool) -> None:
    assert Look(color=Color(option)).colored(Stream(terminal=terminal), environment) is colored


def test_colours_reach_the_output_and_change_no_word(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet = ["explain", str(there / "report.json"), "-q"]
    plain = said(capsys, *quiet)
    assert "\x1b" not in plain
    monkeypatch.setenv("NO_COLOR", "1")
    colored = said(capsys, *quiet, "--color", "always")
    assert "\x1b[1;31mverdict: violated" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert said(capsys, *quiet) == colored
    assert said(capsys, *quiet, "--color", "never") == plain


def test_files_have_no_colours(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    explain = ["explain", str(there / "report.json")]
    said(capsys, *explain, "-o", f"text:{tmp_path / 'r'}", "--color", "always")
    assert "\x1b" not in (tmp_path / "r").read_text(encoding="utf-8")
    assert json.loads(said(capsys, *explain, "--format", "json"))["verdict"] == "violated"


# Width -----------------------------------------------------------------------------------------------------------
def test_the_width_is_the_options_then_the_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "63")
    assert Look().columns(Stream(terminal=True)) == 63
    assert Look().columns(Stream(terminal=False)) == WIDTH
    assert Look().columns() == WIDTH
    assert Look(width=70).columns(Stream(terminal=True)) == 70


def test_text_has_the_width_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for width in (40, 160):
        out = said(capsys, *ORIGINAL, "--width", str(width), "-o", f"text:{tmp_path / 'r'}")
        for text in (out, (tmp_path / "r").read_text(encoding="utf-8")):
            assert width * 0.9 < max(map(len, text.splitlines())) <= width
    assert run([*ORIGINAL, "--width", "3"]) == 2
    assert "20…10,000 columns" in capsys.readouterr().err


def test_protections_stay_whole_at_every_width(capsys: pytest.CaptureFixture[str]) -> None:
    for width in (40, 60, 80, 100):
        out = said(capsys, "-p", "fixed", *SMALL, "--width", str(width))
        for name in ("transactional-check", "guarded-delete", "tolerant-rollback", "plan-validation"):
            assert name in out


# Progress --------------------------------------------------------------------------------------------------------
def test_progress_says_what_it_does_before_there_are_states() -> None:
    assert line(Progress("compiling", 0, 0, 0, 0.3, 0)) == "compiling"
    assert line(Progress("compiling", 0, 0, 0, 7.2, 0)) == "compiling, 7 s"


def test_a_search_says_that_it_compiles() -> None:
    heard: list[str] = []
    options = Options(engine="native", listener=lambda event: heard.append(event.task))
    check("original", {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}, options=options)
    assert heard[0] == "compiling"


@pytest.mark.parametrize("drawn", [True, False])
def test_progress_can_be_left_out(
    drawn: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(["-p", "fixed", *SMALL, *([] if drawn else ["--no-progress"])])
    assert bool(capsys.readouterr().err) is drawn
