"""Steps that a change inserts into a process.

Beside the variable of its place, a flag for each member says that an inserted step is next (after a point), or that it
is done (before one). The flag is a part of the place: the process's own steps wait for what was inserted, and whoever
else assigns the place, such as a crash, resets the flag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planrace.model.language.actions import Action, Origin, Outcome, Step, Update
from planrace.model.language.constructors import both, each, either, exists
from planrace.model.language.errors import DefinitionError, author
from planrace.model.language.operators import Op
from planrace.model.language.sorts import BOOL, Array, Enum, Sort
from planrace.model.language.step_change import actions_at
from planrace.model.language.system import System, Variable
from planrace.model.language.terms import FALSE, TRUE, Term, constant


@dataclass(frozen=True, eq=False)
class PointInsertion:
    """The action ``inserted`` comes after the actions ``beside``, or ``before`` them; ``outcome`` is that of the
    earlier step, if only one leads on. ``flag`` is over the members of the process, ``place`` the variable that says
    where they are. ``point`` is that before which a step is inserted."""

    process: str
    inserted: str
    beside: tuple[str, ...]
    outcome: str | None
    before: bool
    flag: Variable
    place: Term
    point: Term | None

    def row(self, positions: Sequence[Term]) -> Term:
        """The flag of a member, or of all members that have these positions."""
        return _element(self.flag.term, positions)


@dataclass(frozen=True)
class Inserting:
    """Where a step is to be inserted, and its name."""

    process: str
    point: str
    beside: tuple[Action, ...]
    before: bool
    name: str

    @property
    def form(self) -> str:
        """How the change is written, with a gap for parameters."""
        origin = self.beside[0].origin
        how = f'{"before" if self.before else "after"}="{origin.point if origin is not None else ""}"'
        return f'change.insert({self.process}, {how}, name="{self.point}", steps=lambda {{}}: step(…))'

    @property
    def template(self) -> Action:
        """An action of the step beside, with the parameters of the process alone."""
        a = self.beside[0]
        assert a.origin is not None
        return replace(a, parameters=a.parameters[: a.origin.members])


def inserting(
    process: object, after: str | None, before: str | None, name: str | None, actions: Sequence[Action], reason: str
) -> Inserting:
    """Where a change inserts a step. Raises ``DefinitionError`` if there is no such place, or if the name of the step
    is no plain word or in use."""
    of = str(getattr(process, "name", process))
    if (after is None) == (before is None):
        remedy = f'write change.insert({of}, after="POINT", steps=…), or before="POINT"'
        raise DefinitionError(f"{reason}: a step is inserted after a point or before one", remedy=remedy)
    beside = str(before if after is None else after)
    point = f"{'BEFORE' if after is None else 'AFTER'}_{beside}" if name is None else name
    if not isinstance(point, str) or not point.isidentifier():
        raise DefinitionError(f"{reason}: {point!r} is not the name of a step", remedy='write name="VERIFY"')
    names = actions_at(actions, of, beside, reason)
    if any(a.origin is not None and (a.origin.process, a.origin.point) == (of, point) for a in actions):
        raise DefinitionError(f"{reason}: process {of} has a step {point} already", remedy="choose another name")
    found = tuple(a for a in actions if a.name in names)
    return Inserting(of, point, found, after is None, f"{of}_{point.lower()}")


def inserted_step(at: Inserting, body: Step) -> Action:
    """The action that is inserted."""
    a, where = at.template, author()
    line = 0 if where is None else where.line
    return Action(
        at.name,
        a.parameters,
        body.when,
        body.outcomes,
        a.role,
        a.actor,
        fairness="weak" if a.fairness == "none" else a.fairness,
        tags=a.tags,
        says=body.says,
        where=where,
        awaits=a.awaits,
        origin=Origin(at.process, at.point, line, line, len(a.parameters)),
    )


def point_insertion(
    at: Inserting, made: Action, outcome: str | None, place: Term, others: Sequence[PointInsertion], reason: str
) -> PointInsertion:
    """The insertion of ``made``: of several steps after a point the first inserted comes first, of several before it
    the last inserted does. Raises ``DefinitionError`` if it is not certain what comes after which outcome."""
    beside = tuple(a.name for a in at.beside)
    if at.before:
        after = next((x for x in others if x.inserted in beside and not x.before), None)
        if after is not None:
            raise DefinitionError(
                f"{reason}: {after.inserted} is inserted, and nothing before it",
                remedy="insert the steps in the order in which they happen",
            )
        for x in others:
            beside = (x.inserted,) if x.before and x.beside == beside else beside
    else:
        wanted = outcome
        for x in others:
            if x.before or x.beside != beside:
                continue
            if x.outcome == wanted:
                beside, wanted = (x.inserted,), None
            elif None in (x.outcome, wanted):
                raise DefinitionError(
                    f"{reason}: {x.inserted} is inserted after {_of(x)} of {', '.join(beside)} already",
                    remedy="insert the step after that one, or name the same outcome",
                )
        outcome = wanted
    sort: Sort = BOOL
    for p in reversed(made.parameters):
        sort = Array(p.sort, sort)  # type: ignore[arg-type]
    word, meaning = ("done", "it is done") if at.before else ("pending", "it is next")
    flag = Variable(f"{made.name}_{word}", sort, FALSE, f"{made.name}: {meaning}", made.where, auxiliary=True)
    point = next((x.point for x in others if x.inserted == at.beside[0].name), _point(at.beside[0], place))
    return PointInsertion(at.process, made.name, beside, outcome, at.before, flag, place, point)


def _of(x: PointInsertion) -> str:
    return "each outcome" if x.outcome is None else f"the outcome {x.outcome}"


def _point(action: Action, place: Term) -> Term | None:
    """The point of a step, as the place of its process is set there; None for one that was inserted."""
    sort = place.sort
    while isinstance(sort, Array):
        sort = sort.element
    assert isinstance(sort, Enum)
    assert action.origin is not None
    name = action.origin.point
    return constant(sort.members.index(name), sort) if name in sort.members else None


def with_steps(insertions: Sequence[PointInsertion], actions: Mapping[str, Action]) -> dict[str, Action]:
    """The actions, in the order that the insertions require. A step that was inserted beside actions that are gone is
    gone, too."""
    lost = {x.inserted for x in insertions if not actions.keys() & {*x.beside}} & actions.keys()
    if lost:
        return with_steps(insertions, {n: a for n, a in actions.items() if n not in lost})
    there = [x for x in insertions if x.inserted in actions]
    return {n: _woven(a, there, actions) for n, a in actions.items()}


def waiting(system: System) -> dict[str, Action]:
    """The inserted steps as they would be if they waited for nothing but that they are next."""
    found = {}
    written = {n: a.written or a for n, a in system.actions.items()}
    for x in system.point_insertions:
        if x.inserted in written:
            free = replace(written[x.inserted], when=TRUE)
            made = with_steps(system.point_insertions, {**written, x.inserted: free})[x.inserted]
            found[x.inserted] = replace(made, outcomes=(Outcome(None, TRUE, (), None, made.where),))
    return found


def _woven(action: Action, insertions: Sequence[PointInsertion], actions: Mapping[str, Action]) -> Action:
    for x in insertions:
        if action.origin is not None and action.origin.process == x.process:
            action = _step(action, x, insertions, actions)
        elif any(_moved(o, x.process) is not None for o in action.outcomes):
            action = _moving(action, x)
    return action


def _step(
    action: Action, x: PointInsertion, insertions: Sequence[PointInsertion], actions: Mapping[str, Action]
) -> Action:
    """A step of the process itself. An inserted step has the place where the process is then in its guard, too: proofs
    need no lemma about it."""
    assert action.origin is not None
    members = action.parameters[: action.origin.members]
    flag, place = x.row(members), _element(x.place, members)
    is_inserted, is_beside = action.name == x.inserted, action.name in x.beside
    earlier, later = (is_inserted, is_beside) if x.before else (is_beside, is_inserted)
    wanted: list[Term] = []
    if is_inserted:
        there = _points(x, insertions, actions)
        wanted += [either(*(place == p for p in there))] if there is not None else []
        wanted += [~y.row(members) for y in _inner(x, insertions)]
    if later:
        wanted.append(flag)
    elif is_inserted or not x.before:
        wanted.append(~flag)
    outcomes = action.outcomes
    if later:
        outcomes = tuple(_with(o, Update(flag, FALSE, x.flag.where)) for o in outcomes)
    elif earlier:
        told = Update(flag, TRUE, x.flag.where)
        outcomes = tuple(_with(o, told) if x.outcome in (None, o.name) else o for o in outcomes)
    if not wanted:
        return action
    return replace(action, when=both(action.when, *wanted), outcomes=outcomes)


def _inner(x: PointInsertion, insertions: Sequence[PointInsertion]) -> Iterator[PointInsertion]:
    """The steps that are inserted before the same point, and come later."""
    for y in insertions:
        if y.before and y.inserted in x.beside:
            yield y
            yield from _inner(y, insertions)


def _points(
    x: PointInsertion, insertions: Sequence[PointInsertion], actions: Mapping[str, Action]
) -> list[Term] | None:
    """The points where a process is when an inserted step is next; None if they are not certain."""
    if x.before:
        return None if x.point is None else [x.point]
    found: dict[Term, None] = {}
    for name in x.beside:
        if name not in actions:
            continue
        own = next((y for y in insertions if y.inserted == name), None)
        begun = [_point(actions[name], x.place)] if own is None else _points(own, insertions, actions)
        for o in actions[name].outcomes:
            if x.outcome not in (None, o.name):
                continue
            values = [u.value for u in o.updates if u.variable is x.place]
            ends = list(_leaves(values[0])) if values else begun
            if ends is None or not all(t is not None and t.op is Op.CONST for t in ends):
                return None
            found |= dict.fromkeys(t for t in ends if t is not None)
    return list(found)


def _leaves(value: Term) -> Iterator[Term]:
    """The values that a term has in its cases."""
    if value.op is Op.ITE:
        yield from _leaves(value.args[1])
        yield from _leaves(value.args[2])
    else:
        yield value


def _moving(action: Action, x: PointInsertion) -> Action:
    """An action that assigns where the process is, and so what is next in it. A crash of the pattern happens if there
    is something to forget."""
    outcomes, busy = [], []
    for o in action.outcomes:
        positions = _moved(o, x.process)
        if positions is None:
            outcomes.append(o)
            continue
        row = x.row(positions)
        busy.append(_some(row))
        outcomes.append(_with(o, Update(row, _nothing(row.sort), x.flag.where)))
    if action.forgets is None:
        return replace(action, outcomes=tuple(outcomes))
    parts = action.when.args if action.when.op is Op.AND else (action.when,)
    forgets = either(action.forgets, *busy)
    when = both(*(forgets if t is action.forgets else t for t in parts))
    return replace(action, when=when, outcomes=tuple(outcomes), forgets=forgets)


def _moved(outcome: Outcome, process: str) -> tuple[Term, ...] | None:
    """The member of a process whose place an outcome assigns, as positions: none for all members. None if it assigns no
    place."""
    for u in outcome.updates:
        if u.variable.data == process:
            found: list[Term] = []
            target = u.target
            while target.op is Op.SELECT:
                target, position = target.args
                found.append(position)
            return tuple(reversed(found))
    return None


def _element(term: Term, positions: Sequence[Term]) -> Term:
    for p in positions:
        term = term[p]
    return term


def _with(outcome: Outcome, update: Update) -> Outcome:
    return replace(outcome, updates=(*outcome.updates, update))


def _some(term: Term) -> Term:
    if not isinstance(term.sort, Array):
        return term
    return exists(term.sort.domain, lambda x: _some(term[x]))


def _nothing(sort: Sort) -> Term:
    if not isinstance(sort, Array):
        return FALSE
    element = sort.element
    return each(sort.domain, lambda _: _nothing(element))
