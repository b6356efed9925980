"""What timed actions mean: clocks that steps start and end, guards that wait for them, and a step that is one tick.

The clock of time waits at a deadline as long as one of the actions that are due can happen. If none can, the deadline
is missed: the tick is enabled then, and counts beyond the range of its variable, which every engine tells as an error
of the model. Otherwise time would stand still there, and nothing later would be searched (a time lock; J. Sifakis and
S. Yovine, "Compositional specification of timed systems", STACS 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from planrace.model.language.actions import Action, Outcome, Says, Update
from planrace.model.language.constructors import If, both, each, either, exists
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.insertions import Insertion
from planrace.model.language.operators import Op
from planrace.model.language.point_insertions import PointInsertion
from planrace.model.language.render import applied
from planrace.model.language.sorts import Array, Scalar, Size
from planrace.model.language.subset_numbers import refuse_sets
from planrace.model.language.system import System, Variable
from planrace.model.language.terms import FALSE, TRUE, Term, constant, lift, substitute
from planrace.model.language.timing import INITIALLY, STOPPED, Clock, Occasion, clock_of, cycle, may_be_zero

TICK = "tick"
"""The action that is one tick, unless the pattern ``clock`` has declared one."""
FAIR = "strong"
"""Time goes on: of runs in which it could again and again, only those are fair in which it does. Weak fairness would
not do, since the clock stops and goes with every action that is due at once."""


@dataclass(frozen=True, eq=False)
class PointLimits:
    """How many ticks a process stays at a point: ``waits`` are the least numbers of its ways on."""

    within: Size | None
    waits: tuple[Size, ...]


@dataclass(frozen=True, eq=False)
class PlaceClock:
    """The ticks that have passed since a process came to where it is, at the points that have ``limits``; ``STOPPED``
    at others. ``place`` and ``variable`` are over ``sorts``."""

    process: str
    place: Term
    variable: Variable
    limits: Mapping[str, PointLimits]
    sorts: tuple[Scalar, ...]
    where: Place | None

    @property
    def points(self) -> dict[str, Term]:
        """The points that have limits, as values of the place."""
        sort = self.place.sort
        while isinstance(sort, Array):
            sort = sort.element
        return {n: constant(sort.members.index(n), sort) for n in self.limits}  # type: ignore[union-attr]

    @property
    def begins(self) -> Term:
        """What it shows in the beginning."""
        assert self.variable.initially is not None
        return self.variable.initially

    @property
    def counted(self) -> tuple[Size, ...]:
        """How far ticks are counted where a point has no deadline."""
        return tuple(w for x in self.limits.values() if x.within is None for w in x.waits)


def clocks_in(system: System) -> tuple[Clock, ...]:
    """The clocks of the timed actions that a system has. Raises ``DefinitionError``."""
    known = {c.action: c for c in system.clocks}
    timed = ((n, a) for n, a in system.actions.items() if a.timing is not None)
    found = tuple(
        known[n] if n in known and known[n].timing is a.timing else clock_of(a, system.actions) for n, a in timed
    )
    urgent = {c.action: {o.action for o in c.timing.since} for c in found if may_be_zero(c.timing.within)}
    around = cycle(urgent)
    if around:
        raise DefinitionError(
            f"time could stand still for ever: {' and '.join(around)} may have within=0 and start each other"
            if len(around) > 1
            else f"time could stand still for ever: {around[0]} may have within=0 since itself",
            where=system.actions[around[0]].where,
            remedy="give one of them within=1, or a parameter with low=1",
        )
    return found


def timed(system: System) -> dict[str, Action]:
    """The actions of a system, which start and end its clocks, and wait until they may happen."""
    if not system.clocks and not system.place_clocks:
        return dict(system.actions)
    return {n: _timed(a, system) for n, a in system.actions.items()}


def _timed(action: Action, system: System) -> Action:
    own = (c for c in system.clocks if c.action == action.name)
    waits = [_cell(c) >= c.timing.after for c in own if c.timing.after is not None]
    outcomes = tuple(_with(o, _told(action, o, system)) for o in action.outcomes)
    if not waits and outcomes == action.outcomes:
        return action
    return replace(action, when=both(action.when, *waits), outcomes=outcomes)


def _with(outcome: Outcome, updates: Iterator[Update]) -> Outcome:
    added = tuple(updates)
    return replace(outcome, updates=(*outcome.updates, *added)) if added else outcome


def _told(action: Action, outcome: Outcome, system: System) -> Iterator[Update]:
    """The updates of clocks when an action ends with an outcome."""
    happens = {Occasion(action.name), Occasion(action.name, outcome.name)}
    instead = _instead_of(action.name, outcome.name, system.insertions)
    for c in system.clocks:
        if happens & set(c.timing.since):
            yield _set(c, action, 0)
        elif c.action in (action.name, instead) or happens & set(c.timing.until):
            yield _set(c, action, STOPPED)
    for p in system.place_clocks:
        moves = [u for u in outcome.updates if u.variable is p.place]
        for u in moves:
            yield Update(_beside(u.target, p), _arrived(u.value, p), u.where)
        origin = system.actions.get(instead or action.name, action).origin
        if not moves and origin is not None and origin.process == p.process and origin.point in p.limits:
            yield Update(_element(p.variable.term, action.parameters[: len(p.sorts)]), _ticks(p.variable, 0), p.where)


def _instead_of(step: str, outcome: str | None, insertions: Sequence[Insertion]) -> str | None:
    """The action that does not happen because a step that was inserted before it ends with this outcome."""
    found = next((x for x in insertions if x.before and x.inserted == step), None)
    if found is None:
        return None
    if found.outcome in (None, outcome):
        return None
    return _due_after(found.later, insertions)


def _due_after(step: str, insertions: Sequence[Insertion]) -> str:
    """The action that a step was inserted before, or that action itself."""
    found = next((x for x in insertions if x.before and x.inserted == step), None)
    return step if found is None else _due_after(found.later, insertions)


# Clocks of actions -----------------------------------------------------------------------------------------------
def _cell(clock: Clock) -> Term:
    return _element(clock.variable.term, clock.positions)


def _element(term: Term, positions: Sequence[Term]) -> Term:
    for p in positions:
        term = term[p]
    return term


def _ticks(variable: Variable, value: int) -> Term:
    sort = variable.sort
    while isinstance(sort, Array):
        sort = sort.element
    return constant(value, sort)


def _set(clock: Clock, action: Action, value: int) -> Update:
    """The clocks of the members that ``action`` is about get ``value``: of all where it has no such parameter."""
    own = {str(p): p for p in action.parameters}
    mine = [
        (p, found) if (found := own.get(str(p))) is not None and found.sort == p.sort else (p, None)
        for p in clock.positions
    ]
    target = clock.variable.term
    while mine and mine[0][1] is not None:
        target = target[mine.pop(0)[1]]

    def row(cell: Term, rest: Sequence[tuple[Term, Term | None]], condition: Term) -> Term:
        if not rest:
            given = _ticks(clock.variable, value)
            return given if condition is TRUE else If(condition, given, cell)
        (position, meant), *others = rest
        return each(
            position.sort,  # type: ignore[arg-type]
            lambda m: row(cell[m], others, condition if meant is None else both(condition, m == meant)),
        )

    return Update(target, row(target, mine, TRUE), clock.timing.where)


# Clocks of processes ---------------------------------------------------------------------------------------------
def _beside(target: Term, clock: PlaceClock) -> Term:
    """The element of the clock that belongs to an element of the place."""
    if target.op is Op.SELECT:
        return _beside(target.args[0], clock)[target.args[1]]
    return clock.variable.term


def _arrived(place: Term, clock: PlaceClock) -> Term:
    """What the clock shows when a process comes to ``place``."""
    if isinstance(place.sort, Array):
        return each(place.sort.domain, lambda m: _arrived(applied(place[m]), clock))
    if place.op is Op.ITE:
        condition, then, other = place.args
        a, b = _arrived(then, clock), _arrived(other, clock)
        return a if a is b else If(condition, a, b)
    running, stopped = _ticks(clock.variable, 0), _ticks(clock.variable, STOPPED)
    points = clock.points.values()
    if place.op is Op.CONST:
        return running if any(place is p for p in points) else stopped
    return If(either(*(place == p for p in points)), running, stopped)


# Ticks -----------------------------------------------------------------------------------------------------------
def ticking(system: System, actions: Mapping[str, Action]) -> dict[str, Action]:
    """``actions`` with the one that is a tick. Raises ``DefinitionError`` if it is not certain which one that is."""
    if not system.clocks and not system.place_clocks:
        return dict(actions)
    given = [a for a in actions.values() if a.passes is not None]
    if len(given) > 1:
        raise DefinitionError(
            f"{given[0].name} and {given[1].name} are two clocks, and actions are timed by one",
            where=given[1].where,
            remedy="let one clock(…) drive all timers",
        )
    where = next((c.timing.where for c in system.clocks), None) or next((c.where for c in system.place_clocks), None)
    if not given and TICK in actions:
        raise DefinitionError(
            f"the action {TICK} is called like the step of time that timed actions need",
            where=actions[TICK].where,
            remedy="rename it; timers are driven by clock(protocol, …) of planrace.model.patterns",
        )
    moves = either(*_moves(system, actions))
    waits = ~either(*_due(system, actions))
    updates = tuple(_ticked(system, actions))
    if not given:
        outcome = Outcome(None, TRUE, updates, None, where)
        says = Says("passes by a tick", ())
        when = both(moves, waits)
        made = Action(TICK, (), when, (outcome,), "time", fairness=FAIR, says=says, where=where, passes=FALSE)
        return {**actions, TICK: made}
    tick = given[0]
    parts = tick.when.args if tick.when.op is Op.AND else (tick.when,)
    when = both(*(either(t, moves) if t is tick.passes else t for t in parts), waits)
    outcomes = tuple(replace(o, updates=(*o.updates, *updates)) for o in tick.outcomes)
    return {**actions, tick.name: replace(tick, when=when, outcomes=outcomes, fairness=FAIR)}


def _moves(system: System, actions: Mapping[str, Action]) -> Iterator[Term]:
    """The clocks that a tick changes."""
    for c in system.clocks:
        cell = _cell(c)
        yield _some(c.positions, both(cell >= 0, *(() if c.timing.within is not None else (cell < c.limit,))))
    for p in system.place_clocks:
        yield _for_members(p, _flags(p, system, actions), partial(_counts, p), exists)


def _counts(clock: PlaceClock, place: Term, passed: Term, waits: Term) -> Term:
    """Whether a tick changes the clock of a process; while it ``waits`` for an inserted step, none does."""
    counts = either(*(both(place == point, *_below(clock.limits[n], passed)) for n, point in clock.points.items()))
    return counts if waits is FALSE else both(~waits, counts)


def _below(limits: PointLimits, passed: Term) -> tuple[Term, ...]:
    return () if limits.within is not None else (either(*(passed < w for w in limits.waits)),)


def _due(system: System, actions: Mapping[str, Action]) -> Iterator[Term]:
    """For each deadline that some action is due and can happen, or a step that was inserted before it."""
    for a in actions.values():
        due = _due_after(a.name, system.insertions)
        for c in (c for c in system.clocks if c.action == due and c.timing.within is not None):
            yield _some(a.parameters, both(_cell(c) == c.timing.within, a.guard))
        for p in system.place_clocks:
            origin = actions[due].origin
            limits = p.limits.get(origin.point) if origin is not None and origin.process == p.process else None
            if a.fault is None and limits is not None and limits.within is not None:
                ticks = _element(p.variable.term, a.parameters[: len(p.sorts)])
                yield _some(a.parameters, both(ticks == limits.within, a.guard))


def _ticked(system: System, actions: Mapping[str, Action]) -> Iterator[Update]:
    """One tick more on all clocks."""
    for c in system.clocks:
        yield Update(
            c.variable.term,
            _grid(c.variable.term, partial(_counted, c)),
            c.timing.where,
            "give what it waits for a deadline, too; or name in until= what ends its duty",
            f"{c.action} has to happen within {_number(c.timing.within)} of {_since(c)}, and cannot: time would stop",
        )
    for p in system.place_clocks:
        late = [f"{n} within {_number(x.within)}" for n, x in p.limits.items() if x.within is not None]
        yield Update(
            p.variable.term,
            _for_members(p, _flags(p, system, actions), partial(_stayed, p), each),
            p.where,
            "add a way on that waits for nothing, or give what it waits for a deadline, too",
            f"{p.process} has to leave {' and '.join(late)}, and cannot: time would stop",
        )


def _counted(clock: Clock, passed: Term) -> Term:
    """What the clock of an action shows after a tick; beyond its range where a deadline is missed."""
    counts = passed >= 0 if clock.timing.within is not None else both(passed >= 0, passed < clock.limit)
    return If(counts, passed + 1, passed)


def _since(clock: Clock) -> str:
    return " or ".join("the beginning" if o.action == INITIALLY else str(o) for o in clock.timing.since)


def _number(size: Size | None) -> str:
    return "1 tick" if size == 1 else f"{size} ticks"


def _stayed(clock: PlaceClock, place: Term, passed: Term, waits: Term) -> Term:
    """What the clock of a process shows after a tick; beyond its range where a deadline is missed. While the process
    ``waits`` for an inserted step, it has not come to the place yet."""
    beyond = lift(passed.sort.high) + 1  # type: ignore[union-attr]
    value = passed
    for name, point in reversed(list(clock.points.items())):
        limits = clock.limits[name]
        late = passed if limits.within is None else beyond
        below = _below(limits, passed) if limits.within is None else (passed < limits.within,)
        value = If(place == point, If(below[0], passed + 1, late), value)
    return value if waits is FALSE else If(waits, passed, value)


def _grid(term: Term, change: Callable[[Term], Term]) -> Term:
    """``term`` with every element changed."""
    if not isinstance(term.sort, Array):
        return change(term)
    return each(term.sort.domain, lambda m: _grid(term[m], change))


Flags = tuple[tuple[PointInsertion, Term], ...]


def _flags(clock: PlaceClock, system: System, actions: Mapping[str, Action]) -> Flags:
    """The steps that were inserted into a process, with their flags. Of those before one point it is the last that says
    whether the process may go on."""
    mine = [x for x in system.point_insertions if x.process == clock.process and x.inserted in actions]
    names = {x.inserted for x in mine}
    return tuple((x, x.flag.term) for x in mine if not (x.before and names & {*x.beside}))


def _waiting(flags: Flags, place: Term) -> Term:
    """Whether an inserted step is next at a place."""
    found = (flag if not x.before else both(place == x.point, ~flag) for x, flag in flags)
    return either(*found)


def _for_members(
    clock: PlaceClock, flags: Flags, what: Callable[[Term, Term, Term], Term], over: Callable[..., Term]
) -> Term:
    """``what`` of the place and the ticks of a process, and whether it waits for an inserted step, ``over`` its
    members."""

    def inside(place: Term, passed: Term, flags: Flags) -> Term:
        if not isinstance(place.sort, Array):
            return what(place, passed, _waiting(flags, place))
        return over(place.sort.domain, lambda m: inside(place[m], passed[m], tuple((x, flag[m]) for x, flag in flags)))

    return inside(clock.place, clock.variable.term, flags)


def _some(parameters: Sequence[Term], condition: Term) -> Term:
    """Whether the condition holds for some values of the parameters."""
    refuse_sets(parameters, "a deadline", "let a variable hold the set, or give the action a parameter for each member")
    for p in reversed(parameters):
        condition = exists(p.sort, lambda x, c=condition, p=p: substitute(c, {p: x}))  # type: ignore[arg-type, misc]
    return condition
