"""Slicing: what a search leaves out changes no verdict, no length and no error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.api.calls import check, render
from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    If,
    Protocol,
    System,
    Term,
    array,
    exists,
    index,
    integers,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.patterns import ordered, unordered
from planrace.properties import infinitely_often, invariant, reachable
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable
from tests.systems import everything, random_systems


def outcome_of(make: Any) -> Any:
    """Verdicts and lengths of a search, or its error."""
    try:
        answers, covered = make().run()
    except RangeError as problem:
        return problem.what.split(",")[0]
    return [(a.verdict, a.recording and len(a.recording.moves)) for a in answers], covered.depth


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(drawn: tuple[System, list[Term], list[Term]]) -> None:
    """One property at a time: the same answers and depth without the variables that it does not need."""
    system, states, steps = drawn
    instance = system.instance()
    for p in everything(states, steps)[1:5]:
        names = irrelevant(instance, [p])
        whole = outcome_of(lambda p=p: Search(instance, [p], exhaustive=True))
        sliced = outcome_of(lambda p=p, n=names: Search(instance, [p], exhaustive=True, sliced=n))
        if isinstance(whole, str):
            assert sliced == whole
        else:
            assert sliced[0] == whole[0]
            assert sliced[1] <= whole[1]  # steps that change only what is left out lead nowhere new


@pytest.mark.parametrize("name", ["active-plan-never-deleted", "plans-never-regress", "record-never-empty"])
def test_slices_are_the_projected_states(name: str) -> None:
    instance = original.system().instance(enactors=2, plans=3)
    asked = [p for p in instance.system.properties if p.name == name and isinstance(p, Checkable)]
    names = irrelevant(instance, asked)
    assert "rollback" in names
    whole = Search(instance, asked, exhaustive=True)
    sliced = Search(instance, asked, exhaustive=True, sliced=names)
    native = NativeSearch(instance, asked, exhaustive=True, sliced=names)
    answers = [[(a.verdict, a.recording and len(a.recording.moves)) for a in s.run()[0]] for s in (whole, sliced)]
    assert answers[0] == answers[1]
    projected = {sliced.kernel.view(whole.kernel.layout.decode(s)) for s in whole.states()}
    assert set(sliced.states()) == projected
    assert len(projected) < len(set(whole.states()))
    native.run()
    assert set(native.states()) == projected


def test_what_protections_read_stays() -> None:
    """In ``fixed`` the guarded clean-up reads the rollback record, so everything is needed."""
    instance = fixed.system().instance()
    asked = [p for p in instance.system.properties if p.name == "active-plan-never-deleted"]
    assert irrelevant(instance, asked) == ()
    assert irrelevant(original.system().instance(), asked) == ("empty", "rollback")


def counting(*, safe: bool) -> System:
    """Workers that count how often they have worked, or only whether that is odd, and note it when they rest."""
    protocol = Protocol("counting", "workers that count")
    worker = index("worker", protocol.parameter("workers", 2, 1, 4, "workers"))
    busy = protocol.variable("busy", subsets(worker), set(), "who works")
    count = protocol.variable("count", array(worker, integers(0, 3)), 0, "how often each has worked")
    diary = protocol.variable("diary", integers(0, 3), 0, "a count that was noted")

    @protocol.action(worker, by=worker)
    def work(w: Term) -> Step:
        more = If(count[w] == 0, 1, 0) if safe else count[w] + 1
        return step(when(~w.isin(busy)), update(busy, busy | {w}), update(count[w], more))

    @protocol.action(worker, by=worker)
    def rest(w: Term) -> Step:
        return step(when(w.isin(busy)), update(busy, busy - {w}), update(diary, count[w]))

    protocol.declare(invariant("not-all-work", exists(worker, lambda w: ~w.isin(busy)), "someone rests"))
    return protocol.variant("counting").system()


def test_a_value_that_may_be_out_of_range_stays() -> None:
    """A counter that grows for ever is an error of the model: leaving it out would hide that."""
    unguarded = counting(safe=False)
    assert irrelevant(unguarded.instance(), unguarded.properties) == ("diary",)
    with pytest.raises(RangeError, match="count"):
        check(unguarded, options=Options(exhaustive=True))


def test_counts_of_the_whole_space(capsys: pytest.CaptureFixture[str]) -> None:
    """``--exhaustive --no-slicing`` counts what ``counts.json`` says, whatever is checked."""
    asked = ["-p", "original", "-s", "enactors=2", "-s", "plans=3", "-s", "endpoints=1", "--exhaustive"]
    asked += ["--property", "active-plan-never-deleted", "--format", "json"]
    counts = []
    for more in ([], ["--no-slicing"]):
        assert run([*asked, *more]) == 1
        covered = json.loads(capsys.readouterr().out)["exploration"]
        counts.append((covered["states"], covered["sliced"]))
    assert counts[1] == (1123, [])
    assert counts[0][1] == ["empty", "rollback"]
    assert counts[0][0] < 1123


def test_a_sliced_search_says_so() -> None:
    system = counting(safe=True)
    report = check(system, options=Options(exhaustive=True))
    assert report.exploration is not None
    assert report.exploration.sliced == ("count", "diary")
    assert report.exploration.states == 4
    whole = check(system, options=Options(exhaustive=True, slicing=False))
    assert whole.exploration is not None
    assert whole.exploration.sliced == ()
    assert whole.exploration.states > 8
    assert whole.verdict == report.verdict


def test_what_is_searched_apart_is_not_said_to_be_independent() -> None:
    """A liveness property about the diary needs a search of its own, with the diary."""
    system = counting(safe=True)
    noted = infinitely_often("diary-is-written", system.variables[2].term == 1, "it is noted again and again")
    alone = " ".join(render(check(system)).split())
    assert "Ignored variables: count, diary (no checked property uses them; --no-slicing keeps them)" in alone
    both = " ".join(render(check(replace(system, properties=(*system.properties, noted)))).split())
    words = "no checked property uses them except diary-is-written, with a separate search"
    assert f"Ignored variables: count, diary ({words}; --no-slicing keeps them)" in both


def test_a_channel_of_which_a_part_is_ignored_is_not_called_ignored() -> None:
    """The property asks whether there are messages, not what they say."""
    protocol = Protocol("box")
    box = ordered(protocol, "box", integers(1, 3), 2, 1)
    notes = unordered(protocol, "notes", integers(1, 3))

    @protocol.action(integers(1, 3), by="sender")
    def send(n: Term) -> Step:
        return step(when(box.room), box.sending(n), notes.sending(n))

    protocol.declare(reachable("comes", box.waiting, "a message comes"))
    told = " ".join(render(check(protocol)).split())
    assert "Ignored variables: parts of box, notes (no checked property uses them; --no-slicing keeps them)" in told
