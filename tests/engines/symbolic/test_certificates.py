"""What a "holds" of k-induction and Spacer rests on, answered by a second solver, too.

Each "unsat" of Z3 that a "holds" needs is written down as SMT-LIB 2 and given to cvc5, which shares no code with Z3.
"""

from __future__ import annotations

from typing import Any

import pytest
import z3

from planrace.checker.engines.limits import Limits
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.symbolic.solving import Solving
from planrace.checker.results.verdict import Verdict
from planrace.model.language import System
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable
from tests.engines.symbolic.searches import engine

SMALL = {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 1}


@pytest.fixture
def refuted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every question that Z3 answers with "unsat", while the test runs."""
    asked: list[tuple[str, str]] = []
    check = Solving.check

    def checked(self: Solving, solver: Any, *assumptions: Any) -> Any:
        found = check(self, solver, *assumptions)
        if found == z3.unsat:
            again = z3.Solver()
            again.add(*solver.assertions(), *assumptions)
            text = "\n".join(line for line in again.to_smt2().splitlines() if not line.startswith("(set-info"))
            asked.append((f"question {len(asked)}", f"(set-logic ALL)\n{text}\n"))
        return found

    monkeypatch.setattr(Solving, "check", checked)
    return asked


@pytest.mark.parametrize("name", ["induction", "spacer"])
@pytest.mark.parametrize(
    "system",
    [
        pytest.param(fixed.system(), id="fixed"),
        pytest.param(original.system(), id="original", marks=pytest.mark.long("certificates of a second protocol")),
    ],
)
def test_a_second_solver_answers_the_same(name: str, system: System, refuted: list[tuple[str, str]]) -> None:
    pytest.importorskip("cvc5", reason="the extra planrace[cvc5] is not installed")
    properties = [p for p in system.properties if isinstance(p, Checkable)]
    answers = engine(name)(system.instance(**SMALL), properties, limits=Limits(depth=8)).run()
    assert Verdict.HOLDS in {a.verdict for a in answers}
    assert refuted
    confirmed = confirm(refuted)
    assert (confirmed.asked, confirmed.doubted) == (len(refuted), ())


def test_a_second_solver_doubts_what_is_satisfiable(refuted: list[tuple[str, str]]) -> None:
    """Without its formulas the same text has a model: the second solver reads what it is given."""
    pytest.importorskip("cvc5", reason="the extra planrace[cvc5] is not installed")
    system = fixed.system()
    properties = [p for p in system.properties if isinstance(p, Checkable)]
    engine("induction")(system.instance(**SMALL), properties).run()
    name, text = next(x for x in refuted if x[1].count("(assert") > 1)
    first = text.index("(assert")
    shorter = text[:first] + "(check-sat)\n"
    assert [n for n, _ in confirm([(name, shorter)]).doubted] == [name]
