"""Whether something is a member of a set, and whether sets are equal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from planrace.checker.imports.tla.code import (
    Attribute,
    Binary,
    Braces,
    Call,
    Element,
    PlainCode,
    PyCode,
)
from planrace.checker.imports.tla.known_sets import MOST_LISTED, KnownSets
from planrace.checker.imports.tla.leaves import leaves_of, members_of
from planrace.checker.imports.tla.sorts import ElementShape
from planrace.checker.imports.tla.symbols import (
    FALSE,
    TRUE,
    Between,
    ByMembers,
    Combined,
    Constant,
    Either,
    Flattened,
    FunctionSet,
    Image,
    Listed,
    Meaning,
    Product,
    Runtime,
    SequenceSet,
    Subsets,
    Unbounded,
    Where,
    is_false,
    is_true,
    truth,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
    AtomType,
    IntType,
    SequenceType,
    SetType,
    Type,
    is_scalar_type,
    join,
)
from planrace.checker.imports.tla.values import Atom, Known, in_order, is_scalar
from planrace.checker.results.wording import counted


class Membership(KnownSets):
    """What is asked about one member."""

    def member(self, x: Meaning, of: Meaning) -> Meaning:
        match of:
            case Constant(frozenset() as value):
                return self._in_known(x, value)
            case Runtime(code, SetType(element)):
                return self._in_term(x, code, element)
            case Listed(items):
                known = self.known(of)
                if known is not None:
                    return self._in_known(x, known)
                return self.disjunction(self.equal(x, i) for i in items)
            case Between(low, high):
                return self.conjunction(self.compare("<=", *ends) for ends in ((low, x), (x, high)))
            case Where(base, _, holds):
                return self.conjunction(test(x) for test in (partial(self.member, of=base), holds))
            case Combined(operator, left, right):
                return self._in_combined(x, operator, left, right)
            case Image(sources, value):
                return self._in_image(x, sources, value, ())
            case Flattened(sets):
                return self.exists(sets, "part", lambda part: self.member(x, part))
            case Subsets(base):
                return self.subset(x, base)
            case Product(parts, names):
                keys = [Atom(n, True) for n in names] if names else [*range(1, len(parts) + 1)]
                if self._other_keys(x, frozenset(keys)):
                    return FALSE
                pairs = zip(keys, parts, strict=True)
                return self.conjunction(self.member(self.apply(x, Constant(k)), p) for k, p in pairs)
            case FunctionSet(keys, values):
                if self._other_keys(x, frozenset(keys)):
                    return FALSE
                if self._all_in(self.element_type_of_function(x), values):
                    return TRUE
                return self.conjunction(self.member(self.apply(x, Constant(k)), values) for k in keys)
            case SequenceSet(elements):
                return self.all_of(self.range_of(x), "x", lambda e: self.member(e, elements))
            case Unbounded(name):
                return self._in_unbounded(x, name)
            case Either(test, then, otherwise):
                return self.choice(test, self.member(x, then), self.member(x, otherwise))
            case ByMembers(members):
                return self.disjunction(self.conjunction([holds, self.equal(x, Constant(m))]) for m, holds in members)
            case _:
                raise TlaError("a set is expected")

    def _other_keys(self, x: Meaning, keys: frozenset[Known]) -> bool:
        own = self.keys(x)
        return own is None or frozenset(own) != keys

    def _in_unbounded(self, x: Meaning, name: str) -> Meaning:
        kind = self.type_of(x)
        if name == "STRING":
            return truth(isinstance(kind, AtomType) and all(a.is_text for a in kind.atoms))
        if not isinstance(kind, IntType):
            return FALSE
        return TRUE if name == "Int" and not kind.atoms else self.compare("<=", Constant(0), x)

    def _in_known(self, x: Meaning, value: frozenset[Known]) -> Meaning:
        known = self.known_value(x)
        if known is not None:
            return truth(known in value)
        if not isinstance(x, Runtime) or not is_scalar_type(x.kind):
            if len(value) > MOST_LISTED:
                raise TlaError(f"membership in a set of {counted(len(value), 'member')}")
            return self.disjunction(self.equal(x, Constant(v)) for v in in_order(value))
        inside = frozenset(v for v in value if self.possible(x.kind, v))
        if not inside:
            return FALSE
        if self._covers(inside, x.kind):
            return TRUE
        if len(inside) == 1:
            return self.equal(x, Constant(next(iter(inside))))
        numbers = [v for v in inside if isinstance(v, int)]
        if len(numbers) == len(inside) == max(numbers) - min(numbers) + 1:
            plain = x if not getattr(x.kind, "atoms", None) or isinstance(x.kind, AtomType) else self._as_number(x)
            return self.conjunction(
                [self.compare("<=", Constant(min(numbers)), plain), self.compare("<=", plain, Constant(max(numbers)))]
            )
        codes = Call(Attribute(x.code, "isin"), (self._listing(inside, x.kind),))
        return Runtime(codes, BOOL)

    def _as_number(self, x: Runtime) -> Runtime:
        """A number that may be a word, as the number that it is kept as."""
        assert isinstance(x.kind, IntType)
        low, high = self.sorts.range_of(x.kind)
        return Runtime(x.code, IntType(low, high))

    def _listing(self, value: frozenset[Known], kind: Type) -> PyCode:
        return Braces("{", tuple(self.sorts.scalar(v, kind) for v in in_order(value)))

    @staticmethod
    def _covers(value: frozenset[Known], kind: Type) -> bool:
        """Whether every value of a type is in the set."""
        match kind:
            case AtomType(atoms):
                return atoms <= value
            case IntType(low, high, atoms):
                return low is not None and high is not None and {*range(low, high + 1), *atoms} <= value
            case _:
                return value == {False, True}

    def _all_in(self, kind: Type | None, of: Meaning) -> bool:
        """Whether the type alone says that its values are members."""
        if kind is None:
            return True
        if is_scalar_type(kind):
            return is_true(self.member(Runtime(PlainCode("_"), kind), of)) if not isinstance(of, Runtime) else False
        if isinstance(kind, SetType) and isinstance(of, Subsets):
            return self._all_in(kind.element, of.base)
        return False

    def _in_term(self, x: Meaning, code: PyCode, element: Type | None) -> Meaning:
        if element is None:
            return FALSE
        if not is_scalar_type(element):
            return self.disjunction(
                self._in_shape(x, self.place(code, s, element), s) for s in self.sorts.shapes(element)
            )
        if isinstance(x, Constant) and not self.possible(element, x.value):
            return FALSE
        self.sorts.meet(self.joined_kind(x, Runtime(code, element)))
        return Runtime(self.is_in(self.store(x, element), code), BOOL)

    def place(self, code: PyCode, shape: ElementShape, element: Type) -> PyCode:
        return Attribute(code, shape.name) if len(self.sorts.shapes(element)) > 1 else code

    def _in_shape(self, x: Meaning, code: PyCode, shape: ElementShape) -> Meaning:
        """Whether x is of a shape, and in the part of a set where those are kept."""
        found = self.coordinates(x, shape)
        if found is None:
            return FALSE
        conditions, at = found
        if not at:
            return self.conjunction([*conditions, Runtime(code, BOOL)])
        for part in at[:-1]:
            code = Element(code, part)
        return self.conjunction([*conditions, Runtime(self.is_in(at[-1], code), BOOL)])

    def coordinates(
        self, x: Meaning, shape: ElementShape, added: bool = False
    ) -> tuple[list[Meaning], list[PyCode]] | None:
        """Where an element of a shape is kept, and under which conditions it is of the shape; None if it never is. One
        that is ``added`` has to be in the range of the sort, which is an error otherwise and no condition."""
        mine, theirs = self.type_of(x), shape.kind
        if mine is None or not _same_form(mine, theirs):
            return None
        conditions, at = [], []
        kept = dict(shape.dimensions)

        for path, kind in leaves_of(shape.kind, ()):
            value = self.at_path(x, path)
            if path not in kept:
                (only,) = members_of(kind)
                conditions.append(self.equal(value, Constant(only)))
            else:
                if isinstance(value, Constant) and not self.possible(kind, value.value):
                    return None
                if not (added and isinstance(kind, IntType) and isinstance(value, Runtime)):
                    conditions.append(self._in_known(value, frozenset(members_of(kind))))
                at.append(self.store(value, kind))
            if any(map(is_false, conditions)):
                return None
        return [c for c in conditions if not is_true(c)], at

    def at_path(self, x: Meaning, path: tuple[Known, ...]) -> Meaning:
        for key in path:
            kind = self.type_of(x)
            x = self.member(Constant(key), x) if isinstance(kind, SetType) else self.apply(x, Constant(key))
        return x

    def _in_combined(self, x: Meaning, operator: str, left: Meaning, right: Meaning) -> Meaning:
        match operator:
            case "\\cup":
                return self.disjunction(self.member(x, s) for s in (left, right))
            case "\\cap":
                return self.conjunction(self.member(x, s) for s in (left, right))
            case _:
                inside = ((self.member(x, s), s is left) for s in (left, right))
                return self.conjunction(test if wanted else self.negation(test) for test, wanted in inside)

    def _in_image(
        self,
        x: Meaning,
        sources: tuple[tuple[str, Meaning], ...],
        value: Callable[[tuple[Meaning, ...]], Meaning],
        got: tuple[Meaning, ...],
    ) -> Meaning:
        if len(got) == len(sources):
            return self.equal(value(got), x)
        name, source = sources[len(got)]
        return self.exists(source, name, lambda m: self._in_image(x, sources, value, (*got, m)))

    def subset(self, a: Meaning, b: Meaning) -> Meaning:
        known_a, known_b = self.known(a), self.known(b)
        if known_a is not None and known_b is not None:
            return truth(known_a <= known_b)
        kind = self.type_of(a)
        if isinstance(kind, SetType) and self._all_in(kind.element, b):
            return TRUE
        if isinstance(a, Runtime) and isinstance(b, Runtime) and self._simple(a) and self._simple(b):
            return Runtime(Call(Attribute(a.code, "issubset"), (b.code,)), BOOL)
        return self.all_of(a, "x", lambda x: self.member(x, b))

    def equal_sets(self, a: Meaning, b: Meaning) -> Meaning:
        known_a, known_b = self.known(a), self.known(b)
        if known_a is not None and known_b is not None:
            return truth(known_a == known_b)
        for known, other in ((known_a, b), (known_b, a)):
            if known is not None and not known and not self._simple(other):
                return self.negation(self.exists(other, "x", lambda x: TRUE))
        element = join(self.element_type(a), self.element_type(b), element=True)
        if element is None:
            return TRUE
        if is_scalar_type(element):
            self.sorts.meet(element)
            outside = [v for v in (known_a or known_b or ()) if not self._may_be(v, b if known_a is not None else a)]
            if outside:
                return FALSE
            kind = SetType(element)
            left, right = self.store(a, kind), self.store(b, kind)
            if not (isinstance(left, Braces) and isinstance(right, Braces)):  # Python would compare literals itself
                return Runtime(Binary("==", left, right), BOOL)
        return self.conjunction([self.subset(a, b), self.subset(b, a)])

    def _may_be(self, value: Known, of: Meaning) -> bool:
        element = self.element_type(of)
        return element is not None and is_scalar(value) and self.possible(element, value)

    @staticmethod
    def _simple(of: Meaning) -> bool:
        return isinstance(of, Runtime) and isinstance(of.kind, SetType) and is_scalar_type(of.kind.element)


def _same_form(a: Type, b: Type) -> bool:
    from planrace.checker.imports.tla.types import FunctionType, RecordType

    if isinstance(a, RecordType) and isinstance(b, RecordType):
        return a.names == b.names
    if isinstance(a, RecordType | FunctionType) and isinstance(b, RecordType | FunctionType):
        return True
    if is_scalar_type(a) and is_scalar_type(b):
        return True
    return type(a) is type(b) and not isinstance(a, SequenceType)
