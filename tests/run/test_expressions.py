"""Expressions in files: they mean what Python's conditions mean, and what is wrong with one is said with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from planrace.checker.run.expressions import Expressions
from planrace.checker.run.vocabulary import Vocabulary
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Enum,
    ModelError,
    Place,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    primed,
    record,
    step,
    subsets,
    taken,
    update,
    when,
)

PLACE = Place("facts.toml", 7)
protocol = Protocol("words")
members = protocol.parameter("members", 3, 1, 4)
Member, Number = index("member", members), integers(0, 3, "number of words")
Phase, Other = enumeration("phase", "IDLE WORK DONE"), enumeration("other", "DONE GONE")
Pair = record("pair", of=Number, at=Number)
n = protocol.variable("n", Number, 1)
b = protocol.variable("b", boolean(), True)
s = protocol.variable("s", subsets(Number), {1, 2})
a = protocol.variable("a", array(Member, Number), lambda m: 2)
phase = protocol.variable("phase", array(Member, Phase), Phase.WORK)
rest = protocol.variable("rest", Other, Other.GONE)
holder = protocol.variable("holder", optional(Member), None)
pair = protocol.variable("pair", Pair, Pair(of=2, at=3))
load = protocol.let("load", Member, lambda m: a[m] + n)


@protocol.action(Member, by=Member, tags=["work"])
def move(m: Term) -> Step:
    return step(when(n < 3), update(n, n + 1), outcome("well-done", when(b)), otherwise("late"))


SYSTEM = protocol.system()
READ = Expressions(Vocabulary(SYSTEM, SYSTEM.actions), {})
INTERPRETER = Interpreter(SYSTEM.instance())
(START,) = INTERPRETER.initials()


def term(text: str) -> Term:
    return READ.condition(text, "fact F1", PLACE)


# What they mean ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("move(m)", "taken"),
        ("move()", taken("move")),
        ("move[well-done]", taken("move", outcome="well-done")),
        ("move()['late']", taken("move", outcome="late")),
        ("any(move(x)[late] for x in member)", exists(Member, lambda x: taken("move", outcome="late", m=x))),
        ("after(n) > n", primed(n) > n),
        ("n < after(n) <= 3", (n < primed(n)) & (primed(n) <= 3)),
        ("holder == none or holder != None", (holder == None) | (holder != None)),  # noqa: E711
        ("pair.at == 3 and pair.of == n", (pair.at == 3) & (pair.of == n)),
        ("any(phase[x] == DONE for x in member)", exists(Member, lambda x: phase[x] == Phase.DONE)),
        ("rest == DONE", rest == Other.DONE),
        ("rest in {DONE} and phase.WORK == phase.WORK", rest.isin({Other.DONE}) & (Phase.WORK == Phase.WORK)),
        ("any(load(x) == 3 for x in member)", exists(Member, lambda x: load(x) == 3)),
        ("any(x == 2 for x in s)", exists(s, lambda x: x == 2)),
    ],
)
def test_they_are_the_terms_that_python_would_build(text: str, meaning: Term | str) -> None:
    """Terms are hash-consed, so equal ones are the same object, the names of their bound variables included."""
    if isinstance(meaning, str):
        m = exists(Member, lambda x: x == x).args[0]  # noqa: PLR0124  (some member)
        assert READ.knowing({"m": m}).condition(text, "F", PLACE) is taken("move", m=m)
        return
    assert term(text) is meaning


PLAIN = {"n": 1, "b": True, "s": {1, 2}, "a": {1: 2, 2: 2, 3: 2}, "member": range(1, 4), "members": 3}
Meaning = Callable[[Mapping[str, Any]], Any]


class Drawn:
    """Random expressions: the same text is read by us, and executed by Python on plain values."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.bound: list[str] = []

    def number(self, depth: int) -> str:
        if depth == 0 or self.chance.random() < 0.3:
            arrays = [f"a[{x}]" for x in self.bound]
            return self.chance.choice(["n", "members", "0", "2", *arrays])
        left, right = self.number(depth - 1), self.number(depth - 1)
        form = self.chance.choice(["({} + {})", "({} - {})", "({} * {})", "-{}", "({} if {} else {})"])
        if "if" in form:
            return form.format(left, self.truth(depth - 1), right)
        return form.format(left) if form == "-{}" else form.format(left, right)

    def set(self, depth: int) -> str:
        if depth == 0 or self.chance.random() < 0.5:
            return self.chance.choice(["s", "{1, 3}", "{0}"])
        return f"({self.set(depth - 1)} {self.chance.choice('|&-')} s)"

    def truth(self, depth: int) -> str:
        if depth == 0:
            return self.chance.choice(["b", "n == 1", "2 in s"])
        pick = self.chance.randrange(6)
        if pick == 0:
            return f"({self.truth(depth - 1)} {self.chance.choice(['and', 'or'])} {self.truth(depth - 1)})"
        if pick == 1:
            return f"(not {self.truth(depth - 1)})"
        if pick == 2:
            return f"({self.number(depth - 1)} {self.chance.choice(['in', 'not in'])} {self.set(depth - 1)})"
        if pick == 3 and len(self.bound) < 2:
            x = "xy"[len(self.bound)]
            self.bound.append(x)
            inside = self.truth(depth - 1)
            condition = f" if {self.truth(depth - 1)}" if self.chance.random() < 0.4 else ""
            self.bound.pop()
            return f"{self.chance.choice(['any', 'all'])}({inside} for {x} in member{condition})"
        ops = ["==", "!=", "<", "<=", ">", ">="]
        chain = f" {self.chance.choice(ops)} {self.number(0)}" if pick == 4 else ""
        return f"({self.number(depth - 1)} {self.chance.choice(ops)} {self.number(depth - 1)}{chain})"


def test_python_agrees_about_random_ones() -> None:
    seen = set()
    for seed in range(400):
        text = Drawn(seed).truth(4)
        wanted = bool(eval(text, {"any": any, "all": all, **PLAIN}))
        assert INTERPRETER.holds(term(text), START) is wanted, text
        seen.add(wanted)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("count(a[x] == 2 for x in member) == 3", True),
        ("count(a[x] == 2 for x in member if x != 1) == 2", False),  # members are no numbers
        ("size(s) == 2 and {x for x in s if x > 1} == {2}", True),
        ("s == {} or {x for x in s if x > 5} == {}", True),
        ("all(x > 1 for x in s if x != 1)", True),
        ("any(x + y == 4 for x in s for y in s)", True),
        ("any(x + y == 5 for x in s for y in s)", False),
        ("true and not false", True),
        ("any(DONE == phase[x] for x in member)", False),
        ("all(DONE != phase[x] and WORK == phase[x] for x in member) and GONE == rest", True),
        ("7 // 2 == 3 and 7 % 4 == 3", True),
    ],
)
def test_what_has_another_form_in_python(text: str, wanted: bool) -> None:
    if "x != 1 for" in text or "if x != 1) == 2" in text:
        with pytest.raises(ModelError, match="not numbers"):
            term(text)
        return
    assert INTERPRETER.holds(term(text), START) is wanted


# What is wrong -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("nn == 1", "nothing is called 'nn'", "did you mean n?"),
        ("mve()", "no action and no function is called 'mve'", "did you mean move?"),
        ("move", "move is an action", "write move()"),
        ("move(1, 2)", "move has 1 parameter, not 2", "it is move(m)"),
        ("move(k=1)", "move has no parameter 'k'", "there are: m"),
        ("n", "the expression: n is a number of words, but a truth value is expected", ""),
        ("n is 3", "n is 3 compares with is", "=="),
        ("n == 1 / 2", "1 / 2 is no part of this language", "docs/postmortem.md"),
        ("n.__class__ == 1", "is neither a field nor a member", ""),
        ("pair._sort == 1", "is neither a field nor a member", ""),
        ("pair.replace == 1", "is neither a field nor a member", ""),
        ("__import__('os').system('true')", "calls what has no name", "methods are no part"),
        ("(lambda: n)() == 1", "calls what has no name", ""),
        ("[x for x in s] == 1", "is no part of this language", ""),
        ("f'{n}' == 1", "is no part of this language", ""),
        ("(x := n) == 1", "is no part of this language", ""),
        ("DONE == DONE", "DONE is a member of phase and of other", "phase.DONE"),
        ("any(n)", "any(n) names no members", "for x in sort"),
        ("any(x == 1 for x in nothing)", "no sort is called 'nothing'", "member"),
        ("count(n == 1 for x in s for y in s) == 1", "counts pairs", ""),
        ("{n + x for x in s} == s", "makes a set of something else than members", "write {x for x in"),
        ("after(after(n)) == 1", "refers to a step already", ""),
        ("n == 1 and", "not an expression", "as in Python"),
        ("n ==\x00 1", "not an expression", ""),
        ("(" * 400 + "b" + ")" * 400, "not an expression", ""),
        ("not " * 3000 + "b", "", ""),
        ("b and " * 3000 + "b", "the expression has 18,001 characters", "10,000"),
        ("n == " + "9" * 30, "is too large", ""),
        ("n % 0 == 1", "divided by 0", ""),
        ("None in s", "", ""),
        ("{1} + 2 == n", "unsupported operand", ""),
    ],
)
def test_errors_name_the_thing_the_place_and_a_remedy(text: str, problem: str, remedy: str) -> None:
    with pytest.raises(ModelError) as found:
        term(text)
    assert found.value.where == PLACE
    assert found.value.what.startswith("fact F1: ")
    assert problem in found.value.what
    assert remedy in (found.value.remedy or "")


def test_reading_takes_linear_time() -> None:
    """Each part is read once, however deep it stands in comparisons."""
    assert isinstance(term("(" * 80 + "b" + " == b)" * 80).sort, type(b.sort))
    assert isinstance(Phase, Enum)
