"""What protections make of a description, by their definition: the oracle's own account of changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from .description import (
    BOOL,
    NUMBER,
    Action,
    Change,
    Description,
    Ending,
    Node,
    Sort,
    Variable,
    Write,
    conjunction,
    number,
    variable,
)
from .inserted import Insertion, endings, root


def _counter(fault: str) -> str:
    """What counts the steps of a fault is called after it; a name begins with a letter."""
    return ("" if fault[0].isalpha() else "fault_") + re.sub(r"\W", "_", fault) + "_count"


def system(described: Description) -> tuple[Description, list[Action]]:
    """The description with its protections applied if they are on, and the actions that there are in the run."""
    actions = [a for a in described.actions if a.fault is None or a.fault in described.on]
    bounds = [(f, bound) for f, bound in described.bounds if f in described.on]
    counters = {f: Variable(_counter(f), Sort("int", "", 0, bound), 0) for f, bound in bounds}
    variables = [*described.variables, *counters.values()]
    insertions: list[Insertion] = []
    if described.protected:
        for change in (c for _, changes in described.protections for c in changes):
            if change.declared is not None:
                variables.append(change.declared)
            elif change.what in ("before", "after"):
                inserted = Insertion(change, next(a for a in actions if a.name == change.action))
                insertions.append(inserted)
                variables.append(inserted.pending)
                actions.append(inserted.step)
            elif change.added is not None:
                actions.append(change.added)
            else:
                actions = [b for a in actions for b in ([a] if a.name != change.action else _changed(a, change))]
    for x in insertions:
        actions = [x.woven(a, actions) for a in actions]
    actions = [_counted(a, counters[a.fault]) if a.fault in counters else a for a in actions]
    return replace(described, variables=tuple(variables)), actions


def _counted(action: Action, counter: Variable) -> Action:
    """The action of a fault that may happen only so often."""
    now, most = variable(counter.name, counter.sort), counter.sort.high
    limit = number(most) if isinstance(most, int) else Node("size", NUMBER, data=most)
    more = (now, Node("add", NUMBER, (now, number(1))))
    found = tuple(replace(e, writes=(*e.writes, more)) for e in endings(action))
    guard = conjunction(*([] if action.guard is None else [action.guard]), Node("lt", BOOL, (now, limit)))
    return replace(action, guard=guard, writes=(), endings=found)


def _changed(action: Action, change: Change) -> list[Action]:
    told = replace(action, writes=(), endings=tuple(endings(action)))
    term = change.term
    match change.what:
        case "remove":
            return []
        case "require":
            assert term is not None
            return [replace(told, guard=conjunction(*([] if told.guard is None else [told.guard]), term))]
        case "guard":
            return [replace(told, guard=term)]
        case "outcome":
            assert change.ending is not None
            at = next((n for n, e in enumerate(told.endings) if e.name == change.before), 0) if change.before else 0
            return [replace(told, endings=(*told.endings[:at], change.ending, *told.endings[at:]))]
        case "condition":
            found = [replace(e, condition=term) if e.name == change.before else e for e in told.endings]
            return [replace(told, endings=tuple(found))]
        case "drop_outcome":
            if change.waits:
                found = [replace(e, waits=e.waits or e.name == change.before) for e in told.endings]
            else:
                found = [e for e in told.endings if e.name != change.before]
            return [replace(told, endings=tuple(found))]
        case "also":
            return [replace(told, endings=tuple(_also(e, change) for e in told.endings))]
        case "updates":
            return [replace(told, endings=tuple(replace(e, writes=change.writes) for e in told.endings))]
        case "forget":
            return [_writes(told, lambda w: None if root(w[0]) == change.variable else w)]
        case _:
            assert change.what == "value"
            assert term is not None
            value = term
            return [_writes(told, lambda w: (w[0], _put(value, w[1])) if root(w[0]) == change.variable else w)]


def _also(ending: Ending, change: Change) -> Ending:
    """The ending, which assigns more if the change is about it."""
    if change.before not in (None, ending.name):
        return ending
    return replace(ending, writes=(*ending.writes, *change.writes))


def _writes(action: Action, by: Callable[[Write], Write | None]) -> Action:
    found = [replace(e, writes=tuple(w for w in map(by, e.writes) if w is not None)) for e in action.endings]
    return replace(action, endings=tuple(found))


def _put(term: Node, assigned: Node) -> Node:
    """``term`` with what would have been assigned in its place."""
    if term.op == "assigned":
        return assigned
    return replace(term, args=tuple(_put(a, assigned) for a in term.args))
