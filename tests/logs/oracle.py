"""Whether logs conform, by trying everything: hidden steps anywhere, and every order that the clocks allow. It shares
the interpreter with the search, and nothing else: it reads records, not events."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, lru_cache
from itertools import count
from typing import Any, TypeAlias

from planrace.checker.semantics.describe import Describer, shown_parameter
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance
from tests.logs.logs import Records

Positions: TypeAlias = "tuple[int, ...]"
MovesOf: TypeAlias = Callable[[State], list[tuple[Any, State]]]
Explained: TypeAlias = "dict[tuple[Positions, State], int]"
"""How many records of each stream are explained, in which state that ends, and the fewest faults on the way."""


def most_explained(
    instance: Instance, records: Records, hidden: Collection[str], starts: Collection[State] | None = None
) -> int:
    """The greatest number of records that a run of the model explains, from an initial state, or from ``starts``, of
    those that are not optional."""
    return sum(1 for _ in explanations(instance, records, hidden, starts)) - 1


def explanations(
    instance: Instance, records: Records, hidden: Collection[str], starts: Collection[State] | None = None
) -> Iterator[Explained]:
    """What explains no record, one record, two, and so on, of those that are not optional; with all hidden steps and
    optional records that may follow. That an optional one did not happen may be decided at any time before something
    comes that it precedes for certain."""
    interpreter = Interpreter(instance)
    moves_of, describer = all_moves(interpreter), Describer(interpreter)
    lists = streams(records)
    layer = dict.fromkeys((((0,) * len(lists), s) for s in starts or interpreter.initials()), 0)
    while layer:
        layer = with_unseen(interpreter, lists, layer, hidden)
        yield certain_part(lists, layer)
        following: Explained = {}
        for (at, state), faults in layer.items():
            moves = moves_of(state)
            for n, events in enumerate(lists):
                if at[n] == len(events) or events[at[n]].get("optional") or not may_be_next(lists, at, n):
                    continue
                record, there = events[at[n]], (*at[:n], at[n] + 1, *at[n + 1 :])
                for after in (a for move, a in moves if is_step(move, record) and sees(describer, record, state, a)):
                    following[there, after] = min(faults, following.get((there, after), faults))
        layer = following


def certain_part(lists: list[Records], layer: Explained) -> Explained:
    """The layer without what became of the optional records: of each stream the number of the others."""
    found: Explained = {}
    for (at, state), faults in layer.items():
        node = tuple(sum(not r.get("optional") for r in s[:n]) for s, n in zip(lists, at, strict=True)), state
        found[node] = min(faults, found.get(node, faults))
    return found


@lru_cache(maxsize=4)
def all_moves(interpreter: Interpreter) -> MovesOf:
    """The enabled steps of each state, remembered."""
    return cache(lambda state: list(interpreter.moves(state)))


def with_unseen(interpreter: Interpreter, lists: list[Records], layer: Explained, hidden: Collection[str]) -> Explained:
    """The layer with all hidden steps and optional records that may follow, and the fewest faults."""
    moves_of, describer = all_moves(interpreter), Describer(interpreter)
    found, number = dict(layer), count()
    queue = [(faults, next(number), node) for node, faults in layer.items()]
    heapq.heapify(queue)
    while queue:
        faults, _, (at, state) = heapq.heappop(queue)
        if faults > found[at, state]:
            continue
        for move, after in moves_of(state):
            cost = faults + (move.action.fault is not None)
            if move.action.name in hidden and cost < found.get((at, after), math.inf):
                found[at, after] = cost
                heapq.heappush(queue, (cost, next(number), (at, after)))
        for n, events in enumerate(lists):
            if at[n] == len(events) or not events[at[n]].get("optional") or not may_be_next(lists, at, n):
                continue
            record, there = events[at[n]], (*at[:n], at[n] + 1, *at[n + 1 :])
            taken = [a for move, a in moves_of(state) if is_step(move, record) and sees(describer, record, state, a)]
            for after in (state, *taken):
                if faults < found.get((there, after), math.inf):
                    found[there, after] = faults
                    heapq.heappush(queue, (faults, next(number), (there, after)))
    return found


def streams(records: Records) -> list[Records]:
    """The records of each stream, in their order."""
    found: dict[str, Records] = {}
    for r in records:
        found.setdefault(r["stream"], []).append(r)
    return list(found.values())


def times(record: dict[str, Any]) -> tuple[float, float]:
    """When the step of a record happened, at the earliest and at the latest."""
    at, wrong = record.get("at", (-math.inf, math.inf)), record.get("uncertainty", 0.0)
    first, last = at if isinstance(at, list | tuple) else (at, at)
    return first - wrong, last + wrong


def may_be_next(lists: list[Records], at: Positions, stream: int) -> bool:
    """No event of another stream that is still to come certainly happened before this one, by the clocks or by the
    numbers of what is counted. No clock goes back by more than its uncertainty."""
    begins, serials = times(lists[stream][at[stream]])[0], lists[stream][at[stream]].get("serials", {})
    rest = [r for n, events in enumerate(lists) if n != stream for r in events[at[n] :]]
    if any(r.get("serials", {}).get(key, number) < number for r in rest for key, number in serials.items()):
        return False
    return all(times(r)[1] >= begins for r in rest)


def is_step(move: Any, record: dict[str, Any]) -> bool:
    """Whether the step is one that the record names."""
    return any(_is(move, said) for said in record.get("any", [record]))


def _is(move: Any, said: dict[str, Any]) -> bool:
    if move.action.name != said["action"]:
        return False
    chosen = zip(move.action.parameters, move.choice, strict=True)
    values = {str(p): shown_parameter(p.sort, v) for p, v in chosen}
    right = all(values[n] == v for n, v in said.get("parameters", {}).items())
    return right and said.get("outcome") in (None, move.outcome.name)


def sees(describer: Describer, record: dict[str, Any], before: State, after: State) -> bool:
    """Whether the states around the step are as the record says."""
    return all(
        _agree(describer.state(state)[name], value)
        for key, state in (("before", before), ("after", after))
        for name, value in record.get(key, {}).items()
    )


def _agree(value: Any, said: Any) -> bool:
    if isinstance(said, Mapping):
        elements = {str(k): x for k, x in (value.items() if isinstance(value, Mapping) else enumerate(value, 1))}
        return all(_agree(elements[k], x) for k, x in said.items())
    return bool(value == said)
