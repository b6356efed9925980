"""Runs of TLC come back as runs of the protocol, from all that its versions write; others are refused by the step."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check, import_run, render
from planrace.checker.cli.main import run
from planrace.checker.imports.tla_values import TlaFunction, TlaItems, TlaValueReader, TlaWord
from planrace.checker.report.errors import MalformedError, ReadError
from planrace.checker.results.verdict import Verdict
from planrace.model.language import ModelError, Protocol, array, enumeration, integers, step, subsets, update, when
from planrace.properties import eventually_always
from tests import ROOT

ROLLOUT = str(ROOT / "examples" / "rollout.py") + ":protocol"
STATES = """
<Initial predicate>
picked = (worker1 :> 0 @@ worker2 :> 0) active = 0 stored = {0} latest = 0
<Publish line 50, col 5 to line 53, col 35 of module rollout>
picked = (worker1 :> 0 @@ worker2 :> 0) active = 0 stored = {0, 1} latest = 1
<Pick line 57, col 5 to line 59, col 43 of module rollout>
picked = (worker1 :> 1 @@ worker2 :> 0) active = 0 stored = {0, 1} latest = 1
<Publish line 50, col 5 to line 53, col 35 of module rollout>
picked = (worker1 :> 1 @@ worker2 :> 0) active = 0 stored = 0..2 latest = 2
<Pick(worker2) line 57, col 5 to line 59, col 43 of module rollout>
picked = (worker1 :> 1 @@ worker2 :> 2) active = 0 stored = {0, 1, 2} latest = 2
<Flip line 63, col 5 to line 65, col 43 of module rollout>
picked = (worker1 :> 1 @@ worker2 :> 2) active = 2 stored = {0, 1, 2} latest = 2
<CleanUp line 69, col 5 to line 71, col 43 of module rollout>
picked = (worker1 :> 1 @@ worker2 :> 2) active = 2 stored = {2} latest = 2
<Next line 80, col 5 to line 84, col 43 of module rollout>
picked = (worker1 :> 1 @@ worker2 :> 2) active = 1 stored = {2} latest = 2
""".strip().splitlines()
"""A run to a violation, as TLC 2.15 found it in the exported model; one action has arguments, as in newer versions."""
PAIRS = list(zip(STATES[::2], STATES[1::2], strict=True))


def rows(state: str) -> list[str]:
    return [f"/\\ {row}" for row in re.split(r" (?=\w+ = )", state)]


def plain() -> str:
    """What TLC prints."""
    lines = [
        "TLC2 Version 2.15",
        "Error: Invariant ActiveIsStored is violated.",
        "Error: The behavior up to this point is:",
    ]
    for n, (action, state) in enumerate(PAIRS, 1):
        lines += [f"State {n}: {action}", *rows(state), ""]
    return "\n".join([*lines, "106 states generated, 32 distinct states found, 4 states left on queue.", ""])


def tool() -> str:
    """What it prints with ``-tool``."""
    lines = ["@!@!@STARTMSG 2110:1 @!@!@", "Invariant ActiveIsStored is violated.", "@!@!@ENDMSG 2110 @!@!@"]
    for n, (action, state) in enumerate(PAIRS, 1):
        lines += ["@!@!@STARTMSG 2217:4 @!@!@", f"{n}: {action}", *rows(state), "", "@!@!@ENDMSG 2217 @!@!@"]
    return "\n".join([*lines, ""])


def dumped() -> str:
    """What ``-dumpTrace json`` writes."""
    states: list[list[Any]] = []
    for n, (_, text) in enumerate(PAIRS, 1):
        reader = TlaValueReader(text)
        state: dict[str, Any] = {}
        for name in ("picked", "active", "stored", "latest"):
            reader.at = text.index(f"{name} = ") + len(name) + 3
            value = reader.value()
            if isinstance(value, TlaFunction):
                state[name] = {k.name: x for k, x in value.pairs}
            else:
                state[name] = list(value.items) if isinstance(value, TlaItems) else value
        states.append([n, state])
    names = [re.sub(r"\W.*", "", action[1:]) for action, _ in PAIRS[1:]]
    actions = [[a, {"name": x, "parameters": []}, b] for a, x, b in zip(states, names, states[1:], strict=False)]
    return json.dumps({"counterexample": {"action": actions, "state": states}, "vars": list(states[0][1])})


@pytest.mark.parametrize("form", [plain, tool, dumped])
def test_a_run_is_replayed_and_explained(form: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "run.txt"
    place.write_text(form())
    (finding,) = import_run(ROLLOUT, place).findings
    assert (finding.name, finding.verdict, finding.depth) == ("active-is-stored", Verdict.VIOLATED, 7)
    assert finding.trace is not None
    assert [s.action for s in finding.trace.steps][-3:] == ["flip", "clean_up", "flip"]
    assert finding.trace.steps[3].parameters == {"w": 2}
    assert finding.insight is not None
    if form is plain:
        assert run(["import", str(place), "-p", ROLLOUT]) == 1
        assert "in 7 steps (by TLC's run, replayed)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("was", "instead", "what"),
    [
        (
            "active = 2 stored = {0, 1, 2}",
            "active = 1 stored = {0, 1, 2}",
            "line 40: step 6 does not fit: after clean_up, active is 2 there, and 1 in the protocol",
        ),
        ("<CleanUp", "<Publish", "step 6 does not fit: publish is not enabled there"),
        ("<CleanUp", "<Restart", "step 6 does not fit: there is no action Restart"),
        ("active = 0 stored = {0} latest = 0", "active = 1 stored = {0} latest = 0", "begins in no initial state"),
        ("latest = 1", "newest = 1", "has no variable newest"),
        ("stored = {2}", "stored = <<2>>", r"stored: \{2\} is no set"),
        ("worker2 :> 2", "worker3 :> 2", "picked: worker3 is no worker"),
        ("stored = {2}", "stored = {2", "stored: "),
    ],
)
def test_a_run_that_does_not_fit_is_refused(was: str, instead: str, what: str, tmp_path: Path) -> None:
    place = tmp_path / "run.txt"
    text = plain().replace("\n/\\ ", " ").replace(was, instead)
    text = re.sub(r"> (picked)", r">\n/\\ \1", text)
    text = re.sub(r" (?=(?:active|stored|latest|newest) = )", "\n/\\\\ ", text)
    assert text != plain()
    place.write_text(text)
    with pytest.raises((ModelError, ReadError), match=what):
        import_run(ROLLOUT, place)
    assert run(["import", str(place), "-p", ROLLOUT]) == 2


@pytest.mark.parametrize(
    "text",
    ["TLC2 Version 2.15\nno error\n", '{"counterexample": {"action": [], "state": []}}', '{"counterexample": 3}'],
)
def test_a_file_without_a_run_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text(text)
    with pytest.raises(ReadError):
        import_run(ROLLOUT, tmp_path / "run.txt")


def swing() -> Protocol:
    """It swings for ever, or rests."""
    protocol = Protocol("swing")
    mode = enumeration("mode", "LEFT RIGHT")
    at = protocol.variable("at", mode, mode.LEFT)
    seen = protocol.variable("seen", array(mode, subsets(integers(0, 1))), set())

    @protocol.action(by="somebody", fairness="none")
    def turn() -> Any:
        return step(when(at == mode.LEFT), update(at, mode.RIGHT), update(seen[at], {0, 1}))

    @protocol.action(by="somebody")
    def back() -> Any:
        return step(when(at == mode.RIGHT), update(at, mode.LEFT))

    protocol.declare(eventually_always("right", at == mode.RIGHT, "it stays right"))
    return protocol


WHERE = "line 1, col 1 to line 2, col 2 of module swing"
FIRST = 'State 1: <Initial predicate>\n/\\ at = "LEFT"\n/\\ seen = [LEFT |-> {}, RIGHT |-> {}]\n\n'
SECOND = f'State 2: <Turn {WHERE}>\n/\\ at = "RIGHT"\n/\\ seen = [LEFT |-> {{0, 1}}, RIGHT |-> {{}}]\n\n'
THIRD = f'State 3: <Back {WHERE}>\n/\\ at = "LEFT"\n/\\ seen = [LEFT |-> {{0, 1}}, RIGHT |-> {{}}]\n\n'
BACK = f"Back to state 2: <Turn {WHERE}>\n"
LIVE = "Error: Temporal properties were violated.\n\n"


@pytest.mark.parametrize(
    ("text", "loop", "steps"), [(FIRST + SECOND + THIRD + BACK, 1, 3), (FIRST + "State 2: Stuttering\n", 0, 0)]
)
def test_a_lasso_violates_liveness(text: str, loop: int, steps: int, tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text(LIVE + text)
    (finding,) = import_run(swing(), tmp_path / "run.txt").findings
    assert (finding.name, finding.verdict) == ("right", Verdict.VIOLATED)
    assert finding.trace is not None
    assert (finding.trace.loop, len(finding.trace)) == (loop, steps)


def test_a_loop_that_does_not_close_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text(LIVE + FIRST + SECOND + THIRD + BACK.replace("Turn", "Back"))
    with pytest.raises(ModelError, match="step 3 does not fit"):
        import_run(swing(), tmp_path / "run.txt")


@pytest.mark.parametrize("subject", [ROLLOUT, swing])
def test_what_planrace_writes_for_tlc_comes_back(subject: Any, tmp_path: Path) -> None:
    protocol = subject if isinstance(subject, str) else subject()
    report = check(protocol)
    (tmp_path / "run.tlc.json").write_text(render(report, "tlc"))
    found = import_run(protocol, tmp_path / "run.tlc.json").findings[0].trace
    mine = report.findings[0].trace
    assert found is not None
    assert mine is not None
    assert (found.steps, found.loop) == (mine.steps, mine.loop)


def test_values_of_every_kind() -> None:
    text = '[a b |-> -1, c |-> <<TRUE, "x \\" y">>]'
    assert TlaValueReader(text).value() == TlaFunction((("a b", -1), ("c", TlaItems((True, 'x " y'), is_set=False))))
    assert TlaValueReader("(FALSE :> {} @@ TRUE :> {m1})").value() == TlaFunction(
        ((False, TlaItems((), is_set=True)), (True, TlaItems((TlaWord("m1"),), is_set=True)))
    )
    assert TlaValueReader("<<>>").value() == TlaItems((), is_set=False)
    for wrong in ("{1", "[a -> 1]", "(1 :> 2", "|->", "{" * 60, "1..99999999"):
        with pytest.raises(MalformedError):
            TlaValueReader(wrong).value()
