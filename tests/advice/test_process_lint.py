"""Lint of processes: points that nobody reaches, and processes that do not wait."""

from __future__ import annotations

import textwrap

import pytest

from planrace import invariant, lint
from planrace.checker.advice.lint.finding import Lint
from planrace.model.patterns import crash
from tests.programs.test_compiled import loop, written


def single(body: str, name: str = "one") -> str:
    """A process without parameters whose body is ``body``, again and again."""
    return f"@process(protocol)\ndef {name}():\n    while True:\n" + textwrap.indent(body, " " * 8)


def found(text: str, workers: int = 1) -> list[Lint]:
    """What is found about processes; a worker may crash."""
    protocol, space = written(text, workers)
    if "worker" in space:
        crash(protocol, space["worker"], fault="storm")
    kinds = ("unreachable point", "busy waiting", "guard never true")
    places = ("worker", "one", "setter")
    return [x for x in lint(protocol) if x.kind in kinds or (x.kind == "never written" and x.subject in places)]


WORKS = "when(x == 0)\nupdate(x, 1)\nyield at('A')\nwhen(x == 1)\nupdate(x, 0)\nyield at('B')\n"
POLLS = "at('POLL')\nif x == 0:\n    outcome('no')\n    yield\n    continue\noutcome('yes')\nupdate(x, 0)\nyield\n"
SETS = single("when(x == 0)\nupdate(x, 1)\nyield at('SET')\n", "setter")


def test_a_process_that_works_is_no_finding() -> None:
    assert found(loop(WORKS), 2) == []
    assert found(single(WORKS) + SETS) == []


def test_a_step_that_changes_nothing() -> None:
    (lint_,) = [x for x in found(loop(POLLS) + SETS) if x.subject != "crash"]  # it has nothing to forget
    assert (lint_.kind, lint_.subject) == ("busy waiting", "worker")
    assert "worker_poll is enabled and changes nothing" in lint_.sentence
    assert "when(" in lint_.remedy
    assert lint_.where is not None
    assert lint_.where.line == 4


def test_a_way_round_that_nobody_else_can_notice() -> None:
    (lint_,) = found(loop("yield at('A')\nif x == 3:\n    pass\nyield at('B')\n"))
    assert lint_.kind == "busy waiting"
    assert "worker_a and worker_b lead back to the same state" in lint_.sentence


def test_a_way_round_that_others_notice_is_work() -> None:
    assert [x.kind for x in found(single(WORKS))] == ["busy waiting"]
    protocol, space = written(single(WORKS))
    protocol.declare(invariant("few", space["x"] <= 1, "there are few"))
    assert [x for x in lint(protocol) if x.kind == "busy waiting"] == []


def test_elements_of_other_members_are_noticed() -> None:
    """And those that only the member reads are not."""
    waits = "when(forall(Worker, lambda w: (w == i) | (slot[w] == 0)))\n"
    goes = "slot[i] = 1\nyield at('A')\nslot[i] = 0\nyield at('B')\n"
    assert found(loop(waits + goes), 2) == []
    assert [x.kind for x in found(loop("when(slot[i] == 0)\n" + goes), 2)] == ["busy waiting"]


def test_an_unreachable_point() -> None:
    text = "when(x == 0)\nupdate(x, 1)\nyield at('A')\nat('B')\nif x == 2:\n    outcome('odd')\n    yield\n"
    text += "    update(x, 3)\n    yield at('NEVER')\nelse:\n    outcome('even')\n    update(x, 0)\n    yield\n"
    (lint_,) = [x for x in found(loop(text)) if x.kind != "busy waiting"]
    assert (lint_.kind, lint_.subject) == ("unreachable point", "worker NEVER")
    assert "nobody is ever at NEVER" in lint_.sentence
    assert lint_.where is not None


def test_a_process_with_one_point_stays_there() -> None:
    assert found(single("when(x < 3)\nupdate(x, x + 1)\nyield\n")) == []


@pytest.mark.parametrize("example", ["addresses", "autoscaler", "broker", "registry"])
def test_the_incidents_have_no_findings(example: str) -> None:
    assert lint(f"examples/{example}.py:fixed") == ()
