"""Which hidden steps an event may need: those that it depends on, directly or through each other.

Two steps are independent if neither writes what the other reads or writes: then they commute in every state, and
neither enables or disables the other (the static independence of partial-order methods: P. Godefroid: Partial-Order
Methods for the Verification of Concurrent Systems, 1996, section 3.4). A hidden step on which neither the event depends
nor any other hidden step that it may need can be postponed until after the event wherever it stands. So the search for
what is hidden before an event leaves it out, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeVar

from planrace.checker.logs.events import LogEvent, StepPattern
from planrace.checker.logs.states import ModelStates
from planrace.model.language import Action, Op, Term
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Property

X = TypeVar("X")
Place = tuple[str, "int | None"]
"""A variable, or the elements of it with this number at the outermost position; None: any."""
SEEN: Place = "", None
"""What steps write if a property may see them: no variable has this name."""
MOST = 10_000
"""Hidden steps, by their parameters, above which all are taken to depend on each other."""


@dataclass(frozen=True)
class Footprint:
    """What a step reads and writes."""

    reads: frozenset[Place]
    writes: frozenset[Place]

    def meets(self, other: Footprint) -> bool:
        """Whether one writes what the other reads or writes."""
        return (
            _overlap(self.writes, other.writes)
            or _overlap(self.writes, other.reads)
            or _overlap(self.reads, other.writes)
        )


def _overlap(one: frozenset[Place], other: frozenset[Place]) -> bool:
    return any(v == w and (x is None or y is None or x == y) for v, x in one for w, y in other)


class HiddenNeeds:
    """The hidden steps that events may need, for ``hidden`` actions. Parameters that are generations without a bound
    are open: which ones there are is known in a state only. ``properties`` may see in which order steps are that write
    what they read, so these depend on each other, too (D. Peled: All from one, one for all: on model checking using
    representatives, CAV 1993: visible steps)."""

    def __init__(self, states: ModelStates, hidden: Iterable[Action], properties: Iterable[Property] = ()) -> None:
        self._system = states.instance.system
        terms = {t for p in properties for term in p.terms for t in subterms(term)}
        self._seen = {t.data if t.op is Op.VARIABLE else t.data[0] for t in terms if t.op in (Op.VARIABLE, Op.TAKEN)}
        actions = list(hidden)
        members = {a.name: _members(states, a) for a in actions}
        self._steps: dict[StepPattern, Footprint] | None = None
        if sum(prod(map(len, of)) for of in members.values()) <= MOST:
            every = (StepPattern(a.name, values) for a in actions for values in product(*members[a.name]))
            self._steps = {step: self._of_pattern(step) for step in every}
        self._footprints: dict[tuple[tuple[StepPattern, ...], frozenset[int]], Footprint] = {}
        self._found: dict[Footprint, tuple[StepPattern, ...]] = {}
        self._among: dict[object, frozenset[StepPattern | Footprint]] = {}

    @property
    def known(self) -> bool:
        """Whether there are few enough hidden steps to say which ones depend on each other."""
        return self._steps is not None

    def of(self, event: LogEvent) -> tuple[StepPattern, ...]:
        """The hidden steps that an event may need, in the order of the protocol; only if they are ``known``."""
        assert self._steps is not None
        mine = self._of_said(event)
        found = self._found.get(mine)
        if found is None:
            found = self._found[mine] = tuple(self._closed([mine], self._steps))
        return found

    def among(
        self, events: Sequence[LogEvent], others: Sequence[LogEvent]
    ) -> tuple[tuple[StepPattern, ...], list[LogEvent]]:
        """The hidden steps that events may need, and the events among ``others``: directly, or through each other; of
        the ``others`` also those that are among the events. Only if the steps are ``known``."""
        assert self._steps is not None
        mine = frozenset(map(self._of_said, events))
        others_of = [self._of_said(e) for e in others]
        key = mine, frozenset(others_of)
        needed = self._among.get(key)
        if needed is None:
            every: dict[StepPattern | Footprint, Footprint] = dict(self._steps.items())
            every.update((f, f) for f in others_of)
            needed = self._among[key] = mine.union(self._closed(mine, every))
        hidden = tuple(step for step in self._steps if step in needed)
        return hidden, [e for e, footprint in zip(others, others_of, strict=True) if footprint in needed]

    def _closed(self, mine: Iterable[Footprint], steps: Mapping[X, Footprint]) -> list[X]:
        needed: set[X] = set()
        queue = [*mine]
        for footprint in queue:
            for step, other in steps.items():
                if step not in needed and footprint.meets(other):
                    needed.add(step)
                    queue.append(other)
        return [step for step in steps if step in needed]

    def _of_said(self, event: LogEvent) -> Footprint:
        said = event.patterns, frozenset(place for place, _ in (*event.before, *event.after))
        found = self._footprints.get(said)
        if found is None:
            found = self._footprints[said] = self._of_event(event)
        return found

    def _of_event(self, event: LogEvent) -> Footprint:
        names = [v.name for v in self._system.variables]
        seen = {(names[place], None) for place, _ in (*event.before, *event.after)}
        parts = [self._of_pattern(p) for p in event.patterns]
        reads = frozenset[Place](seen).union(*(p.reads for p in parts))
        return Footprint(reads, frozenset[Place]().union(*(p.writes for p in parts)))

    def _of_pattern(self, pattern: StepPattern) -> Footprint:
        return self._of_step(self._system.actions[pattern.action], pattern.values)

    def _of_step(self, action: Action, values: Sequence[int | None]) -> Footprint:
        """The footprint of an action with parameters, of which None may have any value."""
        bound = dict(zip(action.parameters, values, strict=True))
        reads: set[Place] = set(_read(action.guard, bound))
        writes: set[Place] = set()
        for outcome in action.outcomes:
            reads.update(_read(outcome.condition, bound))
            for update in outcome.updates:
                reads.update(_read(update.value, bound))
                place, positions = _written(update.target, bound)
                writes.add(place)
                for term in positions:
                    reads.update(_read(term, bound))
        if action.name in self._seen or any(name in self._seen for name, _ in writes):
            writes.add(SEEN)
        return Footprint(frozenset(reads), frozenset(writes))


def _members(states: ModelStates, action: Action) -> list[Sequence[int | None]]:
    """The values that each parameter may have; None: any."""
    members = states.instance.members
    pairs = zip(action.parameters, states.renamed(action.name), strict=True)
    return [(None,) if is_open else members(p.sort) for p, is_open in pairs]  # type: ignore[arg-type]


def _written(target: Term, bound: Mapping[Term, int | None]) -> tuple[Place, list[Term]]:
    """The place that an update writes, and the terms of its positions."""
    positions: list[Term] = []
    while target.op is Op.SELECT:
        target, position = target.args
        positions.append(position)
    return (target.data, _known(positions[-1], bound) if positions else None), positions


def _read(term: Term, bound: Mapping[Term, int | None]) -> Iterable[Place]:
    """The places that a term reads, whatever the state is. Each place is found where its variable is read: an element
    of known position, or all of it."""
    stack, seen = [term], set[Term]()
    while stack:
        t = stack.pop()
        if t in seen:
            continue
        seen.add(t)
        if t.op is Op.VARIABLE:
            yield t.data, None
        elif t.op is Op.SELECT and t.args[0].op is Op.VARIABLE:
            yield t.args[0].data, _known(t.args[1], bound)
            stack.append(t.args[1])
        else:
            stack.extend(t.args)


def _known(position: Term, bound: Mapping[Term, int | None]) -> int | None:
    """The number of a position, if it is a constant or a parameter whose value is known."""
    if position.op is Op.CONST and isinstance(position.data, int):
        return int(position.data)
    return bound.get(position) if position.op is Op.BOUND else None
