"""Lint of ``~a.implies(b)`` in invariants: Python negates the whole implication, not ``a``."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.advice.family import Family
from planrace.checker.advice.lint.finding import Lint
from planrace.model.language import Op, Term


def negated(family: Family) -> Iterator[Lint]:
    """Invariants with a conjunct that is a negated implication, which implies that the left side always holds."""
    for p in (p for p in family.properties if p.kind in ("invariant", "step invariant")):
        for part in _promised(p.holds):
            yield Lint(
                "negated implication",
                p.name,
                p.where,
                f"property {p.name}: {part} says that {part.args[0].args[0].args[0]} always holds",
                "write (~a).implies(b) if only a is negated, because ~ applies to the whole a.implies(b); else a & ~b",
            )


def _promised(term: Term) -> Iterator[Term]:
    """The negated implications that must hold for ``term`` to hold."""
    match term.op:
        case Op.AND:
            for part in term.args:
                yield from _promised(part)
        case Op.FORALL:
            yield from _promised(term.args[1])
        case Op.NOT if term.args[0].op is Op.OR and term.args[0].args[0].op is Op.NOT:
            yield term
