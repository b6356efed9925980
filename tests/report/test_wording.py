"""Sentences: counts and lists follow one rule, and no internals of solvers or Python appear in them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import z3

from planrace.checker import check, forecast, prove, render, state_graph
from planrace.checker.cli.main import run
from planrace.checker.engines.symbolic.solving import said
from planrace.checker.results.wording import as_outcome, counted, joined, listed, numbered, plural
from planrace.model.language import (
    Protocol,
    Term,
    boolean,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.errors import so_many
from planrace.properties import event, fact, infinitely_often, invariant, leads_to, reachable, recoverable, scenario
from tests import ROOT

NOUNS = re.findall(
    r"\w+",
    "state step transition run cast instance obligation conjunct level orbit worker query mutant clause action "
    "lemma property warning finding event fact parameter argument field value sort copy variable choice member",
)
PLURALS = "|".join(f"{n[:-1]}ies" if n.endswith("y") else f"{n}s" for n in NOUNS)


def test_the_rules() -> None:
    assert [counted(n, "step") for n in (0, 1, 2, 1000)] == ["0 steps", "1 step", "2 steps", "1,000 steps"]
    assert [numbered(n, "query", "queries") for n in (1, 2000)] == ["1 query", "2000 queries"]
    assert [joined(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b", "c"], 3) == "a, b and c"
    assert listed([*"abcd"], 3) == "a, b and 2 others"
    assert (plural(1, "is", "are"), plural(2, "is", "are")) == ("is", "are")
    assert (so_many(["x"], "field"), so_many(2, "field")) == ("1 field", "2 fields")
    assert (as_outcome("late"), as_outcome("")) == ("as late", "in its outcome without a name")


def test_many_actions_in_a_sentence_are_counted() -> None:
    """A run that may rest in the initial state, where hundreds of actions are enabled."""
    protocol = Protocol("account")
    money = protocol.variable("money", integers(0, 300), 300)

    @protocol.action(integers(1, 300), by="customer", fairness="none")
    def spend(n: Term) -> Step:
        return step(when(money >= n), update(money, money - n))

    for name in ("is-spent", "is-spent-again"):
        protocol.declare(infinitely_often(name, money == 0, "the money is spent"))
    text = render(check(protocol))
    told = " ".join(text.split())
    assert "In the initial state no fair action is enabled: the run may stay there for ever." in told
    assert (
        "because it is not fair: spend(1), spend(2), spend(3), spend(4), spend(5), spend(6), spend(7) and 293" in told
    )
    assert "Violated in the initial state, like is-spent." in told
    assert "spend(8)" not in told


def test_messages_of_solvers_are_plain_text() -> None:
    assert said(z3.Z3Exception(b"canceled")) == "it was stopped before it had an answer"
    assert said(z3.Z3Exception("canceled")) == "it was stopped before it had an answer"
    assert said(b"(incomplete)") == "(incomplete)"
    assert said("") == "it gives no reason"


@pytest.mark.parametrize("room", ["checker", "model", "properties"])
def test_no_plural_follows_an_uncounted_number(room: str) -> None:
    """A value before a plural in an f-string is a constant, or goes through ``counted``."""
    wrong = []
    for file in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                wrong += [f"{file.relative_to(ROOT)}:{node.lineno}: {w}" for w in uncounted(node)]
    assert wrong == []


def uncounted(node: ast.JoinedStr) -> list[str]:
    found = []
    for value, text in zip(node.values, node.values[1:], strict=False):
        if not isinstance(value, ast.FormattedValue) or not isinstance(text, ast.Constant):
            continue
        after = re.match(rf" (?:small )?({PLURALS})\b(?!/)", str(text.value))
        number = ast.unparse(value.value)
        if after and not number.isupper() and not number.startswith(("rounded(", "len(samples)", "copies")):
            found.append(f"{{{number}}}{after[0]}")
    return found


def tiny() -> Protocol:
    """One step leads to the only other state. Some outcomes never happen; one of them has no name."""
    protocol = Protocol("tiny", "one of everything")
    worker = index("worker", 1)
    lock = protocol.variable("lock", optional(worker), None)
    fail = protocol.fault("fail", "it fails")

    @protocol.action(worker, by=worker, tags=["help"])
    def take(w: Term) -> Step:
        return step(
            when(lock == None),  # noqa: E711
            outcome("late", when(lock != None)),  # noqa: E711
            outcome(None, when(lock == w)),
            otherwise("taken", update(lock, w)),
        )

    @protocol.action(by="nature", fault=fail)
    def lose() -> Step:
        return step(when(lock != None, lock == None), update(lock, None))  # noqa: E711

    protocol.declare(
        invariant("free", lock == None, "it is free"),  # noqa: E711
        invariant("fine", (lock == None) | (lock != None), "it is one or the other"),  # noqa: E711
        reachable("never", taken("take", outcome="late"), "it comes late"),
        recoverable("back", lock == None, "it can be free again", helpers=["help"]),  # noqa: E711
        leads_to("held", lock == None, lock != None, "it is held"),  # noqa: E711
    )
    protocol.scenario(scenario("once", "it is taken once", (), fact("F1", "taken", event(taken("take")))))
    return protocol


def still() -> Protocol:
    """A protocol with one state, and one step back to it."""
    protocol = Protocol("still")
    x = protocol.variable("x", boolean(), False)

    @protocol.action(by="nobody")
    def rest() -> Step:
        return step(update(x, x))

    protocol.declare(invariant("off", ~x, "it is off"), invariant("small", x.implies(x), "it is"))
    return protocol


WRONG = re.compile(rf"\b1 (?:{PLURALS})\b(?!/)|\bas [.,:;]|b'[a-z(]|, and and")


def texts() -> dict[str, str]:
    found: dict[str, str] = {}
    for make in (tiny, still):
        protocol = make()
        name = protocol.name
        for engine in ("explicit", "native", "bmc", "induction", "spacer"):
            depth = 1 if engine in ("bmc", "induction") else None
            found[f"{name} {engine}"] = render(check(protocol, engine=engine, depth=depth))
        found[f"{name} simulate"] = render(check(protocol, engine="simulate", runs=1, seed=1))
        found[f"{name} fault"] = render(check(protocol, faults=["fail"] if name == "tiny" else [], explain=True))
        found[f"{name} few"] = render(check(protocol, max_states=1, exhaustive=True))
        found[f"{name} prove"] = render(prove(protocol, time_limit=10))
        found[f"{name} forecast"] = render(forecast(protocol))
        found[f"{name} dot"] = render(state_graph(protocol), "dot")
        report = check(protocol)
        for form in ("annotations", "summary", "junit", "sarif"):
            found[f"{name} {form}"] = render(report, form)
    found["scenario"] = render(check(tiny(), scenario="once"))
    return found


def test_a_count_of_one_is_singular() -> None:
    for name, text in texts().items():
        plain = re.sub(r"\s+", " ", text)
        assert WRONG.findall(plain) == [], (name, text)
    told = re.sub(r"\s+", " ", render(check(tiny(), faults=["fail"])))
    assert "take never ends in its outcome without a name" in told
    assert "take never ends as late" in told


SOURCE = """from planrace.model.language import *
from planrace.properties import invariant
p = Protocol("p")
x = p.variable("x", integers(0, 1), 0)
@p.action(by="somebody")
def go():
    return step(when(x == 0), update(x, 1))
p.declare(invariant("small", x <= 1, "it is small"))
p.final(x == 1)
"""


@pytest.mark.parametrize(
    "command", ["", "prove", "lint", "forecast", "graph -o g.dot", "mutate", "baseline save", "list"]
)
def test_commands_count_too(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(SOURCE)
    words = command.split()
    head, tail = (words[:2], words[2:]) if words[:1] == ["baseline"] else (words[:1], words[1:])
    assert run([*head, "-p", "m.py:p", *tail]) in (0, 1, 3)
    out, err = capsys.readouterr()
    assert WRONG.findall(re.sub(r"\s+", " ", out + err)) == [], out + err
