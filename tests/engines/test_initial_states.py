"""Many initial states, in every engine."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.native.graph import GraphOf
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    count,
    each,
    exists,
    first,
    forall,
    index,
    integers,
    one_of,
    step,
    update,
    when,
)
from planrace.model.language.terms import constant
from planrace.properties import eventually, infinitely_often, invariant, leads_to, reachable, recoverable

from ..beginnings import coffee_can, election, termination
from ..naive import initials, search

PUBLISHED = [(termination, 302, 192), (election, 137, 8), (coffee_can, 5150, 5150)]
FINITE = ["explicit", "native", "bmc", "induction", "spacer"]
EVERY = [*FINITE, "simulate", "bitstate", "proof"]


def verdicts(protocol: Protocol, engine: str, **more: Any) -> dict[str, str]:
    seed = 1 if engine in ("simulate", "bitstate") else None
    report = check(protocol, options=Options(engine=engine, seed=seed, **more))
    return {f.name: f.verdict.word for f in report.findings}


@pytest.mark.parametrize(("make", "states", "begun"), PUBLISHED)
@pytest.mark.parametrize("engine", [Search, NativeSearch])
def test_published_numbers_of_states(make: Any, states: int, begun: int, engine: Any) -> None:
    found = engine(make().system().instance(), [], exhaustive=True)
    _, coverage = found.run()
    assert (coverage.states, coverage.complete, len(found.kernel.initials)) == (states, True, begun)


@pytest.mark.parametrize("make", [termination, election, lambda: coffee_can(7)])
def test_initial_states_are_those_of_brute_force(make: Any) -> None:
    instance = make().system().instance()
    found = Interpreter(instance).initials()
    wanted = initials(instance)
    assert set(found) == set(wanted)
    assert len(found) == len(wanted)


@pytest.mark.parametrize("engine", EVERY)
def test_engines_agree_on_termination(engine: str) -> None:
    found = verdicts(termination(), engine)
    assert found["no-false-alarm"] == ("unknown" if engine in ("bmc", "simulate", "bitstate") else "holds")
    assert found["never-quiet"] == "violated"


@pytest.mark.parametrize("engine", FINITE)
def test_engines_agree_on_the_election(engine: str) -> None:
    found = verdicts(election(), engine)
    assert found["smallest-wins"] == "holds"
    assert found["somebody-wins"] == "holds"


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_liveness_with_many_initial_states(engine: str) -> None:
    found = verdicts(election(), engine)
    assert found["election-ends"] == "holds"
    assert found["third-wins"] == "violated"


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_what_happens_at_last_happens_from_every_initial_state(engine: str) -> None:
    """A lamp that goes out: whoever begins in the dark never sees it lit, and the lasso begins there."""
    p = Protocol("candle")
    lit, burnt = p.variable("lit", boolean(), anything), p.variable("burnt", boolean(), False)

    @p.action(by="wind")
    def blow() -> Step:
        return step(when(~burnt), update(lit, False), update(burnt, True))

    p.final(burnt)
    p.declare(
        eventually("dark", ~lit, "it is dark at last"),
        eventually("shines", lit, "it has been lit; this is false"),
        leads_to("goes-out", lit, burnt, "it goes out"),
    )
    report = check(p, options=Options(engine=engine))
    assert [f.verdict.word for f in report.findings] == ["holds", "violated", "holds"]
    trace = report.findings[1].trace
    assert trace is not None
    assert (dict(trace.initial), len(trace), trace.loop) == ({"lit": False, "burnt": False}, 1, 1)


def meters() -> Protocol:
    """Two meters run from their initial values, the lower one first."""
    p = Protocol("meters")
    here, there = (p.variable(n, integers(0, 9), anything) for n in ("here", "there"))
    p.initially(here < there)
    p.initially(there <= 6)

    @p.action(by="me")
    def run() -> Step:
        return step(when(here < there), update(here, here + 1))

    @p.action(by="me")
    def turn() -> Step:
        return step(when(here == there, there < 9), update(there, there + 1))

    p.final(there == 9)
    p.declare(
        invariant("no-nine", there != 9, "the second meter is below nine"),
        reachable("meets", (here == there) & (there == 1), "the meters meet early"),
    )
    return p


@pytest.mark.parametrize("engine", FINITE)
def test_a_counterexample_is_a_shortest_one_from_any_initial_state(engine: str) -> None:
    """It starts with 5 and 6, which are neither the first nor the last initial state."""
    report = check(meters(), options=Options(engine=engine))
    trace, met = (f.trace for f in report.findings)
    assert trace is not None
    assert met is not None
    assert (dict(trace.initial), len(trace)) == ({"here": 5, "there": 6}, 6)
    assert (dict(met.initial), len(met)) == ({"here": 0, "there": 1}, 1)


def test_a_counterexample_of_a_proof_starts_where_it_may() -> None:
    report = check(meters(), options=Options(engine="proof"))
    trace = report.findings[0].trace
    assert trace is not None
    assert dict(trace.initial) == {"here": 5, "there": 6}


def test_random_runs_start_anywhere() -> None:
    p = Protocol("dice")
    shown = p.variable("shown", integers(1, 6), anything)

    @p.action(by="me")
    def turn() -> Step:
        return step(when(shown > 6), update(shown, 1))

    p.final(shown <= 6)
    p.declare(*(reachable(f"shows-{n}", shown == n, "it is met") for n in range(1, 7)))
    assert set(verdicts(p, "simulate", runs=100).values()) == {"holds"}


@pytest.mark.parametrize("engine", EVERY)
def test_a_condition_that_nothing_satisfies_is_an_error(engine: str) -> None:
    p = Protocol("nowhere")
    a, b = p.variable("a", integers(0, 5), anything), p.variable("b", integers(0, 5), 3)
    p.initially(a > 3)
    p.initially(a < b)

    @p.action(by="me")
    def turn() -> Step:
        return step(when(a < 5), update(a, a + 1))

    p.declare(invariant("small", a < 5, "it holds of no state, and that is no proof"))
    with pytest.raises(ModelError, match="nowhere has no initial state: nothing satisfies its conditions"):
        verdicts(p, engine)


def beyond(name: str) -> Protocol:
    """A condition reads a position that an array does not have."""
    p = Protocol(name)
    at, held = p.variable("at", integers(1, 4), anything), p.variable("held", array(integers(1, 3), boolean()), True)
    p.initially(held[at])

    @p.action(by="me")
    def turn() -> Step:
        return step(when(at > 1), update(at, 1))

    p.declare(invariant("there", at < 4, "the fourth place is nowhere"))
    return p


@pytest.mark.parametrize("engine", [*FINITE, "simulate"])
def test_a_condition_without_a_value_is_an_error(engine: str) -> None:
    """Not where another condition rules the state out."""
    p, guarded = beyond("beyond"), beyond("guarded")
    guarded.initially(guarded.variables["at"].term < 4)
    with pytest.raises(ModelError, match=r"initial states: held\[at\]: position 4 is not in 1…3"):
        verdicts(p, engine)
    assert verdicts(guarded, engine)["there"] == ("unknown" if engine == "simulate" else "holds")


def lamps(lit: Any) -> Protocol:
    """Workers carry lamps, of which exactly one is lit; whose is open, or said by ``lit``."""
    p = Protocol("lamps")
    size = p.parameter("workers", 3, 1, 5)
    worker = index("worker", size, symmetric=True)
    lamp = p.variable("lamp", array(worker, boolean()), lit)
    done = p.variable("done", array(worker, boolean()), False)
    p.initially(count(worker, lambda w: lamp[w]) == 1)

    @p.action(worker, worker, by=worker)
    def hand_over(w: Term, to: Term) -> Step:
        return step(
            when(lamp[w], ~lamp[to]),
            update(lamp, each(worker, lambda x: (x == to) | (lamp[x] & (x != w)))),
            update(done[w], True),
        )

    one = forall(worker, lambda w: forall(worker, lambda x: (lamp[w] & lamp[x]).implies(w == x)))
    p.final(forall(worker, lambda w: done[w] | lamp[w]))
    p.declare(
        invariant("one-lamp", one, "no two lamps are lit"),
        invariant("some-lamp", exists(worker, lambda w: lamp[w]), "a lamp is lit"),
        invariant("never-done", exists(worker, lambda w: ~done[w]), "somebody had no lamp; this is false"),
    )
    return p


@pytest.mark.parametrize("engine", [Search, NativeSearch])
def test_symmetry_merges_initial_states(engine: Any) -> None:
    instance = lamps(anything).system().instance()
    for symmetric, begun in ((False, 3), (True, 1)):
        found = engine(instance, instance.system.properties, exhaustive=True, symmetric=symmetric)
        answers, coverage = found.run()
        assert len(found.kernel.initials) == begun
        assert [a.verdict.word for a in answers] == ["holds", "holds", "violated"]
        assert answers[2].recording is not None
        assert len(answers[2].recording.moves) == 3
    assert coverage.states < search(instance).states


def test_initial_values_that_name_an_interchangeable_member_are_refused_with_symmetry() -> None:
    """Without the option, symmetry is left out."""
    worker = index("worker", lamps(anything).parameters["workers"], symmetric=True)
    p = lamps(lambda w: w == constant(2, worker))
    with pytest.raises(ModelError, match="the initial value of lamp names worker 2, which is interchangeable"):
        verdicts(p, "explicit", symmetry=True)
    assert verdicts(p, "explicit")["never-done"] == "violated"
    named = lamps(anything)
    named.initially(named.variables["lamp"].term[constant(1, worker)])
    with pytest.raises(ModelError, match="initial states names worker 1, which is interchangeable"):
        verdicts(named, "native", symmetry=True)
    assert verdicts(named, "native")["one-lamp"] == "holds"


def test_proofs_for_every_size() -> None:
    """Initial values are free in the proof, apart from what the conditions say."""
    report = check(lamps(anything), options=Options(engine="proof"))
    found = {f.name: (f.verdict.word, f.how) for f in report.findings}
    assert found["never-done"][0] == "violated"
    p = Protocol("scale")
    most = p.parameter("most", 5, 1, 9)
    left, right = (p.variable(n, integers(0, most), anything) for n in ("left", "right"))
    mark = p.variable("mark", integers(0, 9), one_of(7, 8))
    p.initially(left + right == most)

    @p.action(by="me")
    def shift() -> Step:
        return step(when(left > 0, right < most), update(left, left - 1), update(right, right + 1))

    p.final(left == 0)
    p.declare(
        invariant("sum", left + right == most, "nothing is lost"),
        invariant("marked", (mark == 7) | (mark == 8), "the mark stays"),
        invariant("no-seven", mark != 7, "false from the first state on"),
        invariant("left-first", left > 0, "false, as all may be on the right"),
    )
    report = check(p, options=Options(engine="proof"))
    words = {f.name: f.verdict.word for f in report.findings}
    assert words == {"sum": "holds", "marked": "holds", "no-seven": "violated", "left-first": "violated"}
    assert all("every size" in f.how for f in report.findings if f.verdict.word == "holds")


def test_initial_values_by_member_in_a_proof() -> None:
    p = Protocol("first")
    size = p.parameter("size", 3, 1, 6)
    worker = index("worker", size, ordered=True)
    leads = p.variable("leads", array(worker, boolean()), lambda w: w == first(worker))

    @p.action(worker, worker, by=worker)
    def hand_over(w: Term, to: Term) -> Step:
        return step(when(leads[w]), update(leads, each(worker, lambda x: x == to)))

    one = forall(worker, lambda w: forall(worker, lambda x: (leads[w] & leads[x]).implies(w == x)))
    p.declare(
        invariant("one-leader", one, "no two lead"),
        invariant("first-leads", leads[first(worker)], "the first leads; false"),
    )
    for engine in (*FINITE, "proof"):
        found = verdicts(p, engine)
        assert found["first-leads"] == "violated", engine
        assert found["one-leader"] in (("unknown", "holds") if engine == "bmc" else ("holds",)), engine


def test_recovery_and_liveness_from_each_initial_state() -> None:
    """A tank can be emptied only if it is open in the beginning."""
    p = Protocol("tank")
    open_ = p.variable("open", boolean(), anything)
    full = p.variable("full", integers(0, 2), one_of(1, 2))

    @p.action(by="pump", tags=["repair"])
    def drain() -> Step:
        return step(when(open_, full > 0), update(full, full - 1))

    @p.action(by="valve", fairness="none")
    def look() -> Step:
        return step(when(full > 0))

    p.final(full == 0)
    p.declare(
        recoverable("empties", full == 0, "the tank can be emptied", helpers=["repair"]),
        recoverable("empties-open", full == 0, "an open tank can be emptied", wherever=open_, helpers=["repair"]),
        leads_to("drains", full == 2, full == 0, "a full tank is emptied"),
        leads_to("drains-open", (full == 2) & open_, full == 0, "an open one is"),
        infinitely_often("stays-dry", full == 0, "it is empty for ever"),
    )
    for engine in ("explicit", "native"):
        report = check(p, options=Options(engine=engine))
        words = {f.name: f.verdict.word for f in report.findings}
        assert words == {
            "empties": "violated",
            "empties-open": "holds",
            "drains": "violated",
            "drains-open": "holds",
            "stays-dry": "violated",
        }
        traces = {f.name: f.trace for f in report.findings}
        assert traces["drains"] is not None
        assert dict(traces["drains"].initial) == {"open": False, "full": 2}
        assert traces["empties"] is not None
        assert dict(traces["empties"].initial)["open"] is False


def test_graphs_of_both_searches_have_the_same_initial_states() -> None:
    instance = election().system().instance()
    slow, fast = Search(instance, [], exhaustive=True), NativeSearch(instance, [], exhaustive=True, keep=True)
    slow.run(), fast.run()
    made = GraphOf(fast, list(instance.system.actions)).make()
    assert {made.packed(n) for n in made.starts} == set(slow.kernel.initials)
