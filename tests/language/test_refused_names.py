"""Names that cannot be told apart, or cannot be used, are refused at their line."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.cli.main import run
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    first,
    forall,
    index,
    integers,
    otherwise,
    outcome,
    primed,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import event, fact, invariant, lemma, plan, proof, reachable, role, scenario, take


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
            "observation": lambda: p.observe("tag")(lambda: [(x == 0, says("it is"))]),
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
    assert re.search(r"(first|the other) at \S*test_refused_names\.py:\d+", str(caught.value)), caught.value
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_refused_names.py")
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
def test_refused_names_may_be_shared_where_nothing_tells_both(kinds: tuple[str, str]) -> None:
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

    with pytest.raises(
        DefinitionError, match=r"variable size is called like a parameter, first at \S*test_refused_names.py"
    ):
        p.system(["more"])
    again = p.variant("again").declaring(properties=[reachable("safe", x == 0, "it is")])
    with pytest.raises(DefinitionError, match=r"property safe is declared twice, first at \S*test_refused_names.py"):
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
    "observation": lambda n: Protocol("p").observe(n)(lambda: [(boolean_of(), says("it is"))]),
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
def test_refused_names_that_cannot_be_used_are_refused(kind: str, name: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        KINDS[kind](UNUSABLE[name])
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_refused_names.py")
    str(caught.value).encode()  # the message itself can be printed


@pytest.mark.parametrize("kind", ["fault", "protection", "property"])
def test_the_command_line_splits_at_commas(kind: str) -> None:
    with pytest.raises(DefinitionError, match=r"'a,b' is not a valid name: it contains ',', and the command line"):
        KINDS[kind]("a,b")


@pytest.mark.parametrize("kind", ["parameter", "option"])
def test_settings_have_an_equals_sign(kind: str) -> None:
    with pytest.raises(DefinitionError, match=r"'a=b' is not a valid name: it contains '='"):
        KINDS[kind]("a=b")


def test_an_action_is_a_function_with_a_name() -> None:
    p = Protocol("p")
    with pytest.raises(DefinitionError, match="a lambda has no name") as caught:
        p.action(by="nobody")(lambda: step(when()))
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_refused_names.py")

    def initially() -> Step:
        return step()

    with pytest.raises(DefinitionError, match="proofs use it for the state before the first step"):
        p.action(by="nobody")(initially)


def test_performers_are_not_called_like_members() -> None:
    p = Protocol("performers")
    worker = index("worker", 2)
    x = p.variable("x", array(worker, boolean()), False)

    @p.action(by="worker 1")
    def fake() -> Step:
        return step(when(~forall(worker, lambda w: x[w])))

    with pytest.raises(DefinitionError, match="action fake: by='worker 1' is what reports call a member") as caught:
        p.system()
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("test_refused_names.py")


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
        'from planrace.model.language import *\np = Protocol("p")\nn = p.parameter("limit", 2, 1, 5)\n'
        'v = p.variable("limit", integers(0, 5), 0)\n'
    )
    assert run([*command.split(), "-p", "m.py:p"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: m.py:4: variable limit is called like a parameter, first at m.py:3;"), error
    assert "Traceback" not in error


def over(sort: Any) -> Term:
    return forall(sort, lambda i: exists(sort, lambda j: i == j))


NAMED_BY_TERMS: dict[str, Callable[[Protocol, Any], object]] = {
    "property": lambda p, s: p.declare(invariant("q", over(s), "m")),
    "lemma": lambda p, s: p.argue(proof([lemma("q", over(s), "m")])),
    "final": lambda p, s: p.final(over(s)),
    "role": lambda p, s: p.scenario(scenario("s", "t", (role("w", s),), fact("F", "f", event(taken("rest"))))),
    "change": lambda p, s: p.protection("k", "m")(lambda c: c.require("rest", over(s))),
}


@pytest.mark.parametrize("named", NAMED_BY_TERMS)
def test_sorts_that_only_terms_name_are_sorts_like_others(named: str) -> None:
    """In a proof, or in a report of the values of its variables, they would be confused with those of variables."""
    for sort, why in ((index("tag", 3), "two sorts are called tag"), (enumeration("e", "x Z"), "member x is called")):
        p = Protocol("terms")
        p.variable("x", array(index("tag", 2), boolean()), False)
        p.action(by="nobody")(rest)
        NAMED_BY_TERMS[named](p, sort)
        with pytest.raises(DefinitionError, match=why) as caught:
            p.system(["k"] if named == "change" else [])
        assert caught.value.where is not None
        assert caught.value.where.file.endswith("test_refused_names.py")


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


def test_a_definition_error_is_a_model_error() -> None:
    assert issubclass(DefinitionError, ModelError)
    assert first(index("i", 2, ordered=True)) is not None
