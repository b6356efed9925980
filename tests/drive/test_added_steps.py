"""Bounded faults and inserted steps on the user's code: what counts and waits in the model is nothing that code has."""

from __future__ import annotations

import json
from typing import Any

from planrace import cover, render
from planrace.model.language import (
    Changes,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    forall,
    index,
    says,
    step,
    subsets,
    update,
    when,
)
from tests.drive.test_schemas import validate

jobs = Protocol("jobs", "workers fetch and store, and write a line before they store")
Worker = index("worker", 2, symmetric=True)
got, done = jobs.variable("got", array(Worker, boolean()), False), jobs.variable("done", subsets(Worker), set())
CRASH = jobs.fault("crash", "a worker forgets what it has got", at_most=1)
jobs.final(forall(Worker, lambda w: w.isin(done)))


@jobs.action(Worker, by=Worker)
def fetch(w: Term) -> Step:
    return step(when(~got[w], ~w.isin(done)), update(got[w], True))


@jobs.action(Worker, by=Worker)
def store(w: Term) -> Step:
    return step(when(got[w]), update(done, done | {w}), update(got[w], False))


@jobs.action(Worker, by=Worker, fault=CRASH)
def crash(w: Term) -> Step:
    return step(when(got[w]), update(got[w], False))


@jobs.protection("log", "a line is written before")
def log(change: Changes) -> None:
    change.before("store", name="write_log", steps=lambda w: step(says("writes a line")), forgotten_by=["crash"])


class Jobs:
    """The code, which is right, and its driver."""

    def reset(self) -> None:
        self.got: set[int] = set()
        self.done: set[int] = set()
        self.lines: set[int] = set()

    def fetch(self, w: int) -> None:
        self.got.add(w)

    def write_log(self, w: int) -> None:
        self.lines.add(w)

    def store(self, w: int) -> None:
        self.got.discard(w)
        self.done.add(w)

    def crash(self, w: int) -> None:
        self.got.discard(w)

    def observe(self) -> dict[str, Any]:
        return {"done": self.done, "got": {w: w in self.got for w in (1, 2)}}


class Silent(Jobs):
    """It stores without a line."""

    def store(self, w: int) -> None:
        if w in self.lines:
            super().store(w)

    def write_log(self, w: int) -> None:
        pass


def test_every_transition_is_performed() -> None:
    report = cover(jobs, Jobs, faults=["crash"], with_protections=["log"])
    assert report
    assert report.system.driver.unobserved == ()
    text = " ".join(render(report).split())
    assert "faults: crash (at most once); protections: log" in text
    assert "Never observed" not in text
    assert json.loads(render(report, "json"))["at_most"] == {"crash": 1}
    validate(report, "cover")


def test_a_difference_after_an_inserted_step_is_found() -> None:
    report = cover(jobs, Silent, faults=["crash"], with_protections=["log"])
    assert report.divergence is not None
    assert [s.action for s in report.divergence.trace.steps] == ["fetch", "write_log", "store"]
