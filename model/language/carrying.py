"""Terms and sorts of one protocol, written about another one: variables become terms of that, sizes its sizes, and
members of an index those of the index that stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planrace.model.language.errors import DefinitionError
from planrace.model.language.fitting import join
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.render import applied
from planrace.model.language.sorts import (
    Array,
    ComputedSize,
    Index,
    Int,
    Maybe,
    Parameter,
    Scalar,
    SetOf,
    Size,
    Sort,
    describe,
    size_of_sort,
)
from planrace.model.language.terms import Term, constant, lift, make, substitute


class Carrier:
    """Carries terms of the protocol ``name``. ``sizes`` has the size that stands for each of its parameters,
    ``members`` the scalar sort that stands for one of its sorts, and ``variables`` a term for each of its variables.
    """

    def __init__(
        self,
        name: str,
        sizes: Mapping[str, Size],
        members: Mapping[Scalar, Scalar],
        variables: Mapping[str, Term],
    ) -> None:
        self.name = name
        self.sizes = sizes
        self.members = members
        self.variables = variables

    def size(self, size: Size) -> Size:
        """What stands for a size. Raises ``DefinitionError`` if a parameter of it has nothing that does."""
        if isinstance(size, Parameter):
            if size.name not in self.sizes:
                raise DefinitionError(
                    f"refines: nothing stands for the parameter {size.name} of {self.name}",
                    remedy=f"write sizes={{{size.name!r}: …}}, with a size of this protocol or a number",
                )
            return self.sizes[size.name]
        if isinstance(size, ComputedSize):
            args = tuple(lift(self.size(a)) for a in size.args)
            return size_of_sort(make(size.op, args, size.term.sort), f"a size of {self.name}")
        return size

    def sort(self, sort: Sort) -> Sort:
        """What stands for a sort."""
        match sort:
            case Array(domain=domain, element=element):
                return Array(self.scalar(domain), self.sort(element))
            case SetOf(element=element):
                return SetOf(self.scalar(element))
        return self.scalar(sort)

    def scalar(self, sort: Scalar) -> Scalar:
        """What stands for a scalar sort."""
        found = self.members.get(sort)
        if found is not None:
            return found
        match sort:
            case Int(low=low, high=high):
                return replace(sort, low=self.size(low), high=self.size(high))
            case Index(size=size):
                return replace(sort, size=self.size(size))
            case Maybe(index=of):
                of = self.scalar(of)  # type: ignore[assignment]
                assert isinstance(of, Index)
                return Maybe(of)
        return sort

    def term(self, term: Term, bound: Mapping[Term, Term]) -> Term:
        """What stands for a term about one state; ``bound`` are the terms for the parameters of its action. Bound
        variables are numbered anew, because what stands for a variable may be higher than it."""
        return self._carried(term, bound, {})

    def _carried(self, t: Term, bound: Mapping[Term, Term], done: dict[int, Term]) -> Term:
        """``done``: what was carried with the same ``bound``, by identity."""
        found = done.get(id(t))
        if found is None:
            found = done[id(t)] = self._made(t, bound, done)
        return found

    def _made(self, t: Term, bound: Mapping[Term, Term], done: dict[int, Term]) -> Term:
        match t.op:
            case Op.VARIABLE:
                return self.variables[t.data]
            case Op.BOUND:
                return bound[t]
            case Op.PARAMETER:
                return lift(self.size(t.data))
            case Op.CONST:
                return constant(t.data, self.sort(t.sort))
        if t.op in BINDERS:
            variable, body = t.args
            hole = hole_of(str(variable.data[0]), self.sort(variable.sort))
            inner = self._carried(body, {**bound, variable: hole}, {})
            sort = Array(hole.sort, inner.sort) if t.op is Op.EACH else self.sort(t.sort)  # type: ignore[arg-type]
            return bound_by(t.op, hole, inner, sort)
        args = tuple(self._carried(a, bound, done) for a in t.args)
        return applied(make(t.op, args, self._sort_of(t, args), t.data))

    def _sort_of(self, t: Term, args: tuple[Term, ...]) -> Sort:
        """The sort of ``t`` with these arguments: what stands for a variable may be of a narrower one."""
        found: Sort | None = None
        if t.op is Op.SELECT:
            assert isinstance(args[0].sort, Array)
            found = args[0].sort.element
        elif t.op in (Op.ITE, Op.UNION, Op.INTERSECTION):
            found = join(args[-2].sort, args[-1].sort)
        elif t.op is Op.DIFFERENCE:
            found = args[0].sort
        return found or self.sort(t.sort)


def hole_of(name: str, sort: Sort) -> Term:
    """A variable that no other term has, until a binder is made of it."""
    return make(Op.BOUND, (), sort, (name, object()))


def bound_by(op: Op, hole: Term, inner: Term, sort: Sort) -> Term:
    """The binder of ``hole`` over ``inner``."""
    variable = make(Op.BOUND, (), hole.sort, (hole.data[0], inner.height + 1))
    return make(op, (variable, substitute(inner, {hole: variable})), sort)


class Pairing:
    """Finds out what stands for the sorts and sizes of the protocol ``name``, from pairs of its sorts and sorts of the
    concrete protocol."""

    def __init__(self, name: str, sizes: Mapping[str, Size]) -> None:
        self.name = name
        self.sizes = dict(sizes)
        self.members: dict[Scalar, Scalar] = {}
        self._ranges: list[tuple[Int, Int]] = []

    def pair(self, abstract: Sort, concrete: Sort, what: str) -> None:
        """Note what a term of the sort ``concrete`` says that stands for a variable ``what``. Raises
        ``DefinitionError`` if two indexes would stand for one."""
        match abstract, concrete:
            case Array(domain=a, element=x), Array(domain=c, element=y):
                self._same(a, c, what)
                self.pair(x, y, what)
            case SetOf(element=a), SetOf(element=c):
                self.pair(a, c, what)
            case Maybe(index=a), Maybe(index=c):
                self._same(a, c, what)
            case (Maybe(index=a), Index()) | (Index() as a, Index()):
                self._same(a, concrete, what)  # type: ignore[arg-type]
            case Int(), Int():
                self._ranges.append((abstract, concrete))

    def _same(self, abstract: Scalar, concrete: Scalar, what: str) -> None:
        """Members of ``abstract`` are those of ``concrete``."""
        kinds = (Index, Int)
        if not isinstance(abstract, kinds) or not isinstance(concrete, kinds) or type(abstract) is not type(concrete):
            return  # the term has another sort than the variable, which is refused later
        before = self.members.setdefault(abstract, concrete)
        if before != concrete:
            raise DefinitionError(
                f"refines: {what}: {describe(concrete)} stands for {describe(abstract)} of {self.name}, and elsewhere "
                f"{describe(before)} does",
                remedy="let one sort stand for it everywhere",
            )
        for a, c in zip(_ends(abstract), _ends(concrete), strict=True):
            if isinstance(a, Parameter):
                self.sizes.setdefault(a.name, c)

    def settle(self, parameters: Mapping[str, Parameter], wanted: Mapping[str, Parameter]) -> None:
        """Find what stands for the ``wanted`` parameters that nothing stands for yet: one of ``parameters`` with the
        same name, or the bound of a number."""
        for name in wanted:
            if name not in self.sizes and name in parameters:
                self.sizes[name] = parameters[name]
        for abstract, concrete in self._ranges:
            for a, c in zip(_ends(abstract), _ends(concrete), strict=True):
                if isinstance(a, Parameter):
                    self.sizes.setdefault(a.name, c)

    def check(self, carrier: Carrier) -> None:
        """Check that sorts which stand for each other have as many members, and an order where that is used."""
        for abstract, concrete in self.members.items():
            wanted = tuple(map(carrier.size, _ends(abstract)))
            if wanted != _ends(concrete):
                raise DefinitionError(
                    f"refines: {describe(concrete)}, with members {_range(_ends(concrete))}, stands for "
                    f"{describe(abstract)} of {self.name}, which has {_range(wanted)}",
                    remedy="sorts that stand for each other have the same size: write sizes={…}, or another mapping",
                )
            if isinstance(abstract, Index) and abstract.ordered and not getattr(concrete, "ordered", False):
                raise DefinitionError(
                    f"refines: {describe(abstract)} of {self.name} is ordered, and {describe(concrete)} is not",
                    remedy="declare both with ordered=True, or none",
                )


def _ends(sort: Scalar) -> tuple[Size, Size]:
    assert isinstance(sort, Index | Int)
    return (1, sort.size) if isinstance(sort, Index) else (sort.low, sort.high)


def _range(ends: tuple[Size, ...]) -> str:
    return "…".join(map(str, ends))
