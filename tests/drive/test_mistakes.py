"""Mistakes in drivers and requests are told before the first step, or where they happen: place, thing and remedy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from planrace import ModelError, changed, check, cover, replay, state_machine
from planrace.checker.results.driving import DivergenceKind
from tests import ROOT
from tests.drive.gate import Driver, protocol, used
from tests.drive.test_replay_on import broken

elsewhere = changed(protocol.system(), lambda change: change.require("take", used < 1))


def made(**more: Any) -> type:
    """A driver with other methods."""
    return type("Driver", (Driver,), more)


def observing(what: Any) -> type:
    return made(observe=lambda self: what)


def offering(what: Any) -> type:
    return made(enabled=lambda self: what)


class Needing(Driver):
    def __init__(self, dors: int) -> None:
        super().__init__(dors)


class Failing(Driver):
    def __init__(self) -> None:
        raise OSError("no room")


def fails(_: Any) -> None:
    raise ZeroDivisionError("in the driver")


MISTAKES = {
    "no-reset": (made(reset=None), "driver Driver has no method reset (write def reset(self): put the system into"),
    "no-observe": (made(observe=None), "driver Driver has no method observe (write def observe(self): return a part"),
    "no-action": (
        made(turns=lambda self, d: None),
        "Driver.turns performs no action: gate has none of this name (did you",
    ),
    "nothing": (made(turn=None, take=None, blow=None), "driver Driver performs no action (write a method for one of"),
    "parameters": (
        made(turn=lambda self: None),
        "Driver.turn does not take the parameters of turn: too many positional",
    ),
    "more": (
        made(turn=lambda self, d, e: None),
        "parameters of turn: missing a required argument: 'e' (write def turn(",
    ),
    "size": (Needing, "Needing needs dors, which is no size of gate (did you mean doors?; or give it a default)"),
    "making": (Failing, "Failing cannot be made: OSError: no room"),
    "refuses": (
        made(refuses=["turns"]),
        "Driver.refuses names 'turns', which is no action that the driver performs (did",
    ),
    "refuses-text": (made(refuses="turn"), "Driver.refuses is 'turn', not a list of actions"),
    "reset-fails": (made(reset=fails), "Driver.reset fails: ZeroDivisionError: in the driver"),
    "observe-fails": (made(observe=fails), "Driver.observe fails: ZeroDivisionError: in the driver"),
    "enabled-fails": (made(enabled=fails), "Driver.enabled fails: ZeroDivisionError: in the driver"),
    "close-fails": (made(close=fails), "Driver.close fails: ZeroDivisionError: in the driver"),
    "no-mapping": (observing(None), "Driver.observe returns None, not a mapping from names of variables to values"),
    "variable": (observing({"sides": 1}), "Driver.observe: gate has no variable 'sides' (did you mean side?)"),
    "kind": (observing({"used": "two"}), "Driver.observe: used is 'two', not a number"),
    "truth": (observing({"used": True}), "Driver.observe: used is True, not a number"),
    "set": (observing({"worn": 3}), "Driver.observe: worn is 3, not a set"),
    "element": (observing({"worn": {"one"}}), "Driver.observe: worn, an element, is 'one', not a number (door)"),
    "array": (observing({"side": "OPEN"}), "Driver.observe: side is 'OPEN', not a list or a dict"),
    "length": (observing({"side": ["OPEN"]}), "side has 1 elements, not one for each of the 2 of door (give a dict"),
    "key": (observing({"side": {3: "OPEN"}}), "side has the key 3, which is no member of door (there are 1…2)"),
    "member": (observing({"side": {1: "OPNE"}}), "side[1] is 'OPNE', which is no member of side (did you mean OPEN?)"),
    "number-of-enum": (observing({"side": {1: 1}}), "side[1] is 1, not a name of a member of side"),
    "enabled-none": (
        offering(None),
        "Driver.enabled returns None, not a list of steps (return [('flip', 1), 'publish'",
    ),
    "enabled-name": (
        offering(["turns"]),
        "Driver.enabled names 'turns', which is no action that the driver performs (did",
    ),
    "enabled-many": (offering(["turn"]), "Driver.enabled names 'turn' (write ('turn', d))"),
    "enabled-value": (offering([("turn", 3)]), "Driver.enabled, turn, d is 3 (write one from 1 to 2)"),
    "outcome": (
        made(turn=lambda self, d: "open"),
        "Driver.turn returns 'open', which is no outcome of turn (did you mean",
    ),
    "outcome-kind": (
        made(turn=lambda self, d: True),
        "Driver.turn returns True, which is no outcome of turn (return 'jam",
    ),
    "no-outcome": (
        made(take=lambda self: "ok"),
        "Driver.take returns 'ok', which is no outcome of take (return nothing)",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_in_drivers_are_told(name: str) -> None:
    driver, says = MISTAKES[name]
    with pytest.raises(ModelError) as problem:
        cover(protocol, driver, run="turn(1) take" if "outcome" in name else None)
    text = str(problem.value)
    assert says in text
    assert problem.value.where is not None
    assert problem.value.where.file.endswith((".py",))


@pytest.mark.parametrize(
    ("show", "says"),
    [
        (fails, "Driver.show fails: ZeroDivisionError: in the driver"),
        (
            lambda self: "OPEN",
            "Driver.show returns 'OPEN', not a mapping from what is asked to the answer (return {'GET /': '200 OK'",
        ),
    ],
)
def test_mistakes_in_answers_are_told(show: Callable[[Any], Any], says: str) -> None:
    with pytest.raises(ModelError) as problem:
        replay(check(broken), made(show=show), broken)
    assert says in str(problem.value)
    assert problem.value.where is not None


def test_parameters_in_another_order_are_told() -> None:
    from tests.drive.test_cover import Lamps, lamps

    swapped = type("Lamps", (Lamps,), {"light": lambda self, y: None})
    assert not cover(lamps, swapped)  # another name is no mistake: what matters is the order


def test_numbers_outside_of_a_sort_are_differences() -> None:
    """A counter that is too large is what the code does, not how its driver is written."""
    found = cover(protocol, observing({"used": 7})).divergence
    assert found is not None
    assert (found.kind, found.called) == (DivergenceKind.OBSERVATION, "reset")
    assert [(m.expected, m.observed) for m in found.mismatches] == [("0", "7")]


def test_actions_named_like_hooks_have_methods_with_an_underscore() -> None:
    from planrace import Protocol, integers, step, update, when

    other = Protocol("other", "has an action called reset")
    n = other.variable("n", integers(0, 1), 0)
    other.action(by="hand")(_named("reset", lambda: step(when(n == 0), update(n, 1))))

    class Doing:
        _n = 0

        def reset(self) -> None:
            self._n = 0

        def reset_(self) -> None:
            self._n = 1

        def observe(self) -> dict[str, int]:
            return {"n": self._n}

    assert cover(other, Doing).total == 1


def _named(name: str, function: Callable[[], Any]) -> Callable[[], Any]:
    function.__name__ = name
    return function


def test_properties_of_a_driver_are_not_evaluated() -> None:
    assert cover(protocol, made(client=property(fails)))


def test_messages_of_the_code_are_one_line() -> None:
    def breaking(_: Any, d: int) -> None:
        raise ValueError(f"first\n second {'x' * 1000}")

    found = cover(protocol, made(turn=breaking)).divergence
    assert found is not None
    assert "ValueError: first second xxx" in found.code
    assert found.code.endswith("x…")
    assert len(found.code) < 400


def test_methods_for_faults_that_are_off_are_not_used() -> None:
    lease, driver = (str(ROOT / "examples" / f) for f in ("lease.py:fixed", "driving/lease_driver.py:Driver"))
    report = cover(lease, driver, {"leases": 1})
    assert "crash" not in report.system.driver.controlled
    assert "crash" in cover(lease, driver, {"leases": 1}, faults=["crash"]).system.driver.controlled


# Requests ------------------------------------------------------------------------------------------------------------
REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "criterion": ({"criterion": "transition"}, "no criterion is called 'transition' (did you mean transitions?)"),
    "no-length": ({"criterion": "runs"}, "the criterion runs needs a length (write criterion='runs', length=4"),
    "length": ({"length": 3}, "the criterion transitions has no length"),
    "at_least": ({"at_least": 101}, "at_least=101 is not in the range 0…100"),
    "max_states": (
        {"max_states": 5},
        "the model has more than 5 states, too many to cover (take smaller",
    ),
    "run": (
        {"run": "turn(1) tkae"},
        "no action that the driver performs (step 2 of the run) is called 'tkae' (did you",
    ),
    "run-step": (
        {"run": "turn(1"},
        "step 1 of the run, 'turn(1', is no step (write publish, flip(1) or flip(1)[refused])",
    ),
    "run-parameters": ({"run": "turn"}, "step 1 of the run is turn (write turn(d))"),
    "run-value": ({"run": "turn(7)"}, "step 1 of the run, turn(7): the parameter is 7 (write one from 1 to 2)"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_wrong_requests_are_told(name: str) -> None:
    settings, says = REQUESTS[name]
    with pytest.raises(ModelError) as problem:
        cover(protocol, Driver, **settings)
    assert says in str(problem.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.py:Driver", "cannot read nowhere.py"),
        ("Driver", "Driver names no driver (write file.py:Driver or package.module:Driver)"),
        (f"{ROOT}/examples/driving/lease_driver.py:Drivr", "has no attribute 'Drivr' (did you mean Driver?)"),
    ],
)
def test_names_of_drivers_are_looked_up(name: str, says: str) -> None:
    with pytest.raises(ModelError) as problem:
        cover(protocol, name)
    assert says in str(problem.value)


class Closing(Driver):
    """Counts how often it is made and closed."""

    made_times = closed_times = 0

    def __init__(self, doors: int) -> None:
        super().__init__(doors)
        type(self).made_times += 1

    def close(self) -> None:
        type(self).closed_times += 1


BEFORE_THE_RUN: dict[str, Callable[[type], object]] = {
    "a mistake in the driver": lambda made: cover(protocol, type("D", (made,), {"refuses": ["trun"]})),
    "a wrong run": lambda made: cover(protocol, made, run="open(1)"),
    "too many states": lambda made: cover(protocol, made, max_states=3),
    "a run of another protocol": lambda made: replay(check(broken), made, elsewhere),
    "a class for a state machine": lambda made: state_machine(protocol, made),
}


@pytest.mark.parametrize("name", BEFORE_THE_RUN)
def test_a_driver_is_closed_even_if_nothing_is_performed(name: str) -> None:
    made = type("Counting", (Closing,), {})
    with suppress(ModelError):
        BEFORE_THE_RUN[name](made)
    found = [c for c in (made, *made.__subclasses__()) if "made_times" in vars(c)]
    assert [(c.__dict__["made_times"], c.__dict__["closed_times"]) for c in found] == [(1, 1)]
