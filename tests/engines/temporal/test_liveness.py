"""Liveness in practice: the faults that are on, and lassos that people can read."""

from __future__ import annotations

from functools import partial
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planrace.checker.api.calls import check, render
from planrace.checker.engines.temporal.liveness import _meeting, _straight
from planrace.checker.report.ci.sarif import render_sarif
from planrace.checker.report.json.write import to_json
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.model.language import If, Protocol, Term, boolean, both, enumeration, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import eventually_always, infinitely_often, leads_to
from tests.report.test_reports import SCHEMA


# Faults --------------------------------------------------------------------------------------------------------
def stubborn() -> Protocol:
    """Somebody fetches, then stores; ``crash`` loses once what was fetched, ``crash-loop`` as often as it likes."""
    protocol = Protocol("stubborn", "a worker that crashes")
    once, always = protocol.fault("crash", "once"), protocol.fault("crash-loop", "again and again")
    fetched = protocol.variable("fetched", boolean(), False)
    stored = protocol.variable("stored", boolean(), False)
    crashed = protocol.variable("crashed", boolean(), False)

    @protocol.action(by="worker")
    def fetch() -> Step:
        return step(when(~fetched, ~stored), update(fetched, True))

    @protocol.action(by="worker")
    def store() -> Step:
        return step(when(fetched, ~stored), update(stored, True))

    @protocol.action(by="worker", fault=once)
    def crash() -> Step:
        return step(when(fetched, ~crashed), update(fetched, False), update(crashed, True))

    @protocol.action(by="worker", fault=always)
    def crash_again() -> Step:
        return step(when(fetched, ~stored), update(fetched, False))

    protocol.final(stored)
    kept: list[Any] = [
        eventually_always(f"stays{word}", stored, "it is stored for good", despite_faults=bool(word))
        for word in ("", "-anyhow")
    ]
    kept += [infinitely_often("often-anyhow", stored, "it is stored at times", despite_faults=True)]
    kept += [leads_to("fetched-is-stored-anyhow", fetched, stored, "it is stored then", despite_faults=True)]
    protocol.declare(*kept)
    return protocol


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_liveness_despite_faults(engine: str) -> None:
    """One crash breaks nothing; endless crashes break a property that is promised despite faults, by a fair lasso."""
    once, always = (check(stubborn(), faults=[f], options=Options(engine=engine)) for f in ("crash", "crash-loop"))
    assert [f.verdict for f in once.findings] == [Verdict.HOLDS] * 4
    assert [f.how for f in once.findings[:2]] == [
        "complete search of 3 states without faults, 2 actions fair",
        "complete search of 7 states despite crash, 2 actions fair",
    ]
    assert [f.verdict for f in always.findings] == [Verdict.HOLDS, *[Verdict.VIOLATED] * 3]
    for f in always.findings[1:]:
        assert f.trace is not None
        assert f.trace.loop is not None
        assert [s.action for s in f.trace.steps[f.trace.loop :]] in (["fetch", "crash_again"], ["crash_again", "fetch"])
        assert {(x.action, x.kind, x.how) for x in f.fairness} == {
            ("fetch", "weak", "taken"),
            ("store", "weak", "disabled again and again"),
            ("crash_again", "none", "taken"),
        }


def test_liveness_without_the_faults_that_are_on_says_so() -> None:
    """The verdict is no failure, but the report says that it does not cover these faults."""
    report = check(stubborn(), faults=["crash", "crash-loop"], options=Options(properties=("stays",)))
    assert [(w.kind, w.subject, w.strict) for w in report.warnings] == [("without faults", "stays", False)]
    assert "was decided without crash and crash-loop" in report.warnings[0].message
    assert "stays was decided without crash" in render(report)
    jsonschema.validate(to_json(report), SCHEMA)
    assert check(stubborn()).warnings == ()
    assert not [w for w in check(stubborn(), faults=["crash"]).warnings if w.subject != "stays"]


# Lassos that people can read ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize("form", [eventually_always, infinitely_often, partial(leads_to, trigger=both())])
def test_a_run_that_ends_is_reported_rather_than_a_longer_loop(engine: str, form: Any) -> None:
    """The nearest component has steps, and a loop around them; but after its first step nothing fair is enabled."""
    protocol = Protocol("restless", "round and round, if a clock wants it")
    at = protocol.variable("at", integers(0, 3), 0)
    protocol.action(by="worker")(_goes("start", at, {0: 1}))
    protocol.action(by="clock", fairness="none")(_goes("tick", at, {1: 2}))
    protocol.action(by="worker")(_goes("back", at, {2: 3}))
    protocol.action(by="clock", fairness="none")(_goes("again", at, {3: 1}))
    protocol.declare(form(name="ends", goal=at == 0, meaning="all is as in the beginning"))
    (found,) = check(protocol, options=Options(engine=engine)).findings
    assert found.trace is not None
    steps = [s.action for s in found.trace.steps]
    assert (steps, found.trace.loop) == (["start"], 1)
    assert [(x.action, x.kind, x.how) for x in found.fairness] == [("tick", "none", "need not be taken")]
    text = " ".join(render(check(protocol)).split())
    assert "Enabled there, but never forced because it is not fair: tick." in text


def test_choices_are_shown_by_their_names() -> None:
    """The run says START and STOP; so does what is fair in it, and only JSON keeps the numbers."""
    protocol = Protocol("radio", "somebody plays with a switch")
    press = enumeration("press", "START STOP")
    last = protocol.variable("last", press, press.STOP)

    @protocol.action(press, by="somebody")
    def push(p: Term) -> Step:
        return step(when(last != p), update(last, p))

    protocol.declare(eventually_always("plays", last == press.START, "it plays on"))
    report = check(protocol)
    fair = "The loop is fair: push(START) and push(STOP) taken."
    assert fair in " ".join(render(report).split())
    assert fair in render_sarif(report)
    assert [x["choice"] for x in to_json(report)["properties"][0]["fairness"]] == [[0], [1]]


def _goes(name: str, at: Term, moves: dict[int, int]) -> Any:
    def body() -> Step:
        value: Any = 0
        for here, there in moves.items():
            value = If(at == here, there, value)
        return step(when(at.isin(set(moves))), update(at, value))

    body.__name__ = name
    return body


def test_what_weak_fairness_lets_starve_is_named() -> None:
    """The loop is fair under weak fairness; the report names the action that starves."""
    report = check(stubborn(), faults=["crash-loop"])
    text = " ".join(render(report).split())
    assert 'store is also enabled again and again, but never taken: weak fairness allows that, fairness="str' in text


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=8), st.sets(st.integers(0, 2)))
def test_a_loop_without_detours(walk: list[tuple[int, int]], labels: set[int]) -> None:
    """The shortened loop is closed, contains every required step, and has no unnecessary detour."""
    walk = [*walk, (0, 0)]
    wanted = [partial(_labelled, k) for k in labels if any(k == label for label, _ in walk)]
    left = _straight(walk, 0, wanted)
    assert left
    assert left[-1][1] == 0
    assert all(_meeting(left, 0, met) for met in wanted)
    nodes = [0, *(t for _, t in left)]
    for i in range(len(left)):
        for j in range(i + 1, len(left) + 1):
            shorter = left[:i] + left[j:]
            assert not shorter or nodes[i] != nodes[j] or not all(_meeting(shorter, 0, met) for met in wanted)


def _labelled(k: int, n: int, label: int, t: int) -> bool:
    return label == k


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_a_run_may_stay_where_a_strongly_fair_step_is_not_enabled(engine: str) -> None:
    """The whole component is unfair, for the step is enabled in it and not taken; a part of it is fair."""
    protocol = Protocol("light")
    lit, gone = protocol.variable("lit", boolean(), False), protocol.variable("gone", boolean(), False)

    @protocol.action(by="light", fairness="none")
    def toggle() -> Step:
        return step(when(~gone), update(lit, ~lit))

    @protocol.action(by="light", fairness="weak")
    def hum() -> Step:
        return step(when(~gone), update(gone, False))

    @protocol.action(by="guest", fairness="strong")
    def leave() -> Step:
        return step(when(lit, ~gone), update(gone, True))

    protocol.final(gone)
    protocol.declare(eventually_always("leaves", gone, "the guest leaves"))
    report = check(protocol, options=Options(engine=engine))
    (found,) = report.findings
    assert found.verdict is Verdict.VIOLATED
    assert found.trace is not None
    assert [s.action for s in found.trace.steps] == ["hum"]
