"""``[tool.planrace]``: what is read, every wrong key, and the published schema."""

from __future__ import annotations

import json
import os
import re
import tomllib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from planrace.checker import Report, Verdict, check_project, render
from planrace.checker.api.project.checks import options_of, run_checks
from planrace.checker.api.project.read import EXAMPLES, find_project, read_project
from planrace.checker.api.project.schema import schema_text, section_schema
from planrace.checker.api.project.section import CheckEntry, Section
from planrace.checker.engines.limits import Progress
from planrace.checker.run.options import Options
from planrace.checker.run.run import run
from planrace.model.language import ModelError
from tests import ROOT
from tests.pyprojects import SECTION, make_project

SCHEMA = ROOT / "docs" / "pyproject.schema.json"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_entry_is_checked(here: Path) -> None:
    make_project(here)
    found = check_project()
    assert [(r.name, r.code, r.sentence) for r in found.results] == [
        ("bug", 0, "violated, as expected"),
        ("fix", 0, "holds"),
    ]
    assert found
    fix = found.results[1].report
    assert fix is not None
    assert (fix.parameters["workers"], fix.faults, fix.protections) == (1, ("crash",), ("fencing",))
    assert found.results[0].report is not None
    assert [f.name for f in found.results[0].report.findings] == ["no-write-is-undone"]


def test_paths_are_those_of_the_file_wherever_one_stands(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_project(here)
    (here / "deep" / "er").mkdir(parents=True)
    (here / "deep" / "pyproject.toml").write_text("[tool.other]\n")  # no section of ours: the search goes on
    monkeypatch.chdir(here / "deep" / "er")
    project = find_project()
    assert project is not None
    assert project.path == path.resolve()
    assert check_project(only=["fix"])
    monkeypatch.chdir("/")
    assert check_project(path, only=["fix"])


def test_an_entry_chosen_by_its_protocol_and_settings_for_all(here: Path) -> None:
    make_project(here)
    found = check_project(only=["lease.py:fixed"], max_states=5)
    assert [(r.name, r.code) for r in found.results] == [("fix", 3)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"only": "fix"}, "only='fix' is not a list of names"),
        ({"time_limt": 3}, r"check_project has no keyword 'time_limt' \(did you mean time_limit\?\)"),
    ],
)
def test_wrong_arguments_are_sentences(given: dict[str, Any], message: str, here: Path) -> None:
    make_project(here)
    with pytest.raises(ModelError, match=message):
        check_project(**given)


def test_limits_of_an_entry_replace_those_of_the_section(here: Path) -> None:
    own = 'time-limit = 7\nmax-memory = "1.5G"\n'
    make_project(here, SECTION + own)
    project = find_project()
    assert project is not None
    first, second = (options_of(project, c) for c in project.checks)
    assert (first.time_limit, first.max_memory) == (60, None)
    assert (second.time_limit, second.max_memory) == (7, 3 * 2**29)


def test_strict_of_an_entry_and_of_the_section(here: Path) -> None:
    """A property that holds vacuously is a warning."""
    text = (ROOT / "examples" / "lease.py").read_text()
    vain = 'protocol.declare(step_invariant("vain", (written > 9).implies(written > 8), "nothing"))\n'
    check = '[[tool.planrace.check]]\nprotocol = "vain.py:fixed"\nproperties = ["vain"]\nname = "%s"\n'
    sections = {
        "": (0, 1),
        "[tool.planrace]\nstrict = true\n": (1, 0),
    }
    for top, codes in sections.items():
        other = "strict = false\n" if "true" in top else "strict = true\n"
        make_project(here, f"{top}{check % 'a'}{check % 'b'}{other}")
        (here / "vain.py").write_text(text + vain)
        assert tuple(r.code for r in check_project().results) == codes


def test_an_entry_that_is_wrong_stops_no_other(here: Path) -> None:
    path = make_project(here, SECTION.replace("workers = 1", "wrkers = 1"))
    bug, fix = check_project().results
    assert (bug.code, fix.code) == (0, 2)
    line = path.read_text().splitlines().index("sizes = { wrkers = 1 }") + 1
    message = rf"pyproject.toml:{line}: check 2 \(fix\): sizes: no parameter .*'wrkers' \(did you mean workers"
    assert re.match(message, getattr(fix.outcome, "message", ""))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lease.py:fixed", "lease.py:fixd", r"check 2 \(fix\): protocol: lease.py has no attribute 'fixd'"),
        ("lease.py:fixed", "gone.py:fixed", r"check 2 \(fix\): protocol: cannot read gone.py"),
        ("lease.py:fixed", "orignal", r"check 2 \(fix\): protocol: .*did you mean original"),
        ('["crash"]', '["crush"]', r"check 2 \(fix\): faults: no fault .*'crush' \(did you mean crash\?\)"),
        ('faults = ["crash"]', 'with = ["fence"]', r"check 2 \(fix\): with: .*'fence'"),
        ('faults = ["crash"]', 'without = ["x"]', r"check 2 \(fix\): without: .*'x'"),
        ('faults = ["crash"]', 'properties = ["no"]', r"check 2 \(fix\): properties: .*'no'"),
        ('faults = ["crash"]', 'engine = "bcm"', r"check 2 \(fix\): engine: .*did you mean bmc"),
        ("workers = 1", "workers = 99", r"check 2 \(fix\): sizes: workers=99 is out of range"),
    ],
)
def test_names_that_the_protocol_does_not_have(old: str, new: str, message: str, here: Path) -> None:
    before, _, after = SECTION.rpartition(old)
    make_project(here, f"{before}{new}{after}")
    _, wrong = check_project().results
    assert wrong.code == 2
    line = before.count("\n") + 1
    assert re.match(rf"pyproject.toml:{line}: {message}", getattr(wrong.outcome, "message", "")), wrong.outcome


CHECK = "[[tool.planrace.check]]\nprotocol = 'original'\n"
WRONG = {
    "a key of the section": ("[tool.planrace]\ntime_limit = 3", r":2: .*time_limit is no key here \(write time-limit"),
    "a misspelt key": ("[tool.planrace]\nworker = 3", r":2: .*worker is no key.*\(did you mean workers\?"),
    "a key of an entry": (
        f"{CHECK}fault = ['crash']",
        r":3: tool.planrace.check 1: fault is no key.*did you mean faul",
    ),
    "the second entry": (f"{CHECK}{CHECK}size = 1", r":5: tool.planrace.check 2: size is no key"),
    "no protocol": ("[[tool.planrace.check]]\nname = 'a'", r":1: .*protocol is missing \(write protocol = "),
    "a single table": ("[tool.planrace.check]\nprotocol = 'a'", r":1: .*check is not a list of tables \(write \[\["),
    "no table": ("[tool]\nplanrace = 3", r"tool.planrace: is not a table"),
    "a string for a list": (f"{CHECK}faults = 'crash'", r":3: .*faults is not a list: 'crash' \(write faults = \["),
    "numbers in a list": (f"{CHECK}faults = [1]", r":3: .*faults has a value that is not a string"),
    "a size that is no number": (f"{CHECK}sizes = {{ plans = 1.5 }}", r":3: .*sizes has a value that is not a whole"),
    "sizes as a list": (f"{CHECK}sizes = ['plans']", r":3: .*sizes is not a table"),
    "an empty name": (f"{CHECK}name = ''", r":3: .*name"),
    "an expectation": (f"{CHECK}expect = 'hold'", r":3: .*expect cannot be 'hold' \(did you mean holds\?"),
    "a truth value": (f"{CHECK}strict = 1", r":3: .*strict is not true or false: 1 \(write strict = true"),
    "a number": (f"{CHECK}time-limit = '60'", r":3: .*time-limit '60' is not a number of seconds"),
    "a limit out of range": (f"{CHECK}max-states = 0", r":3: .*max-states 0 is not in the range"),
    "memory": (f"{CHECK}max-memory = 'lots'", r":3: .*max-memory 'lots' is not an amount of memory \(write max-mem"),
    "a form": (
        "[tool.planrace]\nartifact-formats = ['htm']",
        r":2: .*artifact-formats cannot be 'htm' \(did you mean html",
    ),
    "two of a name": (f"{CHECK}{CHECK}", r":3: check 2 \(original\) has the same name as check 1 .*write name = "),
    "no entry": ("[tool.planrace]\nworkers = 1", r":1: \[tool.planrace\] names no protocol to check"),
    "no TOML": ("[tool.planrace\n", r"pyproject.toml is not TOML: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_section_that_is_wrong(name: str, here: Path) -> None:
    text, message = WRONG[name]
    make_project(here, text)
    with pytest.raises(ModelError, match=message):
        check_project()


def test_there_is_no_section(here: Path) -> None:
    with pytest.raises(ModelError, match=r"no pyproject.toml with a section \[tool.planrace\].*`check init`"):
        check_project()
    path = make_project(here, "[project]\nname = 'planrace-user'\n")
    with pytest.raises(ModelError, match=r"pyproject.toml has no section \[tool.planrace\]"):
        check_project(path)
    with pytest.raises(ModelError, match=r"cannot read .*: No such file"):
        check_project("gone.toml")


def test_files_of_other_tools_are_none_of_our_business(here: Path) -> None:
    make_project(here, "this is [not TOML\n")
    assert find_project() is None


def test_an_interruption_keeps_what_there_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(here)
    asked = []

    def interrupted(*arguments: Any) -> Report:
        asked.append(arguments)
        if len(asked) in (2, 3):
            raise KeyboardInterrupt
        return run(*arguments)

    monkeypatch.setattr("planrace.checker.api.project.checks.run", interrupted)
    found = check_project()
    assert [r.name for r in found.results] == ["bug"]
    assert (found.left, found.code, found.interrupted) == (("fix",), 130, True)
    for form in ("text", "json", "junit", "sarif", "annotations", "summary"):
        assert ("fix" in render(found, form)) == (form in ("text", "json", "summary"))
    with pytest.raises(KeyboardInterrupt):
        check_project()


def test_progress_says_of_which_check_it_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(here)
    project = find_project()
    assert project is not None
    tasks: list[str] = []

    def slow(selection: Any, options: Options) -> Report:
        assert options.listener is not None
        options.listener(Progress("searching", 1, 1, 1, 1.0, 1))
        return run(selection, options)

    monkeypatch.setattr("planrace.checker.api.project.checks.run", slow)
    run_checks(project, project.checks, listening=lambda: nullcontext(lambda event: tasks.append(event.task)))
    assert tasks == ["bug: searching", "fix: searching"]


# The schema --------------------------------------------------------------------------------------------------------
def test_the_published_schema_is_that_of_the_classes() -> None:
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        SCHEMA.write_text(schema_text())
    assert SCHEMA.read_text() == schema_text()
    jsonschema.Draft7Validator.check_schema(section_schema())


def test_every_key_has_words_and_an_example() -> None:
    schema = section_schema()
    keys = {**schema["properties"], **schema["definitions"]["CheckEntry"]["properties"]}
    assert [k for k, v in keys.items() if not (v.get("description") or v.get("anyOf"))] == []
    assert {*keys} - {*EXAMPLES} <= {"name", "engine", "scenario"}


def valid(section: Any) -> bool:
    return jsonschema.Draft7Validator(section_schema()).is_valid(section)


@pytest.mark.parametrize("name", [n for n in WRONG if n not in ("two of a name", "no entry", "no TOML")])
def test_the_schema_refuses_what_we_refuse(name: str) -> None:
    assert not valid(tomllib.loads(WRONG[name][0])["tool"]["planrace"])


def test_the_schema_accepts_what_we_accept(here: Path) -> None:
    assert valid(tomllib.loads(SECTION)["tool"]["planrace"])
    found = read_project(make_project(here))
    assert found is not None
    written = json.loads(msgspec.json.encode(found.section))
    assert {*written} == {*section_schema()["properties"]}


def test_the_sections_in_the_documents_are_valid() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    found = [b for p in pages for b in re.findall(r"^```toml\n(.*?)^```", p.read_text(), re.DOTALL | re.MULTILINE)]
    sections = [tomllib.loads(b)["tool"]["planrace"] for b in found if "[tool.planrace" in b]
    assert len(sections) >= 2
    assert all(valid(s) for s in sections)


def test_fields_of_an_entry_are_options() -> None:
    """Or a new option would be forgotten in one of the two."""
    ours = {f.encode_name for f in msgspec.structs.fields(CheckEntry)}
    ours |= {f.encode_name for f in msgspec.structs.fields(Section)}
    theirs = {n.replace("_", "-") for n in Options.__dataclass_fields__}
    told = {"listener", "ir", "explain", "alternatives", "beside", "least-delay", "all-different", "verbose"}
    hunting = {"seed", "runs", "bit-array", "hashes", "order"}  # it decides nothing
    machine = {"cluster", "shards", "store", "spill"}  # clusters, memory and disks change, and no verdict with them
    one = {"checkpoint", "resume"}  # a file is that of one search
    assert theirs - ours - told - hunting - one == machine
    assert ours - theirs == {
        *("check", "protocol", "name", "sizes", "faults", "with", "without", "expect", "strict"),
        *("artifacts", "artifact-formats"),
    }


def test_a_verdict_that_is_undecided_is_no_success(here: Path) -> None:
    make_project(here, SECTION.replace("sizes = { workers = 1 }", "max-states = 3"))
    found = check_project()
    assert not found
    assert found.code == 3
    assert found.results[1].report is not None
    assert found.results[1].report.verdict is Verdict.UNKNOWN
