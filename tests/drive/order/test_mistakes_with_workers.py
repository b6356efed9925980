"""Mistakes in drivers with workers name the thing, the place and the remedy, as other mistakes do."""

from __future__ import annotations

from typing import Any

import pytest

from planrace import ModelError, Workers, cover
from planrace.checker.results.driving import DivergenceKind
from planrace.drive import point, step
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


RAISED: dict[str, tuple[Any, str]] = {
    "not-awaited": (["first", "second"], "is not awaited: write await point(…)"),
    "with": (None, "in a task of asyncio write async with step('first', …)"),
}


@pytest.mark.parametrize("name", RAISED)
def test_a_point_that_a_task_does_not_await_is_told(name: str) -> None:
    points, says = RAISED[name]

    class Careless(HoldingTasks):
        async def _first_task(self) -> None:
            if points is None:
                with step("first", 1):
                    pass
            for each in points or ():
                point(each, 1)

    found = cover(protocol, Careless, run="first(1)").divergence
    assert found is not None
    assert found.kind is DivergenceKind.RAISED
    assert says in found.code


def test_a_lambda_that_makes_a_coroutine_is_told() -> None:
    async def work(w: int) -> None:
        await point("first", w)

    found = cover(protocol, returning({1: lambda: work(1)}), run="first(1)").divergence
    assert found is not None
    assert "worker 1 is a function that returns a coroutine, not an async function" in found.code


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
