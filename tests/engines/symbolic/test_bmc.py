"""Bounded model checking against explicit search: same verdicts, same shortest lengths."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker import Options, check, find
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.symbolic import sets
from planrace.checker.engines.symbolic.bmc import Bounded
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    System,
    Term,
    forall,
    integers,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.properties import invariant
from tests.dns.test_counts import PLAIN, label, sizes
from tests.systems import everything, random_systems

SMALL = [r for r in PLAIN if r["states"] < 10_000 and r["protocol"] == "original"]


@pytest.mark.parametrize("row", SMALL, ids=label)
def test_shortest_violations(row: dict[str, Any]) -> None:
    names = tuple(row["shortest_violation"])
    options = Options(engine="bmc", properties=names, depth=max(row["shortest_violation"].values()))
    report = check(find("original"), sizes(row), faults=row["faults"], options=options)
    assert {f.name: f.depth for f in report.findings} == row["shortest_violation"]
    assert report.exploration is None


def test_the_default_size() -> None:
    options = Options(engine="bmc", properties=("active-plan-never-deleted",), depth=16)
    (finding,) = check(find("original"), options=options).findings
    assert (finding.verdict.word, finding.depth) == ("violated", 16)
    assert finding.match is not None
    assert finding.trace is not None
    assert "answers with no address" in finding.trace.steps[-1].observed[0].text


CONTINUATIONS = ("recoverability", "liveness")


@pytest.mark.parametrize("faults", [[], ["crash", "lock-expiry"], ["bad-plan"], ["stray-delete"]])
def test_no_false_alarm(faults: list[str]) -> None:
    few = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}
    explicit = check(find("fixed"), few, faults=faults)
    bounded = check(find("fixed"), few, faults=faults, options=Options(engine="bmc", depth=9))
    answered = {f.name: f for f in explicit.findings}
    for b in bounded.findings:
        a = answered[b.name]
        if a.depth is not None and a.depth <= 9:
            assert (b.verdict, b.depth) == (a.verdict, a.depth)
        else:
            assert b.verdict.word == "unknown"
            assert ("cannot decide" if b.kind in CONTINUATIONS else "up to 9 steps") in b.how


def full(most: int) -> Protocol:
    """A set of numbers up to ``most`` that always holds all of them."""
    protocol, number = Protocol("full"), integers(0, most)
    whole = set(range(most + 1))
    held = protocol.variable("held", subsets(number), whole)

    @protocol.action(by="me")
    def keep() -> Step:
        return step(update(held, such_that(number, lambda x: x.isin(whole) & forall(number, lambda y: y.isin(whole)))))

    protocol.declare(invariant("all", forall(number, lambda x: x.isin(held)), "it holds all"))
    return protocol


def test_what_a_bound_variable_does_not_change_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of 48 constants below a binder over 48 numbers took seconds for each depth."""
    made: list[int] = []
    literal = sets.literal

    def counted(elements: Collection[int]) -> Any:
        made.append(len(elements))
        return literal(elements)

    monkeypatch.setattr(sets, "literal", counted)
    few, many = 5, 47
    for most in (few, many):
        report = check(full(most), options=Options(engine="bmc", depth=2))
        assert report.verdict.word == "unknown"
    assert made.count(few + 1) == made.count(many + 1) == len(made) // 2
    assert 0 < len(made) < 20


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(drawn: tuple[System, list[Term], list[Term]]) -> None:
    system, states, steps = drawn
    properties = everything(states, steps)
    instance, depth = system.instance(), 4
    try:
        answers, covered = Search(instance, properties, exhaustive=True, limits=Limits(states=300)).run()
        bounded = Bounded(instance, properties, limits=Limits(depth=depth)).run()
    except ModelError:
        return  # a value or a position out of range: the explorer's business, tested there
    for a, b in zip(answers, bounded, strict=True):
        if a.recording is not None and len(a.recording.moves) <= depth:
            assert b.recording is not None
            assert (b.verdict, len(b.recording.moves)) == (a.verdict, len(a.recording.moves))
        elif covered.complete:
            assert b.recording is None


def counter(top: int, high: int) -> Protocol:
    protocol = Protocol("counter")
    n = protocol.variable("n", integers(0, high), 0)

    @protocol.action(by="clock")
    def tick() -> Step:
        return step(when(n < top), update(n, n + 1))

    protocol.declare(invariant("small", n <= high, "the counter stays small"))
    return protocol


def test_runs_that_end_are_seen_whole() -> None:
    report = check(counter(top=3, high=3), options=Options(engine="bmc"))
    assert report.verdict.word == "holds"
    assert "complete: no run is longer than 3 steps" in report.findings[0].how


def test_holds_is_not_said_over_a_value_out_of_range() -> None:
    with pytest.raises(RangeError, match="tick assigns n the value 3"):
        check(counter(top=3, high=2), options=Options(engine="bmc"))


def test_a_time_limit_is_unknown() -> None:
    report = check(find("fixed"), options=Options(engine="bmc", time_limit=0.5))
    assert report.verdict.word == "unknown"
    assert any("time limit" in f.how or "gave up" in f.how for f in report.findings)
