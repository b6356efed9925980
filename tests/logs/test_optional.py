"""Events that may not have happened: a step that a crash cut has had its effect, or has not."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planrace import ModelError, conform, find
from planrace.checker.logs.begun import those_that_count
from planrace.checker.logs.generations import generations_of
from planrace.checker.logs.growing_log import GrowingLog
from planrace.checker.logs.records import EventReader
from planrace.checker.results.conformance import Conformance, LogLine
from planrace.checker.run.request import select
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance
from tests.logs.logs import Records, logged, random_run, with_begun
from tests.logs.oracle import is_step, may_be_next, most_explained, sees, streams

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
FAULTS = ["crash", "lock-expiry"]
HIDDEN = ("crash", "expire_lock", "lose_lock")


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


@pytest.mark.parametrize("seed", range(40))
def test_it_conforms_if_it_does_with_or_without_each_of_them(seed: int, tmp_path: Path) -> None:
    """Judged by brute force for each choice. Some of them happened, some did not, and some logs are wrong."""
    rng = Random(seed)
    instance = select(find("fixed"), SIZES, faults=FAULTS).instance
    wrong = rng.choice((0.0, 1.0))
    records = logged(random_run(instance, 12, seed, rare=HIDDEN), HIDDEN, wrong, seed)
    strange = logged(random_run(instance, 12, seed + 1000, rare=HIDDEN), HIDDEN, wrong, seed)
    optional = rng.sample(range(len(records)), 2)
    if rng.random() < 0.7:  # a step of another run, at this time
        n = rng.choice(optional if rng.random() < 0.5 else range(len(records)))
        other = rng.choice(strange)
        records[n] = {**other, "at": records[n]["at"], "stream": records[n]["stream"]}
    choices = [drop for size in range(3) for drop in combinations(optional, size)]
    kept = [[r for n, r in enumerate(records) if n not in drop] for drop in choices]
    expected = any(most_explained(instance, k, HIDDEN) == len(k) for k in kept)
    given: Records = [{**r, "optional": True} if n in optional else r for n, r in enumerate(records)]
    log = written(tmp_path / "a.jsonl", *given)
    seen = [a for a in instance.system.actions if a not in HIDDEN]
    report = conform("fixed", log, SIZES, faults=FAULTS, logged=seen)
    assert report.verdict is (Conformance.CONFORMS if expected else Conformance.DIVERGES)


PUBLISH = {"stream": "p", "action": "publish", "at": 1}
PICK = {"stream": "e", "action": "pick_up", "parameters": [1]}


def test_a_step_that_begins_and_never_ends_may_have_happened(tmp_path: Path) -> None:
    """At any time after its beginning: the line after it is that of the process that was started again."""
    begun = {**PICK, "at": 2, "begins": 1}
    for next_step in ({"action": "take_lock", "parameters": [1]}, {"action": "pick_up", "parameters": [1]}):
        log = written(tmp_path / "a.jsonl", PUBLISH, begun, {"stream": "e", "at": 9, **next_step})
        report = conform("fixed", log, SIZES)
        assert report.verdict is Conformance.CONFORMS
        assert report.trace is not None
        assert len(report.trace.steps) == (3 if next_step["action"] == "take_lock" else 2)
    late = written(tmp_path / "a.jsonl", {**PUBLISH, "at": 5}, begun, {"stream": "e", "at": 9, **next_step})
    assert conform("fixed", late, SIZES).verdict is Conformance.CONFORMS


def test_a_step_that_ends_counts_once(tmp_path: Path) -> None:
    """And where its end is told twice, the last line counts: it may take the first one back."""
    begun, ended = {**PICK, "at": 2, "begins": "x"}, {**PICK, "at": [2, 3], "ends": "x"}
    log = written(tmp_path / "a.jsonl", PUBLISH, begun, ended)
    assert [s.events for s in conform("fixed", log, SIZES).streams] == [1, 1]
    report = conform("fixed", written(tmp_path / "a.jsonl", PUBLISH, begun, ended, {**ended, "refused": ""}), SIZES)
    assert [s.events for s in report.streams] == [1, 0]
    again = {**PICK, "at": 7, "begins": "x"}
    report = conform("fixed", written(tmp_path / "a.jsonl", PUBLISH, begun, again), SIZES)
    assert [s.events for s in report.streams] == [1, 2]


def test_numbers_of_different_streams_are_different(tmp_path: Path) -> None:
    log = written(
        tmp_path / "a.jsonl",
        {**PUBLISH, "begins": 1},
        {**PICK, "at": 2, "begins": 1},
        {**PUBLISH, "ends": 1},
    )
    report = conform("fixed", log, SIZES)
    assert report.verdict is Conformance.CONFORMS
    assert [s.events for s in report.streams] == [1, 1]


def test_hidden_steps_make_it_possible(tmp_path: Path) -> None:
    """Enactor 2 holds the lock, and what enactor 1 began can have happened only after the lock has expired."""
    records = [
        PUBLISH,
        {"stream": "e", "action": "pick_up", "parameters": [1], "at": 2},
        {"stream": "f", "action": "pick_up", "parameters": [2], "at": 3},
        {"stream": "f", "action": "take_lock", "parameters": [2], "at": 4},
        {"stream": "e", "action": "take_lock", "parameters": [1], "at": 5, "begins": 3},
        {"stream": "f", "action": "build_tree", "parameters": [2], "at": 6},
    ]
    log = written(tmp_path / "a.jsonl", *records, {"stream": "e", "action": "build_tree", "parameters": [1], "at": 7})
    for hidden in (None, 1, 3):
        report = conform("fixed", log, SIZES, faults=["lock-expiry"], hidden=hidden)
        assert report.verdict is Conformance.CONFORMS
        assert len(report.hidden) == 1
    assert conform("fixed", log, SIZES, faults=["lock-expiry"], hidden=0).verdict is not Conformance.CONFORMS
    assert conform("fixed", log, SIZES, logged=["flip_alias"]).verdict is Conformance.DIVERGES


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({**PICK, "begins": 1, "ends": 1}, r"a\.jsonl:2: the record begins a step and ends one"),
        ({**PICK, "begins": True}, r"a\.jsonl:2: begins is no number and no text"),
        ({**PICK, "ends": [1]}, r"a\.jsonl:2: ends is no number and no text"),
        ({**PICK, "optional": 1}, r"a\.jsonl:2: optional is 1, not true or false"),
        ({**PICK, "optional": True, "serials": {"z": 1}}, r"a\.jsonl:2: the record has serials"),
        ({**PICK, "begins": 1, "serials": {"z": 1}}, r"a\.jsonl:2: the record has serials"),
    ],
)
def test_wrong_records_are_refused_with_their_place(record: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        conform("fixed", written(tmp_path / "a.jsonl", PUBLISH, record), SIZES)


def test_what_may_not_have_happened_is_not_judged_alone(tmp_path: Path) -> None:
    wrong = {**PICK, "at": 2, "before": {"phase": {"1": "LOCK"}}}
    report = conform("fixed", written(tmp_path / "a.jsonl", PUBLISH, {**wrong, "optional": True}), SIZES)
    assert report.verdict is Conformance.CONFORMS
    assert report.rates == ()
    assert conform("fixed", written(tmp_path / "a.jsonl", PUBLISH, wrong), SIZES).rates[0].failed == 1


@pytest.mark.parametrize("seed", range(8))
def test_a_log_that_grows_is_read_as_the_whole(seed: int, tmp_path: Path) -> None:
    """In whatever pieces. Processes are started again and count anew; some steps are cut, and some end twice."""
    rng, records = Random(seed), list[dict[str, Any]]()
    for start in range(4):
        for number in range(1, rng.randint(2, 5)):
            step = {"stream": rng.choice("ab"), "action": "publish", "at": 10 * start + number}
            cut = rng.random() < 0.3
            records += [
                {**step, "begins": number},
                *([] if cut else [{**step, "ends": number}] * rng.choice((1, 1, 2))),
            ]
    log = tmp_path / "a.jsonl"
    log.write_text("")
    whole = [(LogLine("a", n, ""), r) for n, r in enumerate(records, 1)]
    expected = [(line.line, "begins" in r) for line, r in those_that_count(whole)]
    reader = EventReader(select(find("fixed"), SIZES))
    growing = GrowingLog(log, "a", reader, patience=1000.0)
    for record in records:
        with log.open("a") as file:
            file.write(json.dumps(record) + "\n")
        if rng.random() < 0.6 and "begins" in record:  # else a line that ends a step twice would come too late
            growing.read(0.0)
    growing.read(0.0, last=True)
    events = [e for s in reader.streams.values() for e in s.events]
    assert sorted((e.line.line, e.optional) for e in events) == expected
    assert growing.late == []


def test_a_step_that_is_started_again_is_another_one(tmp_path: Path) -> None:
    """Its number is that of a step which was passed on long ago."""
    log = tmp_path / "a.jsonl"
    log.write_text("")
    reader = EventReader(select(find("fixed"), SIZES))
    growing = GrowingLog(log, "a", reader, patience=1000.0)
    kinds = [("begins", 1), ("ends", 1), ("begins", 1), ("ends", 1), ("begins", 2), ("begins", 2), ("ends", 2)]
    for now, (kind, number) in enumerate(kinds):
        with log.open("a") as file:
            file.write(json.dumps({"action": "publish", "at": now, kind: number}) + "\n")
        growing.read(now)
    # The fifth line begins a step that was cut: another one began behind it.
    read = [(e.line.line, e.optional) for e in reader.streams["a"].events]
    assert read == [(2, False), (4, False), (5, True), (7, False)]
    with log.open("a") as file:
        file.write(json.dumps({"action": "publish", "at": 8, "ends": 2, "refused": ""}) + "\n")
    growing.read(8.0)
    assert [line.line for line in growing.late] == [8]


SMALL = {"enactors": 2, "endpoints": 1, "keep": 1}


def test_many_steps_that_never_end_make_no_search_long(tmp_path: Path) -> None:
    """Each may have happened or not, at any time; none of them can explain the line that does not fit."""
    generations = generations_of(select(find("fixed"), SMALL).instance)
    assert generations is not None
    records = logged(random_run(generations.instance(20), 40, 3, ("publish",)))
    whole = with_begun(records, 50, 1)
    report = conform("fixed", written(tmp_path / "a.jsonl", *whole), SMALL, max_width=200)
    assert report.verdict is Conformance.CONFORMS
    assert report.trace is not None
    assert len(report.trace.steps) == len(records)
    wrong = [*records[:20], {**records[19], "stream": "x"}, {**records[19], "stream": "y"}, *records[20:]]
    report = conform("fixed", written(tmp_path / "a.jsonl", *with_begun(wrong, 50, 1)), SMALL, max_width=200)
    assert report.verdict is Conformance.DIVERGES
    assert report.divergence is not None
    instance = generations.instance(20)
    assert sum(t is not None for t in report.divergence.told) >= most_explained(instance, wrong, ())


def distinct_runs(instance: Instance, records: Records) -> int:
    """How many runs explain records, without hidden steps: what happened, in which order and with which states, by
    trying everything."""
    lists, interpreter = streams(records), Interpreter(instance)
    describer = Describer(interpreter)
    found: set[Any] = set()

    def go_on(at: tuple[int, ...], state: State, run: tuple[Any, ...]) -> None:
        if all(r.get("optional") for n, s in enumerate(lists) for r in s[at[n] :]):
            found.add(run)
        for n, s in enumerate(lists):
            if at[n] == len(s) or not may_be_next(lists, at, n):
                continue
            there = (*at[:n], at[n] + 1, *at[n + 1 :])
            if s[at[n]].get("optional"):
                go_on(there, state, run)
            for move, after in interpreter.moves(state):
                if is_step(move, s[at[n]]) and sees(describer, s[at[n]], state, after):
                    go_on(there, after, (*run, (n, at[n], after)))

    for s in interpreter.initials():
        go_on((0,) * len(lists), s, (s,))
    return len(found)


@pytest.mark.parametrize("hidden", [None, 0])
@pytest.mark.parametrize("seed", range(8))
def test_runs_are_counted_once(seed: int, hidden: int | None, tmp_path: Path) -> None:
    """When it is decided that a step did not happen makes no other run. No two optional lines say the same here."""
    rng, instance = Random(seed), select(find("original"), SIZES).instance
    records = logged(random_run(instance, 9, seed), (), rng.choice((0.0, 0.7, 1.5)), seed)
    said = {json.dumps([r["action"], r["parameters"]]): r for r in records}
    for r in rng.sample([*said.values()], 3):
        r["optional"] = True
    log = written(tmp_path / "a.jsonl", *records)
    report = conform("original", log, SIZES, logged=[*instance.system.actions], hidden=hidden, every=True)
    assert report.explained
    assert sum(r.runs for r in report.every) == distinct_runs(instance, records)


def test_of_lines_that_say_the_same_it_does_not_matter_which_one_happened(tmp_path: Path) -> None:
    """One run in which nobody picks the plan up, and one in which enactor 1 does, by any of three lines."""
    begun = [{**PICK, "stream": f"transaction {n}", "at": 2 + n, "begins": 1} for n in range(3)]
    log = written(tmp_path / "a.jsonl", PUBLISH, *begun)
    report = conform("fixed", log, SIZES, hidden=0, every=True)
    assert sum(r.runs for r in report.every) == 2
