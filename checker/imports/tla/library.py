"""Operators of TLA⁺ and of its standard modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from planrace.checker.imports.tla.symbols import (
    TRUE,
    Between,
    Combined,
    Constant,
    Elements,
    Fields,
    Flattened,
    Meaning,
    Product,
    SequenceSet,
    Subsets,
    is_false,
    is_true,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.values import in_order

if TYPE_CHECKING:
    from planrace.checker.imports.tla.evaluation import Evaluator

Operation = Callable[["Evaluator", list[Meaning]], Meaning]


def _not_in(e: Evaluator, a: list[Meaning]) -> Meaning:
    return e.algebra.negation(e.algebra.member(a[0], a[1]))


def _iff(e: Evaluator, a: list[Meaning]) -> Meaning:
    return e.algebra.equal(a[0], a[1])


def _pair(e: Evaluator, a: list[Meaning]) -> Meaning:
    """``k :> v``."""
    key = e.algebra.known_value(a[0])
    if key is None:
        raise TlaError("a function :> of which the key changes")
    return Fields("function", {key: a[1]})


def _beside(e: Evaluator, a: list[Meaning]) -> Meaning:
    """``f @@ g``: f where it is defined, g elsewhere."""
    first, second = e.algebra.keys(a[0]), e.algebra.keys(a[1])
    if first is None or second is None:
        raise TlaError("@@ of functions of which the domain changes")
    keys = in_order({*first, *second})
    values = [e.algebra.apply(a[0] if k in first else a[1], Constant(k)) for k in keys]
    found = e.algebra.opened_function(keys, tuple(values))
    known = e.algebra.known_value(found)
    return found if known is None else Constant(known)


def _permutations(e: Evaluator, a: list[Meaning]) -> Meaning:
    raise TlaError("Permutations outside of a symmetry")


def _negative(e: Evaluator, a: list[Meaning]) -> Meaning:
    return e.algebra.negative(a[0])


def _arithmetic(operator: str) -> Operation:
    return lambda e, a: e.algebra.arithmetic(operator, a[0], a[1])


def _compared(operator: str) -> Operation:
    return lambda e, a: e.algebra.compare(operator, a[0], a[1])


def _combined(operator: str) -> Operation:
    return lambda e, a: e.folded_if_known(Combined(operator, a[0], a[1]))


def _assert(e: Evaluator, a: list[Meaning]) -> Meaning:
    if not is_true(a[0]):
        e.asserts = True
    return TRUE


def _is_prefix(e: Evaluator, a: list[Meaning]) -> Meaning:
    """``IsPrefix(s, t)`` of SequencesExt."""
    shorter = e.algebra.compare("<=", e.algebra.length(a[0]), e.algebra.length(a[1]))
    if is_false(shorter):
        return shorter
    places = e.algebra.domain(a[0])
    same = e.algebra.all_of(places, "i", lambda i: e.algebra.equal(e.algebra.apply(a[0], i), e.algebra.apply(a[1], i)))
    return e.algebra.conjunction([shorter, same])


def _subsets_of_size(e: Evaluator, a: list[Meaning]) -> Meaning:
    """``kSubset(k, S)`` of FiniteSetsExt."""
    known = e.algebra.known(Subsets(a[1]))
    if known is None or not isinstance(a[0], Constant):
        raise TlaError("kSubset of a set that changes")
    return Constant(frozenset(s for s in known if isinstance(s, frozenset) and len(s) == a[0].value))


def _reversed(e: Evaluator, a: list[Meaning]) -> Meaning:
    length = e.algebra.length(a[0])
    last = e.algebra.arithmetic("+", length, Constant(1))
    return Elements(length, e.algebra.most(a[0]), lambda k: e.algebra.apply(a[0], e.algebra.arithmetic("-", last, k)))


OPERATORS: Mapping[str, Operation] = {
    "=": lambda e, a: e.algebra.equal(a[0], a[1]),
    "#": lambda e, a: e.algebra.negation(e.algebra.equal(a[0], a[1])),
    "<=>": _iff,
    "~": lambda e, a: e.algebra.negation(a[0]),
    "\\in": lambda e, a: e.algebra.member(a[0], a[1]),
    "\\notin": _not_in,
    "\\subseteq": lambda e, a: e.algebra.subset(a[0], a[1]),
    "\\cup": _combined("\\cup"),
    "\\cap": _combined("\\cap"),
    "\\": _combined("\\"),
    "\\X": lambda e, a: Product(tuple(a)),
    "SUBSET": lambda e, a: Subsets(a[0]),
    "UNION": lambda e, a: e.folded_if_known(Flattened(a[0])),
    "DOMAIN": lambda e, a: e.algebra.domain(a[0]),
    "..": lambda e, a: e.folded_if_known(Between(a[0], a[1])),
    "-.": _negative,
    **{operator: _arithmetic(operator) for operator in ("+", "-", "*", "\\div", "%", "^")},
    **{operator: _compared(operator) for operator in ("<", "<=", ">", ">=")},
    "Cardinality": lambda e, a: e.algebra.size(a[0]),
    "IsFiniteSet": lambda e, a: TRUE,
    "Len": lambda e, a: e.algebra.length(a[0]),
    "Head": lambda e, a: e.algebra.apply(a[0], Constant(1)),
    "Tail": lambda e, a: e.algebra.tail(a[0]),
    "Append": lambda e, a: e.algebra.append(a[0], a[1]),
    "SubSeq": lambda e, a: e.algebra.part(a[0], a[1], a[2]),
    "\\o": lambda e, a: e.algebra.concatenated(a[0], a[1]),
    "Seq": lambda e, a: SequenceSet(a[0]),
    "Permutations": _permutations,
    "PrintT": lambda e, a: TRUE,
    "Print": lambda e, a: a[1],
    "Assert": _assert,
    ":>": _pair,
    "@@": _beside,
    "IsPrefix": _is_prefix,
    "Last": lambda e, a: e.algebra.apply(a[0], e.algebra.length(a[0])),
    "ToSet": lambda e, a: e.algebra.range_of(a[0]),
    "Range": lambda e, a: e.algebra.range_of(a[0]),
    "Reverse": _reversed,
    "kSubset": _subsets_of_size,
}
"""Operators with operands that are evaluated before. Some of community modules are here, too."""
