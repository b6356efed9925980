"""Expressions of a process: what an author may write in them, and what they become."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from planrace.model.language.errors import near
from planrace.model.language.operators import Op
from planrace.model.language.terms import Term, lift
from planrace.model.processes.source import ProcessText, targets_of
from planrace.model.processes.statements import local, or_, persistent, some

_FOR_AUTHORS = True  # errors name the line of the process


def names_read(source: ProcessText) -> None:
    """Raises ``DefinitionError`` for a name that gets a value and is read nowhere: it may be a slip for another."""
    read: set[str] = set()
    given: dict[str, ast.Name] = {}
    declared = [
        s.value for s in source.body if isinstance(s, ast.Assign | ast.AnnAssign) and _declares(source, s.value)
    ]
    own = {x.id for s in source.body for x in _targets(s) if getattr(s, "value", None) in declared}
    for node in (x for s in source.body for x in ast.walk(s)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            read |= named_in(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and not _chooses(source, node.value):
            given |= {x.id: x for x in _targets(node) if x.id not in given}
    for name, node in given.items():
        if name in read or name in own or name.startswith("_") or isinstance(source.names.get(name), Term):
            continue
        close = near(name, [*own, *(n for n, v in source.names.items() if isinstance(v, Term))])
        remedy = close if close.startswith("did you") else "remove it, or begin its name with _"
        source.refuse(node, f"{name} gets a value here, and nothing reads it", remedy)


def _declares(source: ProcessText, value: ast.expr | None) -> bool:
    return value is not None and (source.calls(value, local) or source.calls(value, persistent))


def _chooses(source: ProcessText, value: ast.expr | None) -> bool:
    return value is not None and source.calls(value, some)


def _targets(node: ast.stmt) -> Iterator[ast.Name]:
    """The names that an assignment gives a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for t in targets:
        if t is not None:
            yield from (x for x in targets_of(t) if isinstance(x, ast.Name))


def named_in(template: str) -> set[str]:
    """The names in the braces of a template; none if it is no template."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}
    except ValueError:
        return set()


@contextmanager
def naming(source: ProcessText, node: ast.AST) -> Iterator[None]:
    """While an expression is evaluated: a name that the process assigns elsewhere is told as such."""
    try:
        yield
    except NameError as problem:
        if problem.name not in source.assigned:
            raise
        what = f"{problem.name} has no value here: it is known to the end of the step that assigns it"
        source.refuse(node, what, f"declare it at the beginning: {problem.name} = local(Sort, initially)")


def is_or(source: ProcessText, node: ast.stmt) -> bool:
    return isinstance(node, ast.With) and len(node.items) == 1 and source.calls(node.items[0].context_expr, or_)


def saying(spoken: Any, names: dict[str, Any]) -> Any:
    """``says``, whose template may name what the process knows."""

    def saying(template: str, /, **terms: Any) -> Any:
        if isinstance(template, str):
            wanted = named_in(template)
            terms = {**{n: names[n] for n in wanted if n in names}, **terms}
        return spoken(template, **terms)

    return saying


def loaded(target: ast.expr) -> ast.expr:
    """A target of an assignment as an expression."""
    match target:
        case ast.Subscript():
            return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
        case ast.Name():
            return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def cached(node: ast.AST, made: ast.expr) -> ast.expr:
    """The expression that was made of a statement, once for each, so that it is compiled once."""
    found: ast.expr | None = getattr(node, "_made", None)
    if found is None:
        found = node._made = ast.fix_missing_locations(made)  # type: ignore[attr-defined]
    return found


def one_less(bound: object) -> Any:
    """A bound minus one; of a size plus one, the size."""
    match bound:
        case Term(op=Op.ADD, args=(Term(op=Op.PARAMETER) as size, one)) if one is lift(1):
            return size.data
        case Term(op=Op.ADD, args=(one, Term(op=Op.PARAMETER) as size)) if one is lift(1):
            return size.data
        case int():
            return bound - 1
    return lift(bound) - 1
