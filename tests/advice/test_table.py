"""Forecasts from a table of small instances: the arithmetic, by hand-computed numbers; which instances are counted;
what the interval holds."""

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from planrace.checker import find
from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.filling import SMALL, InstanceTable, filled
from planrace.checker.advice.forecast.forecast import Forecast, Forecaster, _estimated, forecast, shares
from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.rate import Rate, bytes_in_runs, measured
from planrace.checker.advice.forecast.render import forecast_document
from planrace.checker.advice.forecast.sample import SearchSample, sampled
from planrace.checker.advice.forecast.stores import stores
from planrace.checker.advice.forecast.table import FINEST, Point, extrapolated, extrapolation, predicted, second
from planrace.checker.advice.formatting import rounded
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.report.text.plain import render_plain
from planrace.model.language import If, Instance, Protocol, Step, Term, integers, step, update, when
from tests import ROOT

FIXED: dict[Point, int] = {
    (2, 1, 2): 448,
    (2, 1, 3): 2_444,
    (2, 1, 4): 10_823,
    (2, 2, 2): 5_871,
    (2, 2, 3): 52_373,
    (2, 2, 4): 362_998,
    (2, 3, 2): 48_329,
    (2, 3, 3): 589_896,
    (2, 3, 4): 5_564_166,
    (3, 1, 2): 1_737,
    (3, 1, 3): 13_702,
    (3, 1, 4): 82_342,
    (3, 2, 2): 43_804,
    (3, 2, 3): 599_045,
    (3, 2, 4): 5_845_321,
    (3, 3, 2): 624_124,
    (3, 3, 3): 12_142_194,
}
"""Orbits of ``fixed`` with crashes and expiring locks, by Enactors, endpoints and plans."""
LOGS = {v: math.log(n) for v, n in FIXED.items()}
TRUTH = math.log(164_028_570)


def square(f: Callable[[int, int], float], side: int = 4) -> dict[Point, float]:
    return {(a, b): f(a, b) for a, b in itertools.product(range(1, side + 1), repeat=2)}


# Arithmetic ------------------------------------------------------------------------------------------------------
def test_second_differences_by_hand() -> None:
    f: dict[Point, float] = {(1, 1): 1.0, (1, 2): 3.0, (2, 1): 4.0, (2, 2): 8.0}
    assert second(f, (2, 2), 0, 1) == 8 - 3 - 4 + 1
    assert second(f, (2, 2), 0, 0) is None
    squares: dict[Point, float] = {(n,): float(n * n) for n in (1, 2, 3)}
    assert second(squares, (3,), 0, 0) == 9 - 2 * 4 + 1


def test_without_a_second_difference_growth_goes_on_in_two_ways() -> None:
    """4 + 3 - 1 = 6 if the factors do not depend on each other; 4 · 3 / 2 = 6 with a corner of 2 where they do."""
    assert predicted({(1, 1): 1.0, (1, 2): 3.0, (2, 1): 4.0}, (2, 2)) == 6.0
    assert predicted({(1, 1): 2.0, (1, 2): 3.0, (2, 1): 4.0}, (2, 2)) == pytest.approx((5.0 + 6.0) / 2)


def test_a_second_difference_stays_or_slopes_or_shrinks() -> None:
    line: dict[Point, float] = {(n,): x for n, x in enumerate((0.0, 10.0, 19.0))}
    assert predicted(line, (3,)) == 2 * 19 - 10 - 1  # the last one was 19 - 20 = -1
    line[(3,)] = 27.5  # then one of -0.5: half of it is left for the next
    assert predicted(line, (4,)) == pytest.approx(2 * 27.5 - 19 - 0.25)
    line[(3,)] = 28.5  # of 0.5: no proportion, for the sign changes; the slope is 1.5
    assert predicted(line, (4,)) == pytest.approx(2 * 28.5 - 19 + 2.0)


def test_a_second_difference_at_most_doubles() -> None:
    line: dict[Point, float] = {(n,): x for n, x in enumerate((0.0, 1.0, 2.1, 4.2))}  # 0.1, then 1.0
    assert predicted(line, (4,)) == pytest.approx(2 * 4.2 - 2.1 + 2.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: 1.0 + 2 * a + 3 * b,  # exponential
        lambda a, b: a * b + 0.5 * a * a,  # more than exponential
        lambda a, b: 5.0 + a * (1 - 0.5**b),  # bounded in b
    ],
)
def test_even_growth_is_continued_exactly(f: Callable[[int, int], float]) -> None:
    table = square(f)
    truth = table.pop((4, 4))
    assert extrapolated(table, (4, 4)) == pytest.approx(truth)
    del table[4, 3], table[3, 4]
    assert extrapolated(table, (4, 4)) == pytest.approx(truth)


# Intervals -------------------------------------------------------------------------------------------------------
def test_the_large_instance_of_the_issue() -> None:
    """164,028,570 orbits, which were once said to be 5,097,740 or more."""
    told = extrapolation(LOGS, (3, 3, 4))
    assert told is not None
    assert abs(told.log - TRUTH) < math.log(1.1)
    assert abs(told.log - TRUTH) < told.doubt < math.log(4)
    far = extrapolation({v: x for v, x in LOGS.items() if x < math.log(1_000_000)}, (3, 3, 4))
    assert far is not None
    assert abs(far.log - TRUTH) < math.log(2)


def test_the_interval_is_the_greatest_error_of_points_left_out() -> None:
    """A kink in one row makes the points behind it wrong, and the interval wide."""
    even = extrapolation(square(lambda a, b: 3.0 + a + b), (5, 4))
    assert even is not None
    assert even.doubt == FINEST
    kink = extrapolation(square(lambda a, b: 3.0 + a + b + (0.5 if a >= 4 else 0.0)), (5, 4))
    assert kink is not None
    assert len(kink.errors) == 4
    assert kink.doubt == max(map(abs, kink.errors)) >= 0.5


def test_few_points_left_out_make_it_wider() -> None:
    line: dict[Point, float] = {(n,): 4.0 + 2 * n + (0.1 if n == 4 else 0.0) for n in range(1, 5)}
    told = extrapolation(line, (5,))
    assert told is not None
    assert told.errors
    assert told.doubt == pytest.approx(max(map(abs, told.errors)) * 4 / len(told.errors))


def test_odd_and_even_sizes_do_not_make_it_sure() -> None:
    """States that come with every second step only: either the interval holds the truth, or there is none."""

    def f(a: int, b: int) -> float:
        return 3.0 + 1.5 * (a // 2) + b

    told = {n: extrapolation({v: x for v, x in square(f, 8).items() if v[0] < n}, (n, 4)) for n in (4, 5, 6, 7, 8)}
    assert any(t is not None and t.errors for t in told.values())
    assert all(t is None or abs(t.log - f(n, 4)) <= t.doubt for n, t in told.items())


def test_bounded_and_empty_tables() -> None:
    assert extrapolation({}, (3, 3)) is None
    assert extrapolation({(1, 1): 2.0}, (3, 3)) is None
    assert extrapolation({(5, 1): 2.0, (4, 1): 1.0, (3, 1): 0.5}, (3, 3)) is None  # greater ones say nothing
    told = extrapolation(square(lambda a, b: 6.0), (5, 4))
    assert told is not None
    assert math.isclose(told.log, 6.0)


def test_a_far_instance_is_not_smaller_than_near_ones() -> None:
    shrinking = square(lambda a, b: 20.0 - (a + b) ** 2 / 8)
    assert extrapolation(shrinking, (6, 6)) is None


# Which instances are counted -------------------------------------------------------------------------------------
def counting(
    states: Callable[[Point], int], asked: list[Point]
) -> Callable[[Instance, int, float], SearchSample | None]:
    def count(instance: Instance, most: int, seconds: float) -> SearchSample | None:
        assert seconds >= 0
        asked.append(instance.values)
        found = states(instance.values)
        return None if found > most else SearchSample(found, 2 * found, (1, found - 1), complete=True, seconds=0.0)

    return count


def dns(*values: int) -> Instance:
    return replace(find("fixed").system().instance(), values=values)


def test_small_instances_and_near_ones_are_counted() -> None:
    asked: list[Point] = []
    table = filled(dns(3, 3, 4, 1), counting(lambda v: 10 ** sum(v[:3]), asked), 60.0, 1e6)
    assert all(all(x <= y for x, y in zip(v, (3, 3, 4, 1), strict=True)) for v in asked)
    assert (3, 3, 4, 1) not in asked
    small = {v for v in table.counted if 10 ** sum(v[:3]) <= SMALL}
    assert small == {(1, 1, 1, 0), (1, 1, 1, 1)}
    assert max(10 ** sum(v[:3]) for v in table.counted) == 10**7
    assert table.unchanging == ("keep",)


def test_what_takes_longer_than_the_time_left_is_not_begun() -> None:
    asked: list[Point] = []
    filled(dns(3, 3, 4, 1), counting(lambda v: 10 ** sum(v[:3]), asked), 5.0, 1e4)
    assert max(10 ** sum(v[:3]) for v in asked) == 10**4
    assert filled(dns(3, 3, 4, 1), counting(lambda v: 10, asked), -1.0, 1e4).counted == {}


def test_what_takes_too_much_memory_is_not_begun() -> None:
    asked: list[Point] = []
    filled(dns(3, 3, 4, 1), counting(lambda v: 10 ** sum(v[:3]), asked), 60.0, 1e9)
    assert max(10 ** sum(v[:3]) for v in asked) == 10**7


def test_the_nearest_instance_is_the_greatest_of_those() -> None:
    sizes: dict[Point, int] = {(1, 1, 1, 1): 10, (2, 1, 1, 1): 20, (1, 2, 1, 1): 30, (1, 1, 1, 0): 50}
    samples = {v: SearchSample(n, n, (n,), complete=True, seconds=0.0) for v, n in sizes.items()}
    nearest = InstanceTable(dns(2, 2, 1, 1), samples).nearest
    assert nearest is not None
    assert nearest.states == 30


def test_an_instance_that_is_far_from_all_that_can_be_counted_has_no_table() -> None:
    asked: list[Point] = []
    assert filled(dns(8, 8, 15, 15), counting(lambda v: 10 ** sum(v), asked), 60.0, 1e6).counted == {}


# Forecasts -------------------------------------------------------------------------------------------------------
def made() -> Forecast:
    asked = find(str(ROOT / "examples" / "rollout.py") + ":fixed").system().instance(workers=4, versions=4)
    return forecast(asked, budget=SearchBudget(states=1_000, seconds=60, total=60, native=False), symmetric=False)


@pytest.fixture(scope="module")
def rollout() -> Forecast:
    return made()


def test_a_forecast_from_a_table(rollout: Forecast) -> None:
    truth = forecast(
        find(str(ROOT / "examples" / "rollout.py") + ":fixed").system().instance(workers=4, versions=4),
        budget=SearchBudget(states=100_000, seconds=60, native=False),
        symmetric=False,
    )
    assert truth.states is not None
    assert truth.transitions is not None
    assert rollout.states is not None
    assert rollout.transitions is not None
    assert rollout.states.low <= truth.states.low <= rollout.states.high
    assert truth.states.low / 2 < rollout.states.middle < truth.states.low * 2
    assert truth.transitions.low / 2 < rollout.transitions.middle < truth.transitions.low * 2
    assert rollout.levels is not None
    assert abs(rollout.levels - len(truth.sample.levels)) <= 2
    assert "smaller instances" in rollout.how
    assert len(rollout.counted) > 8
    assert rollout.counted["workers=1, versions=1"] == 5


def test_what_a_forecast_shows(rollout: Forecast) -> None:
    text = " ".join(render_plain(forecast_document(rollout)).split())
    assert re.search(r"It takes about [\d,]+ transitions", text)
    assert "machines of 16.0 GiB" in text
    assert re.search(r"hash .* MiB", text)
    assert f"About {rollout.levels} levels" in text
    assert "of all states" in text


def test_what_a_forecast_shows_is_not_narrower_than_what_was_computed(rollout: Forecast) -> None:
    """5,097,740 states were found, and "between 5,100,000 and …" would exclude them."""
    wide = ForecastInterval(5_097_740.0, 5_500_000.0, 6_120_001.0)
    size = ForecastInterval(1.19 * 2**30, 1.5 * 2**30, 1.91 * 2**30)
    told = replace(rollout, states=wide, seconds=ForecastInterval(3.9, 4.5, 5.1), memory=size)
    text = " ".join(render_plain(forecast_document(told)).split())
    assert "about 5,500,000 states, between 5,000,000 and 6,200,000" in text
    assert "between 3 s and 6 s" in text
    assert "between 1.1 GiB and 2.0 GiB" in text
    same = replace(told, seconds=ForecastInterval(3.4, 3.4, 3.4))
    assert "Time: 3 s." in " ".join(render_plain(forecast_document(same)).split())


@pytest.mark.parametrize(
    ("amount", "words"), [(0.4, "0"), (7.6, "8"), (99.7, "100"), (1_250, "1,200"), (164e6, "160,000,000")]
)
def test_two_significant_digits(amount: float, words: str) -> None:
    assert rounded(amount) == words
    low, high = (float(rounded(amount, to).replace(",", "")) for to in (math.floor, math.ceil))
    assert low <= amount <= high <= 1.1 * amount + 1


def unequal(*counts: int) -> Protocol:
    """As many states as ``counts`` says for each value of its only parameter, and a few steps between them."""
    protocol = Protocol("unequal")
    size = protocol.parameter("size", 1, 1, len(counts))
    at = protocol.variable("at", integers(0, max(counts)), 0)

    @protocol.action(by="somebody")
    def go() -> Step:
        most: Term | int = counts[0] - 1
        for n, count in enumerate(counts[1:], 2):
            most = If(size >= n, count - 1, most)
        return step(when(at < most), update(at, at + 1))

    return protocol


@pytest.mark.parametrize(("counts", "told"), [((50, 50, 50, 200), False), ((4, 20, 100, 3_000), True)])
def test_predictions_from_smaller_instances_are_no_exact_count(counts: tuple[int, ...], told: bool) -> None:
    """Where they are the same, or less than what was found, nothing was counted."""
    asked = unequal(*counts).system().instance(size=4)
    made = Forecaster(asked, None, SearchBudget(states=200, seconds=60, total=60, native=False), symmetric=False)
    states, how = made._growing(110)
    assert (states is not None) == told
    assert states is None or not states.exact
    assert told or "cannot be right" in how


def test_predictions_that_differ_too_much_are_none() -> None:
    asked = unequal(4, 5, 150, 3_000).system().instance(size=4)
    made = Forecaster(asked, None, SearchBudget(states=200, seconds=60, total=60, native=False), symmetric=False)
    states, how = made._growing(200)
    assert states is None
    assert "differ too much" in how


@pytest.mark.parametrize(
    ("by_table", "told"),
    [((90, 120, 400), (100, 120, 300)), ((500, 600, 900), (100, 170, 300)), (None, (100, 170, 300))],
)
def test_where_levels_shrink_both_intervals_hold(
    by_table: tuple[int, int, int] | None, told: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they contradict each other, the levels, which are the search's own, decide."""
    made = Forecaster(dns(1, 1, 1, 0), None, SearchBudget(native=False), symmetric=False)
    found = None if by_table is None else (ForecastInterval(*by_table), "by the table")
    monkeypatch.setattr(made, "_falling", lambda sample: (ForecastInterval(100, 170, 300), "by levels"))
    monkeypatch.setattr(made, "_extrapolated", lambda at_least: found)
    rate = Rate("explicit", 100, False, 10, 10, (10.0, 20.0), (0.0, 0.0))
    states, _ = made._states(SearchSample(100, 200, (10, 60, 30), complete=False, seconds=0.1), rate)
    assert states == ForecastInterval(*told)


def test_only_complete_searches_are_counts() -> None:
    """Neither Python nor machine code counts an instance with more states than it may search."""
    asked = find("fixed").system().instance(enactors=3, endpoints=2, plans=3, keep=2)  # 74,112 states
    made = Forecaster(asked, None, SearchBudget(states=100), symmetric=False)
    assert made._search(asked, 100, 60.0) is None
    assert made._search(asked, 5_000, 60.0) is None


def test_smaller_instances_are_searched_as_the_one_asked_for() -> None:
    """With symmetry reduction, orbits of all of them are counted; without it, states."""
    asked = find("fixed").system().instance(enactors=2, endpoints=1, plans=3, keep=1)
    budget = SearchBudget(states=2_000, native=False)
    found = [Forecaster(asked, None, budget, symmetric=s)._search(asked, 2_000, 60.0) for s in (True, False)]
    assert [f and f.states for f in found] == [464, 880]


def test_equal_predictions_have_an_interval() -> None:
    for logs in ((9.0, 9.0, 9.0), (8.0, 9.0, 10.0)):
        found = _estimated(*logs, 60)
        assert found is not None
        assert found.low < math.exp(9.0) < found.high
        assert found.low <= math.exp(logs[0])
        assert found.high >= math.exp(logs[2])
    assert _estimated(9.0, 9.0, 9.0, 9_000) is None
    assert _estimated(8.0, 8.5, 1e9, 60) is None
    found = _estimated(8.0, 9.0, 10.0, 8_000)
    assert found is not None
    assert found.low == 8_000


def test_shares_by_depth() -> None:
    assert shares((1, 3, 4, 2)) == tuple(x / 10 for x in (0, 1, 1, 4, 4, 4, 8, 8, 10, 10))
    assert InstanceTable(dns(1, 1, 1, 0)).nearest is None


def test_memory_of_stores_and_machines() -> None:
    """100 to 200 states of 10 to 20 bytes, beside 1,000 to 2,000 bytes of each process, on machines of 3,000 bytes."""
    rate = Rate("native", 10, False, 5, 50, (10.0, 20.0), (1000.0, 2000.0))
    (told,) = stores(ForecastInterval(100, 150, 200), rate, 3000)
    assert told.store == "hash"
    assert (told.memory.low, told.memory.high) == (100 * 10 + 1000, 200 * 20 + 2000)
    assert told.nodes == (1, 4)  # 1,000 bytes in 2,000; 4,000 in 1,000


def test_sorted_runs_are_a_store_of_one_machine(rollout: Forecast) -> None:
    """100 to 200 states of 2 to 5 bytes, beside 1,000 to 2,000 bytes of the process."""
    rate = Rate("native", 10, False, 5, 50, (10.0, 20.0), (1000.0, 2000.0), (2.0, 5.0))
    states = ForecastInterval(100, 150, 200)
    table, runs = stores(states, rate, 3000)
    assert (runs.store, runs.memory.low, runs.memory.high) == ("compact", 1200, 3000)
    assert (table.shared, runs.shared) == (True, False)
    words, tables = {}, {}
    for memory in (1_150, 2_500, 3_000):
        made = replace(rollout, stores=stores(states, rate, memory))
        text = render_plain(forecast_document(made))
        words[memory] = next(line.split("MiB ")[-1].strip() for line in text.splitlines() if "compact" in line)
        tables[memory] = next(line.split("MiB ")[-1].strip() for line in text.splitlines() if "hash" in line)
    assert words == {1_150: "one is too small", 2_500: "one, perhaps too small", 3_000: "1"}
    assert tables == {1_150: "7 to 4,000", 2_500: "1 to 8", 3_000: "1 to 4"}


def test_bytes_in_runs_are_measured() -> None:
    """In runs, with a table beside them that is as large, and two frontiers of one-word states."""
    asked = find("fixed").system(["crash", "lock-expiry"]).instance(enactors=2, endpoints=2, plans=3, keep=2)
    found = bytes_in_runs(asked, 60.0, symmetric=False)
    assert found is not None
    search = NativeSearch(asked, [], exhaustive=True, compact=True)
    search.run()
    each = sum(w.runs.bytes for w in search.workers if w.runs is not None) / search.crew.states
    assert found[0] == pytest.approx(each / 1.25, rel=0.05)
    assert found[1] == pytest.approx(2 * each * 1.25 + 2 * 8 / 10, rel=0.05)
    assert bytes_in_runs(dns(1, 1, 1, 0), 60.0, symmetric=False) is None


def test_a_forecast_measures_runs_where_it_counts_in_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Forecaster(dns(2, 1, 3, 1), None, SearchBudget(), symmetric=False)
    rate = Rate("native", 10, False, 5, 50, (10.0, 20.0), (0.0, 0.0))
    sample = SearchSample(10, 20, (1, 9), complete=False, seconds=0.1)
    monkeypatch.setattr(made, "_sample", lambda: sample)
    monkeypatch.setattr(made, "_states", lambda *_: (ForecastInterval(10, 20, 30), "somehow"))
    monkeypatch.setattr("planrace.checker.advice.forecast.forecast.bytes_in_runs", lambda *_, **__: (1.0, 2.0))
    for engine, names in (("native", ["hash", "compact"]), ("explicit", ["hash"])):
        monkeypatch.setattr(made, "_rate", lambda first, engine=engine: (replace(rate, engine=engine), first))
        assert [s.store for s in made.forecast().stores] == names


def test_the_number_of_levels_is_continued_as_a_sum() -> None:
    levels: dict[Point, float] = {(a, b): 1.0 + 4 * a + 7 * b for a in (1, 2) for b in (1, 2)}
    assert extrapolated(levels, (4, 5), sums=True) == pytest.approx(1 + 16 + 35)
    samples = {v: SearchSample(9, 9, (1,) * round(x), complete=True, seconds=0.0) for v, x in levels.items()}
    asked = find(str(ROOT / "examples" / "rollout.py") + ":fixed").system().instance(workers=4, versions=5)
    made = Forecaster(asked, None, SearchBudget(native=False), symmetric=False)
    made._table.counted.update(samples)
    assert made._levels(SearchSample(9, 9, (1, 8), complete=False, seconds=0.0)) == 52
    assert made._levels(SearchSample(9, 9, (1,) * 60, complete=False, seconds=0.0)) == 60


def test_what_two_intervals_have_in_common() -> None:
    first = ForecastInterval(10, 20, 40)
    assert first.within(ForecastInterval(25, 30, 100)) == ForecastInterval(25, 25, 40)
    assert first.within(ForecastInterval(41, 50, 100)) is None


def test_machine_code_tells_levels_as_the_reference_does() -> None:
    asked = find("fixed").system().instance(enactors=2, endpoints=1, plans=3, keep=1)
    found = measured(asked, 20.0, symmetric=False)
    assert found is not None
    rate, sample = found
    _, reference = sampled(asked, SearchBudget(states=1_000, seconds=60.0))
    assert (sample.states, sample.transitions, sample.levels) == (880, reference.transitions, reference.levels)
    assert rate.steps_per_second >= rate.per_second
