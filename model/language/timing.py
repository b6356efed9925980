"""When an action happens, in ticks: not before so many, and within so many, since other actions.

``docs/language.md`` teaches it; ``timekeeping`` says what it means for a system.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from planrace.model.language.author_code import shown
from planrace.model.language.errors import DefinitionError, Place, author, near
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, ComputedSize, Index, Parameter, Size, Sort, Ticks, size_of_sort
from planrace.model.language.subset_numbers import refuse_sets
from planrace.model.language.system import Variable
from planrace.model.language.terms import Term, Value, constant, expect

if TYPE_CHECKING:
    from planrace.model.language.actions import Action
    from planrace.model.language.protocol import Protocol

INITIALLY = "initially"
"""As what time is counted since: the initial state. No action has this name."""
STOPPED = -1
"""The value of a clock that does not run."""
Node = TypeVar("Node")
Occasions: TypeAlias = "str | Action | Term | Sequence[str | Action | Term]"
"""What starts or ends a clock: actions, by name or as what their decorator returned, ``taken(action, outcome)``, or
``"initially"``."""


@dataclass(frozen=True)
class Occasion:
    """An action whose steps start or end a clock; with ``outcome``, only those that end so."""

    action: str
    outcome: str | None = None

    def __str__(self) -> str:
        return self.action if self.outcome is None else f"{self.action} ({self.outcome})"


@dataclass(frozen=True, eq=False)
class Timing:
    """An action happens ``after`` so many ticks at least and ``within`` so many at most since the last occasion in
    ``since``, unless one in ``until`` has come."""

    since: tuple[Occasion, ...]
    until: tuple[Occasion, ...]
    within: Size | None
    after: Size | None
    where: Place | None


@dataclass(frozen=True, eq=False)
class Clock:
    """The ticks that have passed since an occasion of a timed action; ``STOPPED`` while nothing is counted.
    ``variable`` has an element for each value of ``positions``, which are parameters of the action. It counts up to the
    greater limit: no guard tells more ticks apart."""

    action: str
    timing: Timing
    variable: Variable
    positions: tuple[Term, ...]

    @property
    def limit(self) -> Size:
        """What it counts up to."""
        found = self.timing.after if self.timing.within is None else self.timing.within
        assert found is not None
        return found


def timing_of(within: object, after: object, since: object, until: object) -> Timing | None:
    """What an author has said about the time of an action; None if nothing is. Raises ``DefinitionError`` for what has
    no meaning."""
    if within is None and after is None and since is None and until is None:
        return None
    if within is None and after is None:
        raise DefinitionError("since and until say nothing alone", remedy="add within=3 or after=3, a number of ticks")
    if since is None:
        raise DefinitionError(
            "within and after count ticks since something",
            remedy='add since= the action that starts the clock, or since="initially"',
        )
    latest, earliest = check_limit(within, "within"), check_limit(after, "after")
    check_order(latest, earliest)
    starts, ends = _occasions(since, "since"), _occasions(until, "until")
    both = next((o for o in ends if o in starts or o.action == INITIALLY), None)
    if both is not None:
        what = "ends no clock" if both.action == INITIALLY else "starts the clock and ends it"
        raise DefinitionError(f"until: {both} {what}", remedy="keep it in since alone")
    return Timing(starts, ends, latest, earliest, author())


def check_limit(given: object, what: str) -> Size | None:
    """A number of ticks. Raises ``DefinitionError``."""
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | Parameter | ComputedSize | Term):
        raise DefinitionError(
            f"{what}={shown(given)} is neither a number of ticks nor a parameter",
            remedy=f"write {what}=3, {what}= what protocol.parameter(…) has returned, or 2 * n of it; since= says "
            "since when",
        )
    found = size_of_sort(given, what)
    if _ends(found)[0] < 0:
        raise DefinitionError(
            f"{what}={given} may be negative", remedy="ticks are counted from 0 on; a parameter needs low=0"
        )
    return found


def _ends(limit: Size) -> tuple[int, int]:
    """The least and the greatest number of ticks in any instance."""
    return (limit, limit) if isinstance(limit, int) else (limit.low, limit.high)


def check_order(within: Size | None, after: Size | None) -> None:
    """Raises ``DefinitionError`` if an action would have to happen before it may."""
    if within is not None and after is not None and _ends(within)[1] < _ends(after)[0]:
        raise DefinitionError(
            f"after={after} and within={within} leave no time", remedy="within is at least as great as after"
        )


def check_due(fault: str | None, fairness: str | None) -> None:
    """Refuse a deadline of an action that need not happen. Raises ``DefinitionError``."""
    if fault is not None:
        raise DefinitionError(
            f"within= says that the action happens, and the fault {fault} need not",
            remedy="leave within out, or the fault",
        )
    if fairness == "none":
        raise DefinitionError(
            'within= says that the action happens, and fairness="none" that it need not', remedy="leave one of them out"
        )


def may_be_zero(limit: Size | None) -> bool:
    """Whether a limit may be 0 ticks."""
    return limit is not None and _ends(limit)[0] == 0


def cycle(before: Mapping[Node, Collection[Node]]) -> list[Node]:
    """Nodes that lead back to the first of them, each of which stands ``before`` the next one; empty if there are
    none."""
    for start in before:
        path, seen = [[start]], {start}
        while path:
            way = path.pop()
            for node in before[way[0]]:
                if node == start:
                    return way
                if node in before and node not in seen:
                    seen.add(node)
                    path.append([node, *way])
    return []


def _occasions(given: object, what: str) -> tuple[Occasion, ...]:
    several = given if isinstance(given, list | tuple | set | frozenset) else () if given is None else (given,)
    found = tuple(dict.fromkeys(_occasion(x, what) for x in several))
    if given is not None and not found:
        raise DefinitionError(f"{what} names no action", remedy=f"leave {what} out, or name one")
    return found


def _occasion(given: object, what: str) -> Occasion:
    from planrace.model.language.actions import Action

    if isinstance(given, str):
        return Occasion(given)
    if isinstance(given, Action):
        return Occasion(given.name)
    if isinstance(given, Term) and given.op is Op.TAKEN:
        name, outcome, parameters = given.data
        if parameters:
            raise DefinitionError(
                f"{what}: {given} names parameters",
                remedy="leave them out: parameters that have the same name in both actions are the same member",
            )
        return Occasion(name, outcome)
    raise DefinitionError(
        f"{what}={shown(given)} is no action",
        remedy=f'write {what}= the action or its name, taken(action, outcome="…"), a list of these, or "initially"',
    )


def ticks(
    name: str, positions: Iterable[Sort], limit: Size, starts: int, meaning: str, where: Place | None
) -> Variable:
    """A variable that counts ticks from 0 to ``limit``, for each member of ``positions``."""
    element = Ticks(STOPPED, limit, "ticks")
    sort: Sort = element
    for p in reversed(tuple(positions)):
        sort = Array(p, sort)  # type: ignore[arg-type]
    return Variable(name, sort, constant(starts, element), meaning, where, auxiliary=True)


def elapsed(protocol: Protocol, action: str | Action, *members: Value, capped: bool = False) -> Term:
    """The ticks since the last occasion of a timed action, -1 if none is counted: a term for properties and lemmas.
    ``members`` are the values of those parameters that it has a clock for. An action with ``after`` alone counts no
    further than that; ``capped`` says that you know. Raises ``DefinitionError``."""
    name = str(getattr(action, "name", action))
    table = getattr(protocol, "actions", None)
    if not isinstance(table, dict):
        raise DefinitionError(f"elapsed: {protocol!r} is no protocol", remedy="write elapsed(protocol, action, …)")
    found = table.get(name)
    if found is None:
        raise DefinitionError(f"elapsed: there is no action {name}", remedy=near(name, protocol.actions))
    if found.timing is None:
        raise DefinitionError(f"elapsed: {name} has no limit of time", remedy="add within= or after= to the action")
    clock = clock_of(found, protocol.actions)
    if len(members) != len(clock.positions):
        wanted = ", ".join(map(str, clock.positions)) or "no member"
        raise DefinitionError(f"elapsed: the clock of {name} takes {wanted}", remedy="there is one for each")
    check_capped(f"elapsed: {name}", capped, () if found.timing.within is not None else (clock.limit,))
    cell = clock.variable.term
    for m, p in zip(members, clock.positions, strict=True):
        cell = cell[expect(m, p.sort, f"elapsed: {p} of {name}")]
    return cell


def check_capped(what: str, capped: bool, counted: Sequence[Size]) -> None:
    """Refuse a number of ticks that are ``counted`` only so far, unless its author knows. Raises
    ``DefinitionError``."""
    if counted and not capped:
        raise DefinitionError(
            f"{what} counts ticks up to {' or '.join(map(str, counted))} only, for nothing waits longer",
            remedy="write capped=True if you compare it with no more than that, or give it a deadline: within=",
        )


def clock_of(action: Action, actions: Mapping[str, Action]) -> Clock:
    """The clock of a timed action, among the other ``actions``. It has one for each value of those parameters that some
    occasion to start it has, too, by the same name; and for each member that performs the action. Raises
    ``DefinitionError`` for occasions that do not exist, and if it is not certain which member is meant."""
    timing = action.timing
    assert timing is not None
    what = f"action {action.name}"
    starts = list(_known(timing.since, actions, f"{what}: since", timing.where))
    ends = list(_known(timing.until, actions, f"{what}: until", timing.where))
    for other in (*starts, *ends):
        _check_members(action, other, timing.where)
    shared = {str(p) for other in starts for p in _common(action, other)}
    positions = tuple(p for p in action.parameters if str(p) in shared or p is action.actor)
    refuse_sets(positions, f"{what} is timed for each of its parameters", "let a variable hold the set")
    begun = 0 if Occasion(INITIALLY) in timing.since else STOPPED
    since = " or ".join(map(str, timing.since))
    meaning = f"ticks since {since}, for {action.name}"
    limit = timing.after if timing.within is None else timing.within
    assert limit is not None
    name = clock_name(action.name)
    variable = ticks(name, (p.sort for p in positions), limit, begun, meaning, timing.where)
    return Clock(action.name, timing, variable, positions)


def clock_variables(actions: Mapping[str, Action]) -> Iterator[Variable]:
    """The variables of the clocks whose actions are all declared."""
    for a in actions.values():
        if a.timing is not None:
            with suppress(DefinitionError):
                yield clock_of(a, actions).variable


def clock_name(what: str) -> str:
    """The name of the variable that counts ticks for an action or a process."""
    return f"{what}_ticks"


def _known(
    occasions: Iterable[Occasion], actions: Mapping[str, Action], what: str, where: Place | None
) -> Iterator[Action]:
    for o in occasions:
        if o.action == INITIALLY:
            continue
        if o.action not in actions:
            raise DefinitionError(f"{what}: there is no action {o.action}", where=where, remedy=near(o.action, actions))
        found = actions[o.action]
        if o.outcome is not None and o.outcome not in found.outcome_names:
            raise DefinitionError(
                f"{what}: {o.action} has no outcome {o.outcome}",
                where=where,
                remedy=near(o.outcome, found.outcome_names),
            )
        yield found


def _common(action: Action, other: Action) -> Iterator[Term]:
    """The parameters of ``action`` that ``other`` has, too."""
    theirs = {str(p): p.sort for p in other.parameters}
    return (p for p in action.parameters if theirs.get(str(p)) == p.sort)


def _check_members(action: Action, other: Action, where: Place | None) -> None:
    """Refuse two actions of members of one index whose parameters have other names: is it the same member?"""
    common = {p.sort for p in _common(action, other)}
    for p in action.parameters:
        theirs = next((q for q in other.parameters if q.sort == p.sort), None)
        if isinstance(p.sort, Index) and theirs is not None and p.sort not in common:
            raise DefinitionError(
                f"action {action.name} is timed by {other.name}, but {p} and {theirs} have different names, so it is "
                f"not certain that they are the same {p.sort.name}",
                where=where,
                remedy=f"call the {p.sort.name} alike in both actions",
            )
