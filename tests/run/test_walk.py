"""Walking by hand: scripted sessions against what the interpreter says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from planrace.checker import check, find
from planrace.checker.cli.app import app
from planrace.checker.cli.main import run
from planrace.checker.report.json.write import render_json
from planrace.checker.run.walk import Walk, picks_of
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import ModelError
from tests import ROOT

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
ASKED = ["walk", "-p", "original", *(w for n, v in SMALL.items() for w in ("-s", f"{n}={v}"))]
LOST = "active-plan-never-deleted"


def walked(*lines: str, words: tuple[str, ...] = ()) -> str:
    result = CliRunner().invoke(app, [*ASKED, *words], input="\n".join(lines) + "\n")
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walk") / "report.json"
    path.write_text(render_json(check(find("original"), SMALL)))
    return path


def test_a_script_walks_the_counterexample(report: Path) -> None:
    """Find each step of it among those that are enabled, by its words, and see the property break at the end."""
    steps = json.loads(report.read_text())["properties"][0]["trace"]["steps"]
    walk = Walk(find("original").system().instance(**SMALL))
    numbers = []
    for s in steps:
        assert LOST not in walk.broken
        there = [(e.by, e.text) for e in walk.enabled]
        numbers.append(there.index((s["by"], s["text"])) + 1)
        walk.take(numbers[-1])
    assert LOST in walk.broken
    out = walked(*map(str, numbers))
    assert out.count(f"✗ {LOST} is violated here") == 1
    assert f"after step {len(steps)}:" in out
    assert out.index(f"✗ {LOST}") > out.index(steps[-1]["text"])
    assert "=> endpoint 1 now answers with no address" in out


def test_enabled_steps_are_the_interpreters() -> None:
    walk = Walk(find("original").system(["crash"]).instance(**SMALL), seed=1)
    interpreter = Interpreter(walk.instance)
    state = interpreter.initial()
    for _ in range(30):
        moves = list(interpreter.moves(state))
        assert [(s.action, s.outcome) for s in walk.enabled] == [(m.action.name, m.outcome.name) for m, _ in moves]
        walk.take(len(moves))
        state = moves[-1][1]


def test_back_and_goto() -> None:
    out = walked("1", "1", "back", "state", "1", "1", "goto 1", "state", "back 9", "state")
    states = [line for line in out.splitlines() if line.startswith("  latest")]
    assert states == ["  latest = 1", "  latest = 1", "  latest = 0"]
    assert "  alias = [1: 0]" in out


def test_random_steps_repeat_with_their_seed() -> None:
    first, second, other = (walked("random 20", words=("--seed", s)) for s in ("5", "5", "6"))
    assert first == second != other
    assert "20 random steps with seed 5" in first
    assert "20. " in first


def test_walk_says_that_nothing_is_enabled() -> None:
    out = walked("random 100000", "back 1", words=("--seed", "2"))
    assert "nothing is enabled here: this is a deadlock, or the end" in out


def test_saved_and_replayed(tmp_path: Path, report: Path) -> None:
    path = tmp_path / "run.json"
    saved = walked("random 12", f"save {path}", "state", words=("--seed", "3"))
    assert f"12 steps written to {path}" in saved
    again = walked("state", words=("--replay", str(path)))
    assert (
        saved.split("written")[1].splitlines()[1:]
        == again.splitlines()[-len(saved.split("written")[1].splitlines()) + 1 :]
    )
    replayed = walked("properties", words=("--replay", str(report)))
    assert f"✗ violated  {LOST}" in replayed
    fullest = walked("trace", words=("--replay", str(report), "--trace", "plans-never-regress"))
    assert fullest.rstrip().endswith("10 steps")
    with CliRunner().isolation():
        assert run(["explain", str(path)]) == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("jump", "there is no command 'jump' (a number, back, goto"),
        ("99", "there is no step 99 here (choose from 1…1)"),
        ("back x", "'x' is not a number of steps"),
        ("goto 7", "goto needs a step from 0 to 0, not '7'"),
        ("save", "save needs the name of a file"),
        ("save no-such-place/run.json", "cannot write no-such-place/run.json"),
    ],
)
def test_a_wrong_line_ends_a_script(line: str, message: str) -> None:
    result = CliRunner().invoke(app, ASKED, input=f"# a comment\n\nstate\n{line}\n1\n")
    assert result.exit_code == 2
    assert f"line 2, {line!r}: " in result.output
    assert message in result.output


def test_what_cannot_be_replayed(tmp_path: Path, report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*ASKED[:3], "-s", "plans=2", "--replay", str(report)]) == 2
    assert "use the sizes, faults and protections of the report" in capsys.readouterr().err
    blue = find(str(ROOT / "examples" / "blue_green.py") + ":protocol").system().instance()
    with pytest.raises(ModelError, match=r"step 1: .* has no action publish"):
        picks_of(blue, [{"action": "publish", "parameters": {}}])


def test_a_pipe_gets_no_prompt() -> None:
    assert "> " not in walked("1", "quit").replace("=> ", "")
    assert "goto N" in walked("help")


def test_the_seed_is_reported_and_repeats_the_walk() -> None:
    walk = Walk(find("original").system().instance(**SMALL))
    other = Walk(walk.instance, walk.seed)
    assert [s.text for s in walk.wander(15)] == [s.text for s in other.wander(15)]


def test_a_protocol_without_parameters_says_so(tmp_path: Path) -> None:
    path = tmp_path / "still.py"
    path.write_text(
        "from planrace import *\n"
        'still = Protocol("still", "one step")\n'
        'x = still.variable("x", boolean(), False)\n'
        '@still.action(by="somebody")\n'
        "def go():\n    return step(when(~x), update(x, True))\n"
    )
    result = CliRunner().invoke(app, ["walk", "-p", f"{path}:still"], input="state\n")
    assert result.output.startswith("still: no parameters; faults: none\n")
