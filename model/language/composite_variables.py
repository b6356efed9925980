"""Variables of composite sorts: a variable for each leaf, called ``batch.of`` or ``queue.slots``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from planrace.model.language.author_code import called
from planrace.model.language.composite import Composite, CompositeSort
from planrace.model.language.composites import ArrayOfComposites, CompositeArray, everywhere
from planrace.model.language.constructors import either
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.operators import Op
from planrace.model.language.starts import Anything, OneOf, anything, one_of, starts_of
from planrace.model.language.system import Beginning, Variable, Whole
from planrace.model.language.terms import TRUE, Term, make


@dataclass(frozen=True, eq=False)
class Split:
    """A variable of a composite sort: its value, the variables of its leaves, and what holds of them initially."""

    value: Any
    variables: tuple[Variable, ...]
    beginnings: tuple[Beginning, ...]

    def histories(self) -> Split:
        """The same, of a history."""
        return replace(self, variables=tuple(replace(v, history=True) for v in self.variables))


def split(name: str, sort: CompositeSort[Any], initially: Any, meaning: str, where: Place | None) -> Split:
    """The parts of a variable that an author declares. Raises ``DefinitionError`` for an initial value that its sort
    does not hold."""
    terms = [make(Op.VARIABLE, (), leaf, f"{name}.{path}") for path, leaf in sort.leaves]
    value = sort.value(terms)
    reader = _Starts(name, f"initial value of {name}")
    condition = reader.condition(sort, initially, value)
    found = []
    for n, term in enumerate(terms):
        starts = starts_of(term.sort, reader.leaf(sort, initially, n), term.data)
        one, among = (starts[0], ()) if len(starts) == 1 else (None, starts)
        found.append(Variable(term.data, term.sort, one, meaning, where, among=among, whole=Whole(name, sort)))
    several = () if condition is TRUE else (Beginning(condition, where, found[0].name),)
    return Split(value, tuple(found), several)


class _Starts:
    """Reads what an author gave as the initial value of one variable."""

    def __init__(self, name: str, role: str) -> None:
        self._name = name
        self._role = role

    def leaf(self, sort: CompositeSort[Any], given: Any, n: int) -> Any:
        """The initial value of the leaf number ``n``, in the same form."""
        if isinstance(given, Anything):
            return anything
        if isinstance(given, OneOf):
            found = [self.leaf(sort, v, n) for v in given.values]
            return found[0] if all(x is found[0] for x in found) else one_of(*found)
        if isinstance(sort, CompositeArray) and not isinstance(given, ArrayOfComposites):
            return lambda x: self.leaf(sort.element, self._at(given, x), n)
        return self._read(sort, given)._leaves[n]

    def condition(self, sort: CompositeSort[Any], given: Any, value: Any) -> Term:
        """What says that the leaves of ``value`` belong together; true if each has one initial value."""
        if isinstance(given, Anything):
            return sort.proper(value)
        given = list(_alternatives(given))
        if isinstance(sort, CompositeArray):

            def element(x: Term) -> Term:
                values = (self._at(v, x) for v in given)
                return self.condition(sort.element, OneOf(tuple(values)), value[x])

            return everywhere(sort.domain, element)
        if len(given) == 1 or any(isinstance(v, Anything) for v in given):
            return TRUE
        return either(*(sort.equal(value, self._read(sort, v)) for v in given))

    def _at(self, given: Any, member: Term) -> Any:
        """What was given for a member of an array."""
        if isinstance(given, ArrayOfComposites):
            return given[member]
        if not _is_function(given):
            return given
        return called(given, (member,), self._role, f'variable("{self._name}", sort, lambda x: …)')

    def _read(self, sort: CompositeSort[Any], given: Any) -> Composite:
        if _is_function(given):
            what = f"{self._role}: {self._name} has no members to give values to"
            raise DefinitionError(what, remedy="give one value")
        found: Composite = sort.read(given, self._role)
        return found


def _alternatives(given: Any) -> Iterator[Any]:
    if not isinstance(given, OneOf):
        yield given
        return
    for v in given.values:
        yield from _alternatives(v)


def _is_function(given: object) -> bool:
    return callable(given) and not isinstance(given, Composite | CompositeSort)
