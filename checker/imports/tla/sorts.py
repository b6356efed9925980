"""The sorts of a translation: which words form one enumeration, which records one sort, how each type is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

from planrace.checker.imports.tla.code import Braces, Call, PlainCode, PyCode, call
from planrace.checker.imports.tla.leaves import LARGEST, Path, capital, joined_sort, leaves_of
from planrace.checker.imports.tla.names import GivenNames, field_name
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    OneOfRecords,
    RecordType,
    SequenceType,
    SetType,
    Type,
    is_bounded,
    is_scalar_type,
    words,
)
from planrace.checker.imports.tla.values import Atom, Known, KnownFunction, in_order, shown
from planrace.checker.results.wording import counted


@dataclass(frozen=True)
class ElementShape:
    """Elements of a set that are records of one form: its ``dimensions`` are the fields that differ, each with where it
    stands in the element; ``kind`` is the element's type. ``name`` is its field where a set has several shapes."""

    name: str
    kind: Type
    dimensions: tuple[tuple[Path, Type], ...]


@dataclass(frozen=True)
class Declaration:
    """A line that declares a sort."""

    name: str
    code: PyCode


class TranslatedSorts:
    """Knows all types that were met, and says how they are written."""

    def __init__(self, names: GivenNames) -> None:
        self.names = names
        self._together: dict[Atom, frozenset[Atom]] = {}
        self._forms: list[RecordType | SequenceType] = []
        self._sets_by_name: dict[frozenset[Known], str] = {}
        self._hints: dict[Atom, str] = {}
        self.lowest = 0
        self._declared: dict[object, Declaration] = {}

    # What is met

    def meet(self, kind: Type | None, hint: str = "") -> None:
        """Notes a type of a variable or a term: its words belong together from now on."""
        match kind:
            case AtomType():
                self.unify(kind.atoms, hint)
            case IntType() if kind.low is not None:
                self.lowest = min(self.lowest, kind.low)
            case SetType() | SequenceType() if kind.element is not None:
                self.meet(kind.element, hint)
                if isinstance(kind, SequenceType):
                    self._note(kind)
            case SequenceType():
                self._note(kind)
            case FunctionType():
                self.meet(kind.element, hint)
                atoms = frozenset(k for k in kind.keys if isinstance(k, Atom))
                if atoms and len(atoms) == len(kind.keys):
                    self.unify(atoms)
            case RecordType():
                for name, part in kind.fields:
                    self.meet(part, hint if kind.is_tuple else name)
                self._note(kind)
            case OneOfRecords():
                for choice in kind.choices:
                    for name, part in choice.fields:
                        self.meet(part, name)
            case _:
                pass

    def unify(self, atoms: Iterable[Atom], hint: str = "") -> None:
        found = frozenset(atoms)
        for atom in tuple(found):
            found |= self._together.get(atom, frozenset())
        for atom in found:
            self._together[atom] = found
            if hint:
                self._hints.setdefault(atom, hint)

    def name_set(self, name: str, value: frozenset[Known]) -> None:
        """Notes that a definition or constant is a known set."""
        if len(value) > 1:
            self._sets_by_name.setdefault(value, name)

    def _note(self, kind: RecordType | SequenceType) -> None:
        """Joins a record or a sequence with the one of its form that is known, if there is one."""
        for place, other in enumerate(self._forms):
            names = [k.names for k in (other, kind) if isinstance(k, RecordType)]
            if len(names) == 2 and names[0] != names[1]:
                continue
            joined = joined_sort(other, kind)
            if joined is not None:
                self._forms[place] = joined
                return
        self._forms.append(kind)

    def known(self) -> tuple[frozenset[frozenset[Atom]], tuple[RecordType | SequenceType, ...], int]:
        """What was found to belong together."""
        return frozenset(self._together.values()), tuple(self._forms), self.lowest

    # How a type is kept

    def kept(self, kind: Type) -> Type:
        """The type as which it is stored: records with the same fields, and sequences of the same elements, share one
        sort."""
        match kind:
            case RecordType() | SequenceType():
                return next((f for f in self._forms if _same_names(f, kind) and joined_sort(f, kind) == f), kind)
            case _:
                return kind

    def number(self, atom: Atom, kind: IntType) -> int:
        """The number of a word among numbers: below all of them."""
        return self.lowest - 1 - in_order(kind.atoms).index(atom)

    def range_of(self, kind: IntType) -> tuple[int, int]:
        if kind.low is None or kind.high is None:
            raise TlaError("a number has no bound here")
        numbers = [self.number(a, kind) for a in kind.atoms]
        return min([kind.low, *numbers]), max([kind.high, *numbers])

    def whole(self, kind: Type | None) -> Type | None:
        """The type of all values of the sort that a scalar type has; numbers that may be words stay as they are."""
        return AtomType(self.group(next(iter(kind.atoms)))) if isinstance(kind, AtomType) else kind

    def member(self, atom: Atom) -> PyCode:
        """A word as a member of its enumeration."""
        self.unify({atom})
        return PlainCode(f"{self._enumeration(atom)}.{self.names.member(atom.name)}")

    def group(self, atom: Atom) -> frozenset[Atom]:
        return self._together.get(atom, frozenset({atom}))

    def sort(self, kind: Type | None, hint: str = "value") -> PyCode:
        """The sort of a type. Raises ``TlaError`` where planrace has none."""
        match kind:
            case BoolType():
                return call("boolean")
            case IntType():
                low, high = self.range_of(kind)
                return self._named_range(low, high)
            case AtomType():
                return PlainCode(self._enumeration(next(iter(kind.atoms))))
            case SetType():
                return self._set(kind, hint)
            case FunctionType():
                found = self.sort(kind.element, hint)
                for keys in reversed(self.dimensions(kind.keys)):
                    found = call("array", self.domain(keys), found)
                return found
            case RecordType():
                kept = self.kept(kind)
                assert isinstance(kept, RecordType)
                return PlainCode(self._record(kept, hint))
            case SequenceType():
                kept = self.kept(kind)
                assert isinstance(kept, SequenceType)
                return self._sequence(kept, hint)
            case _:
                raise TlaError(f"no sort has {words(kind)}")

    def _sequence(self, kept: SequenceType, hint: str) -> PyCode:
        if kept.most is None or kept.element is None:
            raise TlaError("a sequence has no element or no bound here")
        return call("sequence", self.sort(kept.element, hint), PlainCode(str(max(kept.most, 1))))

    def _set(self, kind: SetType, hint: str) -> PyCode:
        if kind.element is None:
            raise TlaError("nothing is ever in this set, so the sort of its elements is not known")
        if is_scalar_type(kind.element):
            return call("subsets", self.sort(kind.element, hint))
        shapes = self.shapes(kind.element)
        if len(shapes) == 1:
            return self._places(shapes[0])
        key = ("shapes", tuple(shapes))
        if key not in self._declared:
            name = self.names.top(capital(hint))
            code = Call(
                PlainCode("record"), (PlainCode(f'"{name}"'),), tuple((s.name, self._places(s)) for s in shapes)
            )
            self._declared[key] = Declaration(name, code)
        return PlainCode(self._declared[key].name)

    def _places(self, shape: ElementShape) -> PyCode:
        """Where the elements of a shape are kept: a truth, a set, or an array of sets, one dimension a field."""
        sorts = [self.sort(kind) for _, kind in shape.dimensions]
        if not sorts:
            return call("boolean")
        found: PyCode = call("subsets", sorts[-1])
        for domain in reversed(sorts[:-1]):
            found = call("array", domain, found)
        return found

    def shapes(self, element: Type) -> tuple[ElementShape, ...]:
        """How the elements of a set that are no scalars are kept."""
        choices = element.choices if isinstance(element, OneOfRecords) else (element,)
        found = []
        for choice in choices:
            if not is_bounded(choice):
                raise TlaError(f"{words(choice)} in a set has no bound")
            leaves = tuple(leaves_of(choice, ()))
            size = 1
            for _, kind in leaves:
                size *= self.size(kind)
            if size > LARGEST:
                raise TlaError(
                    f"a set of {words(choice)} may have {counted(size, 'element')}; at most {LARGEST} can be kept"
                )
            found.append(
                ElementShape(self._shape_name(choice), choice, tuple((p, k) for p, k in leaves if self.size(k) > 1))
            )
        names = [s.name for s in found]
        return tuple(
            replace(s, name=f"{s.name}_{i + 1}") if names.count(s.name) > 1 else s for i, s in enumerate(found)
        )

    def _shape_name(self, kind: Type) -> str:
        if not isinstance(kind, RecordType):
            return "values"
        for _, part in kind.fields:
            if isinstance(part, AtomType) and len(part.atoms) <= 3 and all(a.is_text for a in part.atoms):
                return self.names.member("_".join(sorted(a.name for a in part.atoms)))
        return field_name("_".join(kind.names))

    def size(self, kind: Type) -> int:
        """The number of values of a scalar type."""
        match kind:
            case BoolType():
                return 2
            case AtomType():
                return len(kind.atoms)
            case IntType():
                low, high = self.range_of(kind)
                return high - low + 1
            case _:
                raise TlaError(f"{words(kind)} has no size")

    def dimensions(self, keys: tuple[Known, ...]) -> list[tuple[Known, ...]]:
        """The domains of a function's keys: one, or one for each place of keys that are tuples."""
        if keys and all(isinstance(k, KnownFunction) for k in keys):
            tuples = [
                [v for _, v in sorted(k.items, key=lambda kv: str(kv[0]))] for k in keys if isinstance(k, KnownFunction)
            ]
            if len({len(t) for t in tuples}) == 1:
                columns = [in_order(set(column)) for column in zip(*tuples, strict=True)]
                if len(tuples) == len(list(product(*columns))) and not any(
                    isinstance(v, KnownFunction) for v in tuples[0]
                ):
                    return columns
        if not keys or not all(isinstance(k, bool | int | Atom) for k in keys):
            raise TlaError("a function over values that are no numbers, words or pairs of these (or over nothing)")
        return [keys]

    # Domains

    def domain(self, keys: tuple[Known, ...]) -> PyCode:
        """The sort whose members are the keys of an array, perhaps with others."""
        if all(isinstance(k, bool) for k in keys):
            return call("boolean")
        if all(isinstance(k, Atom) for k in keys):
            self.unify(k for k in keys if isinstance(k, Atom))
            return PlainCode(self._enumeration(next(k for k in keys if isinstance(k, Atom))))
        if all(isinstance(k, int) and not isinstance(k, bool) for k in keys):
            numbers = [k for k in keys if isinstance(k, int)]
            return self._named_range(min(numbers), max(numbers))
        raise TlaError("a domain of numbers and words")

    def fills(self, keys: tuple[Known, ...]) -> bool:
        """Whether keys are all members of their sort."""
        if all(isinstance(k, Atom) for k in keys):
            return self.group(next(k for k in keys if isinstance(k, Atom))) == frozenset(keys)
        if all(isinstance(k, bool) for k in keys):
            return len(keys) == 2
        numbers = [k for k in keys if isinstance(k, int)]
        return len(numbers) == len(keys) == max(numbers) - min(numbers) + 1

    def known_set(self, value: frozenset[Known]) -> PyCode:
        """A known set of scalars as a set, not as a sort."""
        return Braces("{", tuple(self.scalar(v, None) for v in in_order(value)))

    def scalar(self, value: Known, kind: Type | None) -> PyCode:
        """A known scalar as a term; ``kind`` tells whether a word is kept as a number."""
        match value:
            case Atom() if isinstance(kind, IntType):
                return PlainCode(str(self.number(value, kind)))
            case Atom():
                return self.member(value)
            case bool() | int():
                return PlainCode(str(value))
            case _:
                raise TlaError(f"{shown(value)} is no scalar")

    # Names

    def _named_range(self, low: int, high: int) -> PyCode:
        value: frozenset[Known] = frozenset(range(low, high + 1)) if high - low < LARGEST else frozenset()
        name = self._sets_by_name.get(value)
        if name is None or any(isinstance(v, bool) for v in value):
            return call("integers", PlainCode(str(low)), PlainCode(str(high)))
        if ("range", low, high) not in self._declared:
            own = self.names.top(name)
            code = call("integers", PlainCode(str(low)), PlainCode(str(high)), PlainCode(f'"{own}"'))
            self._declared["range", low, high] = Declaration(own, code)
        return PlainCode(self._declared["range", low, high].name)

    def _enumeration(self, atom: Atom) -> str:
        group = self.group(atom)
        if group not in self._declared:
            title = self._sets_by_name.get(frozenset(group))
            if title is None:
                inside = [n for v, n in self._sets_by_name.items() if v and v <= group]
                hint = next((self._hints[a] for a in in_order(group) if isinstance(a, Atom) and a in self._hints), "")
                title = capital(hint) if hint else "_".join(inside[:2]) or "Word"
            name = self.names.top(title)
            members = [self.names.member(a.name) for a in in_order(group) if isinstance(a, Atom)]
            code = call("enumeration", PlainCode(f'"{name}"'), PlainCode(f'"{" ".join(members)}"'))
            self._declared[group] = Declaration(name, code)
        return self._declared[group].name

    def _record(self, kept: RecordType, hint: str) -> str:
        if kept not in self._declared:
            parts = tuple((field_name(n), self.sort(p, n)) for n, p in kept.fields)
            name = self.names.top(capital(hint))
            self._declared[kept] = Declaration(name, Call(PlainCode("record"), (PlainCode(f'"{name}"'),), parts))
        return self._declared[kept].name

    @property
    def declarations(self) -> list[Declaration]:
        """In an order in which each uses earlier ones only."""
        return list(self._declared.values())

    def forget_declarations(self) -> None:
        self._declared.clear()


def _same_names(a: Type, b: Type) -> bool:
    return not isinstance(a, RecordType) or not isinstance(b, RecordType) or a.names == b.names
