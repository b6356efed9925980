"""How far a long search is: told while it runs and where a limit ends it, without changing what it finds."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from planrace.checker import Options, Report, Verdict, check, find, render
from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast import profile
from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.sample import sampled
from planrace.checker.api.progress import line
from planrace.checker.engines.limits import LimitGuard, Limits, Progress, until
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.report.errors import ReadError
from planrace.checker.report.json.read import report_of
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.wording import share_text
from planrace.checker.run import search_share
from tests import ROOT

SIZES = {"enactors": 2, "endpoints": 2, "plans": 3, "keep": 2}
STATES = 103_624
"""Of ``fixed`` in this size with crashes and expiring locks."""
ASKED: dict[str, Any] = {
    "engine": "native",
    "properties": ("plans-never-regress",),
    "symmetry": False,
    "slicing": False,
}


def searched(faults: tuple[str, ...] = ("crash", "lock-expiry"), **options: Any) -> Report:
    return check(find("fixed"), SIZES, faults=faults, options=Options(**{**ASKED, **options}))


def share_of(report: Report) -> tuple[float, float] | None:
    assert report.exploration is not None
    return report.exploration.found_share


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search is long, and there is time enough on a busy machine."""
    monkeypatch.setattr(search_share, "LONG", 0.0)
    monkeypatch.setattr(search_share, "SECONDS", 20.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("most", [40_000, 60_000, 80_000])
def test_a_search_that_a_bound_ends_says_how_far_it_came(most: int) -> None:
    report = searched(max_states=most)
    share, covered = share_of(report), report.exploration
    assert share is not None
    assert covered is not None
    assert most <= covered.states < STATES
    assert share[0] <= covered.states / STATES <= share[1]
    words = f"As far as smaller instances tell, it has found {share_text(*share)} of all states."
    assert words in " ".join(render(report, "text").split())
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]
    assert not any(w.kind in ("unavailable", "not told") for w in report.warnings)


def test_only_long_searches_do() -> None:
    assert share_of(searched(max_states=60_000)) is None


@pytest.mark.usefixtures("at_once")
def test_there_is_none_where_the_search_is_not_of_all_states() -> None:
    assert share_of(searched()) is None  # complete
    assert share_of(searched(depth=20)) is None
    assert share_of(searched(depth=200, max_states=60_000)) is None
    assert share_of(searched(normalise="generation", max_states=60_000)) is None
    assert share_of(searched(engine="explicit", max_states=30_000)) is None


@pytest.mark.usefixtures("at_once")
def test_json_has_it_and_is_read_back() -> None:
    report = searched(max_states=60_000)
    data = json.loads(render(report, "json"))
    jsonschema.validate(data, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert data["exploration"]["found_share"] == list(share_of(report) or ())
    assert share_of(report_of(data)) == share_of(report)
    for wrong in ([0.0, 0.5], [0.5, 0.4], [0.5, 1.5], [-1, 0.5]):
        data["exploration"]["found_share"] = wrong
        with pytest.raises(ReadError, match=r"exploration\.found_share: it is no pair of shares"):
            report_of(data)
    data["exploration"]["found_share"] = [0.5]
    with pytest.raises(ReadError, match=r"exploration\.found_share"):
        report_of(data)


@pytest.mark.usefixtures("at_once")
def test_the_progress_of_a_search_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planrace.checker.engines.limits.INTERVAL", 0.0)
    heard: list[Progress] = []
    plain = searched(exhaustive=True)
    report = searched(exhaustive=True, listener=heard.append)
    told = [(e.states / STATES, e.share) for e in heard if e.share is not None]
    assert len(told) >= 5
    assert all(low <= truth <= high for truth, (low, high) in told)
    assert [f.verdict for f in report.findings] == [f.verdict for f in plain.findings]
    assert share_of(report) is None


@pytest.mark.usefixtures("at_once")
def test_nothing_is_counted_while_a_time_limit_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is when that has ended the search."""
    monkeypatch.setattr("planrace.checker.engines.limits.INTERVAL", 0.0)
    heard: list[Progress] = []
    searched(exhaustive=True, listener=heard.append, time_limit=600)
    assert len(heard) > 20
    assert not any(e.share for e in heard)
    look = LimitGuard.look

    def late(self: LimitGuard, states: int, transitions: int, depth: int) -> StopReason | None:
        ended = StopReason(StopKind.TIME, "the time limit of 600 s was reached")
        return ended if states > 60_000 else look(self, states, transitions, depth)

    monkeypatch.setattr(LimitGuard, "look", late)
    assert share_of(searched(time_limit=600)) is not None


@pytest.mark.usefixtures("at_once")
def test_nothing_is_counted_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planrace.checker.engines.limits.INTERVAL", 0.0)
    for more, some in ((2**20, False), (2**40, True)):
        heard: list[Progress] = []
        share = search_share.SearchShare(find("fixed").system().instance(), Limits(memory=2**36 + more), heard.append)
        monkeypatch.setattr(search_share, "memory_in_use", lambda: 2**36)
        counted: list[object] = []
        monkeypatch.setattr(share, "_share", lambda states, counted=counted: counted.append(states))
        assert share.listener is not None
        share.listener(Progress("searching", 10, 10, 1, 30.0, 0))
        assert bool(counted) is some
        assert len(heard) == 1


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("problem", [ValueError("a defect"), MemoryError(), KeyboardInterrupt()])
def test_what_fails_there_changes_no_verdict(problem: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise problem

    monkeypatch.setattr(profile.ShareTable, "share", fails)
    report = searched(max_states=60_000)
    assert share_of(report) is None
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]
    assert report.interrupted is isinstance(problem, KeyboardInterrupt)
    assert any("estimates of how far it came" in w.message for w in report.warnings)


class Table:
    """Says always the same, and remembers what it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def share(self, found: tuple[int, ...]) -> ForecastInterval:
        self.asked.append(len(found))
        return ForecastInterval(0.2, 0.3, 0.4)


def test_the_share_grows_within_a_level_and_is_estimated_once_for_each() -> None:
    share = search_share.SearchShare(find("fixed").system().instance(), Limits(), None)
    search: Any = SimpleNamespace(found=[1, 100], kernel=SimpleNamespace(normalised=None))
    table: Any = Table()
    share.watch(search, {"symmetric": False})
    share._tables.append(table)
    assert [share._share(n) for n in (100, 150, 900)] == [(0.2, 0.4), pytest.approx((0.3, 0.6)), (1.0, 1.0)]
    search.found.append(200)
    assert share._share(200) == (0.2, 0.4)
    assert table.asked == [2, 3]
    share.watch(search, {"symmetric": False})  # another search of the same states
    share._share(200)
    assert table.asked == [2, 3, 3]
    share.watch(search, {"symmetric": True})
    assert not share._tables


@pytest.mark.usefixtures("at_once")
def test_smaller_instances_are_searched_as_the_search_is_also_after_its_time() -> None:
    asked = find("fixed").system().instance(enactors=2, endpoints=1, plans=3, keep=1)
    nearest = []
    for symmetric in (True, False):
        share = search_share.SearchShare(asked, Limits(), None)
        share.watch(SimpleNamespace(found=[1, 2], kernel=SimpleNamespace(normalised=None)), {"symmetric": symmetric})  # type: ignore[arg-type]
        with until(0.0):
            share._share(2)
        (table,) = share._tables
        assert table is not None
        assert table._nearest is not None
        nearest.append(sum(table._nearest.levels))
    assert nearest[0] < nearest[1]


def test_a_search_knows_its_levels() -> None:
    asked = find("fixed").system().instance(enactors=2, endpoints=1, plans=3, keep=1)
    search = NativeSearch(asked, [], exhaustive=True, workers=2)
    search.run()
    _, sample = sampled(asked, SearchBudget(states=1_000, seconds=60.0))
    assert [b - a for a, b in zip([0, *search.found], search.found, strict=False)] == list(sample.levels)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ((0.401, 0.702), "40 to 71 %"),
        ((0.5, 0.991), "at least 50 %"),
        ((0.001, 0.4), "1 to 40 %"),
        ((0.5, 0.5), "50 %"),
    ],
)
def test_shares_in_words(share: tuple[float, float], words: str) -> None:
    assert share_text(*share) == words


def test_the_progress_line() -> None:
    event = Progress("searching", 1000, 0, 5, 1.0, 2**20, (0.25, 0.5))
    assert line(event).endswith(", 1 s, 25 to 50 % of all states")
    assert line(event, None, 3000.0) == line(event)  # in place of the rule of thumb
    assert line(event, 4000.0).endswith(", 25 to 50 % of all states, at most about 4,000 to come (4 s)")
