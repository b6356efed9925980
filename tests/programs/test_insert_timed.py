"""Steps that a change inserts beside points that wait for time: the same as if they stood in the text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import planrace
from planrace import Changes, If, Step, System, Term, changed, step, update
from planrace.model.patterns import crash
from tests import naive
from tests.programs.test_compiled import loop, written

BODY = """
yield at("FIRST", {first})
NEW
with either():
    when(slot[i] == 1)
    yield at("LAST", {last})
with or_():
    {late}
    slot[i] = 0
    yield at("LAST", {last})
"""
FLIP = 'slot[i] = 1 if slot[i] == 0 else 0\nyield at("{}")\n'

TIMES = {
    "no time": ("", "", "pass"),
    "before it": ("within=1", "", "pass"),
    "both": ("after=1, within=2", "after=1, within=2", "pass"),
    "a deadline": ("", "within=1", "pass"),
    "at least": ("", "after=2", "pass"),
    "a wait": ("", "", "wait(2)"),
}


def made(times: str, steps: Sequence[str], inserted: Sequence[str], workers: int = 1, action: str = "") -> System:
    """The process with ``steps`` in its text, and with steps that are ``inserted``: those called B… before LAST."""
    first, last, late = TIMES[times]
    body = BODY.format(first=first, last=last, late=late).replace("NEW\n", "".join(FLIP.format(s) for s in steps))
    protocol, space = written(loop(body) + action, workers)
    crash(protocol, space["worker"], fault="storm")
    slot = space["slot"]

    def flip(i: Term) -> Step:
        return step(update(slot[i], If(slot[i] == 0, 1, 0)))

    def insert(c: Changes) -> None:
        for name in inserted:
            if name.startswith("B"):
                c.insert("worker", name=name, steps=flip, before="LAST")
            else:
                c.insert("worker", name=name, steps=flip, after="FIRST")

    return changed(protocol.system(faults=["storm"]), insert)


def counts(system: System) -> tuple[int, int, list[str]]:
    """Numbers of states and transitions, and what a model error says."""
    try:
        found = naive.search(system.instance(), [])
    except planrace.ModelError as problem:
        return 0, 0, [problem.what]
    return found.states, found.transitions, []


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(
    ("inserted", "workers"), [(["A"], 1), (["B"], 1), (["A", "A2"], 1), (["B2", "B"], 1), (["B", "A"], 1), (["B"], 2)]
)
def test_time_at_an_inserted_step_is_not_time_at_the_next_point(times: str, inserted: list[str], workers: int) -> None:
    """The clock of a point ran while an inserted step was next there, and its deadline was missed."""
    names = sorted(inserted, reverse=inserted[0] == "B2")
    assert counts(made(times, (), inserted, workers)) == counts(made(times, names, (), workers))


@pytest.mark.parametrize("name", ["A", "B"])
@pytest.mark.parametrize(
    "timing",
    ["within=2, since=['worker_first']", "after=1, since=['worker_first'], until=['worker_last_1', 'worker_last_2']"],
)
def test_timed_actions_start_and_end_with_the_steps_of_the_process(name: str, timing: str) -> None:
    action = f"""

@protocol.action(by="clock", {timing})
def ring():
    return step(update(x, 1 - x))
"""
    assert counts(made("no time", (), [name], 1, action)) == counts(made("no time", [name], (), 1, action))
