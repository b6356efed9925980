"""Baselines: their content, reading them back, and that every change is reported."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from planrace.checker.cli.main import run
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.entry import Counts, Item, RecordedVerdict
from planrace.checker.review.baseline.read import read_baseline, read_text
from planrace.checker.review.baseline.write import write_text
from tests import ROOT
from tests.docs.test_site import FENCED, shows
from tests.review.test_baseline_changes import NASTY

DEPLOY = (ROOT / "examples" / "blue_green.py").read_text()
SMALL = ["-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=3", "-s", "keep=1"]
LAMP = """
from planrace.model.language import *
from planrace.properties import infinitely_often, recoverable

protocol = Protocol("lamp", "a lamp that somebody switches")
State = enumeration("state", "ON OFF BROKEN")
lamp = protocol.variable("lamp", State, State.OFF)


@protocol.action(State, by="somebody", tags=["somebody"])
def switch(s):
    return step(when(s != State.BROKEN, lamp != State.BROKEN, lamp != s), update(lamp, s), says("switches it"))


@protocol.action(by="time")
def wear():
    return step(when(lamp == State.ON, lamp == State.OFF), update(lamp, State.BROKEN), says("wears it out"))


protocol.declare(
    infinitely_often("lit", lamp == State.ON, "there is light"),
    recoverable("can-be-lit", lamp == State.ON, "there can be light", helpers={"somebody"}),
)
"""
EXISTS, DELETED = "live-release-exists", "old-releases-are-deleted"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a protocol in it, to run commands in."""
    (tmp_path / "deploy.py").write_text(DEPLOY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(old: str, new: str) -> None:
    text = Path("deploy.py").read_text()
    assert text.count(old) == 1, old
    Path("deploy.py").write_text(text.replace(old, new))


def save(*words: str) -> None:
    assert run(["baseline", "save", *words]) == 0


def compared(capsys: pytest.CaptureFixture[str], *words: str, form: str = "text") -> tuple[int, str]:
    capsys.readouterr()
    code = run(["baseline", "compare", "--format", form, *words])
    return code, capsys.readouterr().out


def entry(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, tuple[str | None, str | None]]]:
    """The differences of the only entry: for each part, by its name, the text before and after."""
    _, out = compared(capsys, *words, form="json")
    (found,) = json.loads(out)["entries"]
    parts = ("verdicts", "depths", "counts", "model")
    return {part: {d["what"]: (d["before"], d["after"]) for d in found[part]} for part in parts}


# Saving ----------------------------------------------------------------------------------------------------------
def test_nothing_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    save("-p", "original", *SMALL)
    text = Path("planrace.baseline").read_text()
    code, out = compared(capsys)
    assert code == 0
    assert out.endswith("baseline: the same (exit 0)\n")
    assert "Unchanged: deploy.py:protocol; original -s enactors=2 -s endpoints=1 -s keep=1 -s plans=3." in out
    assert compared(capsys, "--strict")[0] == 0
    assert write_text(read_text(text)) == text
    save()
    assert "deploy.py:protocol: unchanged" in capsys.readouterr().out
    assert Path("planrace.baseline").read_text() == text


def test_the_lines_of_an_entry(here: Path) -> None:
    save("-p", "original", *SMALL)
    (found,) = read_baseline("planrace.baseline")
    assert found.line == 3
    assert found.counts == Counts(1360, 2574, 25, symmetry=False)
    assert found.verdicts["active-plan-never-deleted"] == RecordedVerdict(Verdict.VIOLATED, 12)
    assert found.verdicts["cleanup-deletes"] == RecordedVerdict(Verdict.HOLDS, 11)
    flip = next(i for i in found.model if i.label == "action flip_alias")
    assert [i.label for i in flip.inner] == ["guard", "outcome accepted", "outcome refused"]
    assert flip.inner[2] == Item(
        "outcome",
        "refused",
        "otherwise",
        (Item("set", "lock[cursor[i]]", "none"), Item("set", "phase[i]", "LOCK")),
    )
    said = {i.label: i.text for i in found.model}
    assert said["sort enactor"] == "1…enactors, interchangeable"
    assert said["parameter plans"] == "3 of 1…15"
    assert (said["fault crash"], said["protection guarded-delete"]) == ("off", "off")
    assert said["property automation-recovers"].endswith("by automation, lease, people by operator")
    assert said["property endpoints-converge"].startswith("liveness, eventually always: ∀e ∈ endpoint.")


def test_the_first_line_of_an_entry_repeats_its_counts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--property", "cleanup-deletes", "--fault", "crash", "--symmetry", "--with", "guarded-delete"]
    save("-p", "original", *SMALL, *more)
    (found,) = read_baseline("planrace.baseline")
    assert found.counts is not None
    assert (found.counts.symmetry, list(found.verdicts)) == (True, ["cleanup-deletes"])
    program, *words = shlex.split(Path("planrace.baseline").read_text().splitlines()[2])
    capsys.readouterr()
    assert (program, run(words)) == ("check", 0)
    out = " ".join(capsys.readouterr().out.split())
    counts = f"{found.counts.states:,} states, {found.counts.transitions:,} transitions, depth {found.counts.depth},"
    assert f"{counts} with symmetry reduction" in out


def test_entries_are_sorted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("deploy.py:protocol", "deploy.py:fixed"):
        save("-p", name, "-s", "releases=2")
    save("-p", "deploy.py:protocol", "-s", "deployers=1", "--with", "compare-and-set")
    titles = [e.title for e in read_baseline("planrace.baseline")]
    assert titles == [
        "deploy.py:fixed -s releases=2",
        "deploy.py:protocol -s deployers=1 --with compare-and-set",
        "deploy.py:protocol -s releases=2",
    ]
    edit("newest > live, ", "")
    save("-p", "deploy.py:fixed", "-s", "releases=2")
    assert capsys.readouterr().out.endswith("deploy.py:fixed -s releases=2: updated\n")
    code, out = compared(capsys, "--only", "deploy.py:fixed")
    assert (code, "deploy.py:protocol" in out) == (0, False)
    code, out = compared(capsys, "--only", "deploy.py:protocol")
    assert code == 1
    assert all(f"{title}\n---" in out for title in titles[1:])
    code, out = compared(capsys, "--only", titles[2])
    assert (code, titles[1] in out) == (1, False)


def test_editors_on_windows(here: Path) -> None:
    save("-p", "deploy.py:protocol")
    text = Path("planrace.baseline").read_text()
    Path("planrace.baseline").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert write_text(read_baseline("planrace.baseline")) == text


def test_what_is_undecided_is_not_saved(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    text = Path("planrace.baseline").read_text()
    assert run(["baseline", "save", "-p", "deploy.py:fixed", "--max-states", "5"]) == 3
    assert f"{EXISTS}, {DELETED}: undecided (not decided: the bound of 5 states was reached)" in capsys.readouterr().err
    assert run(["baseline", "save", "--time-limit", "0"]) == 3
    assert Path("planrace.baseline").read_text() == text


def test_verdicts_without_counts_are_saved(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol", "--max-states", "180")
    (found,) = read_baseline("planrace.baseline")
    assert (found.counts, found.request.max_states) == (None, 180)
    assert "\n  states: not counted\n  verdict" in Path("planrace.baseline").read_text()
    assert compared(capsys)[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["save"], "cannot read planrace.baseline"),
        (["save", "-s", "releases=2", "-o", "good"], "Without -p every entry is updated with its own options"),
        (["save", "--no-slicing", "-o", "good"], "Without -p every entry is updated with its own options"),
        (["save", "-o", "empty"], "empty has no entry to update"),
        (["save", "-p", "deploy.py:protocol", "--with", "compare"], "did you mean compare-and-set?"),
        (["save", "-p", "deploy.py:protocol", "-o", "no/where"], "there is no directory"),
        (["save", "-p", "deploy.py:protocol", "-o", "deploy.py"], "deploy.py:1: it is not a baseline"),
        (["save", "-p", "de\nploy.py:protocol"], "cannot be written to a baseline"),
        (["compare", "none"], "cannot read none: No such file or directory (make it with check baseline save)"),
        (["compare", "empty"], "there is no entry to compare"),
        (["compare", "good", "--only", "deploy.py:protokol"], "did you mean deploy.py:protocol"),
        (["compare", "good", "--format", "html"], "'html' is not a format"),
        (["compare", "binary"], "it is not UTF-8"),
    ],
)
def test_a_wrong_request_gives_one_sentence(
    words: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("-p", "deploy.py:protocol", "-o", "good")
    Path("empty").write_text("planrace baseline 1\n")
    Path("binary").write_bytes(b"\xff\xfe")
    before = {p: p.read_bytes() for p in here.iterdir() if p.is_file()}
    capsys.readouterr()
    assert run(["baseline", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    assert message in err
    assert {p: p.read_bytes() for p in here.iterdir() if p.is_file()} == before


# Comparing -------------------------------------------------------------------------------------------------------
def test_another_protection(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit("fixed = protocol.variant", 'mine = protocol.variant("mine", [])\nfixed = protocol.variant')
    save("-p", "deploy.py:mine")
    edit('"mine", []', '"mine", ["compare-and-set"]')
    assert compared(capsys)[0] == 1
    found = entry(capsys)
    assert found["verdicts"] == {EXISTS: ("violated", "holds")}
    assert found["model"]["protection compare-and-set"] == ("off", "on")
    assert found["model"]["action switch, outcome superseded"] == (None, "target[d] ≤ live")
    assert found["model"]["action switch, outcome superseded, set work[d]"] == (None, "IDLE")
    assert found["model"]["action switch, outcome"] == ("always", "otherwise")
    assert found["counts"]["states"][0] == "199"


def test_a_new_violation_is_drawn(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:fixed")
    edit('["compare-and-set"], "deployers', '[], "deployers')
    code, out = compared(capsys, form="markdown")
    assert code == 1
    assert f"| {EXISTS} | ✅ holds | ❌ violated |" in out
    assert f"**{EXISTS}** ❌ violated in 8 steps" in out
    assert out.count("```mermaid\nsequenceDiagram\n") == 1
    assert re.search(r"\nCause: deployer \d chooses release .* live-release-exists would hold\.", out)
    assert "```diff\n" in out
    assert "@@ protection compare-and-set @@\n- on\n+ off\n" in out
    code, out = compared(capsys)
    assert f"{EXISTS}: violated" in out
    assert "Cause: deployer" in " ".join(out.split())
    (broken,) = json.loads(compared(capsys, form="json")[1])["entries"][0]["broken"]
    assert (broken["property"], len(broken["trace"]["steps"])) == (EXISTS, 8)
    assert broken["because"].startswith("Cause: ")


def test_the_continuation_of_a_violating_run_is_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that leads into a loop or a dead end is a counterexample only together with its continuation."""
    Path("lamp.py").write_text(LAMP)
    save("-p", "lamp.py:protocol")
    Path("lamp.py").write_text(LAMP.replace("lamp == State.ON, lamp == State.OFF", "lamp == State.ON"))
    rests = "After step 2 no fair action is enabled: the run may stay there for ever."
    dead_end = "From there the helpers' steps reach 1 state; none of them satisfies "
    for form in ("text", "markdown"):
        code, out = compared(capsys, "-v", form=form)
        said = " ".join(re.sub(r"\\(?=\W)", "", out).split())
        assert (code, rests in said, dead_end in said) == (1, True, True), said


def test_a_run_that_violates_several_properties_is_drawn_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "fixed", *SMALL)
    text = Path("planrace.baseline").read_text()
    Path("planrace.baseline").write_text(text.replace("check -p fixed", "check -p original"))
    code, out = compared(capsys, form="markdown")
    drawn = out.count("```mermaid")
    assert (code, 0 < drawn < out.count("** ❌ violated")) == (1, True)
    assert out.count("The same steps as for ") == out.count("** ❌ violated") - drawn


def test_a_guard_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    edit("newest > live, ", "")
    assert compared(capsys)[0] == 1
    assert ": changed: counts and model\n" in compared(capsys, "-q")[1], "the exit code has a reason"
    found = entry(capsys)
    assert found["verdicts"] == found["depths"] == {}
    assert found["counts"] == {"states": ("199", "250"), "transitions": ("472", "692")}
    assert found["model"] == {
        "action choose, guard": (
            "(work[d] = IDLE) ∧ (live < newest) ∧ (newest ∈ stored)",
            "(work[d] = IDLE) ∧ (newest ∈ stored)",
        )
    }


CHANGES: dict[str, tuple[str, str, dict[str, tuple[str | None, str | None]]]] = {
    "an update": (
        'update(target[d], 0),\n        says("switches',
        'says("switches',
        {"action switch, outcome, set target[d]": ("0", None)},
    ),
    "a range": ("integers(1, releases", "integers(0, releases", {"sort release": ("1…releases", "0…releases")}),
    "a start": (
        'Version, 0, "the newest',
        'Version, 1, "the newest',
        {"variable newest": ("version, initially 0", "version, initially 1")},
    ),
    "a fairness": (
        '@protocol.action(by="builder")',
        '@protocol.action(by="builder", fairness="strong")',
        {"action build": ("by builder, weak fairness", "by builder, strong fairness")},
    ),
    "a property": (
        "| live.isin(stored)",
        "| live.isin(stored) | (newest == 0)",
        {
            f"property {EXISTS}": (
                "invariant: (live = 0) ∨ (live ∈ stored)",
                "invariant: (live = 0) ∨ (live ∈ stored) ∨ (newest = 0)",
            )
        },
    ),
    "an action renamed": (
        "def list_old(",
        "def gather(",
        {
            "action list_old": ("by collector, weak fairness", None),
            "action gather": (None, "by collector, weak fairness"),
        },
    ),
    "a default": ('"deployers", 2, 1, 6', '"deployers", 1, 1, 6', {"parameter deployers": ("2 of 1…6", "1 of 1…6")}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_the_model_is_reported(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, told = CHANGES[name]
    save("-p", "deploy.py:protocol")
    edit(old, new)
    model = entry(capsys)["model"]
    assert {what: model.get(what) for what in told} == told
    inner = [what for what in model if not any(what == t or what.startswith(f"{t}, ") for t in told)]
    assert inner == []


def test_only_the_model_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    edit('@protocol.action(by="builder")', '@protocol.action(by="builder", tags=["x"])')
    code, out = compared(capsys)
    assert (code, "+ by builder, weak fairness, tagged x" in out) == (0, True)
    assert out.endswith("baseline: the model changed, its results did not (exit 0)\n")
    code, out = compared(capsys, "--strict")
    assert (code, out[-9:]) == (1, "(exit 1)\n")


def test_descriptions_are_not_part_of_the_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    edit("builds release {r}", "makes release {r}")
    edit("the release that users get exists", "users get something")
    Path("deploy.py").write_text("# a comment\n\n" + Path("deploy.py").read_text())
    assert compared(capsys, "--strict")[0] == 0


def test_added_and_removed_properties(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    edit(f'"{DELETED}"', '"collector-works"')
    assert compared(capsys)[0] == 1
    assert entry(capsys)["verdicts"] == {DELETED: ("holds", None), "collector-works": (None, "holds")}
    edit("primed(stored))),", "primed(stored))) & (live == 99),")
    code, out = compared(capsys, form="markdown")
    assert (code, "| collector-works | – | ❌ violated |" in out) == (1, True)
    assert "Violated: " in out  # there is no run to draw


def test_undecided_is_not_green(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol")
    code, out = compared(capsys, "--time-limit", "0")
    assert code == 3
    told = f"Undecided now: {EXISTS}, {DELETED}, counts: not decided: the time limit of 0 s was reached."
    assert told in " ".join(out.split())
    assert out.endswith("baseline: undecided (exit 3)\n")
    quiet = " ".join(compared(capsys, "--time-limit", "0", "-q")[1].split())
    assert f"{EXISTS}, {DELETED}, counts: undecided now: not decided: the time limit of 0 s was reached" in quiet
    code, out = compared(capsys, "--time-limit", "0", form="markdown")
    assert (code, "⚠️ undecided now: " in out) == (3, True)


def test_an_entry_that_can_no_longer_be_checked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("-p", "deploy.py:protocol", "--with", "compare-and-set")
    edit('"compare-and-set", "a switch', '"cas", "a switch')
    edit('["compare-and-set"], "deployers', '["cas"], "deployers')
    for words in (["compare"], ["save"]):
        capsys.readouterr()
        assert run(["baseline", *words]) == 2
        _, err = capsys.readouterr()
        assert err.startswith("Error: planrace.baseline:3: deploy.py:protocol --with compare-and-set: no protection of")
        assert err.count("\n") == 1


# Hostile names ---------------------------------------------------------------------------------------------------
def test_hostile_names_in_a_protocol(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = NASTY.replace("\n", "").replace("\x1b", "")  # control characters are refused where the name is given
    Path("deploy.py").write_text(DEPLOY.replace('"compare-and-set"', repr(name)).replace(f'"{EXISTS}"', repr(name)))
    save("-p", "deploy.py:fixed")
    text = Path("planrace.baseline").read_text()
    assert write_text(read_text(text)) == text
    assert compared(capsys)[0] == 0
    assert run(["baseline", "save", "-p", "deploy.py:protocol", "--with", name]) == 2
    assert "cannot be written to a baseline (rename it in plain characters)" in capsys.readouterr().err
    assert Path("planrace.baseline").read_text() == text


# The document ----------------------------------------------------------------------------------------------------
def test_following_the_document(here: Path) -> None:
    text = (ROOT / "docs" / "ci-review.md").read_text()
    for block in FENCED.finditer(text):
        if block["kind"] == "text":
            saved = iter(Path("before").read_text().split("\n"))
            wanted = [line for line in block["text"].splitlines() if line.strip() not in ("", "…")]
            assert all(line in saved for line in wanted)  # in this order
        elif block["kind"] == "console":
            if "removes `newest > live` from the guard" in text[: block.start()]:
                edit("newest > live, ", "")
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                shows(command, output, here)
            Path("before").write_text(Path("planrace.baseline").read_text())


def test_no_engine_is_loaded_for_help() -> None:
    code = (
        "import sys; from planrace.checker.cli.main import run; run(['baseline', 'compare', '-h']); "
        "print('z3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("False\n")
