"""Generations without a bound: a log may tell thousands of plans, and the model need not be as large as the log.

Where the protocol only compares generations (``checker/semantics/normal_form.py``), the search holds states in their
normal form, in a small instance, and beside each the numbers that its live generations have in the logs. The states
come again and again however long the log is. The protocol's bound on generations does not apply then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, TypeVar

from planrace.checker.drive.observing import Partial
from planrace.checker.logs.events import LogEvent, StepPattern, Stream
from planrace.checker.logs.judge import judged_of
from planrace.checker.logs.states import ModelStates, Situation, Taken
from planrace.checker.semantics.context import Context, RangeError, State
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.normal_form import NormalForm, normal_form
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Action, Array, Instance, ModelError, Op, Parameter, SetOf, Sort, Term
from planrace.model.language.sorts import Int, Scalar, Size, bounds_of, is_scalar, parameters_of
from planrace.model.language.system import System
from planrace.model.language.terms import subterms

X = TypeVar("X")
UNBOUNDED = 1_000_000
"""The greatest generation that a log may name."""
SMALL = 10
"""Generations of the small instance, at first."""
ROOM = 3
"""Generations of the small instance that no state has, so that the counter is below the bound after a step, too; more
if a step makes it grow by more."""
WIDEST = 1_000
"""Generations of the small instance up to which it is made larger for a step that leaves it."""
TRIED = 64
"""Values of the counter for which the model's comparisons with constants must have one truth."""


class Generations:
    """What is known of the generations of a protocol. ``parameter`` is the size that bounds them, which nothing else
    depends on, and ``form`` the normal form."""

    def __init__(self, instance: Instance, parameter: Parameter, form: NormalForm) -> None:
        self.parameter, self.form = parameter, form
        self._instance = instance
        self.place = next(n for n, v in enumerate(instance.system.variables) if v.name == form.counter)
        self.sorts = frozenset(_leaf(v.sort) for v in instance.system.variables if v.name in form.variables)

    @property
    def counting(self) -> list[str]:
        """The actions that give out generations."""
        counter = self.form.counter
        actions = self._instance.system.actions.values()
        return [a.name for a in actions if any(u.target.data == counter for o in a.outcomes for u in o.updates)]

    @cached_property
    def places(self) -> frozenset[int]:
        """The places in a state of the variables that hold generations."""
        return frozenset(n for n, v in enumerate(self._instance.system.variables) if v.name in self.form.variables)

    @cached_property
    def room(self) -> int:
        """By how much a step lets the counter grow at most, where that is a constant; at least ``ROOM``."""
        interpreter, context = Interpreter(self.instance(UNBOUNDED)), Context({}, self._counting_to(1))
        known = (v for v in self._growing if _only(v, self.form.counter))
        return max([ROOM, *(int(interpreter.evaluate(value, context)) - 1 for value in known)])

    @property
    def room_alone(self) -> int:
        """The room for a step whose states are made for it: ``WIDEST`` where how much the counter grows may depend on
        the state."""
        return self.room if all(_only(v, self.form.counter) for v in self._growing) else WIDEST

    @property
    def _growing(self) -> list[Term]:
        """The values that the counter gets."""
        outcomes = (o for name in self.counting for o in self._instance.system.actions[name].outcomes)
        return [u.value for o in outcomes for u in o.updates if u.target.data == self.form.counter]

    def in_parameters(self, action: str) -> tuple[bool, ...]:
        """Which parameters of an action are generations."""
        return tuple(_leaf(p.sort) in self.sorts for p in self._instance.system.actions[action].parameters)

    def named_in(self, streams: Iterable[Stream]) -> bool:
        """Whether a line names a generation, or says what a variable holds that holds generations."""
        events = [e for s in streams for e in s.events]
        told = any(place in self.places for e in events for place, _ in (*e.before, *e.after))
        return told or any(True for e in events for _ in self.named(e))

    def named(self, event: LogEvent) -> Iterator[int]:
        """The generations that an event names, in values around its step and as parameters."""
        for place, pattern in (*event.before, *event.after):
            if place in self.places:
                yield from _numbers(pattern)
        for p in event.patterns:
            pairs = zip(p.values, self.in_parameters(p.action), strict=True)
            yield from (v for v, is_generation in pairs if is_generation and v is not None)

    def instance(self, most: int) -> Instance:
        """The instance with so many generations."""
        return resized(self._instance, self.parameter, most)

    def alike(self) -> bool:
        """Whether the comparisons that depend on how large the counter is have one truth, whatever it is: as long as it
        is positive, and ``ROOM`` below the bound."""
        far, near = self._truths(UNBOUNDED, TRIED), self._truths(SMALL, SMALL - ROOM)
        return far is not None and far == near and all(map(self._never_changes, self.form.absolute))

    def _never_changes(self, comparison: Term) -> bool:
        """Whether the truth of a comparison stays the same for all counters between 1 and those near ``UNBOUNDED``: its
        sides differ by a number that grows with the counter, or falls, by as much; so it changes in one place."""
        if comparison.op not in (Op.LT, Op.LE, Op.EQ):
            return False
        counters = (1, 2, 3, UNBOUNDED // 2)
        first, second, *others = (self._difference(comparison, c) for c in counters)
        slope = second - first
        if any(first + slope * (c - 1) != d for c, d in zip(counters[2:], others, strict=True)):
            return False
        return slope == 0 or not 0 < 1 - first / slope < UNBOUNDED - TRIED

    def _difference(self, comparison: Term, counter: int) -> int:
        interpreter, context = Interpreter(self.instance(UNBOUNDED)), Context({}, self._counting_to(counter))
        one, other = (int(interpreter.evaluate(side, context)) for side in comparison.args)
        return one - other

    def _counting_to(self, counter: int) -> State:
        """A state of which only the counter is known."""
        return tuple(counter if n == self.place else None for n, _ in enumerate(self._instance.system.variables))

    def _truths(self, most: int, last: int) -> list[object] | None:
        """The truths of these comparisons for counters from 1; None if they differ, or if one reads anything else."""
        interpreter = Interpreter(self.instance(most))
        found: list[list[object]] = []
        for c in range(1, last + 1):
            state = self._counting_to(c)
            for term in self.form.absolute:
                if not _only(term, self.form.counter):
                    return None
            found.append([interpreter.evaluate(term, Context({}, state)) for term in self.form.absolute])
        return found[0] if all(truth == found[0] for truth in found) else None


def _only(term: Term, variable: str) -> bool:
    """Whether a term reads this variable, and no other one."""
    return {t.data for t in subterms(term) if t.op in (Op.VARIABLE, Op.BOUND)} == {variable}


def generations_of(instance: Instance, given: Collection[str] = ()) -> Generations | None:
    """The generations of a protocol that need no bound; None if there are none, if their bound is ``given``, or if the
    model does more with them than compare them."""
    sorts = [s for s in _sorts(instance.system) if isinstance(s, Int) and s.name]
    for parameter in (p for p in instance.system.parameters if p.name not in given):
        for name in dict.fromkeys(s.name for s in sorts if _bounds(parameter, s.high)):
            small = resized(instance, parameter, SMALL)
            try:
                form = normal_form(small, name, judged_of(instance.system.properties))
            except ModelError:
                continue
            found = Generations(instance, parameter, form)
            if _is_bound_only(instance.system, found) and found.alike():
                return found
    return None


def resized(instance: Instance, parameter: Parameter, value: int) -> Instance:
    """The instance with another value of a parameter, also one that it does not allow."""
    pairs = zip(instance.system.parameters, instance.values, strict=True)
    return replace(instance, values=tuple(value if p.name == parameter.name else v for p, v in pairs))


def _is_bound_only(system: System, found: Generations) -> bool:
    """Whether the parameter bounds generations, and the model says nothing else with it."""
    for sort in _sorts(system):
        if sort not in found.sorts and any(_bounds(found.parameter, b) for b in bounds_of(sort)):
            return False
    seen = set(found.form.absolute)
    queue = [t for t in _terms(system) if t not in seen]
    for term in queue:
        if term.op is Op.PARAMETER and term.data.name == found.parameter.name:
            return False
        queue += [t for t in term.args if t not in seen]
        seen.update(term.args)
    return True


def _bounds(parameter: Parameter, bound: Size) -> bool:
    """Whether a bound of a sort depends on a parameter."""
    return any(p.name == parameter.name for p in parameters_of(bound))


def _terms(system: System) -> list[Term]:
    found = [*system.final, *(b.holds for b in system.beginnings), *(t for v in system.variables for t in v.starts)]
    for a in system.actions.values():
        found.append(a.guard)
        for o in a.outcomes:
            found += [o.condition, *(t for u in o.updates for t in (u.target, u.value))]
    for p in judged_of(system.properties):
        found += p.terms
    return found


def _sorts(system: System) -> list[Scalar]:
    """The scalar sorts of variables, parameters and bound names."""
    terms = {t for term in _terms(system) for t in subterms(term)}
    found = [v.sort for v in system.variables] + [p.sort for a in system.actions.values() for p in a.parameters]
    found += [t.sort for t in terms if t.op is Op.BOUND]
    return [s for s in dict.fromkeys(map(_leaf, found)) if is_scalar(s)]


def _numbers(pattern: Any) -> Iterator[int]:
    """The numbers in a pattern of values."""
    if isinstance(pattern, Partial):
        pattern = tuple(pattern.elements.values())
    if isinstance(pattern, tuple | frozenset):
        for part in pattern:
            yield from _numbers(part)
    else:
        yield int(pattern)


def _leaf(sort: Sort) -> Any:
    while isinstance(sort, Array | SetOf):
        sort = sort.element
    return sort


class _LiveInstance(Instance):
    """An instance in which binders range over the generations that are ``live``."""

    def __init__(self, instance: Instance, sorts: Collection[Sort]) -> None:
        super().__init__(instance.system, instance.values)
        vars(self).update(live=(), live_sorts=sorts)

    def members(self, sort: Scalar | SetOf) -> Sequence[int]:  # type: ignore[override]
        return self.live if sort in self.live_sorts else super().members(sort)  # type: ignore[attr-defined]


class LiveInterpreter(Interpreter):
    """The interpreter for states with any generations. Binders range over the live ones: the normal form allows only
    those for which the others decide nothing."""

    def __init__(self, generations: Generations) -> None:
        super().__init__(_LiveInstance(generations.instance(UNBOUNDED), generations.sorts))
        self._form = generations.form
        self._seen: tuple[State, State | None] | None = None

    def evaluate(self, term: Term, context: Context) -> Any:
        if self._seen is None or context.state is not self._seen[0] or context.after is not self._seen[1]:
            self._seen = context.state, context.after
            live = set(self._form.values(context.state))
            if context.after is not None:
                live.update(self._form.values(context.after))
            vars(self.instance)["live"] = tuple(sorted(live))
        return super().evaluate(term, context)


class NormalStates(ModelStates):
    """States in their normal form, with the numbers that their generations have in the logs."""

    def __init__(self, generations: Generations) -> None:
        most = SMALL - ROOM + generations.room
        super().__init__(generations.instance(most))
        self.generations, self._form = generations, generations.form
        self._small, self._most = self.interpreter, most
        self.interpreter = LiveInterpreter(generations)
        self._live: dict[int, tuple[int, ...]] = {}
        self._generations_in: dict[str, tuple[bool, ...]] = {}

    def starts(self) -> list[Situation]:
        """The initial situations."""
        return [self.situation(s) for s in self._small.initials()]

    def situation(self, state: State) -> Situation:
        """A state as the logs tell it."""
        small, live = self._compact(state)
        return self.number(small), live

    def state(self, situation: Situation) -> State:
        """The state of the model, as logs tell it."""
        number, absolute = situation
        return self._form.renamed(self._states[number], dict(zip(self.live(number), absolute, strict=True)))

    def live(self, number: int) -> tuple[int, ...]:
        """The live generations of a state, as numbers of the small instance; the last is the counter, also if it is
        0."""
        found = self._live.get(number)
        if found is None:
            found = self._live[number] = self._form.values(self._states[number]) or (0,)
        return found

    def holds(self, term: Term, number: int, pick: Pick | None = None) -> bool:
        """Whether a truth-valued term holds in a state; with ``pick``, for that step from it."""
        state = self._states[number]
        if pick is None:
            return self._small.holds(term, state)
        found = self._small.perform(state, self.actions[pick[0]], pick[1])
        assert found is not None, "the step is enabled"
        return self._small.holds(term, state, found[1], found[0])

    def _compact(self, state: State) -> tuple[State, tuple[int, ...]]:
        """The state with its generations as close as they may be, and those that it had, ascending."""
        live = self._form.values(state)
        most = [self._form.least, *[self._form.distance] * len(live)]
        places = [*accumulate(min(v - u, m) for (u, v), m in zip(pairwise([0, *live]), most, strict=False))]
        if places and places[-1] > self._most - self.generations.room:
            self._widen(2 * places[-1] + self.generations.room)
        return self._form.renamed(state, dict(zip(live, places, strict=True))), live or (0,)

    def _widen(self, most: int) -> None:
        self._most = most
        self._small = Interpreter(self.generations.instance(most))

    def _inside(self, result: Callable[[], X]) -> X:
        """What steps make of a state. Where one leaves the small instance, that is made larger: how much the counter
        grows may depend on the state. Raises ``RangeError`` if that does not help."""
        while True:
            try:
                return result()
            except RangeError:
                if self._most > WIDEST:
                    raise
                self._widen(2 * self._most)

    def _performed(self, number: int, pick: Pick) -> Taken | None:
        state, action = self._states[number], self.actions[pick[0]]
        found = self._inside(lambda: self._small.perform(state, action, pick[1]))
        return None if found is None else self._taken(number, pick, found[0].outcome.name, found[1])

    def _enabled(self, number: int, action: Action) -> list[Taken]:
        moves = self._inside(lambda: list(self._small.moves_of(self._states[number], action)))
        return [self._taken(number, (action.name, m.choice), m.outcome.name, after) for m, after in moves]

    def _taken(self, number: int, pick: Pick, outcome: str | None, after: State) -> Taken:
        before = self.live(number)
        small, live = self._compact(after)
        places = {v: n for n, v in enumerate(before)}
        moved = tuple(places[v] if v in places else before[-1] - v for v in live)
        same = moved == tuple(range(len(before)))
        return Taken(pick, outcome, self.number(small), None if same else moved)

    def plain(self, last: Situation) -> Interpreter:
        """The plain interpreter of an instance that is large enough for a run with this last situation."""
        return Interpreter(self.generations.instance(last[1][-1] + self.generations.room))

    # Numbers beside the state ----------------------------------------------------------------------------------------
    def named(self, event: LogEvent) -> bool:
        """Whether the steps of an event name generations."""
        return any(
            v is not None and g for p in event.patterns for v, g in zip(p.values, self.renamed(p.action), strict=True)
        )

    def meant(self, situation: Situation, pattern: StepPattern) -> StepPattern | None:
        """The pattern with the numbers that generations have in states; None if it names one that is not live."""
        number, absolute = situation
        places = {0: 0, **dict(zip(absolute, self.live(number), strict=True))}
        values: list[int | None] = []
        for v, is_generation in zip(pattern.values, self.renamed(pattern.action), strict=True):
            if v is not None and is_generation and v not in places:
                return None
            values.append(places[v] if v is not None and is_generation else v)
        return replace(pattern, values=tuple(values))

    def told(self, situation: Situation, pick: Pick) -> Pick:
        """The step with the numbers that generations have in the logs."""
        number, absolute = situation
        places = {0: 0, **dict(zip(self.live(number), absolute, strict=True))}
        name, choice = pick
        pairs = zip(choice, self.renamed(name), strict=True)
        return name, tuple(places[v] if is_generation else v for v, is_generation in pairs)

    def renamed(self, action: str) -> tuple[bool, ...]:
        found = self._generations_in.get(action)
        if found is None:
            found = self._generations_in[action] = self.generations.in_parameters(action)
        return found
