"""Finds lines without effect in the source text of an author's function. Python discards a comparison on a line of its
own and a name that nothing reads; the terms that remain do not show it."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias

from planrace.model.language.errors import DefinitionError, Place, author_value
from planrace.model.language.ledger import Made, Trail, left_over
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Parameter
from planrace.model.language.terms import Term

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
ACTS = ast.Call | ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr | ast.ListComp | ast.SetComp | ast.DictComp
"""Expressions that may have side effects; on a line of their own they may be intended."""
Position: TypeAlias = "tuple[int | None, int | None, int | None, int | None]"
"""First and last line, first and last column of an expression, as far as Python knows them."""
BLOCKS = ("body", "orelse", "finalbody")
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp
OF_TERMS = ("implies", "isin", "issubset")
"""Methods of terms that return another term and do nothing else."""
MAKERS = ("If", "forall", "primed")
"""Functions of the language with several signatures, one of which returns a term."""


def refuse_vain(function: Callable[..., object], what: str, remedy: str) -> None:
    """Raises ``DefinitionError`` for the first line without effect in ``function``, a part of ``what``: a term on a
    line of its own, or a name that is assigned and never read. ``remedy`` says where conditions belong."""
    node = text_of(function.__code__)
    if node is None:
        return
    names = _Names.of_function(function)
    for statement in _statements(node):
        problem = _vain(statement, names)
        if problem is None:
            problem = _unread(statement, node, names)
        if problem is not None:
            message, help_ = problem
            where = Place(function.__code__.co_filename, statement.lineno)
            raise DefinitionError(f"{what}: {message}", where=where, remedy=help_ or remedy)
    for inner in (x for x in _all_statements(node) if isinstance(x, FUNCTIONS)):
        for statement in _statements(inner):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Compare | ast.BinOp | ast.UnaryOp):
                where = Place(function.__code__.co_filename, statement.lineno)
                message = f"{_short(statement.value)} on a line of its own does nothing"
                raise DefinitionError(f"{what}: {message}", where=where, remedy=remedy)


def refuse_vain_lines(file: str, names: dict[str, Any]) -> None:
    """Raises ``DefinitionError`` for the first line of a file, outside of its functions, that names a state variable or
    something of this package and has no effect. ``names`` are what the file has defined."""
    tree = _tree(_text(file))
    known = _Names(names)
    for statement in [] if tree is None else _statements(tree):
        problem = _vain(statement, known) if _speaks_of_terms(statement, known) else None
        if problem is not None:
            message, remedy = problem
            here = "a condition belongs in an action, a property or final(…)"
            raise DefinitionError(message, where=Place(file, statement.lineno), remedy=remedy or here)


def is_kept(trail: Trail) -> bool:
    """Whether the function at the end of ``trail`` may have left out on purpose what was made at its start. Not if a
    line drops it. If the function made it itself, only if it gives it a name that it reads: Python may choose between
    several. What helpers make and do not use is their own affair."""
    if any(_is_dropped(code, instruction) for code, instruction, _ in trail):
        return False
    (inner, _, line), (code, instruction, _) = trail[0], trail[-1]
    node = text_of(code)
    if node is None or inner.co_filename != code.co_filename:
        return len(trail) > 1
    if not _is_within(node, line):
        return True
    statement = _statement_at(node, position(code, instruction))
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    read = _read(node)
    return any(n in read for n in _names_of(statement)) and not _is_overwritten(statement, node)


def is_replaced(trail: Trail) -> bool:
    """Whether what is made repeatedly at the start of ``trail`` is replaced each time before anything reads it: it gets
    a name in each turn of a loop that never reads the name and has no early exit. If a condition chooses between
    several, replacing may be intended."""
    code, instruction, _ = trail[-1]
    node = text_of(code) if len(trail) == 1 else None
    statement = None if node is None else _statement_at(node, position(code, instruction))
    name = _only_name(statement)
    if node is None or name is None:
        return False
    loop = next((x for x in ast.walk(node) if isinstance(x, ast.For | ast.While) and statement in x.body), None)
    if loop is None:
        return False
    inside = [x for part in loop.body for x in ast.walk(part)]
    return not any(isinstance(x, ast.Break | ast.Return) or _reads(x, name) for x in inside)


def _is_overwritten(statement: ast.stmt, node: ast.FunctionDef) -> bool:
    """Whether the same block reassigns the name before anything reads it."""
    name = _only_name(statement)
    blocks = [b for x in ast.walk(node) for b in (getattr(x, f, None) for f in BLOCKS) if isinstance(b, list)]
    block = next((b for b in blocks if statement in b), [])
    for after in block[block.index(statement) + 1 :] if block else []:
        if any(_reads(x, name) for x in ast.walk(after)):
            return False
        if name is not None and _only_name(after) == name:
            return True
    return False


def _only_name(statement: ast.stmt | None) -> str | None:
    """The name that a statement assigns, if that is all it does."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _reads(x: ast.AST, name: str | None) -> bool:
    return isinstance(x, ast.Name) and x.id == name and not isinstance(x.ctx, ast.Store)


def _is_within(node: ast.FunctionDef, line: int) -> bool:
    """Whether the line belongs to the function itself, and to none within it."""
    around = [s for s in _statements(node) if s.lineno <= line <= (s.end_lineno or s.lineno)]
    return bool(around) and not isinstance(around[-1], FUNCTIONS)


def _statement_at(node: ast.FunctionDef, position: Position) -> ast.stmt | None:
    """The innermost statement around a position."""
    line, last, column, end = position
    if line is None or last is None or column is None or end is None:
        return None
    around = [
        s
        for s in _statements(node)
        if (s.lineno, s.col_offset) <= (line, column) and (last, end) <= (s.end_lineno or 0, s.end_col_offset or 0)
    ]
    return around[-1] if around else None


def forgotten_in(files: set[str]) -> list[Made]:
    """What was made in ``files`` outside protocols' functions and is still unused: properties and the like, which
    contain terms, and parts of steps that their line drops. Other parts may still be used by a protection."""
    here = [m for m in left_over() if m.where is not None and m.where.file in files]
    return [m for m in here if m.terms or any(_is_dropped(code, instruction) for code, instruction, _ in m.trail)]


def _names_of(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    """All names that it assigns, unpacking included."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [x.id for t in targets for x in ast.walk(t) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)]


def position(code: CodeType, instruction: int) -> Position:
    return list(code.co_positions())[instruction // 2]


def _is_dropped(code: CodeType, instruction: int) -> bool:
    """Whether the call at that instruction is a statement of its own, so that its value is dropped."""
    return position(code, instruction) in _dropping(_text(code.co_filename))


class _Names:
    """Resolves names in the source text of a function."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known

    @staticmethod
    def of_function(function: Callable[..., object]) -> _Names:
        """The names visible to a function from outside it."""
        code = function.__code__
        cells: dict[str, Any] = {}
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                cells[name] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
        return _Names({**function.__globals__, **cells})

    def value(self, node: ast.expr) -> Any:
        """The value of a name outside the function, if the node is a name."""
        return self._known.get(node.id) if isinstance(node, ast.Name) else None

    def is_variable(self, name: str) -> bool:
        """Whether the name is a state variable outside the function: where the function is defined, or where it was
        decorated."""
        found = self._known.get(name, author_value(name))
        return isinstance(found, Term) and found.op is Op.VARIABLE


def _vain(statement: ast.stmt, names: _Names) -> tuple[str, str | None] | None:
    """What is wrong with an expression on a line of its own, and a remedy if it differs from the one for conditions."""
    if not isinstance(statement, ast.Expr):
        return None
    e = statement.value
    text = f"{_short(e)} on a line of its own does nothing"
    if not any(isinstance(x, ast.Name) for x in ast.walk(e)):
        return None
    if isinstance(e, ast.Compare | ast.BinOp | ast.UnaryOp | ast.GeneratorExp):
        return text, None
    if isinstance(e, COMPREHENSIONS) and not any(isinstance(x, ACTS) for x in ast.walk(e) if x is not e):
        return text, None
    if isinstance(e, ast.Call):
        made = _made_by(e, names)
        return (text, "give it a name: name = …" if made == "Variant" else None) if made else None
    if isinstance(e, ast.Constant) or any(isinstance(x, ACTS) for x in ast.walk(e)):
        return None
    if isinstance(names.value(e), Term):
        return text, None
    if isinstance(e, ast.Name | ast.Attribute):
        return text, f"call it: {_short(e)}(…); or remove it"
    return text, None


def _made_by(call: ast.Call, names: _Names) -> str | None:
    """ "Term" or "Variant" if the call returns one according to its annotation, and so has no other effect."""
    called = call.func
    if isinstance(called, ast.Name):
        function = names.value(called)
        name, module = getattr(function, "__name__", ""), str(getattr(function, "__module__", ""))
        if name in MAKERS and module.startswith("planrace.model.language"):
            return "Term"
    elif isinstance(called, ast.Attribute):
        owner = names.value(called.value)
        if called.attr in OF_TERMS and not isinstance(owner, str):
            return "Term"
        function = getattr(type(owner), called.attr, None) if _only_makes(owner, called.attr) else None
    else:
        return None
    made = getattr(function, "__annotations__", {}).get("return")
    return "Term" if made is Term else made if made in ("Term", "Variant") else None


def _only_makes(owner: object, method: str) -> bool:
    """Whether a method has no side effect: methods of immutable objects, and ``Protocol.variant``."""
    frozen = getattr(type(owner), "__dataclass_params__", None)
    return method == "variant" or (frozen is not None and frozen.frozen)


def _speaks_of_terms(statement: ast.stmt, names: _Names) -> bool:
    """Whether a line outside functions mentions something of a protocol; plain Python values on such a line may be
    there to be displayed."""
    here = (names.value(x) for x in ast.walk(statement) if isinstance(x, ast.Name))
    return any(
        isinstance(x, Term | Parameter) or type(x).__module__.startswith("planrace.model.language") for x in here
    )


def _unread(statement: ast.stmt, node: ast.FunctionDef, names: _Names) -> tuple[str, str] | None:
    """What is wrong with an assignment to a name that nothing reads, and the remedy."""
    if isinstance(statement, ast.Global | ast.Nonlocal):
        rebound = [n for n in statement.names if names.is_variable(n)]
        if rebound:
            return (
                f"{rebound[0]} is a state variable, and this line gives its name to another value",
                "give it a name of its own",
            )
        return None
    if isinstance(statement, ast.AugAssign) and names.is_variable(ast.unparse(statement.target)):
        after = ast.unparse(ast.BinOp(statement.target, statement.op, statement.value))
        return f"{_short(statement)} is not an update", f"write update({ast.unparse(statement.target)}, {after})"
    for name in _bound_by(statement):
        if names.is_variable(name):
            return f"this line gives the name of the state variable {name} to something else", "choose another name"
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return None
    read = _read(node)
    for target in _targets(statement):
        name, value = target.id, statement.value
        if names.is_variable(name) and value is not None and (name not in read or isinstance(value, ast.Constant)):
            message = f"{name} = {_short(value)} gives the name of a state variable to something else"
            return message, f"write update({name}, {_short(value)}), or choose another name"
        if isinstance(value, ast.Compare | ast.BinOp | ast.UnaryOp) and _is_overwritten(statement, node):
            return f"{name} = {_short(value)} assigns a name that nothing reads", "use it in the step"
        if name not in read and not name.startswith("_"):
            return f"{name} = … assigns a name that nothing reads", "use it in the step, or remove it"
    return None


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement gives to something, other than by assigning to the name alone."""
    if isinstance(statement, FUNCTIONS | ast.ClassDef):
        yield statement.name
        return
    plain = {id(t) for t in _targets(statement)} if isinstance(statement, ast.Assign | ast.AnnAssign) else set()
    for x in _own(statement):
        if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store) and id(x) not in plain:
            yield x.id
        elif isinstance(x, ast.alias):
            yield x.asname or x.name.partition(".")[0]
        elif isinstance(x, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and x.name is not None:
            yield x.name


def _own(statement: ast.AST) -> Iterator[ast.AST]:
    """What a statement consists of, without statements within it, and without what has names of its own."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.Lambda | COMPREHENSIONS | ast.GeneratorExp):
            yield child
            yield from _own(child)


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.Name]:
    """Names that a statement assigns without unpacking; of several unpacked names some may be left unread."""
    targets = (
        statement.targets if isinstance(statement, ast.Assign) else [statement.target] * (statement.value is not None)
    )
    return [t for t in targets if isinstance(t, ast.Name)]


def _read(node: ast.FunctionDef) -> set[str]:
    """Names that the function, or a nested one, reads, deletes or declares global or nonlocal."""
    found: set[str] = set()
    for x in ast.walk(node):
        if isinstance(x, ast.Name) and not isinstance(x.ctx, ast.Store):
            found.add(x.id)
        elif isinstance(x, ast.Global | ast.Nonlocal):
            found.update(x.names)
    return found


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements of a function without those of nested functions and classes, outer ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, FUNCTIONS | ast.ClassDef | ast.Lambda):
            yield from _statements(child)


def _all_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements within, also those of nested functions and classes, in the order of the text. Expressions, of
    which there are many more nodes, have none."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, ast.expr):
            yield from _all_statements(child)


def _short(e: ast.AST) -> str:
    text = ast.unparse(e)
    return text if len(text) < 60 else f"{text[:57]}…"


def text_of(code: CodeType) -> ast.FunctionDef | None:
    """The definition of the function with this code; None if its source is unknown, for example for code from a
    string."""
    return _functions(_text(code.co_filename)).get((code.co_name, code.co_firstlineno))


def _text(file: str) -> str:
    """The current text of a file; empty if the file does not exist."""
    linecache.checkcache(file)
    return "".join(linecache.getlines(file))


@lru_cache(maxsize=8)
def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=8)
def _dropping(text: str) -> frozenset[Position]:
    """Positions of calls whose value is dropped: first and last line, first and last column."""
    tree = _tree(text)
    values = [x.value for x in ast.walk(tree) if isinstance(x, ast.Expr)] if tree is not None else []
    return frozenset(_position_of(p) for v in values for p in _parts_of(v))


def _parts_of(dropped: ast.expr) -> list[ast.expr]:
    """The subexpressions whose values are dropped together with an expression."""
    if isinstance(dropped, ast.Tuple | ast.List):
        return dropped.elts
    return [dropped, dropped.elt] if isinstance(dropped, ast.ListComp | ast.SetComp) else [dropped]


def _position_of(e: ast.expr) -> Position:
    return e.lineno, e.end_lineno, e.col_offset, e.end_col_offset


def calls_on_their_own(code: CodeType) -> dict[Position, str]:
    """Calls in the source of a function whose value is dropped, with their text. Methods of the function's parameters
    are left out: a change is made by calling such methods, and the methods of terms are known."""
    node = text_of(code)
    if node is None:
        return {}
    parameters = {a.arg for a in (*node.args.posonlyargs, *node.args.args)}
    values = [p for x in ast.walk(node) if isinstance(x, ast.Expr) for p in _parts_of(x.value)]
    calls = [c for c in values if isinstance(c, ast.Call)]
    return {_position_of(c): _short(c) for c in calls if _owner(c.func) not in parameters}


def _owner(called: ast.expr) -> str | None:
    """The name on which a method is called."""
    owner = called.value if isinstance(called, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else None


@lru_cache(maxsize=8)
def _functions(text: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """All functions of a file, by their names and first lines, decorators included."""
    tree = _tree(text)
    found = [] if tree is None else [x for x in _all_statements(tree) if isinstance(x, ast.FunctionDef)]
    return {(x.name, min([x.lineno, *(d.lineno for d in x.decorator_list)])): x for x in found}
