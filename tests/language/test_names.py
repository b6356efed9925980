"""Names: generated texts never confuse two things, whatever authors call them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from planrace.checker import check, prove, render, state_graph
from planrace.checker.engines.symbols import identifier, symbol
from planrace.model.language import (
    Protocol,
    Term,
    array,
    boolean,
    forall,
    index,
    integers,
    primed,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import event, fact, invariant, never, role, scenario
from tests.hostile import TEXTS, WORDS, hostile, walk
from tests.naive import search

pytestmark = pytest.mark.usefixtures("own_cache")

PARTS = st.one_of(st.sampled_from(TEXTS), st.text(max_size=4), st.text("a_1~.-x ", max_size=5))


# Symbols -------------------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(PARTS, st.lists(st.integers(0, 12), max_size=3)), min_size=2, max_size=6, unique_by=str))
def test_symbols_differ_where_things_do(things: list[tuple[str, list[int]]]) -> None:
    different = {(name, tuple(path)) for name, path in things}
    assert len({symbol("variable", name, *path) for name, path in different}) == len(different)
    assert len({identifier("v", name, *path) for name, path in different}) == len(different)
    for name, path in different:
        assert re.fullmatch(r"[A-Za-z0-9_.~-]+", symbol("variable", name, *path))
        assert re.fullmatch(r"v_[A-Za-z0-9_]*", identifier("v", name, *path))


def test_symbols_say_what_they_stand_for() -> None:
    assert symbol("first", "old writer", "ordered", 3) == "first.old-writer.ordered.3"
    assert symbol("variable", "lock_owner", 2) == "variable.lock_owner.2"
    assert identifier("v", "lock_owner", 2, 1) == "v_lock__owner_2_1"


# Engines and forms ---------------------------------------------------------------------------------------------
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile())
@example(walk("c", ["a_1", "a_1_1", "step", "x", "s", "shown"], ["go", "a_1", "x", "bad"], ["Node", "node", "Bool"], ["ranges", "every value stays in its range", "a", "a b", "x!0", "and"], size=2, open_=False))  # fmt: skip  # noqa: E501
@example(walk("limit", ["first_Node_3", "last_Node_3", "x", "none_node_2", "less_Node_3", "ﬁ"], ["fi", "ﬁ", "s", "t"], ["Node", "NODE", "Int"], ["1", "01", "a|b", "a'b", 'a"b', "a\\b"], size=3, open_=True))  # fmt: skip  # noqa: E501
def test_engines_agree_whatever_things_are_called(protocol: Protocol) -> None:
    instance = protocol.system().instance()
    known = search(instance)
    names = [p.name for p in instance.system.properties]
    for engine in ("explicit", "native", "bmc"):
        report = check(protocol, engine=engine, exhaustive=engine != "bmc", slicing=False)
        assert report.exploration is None or report.exploration.states == known.states
        assert {f.name: f.depth for f in report.findings if f.depth is not None} == {
            n: known.shortest[n] for n in names if n in known.shortest
        }, engine
    for engine in ("induction", "spacer"):
        verdicts(check(protocol, engine=engine, time_limit=20), known.shortest)
    every_size = prove(protocol, time_limit=10, rlimit=300_000)
    holds = [f.name for f in every_size.findings if f.verdict.word == "holds"]
    assert not set(holds) & (set(known.shortest) - {names[5]})
    assert names[0] not in holds


def verdicts(report: Any, shortest: dict[str, int]) -> None:
    for f in report.findings:
        met = "holds" if f.kind == "reachability" else "violated"
        assert f.verdict.word in ("unknown", met if f.name in shortest else {"holds": "violated"}.get(met, "holds"))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile())
def test_formats_distinguish_things_with_similar_names(protocol: Protocol) -> None:
    report = check(protocol, explain=True)
    instance = protocol.system().instance()
    told = json.loads(render(report, "json"))
    assert [f["name"] for f in told["properties"]] == [p.name for p in instance.system.properties]
    state = told["properties"][0]["trace"]["initial"]
    assert list(state) == [v.name for v in instance.system.variables]
    itf = json.loads(render(report, "itf"))
    assert len(set(itf["vars"]) | set(itf["params"])) == len(itf["vars"]) + len(itf["params"])
    assert set(itf["states"][0]) == {"#meta", *itf["vars"], *itf["params"]}
    for form in ("text", "html", "mermaid", "shiviz", "tlc", "sarif", "annotations", "summary"):
        assert render(report, form)
    for form in ("svg", "junit", "graphml"):
        ET.fromstring(render(report, form))
    graph = state_graph(protocol)
    ET.fromstring(render(graph, "graphml"))
    assert render(graph, "dot").count("{") >= 1


def test_smt_files_distinguish_things_with_similar_names(tmp_path: Path) -> None:
    """The names of SMT-LIB and Z3 themselves, and names that only escaping tells apart."""
    pytest.importorskip("cvc5")
    for number, (limit, sorts) in enumerate(
        [("a|b", ["and", "Int", "Bool"]), ("true", ["a b", "a_b", "a-b"]), ("x!0", ["|a|", "a\\b", "A"])]
    ):
        variables = ["true", "first_Node_3", "x", "let", "Int", "ite"] if limit != "true" else WORDS[:6]
        protocol = walk(
            limit, variables, ["go", "forall", "exists", "assert_"], sorts, list("abcdef"), size=3, open_=True
        )
        folder = tmp_path / str(number)
        report = prove(protocol, properties=["b"], dump_smt=folder, confirm=True)
        assert report.verdict.word == "holds"
        assert report.confirmation is not None
        assert report.confirmation.doubted == ()
        assert len(list(folder.glob("*.smt2"))) == report.confirmation.asked > 1


def test_roles_are_not_the_parameters_of_actions() -> None:
    """A claim speaks of the one who plays the role, also where an action calls its parameter so."""
    protocol = Protocol("roles")
    worker = index("worker", 2)
    done = protocol.variable("done", array(worker, boolean()), False)

    @protocol.action(worker, by=worker, tags=["work"])
    def work(w: Term) -> Step:
        return step(when(~done[w]), update(done[w], True))

    w = role("w", worker)
    protocol.declare(invariant("not-all", ~forall(worker, lambda x: done[x]), "somebody is never done"))
    protocol.scenario(
        scenario(
            "once",
            "a worker works once",
            (w,),
            fact("F1", "w works", event(taken("work", w=w))),
            never("F2", "w works no more", primed(done[w]) & ~done[w], by=["work"], after="F1"),
        )
    )
    report = check(protocol)
    match = report.findings[0].match
    assert match is not None
    assert [f.fact for f in match.facts if f.step is not None] == ["F1", "F2"]


def test_what_is_derived_uses_no_name_that_authors_can_give() -> None:
    """Monitors and counters add variables; a protocol with ones that are called so is a protocol like any other."""
    protocol = Protocol("derived")
    worker = index("worker", 2)
    shown = protocol.variable("shown", array(worker, boolean()), False)
    slept = protocol.variable("slept", array(worker, integers(0, 2)), 0)

    @protocol.action(worker, by=worker, tags=["milestone"])
    def work(w: Term) -> Step:
        return step(when(slept[w] < 2), update(slept[w], slept[w] + 1), update(shown[w], True))

    protocol.declare(invariant("fewer", ~forall(worker, lambda x: slept[x] == 2), "not both"))
    protocol.scenario(scenario("s", "both work", (), fact("F1", "one", event(taken("work", w=first_of(worker))))))
    assert check(protocol, scenario="s").verdict.word == "holds"
    delayed = check(protocol, least_delay=True, explain=True).findings[0].insight
    assert delayed is not None


def first_of(sort: Any) -> Term:
    from planrace.model.language.terms import constant

    return constant(1, sort)
