"""Random runs against the probabilities of the chain, and the chain as Storm reads it."""

from __future__ import annotations

import pytest

from planrace.checker.engines.limits import Limits
from planrace.checker.engines.markov.chain import RatedSteps
from planrace.checker.engines.markov.hitting import Hitting
from planrace.checker.engines.markov.sampling import SampledRuns
from planrace.checker.engines.markov.storm import labels_text, transitions_text
from planrace.checker.results.stop import StopKind
from planrace.properties.dns import original
from planrace.properties.kinds import Checkable
from tests.engines.markov.test_hitting import chain_of, collecting, race

numpy = pytest.importorskip("numpy")
linalg = pytest.importorskip("scipy.linalg")

OUTAGE = original.system().instance(enactors=2, endpoints=1, plans=3, keep=1)
ASKED: list[Checkable] = [p for p in OUTAGE.system.properties if isinstance(p, Checkable)]
RATES = [0.5 + 0.25 * n for n in range(len(OUTAGE.system.actions))]


def sample(seed: int, runs: int, *, symmetric: bool = False, limits: Limits | None = None) -> SampledRuns:
    made = SampledRuns(
        RatedSteps(OUTAGE, ASKED, symmetric=symmetric), RATES, [3.0, 12.0], seed=seed, limits=limits or Limits()
    )
    made.run(runs)
    return made


def test_intervals_of_random_runs_hold_the_probabilities_about_as_often_as_they_should() -> None:
    chain = chain_of(OUTAGE, ASKED)
    exact = [Hitting.of(chain, k, RATES).within([3.0, 12.0]) for k in range(len(ASKED))]
    missed = 0
    for seed in range(12):
        made = sample(seed, 60, symmetric=seed % 2 == 0)
        for k, wanted in enumerate(exact):
            found = made.chances(k)
            assert [c.probability for c in found] == [n / 60 for n in made.counts[k]]
            missed += sum(not c.low <= p <= c.high for c, p in zip(found, wanted, strict=True))
    assert missed <= 12  # of 120, where at most 6 are expected; they are not independent
    assert 0.2 < exact[0][1] / exact[1][1] < 5  # the properties differ, so that mixing them up is noticed
    assert len({round(p, 3) for some in exact for p in some}) > 5


def test_intervals_are_those_of_clopper_and_pearson() -> None:
    made = sample(0, 0)
    made.runs, made.counts[0] = 10, [0, 10]
    least, most = made.chances(0)
    assert (least.low, least.high) == pytest.approx((0.0, 0.3084971))  # 1 - 0.025 ** 0.1
    assert (most.low, most.high) == pytest.approx((0.6915029, 1.0))
    made.counts[0] = [3, 3]
    assert (made.chances(0)[0].low, made.chances(0)[0].high) == pytest.approx((0.0667395, 0.6524529), abs=1e-6)


def test_a_run_depends_on_the_seed_and_its_number_only() -> None:
    whole, first = sample(7, 40), sample(7, 20)
    assert whole.counts != first.counts
    assert sample(7, 40).counts == whole.counts != sample(8, 40).counts
    assert sample(7, 0).chances(0) == ()


def test_time_that_is_up_ends_the_runs() -> None:
    steps = RatedSteps(OUTAGE, ASKED, symmetric=False)
    made = SampledRuns(steps, RATES, [12.0], seed=0, limits=Limits(seconds=0.0))
    stopped = made.run(1000)
    assert stopped is not None
    assert stopped.kind is StopKind.TIME
    assert made.runs < 100


# Storm -----------------------------------------------------------------------------------------------------------
def parsed(transitions: str, labels: str) -> tuple[dict[tuple[int, int], float], dict[str, set[int]]]:
    first, *lines = transitions.splitlines()
    assert first == "ctmc"
    rates = {(int(a), int(b)): float(r) for a, b, r in (line.split() for line in lines)}
    assert len(rates) == len(lines)
    begin, declared, end, *rows = labels.splitlines()
    assert (begin, end) == ("#DECLARATION", "#END")
    found: dict[str, set[int]] = {name: set() for name in declared.split()}
    for row in rows:
        number, *names = row.split()
        for name in names:
            found[name].add(int(number))
    return rates, found


@pytest.mark.parametrize("k", range(0, len(ASKED), 2))
def test_the_chain_for_storm_has_the_same_probabilities(k: int) -> None:
    chain = chain_of(OUTAGE, ASKED, symmetric=True)
    rates, labels = parsed(transitions_text(chain, RATES), labels_text(chain, [p.name for p in ASKED]))
    (start,) = labels["init"]
    bad = labels[ASKED[k].name.replace("-", "_")]
    size = 1 + max(max(pair) for pair in rates)
    matrix = numpy.zeros((size, size))
    for (a, b), rate in rates.items():
        if a not in bad:
            matrix[a, b] += rate
            matrix[a, a] -= rate
    reached = linalg.expm(matrix * 12.0)[start]
    assert sum(reached[n] for n in bad) == pytest.approx(Hitting.of(chain, k, RATES).within([12.0])[0], abs=1e-9)


def test_steps_without_a_rate_are_left_out_and_those_between_two_states_are_summed() -> None:
    instance, properties = race()
    assert transitions_text(chain_of(instance, properties), [3.0, 0.0]) == "ctmc\n0 1 3.0\n"
    instance, properties = collecting(3)
    orbits = transitions_text(chain_of(instance, properties, symmetric=True), [0.5])
    assert orbits.splitlines()[1:] == ["0 1 1.5", "1 2 1.0", "2 3 0.5"]
