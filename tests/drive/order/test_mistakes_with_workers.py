"""Mistakes in drivers with workers name the thing, the place and the remedy, as other mistakes do."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any

import pytest

from planrace import ModelError, Workers, cover
from planrace.drive import point, step
from planrace.model.language import Place
from tests.drive.order.test_stuck import HoldingTasks, Steps, protocol


def made(**more: Any) -> type:
    return type("Made", (Steps,), more)


def returning(found: Any) -> type:
    return made(workers=lambda self: found)


def reaching(*steps: Any) -> type:
    def work(self: Any, w: int) -> None:
        for name, *parameters in steps:
            point(name, *parameters)

    return made(_work=work)


class Nobody(Workers):
    def reset(self) -> None:
        pass

    def observe(self) -> dict[str, Any]:
        return {}


def _fails(self: Any) -> None:
    raise ZeroDivisionError("in workers")


MISTAKES: dict[str, tuple[type, str]] = {
    "no-workers": (Nobody, "driver Nobody has no method workers (write def workers(self): return {1: work, …}"),
    "no-mapping": (returning([1, 2]), "Made.workers returns [1, 2], not a mapping of workers (return {1: work, …}"),
    "empty": (returning({}), "Made.workers returns {}, not a mapping of workers"),
    "no-function": (returning({1: 3}), "Made.workers, worker 1: 3 is no worker (return {1: work, …}"),
    "no-program": (returning({("enactor", 1): ["a", 1]}), "Made.workers, enactor 1: ['a', 1] is no worker"),
    "fails": (made(workers=_fails), "Made.workers fails: ZeroDivisionError: in workers"),
    "missing-program": (returning({1: ["/no/such/program"]}), "worker 1 cannot be started: "),
    "no-action": (reaching(("frist", 1)), "worker 1 reaches the point frist, which is no action (did you mean first?"),
    "parameters": (reaching(("first", 1, 2)), "worker 1 reaches first with the parameters [1, 2] (write ('first', w))"),
    "range": (reaching(("first", 3)), "worker 1 reaches first, w is 3 (write one from 1 to 2)"),
    "kind": (reaching(("first", "one")), "worker 1 reaches first, w is 'one', not a number (worker)"),
    "points": (made(points=["first"]), "Made.points is ['first'], not a mapping (write points = {"),
    "no-such-point": (made(points={"X": "frist"}), "Made.points maps 'X' to 'frist', which is no action (did you mean"),
    "uncontrolled": (made(uncontrolled=["frist"]), "Made.uncontrolled names 'frist', which is no action (did you mean"),
    "uncontrolled-text": (made(uncontrolled="first"), "Made.uncontrolled is 'first', not a list of actions"),
    "both": (
        made(first=lambda self, w: None),
        "worker 1 reaches the point first, but Made.first performs that step (remove the method or the point)",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name: str) -> None:
    driver, says = MISTAKES[name]
    with pytest.raises(ModelError) as problem:
        cover(protocol, driver)
    assert says in str(problem.value)
    place = problem.value.where
    assert place is not None
    assert place.file.endswith(".py")


def test_an_unknown_outcome_is_a_mistake() -> None:
    def work(self: Any, w: int) -> None:
        with step("first", w) as s:
            s.outcome("done")
        point("second", w)

    with pytest.raises(ModelError, match="a worker ends first as 'done', which is no outcome of first"):
        cover(protocol, made(_work=work))


def test_an_unknown_worker_is_a_mistake() -> None:
    def second(self: Any, w: int) -> None:
        self.stop(w + 5)

    def work(self: Any, w: int) -> None:
        point("first", w)
        self._at[w] = 1

    with pytest.raises(ModelError, match=r"6 is no worker \(there are 1 and 2\)"):
        cover(protocol, made(second=second, _work=work), run="first(1) second(1)")


async def awaiting(begun: Any) -> None:
    async with begun:
        pass


class Points(HoldingTasks):
    """The mistakes of a task and a thread with their points, which may not be told as those of the code."""

    async def _with_in_a_task(self) -> None:
        with step("first", 1):
            pass

    async def _not_awaited(self) -> None:
        point("first", 1)
        point("second", 1)

    async def _side_by_side(self) -> None:
        await asyncio.gather(*map(awaiting, (step("first", 1), step("second", 1))))

    async def _swallowed(self) -> None:
        with suppress(Exception):
            point("first", 1)
            point("second", 1)
        await point("first", 1)

    def _too_late(self) -> None:
        with step("first", 1) as s:
            point("LOG")
            s.refused("why")

    def _not_begun(self) -> None:
        s = step("first", 1)
        point("first", 1)
        s.refused("why")


def a_coroutine() -> Any:
    return HoldingTasks()._first_task()


MISUSED: dict[str, tuple[Any, int, str]] = {
    "with-in-a-task": (Points()._with_in_a_task, 1, "a task must await first (write async with step('first', …))"),
    "not-awaited": (Points()._not_awaited, 1, "the point first is not awaited (write await point('first', …))"),
    "side-by-side": (Points()._side_by_side, 1, "it reaches second while it waits at another point (make what runs"),
    "swallowed": (Points()._swallowed, 2, "the point first is not awaited (write await point('first', …))"),
    "too-late": (Points()._too_late, 3, "the step first is over (say how it ends before the point LOG)"),
    "not-begun": (Points()._not_begun, 3, "the step first has not begun (write with step('first', …) as s, in a task"),
    "coroutine": (a_coroutine, 0, "its function returns a coroutine, and is no async function (write partial(work, …)"),
}


@pytest.mark.parametrize("name", MISUSED)
def test_a_point_that_is_used_wrongly_is_a_mistake_of_the_driver(name: str) -> None:
    work, line, says = MISUSED[name]
    with pytest.raises(ModelError) as problem:
        cover(protocol, made(workers=lambda self: {1: work}, points={"LOG": None}), run="first(1) second(1)")
    assert f"worker 1: {says}" in str(problem.value)
    assert problem.value.where == Place(__file__, work.__code__.co_firstlineno + line)


WORK = """
from planrace.drive import point, step
with step("first") as s:
    point("LOG")
    try:
        s.refused("why")
    except RuntimeError:
        pass
point("second", *SECOND)
"""
PROGRAMS: dict[str, tuple[list[str], str]] = {
    "no-file": (
        [sys.executable, "/no/such.py"],
        "the program of worker 1 ended with exit code 2 before its first point",
    ),
    "no-points": (["sleep", "9"], "the program of worker 1 did not reach a point within 0.1 s after its start"),
    "too-late": (
        [sys.executable, "-c", WORK.replace("SECOND", "[]")],
        "the step first is over (say how it ends before",
    ),
    "unsendable": (
        [sys.executable, "-c", WORK.replace("s.refused", "str").replace("SECOND", "[{1}]")],
        "the parameters of second cannot be sent: Object of type set is not JSON serializable (write numbers, names",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_does_not_take_part_is_a_mistake_of_the_driver(name: str) -> None:
    argv, says = PROGRAMS[name]
    patience = 0.1 if name == "no-points" else 10.0
    driver = made(workers=lambda self: {1: argv}, points={"LOG": None}, patience=patience)
    with pytest.raises(ModelError) as problem:
        cover(protocol, driver, run="first(1) second(1)")
    assert says in str(problem.value)
    assert problem.value.where is not None


def test_workers_run_only_in_a_test() -> None:
    with pytest.raises(RuntimeError, match="workers run only while check cover"):
        Nobody().start(1)


def test_actions_may_have_the_names_of_hooks() -> None:
    """The methods have a _ after the name then."""
    from planrace import Protocol, boolean, update, when
    from planrace import step as model_step

    machine = Protocol("machine", "it starts and stops")
    runs = machine.variable("runs", boolean(), False)

    @machine.action(by="user")
    def start() -> Any:
        return model_step(when(~runs), update(runs, True))

    @machine.action(by="machine")
    def stop() -> Any:
        return model_step(when(runs), update(runs, False))

    class Machine(Workers):
        def reset(self) -> None:
            self._runs = False

        def workers(self) -> Any:
            return {"machine": self._work}

        def _work(self) -> None:
            while True:
                point("stop")
                self._runs = False

        def start_(self) -> None:
            self._runs = True

        def observe(self) -> dict[str, Any]:
            return {"runs": self._runs}

    assert cover(machine, Machine)


def test_what_nobody_performs_is_uncontrolled() -> None:
    report = cover(protocol, made(uncontrolled=["second"]))
    assert report.system.driver.uncontrolled == ("second",)
    assert report.system.driver.controlled == ("first",)
