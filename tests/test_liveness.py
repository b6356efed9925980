"""Liveness as authors meet it: the faults that are on, and lassos that people can read."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from checker.api import render
from checker.report.json import to_json
from checker.run import Options, check
from checker.vocabulary import Verdict
from model.language import Protocol, boolean, step, update, when
from model.language.actions import Step
from properties import eventually_always, infinitely_often, leads_to

from .test_reports import SCHEMA


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
    """One crash is no reason; crashes without end are, for those who promise in spite of them, by a fair lasso."""
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
    """It is no failure, but nobody shall take it for an answer about those faults."""
    report = check(stubborn(), faults=["crash", "crash-loop"], options=Options(properties=("stays",)))
    assert [(w.kind, w.subject, w.strict) for w in report.warnings] == [("without faults", "stays", False)]
    assert "was answered without crash and crash-loop" in report.warnings[0].message
    assert "stays was answered without crash" in render(report)
    jsonschema.validate(to_json(report), SCHEMA)
    assert check(stubborn()).warnings == ()
    assert not [w for w in check(stubborn(), faults=["crash"]).warnings if w.subject != "stays"]
