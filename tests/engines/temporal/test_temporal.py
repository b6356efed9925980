"""Recovery and liveness against definitions: reachability in networkx, and all sets of states in which a run can
stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker.api.calls import check
from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.temporal import rows as temporal_arrays
from planrace.checker.engines.temporal.liveness import LivenessChecker, read_on
from planrace.checker.engines.temporal.recovery import RecoveryChecker
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.dns import BASE
from planrace.model.language import Instance, System, Term
from planrace.properties import Liveness, eventually, eventually_always, leads_to, recoverable
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Recoverability
from tests.engines.temporal.made import FORMS, Made, broken, made, property_of, searched
from tests.systems import random_systems


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(made())
def test_liveness_by_definition(m: Made) -> None:
    """Every form, with mixed fairness; what is broken is shown by a lasso that the interpreter has judged."""
    search, make = searched(m.system().instance())
    for form in FORMS:
        answer = LivenessChecker(search, make).answer(property_of(m, form))
        assert (answer.verdict is Verdict.VIOLATED) == broken(m, form), form
        assert (answer.recording is not None) == (answer.verdict is Verdict.VIOLATED)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(made())
def test_recovery_by_definition(m: Made) -> None:
    search, make = searched(m.system().instance())
    p = recoverable("p", m.holds(m.goal), "made up", wherever=m.holds(m.trigger), helpers={"helper"})
    answer = RecoveryChecker(search, make).answer(p)
    helping = nx.DiGraph([(a, b) for moves in m.moves[1::2] for a, b in moves.items()])
    helping.add_nodes_from(range(m.states))
    lost = {n for n in m.reachable & m.trigger if not ({n} | nx.descendants(helping, n)) & m.goal}
    assert (answer.verdict is Verdict.VIOLATED) == bool(lost)
    if lost:
        every = nx.DiGraph([(a, b) for moves in m.moves for a, b in moves.items()])
        every.add_node(0)
        assert answer.recording is not None
        assert len(answer.recording.moves) == min(nx.shortest_path_length(every, 0, n) for n in lost)
        assert answer.dead_end is not None
        assert answer.dead_end.states == len(
            {answer.recording.states[-1][0]} | nx.descendants(helping, answer.recording.states[-1][0])
        )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(made(), st.data())
def test_runbooks_by_definition(m: Made, data: st.DataObject) -> None:
    """Who needs people, and how many steps they need, by shortest paths; every class is counted once."""
    tags = [data.draw(st.sampled_from(["helper", "operator", "other"])) for _ in m.moves]
    system = m.system()
    system = replace(
        system,
        actions={n: replace(a, tags=frozenset({t})) for (n, a), t in zip(system.actions.items(), tags, strict=True)},
    )
    goal, asked = m.holds(m.goal), m.holds(m.trigger)
    p = recoverable("p", goal, "made up", wherever=asked, helpers={"helper"}, manual={"operator"})
    search, make = searched(system.instance())
    book = RecoveryChecker(search, make).answer(p).runbook
    if "operator" not in tags:
        assert book is None
        return

    def edges(*wanted: str) -> Any:
        found = nx.DiGraph(
            [(a, b) for t, moves in zip(tags, m.moves, strict=True) if t in wanted for a, b in moves.items()]
        )
        found.add_nodes_from(range(m.states))
        return found

    helping, hands = edges("helper"), edges("operator")
    good = {n for n in range(m.states) if ({n} | nx.descendants(helping, n)) & m.goal}
    alone = {0} | nx.descendants(edges("helper", "other"), 0)
    lost = (alone & m.trigger) - good
    lengths = [
        min((len(nx.shortest_path(hands, n, g)) - 1 for g in good if nx.has_path(hands, n, g)), default=0) for n in lost
    ]
    assert book is not None
    assert sorted(len(i.steps) for i in book.interventions for _ in range(i.states)) == sorted(k for k in lengths if k)
    assert book.helpless == lengths.count(0)
    ranks = [(len(i.steps), -i.states) for i in book.interventions]
    assert ranks == sorted(ranks)


def cycle(fairness: str) -> Made:
    """Two states that form a loop, one of which enables the way out."""
    return Made(3, ({0: 1, 1: 0}, {1: 2}, {2: 2}), ("weak", fairness, "weak"), frozenset({2}), frozenset())


@pytest.mark.parametrize(("fairness", "verdict"), [("none", 0), ("weak", 0), ("strong", 2)])
def test_weak_and_strong_fairness_differ(fairness: str, verdict: int) -> None:
    """The way out is enabled again and again, never for good: only strong fairness takes it."""
    search, make = searched(cycle(fairness).system().instance())
    assert LivenessChecker(search, make).answer(property_of(cycle(fairness), FORMS[0])).verdict == verdict


@pytest.mark.parametrize(("fairness", "verdict"), [("none", 0), ("weak", 2), ("strong", 2)])
def test_no_and_weak_fairness_differ(fairness: str, verdict: int) -> None:
    """The way out is enabled for good: a run that rests is fair only where nobody promised to take it."""
    m = Made(2, ({0: 1}, {1: 1}), (fairness, "weak"), frozenset({1}), frozenset())
    search, make = searched(m.system().instance())
    answer = LivenessChecker(search, make).answer(property_of(m, FORMS[0]))
    assert answer.verdict == verdict
    if answer.recording is not None:
        assert answer.loop == len(answer.recording.moves) == 0


# Machine code and Python -----------------------------------------------------------------------------------------
def content(g: Any) -> tuple[set[Any], list[int]]:
    """Steps, marks and sizes of levels of a graph, whatever its numbers."""
    steps: set[Any] = {(g.packed(n), g.names[k], g.packed(t)) for n in g.numbers for k, t in g.steps(n)}
    marks = {(g.packed(n), g.marks[n]) for n in g.numbers}
    return steps | marks, [sum(b - a for a, b in level) for level in g.levels if sum(b - a for a, b in level)]


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_same_graph(symmetric: bool) -> None:
    instance = original.system(["crash"]).instance(enactors=3, endpoints=1, plans=3, keep=1)
    asked = next(p for p in instance.system.properties if isinstance(p, Recoverability))
    actions = [n for n, a in instance.system.actions.items() if "automation" in a.tags]

    def graph(native: bool, workers: int = 1) -> Any:
        search, make = searched(instance, native=native, symmetric=symmetric, workers=workers)
        return content(make(search, actions, (asked.goal, asked.wherever)))

    expected = graph(False)
    for workers in (1, 2, 3):
        assert graph(True, workers) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems(), st.data())
def test_random_systems(drawn: tuple[System, list[Term], list[Term]], data: st.DataObject) -> None:
    """Every sort and operator: the same answers by Python and by machine code."""
    from planrace.checker.engines.limits import Limits
    from planrace.checker.semantics.interpreter import RangeError

    system, states, _ = drawn
    kinds = {n: data.draw(st.sampled_from(["none", "weak", "strong"])) for n in system.actions}
    system = replace(
        system, actions={n: replace(a, fairness=kinds[n], tags=frozenset({"x"})) for n, a in system.actions.items()}
    )
    try:
        first = Search(system.instance(), [], exhaustive=True, limits=Limits(states=2000))
        first.run()
    except RangeError:
        return
    if first.full:
        return
    asked: list[Any] = [recoverable("r", states[0], "random", wherever=states[1], helpers={"x"})]
    asked += [leads_to("l", states[1], states[0], "random"), eventually_always("e", states[0], "random")]
    asked += [eventually("o", states[0], "random")]
    found: list[Any] = []
    for native in (False, True):
        try:
            found.append(answers(system.instance(), asked, native=native))
        except RangeError as problem:
            found.append(str(problem))
    assert found[0] == found[1]


def answers(instance: Instance, asked: list[Any], *, native: bool) -> list[Any]:
    search, make = searched(instance, native=native)
    of = [
        RecoveryChecker(search, make) if isinstance(p, Recoverability) else LivenessChecker(search, make) for p in asked
    ]
    return [(a.verdict, a.recording and len(a.recording.moves[: a.loop])) for a in map(_ask, of, asked)]


def _ask(of: Any, p: Any) -> Answer:
    answer: Answer = of.answer(p)
    return answer


def test_loops_in_machine_code_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = original.system().instance(enactors=2, endpoints=1, plans=3, keep=1)
    asked = [p for p in instance.system.properties if isinstance(p, Recoverability | Liveness)]
    plain = answers(instance, asked, native=False)
    monkeypatch.setattr(temporal_arrays, "LARGE", 0)
    assert answers(instance, asked, native=False) == plain
    assert {verdict for verdict, _ in plain} == {Verdict.VIOLATED}


# The DNS protocol --------------------------------------------------------------------------------------------------
SIZES = {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 2}
VARIANTS = {
    "original": original.system,
    "fixed": fixed.system,
    **{f"without {p}": lambda faults, p=p: fixed.system(faults, without=[p]) for p in BASE},
}
FAULTS = [(), ("crash",), ("lock-expiry",), ("crash", "lock-expiry"), ("bad-plan",), ("stray-delete",)]


def all_steps(interpreter: Interpreter) -> nx.MultiDiGraph:
    """The states of an instance and their steps, by the interpreter alone."""
    found, queue = nx.MultiDiGraph(), [interpreter.initial()]
    found.add_node(queue[0])
    for s in queue:
        for move, t in interpreter.moves(s):
            if t not in found:
                queue.append(t)
            found.add_edge(s, t, move=move)
    return found


def lost(interpreter: Interpreter, found: nx.MultiDiGraph, p: Recoverability) -> set[State]:
    helping = nx.DiGraph([(s, t) for s, t, m in found.edges(data="move") if m.action.tags & p.helpers])
    goals = {s for s in found if interpreter.holds(p.goal, s)}
    helping.add_nodes_from(found)
    helping.add_edges_from((s, "goal") for s in goals)
    good = nx.ancestors(helping, "goal") if goals else set()
    return {s for s in found if s not in good and interpreter.holds(p.wherever, s)}


@pytest.mark.parametrize("faults", FAULTS, ids=" ".join)
@pytest.mark.parametrize("name", VARIANTS)
def test_recovery_of_every_variant(name: str, faults: tuple[str, ...]) -> None:
    instance = VARIANTS[name](faults).instance(**{**SIZES, "plans": 3, "keep": 1})
    p = next(p for p in instance.system.properties if isinstance(p, Recoverability))
    interpreter = Interpreter(instance)
    found = all_steps(interpreter)
    wanted = lost(interpreter, found, p)
    search, make = searched(instance)
    answer = RecoveryChecker(search, make).answer(p)
    assert (answer.verdict is Verdict.VIOLATED) == bool(wanted)
    if answer.recording is not None:
        lengths = nx.single_source_shortest_path_length(found, interpreter.initial())
        assert answer.recording.states[-1] in wanted
        assert len(answer.recording.moves) == min(lengths[s] for s in wanted)


@pytest.mark.parametrize("name", VARIANTS)
def test_convergence_of_every_variant(name: str) -> None:
    """Against a fair component found in networkx: all fairness is weak here, so maximal components decide."""
    whole = VARIANTS[name](("crash",)).instance(**SIZES)
    p = next(p for p in whole.system.properties if isinstance(p, Liveness))
    instance = read_on(whole, p)
    interpreter = Interpreter(instance)
    found = all_steps(interpreter)
    wanted = any(
        any(not interpreter.holds(p.goal, s) for s in c) and _weakly_fair(found, c)
        for c in nx.strongly_connected_components(found)
    )
    search, make = searched(instance)
    assert (LivenessChecker(search, make).answer(p).verdict is Verdict.VIOLATED) == wanted


def _weakly_fair(found: nx.MultiDiGraph, c: set[State]) -> bool:
    enabled = [{(m.action.name, m.choice) for _, _, m in found.out_edges(s, data="move")} for s in c]
    inside = {(m.action.name, m.choice) for s, t, m in found.out_edges(c, data="move") if t in c}
    return not set.intersection(*enabled) - inside


def test_what_remains_is_closed_and_hopeless() -> None:
    """No step that may help leaves the set that is shown, and the goal holds nowhere in it, says the interpreter."""
    instance = original.system().instance(**SIZES)
    p = next(p for p in instance.system.properties if isinstance(p, Recoverability))
    search, make = searched(instance)
    answer = RecoveryChecker(search, make).answer(p)
    assert answer.recording is not None
    assert answer.dead_end is not None
    interpreter = Interpreter(instance)
    seen = {answer.recording.states[-1]}
    queue = list(seen)
    for s in queue:
        assert not interpreter.holds(p.goal, s)
        for move, t in interpreter.moves(s):
            if move.action.tags & p.helpers and t not in seen:
                seen.add(t)
                queue.append(t)
    assert (answer.dead_end.states, answer.dead_end.whole) == (len(seen), True)
    accepted = next(r for r in answer.dead_end.refused if (r.action, r.outcome) == ("flip_alias", "accepted"))
    assert accepted.place == "alias[1]"
    assert [v.outcome for v in answer.dead_end.vain if v.action == "flip_alias"] == ["refused"]


def test_stray_deletes_and_tolerant_rollback() -> None:
    """With stray deletions the repaired protocol recovers, and does not without the tolerant rollback."""
    verdicts = []
    for without in ([], ["tolerant-rollback"]):
        instance = fixed.system(["stray-delete"], without=without).instance(enactors=2, endpoints=1, plans=3, keep=1)
        p = next(p for p in instance.system.properties if isinstance(p, Recoverability))
        search, make = searched(instance)
        verdicts.append(RecoveryChecker(search, make).answer(p).verdict)
    assert verdicts == [Verdict.HOLDS, Verdict.VIOLATED]


def test_an_interruption_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sweeps are interrupted, the results of the search are still reported."""

    def interrupt(_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("planrace.checker.engines.temporal.recovery.recover", interrupt)
    report = check(original, {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1})
    verdicts = {f.name: (f.verdict, f.how) for f in report.findings}
    assert report.interrupted
    assert verdicts["automation-recovers"] == (Verdict.UNKNOWN, "not decided: it was interrupted")
    assert verdicts["endpoints-converge"] == (Verdict.UNKNOWN, "not decided: it was interrupted")
    assert verdicts["active-plan-never-deleted"][0] is Verdict.VIOLATED


def test_the_search_for_liveness_is_reported_if_it_is_the_only_one() -> None:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    report = check(fixed, sizes, options=Options(properties=("endpoints-converge",)))
    assert report.exploration is not None
    assert report.exploration.complete
    assert f"complete search of {report.exploration.states} states" in report.findings[0].how
