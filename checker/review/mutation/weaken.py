"""Mutation operators: a term is weakened or dropped at one place at a time.

They follow Black, Okun & Yesha, "Mutation operators for specifications" (ASE 2000): missing conditions, comparisons off
by one, missing parts of expressions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planrace.model.language import Op, Term
from planrace.model.language.constructors import both, either
from planrace.model.language.sorts import is_numeric
from planrace.model.language.structural import Structural
from planrace.model.language.terms import TRUE, make


@dataclass(frozen=True, eq=False)
class Altered(Structural):
    """A replacement of a term, and the change as text."""

    term: Term
    words: str


def weaker(condition: Term) -> Iterator[Altered]:
    """Conditions that ``condition`` implies: each conjunct dropped, then each part weakened."""
    if condition is TRUE:
        return
    if condition.op is Op.AND:
        for n, part in enumerate(condition.args):
            others = condition.args[:n], condition.args[n + 1 :]
            yield Altered(both(*others[0], *others[1]), f"without {part}")
            for found in _inside(part, weak=True):
                yield Altered(both(*others[0], found.term, *others[1]), found.words)
    else:
        yield Altered(TRUE, f"without {condition}")
        yield from _inside(condition, weak=True)


def _inside(t: Term, *, weak: bool) -> Iterator[Altered]:
    """``t`` weakened, or strengthened if not ``weak``, at one inner place."""
    dropping = Op.AND if weak else Op.OR
    match t.op:
        case Op.AND | Op.OR:
            joined = both if t.op is Op.AND else either
            for n, part in enumerate(t.args):
                before, after = t.args[:n], t.args[n + 1 :]
                if t.op is dropping:
                    yield Altered(joined(*before, *after), f"without {part}")
                for found in _inside(part, weak=weak):
                    yield Altered(joined(*before, found.term, *after), found.words)
        case Op.NOT:
            for found in _inside(t.args[0], weak=not weak):
                yield Altered(~found.term, found.words)
        case Op.FORALL | Op.EXISTS:
            variable, body = t.args
            for found in _inside(body, weak=weak):
                yield Altered(make(t.op, (variable, found.term), t.sort), found.words)
        case Op.LT if weak:
            yield _instead(t, make(Op.LE, t.args, t.sort))
        case Op.LE if not weak:
            yield _instead(t, make(Op.LT, t.args, t.sort))
        case Op.LE if is_numeric(t.args[0].sort):
            left, right = t.args
            yield _instead(t, left <= right + 1)
        case Op.LT if is_numeric(t.args[0].sort):
            left, right = t.args
            yield _instead(t, left + 1 < right)
        case _:
            return


def other_values(value: Term) -> Iterator[Altered]:
    """Replacements of an assigned value: ``value`` without one of its parts, such as a branch, one side of a union,
    intersection, difference or sum, or a condition on the members of a set."""
    match value.op:
        case Op.ITE:
            test, then, other = value.args
            yield Altered(then, f"to {then}, whether or not {test}")
            yield Altered(other, f"to {other}, whether or not {test}")
        case Op.UNION | Op.INTERSECTION:
            yield from (Altered(side, f"to {side} only") for side in value.args)
        case Op.MIN | Op.MAX:
            yield from (Altered(side, f"to {side} only") for side in dict.fromkeys(value.args))
        case Op.DIFFERENCE | Op.ADD | Op.SUB | Op.MUL | Op.DIV | Op.MOD:
            yield Altered(value.args[0], f"to {value.args[0]} only")
        case Op.COMPREHENSION | Op.EACH:
            variable, body = value.args
            inner = weaker(body) if value.op is Op.COMPREHENSION else other_values(body)
            for found in inner:
                yield Altered(make(value.op, (variable, found.term), value.sort), found.words)
        case _:
            return


def _instead(old: Term, new: Term) -> Altered:
    return Altered(new, f"with {new} for {old}")
