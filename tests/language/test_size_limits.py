"""Limits on the size of what authors write: at the limit every engine answers, beyond it the line is reported at
once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from planrace.checker import check, prove, render
from planrace.checker.cli.main import run
from planrace.model.language import (
    DefinitionError,
    If,
    ModelError,
    Protocol,
    Term,
    array,
    boolean,
    both,
    either,
    following,
    index,
    integers,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.size_limits import DEEPEST, GREATEST, LARGEST
from planrace.model.language.terms import substitute
from planrace.properties import invariant, reachable, step_invariant
from tests import ROOT

pytestmark = pytest.mark.usefixtures("own_cache")

PLACE = index("place", 2, ordered=True)
SMALL = integers(0, 2, "small")


class Small:
    """A protocol with a variable of each sort."""

    def __init__(self) -> None:
        self.protocol = Protocol("extent")
        self.size = self.protocol.parameter("size", 2, 1, 5)
        self.x = self.protocol.variable("x", integers(0, 2), 0)
        self.b = self.protocol.variable("b", boolean(), False)
        self.a = self.protocol.variable("a", array(SMALL, SMALL), 0)
        self.s = self.protocol.variable("s", subsets(SMALL), set())
        self.at = self.protocol.variable("at", PLACE, first_of())


def first_of() -> Term:
    from planrace.model.language import first

    return first(PLACE)


NESTS: dict[str, Callable[[Small, Term], Term]] = {
    "If": lambda m, t: If(m.x == 1, If(t, 0, 1), 0) == 0,
    "not": lambda m, t: ~(t & m.b),
    "or": lambda m, t: (t | m.b) & (m.x >= 0),
    "equal": lambda m, t: (t == m.b) == m.b,
    "sum": lambda m, t: If(t, 1, 0) + m.x <= 3,
    "difference": lambda m, t: m.x - If(t, 1, 0) <= 3,
    "select": lambda m, t: m.a[If(t, 1, 0)] <= 2,
    "set": lambda m, t: If(t, 1, 0).isin(m.s | {If(t, 0, 1)}),
    "union": lambda m, t: (m.s | If(t, m.s, {m.x})) != set(),
    "subset": lambda m, t: (m.s & If(t, m.s, {m.x})).issubset(m.s),
    "following": lambda m, t: following(If(t, m.at, following(m.at))) == m.at,
}
"""Truth from truth, some levels deeper. Only the last operator may write its argument twice."""


def nested(m: Small, kind: str, depth: int = DEEPEST) -> Term:
    """The deepest term of that kind that is no deeper than ``depth``, and not too large."""
    found = m.b
    while True:
        more = NESTS[kind](m, found)
        if more.depth > depth or more.parts > 2_000:
            return found
        found = more


def protocol_with(m: Small, term: Term) -> Protocol:
    """A protocol that says ``term`` wherever a term may stand."""

    def act() -> Step:
        return step(
            when(m.x < 2),
            outcome("one", when(term), update(m.x, m.x + 1), update(m.b, term)),
            otherwise("other", update(m.b, ~m.b), update(m.x, If(term, m.x, m.x + 1))),
            says("{v}", v=term),
        )

    m.protocol.action(by="somebody")(act)
    m.protocol.declare(
        invariant("holds", either(term, ~term), "it is one or the other"),
        invariant("small", m.x <= 1, "it stays small"),
        step_invariant("steps", either(term, ~term), "it is one or the other"),
        reachable("met", term & (m.x == 2), "it comes about"),
    )
    m.protocol.final(m.x == 2)
    return m.protocol


@pytest.mark.parametrize("kind", NESTS)
def test_engines_answer_at_the_depth_that_is_allowed(kind: str) -> None:
    m = Small()
    term = nested(m, kind)
    protocol = protocol_with(m, nested(m, kind, DEEPEST - 4))
    assert term.depth > DEEPEST - 8 or term.parts > 900
    told = check(protocol, engine="explicit", exhaustive=True, explain=True)
    known = {f.name: (f.verdict.word, f.depth) for f in told.findings}
    assert known["small"] == ("violated", 2)
    for engine in ("native", "bmc", "induction", "simulate"):
        report = check(protocol, engine=engine, depth=6 if engine == "bmc" else None, time_limit=30)
        for f in report.findings:
            assert (
                f.verdict.word == "unknown"
                or (f.verdict.word, f.depth or known[f.name][1]) == known[f.name]
                or (engine == "simulate" and f.verdict.word == known[f.name][0])
            )
    assert prove(protocol, properties=["small"], time_limit=20).findings[0].verdict.word != "holds"
    for form in ("text", "json", "html"):
        assert render(told, form)


@pytest.mark.parametrize(
    "command", ["lint", "list", "forecast", "graph", "mutate --seconds 5", "prove", "baseline save"]
)
def test_commands_answer_at_the_depth_that_is_allowed(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(DEEP.format(levels=DEEPEST - 4))
    words = command.split()
    assert run([*words[:1], *(["save"] if "save" in words else []), "-p", "m.py:p"]) in (0, 1, 3), (
        capsys.readouterr().err
    )
    assert "Traceback" not in capsys.readouterr().err


DEEP = """from planrace.model.language import *
from planrace.properties import invariant, lemma, proof
p = Protocol("p")
x = p.variable("x", integers(0, 3), 0)
t = x
for _ in range({levels}):
    t = If(x == 1, t, 0)
@p.action(by="somebody")
def act():
    return step(when(x < 3, t <= 3), update(x, x + 1))
p.declare(invariant("safe", t >= 0, "it is"), invariant("small", x <= 2, "it is not"))
p.argue(proof([lemma("also", t <= 3, "it is")]))
p.final(t >= 0)
"""

SMALL_ONE = """from planrace.model.language import *
from planrace.properties import *
p = Protocol("p")
n = p.parameter("n", 2, 1, 5)
x = p.variable("x", integers(0, 3), 0)
b = p.variable("b", boolean(), False)
@p.action(by="somebody")
def act():
    return step(when(x < 3), update(x, x + 1))
p.declare(invariant("safe", x <= 3, "it is"))
"""
LOOP = "t = x\nfor _ in range(5000):\n    t = {}\n"
SPOILT = {
    "a number": ('p.declare(invariant("big", x < 10**30, "m"))', r"m\.py:11: 10{30} is too large"),
    "a long number": (
        'p.declare(invariant("big", x < 10**5000, "m"))',
        "a number of about 5,000 digits is too large",
    ),
    "a range": ('y = p.variable("y", integers(0, 10**30), 0)', r"m\.py:11: high: 10{30} is too large"),
    "an initial value": ('y = p.variable("y", integers(0, 3), 10**30)', r"m\.py:11: .*10{30}"),
    "a parameter": ('p.parameter("m", 1, 0, 10**30)', r"m\.py:11: parameter m: high: 10{30} is too large"),
    "an index": ('index("w", 10**30)', r"m\.py:11: size: 10{30} is too large"),
    "places": (
        'p.variable("y", array(index("w", 10**9), boolean()), False)',
        r"m\.py:11: variable y has 1,000,000,000 pla",
    ),
    "choices": (
        '@p.action(integers(0, 10**9), by="somebody")\ndef other(k):\n    return step(when(x == k), update(b, True))',
        r"m\.py:11: action other has 1,000,000,001 choices",
    ),
    "a quantifier": (
        'p.declare(invariant("big", forall(integers(0, 10**9), lambda k: x != k), "m"))',
        r"m\.py:11: property big has [\d,]+ parts once its quantifiers",
    ),
    "quantifiers in each other": (
        'I = integers(0, 2000)\np.declare(invariant("big", forall(I, lambda k: forall(I, lambda l: x != k + l)), "m"))',
        r"m\.py:12: property big has [\d,]+ parts once its quantifiers",
    ),
    "a set": ('p.variable("y", subsets(integers(0, 10**6)), set())', r"m\.py:11: variable y needs 1,000,001 bits"),
    "If": (
        LOOP.format("If(x == 1, t, 0)") + 'p.declare(invariant("big", t >= 0, "m"))',
        r"m\.py:14: property big: .* deep",
    ),
    "a sum": (LOOP.format("t + x") + 'p.declare(invariant("big", t >= 0, "m"))', r"m\.py:14: property big: .* deep"),
    "sharing": (
        "t = x\nfor _ in range(60):\n    t = t + t\n" + 'p.declare(invariant("big", t >= 0, "m"))',
        r"m\.py:14: property big: a term that is written out has more than",
    ),
    "a guard": (
        LOOP.format("If(b, t, 0)")
        + '@p.action(by="somebody")\ndef other():\n    return step(when(t < 3), update(x, 0))',
        r"m\.py:14: action other: a term is nested 5,002 levels deep",
    ),
    "a value": (
        LOOP.format("If(b, t, 0)") + '@p.action(by="somebody")\ndef other():\n    return step(when(b), update(x, t))',
        r"m\.py:16: action other: a term is nested 5,001 levels deep",
    ),
    "words": (
        LOOP.format("If(b, t, 0)")
        + '@p.action(by="somebody")\ndef other():\n    return step(when(b), says("{t}", t=t))',
        r"m\.py:14: action other: a term is nested 5,001 levels deep",
    ),
    "an outcome": (
        LOOP.format("If(b, t, 0)")
        + '@p.action(by="somebody")\ndef other():\n    return step(outcome("o", when(t > 1)), otherwise("p"))',
        r"m\.py:16: action other: a term is nested 5,002 levels deep",
    ),
    "a lemma": (
        LOOP.format("If(b, t, 0)") + 'p.argue(proof([lemma("l", t >= 0, "m")]))',
        r"m\.py:14: lemma l: .* deep",
    ),
    "final states": (LOOP.format("If(b, t, 0)") + "p.final(t >= 0)", r"m\.py:14: final states of p: .* deep"),
    "an observation": (
        LOOP.format("If(b, t, 0)") + '@p.observe("o")\ndef o():\n    return [(t >= 0, says("x"))]',
        r"m\.py:\d+: observation o: .* deep",
    ),
    "a scenario": (
        LOOP.format("If(b, t, 0)") + 'p.scenario(scenario("s", "t", (), fact("F", "f", event(t >= 0))))',
        r"m\.py:14: scenario s: .* deep",
    ),
    "a protection": (
        LOOP.format("If(b, t, 0)") + '@p.protection("q", "m")\ndef q(change):\n    change.require("act", t >= 0)',
        "",
    ),
    "another sort": (
        LOOP.format("If(b, t, 0)") + 'p.declare(invariant("big", t & b, "m"))',
        r"m\.py:14: and: a term of 1",
    ),
}
COMMANDS = ["", "prove", "lint", "forecast", "graph", "walk"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", SPOILT)
def test_terms_that_are_too_large_are_reported_at_their_line(
    name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line, message = SPOILT[name]
    Path("m.py").write_text(SMALL_ONE + line + "\n")
    started = time.perf_counter()
    protected = ["--with", "q"] if name == "a protection" else []
    code = run([*command.split(), "-p", "m.py:p", *protected])
    told = capsys.readouterr().err
    assert time.perf_counter() - started < 20
    assert "Traceback" not in told
    if command == "prove" and code in (0, 1, 3):
        assert name in ("places", "choices", "a quantifier", "quantifiers in each other", "a set")
        return  # sizes are open there, and quantifiers stay
    assert code == 2, told
    assert told.count("\n") == 1
    import re

    assert re.search(message or r"m\.py:\d+: action act: a term is nested 5,00\d levels deep", told), told


@pytest.mark.parametrize("given", ["n=" + "9" * 31, "n=" + "9" * 5000, "n=-" + "9" * 31, "x=3"])
def test_a_size_that_is_too_large_is_reported(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(SMALL_ONE)
    for command in ("", "prove", "graph", "forecast"):
        assert run([*command.split(), "-p", "m.py:p", "-s", given]) == 2
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert len(told) < 400
        assert "is out of range" in told or "too large" in told or given == "x=3", told


def test_check_raises_the_same_error_from_python() -> None:
    m = Small()
    m.protocol.action(by="somebody")(act)
    m.protocol.declare(invariant("safe", m.x >= 0, "it is"))
    with pytest.raises(ModelError, match=r"size=a number of about 5,000 digits is out of range"):
        check(m.protocol, size=10**5000)


def act() -> Step:
    return step()


def test_wide_terms_are_no_deep_ones() -> None:
    """Thousands of parts at one level are answered."""
    m = Small()
    wide = both(*(m.x != k + 3 for k in range(3000)))
    also = either(*(m.x == k for k in range(3000)))
    assert wide.depth == 4
    m.protocol.action(by="somebody")(act)
    m.protocol.declare(invariant("wide", wide, "it is"), invariant("also", also, "it is"))
    assert check(m.protocol).verdict.word == "holds"
    assert check(m.protocol, engine="bmc", depth=2).verdict.word == "unknown"


def test_the_limits_are_what_the_documents_say() -> None:
    text = (ROOT / "docs" / "language.md").read_text()
    assert f"at most {DEEPEST} levels" in text
    assert f"{LARGEST:,} parts" in text
    assert GREATEST == 2**64
    assert "−2⁶⁴ to 2⁶⁴" in text


def test_numbers_at_the_limit_are_numbers() -> None:
    m = Small()
    m.protocol.action(by="somebody")(act)
    m.protocol.declare(invariant("below", (m.x < 2**64) & (m.x > -(2**64)), "it is"))
    assert check(m.protocol, engine="explicit").verdict.word == "holds"
    with pytest.raises(DefinitionError, match="too large"):
        _ = m.x < 2**64 + 1


def test_substitution_does_not_mind_depth() -> None:
    m = Small()
    found = m.x
    for _ in range(5000):
        found = If(m.b, found, 0)
    assert substitute(found, {m.b: ~m.b}).depth == found.depth + 1
    assert "very large" in str(found) or "parts" in str(found)
