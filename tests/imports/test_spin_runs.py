"""Runs of SPIN come back as runs of the protocol; those that do not fit are refused with the step named."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check, export_model, import_run
from planrace.checker.cli.main import run
from planrace.checker.imports.fitting import fit
from planrace.checker.imports.foreign import ForeignRun, ForeignStep
from planrace.checker.imports.formats import FORMATS
from planrace.checker.imports.judging import answers_on
from planrace.checker.report.errors import ReadError
from planrace.checker.results.trace import TraceStep
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.protocols import find
from planrace.model.language import Instance, ModelError, Protocol, anything, integers, step, update, when
from planrace.properties import invariant, reachable
from tests import ROOT
from tests.export.test_promela import needs_spin

ROLLOUT = str(ROOT / "examples" / "rollout.py") + ":protocol"
PRINTED = """
      step publish()
      step pick(1)
      step publish()
      step pick(2)
      step flip(1)
      step flip(2)
      step clean_up(2)
      step flip(1)
      step pick(1)
spin: trail ends after 10 steps
1 process created
"""
"""What ``spin -t`` prints of a run of ``rollout``, the last step of which is that of a check."""


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    place = tmp_path / "run.txt"
    place.write_text(PRINTED)
    return place


def test_a_printed_run_is_replayed_and_explained(printed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = import_run(ROLLOUT, printed)
    (finding,) = found.findings
    assert (finding.name, finding.verdict, finding.depth) == ("active-is-stored", Verdict.VIOLATED, 8)
    assert finding.insight is not None
    assert finding.insight.causes is not None
    assert finding.trace is not None
    assert finding.trace.steps[0].changed[0].place == "latest"
    assert run(["import", str(printed), "-p", ROLLOUT]) == 1
    assert "in 8 steps (by SPIN's run, replayed)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("was", "instead", "what"),
    [
        ("step clean_up(2)", "step clean_up(1)", r"line 8: step 7 does not fit: clean_up\(w=1\) is not enabled there"),
        ("step pick(2)", "step pick(3)", r"line 5: the model of rollout has no step pick\(3\)"),
        ("step flip(1)\n      step flip(2)", "", "SPIN has left out steps"),
        ("spin: trail", "trail", "it has no format that can be imported"),
    ],
)
def test_a_run_that_does_not_fit_is_refused(
    was: str, instead: str, what: str, printed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert was in PRINTED
    printed.write_text(PRINTED.replace(was, instead))
    with pytest.raises((ModelError, ReadError), match=what):
        import_run(ROLLOUT, printed)
    assert run(["import", str(printed), "-p", ROLLOUT]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_that_shows_nothing_is_only_a_run(printed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed.write_text("  step publish()\nspin: trail ends after 1 steps\n")
    assert run(["import", str(printed), "-p", ROLLOUT]) == 3
    assert "it fits the protocol, and shows no property" in capsys.readouterr().out
    assert run(["import", str(printed)]) == 2


@needs_spin
def test_a_trail_is_read_by_spin(tmp_path: Path) -> None:
    (tmp_path / "model.pml").write_text(str(export_model(ROLLOUT, "promela")))
    for command in (
        ["spin", "-a", "-o1", "-o2", "-o3", "-DCHECK_active_is_stored", "model.pml"],
        ["gcc", "-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"],
        ["./pan", "-E"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    trail = tmp_path / "model.pml.trail"
    found = import_run(ROLLOUT, trail)
    assert found.findings[0].verdict is Verdict.VIOLATED
    for sizes in ({"versions": 1}, {"workers": 3}):  # SPIN goes on without steps that are not enabled
        with pytest.raises(ModelError, match="with none of its switches"):
            import_run(ROLLOUT, trail, sizes)


# Steps that fit ------------------------------------------------------------------------------------------------------
def told(s: TraceStep, *, named: bool) -> ForeignStep:
    return ForeignStep("here", s.action if named else None, s.parameters if named else {}, state=s.state)


@pytest.mark.parametrize("named", [True, False])
def test_states_alone_tell_the_steps(named: bool) -> None:
    trace = check(ROLLOUT).findings[0].trace
    assert trace is not None
    instance = find(ROLLOUT).system().instance()
    steps = [told(s, named=named) for s in trace.steps]
    recording = fit(instance, ForeignRun("it", steps, trace.initial))
    assert recording.trace().steps == trace.steps
    wrong = [*steps[:3], ForeignStep("state 5", state={**steps[3].state, "latest": 0}), *steps[4:]]
    with pytest.raises(ModelError, match="it, state 5: step 4 does not fit: every step leads to another"):
        fit(instance, ForeignRun("it", wrong, trace.initial))
    with pytest.raises(ModelError, match="begins in no initial state of rollout: latest is 2 there, and 0 in"):
        fit(instance, ForeignRun("it", steps, {"latest": 2}))


def counter() -> Instance:
    """A counter that begins anywhere, goes up, and goes round."""
    protocol = Protocol("counter")
    at = protocol.variable("at", integers(0, 3), anything)

    @protocol.action(by="somebody")
    def up() -> Any:
        return step(when(at < 3), update(at, at + 1))

    @protocol.action(by="somebody")
    def turn() -> Any:
        return step(when(at == 3), update(at, 0))

    protocol.declare(invariant("low", at < 3, "it is low"), reachable("one", at == 1, "it is one"))
    return protocol.system().instance()


def up(*states: int, loop: int | None = None, violated: list[str] | None = None) -> ForeignRun:
    steps = [ForeignStep(f"state {n}", state={"at": s}) for n, s in enumerate(states, 1)]
    return ForeignRun("it", steps, loop=loop, violated=violated)


def test_the_beginning_is_found_and_loops_must_close() -> None:
    instance = counter()
    assert fit(instance, up(2, 3)).states == [(1,), (2,), (3,)]
    assert len(fit(instance, up(2, 3, 0, 1, loop=0)).moves) == 4
    resting = ForeignRun("it", [ForeignStep("x", "up", state={"at": 1}), ForeignStep("y", stutter=True)], loop=1)
    assert len(fit(instance, resting).moves) == 1
    with pytest.raises(ModelError, match="does not return to the state after step 1"):
        fit(instance, up(2, 3, loop=1))
    with pytest.raises(ModelError, match="y: step 2 does not fit: nothing happens there, but at is 2 there, and 1 in"):
        fit(instance, ForeignRun("it", [resting.steps[0], ForeignStep("y", state={"at": 2}, stutter=True)]))
    with pytest.raises(ModelError, match="x: step 1 does not fit: there is no action down"):
        fit(instance, ForeignRun("it", [ForeignStep("x", "down")]))
    with pytest.raises(ModelError, match="after turn, at is 1 there, and 0 in the protocol"):
        fit(instance, ForeignRun("it", [ForeignStep("x", "turn", state={"at": 1})], {"at": 3}))


def test_only_the_interpreter_judges() -> None:
    instance = counter()
    properties = instance.system.properties
    claim = up(1, violated=["low"])
    answers = {a.property.name: a for a in answers_on(fit(instance, claim), claim, properties)}
    assert answers["one"].verdict is Verdict.HOLDS
    assert answers["low"].verdict is Verdict.UNKNOWN
    assert answers["low"].how == "it says that it is violated, but the run does not show it"
    high = up(1, 2, 3, 0)
    found = answers_on(fit(instance, high), high, properties)[0]
    assert (found.verdict, found.recording and len(found.recording.moves)) == (Verdict.VIOLATED, 3)


def test_no_text_has_two_formats() -> None:
    texts = [PRINTED, "1:0:6\n2:0:11\n", "-4:-4:-4\n1:0:6\n", "", "{}"]
    assert [[f.title for f in FORMATS if f.recognises(t)] for t in texts] == [
        ["what spin -t prints"],
        ["a trail of SPIN"],
        ["a trail of SPIN"],
        [],
        [],
    ]
