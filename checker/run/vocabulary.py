"""The names of a system that expressions in files may use: variables, parameters, sorts, members of enumerations, names
of terms, and actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from planrace.checker.results.wording import counted
from planrace.model.language import Action, Array, Enum, Int, Maybe, ModelError, SetOf, Sort, System
from planrace.model.language.composite import Composite
from planrace.model.language.errors import near
from planrace.model.language.sorts import INTEGER, Scalar, is_scalar


@dataclass(frozen=True)
class Vocabulary:
    """What the names of ``system`` mean. ``actions`` are those with every fault, so that an expression may speak of a
    fault that is off."""

    system: System
    actions: Mapping[str, Action]

    @cached_property
    def values(self) -> dict[str, Any]:
        """Variables (records and the like as a whole), parameters, and names of terms."""
        found: dict[str, Any] = {p.name: p.term for p in self.system.parameters}
        found |= {n.name: n.used for n in self.system.named_terms}
        parts: dict[str, list[Any]] = {}
        for v in self.system.variables:
            if v.whole is None:
                found[v.name] = v.term
            else:
                parts.setdefault(v.whole.name, []).append(v)
        found |= {name: vs[0].whole.sort.value([v.term for v in vs]) for name, vs in parts.items()}
        return found

    @cached_property
    def sorts(self) -> dict[str, tuple[Scalar, ...]]:
        """Scalar sorts of variables and of parameters of actions, by name."""
        sorts = [v.sort for v in self.system.variables]
        sorts += [p.sort for a in self.actions.values() for p in a.parameters]
        found: dict[str, dict[Any, None]] = {}
        for s in (x for sort in sorts for x in _scalars(sort)):
            found.setdefault(s.name, {})[s] = None
        return {name: tuple(same) for name, same in found.items()}

    def sort(self, name: str) -> Scalar:
        """The sort of that name. Raises ``ModelError`` if there is none, or several."""
        found = self.sorts.get(name, ())
        if len(found) == 1:
            return found[0]
        usable = [n for n, same in self.sorts.items() if len(same) == 1]
        if found:
            raise ModelError(
                f"{counted(len(found), 'sort')} are called {name}", remedy=f"the others are: {', '.join(usable)}"
            )
        raise ModelError(f"no sort is called {name!r}", remedy=near(name, usable))

    def members(self, name: str) -> list[Enum]:
        """The enumerations with a member of that name."""
        enums = (s for same in self.sorts.values() for s in same if isinstance(s, Enum))
        return [e for e in enums if name in e.members]

    def everything(self, more: Iterable[str] = ()) -> list[str]:
        """All names, for suggestions; ``more`` are further ones."""
        enums = (s for same in self.sorts.values() for s in same if isinstance(s, Enum))
        members = (m for e in enums for m in e.members)
        return list(dict.fromkeys([*more, *self.values, *self.actions, *self.sorts, *members]))


def _scalars(sort: Sort) -> Iterator[Scalar]:
    """The scalar sorts with names of their own in a sort."""
    if isinstance(sort, Array):
        yield from _scalars(sort.domain)
        yield from _scalars(sort.element)
    elif isinstance(sort, SetOf):
        yield from _scalars(sort.element)
    elif isinstance(sort, Maybe):
        yield sort.index
    elif is_scalar(sort) and sort != INTEGER and not (isinstance(sort, Int) and sort.name == "number"):
        yield sort


def is_value(thing: object) -> bool:
    """Whether it is a record, a sequence or a map."""
    return isinstance(thing, Composite)
