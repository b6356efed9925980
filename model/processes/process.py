"""Processes: a worker written as the program that it is, compiled to actions and a variable that says where it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from planrace.model.language.actions import Action
from planrace.model.language.author_code import running
from planrace.model.language.composite import CompositeSort
from planrace.model.language.constructors import either, forall
from planrace.model.language.declarations import Circumstances
from planrace.model.language.enabled import standing
from planrace.model.language.errors import DefinitionError, ModelError, known, so_many
from planrace.model.language.names import usable
from planrace.model.language.operators import Op
from planrace.model.language.protocol import Protocol
from planrace.model.language.sorts import Array, Enum, Index, Scalar, SetOf, Size, Sort, describe, enumeration
from planrace.model.language.terms import Term, constant, make
from planrace.model.language.timing import check_capped
from planrace.model.language.writing import reading_process
from planrace.model.processes.control import BlockRest, Rest, Surroundings
from planrace.model.processes.reading import names_read
from planrace.model.processes.source import ProcessText, is_text, source_of
from planrace.model.processes.statements import Local, local, persistent
from planrace.model.processes.stays import place_clock, timed_actions
from planrace.model.processes.step_actions import actions_of
from planrace.model.processes.steps import LocalVariable, Member, Points
from planrace.model.processes.walk import Walker
from planrace.model.processes.way import Way

_FOR_AUTHORS = True  # errors and places name the line of the process


@dataclass(frozen=True, eq=False)
class Process:
    """A process that was declared. Its local variables are attributes (``enactor.plan[i]``), and its points are members
    of the sort of ``place``, the variable that says what each member does next."""

    name: str
    place: Term
    points: tuple[str, ...]
    locals: dict[str, Term]
    volatile: tuple[Term, ...]
    """What a crash resets: the place, and the local variables that do not persist."""
    sorts: tuple[Scalar, ...]
    actions: dict[str, tuple[str, ...]]
    """The names of the actions of each point: several, where the step chooses."""
    ticks: Term | None
    """What counts the ticks since a member came to where it is, if some point waits for time."""
    counted: tuple[Size, ...]
    """How far, at points without a deadline."""
    inserted: Callable[[str], Action | None]
    """The step that a protection inserts at a point, if there is one."""

    def steps(self, *points: str) -> tuple[str, ...]:
        """The names of the actions that lead on from these points, for ``since`` and ``until`` of timed actions."""
        return tuple(a for n in points for a in self.actions[known(n, self.points, f"point of process {self.name}")])

    def elapsed(self, *members: Any, capped: bool = False) -> Term:
        """The ticks since a member came to where it is, if that point has a limit; -1 elsewhere. At a point without a
        deadline they are counted no further than what it waits for; ``capped`` says that you know. Raises
        ``DefinitionError``."""
        if self.ticks is None or len(members) != len(self.sorts):
            wanted = ", ".join(s.name for s in self.sorts)
            what = "counts no ticks" if self.ticks is None else f"takes {wanted or 'no member'} for its ticks"
            raise DefinitionError(f"process {self.name} {what}", remedy="write wait(…), or at(…, within=…), in it")
        found = self.ticks
        for m in members:
            found = found[m]
        check_capped(f"process {self.name}", capped, self.counted)
        return found

    def at(self, *members: Any) -> Term:
        """Where a member of the process is: ``enactor.at(i) == "FLIP"``. With names of points, whether it is at one of
        them: ``enactor.at(i, "FLIP", "BUILD")``. Properties and lemmas may name points so that a protection inserts."""
        own, names = members[: len(self.sorts)], members[len(self.sorts) :]
        if len(own) < len(self.sorts):
            wanted = ", ".join(s.name for s in self.sorts)
            raise DefinitionError(f"{self.name}.at takes a member of {wanted}", remedy="write process.at(i) == 'POINT'")
        found = self.place
        for m in own:
            found = found[m]
        if not names:
            return found
        return either(*(self._stands(found, n) for n in names))

    def _stands(self, place: Term, name: str) -> Term:
        """Whether a member is at a point. For one that a protection inserts that is a term for properties."""
        inserted = None if name in self.points else self.inserted(name)
        return place == self.point(name) if inserted is None else standing(inserted, _positions(place))

    def point(self, name: str) -> Term:
        """A point as a term. Raises ``ModelError`` if there is none of this name."""
        known(name, self.points, f"point of process {self.name}")
        sort = self.place.sort
        while isinstance(sort, Array):
            sort = sort.element
        return constant(self.points.index(name), sort)

    def all_at(self, *names: str) -> Term:
        """Whether every member is at one of these points; ``DONE`` is the end of a process that has one."""

        def there(place: Term) -> Term:
            if isinstance(place.sort, Array):
                return forall(place.sort.domain, lambda k: there(place[k]))
            return either(*(place == self.point(n) for n in names))

        return there(self.place)

    def __getattr__(self, name: str) -> Term:
        if name.startswith("_"):
            raise AttributeError(name)
        locals_ = self.__dict__["locals"]
        if name not in locals_:
            there = ", ".join(locals_) or "none"
            raise AttributeError(f"process {self.name} has no local variable {name} (there are: {there})")
        return locals_[name]  # type: ignore[no-any-return]

    def __call__(self, *_given: object) -> None:
        raise DefinitionError(
            f"{self.name} is a process: its function is read, and never called",
            remedy="its steps are actions of the protocol",
        )


def process(
    protocol: Protocol,
    *sorts: Scalar,
    by: str | Index | None = None,
    role: str | None = None,
    fairness: str | None = None,
    tags: Iterable[str] = (),
) -> Callable[[Callable[..., Any]], Process]:
    """Decorator: the generator function is a process, one for each member of ``sorts``. It is read, and never run.

    What stands between two ``yield`` is one atomic step; ``docs/processes.md`` has everything that may stand there.
    Each step becomes an action, with the circumstances of ``Protocol.action``; ``by`` is by default the first index of
    ``sorts``, or the name of the process. Raises ``DefinitionError`` for text that has no meaning in a process.
    """
    if not isinstance(protocol, Protocol):
        raise DefinitionError("process takes the protocol first", remedy="write @process(protocol, Worker)")
    performer = by if by is not None else next((s for s in sorts if isinstance(s, Index)), None)
    circumstances = Circumstances(sorts, performer or "process", role, None, fairness, tags, None)
    circumstances.check(protocol.faults)
    begun = protocol.decorators.begin("process(…)")

    def add(function: Callable[..., Any]) -> Process:
        protocol.decorators.end(begun)
        source = source_of(function)
        usable(source.name, "process", source.where)
        own = replace(circumstances, by=performer or source.name)
        compiled = _Compiled(protocol, source, own)
        with reading_process():
            try:
                return compiled.process()
            except ModelError as problem:
                raise compiled.retold(problem) from None

    return add


def _inserted(protocol: Protocol, process: str, point: str) -> Action | None:
    """The step that a change of the protocol inserts into a process at a point, if there is one."""
    steps = (a for actions in protocol.actions_anywhere().values() for a in actions)
    here = (a for a in steps if a.origin is not None and a.origin.process == process)
    return next((a for a in here if a.origin is not None and a.origin.point == point), None)


def _positions(place: Term) -> tuple[Term, ...]:
    """The members that an element of the place belongs to."""
    return (*_positions(place.args[0]), place.args[1]) if place.op is Op.SELECT else ()


def _member_sort(sort: Scalar | SetOf | CompositeSort[Any], source: ProcessText) -> Scalar:
    """Refuse one process for each set, or each record."""
    if isinstance(sort, SetOf | CompositeSort):
        raise DefinitionError(
            f"process {source.name}: there is one for each member of a sort, and {describe(sort)} is none",
            where=source.where,
            remedy="let the process choose the set: group = some(subsets(Worker), lambda g: …)",
        )
    return sort


def _names_at(actions: Iterable[Action], point: str) -> Iterator[str]:
    return (a.name for a in actions if a.origin is not None and a.origin.point == point)


class _Compiled:
    """One process on its way to actions."""

    def __init__(self, protocol: Protocol, source: ProcessText, circumstances: Circumstances) -> None:
        self._protocol = protocol
        self._source = source
        self._sorts = tuple(_member_sort(s, source) for s in circumstances.sorts)
        if len(source.parameters) != len(self._sorts):
            names = ", ".join(source.parameters) or "none"
            raise DefinitionError(
                f"process {source.name} has the parameters {names}, but {so_many(self._sorts, 'sort')}",
                where=source.where,
                remedy="give one sort for each parameter in @process(protocol, …)",
            )
        pairs = zip(self._sorts, source.parameters, strict=True)
        self._parameters = tuple(make(Op.BOUND, (), s, (n, 0)) for s, n in pairs)
        self._circumstances = circumstances
        self._declared: list[LocalVariable] = []
        self._sources: list[ProcessText] = []

    def process(self) -> Process:
        """Compile and declare it."""
        known_names = dict(zip(self._source.parameters, self._parameters, strict=True))
        scope = self.opened(self._source, known_names, f"{self._source.name}_")
        walk = Walker(self, self._parameters)
        start = self._start(walk, scope)
        member = Member(self._source, self._parameters, self._circumstances, tuple(self._declared))
        points = Points(walk, start, self._source)
        sort = replace(enumeration(f"{self._source.name} point", list(points.names.values())), by_text=True)
        place = self._place(sort, points.names[start.key])
        member = replace(member, locals=tuple(self._declared))
        actions, needed = actions_of(points, member, place, sort)
        for source in self._sources:
            names_read(source)
        self._declared = needed
        clock = place_clock(points, start.key, member, place, self._sorts)
        actions = timed_actions(actions, clock, member)
        if clock is not None:
            self._protocol.place_clocks.append(clock)
            self._protocol.variable(clock.variable.name, clock.variable.sort, clock.begins, clock.variable.meaning)
            self._protocol.variables[clock.variable.name] = clock.variable
        self._add(place, points.names[start.key], sort, actions)
        return Process(
            self._source.name,
            place,
            tuple(points.names.values()),
            {d.name.removeprefix(f"{self._source.name}_"): d.term for d in self._declared},
            (place, *(d.term for d in self._declared if not d.persistent)),
            self._sorts,
            {n: tuple(_names_at(actions, n)) for n in points.names.values()},
            None if clock is None else clock.variable.term,
            () if clock is None else clock.counted,
            partial(_inserted, self._protocol, self._source.name),
        )

    def retold(self, problem: ModelError) -> ModelError:
        """The error of a process, with its local variables named as in its text."""
        what, remedy = problem.what, problem.remedy
        for d in self._declared:
            whole, own = str(d.element(self._parameters)), d.name.removeprefix(f"{self._source.name}_")
            what, remedy = what.replace(whole, own), remedy.replace(whole, own) if remedy is not None else None
        return type(problem)(what, where=problem.where, remedy=remedy)

    def _start(self, walk: Walker, scope: Surroundings) -> Rest:
        """Where the process begins: past what it does by itself, if that only sets cursors to their first value."""
        rest = Rest((BlockRest(scope.source.body, 0, scope),)).normal()
        ends = list(walk.settled(rest, Way()))
        if len(ends) == 1 and not ends[0][0].conditions:
            way, target = ends[0]
            begun = {d.term: d.initially for d in self._declared}
            values = [(v, u.value) for v in way.store.writes for u in way.store.updates(v)]
            if all(begun.get(v) is value for v, value in values):
                return target
        return rest

    # Variables -----------------------------------------------------------------------------------------------------
    def opened(self, source: ProcessText, known_names: dict[str, Any], prefix: str) -> Surroundings:
        """The scope of a process or a sub-process, with the local variables that its beginning declares."""
        self._sources.append(source)
        scope = Surroundings(source, known_names, {}, prefix)
        body = list(source.body)
        while body and (is_text(body[0]) or self._declares(source, body[0])):
            node = body.pop(0)
            if not is_text(node):
                self._local(scope, node)
        return Surroundings(replace(source, body=body), known_names, scope.locals, prefix)

    @staticmethod
    def _declares(source: ProcessText, node: ast.stmt) -> bool:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        return value is not None and (source.calls(value, local) or source.calls(value, persistent))

    def _local(self, scope: Surroundings, node: ast.stmt) -> None:
        assert isinstance(node, ast.Assign | ast.AnnAssign)
        assert node.value is not None
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        source = scope.source
        if len(targets) != 1 or not isinstance(targets[0], ast.Name):
            source.refuse(node, "a local variable is one name", "write plan = local(Sort, initially)")
        name = targets[0].id
        if name in scope.locals or name in scope.known:
            source.refuse(node, f"{name} is declared twice", "choose another name")
        with running(f"process {source.name} fails", source.file):
            made = source.value(node.value, {**scope.known, **scope.locals})
        assert isinstance(made, Local)
        self.declare(scope, name, made, node)

    def declare(self, scope: Surroundings, name: str, made: Local, node: ast.AST) -> Term:
        """A local variable of a scope, for this member of the process."""
        whole = f"{scope.prefix}{name}"
        taken = {d.name for d in self._declared}
        if whole in taken:  # a cursor of another sort, or a sub-process that is called twice
            whole = next(w for w in (f"{whole}_{n}" for n in range(2, 10**6)) if w not in taken)
        sort: Sort = made.sort
        for s in reversed(self._sorts):
            sort = Array(s, sort)
        place = scope.source.place(node)
        declared = LocalVariable.checked(whole, sort, made, place)
        self._declared.append(declared)
        scope.locals[name] = declared.element(self._parameters)
        return scope.locals[name]

    def _place(self, sort: Enum, _start: str) -> Term:
        whole: Sort = sort
        for s in reversed(self._sorts):
            whole = Array(s, whole)
        return make(Op.VARIABLE, (), whole, self._source.name)

    def _add(self, place: Term, start: str, sort: Enum, actions: list[Action]) -> None:
        first = constant(sort.members.index(start), sort)
        self._protocol.variable(self._source.name, place.sort, first, f"what {self._source.name} does next")
        for d in self._declared:
            self._protocol.variable(d.name, d.sort, d.initially, d.meaning)
        for a in actions:
            self._protocol.add(a)
