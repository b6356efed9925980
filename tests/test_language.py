"""The language: what a definition refuses, in the author's file and line, and how terms behave."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from model.language import (
    DefinitionError,
    If,
    ModelError,
    Op,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    both,
    each,
    either,
    enumeration,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    primed,
    says,
    step,
    subsets,
    such_that,
    taken,
    update,
    when,
)
from properties import eventually_always, invariant, reachable, recoverable

P = Protocol("test")
SIZE = P.parameter("size", 3, 1, 5)
Worker = index("worker", 2, symmetric=True)
Place = index("place", SIZE, ordered=True)
Colour = enumeration("colour", "RED GREEN")
flag = P.variable("flag", boolean(), False)
n = P.variable("n", integers(0, SIZE), 0)
colour = P.variable("colour", Colour, Colour.RED)
at = P.variable("at", array(Worker, Place), first(Place))
holder = P.variable("holder", optional(Worker), None)
done = P.variable("done", subsets(Place), set())
crew = P.variable("crew", subsets(Worker), set())
worker = Term  # parameters below are terms


def act(body: Callable[..., Any], *sorts: Any, **more: Any) -> None:
    Protocol("scratch").action(*sorts, **{"by": "me", **more})(body)


WRONG: dict[str, tuple[str, Callable[[], object]]] = {
    "wrong sort": (r"assignment to n: flag is a truth value, wanted is a number", lambda: update(n, flag)),
    "constant too large": (r"7 is out of the range of number, 0…size", lambda: update(n, 7)),
    "constant too small": (r"-1 is out of the range", lambda: update(n, -1)),
    "another enumeration": (r"==: colour is a colour, 1 is a whole number", lambda: colour == 1),
    "an article": (
        r"is an old writer",
        lambda: update(n, P.variable("writer", enumeration("old writer", "A B"), 0)),
    ),
    "no member": (r"RED is a colour, the set holds place", lambda: Colour.RED.isin(done)),
    "not a set": (r"n is no set but a number", lambda: n.isin(n)),
    "twice": (
        r"n is assigned twice in one step, first at .*test_language.py:\d+",
        lambda: step(update(n, 1), update(n, 2)),
    ),
    "whole and element": (
        r"at\[.*\] is assigned twice|at is assigned twice",
        lambda: step(update(at, each(Worker, lambda w: at[w])), *[update(at[holder_member()], first(Place))]),
    ),
    "truth of a term": (r"no truth value while", lambda: bool(n == 1)),
    "chained": (r"no chained a < b < c", lambda: 0 < n < 3),
    "python in": (r"write x.isin\(set\)", lambda: n in done),
    "iteration": (r"use forall, exists, count or each", lambda: list(done)),
    "order of interchangeable": (
        r"only numbers and members of an ordered index have an order .*with ordered=True in place of symmetric=True",
        lambda: forall(Worker, lambda w: w < w),  # noqa: PLR0124
    ),
    "perhaps none in a set": (
        r"or: .*holder may be none: give the action a parameter w over worker, require holder == w, and use w",
        lambda: update(crew, crew | {holder}),
    ),
    "perhaps none as a position": (
        r"position in at: holder is a worker or none.*require holder == w, and use w",
        lambda: at[holder],
    ),
    "perhaps none as a set": (r"crew is a set of worker, holder .*require holder == w", lambda: crew - holder),
    "no array": (r"n is no array", lambda: n[1]),
    "wrong position": (r"position in at: n is a number, wanted is a worker", lambda: at[n]),
    "a number as a position": (
        r"1 is a whole number, wanted is a worker \(members of worker are no numbers but parameters, "
        r"or bound by forall: give the action a parameter over worker\)",
        lambda: at[1],
    ),
    "a number as a member": (r"holder: 1 is a whole number.*are no numbers but", lambda: update(holder, 1)),
    "compared with a number": (r"==: holder is a worker or none, 1 .*are no numbers but", lambda: holder == 1),
    "add a member": (
        r"\+: w is a worker, not a number \(members of worker are no numbers but",
        lambda: forall(Worker, lambda w: w + 1 == n),
    ),
    "add to the next": (
        r"\+: p is a place, not a number \(.*; first, last and following walk them\)",
        lambda: forall(Place, lambda p: p + 1 == n),
    ),
    "assign to an expression": (r"n \+ 1 cannot be assigned to", lambda: update(n + 1, 2)),
    "add a truth": (r"\+: flag is a truth value, not a number", lambda: n + flag),
    "branches differ": (r"If: one branch is a number, the other a truth value", lambda: If(flag, n, flag)),
    "arrays compared": (r"arrays are not compared as a whole", lambda: at == at),  # noqa: PLR0124
    "unordered first": (r"first: worker is no ordered index", lambda: first(Worker)),
    "quantifier over a set": (r"forall is over a bounded scalar sort", lambda: forall(done, lambda x: flag)),  # type: ignore[arg-type]
    "primed twice": (r"speaks of a step already", lambda: primed(primed(n))),
    "last outcome": (r"the last outcome, no, has a condition", lambda: step(outcome("no", when(flag)))),
    "otherwise with a condition": (r"takes no condition", lambda: otherwise("no", when(flag))),
    "wording": (r"wants \{x\}", lambda: says("{x}")),
    "no step": (r"action body returns no step", lambda: act(lambda_named("body", lambda: None))),
    "sorts and parameters": (r"has 0 parameters \(none\) but 1 sort", lambda: act(lambda_named("body", step), Worker)),
    "unknown fault": (r"fault 'rain' is not declared", lambda: act(lambda_named("body", step), fault="rain")),
    "unknown fairness": (r"fairness 'very' is unknown", lambda: act(lambda_named("body", step), fairness="very")),
    "by nobody": (r"no parameter is a worker", lambda: act(lambda_named("body", step), by=Worker)),
    "unknown variable": (r"unknown variable n", lambda: act(lambda_named("body", lambda: step(update(n, 1))))),
    "primed in an action": (
        r"speaks of a step",
        lambda: P.action(by="me")(lambda_named("body", lambda: step(when(primed(flag))))),
    ),
    "parameter twice": (r"parameter size is declared twice", lambda: P.parameter("size", 1, 1, 1)),
    "default out of range": (r"the default 9 is not in 1…3", lambda: P.parameter("other", 9, 1, 3)),
    "variable twice": (
        r"variable n is declared twice, first at .*test_language.py:\d+",
        lambda: P.variable("n", boolean(), False),
    ),
    "initial value": (r"initial value of m: n is no constant", lambda: P.variable("m", integers(0, 3), n)),
    "empty range": (r"the range 3…1 is empty", lambda: integers(3, 1)),
    "empty enumeration": (r"has no members", lambda: enumeration("none", "")),
    "member twice": (r"names a member twice", lambda: enumeration("twice", "A A")),
    "symmetric and ordered": (r"both symmetric and ordered", lambda: index("x", 2, symmetric=True, ordered=True)),
    "negative set": (r"may be negative", lambda: subsets(integers(-1, 1))),
    "property of a step": (r"speaks of a step", lambda: invariant("i", primed(flag), "x")),
    "property without meaning": (r"property i has no meaning", lambda: invariant("i", flag, " ")),
    "unknown variant": (r"no protection of test is called 'x'", lambda: P.variant("v", ["x"])),
}


def lambda_named(name: str, body: Callable[..., Any]) -> Callable[..., Any]:
    def named() -> Any:
        return body()

    named.__name__ = name
    return named


def holder_member() -> Term:
    from model.language.terms import make

    return make(Op.BOUND, (), Worker, ("w", 0))


@pytest.mark.parametrize("name", WRONG)
def test_definitions_that_are_refused(name: str) -> None:
    message, define = WRONG[name]
    with pytest.raises(ModelError, match=message) as caught:
        define()
    if isinstance(caught.value, DefinitionError):
        assert caught.value.where is not None
        assert re.search(r"test_language.py$", caught.value.where.file)


def test_equal_terms_are_one_object() -> None:
    assert (n + 1 == 2) is (n + 1 == 2)
    assert forall(Place, lambda x: x.isin(done)) is forall(Place, lambda x: x.isin(done))
    assert ~~flag is flag
    assert (n == 1) is not (n == 2)


def test_binders_do_not_capture() -> None:
    outer = exists(Place, lambda x: forall(Place, lambda y: (x <= y) & exists(Place, lambda x: x == y)))
    variables = {t.data for t in _subterms(outer) if t.op is Op.BOUND}
    assert len(variables) == 3


def _subterms(term: Term) -> list[Term]:
    from model.language.terms import subterms

    return list(subterms(term))


def test_terms_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        n.op = Op.NOT


def test_words_of_terms_are_for_those_who_read_not_for_a_run() -> None:
    """An f-string shows a term wherever no run is meant, and a constant everywhere; errors in an action name terms."""
    assert f"{n} and {SIZE}" == "n and size"
    protocol = Protocol("words")
    x = protocol.variable("x", integers(0, 3), 0)

    @protocol.action(by="me")
    def fine() -> Step:
        return step(update(x, 1), says(f"turns {Colour.RED}"))

    assert fine.says is not None
    assert fine.says.template == "turns RED"
    for wrong in (lambda: says(f"adds to {x}"), lambda: says("adds to {}".format(x))):  # noqa: UP032
        with pytest.raises(DefinitionError, match=r'write says\("… \{x\} …", x=x\), without f'):
            protocol.action(by="me")(lambda_named("wrong", lambda wrong=wrong: step(wrong())))
    with pytest.raises(DefinitionError, match="x is no array but a number"):
        protocol.action(by="me")(lambda_named("wrong", lambda: step(when(x[1]))))
    with pytest.raises(DefinitionError, match=r"holds the words size, not the value"):
        protocol.action(by="me")(lambda_named("wrong", lambda: step(says(f"of {SIZE}"))))


def test_terms_read_like_the_tables() -> None:
    assert repr((n < SIZE) & ~flag) == "(n < size) ∧ ¬flag"
    assert repr(such_that(Place, lambda p: p.isin(done))) == "{p : p ∈ done}"
    assert repr(either(flag, n != 1)) == "flag ∨ n ≠ 1"
    assert repr(both()) == "true"
    assert repr(holder == None) == "holder = none"  # noqa: E711
    assert repr(taken("act", "yes", i=n)) == "taken act(i=n) yes"
    assert repr(following(first(Place))) == "following(first place)"


def test_kinds_that_wait_for_an_engine_can_be_declared() -> None:
    found = recoverable("r", flag, "it recovers", helpers={"automation"})
    assert found.kind == "recoverability"
    assert eventually_always("l", flag, "it settles").kind == "liveness"
    assert reachable("s", taken("act"), "it acts").kind == "reachability"


def test_a_protection_cannot_name_what_is_not_there() -> None:
    protocol = Protocol("p")
    x = protocol.variable("x", boolean(), False)

    @protocol.action(by="me")
    def go() -> Step:
        return step(update(x, True))

    for change in (
        lambda c: c.require("gone", lambda: x),
        lambda c: c.condition("go", "accepted", lambda: x),
        lambda c: c.value("go", n, lambda value: value),
        lambda c: c.outcome("go", lambda: outcome("first")),
    ):
        with pytest.raises(DefinitionError, match="change: "):
            protocol.system().changed(change)


def test_pictures() -> None:
    protocol = Protocol("drawn")
    place, plan = index("place", 2), integers(1, 3, "plan")
    things = protocol.variable("things", array(place, subsets(plan)), set())
    pointer = protocol.variable("pointer", array(place, integers(0, 3)), 0)
    single = protocol.variable("single", subsets(plan), set())
    protocol.picture(things, pointer)
    protocol.picture(single)
    for wrong in ((pointer, things), (things, single), (things, things), (single, pointer)):
        with pytest.raises(DefinitionError, match=r"picture: .* is no variable with a"):
            protocol.picture(*wrong)
    with pytest.raises(DefinitionError, match="picture"):
        protocol.picture(things, holder=single)
