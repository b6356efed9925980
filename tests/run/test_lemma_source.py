"""Inferred lemmas as Python: pasted into their file they prove what they were found for."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.cli.main import run
from planrace.checker.run.lemma_source import lemma_source
from planrace.checker.run.protocols import find, module_of
from planrace.checker.semantics.interpreter import Context, Interpreter
from planrace.model.language import Op, Protocol, Term
from planrace.model.language.python_source import WRITTEN, PythonSource, UnnamedError
from planrace.properties.proof import Lemma
from tests import ROOT

EXAMPLE = ROOT / "examples" / "blue_green.py"
PROVE = ["prove", "--property", "live-release-exists"]
HEAD = """
from planrace import *
protocol = Protocol("p")
n = protocol.parameter("n", 2, 1, 3)
Worker = index("worker", n, ordered=True)
Number = integers(0, 5, "number")
Phase = enumeration("phase", "IDLE WORK")
i = protocol.variable("i", Number, 0)
phase = protocol.variable("phase", array(Worker, Phase), Phase.IDLE)
known = protocol.variable("known", array(Worker, subsets(Number)), set())
holder = protocol.variable("holder", optional(Worker), None)
on = protocol.variable("on", boolean(), False)
unnamed = [protocol.variable("hidden", boolean(), False)]


@protocol.action(by="somebody")
def act():
    return step(when(~on), update(on, True))
"""
TERMS = [
    "forall(Worker, lambda w: (phase[w] == Phase.WORK).implies(holder == w))",
    "forall(Worker, lambda w: (on & (holder != None)).implies((i + 1 < n) | ~i.isin(known[w])))",
    "forall(Worker, lambda w: forall(Number, lambda x: x.isin(known[w]).implies(x <= i - 2)))",
    "exists(Worker, lambda w: (w < last(Worker)) & (holder == w))",
    "holder == following(first(Worker))",
    "count(Worker, lambda w: phase[w] == Phase.WORK) <= 1",
    "(known[first(Worker)] | {i, 2}).issubset(such_that(Number, lambda x: x < 4))",
    "If(on, i, i + 1) == 3",
    "~on",
    "~(on & (i < 3))",
    "(i * 2 - 3) % 3 == (i - 1) // 2 * n",
    "minimum(i, 3, n) < maximum(0 - i, i - 2)",
    "sum_of(Worker, lambda w: i * count(Number, lambda x: x.isin(known[w]))) <= 12",
    "each(Worker, lambda w: phase[w] == Phase.IDLE)[first(Worker)]",
]


def _states() -> list[tuple[Any, ...]]:
    """Random states of the instance with two workers, in the order of the variables."""
    draw = random.Random(7)

    def some() -> frozenset[int]:
        return frozenset(x for x in range(6) if draw.random() < 0.4)

    def one() -> tuple[Any, ...]:
        phases = draw.randrange(2), draw.randrange(2)
        return draw.randrange(6), phases, (some(), some()), draw.randrange(3), draw.randrange(2), draw.randrange(2)

    return [one() for _ in range(300)]


STATES = _states()


def made(text: str) -> tuple[dict[str, object], Term]:
    names: dict[str, object] = {}
    exec(compile(HEAD + f"term = {text}\n", "author.py", "exec"), names)
    term = names["term"]
    assert isinstance(term, Term)
    return names, term


def source_in(names: dict[str, object], term: Term) -> str:
    def named(thing: object) -> str | None:
        alike = [(n, v) for n, v in names.items() if type(v) is type(thing) and n != "term"]
        return next((n for n, v in alike if v is thing or (not isinstance(thing, Term) and v == thing)), None)

    return PythonSource(named, names).source(term)


@pytest.mark.parametrize("text", TERMS)
def test_the_source_of_a_term_means_the_same(text: str) -> None:
    """In random states of an instance: no operator is lost, no side exchanged, and no parameter of a lambda hides a
    variable."""
    names, term = made(text)
    again = eval(source_in(names, term), names)
    protocol = names["protocol"]
    assert isinstance(protocol, Protocol)
    interpreter = Interpreter(protocol.system().instance(n=2))
    values = {interpreter.evaluate(term, Context({}, s)) for s in STATES}
    assert values == {0, 1}  # or the comparison would say little
    for state in STATES:
        context = Context({}, state)
        assert interpreter.evaluate(again, context) == interpreter.evaluate(term, context)


def test_every_operator_is_written() -> None:
    assert set(Op) - WRITTEN == {Op.TAKEN, Op.ENABLED}


def test_a_clause_reads_like_one_that_a_person_wrote() -> None:
    names, term = made(TERMS[0])
    assert source_in(names, term) == TERMS[0]
    names, term = made("forall(Worker, lambda i_: ~(i < 3) | ~phase[i_].isin({Phase.WORK}))")
    assert source_in(names, term) == "forall(Worker, lambda i_: phase[i_].isin({Phase.WORK}).implies(3 <= i))"


def test_what_has_no_name_is_said_and_left_out(tmp_path: Path) -> None:
    names, term = made("unnamed[0] | on")
    with pytest.raises(UnnamedError, match="hidden has no name at the top of its file"):
        source_in(names, term)
    file = tmp_path / "p.py"
    file.write_text(HEAD + "protocol.declare(invariant('x', i <= 5, 'x'))\nterm = unnamed[0] | on\nother = on\n")
    module = module_of(f"{file}:protocol")
    lemmas = [Lemma("a", module.term, "a"), Lemma("b", module.other, "b")]
    text = lemma_source(lemmas, find(f"{file}:protocol").protocol, module)
    assert "# Not written: hidden ∨ on: hidden has no name at the top of its file." in text
    assert '"inferred-2"' in text
    assert "inferred-1" not in text


ROOM = """
from planrace import *
protocol = Protocol("room", "one at a time")
workers = protocol.parameter("workers", 2, 1, 5)
Worker = index("worker", workers)
inside = protocol.variable("inside", array(Worker, boolean()), False)
key = protocol.variable("key", optional(Worker), None)


@protocol.action(Worker, by=Worker)
def enter(w):
    return step(when(key == None), update(key, w), update(inside[w], True))


@protocol.action(Worker, by=Worker)
def leave(w):
    return step(when(key == w), update(key, None), update(inside[w], False))


alone = forall(Worker, lambda v: forall(Worker, lambda w: (inside[v] & inside[w]).implies(v == w)))
protocol.declare(invariant("alone", alone, "no two are inside"))
"""
"""Who is inside has the key: nobody proves that they are alone without that."""


def test_inferred_lemmas_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without lemmas the property is undecided; with those that were printed it is proved."""
    file = tmp_path / "room.py"
    file.write_text(ROOM, encoding="utf-8")
    prove = ["prove", "-p", f"{file}:protocol"]
    assert run([*prove, "-q"]) == 3
    capsys.readouterr()
    assert run([*prove, "--infer", "--as-python"]) == 0
    pasted = capsys.readouterr().out
    assert "forall(Worker, lambda i: inside[i].implies(key != None))" in pasted
    assert pasted.endswith("# verdict: holds (exit 0)\n")
    file.write_text(f"{ROOM}\n\n{pasted}", encoding="utf-8")
    assert run(prove) == 0
    assert "inferred-1: found by inference: ∀" in " ".join(capsys.readouterr().out.split())


@pytest.mark.long("lemmas of the example are inferred and pasted")
def test_those_of_the_example_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    bare = re.sub(r"protocol\.argue\(.*?\n\)\n", "", text, flags=re.DOTALL)
    assert "condemned-releases-are-old" not in bare
    file = tmp_path / "mine.py"
    file.write_text(bare, encoding="utf-8")
    assert run([*PROVE, "-p", f"{file}:fixed", "-q"]) == 3
    capsys.readouterr()
    assert run([*PROVE, "-p", f"{file}:fixed", "--infer", "--as-python"]) == 0
    file.write_text(f"{bare}\n\n{capsys.readouterr().out}", encoding="utf-8")
    assert run([*PROVE, "-p", f"{file}:fixed"]) == 0


def test_python_is_written_for_inferred_lemmas_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*PROVE, "-p", f"{EXAMPLE}:fixed", "--as-python"]) == 2
    assert "add --infer" in capsys.readouterr().err
    assert run([*PROVE, "-p", f"{EXAMPLE}:fixed", "--infer", "--as-python", "--format", "json"]) == 2
    assert "Standard output takes one f" in capsys.readouterr().err
