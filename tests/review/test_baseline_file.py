"""The file of a baseline: it is read back unchanged, and errors name the line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planrace.checker.cli.main import run
from planrace.checker.report.errors import ReadError
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest, Counts, Item, RecordedVerdict
from planrace.checker.review.baseline.read import read_text
from planrace.checker.review.baseline.write import write_text
from planrace.model.language import ModelError


def test_a_request_is_read_back_unchanged() -> None:
    request = BaselineRequest(
        "my deploy's.py:x",
        {"b": 2, "a": -1, "planner": "endless"},
        ("f 1", "e"),
        ("w",),
        ("`$(x)`",),
        ('p"q', "r#s"),
        100,
        symmetry=False,
        slicing=False,
    )
    made = BaselineEntry(request, None, {"p": RecordedVerdict(Verdict.HOLDS)}, ())
    (found,) = read_text(write_text([made]))
    assert found.title == request.title
    assert replace(found.request, faults=request.faults, properties=request.properties) == request
    assert set(found.request.faults) == set(request.faults)
    assert write_text([found]) == write_text([made])
    with pytest.raises(ModelError, match="cannot be written to a baseline"):
        write_text([replace(made, request=BaselineRequest("a\nb"))])


names = st.text(max_size=8) | st.sampled_from(['a"b', "a\\", "a: b", "\u202ex", " ", "\ud800", "a\n  verdict x: holds"])
items = st.builds(Item, st.just("set"), names, names)
outcomes = st.builds(Item, st.just("outcome"), st.none() | names, names, st.lists(items, max_size=2).map(tuple))
actions = st.builds(Item, st.just("action"), names, names, st.lists(outcomes, max_size=2).map(tuple))
judged = st.builds(
    RecordedVerdict, st.sampled_from([Verdict.HOLDS, Verdict.VIOLATED]), st.none() | st.integers(0, 10**9)
)
models = st.lists(actions | st.builds(Item, st.just("protection"), names, names), max_size=4).map(tuple)


@given(models, st.dictionaries(names, judged, min_size=1, max_size=3))
def test_any_names_are_read_back_unchanged(model: tuple[Item, ...], verdicts: dict[str, RecordedVerdict]) -> None:
    made = BaselineEntry(BaselineRequest("p"), Counts(1, 2, 3, True, ("a", "b")), verdicts, model)
    text = write_text([made])
    assert all(line.isprintable() and line == line.rstrip() for line in text.split("\n"))
    (found,) = read_text(text)
    assert found == made
    assert write_text([found]) == text


HEAD = "planrace baseline 1\n\n"
GOOD = (
    "check -p x\n  states: 1\n  transitions: 2\n  depth: 3\n  symmetry: no\n  sliced: a.of, b\n"
    "  verdict p: holds, 1 step\n  variable v: number\n  action a: by a\n    guard: true\n    outcome o: always\n"
    "      set v: 1\n"
)
BROKEN: dict[str, tuple[Callable[[str], str], int, str]] = {
    "nothing": (lambda _: "", 1, "it is not a baseline, whose first line is planrace baseline 1"),
    "another file": (lambda _: "{}", 1, "it is not a baseline"),
    "another format": (lambda s: s.replace("baseline 1", "baseline 2"), 1, "the file has format 2, but this planrace"),
    "a merge": (lambda s: s + "<<<<<<< HEAD\n", 15, "an unresolved merge conflict (keep either side"),
    "no entry": (lambda _: HEAD + "  states: 1\n", 3, "'states: 1' belongs to no entry"),
    "twice": (lambda s: s + GOOD, 15, "the same entry as in line 3 (delete one of the two)"),
    "no verdict": (lambda s: s.replace("  verdict p: holds, 1 step\n", ""), 3, "the entry has no verdict"),
    "no states": (lambda s: s.replace("  states: 1\n", ""), 3, "the entry has no line states"),
    "no symmetry": (lambda s: s.replace("  symmetry: no\n", ""), 3, "the entry has no line symmetry"),
    "states": (lambda s: s.replace("states: 1", "states: many"), 4, "states cannot be 'many'"),
    "huge": (lambda s: s.replace("states: 1", "states: " + "1" * 5000), 4, "states cannot be"),
    "transitions": (lambda s: s.replace("transitions: 2", "transitions: -2"), 5, "transitions cannot be '-2'"),
    "depth": (lambda s: s.replace("depth: 3", "depth:"), 6, "depth cannot be ''"),
    "symmetry": (lambda s: s.replace("symmetry: no", "symmetry: maybe"), 7, "symmetry cannot be 'maybe'"),
    "sliced": (lambda s: s.replace("a.of, b", "a b"), 8, "sliced cannot be 'a b'"),
    "a name": (lambda s: s.replace("depth:", "depth x:"), 6, "depth has a name"),
    "counted twice": (lambda s: s.replace("  depth: 3\n", "  depth: 3\n" * 2), 7, "a second line depth"),
    "verdict": (lambda s: s.replace("holds, 1 step", "unknown"), 9, "'unknown' is not a verdict such as 'holds'"),
    "verdict twice": (lambda s: s.replace("  variable", "  verdict p: holds\n  variable"), 10, "a second verdict on p"),
    "verdict of what": (lambda s: s.replace("verdict p", "verdict"), 9, "verdict lacks a name"),
    "variable": (lambda s: s.replace("variable v:", "variable:"), 10, "variable lacks a name"),
    "no colon": (
        lambda s: s.replace("variable v:", "variable v"),
        10,
        "'variable v number' is not a line",
    ),
    "kind": (lambda s: s.replace("variable v", "varable v"), 10, "there is no line 'varable' in an entry"),
    "inside": (lambda s: s.replace("outcome o", "variable o"), 13, "there is no line 'variable' in action a"),
    "inside nothing": (lambda s: s.replace("      set", "  set"), 14, "there is no line 'set' in an entry"),
    "guard": (lambda s: s.replace("guard:", "guard g:"), 12, "guard has a name"),
    "too far": (lambda s: s.replace("    guard", "        guard"), 12, "guard is indented too far"),
    "odd": (lambda s: s.replace("    guard", "   guard"), 12, "indented by 3 blanks"),
    "below a verdict": (lambda s: s.replace("  variable", "    guard: x\n  variable"), 10, "indented too far"),
    "level": (lambda s: s.replace("  states", "states"), 4, "indented by 0 blanks"),
    "tab": (lambda s: s.replace("  states", "\tstates"), 4, "is not a line of a baseline"),
    "escape": (lambda s: s.replace("v: number", "v: a\\qb"), 10, "'\\\\q' is not a valid escape"),
    "character": (lambda s: s.replace("v: number", "v: \\U00110000"), 10, "is not a valid escape"),
    "quotes": (lambda s: s.replace("variable v", 'variable "v'), 10, "is not a line of a baseline"),
    "command": (lambda s: s.replace("-p x", "-p 'x"), 3, "the command cannot be read: No closing quotation"),
    "option": (lambda s: s.replace("-p x", "-p x --seed 1"), 3, "an entry cannot have the option '--seed'"),
    "value": (lambda s: s.replace("-p x", "-p x --fault"), 3, "--fault has no value"),
    "setting": (lambda s: s.replace("-p x", "-p x -s y"), 3, "'y' is not NAME=VALUE"),
    "setting twice": (
        lambda s: s.replace("-p x", "-p x -s y=1 -s y=2"),
        3,
        "'y=2' is not NAME=VALUE, or NAME is",
    ),
    "bound": (lambda s: s.replace("-p x", "-p x --max-states 0"), 3, "--max-states 0 is not a whole number from 1"),
    "two": (lambda s: s.replace("-p x", "-p x -p y"), 3, "the command names two protocols"),
    "none": (lambda s: s.replace("-p x", "--exhaustive"), 3, "the command names no protocol"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_errors_in_a_file_name_the_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(read_text(HEAD + GOOD)) == 1
    spoil, line, message = BROKEN[name]
    text = spoil(HEAD + GOOD)
    assert text != HEAD + GOOD
    with pytest.raises(ReadError) as problem:
        read_text(text, "b")
    assert str(problem.value).startswith(f"b:{line}: ")
    assert message in str(problem.value)
    assert re.search(r" \([^()]+\)$", str(problem.value))  # a remedy
    Path("b").write_text(text)
    for command in (["compare", "b"], ["save", "-o", "b"], ["save", "-p", "fixed", "-o", "b"]):
        assert run(["baseline", *command]) == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", f"Error: {problem.value}\n")
    assert Path("b").read_text() == text
