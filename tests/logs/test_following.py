"""Logs that are followed while they are written: the answers are those of whole logs, as soon as they are certain."""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planrace import ModelError, conform, find, follow, render
from planrace.checker.cli.main import run
from planrace.checker.logs.events import Stream
from planrace.checker.logs.following import KEPT, FollowOptions, LogFollower
from planrace.checker.logs.generations import UNBOUNDED, NormalStates, generations_of
from planrace.checker.logs.growing_log import GrowingLog
from planrace.checker.logs.judge import judged_of
from planrace.checker.logs.records import EventReader
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import Conformance, LogLine
from planrace.checker.run.request import select
from tests.logs.logs import Records, logged, random_run
from tests.logs.test_conform import mutated

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
FAULTS = ["crash", "lock-expiry"]
UNSEEN = ("crash", "expire_lock", "lose_lock")


class Written:
    """A follower of one selection, and what it has read. Times of the logs are those of the test."""

    def __init__(self, name: str, wrong: float = 0.0, lag: float = 2.0) -> None:
        selection = select(find(name), SIZES, faults=FAULTS)
        properties = judged_of(selection.instance.system.properties)
        options = FollowOptions(UNSEEN, properties, 20_000, lag)
        self.follower = LogFollower(lambda: ModelStates(selection.instance), options)
        self._reader = EventReader(selection, wrong)
        self._lines = 0
        self.announced = False

    def read(self, records: Records, now: float, *, last: bool = False) -> None:
        for record in records:
            self._lines += 1
            line = LogLine("log", self._lines, json.dumps(record))
            self._reader.add(record, line, "log", announced=self.announced)
        streams: list[Stream] = list(self._reader.streams.values())
        self.follower.go_on(streams, now, last=last)


@pytest.mark.parametrize("name", ["original", "fixed"])
@pytest.mark.parametrize("seed", range(8))
def test_the_answer_is_that_of_the_whole_logs(name: str, seed: int, tmp_path: Path) -> None:
    """Whatever lines arrive together, each at most the lag after its time: the same number of events is explained, by
    the same states; and what has no explanation is found when all that may come before it was there."""
    rng = Random(seed)
    instance = select(find(name), SIZES, faults=FAULTS).instance
    wrong = rng.choice((0.0, 0.8))
    records = logged(random_run(instance, 30, seed, UNSEEN), UNSEEN, wrong, seed)
    if seed % 2:
        records = mutated(records, rng, rng.choice(("dropped", "repeated", "swapped")))
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(r) + "\n" for r in records))
    whole = conform(name, log, SIZES, faults=FAULTS, logged=[a for a in instance.system.actions if a not in UNSEEN])
    lag = 3.0
    written = Written(name, wrong, lag)
    arrives = [r["at"] + rng.uniform(0, lag) for r in records]
    for n in range(len(records) - 1, -1, -1):  # the lines of a stream arrive in their order
        later = [arrives[m] for m in range(n + 1, len(records)) if records[m]["stream"] == records[n]["stream"]]
        arrives[n] = min([arrives[n], *later])
    told_at = None
    for now in range(45):
        batch = [r for r, at in zip(records, arrives, strict=True) if now - 1 < at <= now]
        written.read(sorted(batch, key=lambda r: arrives[records.index(r)]), float(now))
        if written.follower.ended:
            told_at = now
            break
    written.read([], 100.0, last=True)
    follower = written.follower
    if whole.explained:
        assert not follower.ended
        assert follower.explained == len(records)
        assert follower.waiting == 0
    else:
        assert whole.divergence is not None
        assert follower.ended
        assert follower.explained == whole.divergence.explained
        assert len({s for _, s in follower.nodes}) == whole.divergence.hypotheses
        if told_at is not None and not follower.doubt:
            line = min(json.loads(b.line.text)["at"] for b in whole.divergence.blocked)
            assert told_at <= line + lag + 2 * wrong + lag + 2


def test_what_may_still_come_is_waited_for() -> None:
    """The line of another stream with an earlier time comes later: without it nothing would explain the first one."""
    written = Written("fixed")
    written.read([{"stream": "a", "at": 2.0, "action": "pick_up", "parameters": [1]}], 2.5)
    assert (written.follower.explained, written.follower.ended) == (0, False)
    written.read([{"stream": "b", "at": 1.0, "action": "publish"}], 3.0)
    assert (written.follower.explained, written.follower.ended) == (0, False)
    written.read([], 4.6)
    assert (written.follower.explained, written.follower.ended) == (2, False)
    assert not written.follower.doubt


def test_a_step_that_takes_long_is_waited_for() -> None:
    """Its line comes when it is over: as long as the longest step that was read is waited for."""
    written = Written("fixed", lag=1.0)
    written.announced = True
    written.read([{"stream": "a", "at": [0.0, 4.0], "action": "publish"}], 4.0)
    written.read([{"stream": "a", "at": 6.0, "action": "pick_up", "parameters": [1]}], 6.0)
    written.read([{"stream": "b", "at": 9.5, "action": "take_lock", "parameters": [1]}], 9.5)
    written.read([], 10.4)
    assert written.follower.explained == 1
    written.read([{"stream": "c", "at": [5.5, 9.4], "action": "publish"}], 10.4)
    written.read([], 30.0)
    assert (written.follower.explained, written.follower.doubt) == (4, "")


@pytest.mark.parametrize(("took", "sure"), [(0.9, True), (1.5, False)])
def test_a_step_that_took_longer_than_the_lag_makes_a_divergence_uncertain(took: float, sure: bool) -> None:
    """The line of another one may be missing for as long, and explain everything. Unless a line says that it began."""
    for announced in (False, True):
        written = Written("fixed", lag=1.0)
        written.announced = announced
        written.read([{"stream": "a", "at": [0.0, took], "action": "publish"}], 2.0)
        written.read([{"stream": "a", "at": 9.0, "action": "flip_alias", "parameters": [1]}], 9.0)
        written.read([], 30.0)
        assert written.follower.ended
        assert (written.follower.doubt == "") == (sure or announced)


def test_a_line_that_comes_too_late_makes_a_divergence_uncertain() -> None:
    written = Written("fixed")
    written.read([{"stream": "a", "at": 2.0, "action": "publish"}], 2.5)
    written.read([], 6.0)
    assert written.follower.explained == 1
    written.read([{"stream": "b", "at": 1.0, "action": "publish"}], 6.5)
    assert "log:2 came after later ones were explained" in written.follower.doubt


def test_a_clock_that_goes_back_makes_a_divergence_uncertain() -> None:
    written = Written("fixed")
    written.read([{"at": 5.0, "action": "publish"}, {"at": 1.0, "action": "publish"}], 5.0)
    assert "the clock of log:2 is behind a line before" in written.follower.doubt


def test_serials_are_waited_for() -> None:
    """The lower number may still come, although the clock of its line may be behind."""
    written = Written("fixed", wrong=3.0, lag=1.0)
    first = {"stream": "a", "at": 2.0, "action": "pick_up", "parameters": [1], "serials": {"zone": 2}}
    written.read([first], 2.0)
    written.read([], 5.5)
    assert (written.follower.explained, written.follower.ended) == (0, False)
    written.read([{"stream": "b", "at": 4.9, "action": "publish", "serials": {"zone": 1}}], 5.6)
    written.read([], 20.0)
    assert (written.follower.explained, written.follower.ended) == (2, False)
    assert not written.follower.doubt


def test_a_long_log_is_forgotten() -> None:
    """Events and states of the past are dropped, and the search goes on as before."""
    sizes = {"enactors": 1, "endpoints": 1, "keep": 1}
    selection = select(find("fixed"), sizes)
    generations = generations_of(selection.instance)
    assert generations is not None
    reader = EventReader(replace(selection, made=generations.instance(UNBOUNDED)))
    follower = LogFollower(lambda: NormalStates(generations), FollowOptions((), [], 1000, 1.0))
    one = ("pick_up", "take_lock", "build_tree", "flip_alias", "list_old_plans")
    n = 0
    for plan in range(1, 500):
        actions = ("publish", *one, *(["delete_old_plans"] if plan > 1 else []))
        for action in actions:
            n += 1
            parameters = [] if action == "publish" else [1]
            record: dict[str, Any] = {"at": float(n), "action": action, "parameters": parameters}
            reader.add(record, LogLine("log", n), "log")
        follower.go_on(list(reader.streams.values()), float(n))
    follower.go_on(list(reader.streams.values()), float(n), last=True)
    assert follower.explained == n
    assert not follower.ended
    assert len(reader.streams["log"].events) <= 2 * KEPT + 10
    assert follower.totals == {"log": n}


def test_the_command_tells_a_divergence_soon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a file that is written while it is read."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"at": 1.0, "action": "publish"}\n')
    sizes = [word for n, v in SIZES.items() for word in ("-s", f"{n}={v}")]
    written: list[float] = []

    def write() -> None:
        time.sleep(0.5)
        with log.open("a") as file:
            file.write('{"at": 1.2, "action": "pick_up", "parameters": [1]}\n{"at": 1.3, "action": "flip_al')
            file.flush()
            time.sleep(0.3)
            file.write('ias", "parameters": [1]}\n')
        written.append(time.monotonic())

    writer = threading.Thread(target=write)
    writer.start()
    command = ["conform", "-p", "fixed", *sizes, str(log), "--follow", "--lag", "0.5", "--time-limit", "60"]
    assert run(command) == 1
    assert time.monotonic() - written[0] < 30
    writer.join()
    out, _ = capsys.readouterr()
    assert "the logs leave the model after 2 of 3 events" in out
    assert "log.jsonl:3: flip_alias(1) is not enabled" in " ".join(out.split())


def test_a_violation_is_told_at_once(tmp_path: Path) -> None:
    """And the answer is one, although the run goes on."""

    def act(i: int, *names: str) -> Records:
        return [{"action": a, "parameters": [i] if i else []} for a in names]

    flip = ("take_lock", "build_tree", "flip_alias")
    records: Records = [
        *act(0, "publish"),
        *act(2, "pick_up"),
        *act(0, "publish", "publish"),
        *act(1, "pick_up", *flip),
        *act(2, *flip[:2]),
        *act(1, "list_old_plans"),
        *act(2, "flip_alias"),
        *act(1, "delete_old_plans"),
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({"at": float(n), **r}) + "\n" for n, r in enumerate(records)))
    told: list[str] = []
    report = follow("original", log, {"enactors": 2, "endpoints": 1, "keep": 1}, time_limit=0.1, tell=told.append)
    assert report.verdict is Conformance.CONFORMS
    assert report.exit_code == 1
    assert "active-plan-never-deleted" in dict(report.violates)
    assert str(dict(report.violates)["active-plan-never-deleted"]).endswith("log.jsonl:13")
    assert any(t.startswith("active-plan-never-deleted is violated") for t in told)
    assert "violates" in render(report).splitlines()[-1] + render(report).splitlines()[-2]
    json.loads(render(report, "json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"action": "publish"}\n', "the record has no time"),
        ("", "the logs have no event"),
        ('{"action": "publish", "at": 1}\nnonsense\n', "not JSON"),
        ('{"at": 1, "action": "publ\xff"}\n', "not UTF-8"),
    ],
)
def test_wrong_logs_are_refused(text: str, message: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match=message):
        follow("fixed", log, SIZES, time_limit=0.01)


def test_a_step_that_is_open_waits_for_its_end(tmp_path: Path) -> None:
    """When the patience is over, it may have happened or not; a line that ends it later is left out."""
    log = tmp_path / "log.jsonl"
    begin = {"begins": 1, "at": 2.0, "action": "take_lock", "parameters": [1]}
    records = [{"at": 1.0, "action": "publish"}, {"at": 1.5, "action": "pick_up", "parameters": [1]}, begin]
    log.write_text("".join(json.dumps(r) + "\n" for r in records))
    ends = json.dumps({"ends": 1, "at": [2.0, 2.1], "action": "take_lock", "parameters": [1]}) + "\n"
    writer = threading.Timer(0.8, lambda: log.write_text(log.read_text() + ends))
    writer.start()
    report = follow("fixed", log, SIZES, time_limit=1.5, lag=0.1, patience=0.2)
    writer.join()
    assert report.events == 3
    assert [line.line for line in report.late] == [4]
    report = follow("fixed", log, SIZES, time_limit=0.3)
    assert report.events == 3
    assert report.late == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--follow", "--every"], "--every cannot be had with --follow"),
        (["--follow", "--explain-mapping"], "--explain-mapping cannot be had with --follow"),
        (["--lag", "3"], "--lag is for logs that are followed"),
        (["--unlogged", "crash"], "--unlogged is for logs that are followed"),
    ],
)
def test_options_that_do_not_go_together(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"action": "publish", "at": 1}\n')
    assert run(["conform", "-p", "fixed", str(log), *words]) == 2
    assert message in " ".join(capsys.readouterr()[1].split())


def test_a_step_that_is_open_may_have_been_seen_by_others(tmp_path: Path) -> None:
    """It has had its effect, and its line comes later than all lags: until then nothing diverges."""
    selection = select(find("fixed"), {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 1})
    reader = EventReader(selection)
    path = tmp_path / "planner.jsonl"
    path.write_text(json.dumps({"begins": 1, "at": 1.0, "action": "publish", "stream": "p"}) + "\n")
    log = GrowingLog(path, "p", reader, 60)
    follower = LogFollower(lambda: ModelStates(selection.instance), FollowOptions((), (), 100, 1.0))
    reader.add({"action": "pick_up", "at": 2.0}, LogLine("e.jsonl", 1, ""), "e")
    for now in (2.0, 9.0):
        log.read(now)
        follower.go_on(list(reader.streams.values()), now, held=log.soonest)
        assert (follower.explained, follower.ended) == (0, False)
    with path.open("a") as out:
        out.write(json.dumps({"ends": 1, "at": [1.0, 9.0], "action": "publish", "stream": "p"}) + "\n")
    log.read(10.0)
    assert log.soonest == math.inf
    follower.go_on(list(reader.streams.values()), 10.0, held=log.soonest, last=True)
    assert (follower.explained, follower.ended) == (2, False)


@pytest.mark.parametrize("where", ["planrace.checker.logs.growing_log.parsed", "time.sleep"])
def test_an_interruption_never_answers_without_lines(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While it waits, it is the end of the logs; in the middle of reading there is no answer, for lines may be lost."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"at": 1.0, "action": "publish"}\n{"at": 2.0, "action": "publish"}\n')

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    code = run(["conform", "-p", "fixed", str(log), "--follow"])
    out, err = capsys.readouterr()
    if where == "time.sleep":
        assert code == 0
        assert "explains all 2 events" in out
    else:
        assert code == 130
        assert "explains" not in out
        assert "when 0 events had been explained" in " ".join(err.split())
