"""The places that a step reads and writes, found by watching the plain interpreter evaluate it.

A place is a scalar or set of the state: the name of a variable and the offsets, from 0, into its arrays. Evaluation
stops early, as in a program: a conjunction at its first false part, ∃ at its first witness. Only what is evaluated
counts as read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from planrace.checker.semantics.describe import in_words
from planrace.checker.semantics.interpreter import Context, Interpreter, Move, State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Array, Instance, Term
from planrace.model.language.operators import Op

StatePlace: TypeAlias = "tuple[str, tuple[int, ...]]"


@dataclass(frozen=True)
class Touched:
    """The places that a step reads, those that its guard and conditions read (``checks``), and those that it writes,
    even if their values stay the same."""

    reads: frozenset[StatePlace]
    checks: frozenset[StatePlace]
    writes: frozenset[StatePlace]

    @property
    def all(self) -> frozenset[StatePlace]:
        return self.reads | self.writes


class _Watched:
    """An array that records which of its elements are read."""

    def __init__(self, place: StatePlace, value: tuple[Any, ...], log: set[StatePlace]) -> None:
        self._place, self._value, self._log = place, value, log

    def __getitem__(self, n: int) -> Any:
        name, path = self._place
        return _watched((name, (*path, n)), self._value[n], self._log)

    def __iter__(self) -> Iterator[Any]:
        return (self[n] for n in range(len(self._value)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, _Watched) else other)

    __hash__ = None  # type: ignore[assignment]


class _WatchedState:
    """A state that records what is read of it."""

    def __init__(self, instance: Instance, state: State, log: set[StatePlace]) -> None:
        self._names = [v.name for v in instance.system.variables]
        self._state, self._log = state, log

    def __getitem__(self, n: int) -> Any:
        return _watched((self._names[n], ()), self._state[n], self._log)


def _watched(place: StatePlace, value: Any, log: set[StatePlace]) -> Any:
    if isinstance(value, tuple):
        return _Watched(place, value, log)
    log.add(place)
    return value


def places_read(
    interpreter: Interpreter, term: Term, state: State, bound: Mapping[Term, int] | None = None
) -> frozenset[StatePlace]:
    """The places that the value of a state term depends on."""
    log: set[StatePlace] = set()
    watched: Any = _WatchedState(interpreter.instance, state, log)
    _read_all(interpreter.evaluate(term, Context(bound or {}, watched)))
    return frozenset(log)


def _read_all(value: Any) -> None:
    """Read all elements: a term whose value is a whole array depends on all of them."""
    for inner in value if isinstance(value, _Watched | tuple) else ():
        _read_all(inner)


def conjuncts(term: Term) -> Iterator[Term]:
    """The conditions that make up a conjunction; the term itself if it is none."""
    if term.op is Op.AND:
        for part in term.args:
            yield from conjuncts(part)
    else:
        yield term


def step_reads(recording: Recording, term: Term) -> frozenset[StatePlace]:
    """The places, before or after the last step of a run, that the value of a term about that step depends on."""
    log: set[StatePlace] = set()
    interpreter = recording.interpreter
    before: Any = _WatchedState(interpreter.instance, recording.states[-2], log)
    after: Any = _WatchedState(interpreter.instance, recording.states[-1], log)
    interpreter.evaluate(term, Context({}, before, after, recording.moves[-1]))
    return frozenset(log)


def touched(interpreter: Interpreter, state: State, move: Move) -> Touched:
    """The places that a step from ``state`` reads and writes."""
    bound = dict(zip(move.action.parameters, move.choice, strict=True))

    def read(term: Term) -> frozenset[StatePlace]:
        return places_read(interpreter, term, state, bound)

    tried = [o.condition for o in move.action.outcomes[: move.action.outcomes.index(move.outcome) + 1]]
    checks = frozenset().union(*map(read, (move.action.guard, *tried)))
    reads: set[StatePlace] = set(checks)
    writes: set[StatePlace] = set()
    for u in move.outcome.updates:
        reads |= read(u.value)
        for position in _positions(u.target):
            reads |= read(position)
        writes |= written(interpreter, u.target, state, bound)
    return Touched(frozenset(reads), checks, frozenset(writes))


def written(interpreter: Interpreter, target: Term, state: State, bound: Mapping[Term, int]) -> frozenset[StatePlace]:
    """The places that an update of ``target`` writes."""
    path: list[int] = []
    while target.op is Op.SELECT:
        target, position = target.args
        assert isinstance(target.sort, Array)
        low, _ = interpreter.instance.bounds(target.sort.domain)
        path.insert(0, interpreter.evaluate(position, Context(bound, state)) - low)
    place = (target.data, tuple(path))
    return frozenset(_leaves(place, value_at(interpreter, state, place)))


def writes(recording: Recording, n: int) -> dict[StatePlace, Any]:
    """The places that step ``n`` (from 0) of a run writes, with their new values."""
    places = touched(recording.interpreter, recording.states[n], recording.moves[n]).writes
    return {p: value_at(recording.interpreter, recording.states[n + 1], p) for p in places}


def value_at(interpreter: Interpreter, state: State, place: StatePlace) -> Any:
    """The value of a place."""
    name, path = place
    value = state[interpreter.place[name]]
    for n in path:
        value = value[n]
    return value


def _positions(target: Term) -> Iterable[Term]:
    while target.op is Op.SELECT:
        target, position = target.args
        yield position


def _leaves(place: StatePlace, value: Any) -> Iterator[StatePlace]:
    if not isinstance(value, tuple):
        yield place
        return
    name, path = place
    for n, inner in enumerate(value):
        yield from _leaves((name, (*path, n)), inner)


def place_text(instance: Instance, place: StatePlace) -> str:
    """A place as reports write it: ``alias[2]``."""
    name, path = place
    text, sort = name, instance.system.sort_of(name)
    for n in path:
        assert isinstance(sort, Array)
        text += f"[{in_words(sort.domain, instance.members(sort.domain)[n])}]"
        sort = sort.element
    return text
