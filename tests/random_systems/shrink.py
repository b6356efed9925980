"""Making a description smaller while something stays wrong with it, greedily."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from .description import NO, YES, Action, Asked, Change, Description, Ending, Node, Variable, number

PARTS = Action | Asked | Change | Ending | Variable


def shrunk(described: Description, wrong: Callable[[Description], bool], seconds: float = 30.0) -> Description:
    """A smaller description that is still ``wrong``; after ``seconds`` the smallest so far."""
    end = time.monotonic() + seconds
    changed = True
    while changed:
        changed = False
        for candidate in smaller(described):
            if time.monotonic() > end:
                return described
            try:
                found = wrong(candidate)
            except Exception:  # what is left makes no sense any more
                continue
            if found:
                described, changed = candidate, True
                break
    return described


def smaller(described: Description) -> Iterator[Description]:
    """Descriptions with one thing less, the greatest things first."""
    if described.protections:
        yield replace(described, protections=(), protected=False)
    if described.final is not None:
        yield replace(described, final=None)
    for n in ("properties", "actions", "variables", "beginnings"):
        told = getattr(described, n)
        for k in reversed(range(len(told))):
            if len(told) > 1 or n in ("properties", "beginnings"):
                yield _with(described, n, (*told[:k], *told[k + 1 :]))
    if described.faults and not any(a.fault for a in described.actions):
        yield replace(described, faults=(), on=())
    for n in ("protections", "actions", "properties"):
        told = getattr(described, n)
        for k, thing in enumerate(told):
            for less in _less(thing):
                yield _with(described, n, (*told[:k], less, *told[k + 1 :]))


def _with(thing: Any, field: str, value: Any) -> Any:
    return replace(thing, **{field: value})


def _less(thing: Any) -> Iterator[Any]:
    if isinstance(thing, Node):
        yield from _terms(thing)
    elif isinstance(thing, tuple):
        for k, part in enumerate(thing):
            if isinstance(part, PARTS) or (isinstance(part, tuple) and _is_write(part)):
                yield (*thing[:k], *thing[k + 1 :])
        for k, part in enumerate(thing):
            for less in _less(part):
                yield (*thing[:k], less, *thing[k + 1 :])
    elif isinstance(thing, PARTS):
        for f in fields(thing):
            value = getattr(thing, f.name)
            if f.name in ("guard", "second") and value is not None:
                yield _with(thing, f.name, None)
            if f.name in ("tags", "without") and value:
                yield _with(thing, f.name, frozenset())
            if f.name == "parameters" and value:
                yield _with(_with(thing, "parameters", value[:-1]), "by", None)
            if f.name in ("fault", "among") and value is not None:
                yield _with(thing, f.name, None)
            if isinstance(value, Node | tuple):
                for less in _less(value):
                    yield _with(thing, f.name, less)


def _is_write(part: tuple[Any, ...]) -> bool:
    return len(part) == 2 and isinstance(part[0], Node)


def _terms(t: Node) -> Iterator[Node]:
    if t.op in ("var", "bound", "const", "size", "first", "last"):
        return
    kind = t.sort.kind
    if kind == "bool" and t.op != "select":
        yield YES
        yield NO
    if kind in ("int", "number") and t.op not in ("select",):
        yield number(0)
        yield number(1)
    for a in t.args:
        if a.sort == t.sort or {a.sort.kind, kind} <= {"int", "number"}:
            yield a
    if t.op in ("and", "or") and len(t.args) > 2:
        for k in range(len(t.args)):
            yield replace(t, args=(*t.args[:k], *t.args[k + 1 :]))
    for k, a in enumerate(t.args):
        for less in _terms(a):
            yield replace(t, args=(*t.args[:k], less, *t.args[k + 1 :]))
