"""The post-mortem's facts: what must match, and what must not."""

from __future__ import annotations

import runpy
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker import Options, Verdict, check, find
from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.scenario.guide import Guide
from planrace.checker.engines.scenario.match import Monitor, casts, match
from planrace.checker.engines.scenario.monitored import monitored
from planrace.checker.engines.scenario.shortest import Shortest
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.checker.semantics.replay import record
from planrace.model.dns.protocol import Enactor
from planrace.model.language import (
    DefinitionError,
    Instance,
    Protocol,
    Step,
    System,
    Term,
    integers,
    primed,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.terms import FALSE, TRUE
from planrace.properties import Scenario, event, fact, never, role, scenario
from planrace.properties.dns import fixed, original
from planrace.properties.postmortem import postmortem
from tests import ROOT
from tests.systems import random_systems

ALL = [f"F{n}" for n in range(1, 12)]
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


def test_the_default_run_shows_the_whole_scenario() -> None:
    report = check(find("original"))
    assert report.full_match is not None
    assert report.full_match.match is not None
    assert report.full_match.trace is not None
    assert report.full_match.match.matched == ALL
    steps = {f.fact: f.step for f in report.full_match.match.facts}
    order = [("F2", "F3"), ("F2", "F4"), ("F4", "F5"), ("F5", "F6"), ("F5", "F7"), ("F6", "F9"), ("F7", "F9")]
    assert all((steps[a] or 0) < (steps[b] or 0) for a, b in order)
    assert steps["F7"] == steps["F8"]
    assert steps["F9"] == steps["F10"]


def test_the_lock_contention_is_seen_in_the_states() -> None:
    report = check(find("original"))
    assert report.full_match is not None
    trace, found = report.full_match.trace, report.full_match.match
    assert trace is not None
    assert found is not None
    delayed, endpoint = found.roles["delayed"], found.roles["endpoint"]
    assert isinstance(delayed, int)
    assert isinstance(endpoint, int)
    waits = 0
    for before, here in zip([trace.initial, *(s.state for s in trace.steps)], trace.steps, strict=False):
        phases, locks = before["phase"], here.state["lock"]
        assert isinstance(phases, list)
        assert isinstance(locks, list)
        at_lock = phases[delayed - 1] == "LOCK"
        waits += at_lock and here.action == "take_lock" and locks[endpoint - 1] not in (0, delayed)
    assert waits >= 2


@pytest.mark.parametrize(
    ("sizes", "length"),
    [({}, 16), ({"endpoints": 1}, 13), ({"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}, 12)],
)
def test_of_the_shortest_counterexamples_the_one_that_shows_most_is_reported(
    sizes: dict[str, int], length: int
) -> None:
    report = check(find("original"), sizes, options=Options(properties=("active-plan-never-deleted",)))
    (finding,) = report.findings
    assert finding.depth == length
    assert finding.match is not None
    assert finding.match.missing == ["F3"]
    assert finding.match.holds


def test_a_step_invariants_shortest_counterexample_stays_one() -> None:
    instance = original.system().instance(endpoints=1)
    (regress,) = (p for p in instance.system.properties if p.name == "plans-never-regress")
    recording = Shortest(instance, postmortem).richest(regress, 10)
    assert recording is not None
    assert len(recording.moves) == 10
    before, after = recording.states[-2:]
    assert not recording.interpreter.holds(regress.holds, before, after, recording.moves[-1])


@pytest.mark.parametrize(
    ("fault", "property_"),
    [("stray-delete", "active-plan-never-deleted"), ("bad-plan", "record-never-empty")],
)
def test_a_violation_without_the_race_does_not_match(fault: str, property_: str) -> None:
    report = check(find("original"), faults=[fault], options=Options(properties=(property_,)))
    (finding,) = report.findings
    assert finding.verdict.word == "violated"
    assert finding.match is not None
    assert not finding.match.holds
    assert {"F5", "F7", "F9", "F10"} <= set(finding.match.missing)


def test_the_order_of_facts_counts() -> None:
    """The 13-step outage at one endpoint matches; the same steps do not match if the clean-up lists before there is
    anything to delete."""
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 2}
    instance = original.system().instance(**sizes)
    prefix = [
        ("publish", ()),
        ("pick_up", (1,)),
        ("publish", ()),
        ("publish", ()),
        ("pick_up", (2,)),
        ("take_lock", (2,)),
        ("build_tree", (2,)),
        ("flip_alias", (2,)),
        ("take_lock", (1,)),
        ("build_tree", (1,)),
    ]
    ends = [("flip_alias", (1,)), ("list_old_plans", (2,)), ("delete_old_plans", (2,))]
    found = match(postmortem, record(Interpreter(instance), [*prefix, *ends]))
    assert found.holds
    assert found.missing == ["F3"]
    early = match(postmortem, record(Interpreter(instance), [*prefix, ends[1], ends[2], ends[0]]))
    assert "F9" in early.missing


def test_a_protocol_without_the_race_shows_no_full_match() -> None:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 2}
    guide = Guide(find("fixed").system().instance(**sizes), postmortem)
    assert guide.run() is None
    assert guide.stopped is None
    assert guide.states > 733


def test_a_bound_is_said() -> None:
    guide = Guide(find("fixed").system().instance(), postmortem, limits=Limits(states=500))
    assert guide.run() is None
    assert guide.stopped == StopReason(StopKind.STATES, "the bound of 500 states was reached")


def test_the_guided_search_is_repeatable() -> None:
    runs = [Guide(original.system().instance(endpoints=1), postmortem).run() for _ in range(2)]
    first, second = ([(m.action.name, m.choice) for m in r.moves] for r in runs if r is not None)
    assert first == second


def test_casts_up_to_symmetry() -> None:
    search = Search(original.system().instance(), [])
    every = list(casts(search.kernel.interpreter, postmortem))
    canonical = list(casts(search.kernel.interpreter, postmortem, up_to_symmetry=True))
    assert len(every) == 3 * 2 * 2 * 5
    assert len(canonical) == 2 * 5


def test_the_monitor_keeps_the_order() -> None:
    monitor = Monitor(postmortem)
    names = [e.name for e in monitor.events]
    nine = 1 << names.index("F9")
    assert monitor.advance(0, nine) == 0
    before = (1 << names.index("F6")) | (1 << names.index("F7"))
    assert monitor.advance(before, nine) == before | nine


def test_the_match_agrees_with_the_monitor() -> None:
    """Matching a recorded run and watching it step by step find the same events."""
    report = check(find("original"), {"endpoints": 1}, options=Options(engine="simulate", seed=2, runs=5))
    trace = next(f.trace for f in report.findings if f.trace is not None and f.match is not None)
    instance = original.system().instance(endpoints=1)
    picks = [(s.action, tuple(v for v in s.parameters.values() if isinstance(v, int))) for s in trace.steps]
    recording, monitor = record(Interpreter(instance), picks), Monitor(postmortem)
    best = (0, 0)
    for cast in casts(recording.interpreter, postmortem):
        done = 0
        for n, move in enumerate(recording.moves):
            before, after = recording.states[n : n + 2]
            done = monitor.advance(done, monitor.shown_by(recording.interpreter, cast, done, before, after, move))
        best = max(best, monitor.score(done))
    found = match(postmortem, recording)
    claims = {c.name for c in postmortem.claims}
    assert best[0] == len([name for name in found.matched if name not in claims]) > 1


def test_a_claim_is_about_all_that_follows() -> None:
    """F11 holds after the deletion in ``original``; it is not shown if the tolerant rollback lets flips pass."""
    report = check(find("original"), SMALL)
    finding = report.findings[0]
    assert finding.trace is not None
    picks = [(s.action, tuple(v for v in s.parameters.values() if isinstance(v, int))) for s in finding.trace.steps]
    matches = []
    for more in ([], ["tolerant-rollback"]):
        instance = original.system(with_protections=more).instance(**SMALL)
        matches.append(match(postmortem, record(Interpreter(instance), picks)).facts)
    claimed = [next(f for f in facts if f.fact == "F11") for facts in matches]
    assert (claimed[0].step, claimed[0].onward, claimed[0].states) == (len(picks), True, 73)
    assert claimed[1].step is None


def test_a_claim_is_about_what_follows_the_fact_and_not_the_end_of_the_run() -> None:
    """What is claimed never to happen happens in the run itself, after the fact."""
    protocol = Protocol("counter")
    at = protocol.variable("at", integers(0, 3), 0)

    @protocol.action(by="counter", tags=["help"])
    def count() -> Step:
        return step(when(at < 3), update(at, at + 1))

    begun = fact("F1", "it has begun", event(primed(at) == 1))
    claims = [never(f"C{n}", f"never {n}", primed(at) == n, by={"help"}, after="F1") for n in (1, 2, 3)]
    run = record(Interpreter(protocol.system().instance()), [("count", ())] * 3)
    found = {f.fact: f.step for f in match(scenario("counts", "it counts", (), begun, *claims), run).facts}
    assert found == {"F1": 1, "C1": 1, "C2": None, "C3": None}


def test_the_scenario_with_the_repair_by_an_operator() -> None:
    """With an operator, one trace shows all facts, from the delay to the repair."""
    report = check(find("original"), {"operator": "on", "enactors": 2, "endpoints": 1})
    assert report.full_match is not None
    assert report.full_match.match is not None
    assert report.full_match.match.matched == [*ALL, "F12"]
    steps = {f.fact: f.step for f in report.full_match.match.facts}
    assert steps["F10"] == steps["F11"]
    assert (steps["F12"] or 0) > (steps["F11"] or 0)


def test_claims_refer_to_facts() -> None:
    claim = never("C", "c", TRUE, by={"automation"}, after="X")
    with pytest.raises(DefinitionError, match="claim C refers to X"):
        scenario("wrong", "wrong", (), fact("A", "a", event(TRUE)), claim)


def test_facts_may_only_refer_to_earlier_ones() -> None:
    late = fact("B", "b", event(TRUE, after=("C",)))
    with pytest.raises(DefinitionError, match="refers to C"):
        scenario("wrong", "wrong", (role("x", Enactor),), late)


# The monitor as terms --------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems(), st.randoms(use_true_random=False))
def test_the_monitor_as_terms(drawn: tuple[System, list[Term], list[Term]], chance: Random) -> None:
    """Along random runs the monitored system has shown what the plain monitor counts."""
    system, states, steps = drawn
    forbidden = chance.choice([None, steps[0], states[1]])
    found = scenario(
        "random",
        "random",
        (),
        fact("A", "a", event(steps[0]), event(states[0])),
        fact("B", "b", event(steps[1], after=("A.1",), without=forbidden), event(states[1], since=("A",))),
    )
    watched, _ = monitored(system, found, {})
    plain, other, monitor = Interpreter(system.instance()), Interpreter(watched.instance()), Monitor(found)
    for _ in range(3):
        before, done = chance.choice(plain.initials()), 0
        state = (*before, frozenset[int]())
        assert other.starting.includes(state)
        for _ in range(6):
            try:
                moves = list(zip(plain.moves(before), other.moves(state), strict=True))
                if not moves:
                    break
                (move, after), (again, onward) = chance.choice(moves)
                shown = monitor.shown_by(plain, {}, done, before, after, move)
            except RangeError:
                return
            assert (move.action.name, move.choice) == (again.action.name, again.choice)
            done, before, state = monitor.advance(done, shown), after, onward
            assert state[:-1] == before
            assert state[-1] == {n for n in range(1, 5) if done >> n - 1 & 1}


def shows(letters: str) -> bool:
    """By brute force: some choice of steps shows A, then B without X in between, then D; and C after A without Y."""
    places = range(len(letters))

    def after(a: int, letter: str, forbidden: str) -> list[int]:
        return [n for n in places if a < n and letters[n] == letter and forbidden not in letters[a + 1 : n]]

    starts = [a for a in places if letters[a] == "A" and after(a, "C", "Y")]
    return any(letters[d] == "D" and b < d for a in starts for b in after(a, "B", "X") for d in places)


@settings(max_examples=600, deadline=None)
@given(st.text("ABCDXY", max_size=12))
def test_forbidden_events_by_brute_force(letters: str) -> None:
    """What the monitor counts is whether any choice of steps avoids what is forbidden."""
    story = scenario(
        "story",
        "a story",
        (),
        fact("A", "a", event(TRUE)),
        fact("B", "b", event(TRUE, after=("A",), without=FALSE)),
        fact("C", "c", event(TRUE, after=("A",), without=FALSE)),
        fact("D", "d", event(TRUE, after=("B",))),
    )
    monitor, done, full = Monitor(story), 0, False
    for letter in letters:
        done = monitor.advance(done, 1 << "ABCDXY".index(letter))
        full = full or done == monitor.everything
    assert full == shows(letters)


def test_what_may_be_forbidden() -> None:
    """A window begins at one event, which ends no other window."""
    first, second = fact("A", "a", event(TRUE)), fact("B", "b", event(TRUE))
    for late, problem in (
        (event(TRUE, after=("A", "B"), without=FALSE), "forbids something since A, B"),
        (event(TRUE, after=("A",), since=("B",), without=FALSE), "forbids something since A, B"),
        (event(TRUE, without=FALSE), "forbids something since nothing"),
    ):
        with pytest.raises(DefinitionError, match=problem):
            scenario("wrong", "wrong", (), first, second, fact("C", "c", late))
    ends = fact("E", "e", event(TRUE, after=("A",), without=FALSE))
    with pytest.raises(DefinitionError, match="C and E, which it comes after, both forbid"):
        scenario("wrong", "wrong", (), first, ends, fact("C", "c", event(TRUE, after=("E",), without=FALSE)))


def shortest_by_hand(instance: Instance) -> int | None:
    """Steps to the first state of the product with the plain monitor where all that is not optional was shown."""
    interpreter, monitor = Interpreter(instance), Monitor(postmortem)
    wanted = sum(1 << monitor.events.index(e) for f in postmortem.facts if not f.optional for e in f.events)
    best: int | None = None
    for cast in casts(interpreter, postmortem, up_to_symmetry=True):
        level, seen, depth = [(interpreter.initial(), 0)], set(), 0
        while level and (best is None or depth < best):
            fresh = []
            for s, done in level:
                for move, t in interpreter.moves(s):
                    now = monitor.advance(done, monitor.shown_by(interpreter, cast, done, s, t, move))
                    if now & wanted == wanted:
                        best = depth + 1 if best is None else min(best, depth + 1)
                    if (t, now) not in seen:
                        seen.add((t, now))
                        fresh.append((t, now))
            level = fresh
            depth += 1
    return best


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_the_shortest_run_of_a_scenario(engine: str) -> None:
    report = check(find("original"), SMALL, options=Options(engine=engine, scenario="postmortem"))
    (finding,) = report.findings
    assert finding.verdict is Verdict.HOLDS
    assert finding.depth == shortest_by_hand(original.system().instance(**SMALL))
    assert finding.how.endswith("; shortest")  # other casts were searched up to one step less
    assert finding.match is not None
    assert set(ALL) - set(finding.match.matched) <= {"F3"}


def test_a_bound_of_states_leaves_open_whether_a_run_is_shortest() -> None:
    report = check(find("original"), SMALL, options=Options(engine="explicit", scenario="postmortem", max_states=1000))
    assert report.findings[0].how.endswith("; not necessarily the shortest")


def test_a_scenario_that_cannot_happen() -> None:
    report = check(find("fixed"), SMALL, options=Options(scenario="postmortem"))
    assert report.verdict is Verdict.VIOLATED
    assert "complete search" in report.findings[0].how
    assert shortest_by_hand(fixed.system().instance(**SMALL)) is None


def test_a_scenario_within_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    small = [x for n, v in SMALL.items() for x in ("-s", f"{n}={v}")]
    assert run(["-p", "fixed", *small, "--scenario", "postmortem", "--max-states", "100"]) == 3
    assert run(["-p", "original", *small, "--scenario", "postmortem", "--depth", "5"]) == 3
    assert run(["-p", "original", *small, "--scenario", "postmortem", "--format", "json"]) == 0
    capsys.readouterr()
    assert run(["-p", "fixed", "--scenario", "postmorten"]) == 2
    assert "did you mean postmortem?" in capsys.readouterr().err
    assert run(["-p", "fixed", "--scenario", "postmortem", "--engine", "bmc"]) == 2


def test_a_story_of_another_protocol() -> None:
    """A deployer switches to a release between its listing and its deletion; the fix makes that impossible."""
    names = runpy.run_path(str(ROOT / "examples" / "blue_green.py"))
    target, condemned, slow = names["target"], names["condemned"], role("slow", names["Deployer"])

    def story(forbidden: Term) -> Scenario:
        listed = target[slow].isin(primed(condemned)) & ~target[slow].isin(condemned)
        switched = taken("switch", d=slow) & target[slow].isin(condemned) & (primed(names["live"]) == target[slow])
        return scenario(
            "too-late",
            "a switch to a release that is about to go",
            (slow,),
            fact("chosen", "the slow deployer chooses", event(taken("choose", d=slow))),
            fact("listed", "its release is listed", event(listed, after=("chosen",))),
            fact("switched", "it switches all the same", event(switched, after=("listed",), without=forbidden)),
            fact("deleted", "the release goes", event(taken("delete"), after=("switched",))),
        )

    found = {}
    for name, forbidden in (("delete", taken("delete")), ("switch", taken("switch"))):
        for variant in (names["protocol"].variant("broken"), names["fixed"]):
            declared = variant.declaring(scenarios=[story(forbidden)])
            report = check(declared, options=Options(scenario="too-late"))
            found[name, variant.name] = report.findings[0].depth
    broken = {("delete", "broken"): 8, ("switch", "broken"): 8}
    assert found == {**broken, ("delete", "blue-green-fixed"): None, ("switch", "blue-green-fixed"): None}
