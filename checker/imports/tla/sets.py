"""Sets as a whole: how many members there are, and quantifiers that name one point."""

from __future__ import annotations

from planrace.checker.imports.tla.base import Alternative, Binder
from planrace.checker.imports.tla.code import (
    Binary,
    LambdaCode,
    PlainCode,
    PyCode,
    call,
    conjuncts,
    names_in,
    replaced,
)
from planrace.checker.imports.tla.members import SetMembers
from planrace.checker.imports.tla.symbols import (
    Constant,
    Meaning,
    Product,
    Runtime,
    Where,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
    AtomType,
    IntType,
    SetType,
    is_scalar_type,
)


class Sets(SetMembers):
    """What is asked of sets."""

    # Known sets

    # Membership

    # All members

    # One point, size, and what is chosen

    def _one_point(self, binder: Binder, inner: Meaning) -> Meaning | None:
        if not isinstance(inner, Runtime):
            return None
        parts = list(conjuncts(inner.code))
        for part in parts:
            if not isinstance(part, Binary) or part.operator != "==":
                continue
            for this, other in ((part.left, part.right), (part.right, part.left)):
                if this == PlainCode(binder.name) and binder.name not in names_in(other):
                    rest = [Runtime(replaced(p, binder.name, other), BOOL) for p in parts if p is not part]
                    inside = self._inside(binder, other)
                    return None if inside is None else self.conjunction([*inside, *rest])
        return None

    def _inside(self, binder: Binder, point: PyCode) -> list[Meaning] | None:
        """That a point is among what a binder runs over; None if this is not easy to say."""
        if binder.is_set:
            return [Runtime(self.is_in(point, binder.over), BOOL)]
        return [] if isinstance(binder.kind, AtomType) and isinstance(binder.over, PlainCode) else None

    def size(self, of: Meaning) -> Meaning:
        known = self.known(of)
        if known is not None:
            return Constant(len(known))
        element = self.element_type(of)
        if element is None:
            return Constant(0)
        if is_scalar_type(element):
            self.sorts.meet(element)
            most = self.sorts.size(element)
            if isinstance(of, Where):
                members = self.alternatives(of, "x")
                if len(members) == 1 and is_plain(members[0]):
                    return Runtime(self._count(members[0]), IntType(0, most))
            return Runtime(call("size_of", self.store(of, SetType(element))), IntType(0, most))
        base = of
        while isinstance(base, Where):
            base = base.base
        if not (isinstance(base, Runtime) or (isinstance(base, Product) and self._simple_parts(base))):
            raise TlaError("the size of a set that is computed of records or tuples")
        counts = [self._count(a) for a in self.alternatives(of, "x")]
        found_code = counts[0]
        for code in counts[1:]:
            found_code = Binary("+", found_code, code)
        most = sum(self._most(a) for a in self.alternatives(of, "x"))
        return Runtime(found_code, IntType(0, most))

    def _simple_parts(self, of: Product) -> bool:
        return all(self._simple(p) or self.known(p) is not None for p in of.parts)

    def _most(self, found: Alternative) -> int:
        size = 1
        for b in found.binders:
            size *= self.sorts.size(b.kind)
        return size

    def _count(self, found: Alternative) -> PyCode:
        inner = self.code(self.conjunction(found.holds))
        if not found.binders:
            return call("If", inner, PlainCode("1"), PlainCode("0"))
        last = found.binders[-1]
        code: PyCode = call("count", last.over, LambdaCode((last.name,), inner))
        if inner == call("both") and last.is_set:
            code = call("size_of", last.over)
        for binder in reversed(found.binders[:-1]):
            code = call("sum_of", binder.over, LambdaCode((binder.name,), code))
        return code


def is_plain(found: Alternative) -> bool:
    """Whether the members are the values of one binder themselves."""
    return (
        len(found.binders) == 1
        and isinstance(found.value, Runtime)
        and found.value.code == PlainCode(found.binders[0].name)
    )
