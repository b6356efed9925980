"""All members of a set, one after another."""

from __future__ import annotations

from collections.abc import Callable

from planrace.checker.imports.tla.base import Alternative, Binder
from planrace.checker.imports.tla.code import (
    Attribute,
    Call,
    Element,
    PlainCode,
    PyCode,
)
from planrace.checker.imports.tla.known_sets import MOST_KNOWN, MOST_LISTED
from planrace.checker.imports.tla.leaves import leaves_of, members_of
from planrace.checker.imports.tla.membership import Membership
from planrace.checker.imports.tla.sorts import ElementShape
from planrace.checker.imports.tla.symbols import (
    FALSE,
    Between,
    ByMembers,
    Combined,
    Constant,
    Either,
    Fields,
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
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
    SetType,
    Type,
    is_scalar_type,
    item_names,
    type_of_value,
)
from planrace.checker.imports.tla.values import Atom, Known, in_order, is_scalar
from planrace.checker.results.wording import counted


class _Several(Alternative):
    """Members of several sets at once."""

    def __init__(self, binders: tuple[Binder, ...], holds: tuple[Meaning, ...], values: tuple[Meaning, ...]) -> None:
        super().__init__(binders, holds, FALSE)
        object.__setattr__(self, "values", values)

    values: tuple[Meaning, ...]


class SetMembers(Membership):
    """Sets as alternatives: for quantifiers, and for actions that choose."""

    def alternatives(self, of: Meaning, name: str) -> list[Alternative]:
        known = None if isinstance(of, Subsets | FunctionSet) else self.known(of)
        if known is not None:
            return self._known_members(known, name)
        match of:
            case Runtime(code, SetType(element)):
                return self._term_members(code, element, name)
            case Listed(items):
                return [Alternative((), (), i) for i in items]
            case Between(low, high):
                bounds = self.number(low)[1], self.number(high)[2]
                if bounds[0] is None or bounds[1] is None:
                    raise TlaError("a range without a bound")
                if bounds[0] > bounds[1]:
                    return []
                [found] = self._known_members(frozenset(range(bounds[0], bounds[1] + 1)), name, as_one=True)
                x = found.value
                holds = [self.compare("<=", low, x), self.compare("<=", x, high)]
                return [Alternative(found.binders, tuple(h for h in holds if not is_true(h)), x)]
            case Where(base, own, holds_):
                return self._filtered(self.alternatives(base, own or name), holds_)
            case Combined("\\cup", left, right):
                return [*self.alternatives(left, name), *self.alternatives(right, name)]
            case Combined(operator, left, right):
                inside = operator == "\\cap"
                return self._filtered(
                    self.alternatives(left, name),
                    lambda x: self.member(x, right) if inside else self.negation(self.member(x, right)),
                )
            case Image(sources, value):
                return [
                    Alternative(a.binders, a.holds, value(a.values))
                    for a in self._several([(s, n) for n, s in sources])
                ]
            case Flattened(sets):
                return [
                    Alternative((*s.binders, *a.binders), (*s.holds, *a.holds), a.value)
                    for s in self.alternatives(sets, f"{name}_set")
                    for a in self.alternatives(s.value, name)
                ]
            case Product(parts, names):
                keys = [Atom(n, True) for n in names] if names else [*range(1, len(parts) + 1)]
                form = "record" if names else "tuple"
                own_names = [f"{name}_{n}" for n in names or item_names(len(parts))]
                return [
                    Alternative(a.binders, a.holds, Fields(form, dict(zip(keys, a.values, strict=True))))
                    for a in self._several(list(zip(parts, own_names, strict=True)))
                ]
            case FunctionSet(keys, values):
                return [
                    Alternative(a.binders, a.holds, self.opened_function(keys, a.values))
                    for a in self._several([(values, f"{name}_{self._short(k)}") for k in keys])
                ]
            case Subsets(base):
                return self._subsets(base, name)
            case Either(test, then, otherwise):
                return [
                    *(Alternative(a.binders, (test, *a.holds), a.value) for a in self.alternatives(then, name)),
                    *(
                        Alternative(a.binders, (self.negation(test), *a.holds), a.value)
                        for a in self.alternatives(otherwise, name)
                    ),
                ]
            case ByMembers(members):
                return [Alternative((), (holds,), Constant(m)) for m, holds in members if not is_false(holds)]
            case Unbounded(unbounded):
                raise TlaError(f"{unbounded} is no finite set")
            case SequenceSet():
                raise TlaError("Seq(…) is no finite set")
            case _:
                raise TlaError("a set is expected")

    def opened_function(self, keys: tuple[Known, ...], values: tuple[Meaning, ...]) -> Fields:
        texts = all(isinstance(k, Atom) and k.is_text for k in keys)
        form = "record" if texts else "tuple" if keys == tuple(range(1, len(keys) + 1)) else "function"
        return Fields(form, dict(zip(keys, values, strict=True)))

    def _several(self, sources: list[tuple[Meaning, str]]) -> list[_Several]:
        found = [_Several((), (), ())]
        for source, name in sources:
            each = [(so_far, self.alternatives(source, name)) for so_far in found]
            found = [
                _Several((*f.binders, *a.binders), (*f.holds, *a.holds), (*f.values, a.value))
                for f, members in each
                for a in members
            ]
            if len(found) > MOST_KNOWN:
                raise TlaError(f"a set of more than {MOST_KNOWN} tuples or functions")
        return found

    @staticmethod
    def _filtered(members: list[Alternative], holds: Callable[[Meaning], Meaning]) -> list[Alternative]:
        found = []
        for a in members:
            if any(map(is_false, a.holds)):
                continue
            test = holds(a.value)
            if not is_false(test):
                found.append(Alternative(a.binders, a.holds if is_true(test) else (*a.holds, test), a.value))
        return found

    def _known_members(self, known: frozenset[Known], name: str, as_one: bool = False) -> list[Alternative]:
        members = in_order(known)
        kinds = {type(m) for m in members}
        if len(members) > 1 and len(kinds) == 1 and is_scalar(members[0]):
            joined = type_of_value(known)
            assert isinstance(joined, SetType)
            assert joined.element is not None
            kind = joined.element
            self.sorts.meet(kind)
            bound = self.fresh(name)
            over = self.sorts.domain(members)
            x = Runtime(PlainCode(bound), kind)
            holds: tuple[Meaning, ...] = ()
            if not self.sorts.fills(members):
                holds = (Runtime(Call(Attribute(x.code, "isin"), (self._listing(known, kind),)), BOOL),)
            return [Alternative((Binder(bound, kind, over, False),), holds, x)]
        if as_one and len(members) == 1:
            return [Alternative((), (), Constant(members[0]))]
        if len(members) > MOST_LISTED * 4:
            raise TlaError(f"a set of {counted(len(members), 'member')} is too large to be written one by one")
        return [Alternative((), (), Constant(m)) for m in members]

    def _term_members(self, code: PyCode, element: Type | None, name: str) -> list[Alternative]:
        if element is None:
            return []
        if is_scalar_type(element):
            bound = self.fresh(name)
            return [Alternative((Binder(bound, element, code, True),), (), Runtime(PlainCode(bound), element))]
        return [self._shape_members(self.place(code, s, element), s, name) for s in self.sorts.shapes(element)]

    def _shape_members(self, code: PyCode, shape: ElementShape, name: str) -> Alternative:
        """The elements of a shape: one binder for each dimension; the last one runs over a set."""

        binders: list[Binder] = []
        values: dict[tuple[Known, ...], Meaning] = {}
        for number, (path, kind) in enumerate(shape.dimensions):
            part = "_".join(self._short(k) for k in path)
            bound = self.fresh(f"{name}_{part}" if part else name)
            last = number == len(shape.dimensions) - 1
            binders.append(Binder(bound, kind, code if last else self.sorts.sort(kind), last))
            values[path] = Runtime(PlainCode(bound), kind)
            code = Element(code, PlainCode(bound))
        holds: tuple[Meaning, ...] = () if binders else (Runtime(code, BOOL),)
        leaves = (
            values[path] if path in values else Constant(members_of(kind)[0])
            for path, kind in leaves_of(shape.kind, ())
        )
        return Alternative(tuple(binders), holds, self.rebuilt(shape.kind, leaves))

    def _subsets(self, base: Meaning, name: str) -> list[Alternative]:
        """All subsets; known ones of a known set, those of a term among all that its sort has."""
        members = self.known(base)
        if members is None:
            element = self.element_type(base)
            universe = frozenset(members_of(element)) if is_scalar_type(element) else None
            if universe is None or len(universe) > 12:
                raise TlaError("SUBSET of a set that changes and is large")
            return self._filtered(self._subsets(Constant(universe), name), lambda s: self.subset(s, base))
        every = self.known(Subsets(Constant(members)))
        if every is None:
            raise TlaError(f"the subsets of a set of {counted(len(members), 'member')}")
        return [Alternative((), (), Constant(s)) for s in in_order(every)]
