"""``check matrix``: against brute force, on a protocol where protections interact; its claims, commands and cache."""

from __future__ import annotations

import json
import shlex
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker import FixReport, Verdict, check, find, fixes, render
from planrace.checker.cli.main import run
from planrace.checker.report.text.fixes import fixes_document
from planrace.checker.results.blocks import Grid, Heading
from planrace.checker.results.detail import Detail
from planrace.checker.results.fixes import EverySizeVerdict, FixPoint, smallest
from planrace.checker.review.lab import decide
from planrace.checker.review.lab.keep import LabCache
from planrace.checker.review.lab.task import LabTask
from planrace.model.language import ModelError, Protocol
from tests import ROOT

SWITCHES = '''
from planrace import *

p = Protocol("switches", "a worker adds, and another one doubles")
most = p.parameter("most", 4, 1, 9)
more = p.fault("more", "it adds once more")
n = p.variable("n", integers(0, 99), 0)
left = p.variable("left", integers(0, most), most)


@p.action(by="adder")
def add():
    return step(when(left > 0), update(n, n + 1), update(left, left - 1))


@p.action(by="doubler")
def twice():
    return step(when(n > 0, n < 20), update(n, n * 2))


@p.action(by="fate", fault=more)
def again():
    return step(when(n == 2), update(n, 3))


@p.protection("slow", "nobody doubles beyond three")
def slow(change):
    """Small numbers stay small."""
    change.require("twice", n < 2)


@p.protection("single", "nobody doubles", plausible=True)
def single(change):
    change.require("twice", n < 0)


@p.protection("rare", "only three is doubled", plausible=True)
def rare(change):
    change.require("twice", n == 3)


@p.protection("skip", "from two it adds two", plausible=True)
def skip(change):
    change.value("add", n, lambda old: If(n == 2, 4, old))


@p.protection("bold", "it adds one more", plausible=True)
def bold(change):
    change.value("add", n, lambda old: old + 1)


p.final(both())
p.declare(
    invariant("small", n <= most + 1, "the number stays small"),
    invariant("not-three", n != 3, "it is never three"),
    reachable("grows", n == 2, "it gets to two"),
)
careful = p.variant("careful", ["slow"]).small_at(most=2)
'''


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lab") / "switches.py"
    path.write_text(SWITCHES)
    return path


@pytest.fixture(scope="module")
def report(file: Path) -> FixReport:
    return fixes(f"{file}:careful", proof_time=0, max_set=5, cache=False)


def holds(file: Path, protections: tuple[str, ...], most: int, faults: tuple[str, ...] = ()) -> bool:
    found = check(f"{file}:p", {"most": most}, with_protections=protections, faults=faults)
    return found.verdict is Verdict.HOLDS


def sufficient(file: Path, faults: tuple[str, ...] = ()) -> dict[frozenset[str], bool]:
    names = ("slow", "single", "rare", "skip", "bold")
    sets = [s for size in range(6) for s in combinations(names, size)]
    return {frozenset(s): holds(file, s, 2, faults) and holds(file, s, 4, faults) for s in sets}


def test_the_minimal_sets_are_those_of_brute_force(file: Path, report: FixReport) -> None:
    enough = sufficient(file)
    minimal = [s for s, good in enough.items() if good and not any(enough[t] for t in enough if t < s)]
    assert {frozenset(m.protections) for m in report.minimal} == set(minimal) != set()
    small_only = [s for s in enough if holds(file, tuple(s), 2) and not holds(file, tuple(s), 4)]
    assert small_only
    assert {frozenset(p.protections) for p in report.apparent} <= set(small_only)
    assert report.exit_code == 0


def test_sets_that_break_what_a_smaller_one_keeps_are_told(file: Path, report: FixReport) -> None:
    """Protections are not monotone here."""
    enough = {s: holds(file, tuple(s), 2) for s in sufficient(file)}
    for m in report.minimal:
        here = frozenset(m.protections)
        worse = {frozenset(s) for s in enough if len(s) == len(here) + 1 and here < s and not enough[s]}
        assert {frozenset(p.protections) for p in m.more} == worse
    assert any(m.more for m in report.minimal)
    assert "More is not always better" in report.pruning


def test_every_point_is_what_its_command_says(report: FixReport, capsys: pytest.CaptureFixture[str]) -> None:
    points = [p for row in report.alone for p in row] + list(report.apparent)
    points += [
        p for m in report.minimal for p in (m.small, m.large, *m.under, *m.more, *(x.without for x in m.members))
    ]
    by_command: dict[str, FixPoint] = {
        p.command: p for p in points if all(v.verdict is not Verdict.UNKNOWN for v in p.verdicts)
    }
    assert len(by_command) > 15
    for command, point in by_command.items():
        assert run([*shlex.split(command)[1:], "--format", "json"]) == (0 if point.verdict is Verdict.HOLDS else 1)
        found = {p["name"]: p for p in json.loads(capsys.readouterr().out)["properties"]}
        assert {v.property: (v.verdict.word, v.length) for v in point.verdicts} == {
            v.property: (found[v.property]["verdict"], found[v.property]["depth"]) for v in point.verdicts
        }


def test_each_member_is_needed_and_told(report: FixReport) -> None:
    for m in report.minimal:
        assert [x.name for x in m.members] == list(m.protections)
        for x in m.members:
            assert x.without.protections == tuple(p for p in m.protections if p != x.name)
            (v,) = x.without.violated
            assert v.length == len(v.steps) or v.kind == "reachability"
            assert v.open or v.kind == "reachability"


def test_faults_that_break_a_set(file: Path, report: FixReport) -> None:
    for m in report.minimal:
        broken = not holds(file, m.protections, 2, ("more",))
        assert any(m.broken_by(p) == [("more",)] for p in report.properties) == broken
    assert all(len(row) == 2 for row in report.alone)


def test_what_is_said_of_one_alone(report: FixReport) -> None:
    rows = {row[0].protections: row[0] for row in report.alone}
    assert set(rows) == {(), ("slow",), ("single",), ("rare",), ("skip",), ("bold",)}
    slow, rare, bold = (rows[name,] for name in ("slow", "rare", "bold"))
    assert [v.length for v in slow.verdicts] == [None, 3, 2]
    assert (slow.of("not-three").acts, [s.action for s in slow.of("not-three").steps]) == (
        (2,),
        ["add", "twice", "add"],
    )
    assert slow.of("not-three").open.startswith("slow acts in step 2, at last where doubler ")
    assert bold.of("small").acts == tuple(n for n, s in enumerate(bold.of("small").steps, 1) if s.action == "add")
    assert [v.verdict for v in rare.verdicts] == [Verdict.HOLDS] * 3


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_formats(report: FixReport, form: str) -> None:
    text = render(report, form)
    words = " ".join(text.split())
    assert all(m.small.command in words or form == "html" for m in report.minimal)
    if form == "json":
        schema = json.loads((ROOT / "docs" / "fixes.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    if form == "text":
        assert text.splitlines()[-1].endswith("(exit 0)")


def test_every_cell_leads_to_what_is_told_of_it(report: FixReport) -> None:
    told = fixes_document(report, 0, Detail.FULL).blocks
    titles = [b.text for b in told if isinstance(b, Heading)]
    (table,) = (b for b in told if isinstance(b, Grid) and b.links)
    assert len(titles) == len(set(titles))
    assert [len(row) - 1 for row in table.rows] == list(map(len, table.links))
    assert {title for row in table.links for title in row} <= set(titles)
    for row, point in zip(table.links, report.alone, strict=True):
        for title, v in zip(row, point[0].verdicts, strict=True):
            holds = v.verdict is Verdict.HOLDS
            at = titles.index(title)
            assert holds == title.endswith("what holds")
            assert holds or v.property in title
            assert at > titles.index("Why not")


def test_expectations_and_exit_codes(file: Path, report: FixReport, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["matrix", "-p", f"{file}:careful", "--max-set", "2", "--proof-time", "0", "--no-cache", "--workers", "1"]
    assert report.unmet == ()
    assert run([*asked, "--expect-set", "skip+single", "--expect-set", "rare+skip"]) == 0
    assert run([*asked, "--expect-set", "single+bold", "-q"]) == 1
    assert "Expected, and not among them: single + bold." in capsys.readouterr().out
    assert run([*asked, "--max-states", "1"]) == 3
    assert run([*asked, "--expect-set", "bolt"]) == 2
    assert "did you mean bold" in capsys.readouterr().err
    assert run([*asked, "--larger", "mots=3"]) == 2
    assert (
        run([*asked, "--with", "slow", "--with", "single", "--with", "rare", "--with", "skip", "--with", "bold"]) == 2
    )


WIDE = """
from planrace import *

p = Protocol("wide", "two count, and one of them may fail")
x, y = (p.variable(name, integers(0, 20), 0) for name in ("x", "y"))
bad = p.variable("bad", integers(0, 1), 0)
p.final(x >= 0)


@p.action(by="first")
def count_x():
    return step(when(x < 20), update(x, x + 1))


@p.action(by="second")
def count_y():
    return step(when(y < 20), update(y, y + 1))


@p.action(by="first")
def fail():
    return step(when(x == 1), update(bad, 1))


@p.protection("careful", "the first one never fails")
def careful(change):
    change.require("fail", bad == 1)


@p.protection("alone", "the second one does not count")
def alone(change):
    change.require("count_y", y < 0)


@p.protection("idle", "the first one does not count")
def idle(change):
    change.require("count_x", y > 0)


p.declare(invariant("good", bad == 0, "nothing fails"), reachable("counts", x == 1, "the first one counts"))
"""


def test_what_is_undecided_below_a_set_leaves_open_whether_it_is_minimal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``careful`` suffices, which a bound on states leaves open; with ``alone`` the bound does not matter."""
    path = tmp_path / "wide.py"
    path.write_text(WIDE)
    arguments: dict[str, Any] = {"proof_time": 0, "cache": False, "max_set": 2}
    whole, cut = fixes(f"{path}:p", **arguments), fixes(f"{path}:p", max_states=100, **arguments)
    assert [m.protections for m in whole.minimal] == [("careful",)]
    assert whole.doubts(("careful",)) == ()
    assert [m.protections for m in cut.minimal] == [("careful", "alone")]
    assert cut.doubts(("careful", "alone")) == (("careful",),)
    assert cut.doubts(("careful",)) == ()
    words = "Perhaps not minimal: whether careful suffices is undecided."
    for form in ("text", "markdown"):
        assert words in render(cut, form)
        assert words not in render(whole, form)
    asked = ["matrix", "-p", f"{path}:p", "--proof-time", "0", "--no-cache", "--workers", "1", "--max-set", "2"]
    for expected, limit, code in (
        ("careful", [], 0),
        ("careful+alone", [], 1),
        ("careful+alone", ["--max-states", "100"], 3),
        ("careful", ["--max-states", "100"], 3),
    ):
        assert run([*asked, *limit, "--expect-set", expected]) == code, (expected, limit)
    assert words in capsys.readouterr().out
    nothing = fixes(f"{path}:p", max_states=10, **arguments)
    assert nothing.minimal == ()
    assert "None of them is known to suffice." in render(nothing)


def test_what_is_never_reached_has_no_number_of_steps(tmp_path: Path) -> None:
    path = tmp_path / "wide.py"
    path.write_text(WIDE)
    text = render(fixes(f"{path}:p", proof_time=0, cache=False, without=["careful"], with_protections=["alone"]))
    assert "Violated. Never met in a complete search of" in text
    assert "in 0 steps" not in text


def test_answers_are_kept_and_damage_is_noticed(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "kept"))
    arguments: dict[str, Any] = {"proof_time": 0, "max_set": 2}
    first, second = (fixes(f"{file}:careful", **arguments) for _ in range(2))
    assert first.cached < second.cached == second.points == first.points
    assert [m.protections for m in first.minimal] == [m.protections for m in second.minimal]
    without = ("seconds", "cached")
    assert {k: v for k, v in vars(first).items() if k not in without} == {
        k: v for k, v in vars(second).items() if k not in without
    }
    kept = sorted((tmp_path / "kept" / "matrix").iterdir())
    for k in kept:
        k.write_text(k.read_text().replace('"holds"', '"violated"'))
    third = fixes(f"{file}:careful", **arguments)
    assert [m.protections for m in third.minimal] == [m.protections for m in first.minimal]
    assert third.cached < third.points
    changed = file.parent / "changed.py"
    changed.write_text(SWITCHES.replace("n != 3,", "n != 4,"))
    other, again = (fixes(f"{changed}:careful", cache=cached, **arguments) for cached in (True, False))
    assert (other.minimal, other.alone) == (again.minimal, again.alone)
    assert [m.protections for m in other.minimal] != [m.protections for m in first.minimal]


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    cache = LabCache(folder)
    cache.keep("x", {"a": 1})
    assert cache.folder is None
    assert cache.kept("x") is None
    mine = LabCache(tmp_path / "mine")
    mine.keep("x", {"a": 1})
    assert (mine.kept("x"), mine.kept("y")) == ({"a": 1}, None)


def test_several_processes_find_the_same(file: Path, report: FixReport) -> None:
    other = fixes(f"{file}:careful", proof_time=0, max_set=5, cache=False, workers=2)
    assert other.minimal == report.minimal
    assert other.alone == report.alone


def test_what_there_is_no_time_for_is_unknown(file: Path) -> None:
    cut = fixes(f"{file}:careful", proof_time=0, cache=False, time_limit=0)
    assert (cut.exit_code, cut.minimal) == (3, ())
    assert cut.stopped is not None
    assert all(v.verdict is Verdict.UNKNOWN for row in cut.alone for p in row for v in p.verdicts)


def test_proofs_for_every_size(file: Path) -> None:
    found = fixes(f"{file}:careful", max_set=1, cache=False, properties=["small"])
    proofs = {m.protections: m.proofs for m in found.minimal}
    assert proofs
    assert all(v.verdict is Verdict.VIOLATED and v.parameters for p in proofs.values() for v in p if v.length)


def test_protections_are_needed(file: Path) -> None:
    bare = Protocol("bare", "without protections")
    with pytest.raises(ModelError, match="bare has no protection to judge"):
        fixes(bare)
    with pytest.raises(ModelError, match="did you mean most"):
        find(f"{file}:p").small_at(mots=2)
    assert smallest([("a", "b"), ("b",), ("c",), ("a", "c")]) == [("b",), ("c",)]


def test_what_time_left_unproved_is_not_kept() -> None:
    """Whether a kind of property is ever proved decides, not what is said of it."""
    verdicts = {"a": Verdict.HOLDS, "b": Verdict.UNKNOWN}
    found = tuple(EverySizeVerdict(p, v, "no proof for every size") for p, v in verdicts.items())
    task = LabTask((), (), (), ("a", "b"), every_size=True)
    assert decide._lasting(found, task, {"a"})
    assert not decide._lasting(found, task, {"a", "b"})
