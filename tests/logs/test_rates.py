"""Each logged step alone: right ones pass, wrong ones are named, and what is not known is not judged."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planrace import conform, find, render
from planrace.checker.logs.compact_events import CompactEvents
from planrace.checker.logs.generations import generations_of
from planrace.checker.logs.rates import StepsAlone
from planrace.checker.logs.records import EventReader
from planrace.checker.results.conformance import LogLine
from planrace.checker.run.request import select
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter
from tests.logs.logs import Records, logged, random_run

SIZES = {"enactors": 2, "endpoints": 2, "plans": 4, "keep": 1}


def recorded(seed: int = 3) -> Records:
    """A run of ``original`` with all values before and after each step."""
    instance = select(find("original"), SIZES).instance
    describer = Describer(Interpreter(instance))
    run = random_run(instance, 60, seed)
    records = logged(run)
    for r, (before, _, after) in zip(records, run, strict=True):
        r["before"], r["after"] = _said(describer.state(before)), _said(describer.state(after))
    return records


def _said(state: Any) -> dict[str, Any]:
    return {**state, "lock": [x or None for x in state["lock"]]}


def rates(folder: Path, records: Records) -> dict[str, tuple[int, int, int]]:
    (folder / "run.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    report = conform("original", folder / "run.jsonl", SIZES, time_limit=60)
    return {r.action: (r.passed, r.failed, r.unknown) for r in report.rates}


@pytest.mark.usefixtures("unexplained")
def test_right_steps_pass_also_where_lines_are_missing(tmp_path: Path) -> None:
    records = recorded()
    found = rates(tmp_path, records)
    assert sum(passed for passed, _, _ in found.values()) == len(records)
    gaps = rates(tmp_path, [r for r in records if Random(str(r)).random() < 0.5])
    assert sum(passed for passed, _, _ in gaps.values()) > 10
    assert {(failed, unknown) for _, failed, unknown in gaps.values()} == {(0, 0)}


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("what", ["an effect", "a guard", "an outcome"])
def test_the_wrong_action_is_named(what: str, tmp_path: Path) -> None:
    """Code whose one action differs from the model: that action fails, and no other."""
    records = recorded()
    wrong = {"an effect": "build_tree", "a guard": "take_lock", "an outcome": "flip_alias"}[what]
    for r in records:
        if r["action"] == wrong:
            if what == "an effect":
                r["after"] = {**r["after"], "trees": r["before"]["trees"], "latest": 0}
            elif what == "a guard":
                r["before"] = {**r["before"], "lock": [1, 1]}
            else:
                r["outcome"] = "refused"
    found = rates(tmp_path, records)
    assert [a for a, (_, failed, _) in found.items() if failed] == [wrong]
    assert found[wrong][0] == 0


def test_what_a_line_leaves_open_is_not_judged(tmp_path: Path) -> None:
    """A part of the guard that is false decides, whatever else is open; an effect that needs an open value does not."""
    lines: list[dict[str, Any]] = [
        {"action": "publish", "before": {"latest": 1}, "after": {"latest": 2}},
        {"action": "publish", "before": {"latest": 1}, "after": {"latest": 3}},
        {"action": "publish", "before": {"empty": []}},
        {"action": "take_lock", "parameters": [1], "before": {"phase": {"1": "IDLE"}}},
        {"action": "take_lock", "parameters": [1], "before": {"phase": {"1": "LOCK"}}},
        {
            "action": "take_lock",
            "before": {"phase": ["LOCK", "IDLE"], "cursor": {"1": 2}, "lock": {"2": None}},
            "after": {"lock": {"2": 1}},
        },
    ]
    assert rates(tmp_path, lines) == {"publish": (1, 1, 1), "take_lock": (1, 1, 1)}
    report = conform("original", tmp_path / "run.jsonl", SIZES)
    text = " ".join(render(report).split())
    assert f"publish at {tmp_path / 'run.jsonl'}:2 leads to other values in the model" in text
    assert "is not enabled: phase[i] = LOCK is false" in text


@pytest.mark.parametrize("name", ["original", "fixed"])
def test_generations_that_are_renamed_are_judged_as_they_are(name: str) -> None:
    """Each line by itself, some of them wrong: as in an instance that holds all plans of the log."""
    sizes, rng = {"enactors": 2, "endpoints": 1, "keep": 2}, Random(1)
    selection = select(find(name), sizes, faults=["stray-delete"])
    generations = generations_of(selection.instance)
    assert generations is not None
    instance = generations.instance(40)
    describer = Describer(Interpreter(instance))
    run = [taken for seed in range(4) for taken in random_run(instance, 60, seed)]
    reader = EventReader(replace(selection, made=generations.instance(99)))
    for n, (r, (before, _, after)) in enumerate(zip(logged(run), run, strict=True)):
        for key, state in (("before", before), ("after", after)):
            values = _said(describer.state(state))
            r[key] = {v: values[v] for v in rng.sample(list(values), rng.randint(3, len(values)))}
            if "latest" in r[key] and rng.random() < 0.3:
                r[key]["latest"] += rng.choice((1, 2, 30))
        if rng.random() < 0.2 and r["parameters"]:
            del r["parameters"][rng.choice(list(r["parameters"]))]
        reader.add(r, LogLine("a.jsonl", n + 1, ""), "a")
    events = [e for s in reader.streams.values() for e in s.events]
    compact = CompactEvents(generations, events)
    found: Counter[str] = Counter()
    assert compact.instance.values != generations.instance(80).values
    for event, small in zip(events, compact.events, strict=True):
        (rate,) = StepsAlone(generations.instance(80)).rates([event])
        assert StepsAlone(compact.instance).rates([small]) == (rate,)
        found.update(passed=rate.passed, failed=rate.failed, unknown=rate.unknown)
    assert all(found[key] > 10 for key in ("passed", "failed", "unknown"))
