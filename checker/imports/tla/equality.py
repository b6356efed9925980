"""Equality of values of all kinds."""

from __future__ import annotations

from planrace.checker.imports.tla.code import Binary
from planrace.checker.imports.tla.sequences import Sequences
from planrace.checker.imports.tla.symbols import (
    FALSE,
    TRUE,
    Between,
    ByRule,
    Constant,
    Either,
    Fields,
    Meaning,
    Runtime,
    truth,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
    AtomType,
    IntType,
    SetType,
    Type,
    is_scalar_type,
    join,
    words,
)
from planrace.checker.imports.tla.values import Atom, Known


class Equality(Sequences):
    """Whether two values are equal."""

    def equal(self, a: Meaning, b: Meaning) -> Meaning:
        if a is b:
            return TRUE
        if isinstance(a, Constant) and isinstance(b, Constant):
            return truth(a.value == b.value and isinstance(a.value, bool) == isinstance(b.value, bool))
        mine, theirs = self.type_of(a), self.type_of(b)
        if is_scalar_type(mine) and is_scalar_type(theirs):
            return self._equal_scalars(a, b)
        if isinstance(mine, SetType) and isinstance(theirs, SetType):
            return self.equal_sets(a, b)
        for this, other in ((a, b), (b, a)):
            if isinstance(this, Either):
                return self.choice(this.test, self.equal(this.then, other), self.equal(this.otherwise, other))
        keys, others = self.keys(a), self.keys(b)
        if keys is not None and others is not None:
            if frozenset(keys) != frozenset(others):
                return FALSE
            return self._equal_functions(a, b, keys)
        if self.is_sequence(a) and self.is_sequence(b):
            return self._equal_sequences(a, b)
        if mine is not None and theirs is not None and type(mine) is not type(theirs):
            raise TlaError(f"{words(mine)} is compared with {words(theirs)}")
        raise TlaError("values that cannot be compared here")

    def _equal_scalars(self, a: Meaning, b: Meaning) -> Meaning:
        for this, other in ((a, b), (b, a)):
            if isinstance(this, Constant) and isinstance(other, Runtime):
                return self._equal_known(other, this.value)
        assert isinstance(a, Runtime)
        assert isinstance(b, Runtime)
        if BOOL in (a.kind, b.kind):
            if a.kind != b.kind:
                raise TlaError(f"{words(a.kind)} is compared with {words(b.kind)}")
            return TRUE if a.code == b.code else Runtime(Binary("==", a.code, b.code), BOOL)
        if a.code == b.code:
            return TRUE
        if self._apart(a.kind, b.kind):
            return FALSE
        kind = join(a.kind, b.kind)
        self.sorts.meet(kind)
        return Runtime(Binary("==", self.store(a, kind), self.store(b, kind)), BOOL)

    @staticmethod
    def _apart(a: Type, b: Type) -> bool:
        """Whether two scalar types have no value in common."""
        if isinstance(a, IntType | AtomType) and isinstance(b, IntType | AtomType) and a.atoms & b.atoms:
            return False
        if isinstance(a, IntType) and isinstance(b, IntType):
            low = max((x for x in (a.low, b.low) if x is not None), default=None)
            high = min((x for x in (a.high, b.high) if x is not None), default=None)
            return low is not None and high is not None and low > high
        return True

    def _equal_known(self, x: Runtime, value: Known) -> Meaning:
        if not self.possible(x.kind, value):
            return FALSE
        if x.kind == BOOL:
            return x if value is True else self.negation(x)
        if isinstance(x.kind, AtomType) and len(x.kind.atoms) == 1:
            return TRUE
        if isinstance(x.kind, IntType) and x.kind.low == x.kind.high and not x.kind.atoms:
            return TRUE
        if isinstance(x.kind, AtomType):
            self.sorts.unify(x.kind.atoms)
        return Runtime(Binary("==", x.code, self.sorts.scalar(value, x.kind)), BOOL)

    def _equal_functions(self, a: Meaning, b: Meaning, keys: tuple[Known, ...]) -> Meaning:
        if isinstance(a, Runtime) and isinstance(b, Runtime) and a.code == b.code:
            return TRUE
        if isinstance(a, Runtime) and isinstance(b, Runtime) and self.sorts.kept(a.kind) == self.sorts.kept(b.kind):
            return Runtime(Binary("==", a.code, b.code), BOOL)
        if isinstance(a, ByRule) or isinstance(b, ByRule) or len(keys) > 4:  # noqa: SIM102
            if all(isinstance(k, int | Atom) for k in keys) and len({type(k) for k in keys}) == 1:
                domain = Constant(frozenset(keys))
                return self.all_of(domain, "k", lambda k: self.equal(self.apply(a, k), self.apply(b, k)))
        return self.conjunction(self.equal(self.apply(a, Constant(k)), self.apply(b, Constant(k))) for k in keys)

    def _equal_sequences(self, a: Meaning, b: Meaning) -> Meaning:
        for this, other in ((a, b), (b, a)):
            opened = self.opened(this)
            if isinstance(opened, Fields):
                if len(opened.items) > self.most(other):
                    return FALSE
                same = [self.equal(self.length(other), Constant(len(opened.items)))]
                return self.conjunction(
                    [*same, *(self.equal(self.apply(other, Constant(k)), v) for k, v in opened.items.items())]
                )
        if isinstance(a, Runtime) and isinstance(b, Runtime):
            return TRUE if a.code == b.code else Runtime(Binary("==", a.code, b.code), BOOL)
        lengths = self.equal(self.length(a), self.length(b))
        here = Between(Constant(1), self.length(a))
        same = [self.all_of(here, "i", lambda i: self.equal(self.apply(a, i), self.apply(b, i)))]
        return self.conjunction([lengths, *same])
