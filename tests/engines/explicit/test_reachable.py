"""Events that are state terms: every state counts, including the first and the last of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker import Options, check
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.report.json.write import render_json
from planrace.checker.report.text.document import document
from planrace.checker.report.text.plain import render_plain
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import Protocol, System, Term, array, count, index, integers, primed, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant, reachable
from tests.systems import random_systems

pytestmark = pytest.mark.usefixtures("own_cache")

ENGINES = ["auto", "explicit", "native", "bmc", "induction", "spacer", "simulate"]


def ending() -> Protocol:
    """Two workers finish one after the other; nothing happens after that."""
    protocol = Protocol("ending")
    worker = index("worker", 2, symmetric=True)
    done = protocol.variable("done", array(worker, integers(0, 1)), 0)
    unread = protocol.variable("unread", integers(0, 1), 0)

    @protocol.action(worker, by=worker)
    def finish(w: Term) -> Step:
        return step(when(done[w] == 0), update(done[w], 1), update(unread, 1))

    finished = count(worker, lambda w: done[w] == 1)
    protocol.final(finished == 2)
    protocol.declare(
        reachable("begins", finished == 0, "nobody is done at the beginning"),
        reachable("half", finished == 1, "one is done"),
        reachable("ends", finished == 2, "both get done"),
        reachable("goes-on", (finished == 2) & (primed(finished) == 2), "something happens after the end"),
        reachable("too-many", finished == 3, "there are three of them"),
        invariant("never-ends", finished != 2, "they do not both get done"),
    )
    return protocol


@pytest.mark.parametrize("engine", ENGINES)
def test_every_state_counts(engine: str) -> None:
    report = check(ending(), options=Options(engine=engine, seed=1 if engine == "simulate" else None))
    told = {f.name: (f.verdict.word, None if f.trace is None else len(f.trace)) for f in report.findings}
    never = "unknown" if engine in ("bmc", "simulate") else "violated"
    assert told == {
        "begins": ("holds", 0),
        "half": ("holds", 1),
        "ends": ("holds", 2),
        "goes-on": (never, None),
        "too-many": (never, None),
        "never-ends": ("violated", 2),
    }
    text = render_plain(document(report, 1))
    assert "HOLDS     begins: reached in 0 steps" in text
    assert "HOLDS     ends: reached in 2 steps" in text
    found = {p["name"]: p["depth"] for p in json.loads(render_json(report))["properties"]}
    assert (found["begins"], found["ends"]) == (0, 2)


@pytest.mark.parametrize("options", [{"symmetry": True}, {"slicing": False}, {"exhaustive": True}, {"depth": 2}])
@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_reachability_is_decided_alike_by_every_engine(engine: str, options: dict[str, Any]) -> None:
    report = check(ending(), options=Options(engine=engine, **options))
    told = [(f.verdict.word, None if f.trace is None else len(f.trace)) for f in report.findings]
    assert told == [("holds", n) for n in range(3)] + [("violated", None)] * 2 + [("violated", 2)]


def test_the_last_level_is_looked_at_for_all_that_is_open() -> None:
    """At the depth bound, the properties that are still open are checked, not a prefix of all properties."""
    for kind in (Search, NativeSearch):
        search = kind(ending().system().instance(), ending().properties[:3], limits=Limits(depth=2), exhaustive=True)
        answers, _ = search.run()
        assert [a.verdict.word for a in answers] == ["holds"] * 3, kind


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_met_is_what_breaks_its_opposite(drawn: tuple[System, list[Term], list[Term]]) -> None:
    """Two formulations of one question: the same answer, by runs of the same length."""
    system, states, _ = drawn
    pairs = [(reachable(f"m{k}", t, "met"), invariant(f"n{k}", ~t, "never")) for k, t in enumerate(states)]
    for kind in (Search, NativeSearch):
        search: Any = kind(system.instance(), [p for pair in pairs for p in pair], limits=Limits(states=2000))
        try:
            answers, covered = search.run()
        except RangeError:
            return
        for met, never in zip(answers[::2], answers[1::2], strict=True):
            lengths = [a.recording and len(a.recording.moves) for a in (met, never)]
            assert lengths[0] == lengths[1]
            if covered.complete or lengths[0] is not None:
                assert {met.verdict.word, never.verdict.word} == {"holds", "violated"}
