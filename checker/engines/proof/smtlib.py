"""Obligations as SMT-LIB 2 files, one each, for another solver to check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import z3

from planrace.checker.engines.proof.houdini import Discharged
from planrace.checker.engines.proof.obligations import Obligations

_PRODUCT = re.compile(r"\((\*|div|mod) ")
"""What linear arithmetic lacks, unless one of the factors is a number."""


def scripts(obligations: Obligations, discharged: Iterable[Discharged]) -> Iterator[tuple[str, str]]:
    """A file name and an SMT-LIB 2 script for every distinct proved obligation; each must be unsatisfiable."""
    seen: set[int] = set()
    for d in discharged:
        if d.result.proved and id(d.result) not in seen:
            seen.add(id(d.result))
            yield f"{len(seen):04}-{_slug(d.fact)}-{_slug(d.action)}.smt2", script(obligations, d)


def script(obligations: Obligations, d: Discharged) -> str:
    """One obligation: its parts are asserted in order, and together they must be unsatisfiable."""
    solver = z3.Solver()
    labels = []
    for label, formula in obligations.parts(d.result):
        solver.add(formula)
        labels.append(label)
    # ``sexpr`` has no other lines, but shares no terms either: cvc5 runs into its time limit on one of our obligations.
    text = solver.to_smt2()
    lines = [line for line in text.split("\n") if not line.startswith((";", "(set-info", "(set-logic"))]
    head = [
        f"; Obligation: {d.fact} after {d.action}",
        *(f"; assertion {n}: {label}" for n, label in enumerate(labels, 1)),
        f"(set-logic {'UFNIA' if _PRODUCT.search(text) else 'UFLIA'})",
        "(set-info :status unsat)",
    ]
    return "\n".join([*head, *lines]).rstrip() + "\n"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60].lower()
