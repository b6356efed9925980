"""Runs in ITF come back as runs of the protocol: those of Quint, in the spellings of Apalache, and our own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check, import_run, render
from planrace.checker.cli.main import run
from planrace.checker.report.errors import ReadError
from planrace.checker.results.report import Finding
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    ModelError,
    Protocol,
    array,
    boolean,
    enumeration,
    forall,
    index,
    integers,
    otherwise,
    outcome,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.properties import leads_to, step_invariant
from tests import HERE, ROOT

ROLLOUT = str(ROOT / "examples" / "rollout.py") + ":protocol"
FILE = HERE / "imports" / "quint-rollout.itf.json"
"""What ``quint run --mbt`` 0.33.1 has found in the model of ``rollout``."""
TEXT = FILE.read_text()


def shown(path: Path, text: str, subject: Any = ROLLOUT) -> Finding:
    path.write_text(text)
    (finding,) = import_run(subject, path).findings
    return finding


def plain(data: Any) -> Any:
    """Values as Apalache and other tools spell them: numbers as such, functions over 1…n as sequences."""
    match data:
        case {"#bigint": str(digits)}:
            return int(digits)
        case {"#map": pairs}:
            return [plain(x) for _, x in pairs]
        case dict():
            return {k: plain(x) for k, x in data.items()}
        case list():
            return [plain(x) for x in data]
    return data


def apalache(data: Any) -> Any:
    """A trace without Quint's variables, whose names are those of an instance of a module."""
    states = [{f"main::{k}": x for k, x in s.items() if "mbt" not in k and k != "#meta"} for s in data["states"]]
    return plain({"vars": list(states[0]), "states": states})


def test_quints_run_is_replayed_and_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(tmp_path / "run.json", TEXT)
    assert (found.name, found.verdict, found.depth) == ("active-is-stored", Verdict.VIOLATED, 9)
    assert run(["import", str(FILE), "-p", ROLLOUT]) == 1
    assert "worker 2 makes version 1 active" in capsys.readouterr().out


@pytest.mark.parametrize("spelled", [lambda d: d, plain, apalache], ids=["quint", "plain", "apalache"])
def test_spellings(spelled: Callable[[Any], Any], tmp_path: Path) -> None:
    found = shown(tmp_path / "run.json", json.dumps(spelled(json.loads(TEXT))))
    assert (found.name, found.verdict) == ("active-is-stored", Verdict.VIOLATED)
    # Nothing happens in step 4: with Quint's variables it is told which action did nothing.
    assert found.depth == (8 if spelled is apalache else 9)


def test_our_own_files_are_read(tmp_path: Path) -> None:
    """A step for which the file has no names of Quint is found by its state."""
    report = check(ROLLOUT)
    found = shown(tmp_path / "run.itf.json", render(report, "itf"))
    (ours,) = report.findings
    assert (found.verdict, found.depth) == (Verdict.VIOLATED, ours.depth)


def two() -> Protocol:
    """Two actions that do the same, and outcomes that differ in nothing but their names."""
    protocol = Protocol("two")
    number = protocol.variable("number", integers(0, 3), 0)
    phases = enumeration("phase", "set get")
    protocol.variable("phase", phases, phases.set)  # words that Quint keeps for itself
    protocol.variable("of", subsets(integers(1, 2)), set())

    def body() -> Any:
        return step(
            when(number < 3),
            outcome("low", when(number < 1), update(number, number + 1)),
            outcome('hi"gh"', when(number < 2), update(number, number + 1)),
            otherwise(None, update(number, number + 1)),
        )

    protocol.action(by="somebody")(named(body, "left"))
    protocol.action(by="somebody")(named(body, "right"))
    protocol.declare(step_invariant("no-right-high", ~taken("right", 'hi"gh"'), "right does not do it"))
    return protocol


def named(body: Callable[[], Any], name: str) -> Callable[[], Any]:
    def action() -> Any:
        return body()

    action.__name__ = name
    return action


def test_the_action_is_that_of_the_last_step(tmp_path: Path) -> None:
    """States do not tell which action it was; what the export adds does."""

    def state(number: int, last: Any) -> Any:
        return {"number": number, "phase": {"tag": "Phase_set", "value": {}}, "of": {"#set": []}, "lastStep": last}

    steps = [("Left", "low"), ("Right", "hi'gh'"), ("Left", "")]
    states = [state(0, {"tag": "Start", "value": {"#tup": []}})]
    states += [state(n, {"tag": a, "value": {"outcome": o}}) for n, (a, o) in enumerate(steps, 1)]
    text = json.dumps({"vars": list(states[0]), "states": states})
    found = shown(tmp_path / "run.json", text, two())
    assert (found.name, found.verdict, found.depth) == ("no-right-high", Verdict.VIOLATED, 2)
    assert shown(tmp_path / "run.json", text.replace("Right", "Left"), two()).verdict is Verdict.UNKNOWN
    with pytest.raises(ModelError, match=r"states\[1\]: step 1 does not fit"):
        shown(tmp_path / "run.json", text.replace('"low"', "\"hi'gh'\""), two())


@pytest.mark.parametrize(
    ("was", "instead", "what"),
    [
        (r'("index": 2.*"latest": \{"#bigint": )"1"', r'\1"2"', r"states\[2\]: step 2 does not fit"),
        (
            r'("index": 2.*"latest": \{"#bigint": )"1"',
            r'\1"7"',
            r"states\[2\].latest: .* is no value of the sort version",
        ),
        (r'("index": 3.*)"latest"', r'\1"newest"', None),
        ('"#set": ', '"#sett": ', r"states\[0\].stored: .* is no value of the sort set of version"),
        (r'\[\{"#bigint": "2"\}, \{"#bigint": "0"\}\]', "[1, 1]", "it has not one value for each worker"),
        ('"#map": ', '"#mapp": ', "has not one value for each worker"),
        ('"latest|"active|"stored|"picked', '"x', "has no variable of rollout"),
        (r'"states": \[', '"loop": 99, "states": [', "there is no state 99"),
        ('"index": 0}', '"index": 0', "JSON"),
        (r"(?s)\{.*", "[]", "it has no format that can be imported"),
    ],
)
def test_what_does_not_fit_is_refused(was: str, instead: str, what: str | None, tmp_path: Path) -> None:
    text = re.sub(was, instead, TEXT)
    assert text != TEXT
    if what is None:  # what a state does not tell is not asked
        assert shown(tmp_path / "run.json", text).verdict is Verdict.VIOLATED
        return
    with pytest.raises((ModelError, ReadError), match=what):
        shown(tmp_path / "run.json", text)


def turning() -> Protocol:
    """Workers that may rest, and need not; each is said to."""
    protocol = Protocol("turning")
    workers = index("worker", protocol.parameter("workers", 2, 1, 3))
    works = protocol.variable("works", array(workers, boolean()), True)
    hand = protocol.variable("hand", boolean(), False)

    @protocol.action(by="nobody")
    def turn() -> Any:
        return step(update(hand, ~hand))

    @protocol.action(workers, by=workers, fairness="none")
    def rest(w: Any) -> Any:
        return step(update(works[w], False))

    protocol.declare(forall(workers, lambda w: leads_to("rests", works[w], ~works[w], "each rests")))
    return protocol


@pytest.mark.parametrize("told", [[False, True], [False, True, False]], ids=["open", "closed"])
def test_a_loop_violates_what_each_member_does(told: list[bool], tmp_path: Path) -> None:
    """The last state may be the one that the loop returns to, or the one before it."""
    states = [{"works": [False, True], "hand": h} for h in told]
    states.insert(0, {"works": [True, True], "hand": False})
    found = shown(tmp_path / "run.json", json.dumps({"vars": ["works"], "states": states, "loop": 1}), turning())
    assert (found.name, found.verdict) == ("rests[2]", Verdict.VIOLATED)
    assert found.trace is not None
    assert (len(found.trace.steps), found.trace.loop) == (3, 1)
