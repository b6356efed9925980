"""All runs that explain logs: the fewest faults, how many runs there are, and what they violate."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planrace import conform, find, render
from planrace.checker.cli.main import run
from planrace.checker.results.conformance import Conformance
from planrace.checker.run.request import select
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance, Protocol, boolean, integers, step, taken, update, when
from planrace.properties.kinds import Invariant, invariant, step_invariant
from tests.logs.logs import Records, logged, random_run
from tests.logs.oracle import is_step, may_be_next

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
FAULTS = ["crash", "lock-expiry"]
UNSEEN = ("crash", "expire_lock", "lose_lock")


def written(path: Path, records: Records) -> Path:
    file = path / "log.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in records))
    return file


class Runs:
    """Every run that explains records, hidden steps anywhere, by brute force."""

    def __init__(self, instance: Instance, records: Records) -> None:
        self._interpreter = Interpreter(instance)
        self._properties = [p for p in instance.system.properties if isinstance(p, Invariant)]
        streams: dict[str, Records] = {}
        for r in records:
            streams.setdefault(r["stream"], []).append(r)
        self._lists = list(streams.values())
        self._end = tuple(map(len, self._lists))

    def cheapest(self) -> dict[frozenset[str], int]:
        """For each set of invariants that some run violates: the fewest faults of such a run."""
        found: dict[frozenset[str], int] = {}
        queue: list[tuple[int, int, Any]] = []
        best: dict[Any, int] = {}
        for s in self._interpreter.initials():
            self._push(queue, best, 0, ((0,) * len(self._lists), s, self._wrong(s)))
        while queue:
            cost, _, node = heapq.heappop(queue)
            if best[node] < cost:
                continue
            at, state, wrong = node
            if at == self._end:
                found.setdefault(wrong, cost)
            for faults, there, after in self._steps(at, state):
                self._push(queue, best, cost + faults, (there, after, wrong | self._wrong(after)))
        return found

    def _steps(self, at: tuple[int, ...], state: State) -> Iterator[tuple[int, tuple[int, ...], State]]:
        for move, after in self._interpreter.moves(state):
            if move.action.name in UNSEEN:
                yield move.action.fault is not None, at, after
            for n, events in enumerate(self._lists):
                if at[n] < len(events) and may_be_next(self._lists, at, n) and is_step(move, events[at[n]]):
                    yield 0, (*at[:n], at[n] + 1, *at[n + 1 :]), after

    def _push(self, queue: list[tuple[int, int, Any]], best: dict[Any, int], cost: int, node: Any) -> None:
        if node not in best or cost < best[node]:
            best[node] = cost
            heapq.heappush(queue, (cost, len(best), node))

    def _wrong(self, state: State) -> frozenset[str]:
        return frozenset(p.name for p in self._properties if not self._interpreter.holds(p.holds, state))


@pytest.mark.parametrize("name", ["original", "fixed"])
@pytest.mark.parametrize("seed", range(6))
def test_no_run_needs_fewer_faults(name: str, seed: int, tmp_path: Path) -> None:
    """And if all runs violate an invariant, or none does, the answer says so."""
    instance = select(find(name), SIZES, faults=FAULTS).instance
    records = logged(random_run(instance, 20, seed, UNSEEN), UNSEEN, 1.2, seed)
    report = conform(name, written(tmp_path, records), SIZES, faults=FAULTS, every=True)
    invariants = {p.name for p in instance.system.properties if isinstance(p, Invariant)}
    told = {frozenset(r.violates) & invariants: r.faults for r in reversed(report.every)}
    cheapest = Runs(instance, records).cheapest()
    assert min(told.values()) == min(cheapest.values())
    assert min(r.faults for r in report.every) == report.every[0].faults
    for violated, faults in told.items():
        assert cheapest[violated] <= faults
    assert frozenset.intersection(*cheapest) <= frozenset.intersection(*told)
    assert report.trace is not None
    assert sum(s.fault is not None for s in report.trace.steps) == report.every[0].faults


# Small models whose runs are known ----------------------------------------------------------------------------------
def two_writers() -> Protocol:
    """Whether b writes after a is in the order of two lines of different streams."""
    p = Protocol("writers")
    last = p.variable("last", integers(0, 2), 0)
    done = p.variable("done", integers(0, 2), 0)
    p.fault("slip", "b writes again")

    @p.action(by="a")
    def a():  # type: ignore[no-untyped-def]
        return step(when(done < 2), update(last, 1), update(done, done + 1))

    @p.action(by="b")
    def b():  # type: ignore[no-untyped-def]
        return step(when(done < 2), update(last, 2), update(done, done + 1))

    p.declare(invariant("ends_with_a", (done != 2) | (last == 1), "the last write is by a"))
    return p


def test_logs_that_do_not_decide_are_ambiguous(tmp_path: Path) -> None:
    """Of two orders one violates the property; with better clocks the logs decide."""
    near: Records = [{"stream": "a", "at": 1.0, "action": "a"}, {"stream": "b", "at": 1.1, "action": "b"}]
    log = written(tmp_path, near)
    report = conform(two_writers(), log, uncertainty=0.2)
    assert report.verdict is Conformance.AMBIGUOUS
    assert report.exit_code == 3
    assert not report
    assert [(r.violates, r.runs, r.faults) for r in report.every] == [((), 1, 0), (("ends_with_a",), 1, 0)]
    assert report.judged is not None
    assert [f.name for f in report.judged.findings] == ["ends_with_a"]
    text = " ".join(render(report).split())
    assert "2 runs explain the logs" in text
    assert "do not decide" in text
    decided = conform(two_writers(), log)
    assert decided.verdict is Conformance.CONFORMS
    assert decided.exit_code == 1
    assert [(r.violates, r.runs) for r in decided.every] == [(("ends_with_a",), 1)]


def test_a_violation_that_was_near_is_told(tmp_path: Path) -> None:
    """From the state in which it was nearest, by which steps."""
    log = written(tmp_path, [{"action": "b"}])
    report = conform(two_writers(), log, logged=["a"])
    assert report.near is not None
    assert (report.near.property, report.near.further, report.near.step) == ("ends_with_a", 1, 1)
    assert report.near.line is not None
    assert "would have violated ends_with_a" in " ".join(render(report).split())
    never = conform(two_writers(), written(tmp_path, [{"action": "b"}, {"action": "a"}]))
    assert never.near is not None
    assert never.near.further == 1, "after b another b"
    both = written(tmp_path, [{"action": "publish"}])
    safe = conform("fixed", both, {"enactors": 1, "endpoints": 1, "plans": 1}, hidden=0)
    assert safe.near is not None
    assert safe.near.never


def test_runs_that_are_too_many_are_not_searched_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so, and is about the run that was found."""
    monkeypatch.setattr("planrace.checker.logs.conform.ALL_RUNS", 3)
    instance = select(find("fixed"), SIZES, faults=FAULTS).instance
    log = written(tmp_path, logged(random_run(instance, 20, 1, UNSEEN), UNSEEN, 1.2, 1))
    report = conform("fixed", log, SIZES, faults=FAULTS)
    assert report.every == ()
    assert report.unsearched == "that takes more than 3 states; --every searches them"
    assert report.unsearched in " ".join(render(report).split())
    assert conform("fixed", log, SIZES, faults=FAULTS, every=True).every


def test_a_long_run_is_told_in_brief(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What completes facts, what decides, and its end; the causes are those at the end of the run. -v tells all."""
    sizes = {"enactors": 2, "endpoints": 1, "keep": 1}

    def act(i: int, *names: str) -> Records:
        return [{"action": name, "parameters": [i] if i else []} for name in names]

    flip = ("take_lock", "build_tree", "flip_alias")
    turn = [*act(0, "publish"), *act(1, "pick_up", *flip, "list_old_plans")]
    records = turn + [r for _ in range(15) for r in [*turn, *act(1, "delete_old_plans")]]
    records += [*act(0, "publish"), *act(2, "pick_up"), *act(0, "publish"), *turn[:-1], *act(2, *flip[:2]), *turn[-1:]]
    records += [*act(2, "flip_alias"), *act(1, "delete_old_plans")]
    report = conform("original", written(tmp_path, records), sizes, hidden=0)
    assert report.judged is not None
    finding = next(f for f in report.judged.findings if f.name == "active-plan-never-deleted")
    assert finding.trace is not None
    assert len(finding.trace) == len(records)
    assert finding.match is not None
    assert finding.insight is not None
    assert finding.insight.causes is not None
    assert finding.insight.causes.chain[-1] == len(records)
    assert min(finding.insight.causes.chain) > len(records) - 40
    words = [w for n, v in sizes.items() for w in ("-s", f"{n}={v}")]
    assert run(["conform", "-p", "original", *words, str(tmp_path / "log.jsonl"), "--hidden", "0"]) == 1
    brief, whole = (" ".join(t.split()) for t in (capsys.readouterr()[0], render(report)))
    assert "steps (-v shows all) …" in brief
    assert "steps (-v shows all) …" not in whole
    assert f"> {len(records)}. enactor 1 (cleaner) deletes the trees" in brief
    assert " 20. " not in brief
    assert " 20. " in whole


def slipping() -> Protocol:
    """A fault makes a state that no line tells: only for a moment, before the next logged step."""
    p = Protocol("slipping")
    at = p.variable("at", integers(0, 2), 0)
    slip = p.fault("slip", "it slips")

    @p.action(by="it", fault=slip)
    def slips():  # type: ignore[no-untyped-def]
        return step(when(at == 0), update(at, 2))

    @p.action(by="it")
    def returns():  # type: ignore[no-untyped-def]
        return step(when(at == 2), update(at, 1))

    p.declare(invariant("never_two", at != 2, "it never slips"))
    return p


def test_a_step_that_no_line_tells_may_be_the_violation(tmp_path: Path) -> None:
    report = conform(slipping(), written(tmp_path, [{"action": "returns"}]), faults=["slip"])
    assert [(r.violates, r.runs, r.faults) for r in report.every] == [(("never_two",), 1, 1)]
    assert report.exit_code == 1


def test_a_step_that_a_line_names_twice_makes_one_run(tmp_path: Path) -> None:
    """A line may be a step of enactor 1, or one of any enactor: there are two of them."""
    picks = [{"action": "pick_up", "parameters": [1]}, {"action": "pick_up"}]
    records: Records = [{"action": "publish"}, {"any": picks}]
    report = conform("fixed", written(tmp_path, records), SIZES, hidden=0, every=True)
    assert [r.runs for r in report.every] == [2]


def detours() -> Protocol:
    """Two ways to one state: the step that comes first by its time needs a fault if it is first."""
    p = Protocol("detours")
    ready = p.variable("ready", boolean(), False)
    done = p.variable("done", integers(0, 2), 0)
    slip = p.fault("slip", "it slips")

    @p.action(by="it", fault=slip)
    def slips():  # type: ignore[no-untyped-def]
        return step(when(~ready), update(ready, True))

    @p.action(by="a")
    def prepares():  # type: ignore[no-untyped-def]
        return step(when(done < 2), update(ready, True), update(done, done + 1))

    @p.action(by="b")
    def uses():  # type: ignore[no-untyped-def]
        return step(when(ready), update(done, done + 1))

    return p


def test_of_two_ways_to_a_state_the_cheaper_one_is_told(tmp_path: Path) -> None:
    for first in ("uses", "prepares"):
        second = {"uses": "prepares", "prepares": "uses"}[first]
        records: Records = [{"stream": a, "at": t, "action": a} for t, a in ((1.0, first), (1.2, second))]
        report = conform(detours(), written(tmp_path, records), faults=["slip"], uncertainty=0.5)
        assert [(r.runs, r.faults) for r in report.every] == [(2, 0)]
        assert report.trace is not None
        assert [s.action for s in report.trace.steps] == ["prepares", "uses"]


def repaired_in_time() -> Protocol:
    """Nobody logs the repair, and no later line needs it; only before the break it keeps the property."""
    p = Protocol("repaired")
    spare = p.variable("spare", boolean(), False)
    broken = p.variable("broken", boolean(), False)

    @p.action(by="engineer")
    def repair():  # type: ignore[no-untyped-def]
        return step(when(~spare), update(spare, True))

    @p.action(by="environment")
    def fail():  # type: ignore[no-untyped-def]
        return step(when(~broken), update(broken, True))

    p.declare(invariant("served", ~broken | spare, "one of the two serves"))
    return p


def test_an_unseen_step_that_only_a_property_needs_is_not_forgotten(tmp_path: Path) -> None:
    """It can be postponed behind the line, but then the property is violated: so the logs do not decide."""
    log = written(tmp_path, [{"action": "fail"}])
    report = conform(repaired_in_time(), log)
    assert report.verdict is Conformance.AMBIGUOUS
    assert [(r.violates, r.hidden) for r in report.every] == [(("served",), 0), ((), 1)]
    assert conform(repaired_in_time(), log, logged=["repair"]).verdict is Conformance.CONFORMS


def watched(forbidden: str) -> Protocol:
    """Nobody logs the slip, which some line needs; a property of its step forbids it: before the work, behind it, or
    both."""
    p = Protocol("watched")
    at = p.variable("at", integers(0, 2), 0)
    worked = p.variable("worked", boolean(), False)

    @p.action(by="environment")
    def slip():  # type: ignore[no-untyped-def]
        return step(when(at == 0), update(at, 2))

    @p.action(by="worker")
    def work():  # type: ignore[no-untyped-def]
        return step(when(~worked), update(worked, True))

    @p.action(by="it")
    def back():  # type: ignore[no-untyped-def]
        return step(when(at == 2), update(at, 1))

    allowed = {"before": worked, "behind": ~worked, "both": ~worked & worked}[forbidden]
    p.declare(step_invariant("slips_well", taken("slip").implies(allowed), "it slips when it does no harm"))
    return p


@pytest.mark.parametrize(
    ("forbidden", "verdict", "code"),
    [
        ("both", Conformance.CONFORMS, 1),  # every run violates it
        ("behind", Conformance.AMBIGUOUS, 3),  # a run with an earlier slip violates nothing
        ("before", Conformance.CONFORMS, 0),  # unseen steps happen as late as they may, and that violates nothing
    ],
)
def test_an_unseen_step_may_violate_a_property_by_itself(
    forbidden: str, verdict: Conformance, code: int, tmp_path: Path
) -> None:
    """Whatever is told is the least that the logs allow: no violation is told that some run avoids."""
    log = written(tmp_path, [{"action": "work"}, {"action": "back"}])
    report = conform(watched(forbidden), log)
    assert (report.verdict, report.exit_code) == (verdict, code)
    assert [r.violates for r in report.every] == {
        "both": [("slips_well",)],
        "behind": [(), ("slips_well",)],
        "before": [()],
    }[forbidden]


@pytest.mark.parametrize(
    ("plans", "left"), [(3, "12 steps before (-v shows all)"), (40, "-v shows 200, --format json")]
)
def test_of_a_long_run_before_a_divergence_a_window_is_told(
    plans: int, left: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many steps are left out, and which option shows them; JSON has them all."""
    one = ("pick_up", "take_lock", "build_tree", "flip_alias", "list_old_plans")
    turns = [["publish", *one, *(["delete_old_plans"] if n else [])] for n in range(plans)]
    records: Records = [{"action": a, "parameters": [1] if a != "publish" else []} for t in turns for a in t]
    log = written(tmp_path, [*records, {"action": "flip_alias", "parameters": [1]}])
    words = ["-s", "enactors=1", "-s", "endpoints=1", "-s", "keep=1", str(log), "--hidden", "0"]
    assert run(["conform", "-p", "fixed", *words]) == 1
    brief = " ".join(capsys.readouterr()[0].split())
    assert left in brief
    assert brief.count(" · ") == 8
    report = conform("fixed", log, {"enactors": 1, "endpoints": 1, "keep": 1}, hidden=0)
    whole = " ".join(render(report).split())
    assert whole.count(" · ") == min(len(records), 200)
    assert (f"{len(records) - 200} steps before (--format json has all)" in whole) == (len(records) > 200)
    assert len(json.loads(render(report, "json"))["divergence"]["run"]["trace"]["steps"]) == len(records)


def walking() -> Protocol:
    """It may fall where it is wet, and is only wet in the middle of a long way."""
    p = Protocol("walking")
    at = p.variable("at", integers(0, 60), 0)
    wet, lies = p.variable("wet", boolean(), False), p.variable("lies", boolean(), False)

    @p.action(by="it")
    def go():  # type: ignore[no-untyped-def]
        return step(when(at < 60, ~lies), update(at, at + 1), update(wet, (at >= 36) & (at < 39)))

    @p.action(by="it")
    def fall():  # type: ignore[no-untyped-def]
        return step(when(wet), update(lies, True))

    p.declare(invariant("stands", ~(wet & lies), "it does not lie in the wet"))
    return p


def test_of_a_long_run_some_states_are_looked_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that differ in what the property reads, so the violation is found that only some states are near to."""
    monkeypatch.setattr("planrace.checker.logs.conform.LOOKED_AT", 40)
    log = written(tmp_path, [{"action": "go"}] * 60)
    report = conform(walking(), log, logged=["fall"])
    assert report.near is not None
    assert (report.near.property, report.near.further, report.near.step) == ("stands", 1, 37)
    assert (report.near.begun, report.near.states) == (2, 61)
    assert "Looked from 2 of the 61 different states of the run, it was closest" in " ".join(render(report).split())
    whole = conform(walking(), log, logged=["fall"], every=True).near
    assert whole is not None
    assert (whole.begun, whole.further) == (61, 1)
    assert "The run was closest" in " ".join(render(conform(walking(), log, logged=["fall"], every=True)).split())
