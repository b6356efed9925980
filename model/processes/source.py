"""The source text of a process: its statements, and its expressions, evaluated as the author wrote them.

``and``, ``or``, ``not``, chained comparisons, ``in``, ``is None`` and ``x if c else y`` mean in a process what they
mean in Python. Python could not build terms from them, so they are calls when an expression is evaluated.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any, NoReturn, cast

from planrace.model.language.constructors import If, both, either
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.sorts import SetOf
from planrace.model.language.terms import Term, contains, equal

_FOR_AUTHORS = True  # errors name the line of the process

UNSUPPORTED = {
    ast.Try: "a process catches nothing: write the other way as a branch, if …: … else: …",
    ast.With: "with stands for choices alone: with either(): … with or_(): …",
    ast.AsyncFor: "a process is a plain generator",
    ast.AsyncWith: "a process is a plain generator",
    ast.FunctionDef: "define functions outside of the process",
    ast.AsyncFunctionDef: "define functions outside of the process",
    ast.ClassDef: "define classes outside of the process",
    ast.Import: "import at the top of the file",
    ast.ImportFrom: "import at the top of the file",
    ast.Raise: "a process raises nothing: write the other way as a branch",
    ast.Assert: "declare an invariant; a point is named by at(…), and the process is there while process.at(i, name)",
    ast.Delete: "assign the initial value",
    ast.Match: "write if …: … elif …: …",
    ast.Nonlocal: "assign a variable of the protocol with update(variable, value)",
    ast.Global: "assign a variable of the protocol with update(variable, value)",
}
"""Statements that mean nothing in a process, each with what to do."""
IN_EXPRESSIONS = {
    ast.Yield: "yield stands on a line of its own: it ends the step",
    ast.YieldFrom: "yield from stands on a line of its own",
    ast.Await: "a process is a plain generator",
    ast.NamedExpr: "give the value its name on a line of its own",
    ast.JoinedStr: 'write says("… {x} …") without f: the names in it are those of the process',
}

UNRUN = (print, input, open, breakpoint, exec, eval)
"""Functions of Python that do something, which a process never does."""


@dataclass(frozen=True)
class ProcessText:
    """A process as its author wrote it. ``names`` are those that its text refers to from outside."""

    name: str
    file: str
    parameters: tuple[str, ...]
    body: list[ast.stmt]
    names: dict[str, Any]
    where: Place

    @cached_property
    def assigned(self) -> frozenset[str]:
        """The names that the process assigns somewhere."""
        names = (x for s in self.body for x in ast.walk(s) if isinstance(x, ast.Name))
        return frozenset(x.id for x in names if isinstance(x.ctx, ast.Store))

    def place(self, node: ast.AST) -> Place:
        """The line of a statement or an expression."""
        return Place(self.file, getattr(node, "lineno", self.where.line))

    def refuse(self, node: ast.AST, what: str, remedy: str | None = None) -> NoReturn:
        """Raises the error of a statement."""
        raise DefinitionError(f"process {self.name}: {what}", where=self.place(node), remedy=remedy)

    def value(self, node: ast.expr, names: dict[str, Any]) -> Any:
        """What an expression of the process is, where ``names`` are known, too."""
        scope = {**self.names, **_OPERATIONS, **names}
        code = self._code(node)
        return eval(code, scope)  # (the author's own code, which Python would have run)

    def _code(self, node: ast.expr) -> CodeType:
        found: CodeType | None = getattr(node, "_code", None)
        if found is None:
            self._check(node)
            body = cast(ast.expr, _Meaning().visit(_copied(node)))
            found = compile(ast.fix_missing_locations(ast.Expression(body)), self.file, "eval")
            node._code = found  # type: ignore[attr-defined]
        return found

    def _check(self, node: ast.expr) -> None:
        for x in ast.walk(node):
            remedy = IN_EXPRESSIONS.get(type(x))
            if remedy is not None:
                self.refuse(x, f"{short(x)} cannot stand in an expression", remedy)
            called = self.outside(x.func) if isinstance(x, ast.Call) else None
            if any(called is f for f in UNRUN):
                remedy = 'write says("…") for what reports tell' if called is print else "remove it"
                self.refuse(x, f"{short(x)} would do something, but a process is read and never run", remedy)

    def outside(self, node: ast.expr) -> Any:
        """The value of a name from outside of the process; None if it has none."""
        if isinstance(node, ast.Attribute):
            return getattr(self.outside(node.value), node.attr, None)
        return self.names.get(node.id, getattr(builtins, node.id, None)) if isinstance(node, ast.Name) else None

    def calls(self, node: ast.AST, function: Callable[..., Any]) -> bool:
        """Whether an expression is a call of ``function``."""
        return isinstance(node, ast.Call) and self.outside(node.func) is function


def source_of(function: Callable[..., Any]) -> ProcessText:
    """The source of a process. Raises ``DefinitionError`` if it cannot be read, or is none."""
    name = getattr(function, "__name__", "?")
    if not inspect.isfunction(function):
        raise DefinitionError(f"a process is a function, not {function!r}", remedy="write def name(i): … with yield")
    where = Place(function.__code__.co_filename, function.__code__.co_firstlineno)
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        raise DefinitionError(
            f"process {name}: its source text cannot be read", where=where, remedy="write it in a file, as a def"
        ) from None
    ast.increment_lineno(tree, first - 1)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise DefinitionError(f"process {name} is no plain def", where=where, remedy="write def name(i): … with yield")
    found = ProcessText(name, where.file, _parameters(definition, where), definition.body, _names_of(function), where)
    if not any(isinstance(x, ast.Yield | ast.YieldFrom) for s in definition.body for x in ast.walk(s)):
        found.refuse(definition, "no yield stands in it, so it has no step", "end each step with yield")
    return found


def _parameters(definition: ast.FunctionDef, where: Place) -> tuple[str, ...]:
    a = definition.args
    if a.vararg or a.kwarg or a.kwonlyargs or a.defaults:
        raise DefinitionError(
            f"process {definition.name}: its parameters are names alone",
            where=where,
            remedy="give their sorts in @process(protocol, sorts…)",
        )
    return tuple(x.arg for x in (*a.posonlyargs, *a.args))


def _names_of(function: Any) -> dict[str, Any]:
    cells = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return {**function.__globals__, **cells}


def short(node: ast.AST) -> str:
    """The text of a statement or expression, for errors."""
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) < 60 else f"{text[:57]}…"


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is only a text, which documents the process."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def targets_of(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of a target of an assignment."""
    if isinstance(node, ast.Tuple | ast.List):
        for x in node.elts:
            yield from targets_of(x)
    else:
        yield node


def _copied(node: ast.expr) -> ast.expr:
    """A copy: the text itself stays as it is."""
    new = type(node)(**{name: _copied_field(value) for name, value in ast.iter_fields(node)})
    return ast.copy_location(new, node)


def _copied_field(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied_field(x) for x in value]
    return _copied(value) if isinstance(value, ast.AST) else value  # type: ignore[arg-type]


# Python's own operators, for terms ---------------------------------------------------------------------------------
class _Meaning(ast.NodeTransformer):
    """Puts calls in place of operators that Python evaluates by truth values."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        return _call("and" if isinstance(node.op, ast.And) else "or", node, *node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call("not", node, node.operand) if isinstance(node.op, ast.Not) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return _call("if", node, node.test, node.body, node.orelse)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        parts = [self._compared(op, a, b, node) for op, a, b in zip(node.ops, sides, sides[1:], strict=False)]
        return parts[0] if len(parts) == 1 else _call("and", node, *parts)

    @staticmethod
    def _compared(op: ast.cmpop, a: ast.expr, b: ast.expr, node: ast.Compare) -> ast.expr:
        called = {ast.In: "in", ast.NotIn: "in", ast.Is: "is", ast.IsNot: "is"}.get(type(op))
        if called is None:
            return ast.copy_location(ast.Compare(a, [op], [b]), node)
        found = _call(called, node, a, b)
        return _call("not", node, found) if isinstance(op, ast.NotIn | ast.IsNot) else found


def _call(operation: str, node: ast.expr, *args: ast.expr) -> ast.expr:
    name = ast.Name(f"process {operation}", ast.Load())  # no name of an author has a blank
    return ast.copy_location(ast.Call(name, list(args), []), node)


def _all(*values: Any) -> Any:
    return _joined(both, False, values)


def _any(*values: Any) -> Any:
    return _joined(either, True, values)


def _joined(join: Callable[..., Term], decides: bool, values: tuple[Any, ...]) -> Any:
    terms = [v for v in values if isinstance(v, Term)]
    if any(bool(v) is decides for v in values if not isinstance(v, Term)):
        return decides
    return join(*terms) if terms else not decides


def _not(value: Any) -> Any:
    return ~value if isinstance(value, Term) else not value


def _choice(condition: Any, then: Any, otherwise: Any) -> Any:
    return If(condition, then, otherwise) if isinstance(condition, Term) else then if condition else otherwise


def _in(item: Any, collection: Any) -> Any:
    if isinstance(collection, Term) and isinstance(collection.sort, SetOf):
        return contains(collection, item)
    if isinstance(collection, set | frozenset | tuple | list) and any(isinstance(x, Term) for x in (item, *collection)):
        return _any(*(equal(item, x) for x in collection))
    return item in collection


def _is(left: Any, right: Any) -> Any:
    terms = isinstance(left, Term) or isinstance(right, Term)
    return equal(left, right) if terms and (left is None or right is None) else left is right


_OPERATIONS = {
    "process and": _all,
    "process or": _any,
    "process not": _not,
    "process if": _choice,
    "process in": _in,
    "process is": _is,
}
