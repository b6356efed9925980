"""Explanations of runs: reads and writes, beliefs, causes, delays, recovery, neighbouring states, other variants."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

import networkx
import pytest
from hypothesis import HealthCheck, given, reject, settings

from planrace.checker import Options, check, find
from planrace.checker.engines.answer import shows
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.explain.causes import EndCondition, causes, conflicts, take
from planrace.checker.explain.dependencies import Touched, place_text, touched
from planrace.checker.explain.distinct_causes import different
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.explain.happens_before import happens_before, reduced
from planrace.checker.explain.least_delay import TAG
from planrace.checker.explain.recovery import Recovery
from planrace.checker.explain.side_by_side import check_alike
from planrace.checker.results.report import Finding, Report
from planrace.checker.run.findings import seeker
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language import Instance, ModelError, changed
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Invariant, Recoverability
from tests import ROOT
from tests.systems import random_systems

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
LOST, REGRESS = "active-plan-never-deleted", "plans-never-regress"


def instance(variant: Any = original, faults: tuple[str, ...] = (), **sizes: int) -> Instance:
    found: Instance = variant.system(faults).instance(**{**SMALL, **sizes})
    return found


def prop(of: Instance, name: str) -> Any:
    return next(p for p in of.system.properties if p.name == name)


def shortest(of: Instance, name: str) -> Recording:
    (answer,), _ = Search(of, [prop(of, name)]).run()
    assert answer.recording is not None
    return answer.recording


def question(of: Instance, p: Any) -> EndCondition:
    found = Explainer(of, ExplanationOptions()).question(p)
    assert found is not None
    return found


def texts(of: Instance, places: Any) -> set[str]:
    return {place_text(of, p) for p in places}


# Reads and writes ------------------------------------------------------------------------------------------------
def test_the_places_that_a_step_touches() -> None:
    of = instance(endpoints=2)
    run = record(Interpreter(of), [("publish", ()), ("pick_up", (1,)), ("take_lock", (1,)), ("build_tree", (1,))])
    found = [touched(run.interpreter, s, m) for s, m in zip(run.states, run.moves, strict=False)]
    assert texts(of, found[1].reads) == {"alias[1]", "latest", "phase[1]"}
    assert texts(of, found[1].writes) == {"plan[1]", "cursor[1]", "phase[1]"}
    assert texts(of, found[3].checks) == {"lock[1]", "phase[1]", "cursor[1]"}
    assert texts(of, found[3].reads) == {"lock[1]", "phase[1]", "cursor[1]", "plan[1]", "trees[1]"}
    assert texts(of, found[3].writes) == {"trees[1]", "phase[1]"}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_what_a_step_does_not_read_does_not_matter(drawn: Any) -> None:
    """If a place that a step does not read changes, the step is still enabled and writes the same values. Places that
    it does not write keep their values."""
    interpreter = Interpreter(drawn[0].instance())
    try:
        seen = list(itertools.islice(states_of(interpreter), 25))
        steps = [(s, move, after) for s in seen for move, after in interpreter.moves(s)]
    except RangeError:
        reject()
    for state, move, after in steps[:100]:
        at = touched(interpreter, state, move)
        places = set(leaves(interpreter, state))
        assert {p for p in places if value(interpreter, state, p) != value(interpreter, after, p)} <= at.writes
        for other in seen:
            mixed = with_reads(interpreter, other, state, at)
            found = interpreter.perform(mixed, move.action, move.choice)
            assert found is not None
            assert found[0].outcome is move.outcome
            for p in at.writes:
                assert value(interpreter, found[1], p) == value(interpreter, after, p)


def states_of(interpreter: Interpreter) -> Iterator[State]:
    seen, queue = set(interpreter.initials()), list(interpreter.initials())
    for s in queue:
        yield s
        for _, t in interpreter.moves(s):
            if t not in seen:
                seen.add(t)
                queue.append(t)


def leaves(interpreter: Interpreter, state: State) -> Iterator[Any]:
    def inside(name: str, path: tuple[int, ...], x: Any) -> Iterator[Any]:
        if isinstance(x, tuple):
            for n, y in enumerate(x):
                yield from inside(name, (*path, n), y)
        else:
            yield name, path

    for name, n in interpreter.place.items():
        yield from inside(name, (), state[n])


def value(interpreter: Interpreter, state: State, place: Any) -> Any:
    x = state[interpreter.place[place[0]]]
    for n in place[1]:
        x = x[n]
    return x


def with_reads(interpreter: Interpreter, other: State, state: State, at: Touched) -> State:
    """``other``, with the places that the step reads taken from ``state``."""

    def mixed(name: str, path: tuple[int, ...], x: Any, y: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(mixed(name, (*path, n), a, b) for n, (a, b) in enumerate(zip(x, y, strict=True)))
        return y if (name, path) in at.reads else x

    return tuple(mixed(name, (), other[n], state[n]) for name, n in interpreter.place.items())


# Beliefs ---------------------------------------------------------------------------------------------------------
def told(name: str, **options: Any) -> Report:
    return check(find(name), {}, options=Options(properties=(LOST,), explain=True, **options))


@pytest.fixture(scope="module")
def outage() -> Finding:
    """The counterexample of the default run, with its explanation."""
    return told("original", beside=find("fixed"), alternatives=1).findings[0]


def test_the_one_time_check_goes_stale(outage: Finding) -> None:
    assert outage.trace is not None
    assert outage.insight is not None
    steps = outage.trace.steps
    flip = next(n for n, s in enumerate(steps, 1) if s.action == "flip_alias" and s.outcome == "accepted" and n > 13)
    delayed = steps[flip - 1].by
    checks = [b for b in outage.insight.beliefs if b.who == delayed and b.checked and "alias[e] <" in b.text]
    assert len(checks) == 1
    picked = next(n for n, s in enumerate(steps, 1) if s.action == "pick_up" and s.by == delayed)
    assert checks[0].since == picked
    assert checks[0].stale is not None
    assert picked < checks[0].stale < flip, "it is stale before it is acted upon"


def test_beliefs_have_the_right_truth_values(outage: Finding) -> None:
    """Beliefs about copies of ``latest``, computed from the states of the trace alone."""
    assert outage.trace is not None
    assert outage.insight is not None
    states = [outage.trace.initial, *(s.state for s in outage.trace.steps)]
    copies = [b for b in outage.insight.beliefs if b.text.endswith("= latest")]
    assert copies
    for b in copies:
        number = int(b.who.split()[1]) - 1
        for n, true in enumerate(b.truth, b.since):
            assert true == (states[n]["plan"][number] == states[n]["latest"])  # type: ignore[index]


# Causes ----------------------------------------------------------------------------------------------------------
def test_the_check_and_the_flip_are_the_decisive_pair(outage: Finding) -> None:
    assert outage.trace is not None
    assert outage.insight is not None
    assert outage.insight.causes is not None
    chain = [outage.trace.steps[n - 1] for n in outage.insight.causes.chain]
    assert [s.action for s in chain] == ["pick_up", "flip_alias", "flip_alias", "delete_old_plans"]
    assert chain[0].by == chain[2].by
    assert chain[1].by == chain[3].by != chain[0].by
    assert outage.insight.causes.chain[-1] == len(outage.trace)


@pytest.mark.parametrize("name", [LOST, REGRESS, "record-never-empty"])
def test_the_first_race_of_a_chain_decides_in_every_order(name: str) -> None:
    """Of all orders of the processes' steps in which every step is enabled, none with the second step before the first
    violates the property."""
    of = instance()
    p, run = prop(of, name), shortest(of, name)
    first, second = causes(run, question(of, p)).chain[:2]
    count = 0
    for order in orders([performer(m) for m in run.moves]):
        if order.index(second - 1) < order.index(first - 1):
            other = Recording(run.interpreter)
            picks = [(run.moves[n].action.name, run.moves[n].choice) for n in order]
            broken = any(take(other, pick) and shows(p, other) for pick in picks)
            assert not (broken and len(other.moves) == len(picks))
            count += 1
    assert count > 10


def orders(processes: list[str]) -> Iterator[list[int]]:
    """Every order of the steps that keeps the order of each process."""
    queues = {who: [n for n, w in enumerate(processes) if w == who] for who in processes}

    def merged(left: dict[str, list[int]]) -> Iterator[list[int]]:
        if not any(left.values()):
            yield []
        for who, queue in left.items():
            if queue:
                for rest in merged({**left, who: queue[1:]}):
                    yield [queue[0], *rest]

    return merged(queues)


def test_a_race_is_between_two_processes_about_a_place_that_one_writes() -> None:
    of = instance()
    run = shortest(of, LOST)
    at = [touched(run.interpreter, s, m) for s, m in zip(run.states, run.moves, strict=False)]
    races = causes(run, question(of, prop(of, LOST))).races
    assert races
    for r in races:
        assert performer(run.moves[r.first - 1]) != performer(run.moves[r.second - 1])
        assert set(r.places) == texts(of, conflicts(at[r.first - 1], at[r.second - 1]))


def test_the_needed_steps_suffice_and_none_can_be_removed() -> None:
    of = instance(enactors=3)
    p, run = prop(of, LOST), shortest(of, LOST)
    picks = [(m.action.name, m.choice) for m in run.moves]
    idle = next(n for n in (1, 2, 3) if f"enactor {n}" not in {performer(m) for m in run.moves})
    padded = record(
        run.interpreter, [*picks[:3], ("pick_up", (idle,)), ("take_lock", (idle,)), *picks[3:]][:4] + picks[3:]
    )
    needed = causes(padded, question(of, p)).needed
    assert 4 not in needed
    kept = [(padded.moves[n - 1].action.name, padded.moves[n - 1].choice) for n in needed]
    assert shows(p, record(run.interpreter, kept))
    for n in range(len(kept)):
        try:
            without = record(run.interpreter, kept[:n] + kept[n + 1 :])
        except ReplayError:
            continue
        assert not shows(p, without)


def test_happens_before_orders_what_conflicts() -> None:
    of = instance()
    run = shortest(of, LOST)
    graph = happens_before(run)
    at = [touched(run.interpreter, s, m) for s, m in zip(run.states, run.moves, strict=False)]
    for i, j in itertools.combinations(range(len(run.moves)), 2):
        dependent = performer(run.moves[i]) == performer(run.moves[j]) or conflicts(at[i], at[j])
        if dependent:
            assert networkx.has_path(graph, i + 1, j + 1)
    small = networkx.DiGraph([(a, b) for a, b, _ in reduced(run)])
    assert networkx.transitive_closure(small).edges == networkx.transitive_closure(graph).edges
    assert small.number_of_edges() < graph.number_of_edges()


def test_different_counterexamples_have_different_races() -> None:
    of = instance(endpoints=2)
    p = prop(of, LOST)
    found = different(of, p, seeker(Options(), first=False))
    assert len(found.runs) >= 2
    assert found.how.startswith("all shortest runs")
    kinds = set()
    for run, why in found.runs:
        assert shows(p, run)
        kinds.add(
            frozenset(
                (
                    *(run.moves[n - 1].action.name + str(run.moves[n - 1].outcome.name) for n in (r.first, r.second)),
                    frozenset(q.partition("[")[0] for q in r.places),
                )
                for r in why.races
            )
        )
    assert len(kinds) == len(found.runs)


# Delay -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [LOST, REGRESS])
@pytest.mark.parametrize("keep", [1, 2])
def test_the_least_delay_is_that_of_a_search_by_cost(name: str, keep: int) -> None:
    of = instance(keep=keep)
    explainer = Explainer(of, ExplanationOptions(full=True, seek=seeker(Options(), first=True)))
    found = explainer.insight(shortest(of, name), prop(of, name)).causes
    assert found is not None
    assert found.delay is not None
    assert sum(found.delay.steps.values()) == least(of, prop(of, name))


def least(of: Instance, p: Any) -> int:
    """The least delay, by Dijkstra's algorithm over states with counters."""
    interpreter = Interpreter(of)
    initial = interpreter.initials()[0]
    own = [
        n
        for n, v in enumerate(of.system.variables)
        if getattr(getattr(v.sort, "domain", None), "name", "") == "enactor"
    ]
    members = range(len(initial[own[0]]))
    queue = [(0, 0, initial, (0,) * len(members))]
    seen = set()
    for tie in itertools.count(1):
        cost, _, state, counts = heappop(queue)
        if (state, counts) in seen:
            continue
        seen.add((state, counts))
        for move, after in interpreter.moves(state):
            busy = [any(state[v][m] != initial[v][m] for v in own) for m in members]
            more = tuple(
                (c if b else 0) + (b and TAG in move.action.tags and performer(move) != f"enactor {m + 1}")
                for m, (c, b) in enumerate(zip(counts, busy, strict=True))
            )
            if (
                interpreter.holds(p.holds, after)
                if isinstance(p, Invariant)
                else interpreter.holds(p.holds, state, after, move)
            ):
                heappush(queue, (max(cost, *more), tie * 100 + len(queue), after, more))
            else:
                heappush(queue, (max(cost, *more), -1, (), ()))
        if queue[0][2] == ():
            return queue[0][0]
    raise AssertionError


# Recovery, neighbours, variants ----------------------------------------------------------------------------------
@pytest.mark.parametrize("variant", [original, fixed])
def test_recovery_is_what_the_state_graph_says(variant: Any) -> None:
    of = instance(variant, ("bad-plan",))
    p = next(q for q in of.system.properties if isinstance(q, Recoverability))
    interpreter, recovery = Interpreter(of), Recovery(of, p)
    graph = networkx.DiGraph()
    for s in states_of(interpreter):
        graph.add_node(s)
        graph.add_edges_from((s, t) for m, t in interpreter.moves(s) if m.action.tags & p.helpers)
    goals = [s for s in graph if interpreter.holds(p.goal, s)]
    graph.add_edges_from(("goal", s) for s in goals)
    reversed_ = graph.reverse()
    reversed_.add_edges_from(("goal", s) for s in goals)
    can = networkx.descendants(reversed_, "goal")
    found = {s: recovery.possible(s) for s in states_of(interpreter)}
    assert {s for s, possible in found.items() if possible} == {s for s in found if s in can}
    assert set(found.values()) == {True, False}


def test_the_last_recoverable_state_of_the_outage(outage: Finding) -> None:
    assert outage.insight is not None
    assert outage.trace is not None
    assert outage.insight.recoverable == len(outage.trace) - 1


def test_the_neighbourhood_is_what_the_interpreter_enables(outage: Finding) -> None:
    assert outage.insight is not None
    assert outage.trace is not None
    near = outage.insight.neighbourhood
    assert near is not None
    assert near.whole
    for n, offers in enumerate(outage.insight.offers):
        assert [(o.action, o.text) for o in near.states[n].offers] == [(o.action, o.text) for o in offers]
        if n < len(outage.trace):
            step = outage.trace.steps[n]
            onward = [o for o in near.states[n].offers if (o.action, o.parameters) == (step.action, step.parameters)]
            assert [o.to for o in onward] == [n + 1]
    assert all(0 <= o.to < len(near.states) for s in near.states for o in s.offers if o.to is not None)
    last = near.states[len(outage.trace)]
    assert LOST in last.broken


def test_the_same_steps_in_the_fixed_protocol(outage: Finding) -> None:
    assert outage.insight is not None
    assert outage.trace is not None
    other = outage.insight.beside
    assert other is not None
    assert other.protocol == "fixed"
    first = next(
        n
        for n, (a, b) in enumerate(zip(outage.trace.steps, other.steps, strict=True))
        if b is None or a.outcome != b.outcome
    )
    assert outage.trace.steps[first].action == "flip_alias"
    assert other.steps[first] is not None
    assert other.steps[first].outcome == "superseded"  # type: ignore[union-attr]
    assert not any(other.broken)


def test_another_protocol_cannot_be_compared() -> None:
    blue = find(str(ROOT / "examples" / "blue_green.py") + ":protocol").system().instance()
    with pytest.raises(ModelError, match="it is another protocol"):
        check_alike(instance(), blue)


def test_truth_values_name_the_offending_member(outage: Finding) -> None:
    assert outage.insight is not None
    truths = {t.property: t for t in outage.insight.truths}
    assert truths[LOST].holds == (True,) * 16 + (False,)
    assert truths[LOST].offenders[16] == ("endpoint 1",)
    assert truths[REGRESS].holds[0] is None
    assert truths[REGRESS].holds.count(False) == 1


def test_a_property_without_members_names_none() -> None:
    of = instance()
    run = record(Interpreter(of), [("publish", ())])
    latest = of.system.variables[0].term
    p = invariant("nothing-published", latest == 0, "nothing is published")
    explainer = Explainer(Instance(changed(of.system, lambda c: None), of.values), ExplanationOptions(full=True))
    explainer.properties = (p,)
    (truth,) = explainer.insight(run, p).truths
    assert truth.holds == (True, False)
    assert truth.offenders == ((), ())


def test_a_run_that_violates_nothing_has_no_causes() -> None:
    of = instance()
    run = record(Interpreter(of), [("publish", ())])
    assert Explainer(of, ExplanationOptions(full=True)).insight(run, prop(of, LOST)).causes is None
    assert Explainer(of, ExplanationOptions(full=True)).insight(run, None).causes is None


def test_limits_leave_the_least_delay_open() -> None:
    of = instance()
    explainer = Explainer(of, ExplanationOptions(full=True, seek=seeker(Options(max_states=5), first=True)))
    found = explainer.insight(shortest(of, LOST), prop(of, LOST)).causes
    assert found is not None
    assert found.delay is None
    assert Limits(states=5).states == 5
