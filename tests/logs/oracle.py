"""Whether logs conform, by trying everything: hidden steps anywhere, and every order that the clocks allow. It shares
the interpreter with the search, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from planrace.checker.semantics.describe import shown_parameter
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance
from tests.logs.logs import Records


def most_explained(
    instance: Instance, records: Records, hidden: Collection[str], starts: Collection[State] | None = None
) -> int:
    """The greatest number of records that a run of the model explains, from an initial state, or from ``starts``."""
    interpreter = Interpreter(instance)
    streams: dict[str, Records] = {}
    for r in records:
        streams.setdefault(r["stream"], []).append(r)
    lists = list(streams.values())
    layer = {((0,) * len(lists), s) for s in starts or interpreter.initials()}
    for count in range(len(records)):
        following = {
            ((*at[:n], at[n] + 1, *at[n + 1 :]), after)
            for at, state in _closed(interpreter, layer, hidden)
            for n, events in enumerate(lists)
            if at[n] < len(events) and may_be_next(lists, at, n)
            for move, after in interpreter.moves(state)
            if is_step(move, events[at[n]])
        }
        if not following:
            return count
        layer = following
    return len(records)


def _closed(interpreter: Interpreter, layer: Any, hidden: Collection[str]) -> set[tuple[Any, State]]:
    seen = set(layer)
    queue = list(layer)
    for at, state in queue:
        for move, after in interpreter.moves(state):
            if move.action.name in hidden and (at, after) not in seen:
                seen.add((at, after))
                queue.append((at, after))
    return seen


def may_be_next(lists: list[Records], at: tuple[int, ...], stream: int) -> bool:
    """No event that is still to come certainly happened before this one."""
    mine = lists[stream][at[stream]]
    begins = mine["at"] - mine.get("uncertainty", 0.0)
    rest = (r for n, events in enumerate(lists) if n != stream for r in events[at[n] :])
    return all(r["at"] + r.get("uncertainty", 0.0) >= begins for r in rest)


def is_step(move: Any, record: dict[str, Any]) -> bool:
    if move.action.name != record["action"]:
        return False
    chosen = zip(move.action.parameters, move.choice, strict=True)
    values = {str(p): shown_parameter(p.sort, v) for p, v in chosen}
    said = record["parameters"]
    right = all(values[n] == v for n, v in said.items())
    return right and record.get("outcome") in (None, move.outcome.name)
