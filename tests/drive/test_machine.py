"""State machines of hypothesis: right code passes, faults fail with a short run, invariants are checked."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from planrace import ModelError, invariant, state_machine
from planrace.checker.results.extras import install_command
from tests.drive.gate import Driver, Gate, protocol, used
from tests.drive.test_cover import Calm, Careless, Forgetful, Lamps, Misnaming, Slow, Stubborn, driver, lamps

QUICK = settings(
    max_examples=20, stateful_step_count=8, deadline=None, database=None, derandomize=True, phases=[Phase.generate]
)
SHRUNK = settings(QUICK, phases=[Phase.generate, Phase.shrink])


def performed(subject: Any, made: Any, chosen: settings = QUICK, **sizes: int) -> None:
    run_state_machine_as_test(state_machine(subject, made, sizes), settings=chosen)


@pytest.mark.parametrize("made", [Driver, Slow, Calm])
def test_right_code_passes(made: type) -> None:
    performed(protocol, made)


def test_sizes_and_cycles() -> None:
    performed(protocol, Driver, doors=3)
    performed(lamps, Lamps)


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        (Stubborn, "at take the model allows the step; the code refuses the step: worn out"),
        (Careless, "at take the model refuses the step; the code accepts the step"),
        (Misnaming, "the model ends the step as jammed; the code ends the step as opened"),
        (Forgetful, "at turn(2) the model has worn = {2}; the code has worn = {}"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_faults_fail_with_both_sides(gate: type[Gate], says: str) -> None:
    with pytest.raises(AssertionError) as problem:
        performed(protocol, driver(gate))
    assert says in str(problem.value)


def test_a_failing_run_is_shrunk_and_names_its_steps() -> None:
    with pytest.raises(AssertionError) as problem:
        performed(protocol, driver(Misnaming, refuses=()), SHRUNK)
    steps = [n for n in problem.value.__notes__ if n.startswith(("state.turn", "state.take", "state.blow"))]
    assert len(steps) == 3  # turn, take, turn


def test_a_run_that_hypothesis_does_not_shrink_is_shortened() -> None:
    """Without its shrinking: what it draws first is far longer."""
    long = settings(QUICK, stateful_step_count=30, max_examples=50)
    with pytest.raises(AssertionError) as problem:
        performed(protocol, driver(Misnaming, refuses=()), long)
    assert len([n for n in problem.value.__notes__ if n.startswith("state.")]) > 5  # begin, turn, take, turn, teardown
    told = re.search(r"The shortest run found, 3 steps: turn\((\d)\) take turn\(\1\)", str(problem.value))
    assert told is not None


def test_invariants_of_the_model_are_checked() -> None:
    broken = protocol.variant("gate-short").declaring(properties=[invariant("once", used < 2, "used once at most")])
    with pytest.raises(AssertionError, match="the code is in a state that violates once: used once at most"):
        performed(broken, Driver)
    run_state_machine_as_test(state_machine(broken, Driver, invariants=False), settings=QUICK)


def test_a_driver_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ModelError, match="performs no action"):
        state_machine(protocol, driver(trun=lambda self, d: None))


def test_without_hypothesis_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ModelError, match=f"needs hypothesis.*{re.escape(install_command('hypothesis'))}"):
        state_machine(protocol, Driver)
