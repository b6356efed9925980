"""Logs of any number of generations: the normal form gives the answers of the instance that holds them all."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planrace import conform, find
from planrace.checker.logs.events import LogEvent, StepPattern
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.generations import NormalStates, generations_of
from planrace.checker.logs.states import composed, moved
from planrace.checker.results.conformance import Conformance, LogLine
from planrace.checker.run.request import select
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import If, Protocol, exists, forall, integers, step, update, when
from planrace.properties.kinds import invariant
from tests.logs.logs import Records, logged, random_run

PLANS = 12
SIZES = {"enactors": 2, "endpoints": 1, "keep": 2}
FAULTS = ["crash", "lock-expiry", "stray-delete"]
UNSEEN = ("crash", "expire_lock", "lose_lock")


def written(path: Path, records: Records) -> Path:
    file = path / "log.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in records))
    return file


def observed(name: str, seed: int, rng: Random) -> Records:
    """Records of a random run that publishes plans to the end; some lines name plans around their step."""
    instance = select(find(name), {**SIZES, "plans": PLANS}, faults=FAULTS).instance
    went = random_run(instance, 35, seed, rare=(*UNSEEN, "stray_delete"))
    describer = Describer(Interpreter(instance))
    records = logged(went, UNSEEN, rng.choice((0.0, 0.7)), seed)
    seen = [(before, after) for before, move, after in went if move.action.name not in UNSEEN]
    for record, states in zip(records, seen, strict=True):
        for key, state in zip(("before", "after"), states, strict=True):
            if rng.random() < 0.2:
                values = describer.state(state)
                record[key] = {v: values[v] for v in rng.sample(("latest", "alias", "trees", "plan", "rollback"), 2)}
    return records


def changed(records: Records, rng: Random) -> Records:
    """The records with a plan that differs by one, or without a line."""
    found: list[dict[str, Any]] = json.loads(json.dumps(records))
    places = [(r, key) for r in found for key in ("before", "after") if "latest" in r.get(key, {})]
    if places and rng.random() < 0.5:
        record, key = rng.choice(places)
        record[key]["latest"] += rng.choice((-1, 1))
    else:
        del found[rng.randrange(len(found))]
    return found


@pytest.mark.parametrize("name", ["original", "fixed"])
@pytest.mark.parametrize("seed", range(5))
def test_the_answers_are_those_of_a_large_instance(name: str, seed: int, tmp_path: Path) -> None:
    """The same run step by step, the same divergence with the same reasons, and the same numbers of runs."""
    rng = Random(seed)
    records = observed(name, seed, rng)
    for made in (records, changed(records, rng)):
        log = written(tmp_path, made)
        bounded = conform(name, log, {**SIZES, "plans": 2 * PLANS}, faults=FAULTS)
        free = conform(name, log, SIZES, faults=FAULTS)
        assert (bounded.unbounded, free.unbounded) == (None, "plans")
        assert free.verdict is bounded.verdict
        assert free.every == bounded.every
        assert free.hidden == bounded.hidden
        if bounded.trace is not None:
            assert free.trace is not None
            assert tuple(free.trace.steps) == tuple(bounded.trace.steps)
        if bounded.divergence is not None:
            assert free.divergence is not None
            assert free.divergence.explained == bounded.divergence.explained
            assert free.divergence.hypotheses == bounded.divergence.hypotheses
            assert free.divergence.blocked == bounded.divergence.blocked
            assert tuple(free.divergence.trace.steps) == tuple(bounded.divergence.trace.steps)
        assert free.rates == bounded.rates


@pytest.mark.parametrize("seen", [[2], [1], []])
def test_hidden_steps_may_name_generations(seen: list[int], tmp_path: Path) -> None:
    """Nobody logs which tree was deleted: that the zone has one tree, or none, is explained by deletions."""
    turn = ("publish", "pick_up", "take_lock", "build_tree", "flip_alias", "list_old_plans")
    records: Records = [{"action": a, "parameters": [1] if a != "publish" else []} for a in (*turn, *turn)]
    log = written(tmp_path, [*records, {"action": "publish", "before": {"trees": {"1": seen}}}])
    for sizes in (SIZES, {**SIZES, "plans": PLANS}):
        report = conform("original", log, sizes, faults=["stray-delete"], logged=["delete_old_plans"])
        assert report.verdict is Conformance.CONFORMS
        assert report.trace is not None
        deleted = [s.parameters["g"] for s in report.trace.steps if s.action == "stray_delete"]
        assert sorted(deleted) == [g for g in (1, 2) if g not in seen]


def test_such_logs_diverge_and_conform(tmp_path: Path) -> None:
    """What the test above compares is not always the same verdict."""
    found = set()
    for seed in range(4):
        rng = Random(seed)
        records = observed("fixed", seed, rng)
        for made in (records, changed(records, rng)):
            found.add(conform("fixed", written(tmp_path, made), SIZES, faults=FAULTS).verdict)
    assert {Conformance.CONFORMS, Conformance.DIVERGES} <= found


def test_a_bound_that_is_given_applies(tmp_path: Path) -> None:
    log = written(tmp_path, [{"action": "publish"}] * 5)
    assert conform("fixed", log, SIZES, hidden=0).verdict is Conformance.CONFORMS
    report = conform("fixed", log, {**SIZES, "plans": 4}, hidden=0)
    assert report.divergence is not None
    assert report.divergence.explained == 4


def test_a_bound_applies_if_nobody_logs_what_gives_out_generations(tmp_path: Path) -> None:
    """Otherwise there would be no end of what may have happened unseen."""
    log = written(tmp_path, [{"action": "pick_up", "parameters": [1]}] * 2)
    report = conform("fixed", log, SIZES)
    assert report.unbounded is None
    assert report.parameters["plans"] == 4


@pytest.mark.usefixtures("unexplained")
def test_an_outage_after_many_plans_is_replayed_by_the_plain_interpreter(tmp_path: Path) -> None:
    """Its counterexample has the numbers of the log, in an instance that is large enough."""

    def act(i: int, *names: str) -> Records:
        return [{"action": name, "parameters": [i] if i else []} for name in names]

    flip = ("take_lock", "build_tree", "flip_alias")
    round_of_one = [*act(0, "publish"), *act(1, "pick_up", *flip, "list_old_plans")]
    records = [*act(0, "publish", "publish"), *act(2, "pick_up"), *round_of_one]
    for _ in range(10):
        records += [*round_of_one, *act(1, "delete_old_plans")]
    records += [*round_of_one[:-1], *act(2, "take_lock", "build_tree"), *round_of_one[-1:]]
    records += [*act(2, "flip_alias"), *act(1, "delete_old_plans")]
    report = conform("original", written(tmp_path, records), {**SIZES, "keep": 1})
    assert report.judged is not None
    names = [f.name for f in report.judged.findings]
    assert "active-plan-never-deleted" in names
    assert int(report.judged.parameters["plans"]) >= 13
    found = report.judged.findings[names.index("active-plan-never-deleted")].trace
    assert found is not None
    assert found.steps[-1].action == "delete_old_plans"
    assert found.steps[-1].text == "deletes the trees of plans 2, 13 at endpoint 1"


# Which protocols have such generations ---------------------------------------------------------------------------
def epochs(high: int = 5) -> Protocol:
    p = Protocol("epochs")
    most = p.parameter("most", 3, 1, high)
    epoch = integers(0, most, "epoch")
    now = p.variable("now", epoch, 0)
    seen = p.variable("seen", epoch, 0)

    @p.action(by="leader")
    def begin():  # type: ignore[no-untyped-def]
        return step(when(now < most), update(now, now + 1))

    @p.action(by="worker")
    def look():  # type: ignore[no-untyped-def]
        return step(when(seen < now), update(seen, now))

    return p


def test_a_protocol_of_the_users_has_them_too(tmp_path: Path) -> None:
    log = written(tmp_path, [*[{"action": "begin"}] * 40, {"action": "look", "after": {"seen": 40}}])
    report = conform(epochs(), log)
    assert report.verdict is Conformance.CONFORMS
    assert report.unbounded == "most"
    assert report.trace is not None
    assert report.trace.steps[-1].state == {"now": 40, "seen": 40}


def test_a_model_that_counts_with_the_bound_keeps_it() -> None:
    """The bound stands in another guard, in a variable that holds no epoch, and in a constant comparison."""
    plain = epochs()
    assert generations_of(plain.system().instance()) is not None
    for change in ("guard", "other", "constant", "far", "exact"):
        p = epochs(400)
        most, now = p.parameters["most"], p.variables["now"].term
        n = p.variable("n", integers(0, most, "count") if change == "other" else integers(0, 9), 0)

        @p.action(by="worker")
        def work():  # type: ignore[no-untyped-def]
            guard = {"far": now >= 200, "exact": now + 3 == 300, "constant": now >= 3}  # noqa: B023
            guard |= {"guard": n < most, "other": n < 1}  # noqa: B023
            return step(when(guard[change]), update(n, 1))  # noqa: B023

        assert generations_of(p.system().instance()) is None, change


def test_the_small_instance_grows(tmp_path: Path) -> None:
    """As many live generations as there are members, each in a gap that may not be smaller."""
    instance = select(find("fixed"), {"enactors": 1, "endpoints": 1, "keep": 12}).instance
    generations = generations_of(instance)
    assert generations is not None
    states = NormalStates(generations)
    ((number, absolute),) = states.starts()
    del absolute
    one = ("publish", "pick_up", "take_lock", "build_tree", "flip_alias", "list_old_plans")
    for name in one * 12:
        (taken,) = states.moves(number, name)
        number = taken.number
    assert len(states.live(number)) == 12
    log = written(tmp_path, [{"action": a, "parameters": [1] if a != "publish" else []} for a in one] * 12)
    report = conform("fixed", log, {"enactors": 1, "endpoints": 1, "keep": 12})
    assert report.divergence is None


def test_binders_over_live_generations_decide_as_all_do() -> None:
    """What `exists` and `forall` range over is only what a state holds; the interpreter of the logs' numbers agrees."""
    dns = find("fixed").protocol
    plan, latest = dns.variables["plan"].term, dns.variables["latest"].term
    assert plan is not None
    instance = select(find("fixed"), {**SIZES, "plans": PLANS}, faults=FAULTS).instance
    generations = generations_of(instance, ())
    assert generations is not None
    states = NormalStates(generations)
    plainly = Interpreter(instance)
    sort: Any = instance.system.variables[1].sort
    sort = sort.element
    for before, _, _ in random_run(instance, 60, 3):
        situation = states.situation(before)
        assert states.state(situation) == before
        for term in (exists(sort, lambda g: g == latest), forall(sort, lambda g: (g != latest) | (g > 0))):
            assert states.interpreter.holds(term, before) == plainly.holds(term, before)


def test_what_is_remembered_of_an_event_hangs_on_the_numbers_of_the_logs() -> None:
    """Two situations have one normal form, and an event names a generation that only one of them has."""
    instance = select(find("fixed"), SIZES).instance
    generations = generations_of(instance)
    assert generations is not None
    states = NormalStates(generations)
    steps = EventSteps(states, ())
    ((start, _),) = states.starts()
    (published,) = states.moves(start, "publish")
    latest = next(n for n, v in enumerate(instance.system.variables) if v.name == "latest")
    event = LogEvent(LogLine("a", 1), (StepPattern("publish", ()),), after=((latest, 6),))
    assert [len(steps.direct((published.number, (n,)), event)) for n in (5, 7, 5)] == [1, 0, 1]


def test_where_generations_come_from_is_composed() -> None:
    """Two steps one after the other do what their composition does."""
    absolute = (3, 8)
    for first, then in (((0, 1, -2), (1, 2, -1)), ((1,), (0, -3)), ((0, -1), (1,)), ((-1,), (-1,))):
        assert moved(moved(absolute, first), then) == moved(absolute, composed(first, then))
    assert composed(None, None) is None
    assert composed((0,), None) == composed(None, (0,)) == (0,)


def leaping(by: int, always: bool) -> Protocol:
    """The counter grows by so many: always, or only if the one before was picked up."""
    p = Protocol("leaping")
    version = integers(0, p.parameter("most", 9, 1, 15), "version")
    latest, active = p.variable("latest", version, 0), p.variable("active", version, 0)

    @p.action(by="planner")
    def publish():  # type: ignore[no-untyped-def]
        further = latest + by if always else latest + If(latest == active, by, 1)
        return step(when(latest >= active), update(latest, further))

    @p.action(by="worker")
    def pick():  # type: ignore[no-untyped-def]
        return step(when(latest > active), update(active, latest))

    p.declare(invariant("idle", latest == active, "everything published was picked up"))
    return p


@pytest.mark.parametrize("by", [1, 3, 5, 40])
@pytest.mark.parametrize("always", [True, False])
def test_a_counter_may_grow_by_any_constant(by: int, always: bool, tmp_path: Path) -> None:
    """The small instance has room for it; the report is about the numbers of the logs, and so is the replayed run."""
    log = tmp_path / "a.jsonl"
    pairs = [
        [{"action": "publish", "before": {"latest": n * by, "active": n * by}}, {"action": "pick"}] for n in range(6)
    ]
    records = [r for pair in pairs for r in pair]
    last = {"action": "publish", "after": {"latest": 7 * by}}
    log.write_text("".join(json.dumps(r) + "\n" for r in [*records, last]))
    report = conform(leaping(by, always), log)
    assert report.verdict is Conformance.CONFORMS
    assert report.unbounded == "most"
    assert report.judged is not None
    assert [r.failed for r in report.rates] == [0]
    wrong = [*records, {"action": "publish", "after": {"latest": 7 * by + 1}}]
    log.write_text("".join(json.dumps(r) + "\n" for r in wrong))
    assert conform(leaping(by, always), log).verdict is Conformance.DIVERGES
