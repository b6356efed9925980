"""Names: no text that is generated takes one thing for another, and what cannot be told apart is refused."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checker import check, prove, render, state_graph
from checker.cli.main import run
from checker.symbols import identifier, symbol
from model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Term,
    array,
    boolean,
    enumeration,
    first,
    forall,
    index,
    integers,
    otherwise,
    outcome,
    primed,
    step,
    taken,
    update,
    when,
)
from model.language.actions import Step
from properties import event, fact, invariant, lemma, never, plan, proof, reachable, role, scenario, take

from .hostile import TEXTS, WORDS, hostile, walk
from .naive import search

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
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
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
        verdicts(check(protocol, engine=engine, seconds=20), known.shortest)
    every_size = prove(protocol, seconds=10, rlimit=300_000)
    holds = [f.name for f in every_size.findings if f.verdict.word == "holds"]
    assert not set(holds) & (set(known.shortest) - {names[5]})
    assert names[0] not in holds


def verdicts(report: Any, shortest: dict[str, int]) -> None:
    for f in report.findings:
        met = "holds" if f.kind == "reachability" else "violated"
        assert f.verdict.word in ("unknown", met if f.name in shortest else {"holds": "violated"}.get(met, "holds"))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile())
def test_forms_tell_things_apart_whatever_they_are_called(protocol: Protocol) -> None:
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


def test_smt_files_tell_things_apart(tmp_path: Path) -> None:
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
    from model.language.terms import constant

    return constant(1, sort)


# What is refused -----------------------------------------------------------------------------------------------
def twice(*kinds: str) -> Callable[[], None]:
    """Declares things of these kinds, all of them called ``tag``."""

    def declare() -> None:
        p = Protocol("twice")
        x = p.variable("x", integers(0, 1), 0)

        def tag() -> Step:
            return step(update(x, x))

        p.action(by="nobody")(rest)
        make: dict[str, Callable[[], object]] = {
            "parameter": lambda: p.parameter("tag", 1, 1, 2),
            "option": lambda: p.option("tag", "meaning", "one", "means"),
            "variable": lambda: p.variable("tag", boolean(), False),
            "fault": lambda: p.fault("tag", "meaning"),
            "protection": lambda: p.protection("tag", "meaning")(lambda change: None),
            "action": lambda: p.action(by="somebody")(tag),
            "property": lambda: p.declare(invariant("tag", x == 0, "meaning")),
            "lemma": lambda: p.argue(proof([lemma("tag", x == 0, "meaning")])),
            "other lemma": lambda: p.argue(proof([lemma("tag", x == 1, "meaning")])),
            "scenario": lambda: p.scenario(scenario("tag", "t", (), fact("F", "f", event(primed(x) == 1)))),
            "observation": lambda: p.observe("tag")(lambda: []),
            "member": lambda: p.variable("m", array(enumeration("letters", "tag other"), boolean()), False),
            "index": lambda: p.variable("i", array(index("tag", 2), boolean()), False),
            "other index": lambda: p.variable("j", array(index("tag", 3), boolean()), False),
            "enumeration": lambda: p.variable("k", array(enumeration("tag", "A B"), boolean()), False),
        }
        for kind in kinds:
            make[kind]()
        p.system()

    return declare


SHARED = ("parameter", "option", "variable", "member")
REFUSED = [
    *((k, k) for k in ("parameter", "option", "variable", "fault", "protection", "action", "property", "scenario")),
    ("observation", "observation"),
    ("lemma", "other lemma"),
    *((a, b) for a, b in product(SHARED, SHARED) if a != b),
    ("property", "lemma"),
    ("lemma", "property"),
    ("index", "other index"),
    ("index", "enumeration"),
]


@pytest.mark.parametrize("kinds", REFUSED, ids="+".join)
def test_two_things_of_one_name_are_refused_with_both_places(kinds: tuple[str, str]) -> None:
    with pytest.raises(DefinitionError, match="tag") as caught:
        twice(*kinds)()
    assert re.search(r"(first|the other) at \S*test_names\.py:\d+", str(caught.value)), caught.value
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_names.py")
    assert caught.value.remedy


HARMLESS = [
    ("action", "fault"),
    ("variable", "index"),
    ("variable", "property"),
    ("variable", "action"),
    ("property", "action"),
    ("fault", "protection"),
    ("scenario", "property"),
    ("index", "observation"),
]


@pytest.mark.parametrize("kinds", HARMLESS, ids="+".join)
def test_names_may_be_shared_where_nothing_tells_both(kinds: tuple[str, str]) -> None:
    twice(*kinds)()


def test_members_may_be_shared_by_enumerations_and_sorts_by_variables() -> None:
    p = Protocol("shared")
    one, other = enumeration("one", "IDLE BUSY"), enumeration("other", "IDLE GONE")
    p.variable("a", one, one.IDLE)
    p.variable("b", other, other.IDLE)
    p.variable("c", enumeration("one", "IDLE BUSY"), one.BUSY)
    p.action(by="nobody")(rest)
    p.system()


def rest() -> Step:
    return step()


def test_a_name_is_free_again_where_its_definition_failed() -> None:
    p = Protocol("again")
    with pytest.raises(DefinitionError):
        p.variable("x", integers(0, 1), 7)
    x = p.variable("x", integers(0, 1), 0)
    with pytest.raises(DefinitionError):
        p.action(by="nobody")(lambda: step(when()))
    p.action(by="nobody")(rest)
    assert str(x) == "x"


def test_variants_and_protections_are_held_to_it() -> None:
    p = Protocol("variants")
    x = p.variable("x", integers(0, 1), 0)
    p.parameter("size", 1, 1, 2)
    p.action(by="nobody")(rest)
    p.declare(invariant("safe", x == 0, "it is"))

    @p.protection("more", "a variable more")
    def more(change: Any) -> None:
        change.variable("size", boolean(), False)

    with pytest.raises(DefinitionError, match=r"variable size is called like a parameter, first at \S*test_names.py"):
        p.system(["more"])
    again = p.variant("again").declaring(properties=[reachable("safe", x == 0, "it is")])
    with pytest.raises(DefinitionError, match=r"property safe is declared twice, first at \S*test_names.py"):
        again.system()
    argued = p.variant("argued").declaring(proofs=[proof([lemma("range of x", x >= 0, "as it is")])])
    with pytest.raises(DefinitionError, match="lemma range of x is called like a range"):
        argued.system()


def test_parameters_of_another_protocol_are_refused() -> None:
    foreign = Protocol("other").parameter("size", 2, 1, 3)
    p = Protocol("mine")
    with pytest.raises(DefinitionError, match="variable x: size is a parameter of another protocol"):
        p.variable("x", integers(0, foreign), 0)
    p.parameter("size", 2, 1, 5)
    x = p.variable("x", integers(0, 2), 0)
    p.action(by="nobody")(rest)
    p.declare(invariant("below", x <= foreign, "it is"))
    with pytest.raises(DefinitionError, match="property below: size is a parameter of another protocol"):
        p.system()


UNUSABLE = {
    "empty": "",
    "blank": " ",
    "begins with a blank": " a",
    "ends with a blank": "a\t",
    "line": "a\nb",
    "escape": "a\x1b[31m",
    "nothing": "a\0b",
    "surrogate": "a\ud800",
    "separator": "a\u2028b",
}
KINDS: dict[str, Callable[[str], object]] = {
    "protocol": Protocol,
    "parameter": lambda n: Protocol("p").parameter(n, 1, 1, 2),
    "option": lambda n: Protocol("p").option(n, "meaning", "one", "means"),
    "choice": lambda n: Protocol("p").option("o", "meaning", n, "means"),
    "variable": lambda n: Protocol("p").variable(n, boolean(), False),
    "fault": lambda n: Protocol("p").fault(n, "meaning"),
    "protection": lambda n: Protocol("p").protection(n, "meaning")(lambda change: None),
    "observation": lambda n: Protocol("p").observe(n)(lambda: []),
    "property": lambda n: invariant(n, boolean_of(), "meaning"),
    "lemma": lambda n: lemma(n, boolean_of(), "meaning"),
    "scenario": lambda n: scenario(n, "title", (), fact("F", "f", event(boolean_of()))),
    "fact": lambda n: fact(n, "f", event(boolean_of())),
    "role": lambda n: role(n, boolean()),
    "index": lambda n: index(n, 2),
    "enumeration": lambda n: enumeration(n, "A B"),
    "range": lambda n: integers(0, 1, n),
    "outcome": lambda n: outcome(n, when(boolean_of())),
    "otherwise": otherwise,
}


def boolean_of() -> Term:
    return Protocol("p").variable("x", boolean(), False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", UNUSABLE)
def test_names_that_cannot_be_used_are_refused(kind: str, name: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        KINDS[kind](UNUSABLE[name])
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_names.py")
    str(caught.value).encode()  # the message itself can be printed


@pytest.mark.parametrize("kind", ["fault", "protection", "property"])
def test_the_command_line_splits_at_commas(kind: str) -> None:
    with pytest.raises(DefinitionError, match=r"'a,b' cannot be called so: it holds ',', and the command line"):
        KINDS[kind]("a,b")


@pytest.mark.parametrize("kind", ["parameter", "option"])
def test_settings_have_an_equals_sign(kind: str) -> None:
    with pytest.raises(DefinitionError, match=r"'a=b' cannot be called so: it holds '='"):
        KINDS[kind]("a=b")


def test_an_action_is_a_function_with_a_name() -> None:
    p = Protocol("p")
    with pytest.raises(DefinitionError, match="a lambda has no name") as caught:
        p.action(by="nobody")(lambda: step(when()))
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_names.py")

    def initially() -> Step:
        return step()

    with pytest.raises(DefinitionError, match="proofs call the state before the first step so"):
        p.action(by="nobody")(initially)


def test_parts_of_scenarios_and_plans_have_names_of_their_own() -> None:
    x, w = boolean_of(), role("w", boolean())
    one = fact("F", "f", event(x), event(x))
    with pytest.raises(DefinitionError, match=r"two facts are called F\.1"):
        scenario("s", "t", (), one, fact("F.1", "f", event(x)))
    with pytest.raises(DefinitionError, match="two roles are called w"):
        scenario("s", "t", (w, role("w", integers(0, 1))), one)
    with pytest.raises(DefinitionError, match="two rules of one plan are called go"):
        plan(x, [take("go", "a", when=x), take("go", "b", when=x)], [])


@pytest.mark.parametrize("command", ["", "prove", "lint", "list", "forecast", "graph", "walk"])
def test_every_command_refuses_them_at_the_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(
        'from model.language import *\np = Protocol("p")\nn = p.parameter("limit", 2, 1, 5)\n'
        'v = p.variable("limit", integers(0, 5), 0)\n'
    )
    assert run([*command.split(), "-p", "m.py:p"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: m.py:4: variable limit is called like a parameter, first at m.py:3;"), error
    assert "Traceback" not in error


def test_the_place_of_a_property_is_not_that_of_an_action_with_its_name() -> None:
    p = Protocol("places")
    x = p.variable("x", integers(0, 1), 0)

    @p.action(by="somebody")
    def go() -> Step:
        return step(when(x == 0), update(x, 1))

    p.declare(reachable("go", taken("go") & (x == 1), "it goes"))
    report = check(p)
    source = report.source_of_property("go")
    assert source is not None
    assert source.line == p.properties[0].where.line != report.sources["go"].line


def test_what_is_wrong_is_told_of_models_too() -> None:
    assert issubclass(DefinitionError, ModelError)
    assert first(index("i", 2, ordered=True)) is not None
