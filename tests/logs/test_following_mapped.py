"""Logs of any text that are followed, by a mapping: as if they had been read when they were complete."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planrace import ModelError, conform, find, follow
from planrace.checker.logs.following import FollowOptions, LogFollower
from planrace.checker.logs.mapping.file import read_mapping
from planrace.checker.logs.mapping.growing import GrowingMappedLog
from planrace.checker.logs.mapping.reader import MappedLogs
from planrace.checker.logs.mapping.watch import LineWatch
from planrace.checker.logs.records import EventReader
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import Conformance
from planrace.checker.run.request import select
from tests.logs.logs import logged, random_run

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
FAULTS = ["crash", "lock-expiry"]
UNSEEN = ("crash", "expire_lock", "lose_lock")
MAPPING = """
line = '^(?P<at>[0-9.]+) (?P<who>[a-z0-9-]+) '
ignore = ['heartbeat']
[every]
at = "{at}"
stream = "{who}"
"""
STEP = """
[[step]]
begin = 'begins ACTION(?P<id>[0-9]+)(?: of (?P<i>[0-9]+))?$'
match = 'ends ACTION(?P<id>[0-9]+)(?: of (?P<i>[0-9]+))?(?: as (?P<how>[a-z-]+))?$'
key = "{who} {id}"
action = "ACTION"
rare = true
"""


def mapping_of(folder: Path, actions: list[str]) -> Path:
    path = folder / "mapping.toml"
    steps = [
        STEP.replace("ACTION", a)
        + ("" if a == "publish" else 'parameters = { i = "{i}" }\n')
        + ('outcome = "{how}"\n' if a in ("flip_alias", "list_old_plans", "delete_old_plans") else "")
        for a in actions
    ]
    path.write_text(MAPPING + "".join(steps))
    return path


def lines_of(records: list[dict[str, Any]], rng: Random) -> list[tuple[float, str]]:
    """A line when a step begins and one when it ends, with what stands between them; some ends are missing."""
    found: list[tuple[float, str]] = []
    for n, r in enumerate(records):
        i = f" of {r['parameters']['i']}" if r["parameters"] else ""
        how = f" as {r['outcome']}" if "outcome" in r else ""
        who, at = r["stream"].replace(" ", "-"), r["at"] + 10
        found.append((at - 0.4, f"{at - 0.4:.3f} {who} begins {r['action']}{n}{i}"))
        found.append((at, f"{at:.3f} {who} heartbeat" if n % 3 else f"{at:.3f} {who} strange"))
        if rng.random() < 0.9:
            end = at + rng.choice((0.0, 0.3))
            found.append((end, f"{end:.3f} {who} ends {r['action']}{n}{i}{how}"))
    return sorted(found, key=lambda line: line[0])


class Follower:
    """Follows one file of text, at times that the test says."""

    def __init__(self, log: Path, mapping: Path, patience: float) -> None:
        selection = select(find("fixed"), SIZES, faults=FAULTS)
        self.reader = EventReader(selection)
        self.mapped = MappedLogs(read_mapping(mapping), self.reader)
        self.log = GrowingMappedLog(log, "log", self.mapped, patience, LineWatch(False))
        self.follower = LogFollower(lambda: ModelStates(selection.instance), FollowOptions(UNSEEN, (), 20_000, 1.0))

    def look(self, now: float, *, last: bool = False) -> None:
        self.log.read(now, last=last)
        self.follower.go_on([*self.reader.streams.values()], now, held=self.log.soonest, last=last)


@pytest.mark.parametrize("seed", range(12))
def test_the_answer_is_that_of_the_whole_log(seed: int, tmp_path: Path) -> None:
    """Steps of several lines, some of them never completed, and lines that are no steps."""
    rng, instance = Random(seed), select(find("fixed"), SIZES, faults=FAULTS).instance
    records = logged(random_run(instance, 14, seed, UNSEEN), UNSEEN)
    if seed % 2:
        del records[rng.randrange(len(records))]
    mapping = mapping_of(tmp_path, [a for a in instance.system.actions if a not in UNSEEN])
    lines, log = lines_of(records, rng), tmp_path / "a.log"
    log.write_text("".join(f"{text}\n" for _, text in lines))
    whole = conform("fixed", log, SIZES, faults=FAULTS, mapping=mapping)
    log.write_text("")
    followed = Follower(log, mapping, math.inf)
    for now in range(9, 30):
        with log.open("a") as file:
            file.write("".join(f"{text}\n" for at, text in lines if now - 1 < at <= now))
        followed.look(float(now))
        if followed.follower.ended:
            break
    followed.look(100.0, last=True)
    assert followed.follower.ended == (whole.verdict is Conformance.DIVERGES)
    if not followed.follower.ended:
        assert followed.follower.totals == {s.name: s.events for s in whole.streams}
        assert followed.mapped.unrecognised == whole.ignored


def test_a_step_that_is_given_up_is_late_when_it_is_completed(tmp_path: Path) -> None:
    """After the patience it may have happened or not; until then it holds up what others have seen."""
    log, mapping = tmp_path / "a.log", mapping_of(tmp_path, ["publish", "pick_up"])
    log.write_text("10.0 planner begins publish1\n10.5 e-1 begins pick_up2 of 1\n10.6 e-1 ends pick_up2 of 1\n")
    followed = Follower(log, mapping, 20.0)
    followed.look(11.0)
    followed.look(30.0)
    assert (followed.follower.explained, followed.follower.ended) == (0, False)
    followed.look(31.5)
    assert (followed.follower.explained, followed.follower.ended) == (1, False)
    with log.open("a") as file:
        file.write("32.0 planner ends publish1\n")
    followed.look(32.0)
    assert [line.line for line in followed.log.late] == [4]
    with log.open("a") as file:
        file.write("33.0 planner begins publish1\n34.0 planner begins publish1\n35.0 planner ends publish1\n")
    followed.look(35.0, last=True)
    assert sum(followed.follower.totals.values()) == 4
    assert not followed.follower.ended


def test_the_command_takes_a_mapping(tmp_path: Path) -> None:
    """What it does not name may happen unseen, and what it does not recognise is counted."""
    log, mapping = tmp_path / "a.log", mapping_of(tmp_path, ["publish", "take_lock"])
    lines = ["begins publish1", "ends publish1", "strange", "begins take_lock1 of 1", "ends take_lock1 of 1"]
    log.write_text("".join(f"{n}.0 p {line}\n" for n, line in enumerate(lines)))
    report = follow("fixed", log, SIZES, mapping=mapping, time_limit=0.01)
    assert report.verdict is Conformance.CONFORMS
    assert report.ignored == 1
    assert len(report.hidden) == 1, "somebody picks the plan up"
    assert "pick_up" in report.silent
    assert "take_lock" not in report.silent
    only = follow("fixed", log, SIZES, mapping=mapping, unlogged=["crash"], faults=["crash"], time_limit=0.01)
    assert only.verdict is Conformance.DIVERGES


def test_telemetry_is_not_followed(tmp_path: Path) -> None:
    mapping, log = tmp_path / "m.toml", tmp_path / "a.json"
    mapping.write_text('form = "otlp"\n[[step]]\nmatch = { name = \'^publish$\' }\naction = "publish"\n')
    log.write_text("")
    with pytest.raises(ModelError, match="OTLP JSON cannot be followed"):
        follow("fixed", log, SIZES, mapping=mapping, time_limit=0.01)
