"""Proofs that a checker of others accepts, for what a "holds" at one size rests on.

    python bench/sat_proofs.py

Needs python-sat and dratify, which are no extras of planrace. Every question that Z3 answers with "unsat" in `bmc`,
`induction` and `spacer` on two small instances of the DNS protocol becomes clauses (Z3's tactics for bits and for
clauses), a SAT solver refutes them once more and writes a proof (DRUP), and dratify checks each step of the proof. It
shares no code with either solver. What remains to be believed is the encoding, and Z3's translation into clauses.

As a control the proof of each formula is checked for the first half of its clauses: where that half can be satisfied,
dratify has to refuse the proof. A line for each engine and protocol; it ends with 1 if a proof was refused, or a
control accepted.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import z3  # noqa: E402

from planrace.checker.engines.limits import Limits  # noqa: E402
from planrace.checker.engines.symbolic.solving import Solving  # noqa: E402
from planrace.model.language import System  # noqa: E402
from planrace.properties.dns import fixed, original  # noqa: E402
from planrace.properties.kinds import Checkable  # noqa: E402
from tests.engines.symbolic.searches import engine  # noqa: E402

SMALL = {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 1}
DEPTH = 8


def refuted(name: str, system: System) -> list[list[Any]]:
    """What Z3 found unsatisfiable in the engine's search: the formulas of each question."""
    asked: list[list[Any]] = []
    check = Solving.check

    def checked(self: Solving, solver: Any, *assumptions: Any) -> Any:
        found = check(self, solver, *assumptions)
        if found == z3.unsat:
            asked.append([*solver.assertions(), *assumptions])
        return found

    Solving.check = checked  # type: ignore[method-assign]
    try:
        properties = [p for p in system.properties if isinstance(p, Checkable)]
        engine(name)(system.instance(**SMALL), properties, limits=Limits(depth=DEPTH)).run()
    finally:
        Solving.check = check  # type: ignore[method-assign]
    return asked


def clauses_of(formulas: list[Any]) -> list[list[int]] | None:
    """The formulas as clauses; None if Z3 needs no search to refute them."""
    goal = z3.Goal()
    goal.add(*formulas)
    (found,) = z3.Then("simplify", "bit-blast", "simplify", "tseitin-cnf")(goal)
    if found.inconsistent():
        return None
    lines = (line.split() for line in found.dimacs(False).splitlines())
    return [[int(x) for x in line[:-1]] for line in lines if line and line[0] not in ("p", "c")]


def proof_of(clauses: list[list[int]]) -> list[str]:
    """A SAT solver's proof."""
    solvers: Any = importlib.import_module("pysat.solvers")
    with solvers.Solver(name="g4", bootstrap_with=clauses, with_proof=True) as solver:
        if solver.solve():
            raise SystemExit("a SAT solver has a model of what Z3 refutes")
        return list(solver.get_proof())


def accepted(clauses: list[list[int]], proof: list[str]) -> bool:
    """Does dratify accept the proof?"""
    dratify: Any = importlib.import_module("dratify")
    top = max((abs(x) for c in clauses for x in c), default=0)
    text = "\n".join([f"p cnf {top} {len(clauses)}", *(" ".join(map(str, [*c, 0])) for c in clauses)])
    return bool(dratify.check_proof(dratify.parse_dimacs(text), "\n".join(proof)).ok)


def main() -> int:
    wrong = 0
    for name in ("bmc", "induction", "spacer"):
        for title, protocol in (("fixed", fixed), ("original", original)):
            begun = time.process_time()
            asked = refuted(name, protocol.system())
            texts = [c for c in map(clauses_of, asked) if c is not None]
            proofs = [proof_of(c) for c in texts]
            good = sum(accepted(c, p) for c, p in zip(texts, proofs, strict=True))
            # The same proof does not fit a part of the clauses that can be satisfied.
            spoilt = [(c[: len(c) // 2], p) for c, p in zip(texts, proofs, strict=True)]
            spoilt = [(c, p) for c, p in spoilt if _satisfiable(c)]
            refused = sum(not accepted(c, p) for c, p in spoilt)
            wrong += (len(texts) - good) + (len(spoilt) - refused)
            print(
                f"{name:10} {title:9} {len(asked):3} asked, {len(asked) - len(texts)} refuted without search, "
                f"{good} of {len(texts)} proofs accepted (up to {max(map(len, texts), default=0):,} clauses, "
                f"{max(map(len, proofs), default=0):,} steps); controls refused: {refused} of {len(spoilt)}; "
                f"{time.process_time() - begun:.1f} s",
                flush=True,
            )
    return 1 if wrong else 0


def _satisfiable(clauses: list[list[int]]) -> bool:
    solvers: Any = importlib.import_module("pysat.solvers")
    with solvers.Solver(name="g4", bootstrap_with=clauses) as solver:
        return bool(solver.solve())


if __name__ == "__main__":
    sys.exit(main())
