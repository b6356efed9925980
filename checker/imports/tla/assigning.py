"""What a step assigns: a meaning for each variable, as updates of the places that change."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.imports.tla.code import Binary, Braces, Element, PlainCode, PyCode
from planrace.checker.imports.tla.functions import record_keys
from planrace.checker.imports.tla.sorts import ElementShape
from planrace.checker.imports.tla.storing import Algebra
from planrace.checker.imports.tla.symbols import Changed, Combined, Constant, Fields, Meaning, Runtime, is_false
from planrace.checker.imports.tla.types import FunctionType, RecordType, SetType, is_scalar_type
from planrace.checker.imports.tla.values import in_order

Update = tuple[PyCode, PyCode]
"""A place and its value."""


class Assigning:
    """Finds the updates of a step."""

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra

    def updates(self, place: Runtime, value: Meaning) -> list[Update]:
        """The updates by which a place gets a value; none if it keeps the one that it has."""
        if value is place or (isinstance(value, Runtime) and value.code == place.code):
            return []
        found = self._parts(place, value)
        return [(place.code, self.algebra.store(value, place.kind))] if found is None else found

    def _parts(self, place: Runtime, value: Meaning) -> list[Update] | None:
        """Updates of parts of the place, where that says it all."""
        match value:
            case Changed():
                return self._changed(place, value)
            case Fields() if isinstance(place.kind, RecordType):
                return self._fields(place, value)
            case Combined("\\cup" | "\\", _, _) if isinstance(place.kind, SetType):
                return self._elements(place, value)
            case _:
                return None

    def _changed(self, place: Runtime, value: Changed) -> list[Update] | None:
        if not isinstance(place.kind, FunctionType | RecordType):
            return None
        if isinstance(place.kind, RecordType) and not isinstance(value.key, Constant):
            return None
        changes = [value]
        while isinstance(changes[-1].base, Changed):
            changes.append(changes[-1].base)
        base = changes[-1].base
        if not isinstance(base, Runtime) or base.code != place.code:
            return None
        for i, one in enumerate(changes):
            for other in changes[i + 1 :]:
                if not is_false(self.algebra.equal(one.key, other.key)):
                    return None
        found: list[Update] = []
        for one in reversed(changes):
            at = self.algebra.apply(place, one.key)
            if not isinstance(at, Runtime):
                return None
            found += self.updates(at, one.value)
        return found

    def _fields(self, place: Runtime, value: Fields) -> list[Update] | None:
        assert isinstance(place.kind, RecordType)
        keys = record_keys(place.kind)
        if set(keys) != set(value.items):
            return None
        found: list[Update] = []
        for key in keys:
            at = self.algebra.apply(place, Constant(key))
            if not isinstance(at, Runtime):
                return None
            found += self.updates(at, value.items[key])
        if len(found) >= len(keys) > 1 and all(isinstance(v, Constant) for v in value.items.values()):
            return None  # a whole new record reads better
        return found

    def _elements(self, place: Runtime, value: Combined) -> list[Update] | None:
        """Records or tuples that are put into a set, or taken out of it: the places where they are kept."""
        assert isinstance(place.kind, SetType)
        element = place.kind.element
        if element is None or is_scalar_type(element):
            return None
        found: list[Update] = []
        touched: list[ElementShape] = []
        for operator, item in self._steps(place, value) or ():
            homes = [
                (s, self.algebra.coordinates(item, s, added=operator == "\\cup"))
                for s in self.algebra.sorts.shapes(element)
            ]
            homes = [(s, c) for s, c in homes if c is not None]
            if len(homes) != 1 or homes[0][1] is None or homes[0][1][0] or homes[0][0] in touched:
                return None
            [(shape, (_, at))] = homes  # type: ignore[misc]
            touched.append(shape)
            code = self.algebra.place(place.code, shape, element)
            for part in at[:-1]:
                code = Element(code, part)
            if at:
                sign = "|" if operator == "\\cup" else "-"
                found.append((code, Binary(sign, code, Braces("{", (at[-1],)))))
            else:
                found.append((code, PlainCode(str(operator == "\\cup"))))
        return found or None

    def _steps(self, place: Runtime, value: Meaning) -> list[tuple[str, Meaning]] | None:
        """The elements that are added and removed, in order; None if the set is changed in another way."""
        if isinstance(value, Runtime):
            return [] if value.code == place.code else None
        if not isinstance(value, Combined) or value.operator == "\\cap":
            return None
        sides = [(value.left, value.right)]
        if value.operator == "\\cup":
            sides.append((value.right, value.left))
        for base, items in sides:
            before = self._steps(place, base)
            listed = self._listed(items)
            if before is not None and listed is not None:
                return [*before, *((value.operator, i) for i in listed)]
        return None

    def _listed(self, of: Meaning) -> list[Meaning] | None:
        known = self.algebra.known(of)
        if known is not None:
            return [Constant(v) for v in in_order(known)]
        from planrace.checker.imports.tla.symbols import Listed

        return list(of.items) if isinstance(of, Listed) else None

    def all(self, now: dict[str, Meaning], after: dict[str, Meaning]) -> Iterator[Update]:
        """The updates of all variables."""
        for name, place in now.items():
            if isinstance(place, Runtime):
                yield from self.updates(place, after[name])
