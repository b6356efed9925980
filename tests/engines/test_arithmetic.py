"""Products, quotients, rests, extremes and sums: the same numbers in every engine as in Python, and the same errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check, prove
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    ModelError,
    Protocol,
    Term,
    array,
    both,
    index,
    integers,
    maximum,
    minimum,
    step,
    sum_of,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import invariant
from tests.engines.test_beyond import ENGINES, Cart, cart, refused
from tests.proving import proving

pytestmark = pytest.mark.usefixtures("own_cache", "optimised")

VALUES = range(-4, 5)
FEWER = range(-2, 3)
"""For Z3, which takes some seconds with all of them."""
FORMS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[int, int], int]]] = {
    "product": (lambda a, b: a * b - 2 * a, lambda a, b: a * b - 2 * a),
    "quotient": (lambda a, b: a // b, lambda a, b: a // b),
    "rest": (lambda a, b: a % b, lambda a, b: a % b),
    "of a number": (lambda a, b: 7 // b + 7 % b, lambda a, b: 7 // b + 7 % b),
    "by a number": (lambda a, b: a // -3 * 10 + a % -3 + b % 3, lambda a, b: a // -3 * 10 + a % -3 + b % 3),
    "least": (lambda a, b: minimum(a, b, 1), lambda a, b: min(a, b, 1)),
    "greatest": (lambda a, b: maximum(a, -b), lambda a, b: max(a, -b)),
    "magnitude": (lambda a, b: abs(a - b) + -a, lambda a, b: abs(a - b) + -a),
    "sum": (lambda a, b: sum_of(integers(1, 3), lambda x: a * x - b), lambda a, b: 6 * a - 3 * b),
}
SEARCHES = ["explicit", "native", "induction", "spacer"]


def computing(form: str, wrong: int = 0, values: range = VALUES) -> Protocol:
    """One step computes a number of two others."""
    made, wanted = FORMS[form]
    p = Protocol("computing")
    number = integers(values[0], values[-1], "number")
    x, y = (p.variable(n, number, 1) for n in "xy")
    found = p.variable("found", integers(-99, 99, "found"), wanted(1, 1))

    @p.action(number, number, by="somebody")
    def compute(a: Term, b: Term) -> Step:
        return step(when(b != 0, x == 1, y == 1), update(x, a), update(y, b), update(found, made(a, b)))

    pairs = [(a, b) for a in values for b in values if b]
    table = [((x == a) & (y == b)).implies(found == wanted(a, b) + wrong * (a == values[0])) for a, b in pairs]
    p.declare(invariant("like Python", both(*table), "it is what Python computes"))
    return p


@pytest.mark.parametrize("engine", SEARCHES)
@pytest.mark.parametrize("form", FORMS)
def test_numbers_are_computed_as_in_python(form: str, engine: str) -> None:
    protocol = computing(form, values=VALUES if engine in ("explicit", "native") else FEWER)
    assert check(protocol, engine=engine).findings[0].verdict is Verdict.HOLDS


@pytest.mark.parametrize("engine", [*SEARCHES, "bmc"])
def test_another_number_is_noticed(engine: str) -> None:
    assert check(computing("rest", wrong=1), engine=engine).findings[0].verdict is Verdict.VIOLATED


DIVIDED: dict[str, Callable[[Cart], Term]] = {
    "quotient": lambda c: 6 // (3 - c.at) > 9,
    "rest": lambda c: 6 % (3 - c.at) > 9,
    "of a read": lambda c: c.load[1] // (c.at - 3) > 9,
    "whatever it is multiplied by": lambda c: (6 // (3 - c.at)) * 0 > 9,
    "extreme": lambda c: minimum(6 // (3 - c.at), -1) > 0,
    "sum": lambda c: sum_of(integers(1, 2), lambda x: x // (3 - c.at)) > 99,
    "divisor of a divisor": lambda c: 6 // (1 + 6 // (3 - c.at)) > 9,
}


@pytest.mark.parametrize("name", DIVIDED)
def test_a_divisor_of_zero_is_the_same_error_in_every_engine(name: str) -> None:
    system = cart(DIVIDED[name])
    told = {str(refused(system, engine)) for engine in [*ENGINES, "simulate"]}
    problem = refused(system, "explicit")
    assert told == {str(problem)}
    assert problem.what.startswith("go: ")
    assert "is 0, and divides" in problem.what
    assert problem.what.endswith("after move(), move()")
    assert problem.where is not None
    assert Path(problem.where.file) == Path(cart.__code__.co_filename)


@pytest.mark.parametrize("engine", SEARCHES)
def test_a_division_that_is_guarded_is_no_error(engine: str) -> None:
    system = cart(lambda c: (c.at < 3) & (6 // (3 - c.at) > 9))
    assert check(system, engine=engine).findings[0].verdict is Verdict.HOLDS


@pytest.mark.parametrize("engine", SEARCHES)
def test_a_property_that_divides_by_zero_has_no_value(engine: str) -> None:
    system = cart(asked=lambda c: invariant("calm", 6 // (3 - c.at) < 9, "it never comes about"))
    assert "property calm: " in refused(system, engine).what


def test_a_product_beyond_all_numbers_is_refused_at_its_line() -> None:
    p = Protocol("far")
    x = p.variable("x", integers(0, 2**33), 0)

    @p.action(by="somebody")
    def go() -> Step:
        return step(when(x * x < 9), update(x, x + 1))

    p.declare(invariant("small", x < 9, "x stays small"))
    with pytest.raises(
        ModelError, match=r"action go: x · x may be as great as \d+ at these sizes \(numbers go from"
    ) as at:
        check(p)
    assert at.value.where is not None


def test_products_that_fill_words_are_exact_without_machine_code() -> None:
    """Up to 2⁶², which two words added do not leave, they are computed in machine code."""
    for top, by in ((2**30, 2**31), (2**32, 2**32 - 1)):
        for engine in ("explicit", "native", "induction"):
            assert check(filling(top, by), engine=engine).findings[0].verdict is Verdict.HOLDS, (top, engine)


def filling(top: int, by: int) -> Protocol:
    p = Protocol("wide")
    x = p.variable("x", integers(0, top), 0)
    y = p.variable("y", integers(0, 2**64 - 1), 0)

    @p.action(by="somebody")
    def begin() -> Step:
        return step(when(x == 0), update(x, top))

    @p.action(by="somebody")
    def multiply() -> Step:
        return step(when(x == top, y == 0), update(y, x * by))

    p.final(y > 0)
    p.declare(invariant("exact", (y == 0) | (y == top * by), "no bit is lost"))
    return p


def shares(guarded: bool = True) -> Protocol:
    """A stock that is shared out among a number of workers."""
    p = Protocol("shares")
    n = p.parameter("n", 2, 0, 9)
    count = p.variable("count", integers(0, n), 0)
    share = p.variable("share", integers(0, 100), 0)

    @p.action(by="manager")
    def join() -> Step:
        return step(when(count < n), update(count, count + 1))

    @p.action(by="manager")
    def divide() -> Step:
        guard = when(count > 0) if guarded else when()
        return step(guard, update(share, minimum(100 // count, 100 % (count + 1) + 50)))

    p.declare(invariant("fair", share <= 100, "nobody gets more than there is"))
    return p


def test_a_guarded_division_is_proved_for_every_size_and_confirmed() -> None:
    made = proving(shares().variant("shares"))
    report = made.run(made.system.properties)
    assert report.verdict is Verdict.HOLDS
    shown = {(o.kind, o.fact, o.action) for p in report.proofs for o in p.obligations}
    assert ("model", "no divisor is 0", "divide") in shown
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    texts = dict(scripts(made.decider.obligations, made.discharged()))
    assert any("(set-logic UFNIA)" in text for text in texts.values())
    assert confirm(texts.items()).doubted == ()


def test_a_division_that_is_not_guarded_is_never_proved() -> None:
    with pytest.raises(ModelError, match=r"divide: 100 // count: count is 0, and divides"):
        prove(shares(guarded=False))


def test_a_sum_over_an_index_of_open_size_is_left_undecided() -> None:
    p = Protocol("loads")
    worker = index("worker", p.parameter("n", 2, 1, 4))
    load = p.variable("load", array(worker, integers(0, 3)), 0)

    @p.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(load[w] < 3), update(load[w], load[w] + 1))

    p.declare(invariant("bounded", sum_of(worker, lambda w: load[w]) <= 3 * p.parameters["n"], "no more than all take"))
    report = prove(p)
    assert report.verdict is Verdict.UNKNOWN
    assert "adding up over the members of worker, whose size is open" in report.findings[0].how
    assert check(p).verdict is Verdict.HOLDS
