"""Models with several initial states: reset gets each of them, and everything begins in each."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from planrace import (
    ModelError,
    Protocol,
    Refused,
    Step,
    Term,
    anything,
    array,
    boolean,
    check,
    cover,
    enumeration,
    exists,
    forall,
    index,
    invariant,
    one_of,
    optional,
    outcome,
    render,
    replay,
    state_machine,
    step,
    subsets,
    update,
    when,
)
from planrace.checker.results.driving import DivergenceKind, ReplayEnd
from planrace.checker.run.walk import Walk
from tests.drive.test_schemas import validate

protocol = Protocol("lamps", "lamps, of which some burn when nobody has looked yet")
Lamp = index("lamp", 2)
Mode = enumeration("mode", ["WORKS", "BROKEN"])
mode = protocol.variable("mode", Mode, one_of(Mode.WORKS, Mode.BROKEN))
on = protocol.variable("on", array(Lamp, boolean()), anything)
last = protocol.variable("last", optional(Lamp), None)
worn = protocol.variable("worn", subsets(Lamp), set())
protocol.initially((mode == Mode.WORKS) | forall(Lamp, lambda x: ~on[x]))
protocol.final(mode == Mode.BROKEN)


@protocol.action(Lamp, by="user")
def switch(x: Term) -> Step:
    return step(
        when(mode == Mode.WORKS, ~x.isin(worn)),
        update(last, x),
        update(worn, worn | {x}),
        outcome("out", when(on[x]), update(on[x], False)),
        outcome("lit", update(on[x], True)),
    )


dark = protocol.variant("lamps-dark").declaring(
    properties=[
        invariant("dark", ~(forall(Lamp, lambda x: on[x]) & exists(Lamp, lambda x: x.isin(worn))), "never both")
    ]
)
START: dict[str, Any] = {"mode": "WORKS", "on": {1: False, 2: False}, "last": None, "worn": set()}


class Lamps:
    refuses = True
    given: Any = None

    def reset(self, state: dict[str, Any]) -> None:
        type(self).given = state
        self._mode, self._on = state["mode"], dict(state["on"])
        self._last: int | None = None
        self._worn: set[int] = set()

    def switch(self, x: int) -> str:
        if self._mode == "BROKEN" or x in self._worn:
            raise Refused("it does not move")
        self._last, self._on[x] = x, not self._on[x]
        self._worn.add(x)
        return "lit" if self._on[x] else "out"

    def observe(self) -> dict[str, Any]:
        return {"mode": self._mode, "on": self._on, "last": self._last, "worn": self._worn}


class Forgetting(Lamps):
    """The second lamp is dark after every reset, whatever the model begins with."""

    def reset(self, state: dict[str, Any]) -> None:
        super().reset(state)
        self._on[2] = False


class Blind(Forgetting):
    def observe(self) -> dict[str, Any]:
        return {"last": self._last, "worn": self._worn}


class Single(Lamps):
    def reset(self) -> None:  # type: ignore[override]
        super().reset(START)


WAYS: list[dict[str, Any]] = [
    {},
    {"criterion": "pairs"},
    {"criterion": "runs", "length": 2},
    {"time_limit": 60},
    {"reset_cost": 20},
    {"schedule": "random", "seed": 3},
    {"schedule": "pct", "seed": 3},
    {"schedule": "unseen", "seed": 3},
    {"schedule": "random", "seed": 3, "max_states": 2, "max_steps": 60},
]


@pytest.mark.parametrize("settings", WAYS, ids=str)
def test_runs_begin_in_every_initial_state(settings: dict[str, Any]) -> None:
    report = cover(protocol, Lamps, **settings)
    assert report.divergence is None
    assert (report.starts, report.starts_total) == (5, 5)
    known = "max_states" not in settings
    assert report.exit_code == (0 if known else 3)
    assert report.performed == report.total > 0 or not known
    assert " from 5 of 5 initial states (" in render(report)
    if not settings:
        assert report.total == 4 * (2 + 2)  # two lamps, each switched once, in either order
        validate(report, "cover")


def test_outcomes_need_few_of_them() -> None:
    report = cover(protocol, Lamps, criterion="outcomes")
    assert report
    assert report.starts < 5


def test_an_initial_state_that_was_left_out_is_not_called_covered() -> None:
    report = cover(protocol, Lamps)
    assert replace(report, starts=4).exit_code == 3
    assert replace(report, starts=4, at_least=80.0).exit_code == 0


def test_reset_gets_the_words_of_observations() -> None:
    cover(protocol, Lamps, run="switch(1)[lit]", start=1)
    assert Lamps.given == START
    assert cover(protocol, Lamps, run="switch(1)[lit] switch(2)[lit]", start=1)


def test_a_reset_with_a_parameter_serves_one_initial_state_too() -> None:
    from tests.drive.gate import Driver
    from tests.drive.gate import protocol as gate

    class Taking(Driver):
        def reset(self, state: dict[str, Any]) -> None:  # type: ignore[override]
            assert state == {"side": {1: "SHUT", 2: "SHUT"}, "holder": None, "used": 0, "worn": set()}
            super().reset()

    report = cover(gate, Taking)
    assert report
    assert "initial state" not in render(report)


def test_another_parameter_that_may_be_left_out_is_left_out() -> None:
    class Hard(Lamps):
        def reset(self, hard: bool = True) -> None:  # type: ignore[override]
            assert hard is True
            super().reset(START)

    class Optional(Lamps):
        def reset(self, state: Any = None) -> None:
            super().reset(state)

    with pytest.raises(ModelError, match=r"Hard\.reset leads to one"):
        cover(protocol, Hard)
    assert cover(protocol, Optional)


REFUSED: dict[str, tuple[Any, str]] = {
    "one": (
        lambda: cover(protocol, Single),
        "lamps has 5 initial states, and Single.reset leads to one (write def reset(",
    ),
    "machine": (lambda: state_machine(protocol, Single), "lamps has 5 initial states, and Single.reset leads to one"),
    "replay": (lambda: replay(check(dark), Single, dark), "initial states, and Single.reset leads to one"),
    "two": (
        lambda: cover(protocol, type("D", (Lamps,), {"reset": lambda self, a, b: None})),
        "D.reset takes more than the initial state (write def reset(self) or def reset(self, state))",
    ),
    "no-start": (
        lambda: cover(protocol, Lamps, run="switch(1)"),
        "the run may begin in 5 initial states (name one by its",
    ),
    "no-such": (
        lambda: cover(protocol, Lamps, run="switch(1)", start=6),
        "there is no initial state 6 (write one from 1",
    ),
    "no-run": (lambda: cover(protocol, Lamps, start=1), "only a given run has one initial state (leave start out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_are_told(name: str) -> None:
    request, says = REFUSED[name]
    with pytest.raises(ModelError) as problem:
        request()
    assert says in str(problem.value)


def test_a_difference_after_a_reset_names_the_initial_state() -> None:
    report = cover(protocol, Forgetting)
    found = report.divergence
    assert found is not None
    assert (found.called, found.kind) == ("reset", DivergenceKind.OBSERVATION)
    walk = Walk(protocol.system().instance())
    assert found.start is not None
    walk.begin(found.start)
    assert walk.state["on"] == found.trace.initial["on"]
    assert f"In initial state {found.start}: mode: WORKS" in render(report)
    assert found.repeat == f"cover(…, run='', start={found.start})"
    assert cover(protocol, Forgetting, run=found.run, start=found.start).exit_code == 1
    assert cover(protocol, Forgetting, run=found.run, start=1).divergence is None
    validate(report, "cover")


@pytest.mark.parametrize("settings", [{}, {"schedule": "random", "seed": 1}])
def test_a_difference_is_shortened_from_its_initial_state(settings: dict[str, Any]) -> None:
    report = cover(protocol, Blind, **settings)
    found = report.divergence
    assert found is not None
    assert (found.run, found.repeated, found.minimal) == ("switch(2)", True, True)
    assert found.trace.initial["on"][1] is True  # type: ignore[index]
    assert cover(protocol, Blind, run=found.run, start=found.start).exit_code == 1
    names = {"protocol": f"{__file__}:protocol", "driver": f"{__file__}:Blind"}
    told = cover(**names, run=found.run, start=found.start).divergence  # type: ignore[arg-type]
    assert told is not None
    assert told.repeat.endswith(f"--start {found.start} --run 'switch(2)'")


def test_a_counterexample_is_performed_from_its_initial_state() -> None:
    report = check(dark)
    for made, end in ((Lamps, ReplayEnd.FOLLOWED), (Forgetting, ReplayEnd.LEFT)):
        found = replay(report, made, dark)
        assert found.end is end
        assert f"It begins in mode: {found.trace.initial['mode']}" in render(found)
        validate(found, "replay")
    other = replace_initial(json.loads(render(report, "json")))
    with pytest.raises(ModelError, match="does not begin in one of the initial states, which are where reset"):
        replay(other, Lamps, dark)


def replace_initial(data: Any) -> Any:
    from planrace.checker.report.json.read import report_of

    (found,) = [p for p in data["properties"] if p.get("trace")]
    found["trace"]["initial"]["last"] = 1
    return report_of(data)


FEW = settings(max_examples=30, stateful_step_count=4, deadline=None, database=None, derandomize=True)


def test_a_state_machine_draws_the_initial_state() -> None:
    run_state_machine_as_test(state_machine(protocol, Lamps), settings=settings(FEW, phases=[Phase.generate]))
    with pytest.raises(AssertionError, match="after the reset the model has") as problem:
        run_state_machine_as_test(state_machine(protocol, Forgetting), settings=FEW)
    assert any(n.startswith("state.begin(start=") for n in problem.value.__notes__)
