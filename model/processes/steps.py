"""Points of a process with their names, and the actions that the steps between them are."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.model.language.actions import Action, Origin, Outcome, Update
from planrace.model.language.constructors import both, each
from planrace.model.language.declarations import Circumstances, variable
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, Enum, Index, Sort, describe
from planrace.model.language.terms import TRUE, Term, constant, make
from planrace.model.processes.control import Rest
from planrace.model.processes.liveness import live_locals
from planrace.model.processes.source import ProcessText
from planrace.model.processes.statements import At, Local
from planrace.model.processes.walk import Walker
from planrace.model.processes.way import Condition, ConditionKind, Way

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
                raise DefinitionError(
                    f"process {self._source.name}: two steps are called {name}, the first at {self.place(taken[name])}",
                    where=self.place(key),
                    remedy="name each of them differently: at(…)",
                )
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
        templates = {way.says.template for way, _ in self.ways[key] if way.says is not None}
        slug = slug_of(templates.pop()) if len(templates) == 1 else ""
        return slug.upper() or f"LINE_{self.line(key)}"


def slug_of(template: str) -> str:
    """The first words of a template, as a name."""
    text = "".join(part for part, *_ in string.Formatter().parse(template))
    words = re.findall(r"[A-Za-z0-9]+", text)[:WORDS]
    found = "_".join(words)
    return found if found.isidentifier() else ""


# Actions -----------------------------------------------------------------------------------------------------------
def actions_of(points: Points, member: Member, place: Term, sort: Enum) -> tuple[list[Action], list[LocalVariable]]:
    """The actions of a process, and the local variables that they need. Ways with other choices are other actions, for
    a choice is free. Raises ``DefinitionError`` for a local variable that nothing reads."""
    declared = [(d.term, member.parameters, d.persistent) for d in member.locals]
    live = live_locals(points.ways, declared)
    used = frozenset[Term]().union(*live.values())
    needed = [d for d in member.locals if d.term in used]
    _check_read(member, used)
    found: list[Action] = []
    for key, ends in points.ways.items():
        groups: dict[object, list[tuple[Way, Key]]] = {}
        for way, target in ends:
            groups.setdefault((way.choices, way.fault), []).append((way, target))
        names = _group_names([[w for w, _ in g] for g in groups.values()])
        for name, group in zip(names, groups.values(), strict=True):
            found.append(_Step(points, member, place, sort, live, key, group).action(name))
    return found, needed


def _check_read(member: Member, used: frozenset[Term]) -> None:
    for d in member.locals:
        if d.term not in used and not d.is_cursor:
            short = d.name.removeprefix(f"{member.source.name}_")
            raise DefinitionError(
                f"process {member.source.name}: nothing reads the local variable {short}",
                where=d.where,
                remedy="remove it; if only properties read it, declare it with persistent(…)",
            )


def _group_names(groups: Sequence[Sequence[Way]]) -> list[str]:
    """What the actions of one point are called beside its name: by labels, words or numbers of the branches."""
    if len(groups) == 1:
        return [""]
    found: list[str] = []
    for n, ways in enumerate(groups, 1):
        says = {w.says.template for w in ways if w.says is not None}
        words = "_".join(slug_of(x) for x in ways[0].labels) or (slug_of(says.pop()) if len(says) == 1 else "")
        name = f"_{(words or str(n)).lower()}"
        found.append(name if name not in found else f"{name}_{n}")
    return found


@dataclass(frozen=True, eq=False)
class _Step:
    """The ways from one point with the same choices: one action."""

    points: Points
    member: Member
    place: Term
    sort: Enum
    live: dict[Key, frozenset[Term]]
    key: Key
    ends: list[tuple[Way, Key]]

    def action(self, suffix: str) -> Action:
        ways = [w for w, _ in self.ends]
        point, source, given = self.points.names[self.key], self.member.source, self.member.circumstances
        name = f"{source.name}_{point.lower()}{suffix}"
        here = element(self.place, self.member.parameters) == self._constant(self.key)
        shared = _shared(ways)
        rests = [w.conditions[len(shared) :] for w in ways]
        about = next((w.at for w in ways if w.at is not None), At(point, None, frozenset(), None, None))
        fault = ways[0].fault
        actor = next((p for p in self.member.parameters if isinstance(given.by, Index) and p.sort == given.by), None)
        lines = [n for w in ways for n in w.lines] or [self.points.line(self.key)]
        alone = ways[0].says if len(ways) == 1 else None
        return Action(
            name=name,
            parameters=(*self.member.parameters, *ways[0].parameters),
            when=both(here, *(c.term for c in shared)),
            outcomes=tuple(self._outcomes(rests)),
            role=about.role or given.role or describe(given.by),
            actor=actor,
            fault=fault,
            fairness=about.fairness or given.fairness or ("none" if fault else "weak"),
            tags=frozenset(given.tags) | about.tags,
            says=alone,
            where=self.points.place(self.key),
            awaits=about.awaits,
            origin=Origin(source.name, point, min(lines), max(lines)),
        )

    def _constant(self, key: Key) -> Term:
        return constant(self.sort.members.index(self.points.names[key]), self.sort)

    def _outcomes(self, rests: Sequence[Sequence[Condition]]) -> Iterator[Outcome]:
        exhaustive = _is_exhaustive(rests)
        for n, ((way, target), rest) in enumerate(zip(self.ends, rests, strict=True)):
            last = n == len(rests) - 1
            condition = TRUE if last and exhaustive else both(*(c.term for c in rest))
            says = way.says if len(rests) > 1 else None
            line = way.lines[-1] if way.lines else self.points.line(self.key)
            where = Place(self.member.source.file, line)
            yield Outcome(way.outcome, condition, tuple(self._updates(way, target, where)), says, where)

    def _updates(self, way: Way, target: Key, where: Place) -> Iterator[Update]:
        own = {d.term for d in self.member.locals}
        for written in way.store.writes:
            if written not in own or written in self.live[target]:
                yield from way.store.updates(written)
        for d in self.member.locals:
            if d.term in self.live[self.key] and d.term not in self.live[target]:
                one = d.element(self.member.parameters)
                yield Update(one, _filled(one.sort, d.initially), where)
        if target != self.key:
            yield Update(element(self.place, self.member.parameters), self._constant(target), where)


def _filled(sort: Sort, value: Term) -> Term:
    """``value`` everywhere."""
    if isinstance(sort, Array):
        inner = sort.element
        return each(sort.domain, lambda _: _filled(inner, value))
    return value


def _shared(ways: Sequence[Way]) -> tuple[Condition, ...]:
    """The conditions that all ways have before they part; all of the only way's."""
    first = ways[0].conditions
    if len(ways) == 1:
        return first
    n = 0
    while n < len(first) and all(len(w.conditions) > n and w.conditions[n] is first[n] for w in ways):
        n += 1
    return first[:n]


def _is_exhaustive(rests: Sequence[Sequence[Condition]]) -> bool:
    """Whether one of the ways is open in every state; they exclude each other where they part."""
    if any(not rest for rest in rests):
        return True
    first = rests[0][0]
    if first.kind is ConditionKind.WAITS:
        return False
    yes = [r[1:] for r in rests if r[0].term is first.term]
    no = [r[1:] for r in rests if r[0].term is not first.term]
    return bool(no) and _is_exhaustive(yes) and _is_exhaustive(no)
