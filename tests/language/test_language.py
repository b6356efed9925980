"""The language: what a definition refuses, in the author's file and line, and how terms behave."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from planrace.model.language import (
    Changes,
    Choice,
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
    changed,
    count,
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
    size_of,
    step,
    subsets,
    such_that,
    taken,
    update,
    when,
)
from planrace.properties import eventually_always, invariant, reachable, recoverable, role

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
crews = P.variable("crews", array(Worker, subsets(Worker)), set())
holders = P.variable("holders", array(Place, array(Worker, optional(Worker))), None)
worker = Term  # parameters below are terms


def act(body: Callable[..., Any], *sorts: Any, **more: Any) -> None:
    Protocol("scratch").action(*sorts, **{"by": "me", **more})(body)


WRONG: dict[str, tuple[str, Callable[[], object]]] = {
    "wrong sort": (r"assignment to n: flag is a truth value, but a number is expected", lambda: update(n, flag)),
    "constant too large": (r"7 is out of the range of number, 0…size", lambda: update(n, 7)),
    "constant too small": (r"-1 is out of the range", lambda: update(n, -1)),
    "another enumeration": (r"==: colour is a colour, 1 is a whole number", lambda: colour == 1),
    "an article": (
        r"but an old writer is expected",
        lambda: update(n, P.variable("writer", enumeration("old writer", "A B"), 0)),
    ),
    "no member": (r"RED is a colour, the set holds place", lambda: Colour.RED.isin(done)),
    "not a set": (r"n is not a set but a number", lambda: n.isin(n)),
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
    "no array": (r"n is not an array", lambda: n[1]),
    "wrong position": (r"position in at: n is a number, but a worker is expected", lambda: at[n]),
    "a number as a position": (
        r"1 is a whole number, but a worker is expected \(members of worker are not numbers: "
        r"give the action a parameter over worker, or bind one by forall\)",
        lambda: at[1],
    ),
    "a number as a member": (r"holder: 1 is a whole number.*are not numbers", lambda: update(holder, 1)),
    "compared with a number": (r"==: holder is a worker or none, 1 .*are not numbers", lambda: holder == 1),
    "add a member": (
        r"\+: w is a worker, not a number \(members of worker are not numbers",
        lambda: forall(Worker, lambda w: w + 1 == n),
    ),
    "add to the next": (
        r"\+: p is a place, not a number \(.*; first, last and following walk them\)",
        lambda: forall(Place, lambda p: p + 1 == n),
    ),
    "assign to an expression": (r"n \+ 1 cannot be assigned to", lambda: update(n + 1, 2)),
    "add a truth": (r"\+: flag is a truth value, not a number", lambda: n + flag),
    "branches differ": (r"If: one branch is a number, the other a truth value", lambda: If(flag, n, flag)),
    "arrays compared": (r"==: at is .* for each .*, crews is ", lambda: at == crews),
    "size of a number": (r"size_of: n is not a set but", lambda: size_of(n)),
    "some of a set of any numbers": (
        r"exists: .* is a set of numbers of no range",
        lambda: exists({n + 1}, lambda x: x == n),
    ),
    "an array over a set": (r"each is over a bounded scalar sort, not done", lambda: each(done, lambda x: 1)),  # type: ignore[arg-type]
    "unordered first": (r"first: worker is not an ordered index", lambda: first(Worker)),
    "quantifier over an array": (r"forall is over a bounded scalar sort", lambda: forall(at, lambda x: flag)),
    "primed twice": (r"refers to a step already", lambda: primed(primed(n))),
    "last outcome": (r"the last outcome, no, has a condition", lambda: step(outcome("no", when(flag)))),
    "otherwise with a condition": (r"takes no condition", lambda: otherwise("no", when(flag))),
    "wording": (r"needs a value for \{x\}", lambda: says("{x}")),
    "no step": (r"action body returns no step", lambda: act(lambda_named("body", lambda: None))),
    "sorts and parameters": (r"has 0 parameters \(none\) but 1 sort", lambda: act(lambda_named("body", step), Worker)),
    "unknown fault": (r"fault 'rain' is not declared", lambda: act(lambda_named("body", step), fault="rain")),
    "unknown fairness": (r"fairness 'very' is unknown", lambda: act(lambda_named("body", step), fairness="very")),
    "by an index as a word": (
        r"by='Worker' is a word, so no member of the index worker .*write by=Worker, without quotes",
        lambda: act(lambda_named("body", step), Worker, by="Worker"),
    ),
    "by the name of an index": (
        r"by='worker' is a word, so no member of the index worker",
        lambda: act(lambda_named("body", step), Worker, by="worker"),
    ),
    "by a number": (r"by=3 is neither a word nor an index", lambda: act(lambda_named("body", step), by=3)),
    "a parameter over a number": (
        r"test_language.py:\d+: an action takes sorts, and 3 is not one",
        lambda: act(lambda_named("body", step), 3),
    ),
    "a parameter over a set without a first member": (
        r"an action: a parameter may be a set of number only if the least number is the same at all sizes",
        lambda: act(lambda_named("body", step), subsets(integers(SIZE, 5))),
    ),
    "a parameter over an array": (r"not a place for each worker", lambda: act(step, array(Worker, Place))),
    "a parameter over a size": (
        r"size is not one \(for that many members declare an index: index\(name, size\)",
        lambda: act(lambda_named("body", step), SIZE),
    ),
    "a parameter with a default": (r"the parameter w=1 is not plain", lambda: act(named(lambda w=1: step()), Worker)),
    "parameters as a tuple": (r"the parameter \*w is not plain", lambda: act(named(lambda *w: step()), Worker)),
    "no function": (r"an action is a function, not 3", lambda: Protocol("x").action(by="me")(3)),  # type: ignore[arg-type]
    "a tuple for a step": (
        r"body returns no step but a tuple \(write return step\(…\) around",
        lambda: act(lambda_named("body", lambda: (when(flag), update(n, 1)))),
    ),
    "step not called": (
        r"returns no step but a function \(call it: return step",
        lambda: act(lambda_named("body", lambda: step)),
    ),
    "by nobody": (r"no parameter is a worker", lambda: act(lambda_named("body", step), by=Worker)),
    "unknown variable": (r"unknown variable n", lambda: act(lambda_named("body", lambda: step(update(n, 1))))),
    "primed in an action": (
        r"refers to a step",
        lambda: P.action(by="me")(lambda_named("body", lambda: step(when(primed(flag))))),
    ),
    "parameter twice": (r"parameter size is declared twice", lambda: P.parameter("size", 1, 1, 1)),
    "default out of range": (r"the default 9 is not in 1…3", lambda: P.parameter("other", 9, 1, 3)),
    "variable twice": (
        r"variable n is declared twice, first at .*test_language.py:\d+",
        lambda: P.variable("n", boolean(), False),
    ),
    "initial value": (r"initial value of m: n is not a constant", lambda: P.variable("m", integers(0, 3), n)),
    "initial set too large": (
        r"initial value of m: \{0, 9\} holds 9, which is out of the range of number, 0…3",
        lambda: P.variable("m", subsets(integers(0, 3)), {0, 9}),
    ),
    "initial set too small": (
        r"initial value of m: \{-1\} holds -1, which is out of the range of number, 0…3",
        lambda: P.variable("m", subsets(integers(0, 3)), {-1}),
    ),
    "initial set of elements": (
        r"\{7\} holds 7, which is out of the range of number, 0…3",
        lambda: P.variable("m", array(Worker, array(Place, subsets(integers(0, 3)))), {7}),
    ),
    "initial set in any instance": (
        r"\{0, 6\} holds 6, which is out of the range of number, 0…size, which is 0…5",
        lambda: P.variable("m", subsets(integers(0, SIZE)), {0, 6}),
    ),
    "initial sum": (r"9 is out of the range", lambda: P.variable("m", integers(0, 3), If(both(), 9, 0))),
    "initial array": (
        r"initial value of m: \[i ↦ \[j ↦ i\]\] is a worker for each worker for each worker",
        lambda: P.variable("m", array(Worker, Worker), each(Worker, lambda i: each(Worker, lambda j: i))),
    ),
    "no sort": (r"variable m: 3 is not a sort \(sorts are boolean\(\), ", lambda: P.variable("m", 3, 0)),  # type: ignore[call-overload]
    "assigned set": (
        r"assignment to done_by: \{9\} holds 9, which is out of the range",
        lambda: update(Protocol("x").variable("done_by", subsets(integers(0, 3)), set()), {9}),
    ),
    "count of a set": (
        r"count\(done\) lacks its function \(the number of its members is size_of\(done\)\)",
        lambda: count(done),
    ),
    "quantifier without function": (r"forall\(worker\) lacks its .*forall\(sort, lambda", lambda: forall(Worker)),
    "bound of a state": (
        r"high: x is not known before a run begins \(sizes are computed from numbers and parameters by",
        lambda: integers(0, Protocol("p").variable("x", integers(0, 1), 0) + 1),
    ),
    "member as a bound": (r"high: RED is not known before", lambda: integers(0, Colour.RED)),
    "bound divided by 0": (
        r"size: 6 // \(size - 1\) divides by size - 1, which may be 0 \(raise low= of size\)",
        lambda: index("x", 6 // (SIZE - 1)),
    ),
    "bound too large": (r"high: size · \d+ may be \d+ \(numbers go from", lambda: integers(0, SIZE * 2**64)),
    "computed size of nobody": (r"index x has no members", lambda: index("x", SIZE - 9)),
    "no bound": (r"high must be a whole number or a parameter, not 'n' \(", lambda: integers(0, "n")),  # type: ignore[arg-type]
    "power of a size": (r"no powers and no shifts \(write x \* x", lambda: integers(0, 2**SIZE)),
    "size for a number": (r"size has no number here: each run chooses it \(for each member write", lambda: range(SIZE)),
    "each none, where sets are": (
        r"assignment to crews: .* is a none for each worker, but a set of worker for each worker is expected",
        lambda: update(crews, each(Worker, lambda w: None)),
    ),
    "empty range": (r"the range 3…1 is empty", lambda: integers(3, 1)),
    "empty enumeration": (r"has no members", lambda: enumeration("none", "")),
    "member twice": (r"names a member twice", lambda: enumeration("twice", "A A")),
    "symmetric and ordered": (r"both symmetric and ordered", lambda: index("x", 2, symmetric=True, ordered=True)),
    "negative set": (r"may be negative", lambda: subsets(integers(-1, 1))),
    "property of a step": (r"refers to a step", lambda: invariant("i", primed(flag), "x")),
    "property without meaning": (r"property i has no meaning", lambda: invariant("i", flag, " ")),
    "property without a third argument": (
        r"property i has no meaning.*as the last argument",
        lambda: invariant("i", flag),
    ),
    "optional number": (r"optional\(\) needs an index sort.*a value of its own", lambda: optional(integers(0, 3))),  # type: ignore[call-overload]
    "default is no whole number": (
        r"must be a whole number, not 1.5",
        lambda: P.parameter("other", 1.5, 1, 3),  # type: ignore[arg-type]
    ),
    "low is a text": (r"must be a whole number, not '1'", lambda: P.parameter("other", 1, "1", 3)),  # type: ignore[arg-type]
    "default is a truth value": (r"must be a whole number, not True", lambda: P.parameter("other", True, 0, 3)),
    "members in no order": (r"members are a list of words", lambda: enumeration("x", {"A", "B"})),  # type: ignore[arg-type]
    "members are numbers": (r"members are a list of words", lambda: enumeration("x", [1, 2])),  # type: ignore[list-item]
    "only for a word": (
        r"variable m: only='slow' is not a choice of an option \(name what option.choice",
        lambda: P.variable("m", boolean(), False, only="slow"),  # type: ignore[call-overload]
    ),
    "an action only for a word": (r"action: only='slow' is not a choice", lambda: P.action(by="me", only="slow")),  # type: ignore[arg-type]
    "only for another protocol's choice": (
        r"only=slow is not a choice of an option",
        lambda: P.variable("m", boolean(), False, only=Protocol("x").option("o", "m", "a", "m").choice("slow", "m")),
    ),
    "a choice changed twice": (
        r"way=slow is changed by two functions, one and two \(let one function say all",
        lambda: changed_twice(Protocol("x").option("way", "m", "a", "m").choice("slow", "m")),
    ),
    "observation of no sort": (r"observation x: 3 is not a sort of things to observe", lambda: P.observe("x", 3)),  # type: ignore[arg-type]
    "nothing seen": (r"observation sight has no cases", lambda: Protocol("x").observe("sight")(lambda: [])),
    "no case": (r"observation sight: .* is not a case", lambda: Protocol("x").observe("sight")(lambda: [flag])),
    "a role of no sort": (r"role x: 3 is not a bounded scalar sort", lambda: role("x", 3)),  # type: ignore[arg-type]
    "a property about a number": (r"property i has no meaning", lambda: invariant("i", flag, 3)),  # type: ignore[arg-type]
    "unknown variant": (r"no protection of test is called 'x'", lambda: P.variant("v", ["x"])),
}


def named(body: Callable[..., Any]) -> Callable[..., Any]:
    """The same function under a name that an action can have."""
    body.__name__ = "body"
    return body


def changed_twice(choice: Choice) -> None:
    def one(change: Changes) -> None: ...

    def two(change: Changes) -> None: ...

    choice.change(one)
    choice.change(two)


def lambda_named(name: str, body: Callable[..., Any]) -> Callable[..., Any]:
    def named() -> Any:
        return body()

    named.__name__ = name
    return named


def holder_member() -> Term:
    from planrace.model.language.terms import make

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
    from planrace.model.language.terms import subterms

    return list(subterms(term))


def test_terms_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        n.op = Op.NOT


def test_words_of_terms_are_for_those_who_read_not_for_a_run() -> None:
    """An f-string shows a term except in descriptions of steps, and a constant everywhere; errors in an action name
    terms."""
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
    with pytest.raises(DefinitionError, match="x is not an array but a number"):
        protocol.action(by="me")(lambda_named("wrong", lambda: step(when(x[1]))))
    with pytest.raises(DefinitionError, match=r"contains the text size, not the value"):
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
            changed(protocol.system(), change)


def test_pictures() -> None:
    protocol = Protocol("drawn")
    place, plan = index("place", 2), integers(1, 3, "plan")
    things = protocol.variable("things", array(place, subsets(plan)), set())
    pointer = protocol.variable("pointer", array(place, integers(0, 3)), 0)
    single = protocol.variable("single", subsets(plan), set())
    protocol.picture(things, pointer)
    protocol.picture(single)
    for wrong in ((pointer, things), (things, single), (things, things), (single, pointer)):
        with pytest.raises(DefinitionError, match=r"picture: .* must be a variable that holds a"):
            protocol.picture(*wrong)
    with pytest.raises(DefinitionError, match="picture"):
        protocol.picture(things, holder=single)


# What has no sort of its own ------------------------------------------------------------------------------------
def test_none_and_the_empty_set_are_elements() -> None:
    """Each gets the sort of what it is assigned to, within arrays of arrays too."""
    assert update(crews, each(Worker, lambda w: set())).value.sort == crews.sort
    nobody = each(Place, lambda p: each(Worker, lambda w: None))
    assert update(holders, nobody).value.sort == holders.sort
    rows = update(holders, each(Place, lambda p: If(p == first(Place), each(Worker, lambda w: None), holders[p])))
    assert rows.value.sort == holders.sort
    assert update(crew, set() - crew).value.sort == crew.sort
    assert str(forall(Worker, lambda w: ({w} - crew) == set())) == "∀w ∈ worker. ({w} ∖ crew) = ∅"


def test_names_that_our_functions_use_for_themselves() -> None:
    """A size may be called self, a term template; a parameter called outcome cannot be told apart from outcomes."""
    protocol = Protocol("named")
    most = protocol.parameter("self", 1, 1, 2)
    x = protocol.variable("x", integers(0, most), 0)
    worker = index("worker", 2)

    @protocol.action(worker, by=worker)
    def go(outcome: Term) -> Step:
        return step(when(x < most), update(x, x + 1), says("to {template}", template=x + 1))

    assert protocol.system().instance(self=2).parameters == {"self": 2}
    with pytest.raises(DefinitionError, match="not the name of an outcome"):
        exists(worker, lambda w: taken("go", outcome=w))  # type: ignore[arg-type]
