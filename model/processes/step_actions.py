"""The actions that the steps of a process are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from planrace.model.language.actions import Action, Origin, Outcome, Update
from planrace.model.language.constructors import If, both, each
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.sorts import Array, Enum, Index, Sort, describe
from planrace.model.language.terms import TRUE, Term, constant
from planrace.model.processes.liveness import live_locals
from planrace.model.processes.statements import At, Stay
from planrace.model.processes.steps import Key, LocalVariable, Member, Points, element, slug_of
from planrace.model.processes.way import Condition, ConditionKind, Way

_FOR_AUTHORS = True  # errors name the line of the process


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
class _Ending:
    """The ways that end at one ``yield``: they part only in what the process then does by itself, such as the next turn
    of a loop. They are one outcome. ``conditions`` are those before that; of a way that is an outcome alone, all."""

    ways: tuple[Way, ...]
    targets: tuple[Key, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        way = self.ways[0]
        return way.conditions if len(self.ways) == 1 else way.conditions[: way.ended.conditions]

    @property
    def lines(self) -> tuple[int, ...]:
        return self.ways[0].lines[: self.ways[0].ended.lines]


@dataclass(frozen=True, eq=False)
class _Step:
    """The ways from one point with the same choices: one action."""

    points: Points
    member: Member
    place: Term
    sort: Enum
    live: Mapping[Key, frozenset[Term]]
    key: Key
    ends: list[tuple[Way, Key]]

    def action(self, suffix: str) -> Action:
        """The action, with a ``suffix`` to the name of the point."""
        endings = list(self._endings())
        point, source, given = self.points.names[self.key], self.member.source, self.member.circumstances
        first = endings[0].ways[0]
        here = element(self.place, self.member.parameters) == self._constant(self.key)
        shared = _shared(endings)
        about = next((w.at for w, _ in self.ends if w.at is not None), At(point, None, frozenset(), None, None, Stay()))
        actor = next((p for p in self.member.parameters if isinstance(given.by, Index) and p.sort == given.by), None)
        lines = [n for e in endings for n in e.lines] or [self.points.line(self.key)]
        return Action(
            name=f"{source.name}_{point.lower()}{suffix}",
            parameters=(*self.member.parameters, *first.parameters),
            when=both(here, *(c.term for c in shared)),
            outcomes=tuple(self._outcomes(endings, len(shared))),
            role=about.role or given.role or describe(given.by),
            actor=actor,
            fault=first.fault,
            fairness=about.fairness or given.fairness or ("none" if first.fault else "weak"),
            tags=frozenset(given.tags) | about.tags,
            says=first.says if len(endings) == 1 else None,
            where=self.points.place(self.key),
            awaits=about.awaits,
            origin=Origin(source.name, point, min(lines), max(lines), len(self.member.parameters)),
        )

    def _constant(self, key: Key) -> Term:
        return constant(self.sort.members.index(self.points.names[key]), self.sort)

    def _endings(self) -> Iterator[_Ending]:
        for _, group in groupby(self.ends, key=lambda end: end[0].ended):
            found = list(group)
            ending = _Ending(tuple(w for w, _ in found), tuple(t for _, t in found))
            yield from [ending] if self._joined(ending) is not None else [_Ending((w,), (t,)) for w, t in found]

    def _outcomes(self, endings: Sequence[_Ending], shared: int) -> Iterator[Outcome]:
        rests = [e.conditions[shared:] for e in endings]
        exhaustive = _is_exhaustive(rests)
        for n, (ending, rest) in enumerate(zip(endings, rests, strict=True)):
            always = n == len(rests) - 1 and exhaustive
            condition = TRUE if always else both(*(c.term for c in rest))
            updates = self._joined(ending)
            assert updates is not None
            way = ending.ways[0]
            says = way.says if len(rests) > 1 else None
            yield Outcome(way.outcome, condition, tuple(updates), says, self._where(ending))

    def _where(self, ending: _Ending) -> Place:
        line = ending.lines[-1] if ending.lines else self.points.line(self.key)
        return Place(self.member.source.file, line)

    # Updates -----------------------------------------------------------------------------------------------------
    def _joined(self, ending: _Ending) -> list[Update] | None:
        """The updates of an outcome; each value depends on which of its ways is taken. None if a value is an array."""
        where = self._where(ending)
        each_way = [list(self._updates(w, t, where)) for w, t in zip(ending.ways, ending.targets, strict=True)]
        if len(each_way) == 1:
            return each_way[0]
        known = len(ending.conditions)
        targets = dict.fromkeys(u.target for updates in each_way for u in updates)
        if any(isinstance(t.sort, Array) for t in targets):
            return None
        joined: list[Update] = []
        place = element(self.place, self.member.parameters)
        for target in targets:
            before = self._constant(self.key) if target is place else target
            values = [next((u.value for u in updates if u.target is target), before) for updates in each_way]
            value = values[-1]
            for way, v in reversed(list(zip(ending.ways, values, strict=True))[:-1]):
                conditions = both(*(c.term for c in way.conditions[known:]))
                value = value if v is value else If(conditions, v, value)
            if value is not target:
                joined.append(Update(target, value, where))
        return joined

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


def _shared(endings: Sequence[_Ending]) -> tuple[Condition, ...]:
    """The conditions that all endings have before they part; all of the only one's."""
    first, *others = (e.conditions for e in endings)
    n = 0
    while n < len(first) and all(len(o) > n and o[n] is first[n] for o in others):
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
