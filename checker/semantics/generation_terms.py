"""Which terms of an instance are generations, and what they are computed from.

Generations are the values of one integer sort and of the sorts that terms mix with it: numbers that a counter gives out
and that are compared with each other. ``normal_form.py`` says why that matters.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from planrace.checker.semantics.interpreter import Context, Interpreter
from planrace.model.language import Array, Instance, Op, SetOf, Sort, Term
from planrace.model.language.operators import BINDERS
from planrace.model.language.render import render
from planrace.model.language.sorts import Int, Integer
from planrace.model.language.terms import subterms

MIXING = frozenset({Op.ITE, Op.ADD, Op.SUB, Op.MIN, Op.MAX, Op.SET, Op.UNION, Op.INTERSECTION, Op.DIFFERENCE})
"""Operators whose value is of one kind with their arguments, all but the condition of ``If``."""
_JOINED = frozenset({Op.EQ, Op.LT, Op.LE, Op.MEMBER, Op.SUBSET})
_COMPUTED = frozenset({Op.MUL, Op.DIV, Op.MOD})
_CHOSEN = frozenset({Op.COMPREHENSION, Op.LEAST})
_VARYING = frozenset({Op.VARIABLE, Op.BOUND, Op.TAKEN})


class LinkedError(Exception):
    """A term mixes generations with values of further sorts: these are generations, too."""

    def __init__(self, sorts: Collection[Int]) -> None:
        super().__init__()
        self.sorts = frozenset(sorts)


class RefusedError(Exception):
    """A term does something with generations that is not known to be sound; ``reason`` begins with a verb."""

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class LiveValue:
    """Something that has a live value, or 0 if ``low`` is 0. Two with one ``key`` have one value."""

    key: Hashable
    term: Term = field(compare=False)
    low: int
    counter: bool = False


@dataclass(frozen=True)
class LinearForm:
    """The sum of the live values ``plus``, less those of ``minus``, and a constant."""

    plus: tuple[LiveValue, ...] = ()
    minus: tuple[LiveValue, ...] = ()
    shift: int = 0

    def less(self, other: LinearForm) -> LinearForm:
        """The difference, in which equal values cancel each other."""
        plus, minus = [*self.plus, *other.minus], [*self.minus, *other.plus]
        for value in list(plus):
            if value in minus:
                plus.remove(value)
                minus.remove(value)
        return LinearForm(tuple(plus), tuple(minus), self.shift - other.shift)

    @property
    def live(self) -> bool:
        """Whether it certainly is a live value or 0."""
        return not self.minus and not self.shift and len(self.plus) <= 1


class GenerationTerms:
    """Tells for an instance which terms are generations, if those of ``sorts`` are, and ``counter`` counts them."""

    def __init__(self, instance: Instance, sorts: frozenset[Int], counter: Term | None = None) -> None:
        self.instance = instance
        self.sorts = sorts
        self.counter = counter
        self.interpreter = Interpreter(instance)
        self._kinds: dict[Term, str] = {}
        self._failing: dict[Term, bool] = {}
        self._free: dict[Term, frozenset[Term]] = {}

    def is_generation(self, term: Term) -> bool:
        """Whether the values of ``term`` are generations, sets or arrays of them."""
        return self.kind(term) == "generation"

    def kind(self, term: Term) -> str:
        """ "generation", "constant" (all its values are constants or sizes) or "other". Raises ``LinkedError`` if the
        term mixes generations with others."""
        found = self._kinds.get(term)
        if found is None:
            found = self._kinds[term] = self._kind(term)
        return found

    def _kind(self, term: Term) -> str:
        match term.op:
            case Op.CONST | Op.PARAMETER:
                return "constant"
            case Op.VARIABLE | Op.BOUND:
                return "generation" if leaf_sort(term.sort) in self.sorts else "other"
            case Op.SELECT | Op.PRIMED:
                return self.kind(term.args[0])
            case Op.EACH:
                return self.kind(term.args[1])
            case op if op in _CHOSEN:
                return "generation" if term.args[0].sort in self.sorts else "other"
            case op if op in MIXING or op in _COMPUTED:
                return self.mixed(*mixed_parts(term))
        return "other"

    def mixed(self, *terms: Term) -> str:
        """The kind of terms that must be of one kind, beside constants."""
        kinds = {t: self.kind(t) for t in terms}
        if "generation" not in kinds.values():
            return "other" if "other" in kinds.values() else "constant"
        for t, kind in kinds.items():
            if kind == "other":
                raise LinkedError(frozenset(self._linked(t)))
        return "generation"

    def link(self, *terms: Term) -> None:
        """Raise ``LinkedError`` if parts of the terms mix generations with others."""
        for t in subterms(*terms):
            self.kind(t)
            if t.op in _JOINED:
                self.mixed(*t.args)
            elif t.op is Op.TAKEN:
                for p, given in self.asked(t):
                    self.mixed(p, given)

    def asked(self, taken: Term) -> Iterator[tuple[Term, Term]]:
        """The parameters that a term about the step taken asks for, each with what it should be."""
        name, _, names = taken.data
        action = self.instance.system.actions.get(name)
        there = {str(p): p for p in action.parameters} if action else {}
        return ((there[n], given) for n, given in zip(names, taken.args, strict=True) if n in there)

    def _linked(self, term: Term) -> Iterator[Int]:
        """The sorts of what the value of ``term`` is taken from."""
        sort = leaf_sort(term.args[0].sort if term.op in _CHOSEN else term.sort)
        match term.op:
            case Op.CONST | Op.PARAMETER:
                return
            case op if op in (Op.VARIABLE, Op.BOUND, *_CHOSEN) and isinstance(sort, Int):
                yield sort
            case Op.SELECT | Op.PRIMED:
                yield from self._linked(term.args[0])
            case Op.EACH:
                yield from self._linked(term.args[1])
            case op if op in MIXING:
                for t in mixed_parts(term):
                    yield from self._linked(t)
            case _:
                raise RefusedError(f"mixes generations with {shown(term)}, which is no generation")

    def value(self, term: Term) -> int | None:
        """The value of a number that sizes alone decide; None if more decides it."""
        if any(t.op in _VARYING for t in subterms(term)):
            return None
        found: int = self.interpreter.evaluate(term, Context({}, ()))
        return found

    def forms(self, term: Term) -> list[LinearForm]:
        """What a generation, or an element of an array of them, may be computed as. Raises ``RefusedError`` for what is
        not understood."""
        if isinstance(term.sort, SetOf):
            raise RefusedError(f"uses the set {shown(term)} as a number")
        if not isinstance(term.sort, Array) and not self.may_fail(term) and (value := self.value(term)) is not None:
            return [LinearForm(shift=value)]
        match term.op:
            case Op.VARIABLE | Op.BOUND | Op.LEAST:
                return [self._alone(term)]
            case Op.SELECT:
                return self._selected(term)
            case Op.PRIMED:
                return [_relabelled(f, "after the step", None) for f in self.forms(term.args[0])]
            case Op.EACH:
                return self.forms(term.args[1])
            case Op.ITE | Op.MIN | Op.MAX:
                return list(dict.fromkeys(f for t in mixed_parts(term) for f in self.forms(t)))
            case Op.ADD:
                a, b = map(self.forms, term.args)
                return [x.less(LinearForm(y.minus, y.plus, -y.shift)) for x, y in product(a, b)]
            case Op.SUB:
                a, b = map(self.forms, term.args)
                return [x.less(y) for x, y in product(a, b)]
        raise RefusedError(f"computes {shown(term)} from generations")

    def _alone(self, term: Term) -> LinearForm:
        return LinearForm((LiveValue(id(term), term, self.low(term), term is self.counter),))

    def _selected(self, term: Term) -> list[LinearForm]:
        array = term.args[0]
        while array.op in (Op.SELECT, Op.PRIMED):
            array = array.args[0]
        if array.op is Op.VARIABLE:
            return [self._alone(term)]
        return [_relabelled(f, id(term), term) for f in self.forms(term.args[0])]

    def low(self, term: Term) -> int:
        """The least value, 0 or 1, that a generation or a member of a set of generations can have."""
        match term.op:
            case Op.SELECT | Op.PRIMED:
                return self.low(term.args[0])
            case op if op in _CHOSEN:
                return self.instance.bounds(term.args[0].sort)[0]  # type: ignore[arg-type]
            case Op.VARIABLE | Op.BOUND:
                return self.instance.bounds(leaf_sort(term.sort))[0]  # type: ignore[arg-type]
        return 0

    def free(self, term: Term) -> frozenset[Term]:
        """The bound generations in ``term`` that are not bound in it."""
        found = self._free.get(term)
        if found is None:
            if term.op is Op.BOUND:
                found = frozenset([term]) if self.is_generation(term) else frozenset()
            else:
                found = frozenset[Term]().union(*map(self.free, term.args))
                if term.op in BINDERS:
                    found -= {term.args[0]}
            self._free[term] = found
        return found

    def may_fail(self, term: Term) -> bool:
        """Whether evaluating ``term`` may be an error of the model."""
        found = self._failing.get(term)
        if found is None:
            found = self._failing[term] = self._may_fail(term)
        return found

    def _may_fail(self, term: Term) -> bool:
        if any(map(self.may_fail, term.args)):
            return True
        match term.op:
            case Op.DIV | Op.MOD:
                return not self.value(term.args[1])
            case Op.SELECT:
                return not self._inside(*term.args)
        return term.op is Op.LEAST

    def _inside(self, array: Term, position: Term) -> bool:
        """Whether ``position`` certainly is in the domain of ``array``."""
        assert isinstance(array.sort, Array)
        low, high = self.instance.bounds(array.sort.domain)
        if (value := self.value(position)) is not None:
            return low <= value <= high
        sort = position.sort
        if isinstance(sort, Array | Integer):
            return False
        least, most = self.instance.bounds(sort)
        return low <= least and most <= high


def leaf_sort(sort: Sort) -> Sort:
    """The scalar sort that the innermost values of ``sort`` have."""
    while isinstance(sort, Array | SetOf):
        sort = sort.element
    return sort


def mixed_parts(term: Term) -> tuple[Term, ...]:
    """The arguments that are of one kind with the term: of ``If`` the branches, of others all."""
    return term.args[1:] if term.op is Op.ITE else term.args


def shown(term: Term) -> str:
    """A term in an error, shortened if it is long."""
    text = render(term)
    return text if len(text) <= 80 else text[:79] + "…"


def _relabelled(form: LinearForm, mark: Hashable, term: Term | None) -> LinearForm:
    """The form with other keys: its values are read elsewhere."""

    def other(v: LiveValue) -> LiveValue:
        return replace(v, key=(mark, v.key), term=v.term if term is None else term)

    return replace(form, plus=tuple(map(other, form.plus)), minus=tuple(map(other, form.minus)))
