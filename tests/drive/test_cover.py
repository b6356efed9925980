"""Covering tests: complete where the code is right; every kind of divergence is found, told, and repeated."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from planrace import (
    CoverReport,
    ModelError,
    Protocol,
    Refused,
    Step,
    Term,
    array,
    boolean,
    cover,
    index,
    render,
    state_graph,
    step,
    update,
    when,
)
from planrace.checker.results.driving import DivergenceKind, MissReason, PlanMethod
from planrace.checker.results.verdict import Verdict
from tests.drive.gate import Driver, Gate, protocol

ALL = state_graph(protocol).number_of_edges()
CRITERIA: list[dict[str, Any]] = [
    {},
    {"criterion": "outcomes"},
    {"criterion": "pairs"},
    {"criterion": "runs", "length": 5},
    {"time_limit": 60},
    {"reset_cost": 50},
]


def driver(gate: type = Gate, **more: Any) -> type:
    """A driver of other code."""
    return type("Driver", (Driver,), {"made": gate, **more})


@pytest.mark.parametrize("settings", CRITERIA, ids=str)
def test_right_code_is_covered(settings: dict[str, Any]) -> None:
    report = cover(protocol, Driver, **settings)
    assert report
    assert report.exit_code == 0
    assert report.performed == report.total > 0
    assert report.missed == ()
    assert report.refusals == report.refusals_total > 0 or settings.get("criterion") in ("outcomes", "runs")
    assert sum(s.total for s in report.shares) == ALL


def test_sizes_reach_the_driver() -> None:
    report = cover(protocol, Driver, {"doors": 3})
    assert report
    assert report.system.parameters == {"doors": 3}
    assert cover(protocol, Driver(3), {"doors": 3})  # an object as it is


lamps = Protocol("lamps", "two lamps")
Lamp = index("lamp", 2)
lit = lamps.variable("lit", array(Lamp, boolean()), False)


@lamps.action(Lamp, by="hand")
def light(x: Term) -> Step:
    return step(when(~lit[x]), update(lit[x], True))


@lamps.action(Lamp, by="hand")
def douse(x: Term) -> Step:
    return step(when(lit[x]), update(lit[x], False))


class Lamps:
    def reset(self) -> None:
        self._lit = {1: False, 2: False}

    def light(self, x: int) -> None:
        self._lit[x] = True

    def douse(self, x: int) -> None:
        self._lit[x] = False

    def observe(self) -> dict[str, Any]:
        return {"lit": self._lit}


def test_a_dear_reset_makes_fewer_of_them() -> None:
    """From every state of the lamps there is a way back, which is free of resets."""
    cheap, dear = (cover(lamps, Lamps, reset_cost=n) for n in (0, 50))
    assert cheap
    assert (dear.resets, dear.steps, dear.total) == (1, 8, 8)
    assert cheap.method is dear.method is PlanMethod.POSTMAN


# Divergences ---------------------------------------------------------------------------------------------------------
class Stubborn(Gate):
    def take(self) -> None:
        if self.used == 1:
            raise Refused("worn out")
        super().take()


class Careless(Gate):
    def take(self) -> None:
        self.key = None
        self.used += 1


class Breaking(Gate):
    def blow(self, d: int) -> None:
        super().blow(d)
        raise KeyError(d)


class Misnaming(Gate):
    def turn(self, d: int) -> str:
        return super().turn(d).replace("jammed", "opened")


class Forgetful(Gate):
    def turn(self, d: int) -> str:
        found = super().turn(d)
        self.worn.discard(2)
        return found


class Overflowing(Gate):
    def take(self) -> None:
        super().take()
        self.used += 1


class Sneaky(Gate):
    """Refuses, and does it all the same."""

    def turn(self, d: int) -> str:
        if self.key is not None:
            self.open[d] = not self.open[d]
        return super().turn(d)


FAULTS = {
    Stubborn: (DivergenceKind.REFUSED, "turn(1) take turn(1) take", "refuses the step: worn out"),
    Careless: (DivergenceKind.ACCEPTED, "take", "accepts the step"),
    Breaking: (DivergenceKind.RAISED, "turn(1) take blow(1)", "KeyError: "),
    Misnaming: (DivergenceKind.OUTCOME, "turn(1) take turn(1)", "ends the step as opened"),
    Forgetful: (DivergenceKind.OBSERVATION, "turn(2)", "has worn = {}"),
    Overflowing: (DivergenceKind.OBSERVATION, "turn(1) take", "has used = 2"),
    Sneaky: (DivergenceKind.OBSERVATION, "turn(1) turn(1)", "changes its state all the same"),
}


@pytest.mark.parametrize("gate", FAULTS, ids=lambda g: g.__name__)
def test_each_kind_is_found_shortened_and_repeated(gate: type[Gate]) -> None:
    kind, run, code = FAULTS[gate]
    report = cover(protocol, driver(gate))
    found = report.divergence
    assert found is not None
    assert (report.verdict, report.exit_code) == (Verdict.VIOLATED, 1)
    assert found.kind is kind
    assert code in found.code
    assert found.repeated
    assert found.minimal
    assert len(found.run.split()) == len(run.split()) <= found.found_after
    assert MissReason.STOPPED in dict(report.missed)
    text = " ".join(render(report).split())
    assert f"the model {found.model}; the code {found.code}." in text
    assert "the code and the model differ (exit 1)" in text
    again = cover(protocol, driver(gate), run=found.run)
    assert again.divergence is not None
    assert (again.divergence.kind, again.exit_code) == (kind, 1)
    assert cover(protocol, Driver, run=found.run).exit_code == 0


def test_places_of_a_divergence_are_compared() -> None:
    found = cover(protocol, driver(Forgetful)).divergence
    assert found is not None
    assert [(m.place, m.expected, m.observed) for m in found.mismatches] == [("worn", "{2}", "{}")]


class Leaky(Driver):
    """A reset that forgets something, after which the initial state is another."""

    def reset(self) -> None:
        self._gate.key = None


def test_a_reset_that_does_not_restore_everything_is_told() -> None:
    found = cover(protocol, Leaky).divergence
    assert found is not None
    assert found.called == "reset"
    assert found.kind is DivergenceKind.OBSERVATION
    assert "After the reset" in render(cover(protocol, Leaky))


def test_what_happens_only_once_is_told_as_that() -> None:
    class Once(Gate):
        times = 0

        def turn(self, d: int) -> str:
            Once.times += 1
            if Once.times == 9:
                raise Refused("the ninth")
            return super().turn(d)

    report = cover(protocol, driver(Once, refuses=()))
    assert report.divergence is not None
    assert not report.divergence.repeated
    assert "It did not happen again" in " ".join(render(report).split())


# enabled() -----------------------------------------------------------------------------------------------------------
class Offering(Driver):
    """Says what the code would accept."""

    refuses = ()

    def enabled(self) -> list[Any]:
        gate = self._gate
        if gate.key is not None:
            return ["take"] if gate.used < 2 else []
        return [*(("turn", d) for d in gate.open), *(("blow", d) for d, x in gate.open.items() if x)]


class Promising(Offering):
    def enabled(self) -> list[Any]:
        return [*super().enabled(), ("turn", (1,))]


class Shy(Offering):
    def enabled(self) -> list[Any]:
        return [x for x in super().enabled() if x != ("turn", 2)]


def test_what_the_code_offers_is_compared() -> None:
    assert cover(protocol, Offering)
    promising, shy = cover(protocol, Promising).divergence, cover(protocol, Shy).divergence
    assert promising is not None
    assert shy is not None
    assert promising.kind is shy.kind is DivergenceKind.ENABLED
    assert "offers turn(1), which the model refuses" in promising.code
    assert "does not offer turn(2)" in shy.code


# Uncontrolled and unobserved -----------------------------------------------------------------------------------------
class Calm(Driver):
    """The wind is not the driver's."""

    blow = None  # type: ignore[assignment]
    refuses = ("turn", "take")


class Windy(Calm):
    """It blows at the second take."""

    _blown = False

    def reset(self) -> None:
        super().reset()
        self._blown = False

    def take(self) -> None:
        self._gate.take()
        if self._gate.used == 2 and self._gate.open[1]:
            self._gate.open[1] = False
            self._blown = True


def test_uncontrolled_steps_are_named_and_need_not_happen() -> None:
    report = cover(protocol, Calm)
    assert report
    assert report.system.driver.uncontrolled == ("blow",)
    assert dict(report.missed)[MissReason.ELSEWHERE] > 0
    text = render(report)
    assert "does not perform the action blow" in text
    assert "not counted" in text


def test_uncontrolled_steps_may_happen() -> None:
    """The model allows them, so they are no divergence; what is never reached then is not called covered."""
    report = cover(protocol, Windy)
    assert report.divergence is None
    assert report.exit_code == 3
    assert dict(report.missed)[MissReason.UNSURE] > 0


def test_a_refusal_may_be_explained_by_uncontrolled_steps() -> None:
    """Whether somebody has turned the key is not known, so that the code may have no key to take. Where the model
    refuses a step for certain, it must be refused."""

    class Keeper(Driver):
        turn = None  # type: ignore[assignment]
        refuses = ()

        def observe(self) -> dict[str, Any]:
            return {"used": self._gate.used}

    class Generous(Gate):
        def take(self) -> None:
            self.used += 1

    assert cover(protocol, Keeper, run="take take").divergence is None
    found = cover(protocol, type("D", (Keeper,), {"made": Generous}), run="take take take").divergence
    assert found is not None
    assert found.kind is DivergenceKind.ACCEPTED
    assert [s.action for s in found.trace.steps] == ["turn", "take", "turn", "take"]


def test_a_divergence_after_an_uncontrolled_step_is_explained_with_it() -> None:
    class Broken(Windy):
        def turn(self, d: int) -> str | None:
            blown, self._blown = self._blown, False
            return "opened" if blown else self._gate.turn(d)

    found = cover(protocol, Broken, run="turn(1) take turn(2) take turn(2)").divergence
    assert found is not None
    assert found.kind is DivergenceKind.OUTCOME
    assert found.repeated
    assert "blow" in [s.action for s in found.trace.steps]


def test_nothing_is_called_covered_if_states_cannot_be_told_apart() -> None:
    class Blind(Calm):
        def observe(self) -> dict[str, Any]:
            return {"used": self._gate.used}

    report = cover(protocol, Blind)
    assert report.exit_code == 3
    assert report.performed < report.total
    assert report.system.driver.unobserved == ("side", "holder", "worn")
    assert "Never observed: side, holder and worn." in render(report)


def test_nothing_is_covered_by_a_driver_that_compares_nothing() -> None:
    """Every step is performed, and code that does anything at all would pass."""
    methods = {name: lambda self, *_: None for name in protocol.actions}
    blind = type("Blind", (), {"reset": lambda self: None, "observe": lambda self: {}, **methods})
    report = cover(protocol, blind)
    assert report.performed == report.total > 0
    assert (report.verdict, report.exit_code, bool(report)) == (Verdict.UNKNOWN, 3, False)
    assert "undecided: nothing was compared" in render(report)
    assert cover(protocol, blind, at_least=1).exit_code == 3


def test_a_part_of_the_state_is_enough_if_everything_is_controlled() -> None:
    class Partly(Driver):
        def observe(self) -> dict[str, Any]:
            return {"side": {1: "OPEN" if self._gate.open[1] else "SHUT"}}

    report = cover(protocol, Partly)
    assert report
    assert report.system.driver.partly == ("side",)
    assert not cover(protocol, type("D", (Partly,), {"made": Breaking}))


# Async ---------------------------------------------------------------------------------------------------------------
class Slow:
    """Everything is async, and in one loop."""

    def __init__(self, doors: int) -> None:
        self._driver = Driver(doors)
        self._loop: Any = None
        self.closed = False

    async def reset(self) -> None:
        self._loop = self._loop or asyncio.get_running_loop()
        self._driver.reset()

    async def turn(self, d: int) -> str | None:
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is self._loop
        return self._driver.turn(d)

    async def take(self) -> None:
        self._driver.take()

    async def blow(self, d: int) -> None:
        self._driver.blow(d)

    async def observe(self) -> dict[str, Any]:
        return self._driver.observe()

    async def close(self) -> None:
        self.closed = True


def test_methods_may_be_async() -> None:
    slow = Slow(2)
    assert cover(protocol, slow)
    assert slow.closed


def test_in_a_running_loop_the_error_says_what_to_do() -> None:
    async def inside() -> None:
        cover(protocol, Slow)

    with pytest.raises(ModelError, match=r"running event loop.*asyncio\.to_thread"):
        asyncio.run(inside())


def test_in_a_running_loop_plain_methods_work() -> None:
    """As in a notebook."""

    async def inside() -> CoverReport:
        return cover(protocol, Driver)

    assert asyncio.run(inside())
