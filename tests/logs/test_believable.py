"""Answers on logs must be believable: each of these was a wrong verdict once, or a sentence that was not so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planrace import If, ModelError, Protocol, array, boolean, conform, find, integers, step, update, when
from planrace.checker.logs.events import LogEvent, StepPattern
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.first_run import FirstRun
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import Conformance, LogLine
from planrace.checker.run.request import select
from tests.logs.logs import Records

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


def written(path: Path, records: Records) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def test_logs_of_one_name_in_two_folders_are_two_streams(tmp_path: Path) -> None:
    """As one stream, the lines of the second would all come after those of the first."""
    first = written(tmp_path / "a" / "app.log", [{"action": "pick_up", "parameters": [1], "at": 2}])
    second = written(tmp_path / "b" / "app.log", [{"action": "publish", "at": 1}])
    report = conform("fixed", [first, second], SIZES)
    assert report.verdict is Conformance.CONFORMS
    assert [s.name for s in report.streams] == [str(first), str(second)]
    (tmp_path / "link.log").symlink_to(first)
    for twice in ([first, first], [first, tmp_path / "link.log"]):
        with pytest.raises(ModelError, match=r"named twice|are one file"):
            conform("fixed", twice, SIZES)


def test_of_a_clock_that_goes_back_neither_reading_is_believed(tmp_path: Path) -> None:
    """The clock of the Planner was ahead and was set right. Enactor 1 came between: after the first line, or the
    second."""
    records: Records = [
        {"stream": "planner", "action": "publish", "at": 10.1},
        {"stream": "planner", "action": "publish", "at": 9.9},
        {"stream": "enactor", "action": "pick_up", "parameters": [1], "at": 10.0},
    ]
    for plan in (1, 2):
        records[2]["after"] = {"plan": {"1": plan}}
        report = conform("fixed", written(tmp_path / "a.jsonl", records), SIZES)
        assert report.verdict is Conformance.CONFORMS
    records[2]["at"] = 9.8  # certainly before both
    assert conform("fixed", written(tmp_path / "a.jsonl", records), SIZES).verdict is Conformance.DIVERGES


def test_logs_that_contradict_themselves_are_an_error(tmp_path: Path) -> None:
    records: Records = [
        {"stream": "a", "action": "publish", "at": 1, "serials": {"zone": 2}},
        {"stream": "b", "action": "publish", "at": 5, "serials": {"zone": 1}},
    ]
    with pytest.raises(ModelError, match="contradict themselves") as raised:
        conform("fixed", written(tmp_path / "a.jsonl", records), SIZES)
    assert "a.jsonl:1 comes after" in raised.value.what
    assert "by the serial zone, 2 after 1" in raised.value.what
    assert "by their clocks" in raised.value.what


def test_a_bound_of_hidden_steps_is_one_between_two_events(tmp_path: Path) -> None:
    """Two hidden steps, one before each of two events; the first could be postponed, and then there were two."""
    records: Records = [
        {"action": "publish"},
        {"action": "pick_up", "parameters": [1]},
        {"action": "pick_up", "parameters": [2]},
        {"action": "flip_alias", "parameters": [1]},
    ]
    report = conform("fixed", written(tmp_path / "a.jsonl", records), SIZES, hidden=1)
    assert report.verdict is Conformance.CONFORMS
    assert len(report.hidden) == 2


def test_a_bound_that_is_never_reached_leaves_nothing_open(tmp_path: Path) -> None:
    """Nothing but `take_lock` is unseen, and it happens once at most."""
    records: Records = [{"action": "publish"}, *({"action": a, "parameters": [1]} for a in ("pick_up", "flip_alias"))]
    log = written(tmp_path / "a.jsonl", records)
    logged = [a for a in select(find("fixed"), SIZES).instance.system.actions if a != "take_lock"]
    assert conform("fixed", log, SIZES, logged=logged, hidden=1).verdict is Conformance.DIVERGES


def test_what_is_remembered_of_an_event_is_not_told_of_another() -> None:
    """Events of repairs live for a moment, and the next may be at the same address."""
    states = ModelStates(select(find("fixed"), SIZES).instance)
    steps = EventSteps(states, ())
    ((start, _),) = states.starts()
    (published,) = states.moves(start, "publish")
    for n in range(20):
        i = 1 + n % 2
        (told,) = steps.direct((published.number, ()), LogEvent(LogLine("a", 1), (StepPattern("pick_up", (i,)),)))
        assert told.picks == (("pick_up", (i,)),)


def test_an_interruption_says_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(search: FirstRun, _starts: object) -> None:
        search.deepest = 1
        raise KeyboardInterrupt

    monkeypatch.setattr(FirstRun, "search", interrupted)
    report = conform("fixed", written(tmp_path / "a.jsonl", [{"action": "publish"}] * 2), SIZES)
    assert report.exit_code == 130
    assert str(report.stopped) == "it was interrupted; 1 of 2 events were explained by then"


# Models of a few lines -------------------------------------------------------------------------------------------
def small() -> Protocol:
    """Guards that have no value where they are not evaluated."""
    p = Protocol("small")
    row = integers(1, 2)
    n = p.variable("n", integers(0, 2), 0)
    cells = p.variable("cells", array(integers(1, 2), boolean()), True)
    grid = p.variable("grid", array(row, array(row, boolean())), False)

    @p.action(by="worker")
    def guarded():  # type: ignore[no-untyped-def]
        return step(when(If(n == 0, False, cells[n])), update(n, 0))

    @p.action(by="worker")
    def parts():  # type: ignore[no-untyped-def]
        return step(when(grid[1][1], cells[n]), update(n, 0))

    @p.action(*[integers(0, 10, f"x{k}") for k in range(3)], by="worker")
    def wide(a, b, c):  # type: ignore[no-untyped-def]
        return step(when(a + b + c == 30, n == 0), update(n, 1))

    return p


def asked(folder: Path, *records: dict[str, Any]) -> Any:
    return conform(small(), written(folder / "a.jsonl", list(records)), hidden=0)


def test_a_part_of_a_guard_that_is_not_evaluated_has_no_value(tmp_path: Path) -> None:
    report = asked(tmp_path, {"action": "guarded"})
    assert report.divergence is not None
    (blocked,) = report.divergence.blocked
    assert "is not enabled" in blocked.why
    assert "n = 0" in blocked.why


@pytest.mark.parametrize("action", ["parts", "wide"])
def test_what_cannot_be_judged_is_not_wrong(action: str, tmp_path: Path) -> None:
    """An earlier part that is open, and parameters of which not all values are tried."""
    (rate,) = asked(tmp_path, {"action": "wide"}, {"action": action, "before": {"n": 0}}).rates
    assert (rate.passed, rate.failed, rate.unknown) == (0, 0, 1)
