"""Logs that begin while the system runs."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from planrace import conform, find, render
from planrace.checker.results.conformance import Conformance
from planrace.checker.run.request import select
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance
from tests.logs.logs import Records, logged, random_run
from tests.logs.oracle import most_explained
from tests.logs.test_conform import mutated

SIZES = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}
FAULTS = ["crash", "lock-expiry"]
UNSEEN = ("crash", "expire_lock", "lose_lock")


def written(path: Path, records: Records) -> Path:
    file = path / "log.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in records))
    return file


def reachable(instance: Instance) -> list[State]:
    interpreter = Interpreter(instance)
    found = list(interpreter.initials())
    seen = set(found)
    for state in found:
        for _, after in interpreter.moves(state):
            if after not in seen:
                seen.add(after)
                found.append(after)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_any_state_may_be_the_first(seed: int, tmp_path: Path) -> None:
    """As brute force says, from every state that is reachable."""
    instance = select(find("fixed"), SIZES, faults=FAULTS).instance
    rng = Random(seed)
    records = logged(random_run(instance, 22, seed, UNSEEN), UNSEEN, rng.choice((0.0, 0.6)), seed)
    if seed % 2:
        records = mutated(records, rng, rng.choice(("dropped", "repeated", "swapped")))
    records = records[rng.randrange(1, len(records) // 2) :]
    unlogged = [a for a in instance.system.actions if a not in UNSEEN]
    log = written(tmp_path, records)
    report = conform("fixed", log, SIZES, faults=FAULTS, logged=unlogged, join=True, hidden=None)
    starts = reachable(instance)
    assert report.joined == len(starts)
    many = most_explained(instance, records, UNSEEN, starts)
    if many == len(records):
        assert report.explained
    else:
        assert report.divergence is not None
        assert report.divergence.explained == many
    if not seed % 2:
        assert report.explained


def test_without_it_such_logs_diverge(tmp_path: Path) -> None:
    act = [{"action": a, "parameters": [1]} for a in ("take_lock", "build_tree", "flip_alias")]
    log = written(tmp_path, act)
    assert conform("fixed", log, SIZES, hidden=0).verdict is Conformance.DIVERGES
    report = conform("fixed", log, SIZES, hidden=0, join=True)
    assert report.verdict is Conformance.CONFORMS
    assert report.near is None
    assert "begin in the middle of a run" in " ".join(render(report).split())


@pytest.mark.usefixtures("unexplained")
def test_an_outage_is_told_from_the_beginning(tmp_path: Path) -> None:
    """The counterexample begins in an initial state: the steps before the logs are those of a shortest run."""
    steps = [(2, "build_tree"), (1, "list_old_plans"), (2, "flip_alias"), (1, "delete_old_plans")]
    log = written(tmp_path, [{"action": a, "parameters": [i]} for i, a in steps])
    report = conform("original", log, {**SIZES, "plans": 3}, hidden=0, join=True)
    assert report.explained
    assert report.judged is not None
    found = {f.name: f.trace for f in report.judged.findings}
    trace = found["active-plan-never-deleted"]
    assert trace is not None
    assert trace.initial["latest"] == 0
    assert [s.action for s in trace.steps[-4:]] == [a for _, a in steps]
    assert trace.steps[0].action == "publish"


def test_a_violation_before_the_logs_is_no_counterexample_of_theirs(tmp_path: Path) -> None:
    """The first line itself says that the active plan is gone."""
    line = {"action": "publish", "before": {"alias": [1], "trees": [[2]]}}
    report = conform("original", written(tmp_path, [line]), {**SIZES, "plans": 3}, hidden=0, join=True)
    assert report.explained
    assert report.exit_code in (1, 3)
    assert "active-plan-never-deleted" in dict(report.violates)
    assert report.judged is None


def test_too_many_states_are_not_searched(tmp_path: Path) -> None:
    log = written(tmp_path, [{"action": "publish"}])
    report = conform("fixed", log, SIZES, join=True, max_width=10)
    assert report.verdict is Conformance.UNKNOWN
    assert str(report.stopped) == "the logs may begin in more than 10 states"


def test_generations_have_no_bound_then(tmp_path: Path) -> None:
    """Unless a line names one: where it is in the order of the others is not known then."""
    log = written(tmp_path, [{"action": "publish"}] * 30)
    report = conform("fixed", log, {"enactors": 1, "endpoints": 1, "keep": 1}, hidden=0, join=True)
    assert report.verdict is Conformance.CONFORMS
    assert report.unbounded == "plans"
    log = written(tmp_path, [{"action": "publish", "after": {"latest": 2}}])
    report = conform("fixed", log, {"enactors": 1, "endpoints": 1, "keep": 1}, hidden=0, join=True)
    assert report.unbounded is None
    assert report.verdict is Conformance.CONFORMS
