"""Points of a process with their names, and the actions that the steps between them are."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from planrace.model.language.declarations import Circumstances, variable
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, Sort
from planrace.model.language.terms import Term, make
from planrace.model.processes.control import Rest
from planrace.model.processes.source import ProcessText
from planrace.model.processes.statements import Local
from planrace.model.processes.walk import Walker
from planrace.model.processes.way import Way

_FOR_AUTHORS = True  # errors name the line of the process

DONE = "DONE"
"""The point of a process that has come to its end."""
MOST_POINTS = 500
WORDS = 4
"""How many words of a text a name is made of."""
Key = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class LocalVariable:
    """A local variable: an array over the members of the process. ``initially`` is what each element begins with."""

    name: str
    sort: Sort
    initially: Term
    meaning: str
    persistent: bool
    is_cursor: bool
    where: Place

    @staticmethod
    def checked(name: str, sort: Sort, made: Local, where: Place) -> LocalVariable:
        """Raises ``DefinitionError`` if the sort cannot have this initial value."""
        checked = variable(name, sort, made.initially, made.meaning)
        if checked.initially is None or isinstance(checked.initially.sort, Array):
            raise DefinitionError(
                f"the local variable {name} begins with one value", where=where, remedy="write local(Sort, value)"
            )
        return LocalVariable(name, sort, checked.initially, made.meaning, made.persistent, made.is_cursor, where)

    @property
    def term(self) -> Term:
        return make(Op.VARIABLE, (), self.sort, self.name)

    def element(self, positions: Sequence[Term]) -> Term:
        """The variable of one member of the process."""
        return element(self.term, positions)


@dataclass(frozen=True, eq=False)
class Member:
    """Any one member of a process: its parameters, and its local variables."""

    source: ProcessText
    parameters: tuple[Term, ...]
    circumstances: Circumstances
    locals: tuple[LocalVariable, ...]


def element(variable: Term, positions: Sequence[Term]) -> Term:
    """An element of a variable, or the variable itself."""
    for p in positions:
        variable = variable[p]
    return variable


class Points:
    """All points of a process, with the ways between them and the names."""

    def __init__(self, walk: Walker, start: Rest, source: ProcessText) -> None:
        self._source = source
        self.ways: dict[Key, list[tuple[Way, Key]]] = {}
        self.rests: dict[Key, Rest] = {start.key: start}
        for key in self._queue(start):
            found = walk.ways(self.rests[key]) if self.rests[key].frames else []
            self.ways[key] = [(way, target.key) for way, target in found]
            for _, target in found:
                self.rests.setdefault(target.key, target)
        self.names = self._named()

    def _queue(self, start: Rest) -> Iterator[Key]:
        done = 0
        while done < len(self.rests):
            if done > MOST_POINTS:
                what = f"process {self._source.name} has more than {MOST_POINTS} points"
                raise DefinitionError(what, where=self._source.where, remedy="divide it")
            yield list(self.rests)[done]
            done += 1

    def line(self, key: Key) -> int:
        """The line where the step from a point begins."""
        rest = self.rests[key]
        return rest.statement.lineno if rest.frames else self._source.where.line

    def place(self, key: Key) -> Place:
        rest = self.rests[key]
        return rest.top.scope.source.place(rest.statement) if rest.frames else self._source.where

    # Names ---------------------------------------------------------------------------------------------------------
    def _named(self) -> dict[Key, str]:
        given = {key: self._given(key) for key in self.ways}
        taken: dict[str, Key] = {}
        for key, name in given.items():
            if name is not None and taken.setdefault(name, key) is not key:
                self._refuse_second(name, taken[name], key)
        names: dict[Key, str] = {}
        used = {n for n in given.values() if n is not None}
        for key, name in given.items():
            found = name or self._own(key)
            if name is None and found in used:
                found = f"{found}_{self.line(key)}"
                while found in used:
                    found += "_"
            used.add(found)
            names[key] = found
        return names

    def _refuse_second(self, name: str, first: Key, second: Key) -> NoReturn:
        """Raises the error for a name that two steps have."""
        what = f"process {self._source.name}: two steps are called {name}, the first at {self.place(first)}"
        lines = {w.at_line for k in (first, second) for w, _ in self.ways[k] if w.at is not None}
        remedy = "name each of them differently: at(…)"
        if len(lines) == 1:  # a branch ends a step, too, and then goes on to the same line
            what = f"{what}: at({name!r}) at line {lines.pop()} names both"
            remedy = (
                "a yield in a branch ends a step there: let the branch go on elsewhere (continue, else: …), or name "
            )
            remedy += "each step where it begins, by at(…) on a line of its own"
        raise DefinitionError(what, where=self.place(second), remedy=remedy)

    def _given(self, key: Key) -> str | None:
        """The name that its author gave a point."""
        if not self.rests[key].frames:
            return DONE
        names = {way.at.name: way for way, _ in self.ways[key] if way.at is not None}
        if len(names) > 1:
            raise DefinitionError(
                f"process {self._source.name}: the step that begins here is called {' and '.join(names)}",
                where=self.place(key),
                remedy="name it where it begins: at(…) on a line of its own",
            )
        return next(iter(names), None)

    def _own(self, key: Key) -> str:
        """A name for a point that has none: the words of its step, or its line."""
        templates = {None if way.says is None else way.says.template for way, _ in self.ways[key]}
        words = templates.pop() if len(templates) == 1 else None
        slug = slug_of(words) if words is not None else ""
        return slug.upper() or f"LINE_{self.line(key)}"


def slug_of(template: str) -> str:
    """The first words of a template, as a name."""
    text = "".join(part for part, *_ in string.Formatter().parse(template))
    words = re.findall(r"[A-Za-z0-9]+", text)[:WORDS]
    found = "_".join(words)
    return found if found.isidentifier() else ""
