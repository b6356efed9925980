"""What the parts of the algebra need of each other, and truth: conjunctions, disjunctions, choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from planrace.checker.imports.tla.code import (
    Attribute,
    Binary,
    Call,
    LambdaCode,
    PlainCode,
    PyCode,
    Unary,
    all_of,
    any_of,
    call,
)
from planrace.checker.imports.tla.names import GivenNames, plain
from planrace.checker.imports.tla.sorts import TranslatedSorts
from planrace.checker.imports.tla.symbols import (
    FALSE,
    TRUE,
    Constant,
    Fields,
    Meaning,
    Runtime,
    is_false,
    is_true,
    truth,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import BOOL, AtomType, IntType, Type, join
from planrace.checker.imports.tla.values import Atom, Known, KnownFunction


@dataclass(frozen=True)
class Binder:
    """A variable that a quantifier or an action binds: ``over`` is its sort, or a set that ``is_set``."""

    name: str
    kind: Type
    over: PyCode
    is_set: bool


@dataclass(frozen=True)
class Alternative:
    """Members of a set: ``value``, for all values of the binders for which the conditions hold."""

    binders: tuple[Binder, ...]
    holds: tuple[Meaning, ...]
    value: Meaning


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Base:
    """Truth, and what the other parts supply."""

    def __init__(self, sorts: TranslatedSorts, names: GivenNames) -> None:
        self.sorts = sorts
        self.names = names
        self._used: set[str] = set()
        self.notes: dict[str, None] = {}

    # Supplied by the other parts

    def type_of(self, value: Meaning) -> Type | None:
        raise NotImplementedError

    def element_type(self, of: Meaning) -> Type | None:
        raise NotImplementedError

    def store(self, value: Meaning, kind: Type | None) -> PyCode:
        raise NotImplementedError

    def equal(self, a: Meaning, b: Meaning) -> Meaning:
        raise NotImplementedError

    def member(self, x: Meaning, of: Meaning) -> Meaning:
        raise NotImplementedError

    def alternatives(self, of: Meaning, name: str) -> list[Alternative]:
        raise NotImplementedError

    def apply(self, function: Meaning, key: Meaning) -> Meaning:
        raise NotImplementedError

    def keys(self, function: Meaning) -> tuple[Known, ...] | None:
        raise NotImplementedError

    def choice(self, test: Meaning, then: Meaning, otherwise: Meaning) -> Meaning:
        raise NotImplementedError

    def rebuilt(self, kind: Type, leaves: Iterator[Meaning]) -> Meaning:
        raise NotImplementedError

    def range_of(self, sequence: Meaning) -> Meaning:
        raise NotImplementedError

    def element_type_of_function(self, x: Meaning) -> Type | None:
        raise NotImplementedError

    def equal_sets(self, a: Meaning, b: Meaning) -> Meaning:
        raise NotImplementedError

    def arithmetic(self, operator: str, a: Meaning, b: Meaning) -> Meaning:
        raise NotImplementedError

    def length(self, value: Meaning) -> Meaning:
        raise NotImplementedError

    def is_sequence(self, value: Meaning) -> bool:
        raise NotImplementedError

    def most(self, value: Meaning) -> int:
        raise NotImplementedError

    # Names

    def begin(self) -> None:
        """A further action, property or function begins: names of bound variables are free again."""
        self._used.clear()

    def fresh(self, wanted: str) -> str:
        name, number = plain(wanted), 2
        while name in self._used or self.names.is_top(name):
            name = f"{plain(wanted)}_{number}"
            number += 1
        self._used.add(name)
        return name

    def note(self, text: str) -> None:
        """Something that a reader of the translation should know."""
        self.notes[text] = None

    # Truth

    def code(self, value: Meaning) -> PyCode:
        """A truth as a term."""
        match value:
            case Constant(True):
                return call("both")
            case Constant(False):
                return call("either")
            case Runtime(code, kind) if kind == BOOL:
                return code
            case _:
                raise TlaError("a truth value is expected")

    @staticmethod
    def _truth(value: Meaning) -> Meaning:
        if isinstance(value, Constant) and isinstance(value.value, bool):
            return value
        if isinstance(value, Runtime) and value.kind == BOOL:
            return value
        raise TlaError("a truth value is expected")

    def conjunction(self, parts: Iterable[Meaning]) -> Meaning:
        """The conjunction; later parts are not asked for after one that is false."""
        found: list[PyCode] = []
        for part in map(self._truth, parts):
            if is_false(part):
                return FALSE
            if isinstance(part, Runtime):
                found.append(part.code)
        return Runtime(all_of(found), BOOL) if found else TRUE

    def disjunction(self, parts: Iterable[Meaning]) -> Meaning:
        found: list[PyCode] = []
        for part in map(self._truth, parts):
            if is_true(part):
                return TRUE
            if isinstance(part, Runtime):
                found.append(part.code)
        return Runtime(any_of(found), BOOL) if found else FALSE

    def negation(self, value: Meaning) -> Meaning:
        match self._truth(value):
            case Constant(known):
                return truth(not known)
            case Runtime(Unary("~", code)):
                return Runtime(code, BOOL)
            case Runtime(Binary(operator, left, right)) if operator in _OPPOSITE:
                return Runtime(Binary(_OPPOSITE[operator], left, right), BOOL)
            case Runtime(code):
                return Runtime(Unary("~", code), BOOL)
            case _:
                raise TlaError("a truth value is expected")

    def implication(self, left: Meaning, right: Callable[[], Meaning]) -> Meaning:
        if is_false(self._truth(left)):
            return TRUE
        then = self._truth(right())
        if is_true(left) or is_true(then):
            return then
        if is_false(then):
            return self.negation(left)
        return Runtime(Call(Attribute(self.code(left), "implies"), (self.code(then),)), BOOL)

    def exists(self, of: Meaning, name: str, body: Callable[[Meaning], Meaning]) -> Meaning:
        return self.disjunction(self._exists(a, body) for a in self.alternatives(of, name))

    def _exists(self, found: Alternative, body: Callable[[Meaning], Meaning]) -> Meaning:
        inner = self.conjunction(self._then(found, body))
        for binder in reversed(found.binders):
            if is_false(inner):
                return FALSE
            inner = self._one_point(binder, inner) or Runtime(self._bound("exists", binder, self.code(inner)), BOOL)
        return inner

    @staticmethod
    def _then(found: Alternative, body: Callable[[Meaning], Meaning]) -> Iterator[Meaning]:
        yield from found.holds
        yield body(found.value)

    def _one_point(self, binder: Binder, inner: Meaning) -> Meaning | None:
        """``exists x: x == e & P(x)`` is ``P(e)`` if ``e`` is a member: supplied by sets."""
        return None

    def all_of(self, of: Meaning, name: str, body: Callable[[Meaning], Meaning]) -> Meaning:
        return self.conjunction(self._forall(a, body) for a in self.alternatives(of, name))

    def _forall(self, found: Alternative, body: Callable[[Meaning], Meaning]) -> Meaning:
        test = self.conjunction(found.holds)
        inner = self.implication(test, lambda: body(found.value))
        for binder in reversed(found.binders):
            if is_true(inner):
                return TRUE
            inner = Runtime(self._bound("forall", binder, self.code(inner)), BOOL)
        return inner

    @staticmethod
    def _bound(quantifier: str, binder: Binder, body: PyCode) -> PyCode:
        return call(quantifier, binder.over, LambdaCode((binder.name,), body))

    def is_in(self, x: PyCode, of: PyCode) -> PyCode:
        """Whether a scalar is in a set; a literal has no methods."""
        if isinstance(x, PlainCode) and (x.text.lstrip("-").isdigit() or x.text in ("True", "False")):
            name = self.fresh("x")
            return call("exists", of, LambdaCode((name,), Binary("==", PlainCode(name), x)))
        return Call(Attribute(x, "isin"), (of,))

    # Scalars

    def number(self, value: Meaning) -> tuple[PyCode, int | None, int | None]:
        """A number as a term, and its bounds."""
        match value:
            case Constant(int() as known) if not isinstance(known, bool):
                return PlainCode(str(known)), known, known
            case Runtime(code, IntType(low, high, atoms)):
                if atoms:
                    words = ", ".join(sorted(a.name for a in atoms))
                    raise TlaError(f"arithmetic or an order on a value that may be {words}")
                return code, low, high
            case _:
                raise TlaError("a number is expected")

    def compare(self, operator: str, a: Meaning, b: Meaning) -> Meaning:
        """``<``, ``<=``, ``>``, ``>=``; known where the ranges decide it."""
        if operator in (">", ">="):
            return (
                self.compare({">": "<", ">=": "<="}[operator], b, a)
                if self._decided(operator, a, b)
                else (Runtime(Binary(operator, self.number(a)[0], self.number(b)[0]), BOOL))
            )
        decided = self._decided(operator, a, b)
        return decided or Runtime(Binary(operator, self.number(a)[0], self.number(b)[0]), BOOL)

    def _decided(self, operator: str, a: Meaning, b: Meaning) -> Meaning | None:
        if operator in (">", ">="):
            return self._decided({">": "<", ">=": "<="}[operator], b, a)
        (_, low_a, high_a), (_, low_b, high_b) = self.number(a), self.number(b)
        strict = operator == "<"
        if high_a is not None and low_b is not None and (high_a < low_b if strict else high_a <= low_b):
            return TRUE
        if low_a is not None and high_b is not None and (low_a >= high_b if strict else low_a > high_b):
            return FALSE
        return None

    def joined_kind(self, a: Meaning, b: Meaning) -> Type | None:
        return join(self.type_of(a), self.type_of(b))

    @staticmethod
    def possible(kind: Type, value: Known) -> bool:
        """Whether a scalar of a type may be this value."""
        match kind, value:
            case AtomType(), Atom():
                return value in kind.atoms
            case IntType(), Atom():
                return value in kind.atoms
            case IntType(), bool():
                return False
            case IntType(), int():
                return (kind.low is None or kind.low <= value) and (kind.high is None or value <= kind.high)
            case _:
                return kind == BOOL and isinstance(value, bool)

    @staticmethod
    def opened(value: Meaning) -> Meaning:
        """A known function as its values, one by one."""
        if isinstance(value, Constant) and isinstance(value.value, KnownFunction):
            keys = value.value.keys()
            items: dict[Known, Meaning] = {k: Constant(v) for k, v in value.value.items}
            if keys and all(isinstance(k, Atom) and k.is_text for k in keys):
                return Fields("record", {k: items[k] for k in keys})
            form = "tuple" if keys == tuple(range(1, len(keys) + 1)) else "function"
            return Fields(form, {k: items[k] for k in keys})
        return value
