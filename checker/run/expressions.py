"""Reads expressions of a small language, that of Python's conditions, as terms. Nothing is executed.

An expression is about a step: ``alias[e]`` is a value before it, ``after(alias[e])`` the value after it, and
``flip_alias(i)[accepted]`` says that the step is that action with that outcome. ``docs/postmortem.md`` has the table.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planrace.checker.results.wording import counted
from planrace.checker.run.vocabulary import Vocabulary, is_value
from planrace.model.language import (
    Enum,
    If,
    ModelError,
    Place,
    SetOf,
    Term,
    both,
    count,
    either,
    exists,
    first,
    following,
    forall,
    last,
    preceding,
    primed,
    size_of,
    such_that,
    taken,
)
from planrace.model.language.errors import near
from planrace.model.language.terms import FALSE, TRUE, Value, constant, lift, truth

_FOR_AUTHORS = True  # terms are built on behalf of the author of the file
LONGEST = 10_000
"""The most characters of an expression."""
ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "after": primed,
    "size": size_of,
    "following": following,
    "preceding": preceding,
}
"""Functions of a value."""
OF_SORTS: Mapping[str, Callable[[Any], Term]] = {"first": first, "last": last}
"""Functions of the name of a sort."""
QUANTIFIERS = ("any", "all", "count")
FORM = "any(… for x in sort), all(… for x in sort) or count(… for x in sort)"
CONSTANTS: Mapping[str, Any] = {"true": TRUE, "false": FALSE, "none": None}


@dataclass(frozen=True)
class Expressions:
    """Reads expressions about the steps of a system. ``names`` are further names: roles, abbreviations, and variables
    of quantifiers."""

    vocabulary: Vocabulary
    names: Mapping[str, Any]

    def knowing(self, names: Mapping[str, Any]) -> Expressions:
        """The same with further names, which hide others."""
        return replace(self, names={**self.names, **names})

    def condition(self, text: str, what: str, where: Place) -> Term:
        """The truth value that ``text`` says. Raises ``ModelError`` that names ``what`` and ``where``."""
        found: Term = self._read(text, what, where, lambda found: truth(found, "the expression"))
        return found

    def value(self, text: str, what: str, where: Place) -> Any:
        """What ``text`` says, of any sort. Raises ``ModelError`` that names ``what`` and ``where``."""
        return self._read(text, what, where, _as_value)

    def _read(self, text: str, what: str, where: Place, finish: Callable[[Any], Any]) -> Any:
        try:
            if len(text) > LONGEST:
                raise ModelError(f"the expression has {len(text):,} characters", remedy=f"at most {LONGEST:,} are read")
            return finish(self.of(_parsed(text)))
        except RecursionError:
            raise ModelError(f"{what}: the expression is nested too deeply", where=where, remedy="split it") from None
        except (TypeError, ArithmeticError) as problem:  # of Python's numbers and sets
            raise ModelError(f"{what}: {problem}", where=where, remedy="write another value") from None
        except ModelError as problem:
            remedy = problem.remedy or "docs/postmortem.md says what an expression may be"
            raise ModelError(f"{what}: {problem.what}", where=where, remedy=remedy) from None

    # One node -------------------------------------------------------------------------------------------------
    def of(self, node: ast.expr, like: object = None) -> Any:
        """The value of a node. ``like`` is the sort of what it is compared with, for members of enumerations."""
        match node:
            case ast.Constant(value=bool()):
                return TRUE if node.value else FALSE
            case ast.Constant(value=int() | None):
                return node.value
            case ast.Name():
                return self._named(node, like)
            case ast.BoolOp():
                join = both if isinstance(node.op, ast.And) else either
                return join(*(truth(self.of(v), "and, or") for v in node.values))
            case ast.UnaryOp(op=ast.Not()):
                return ~truth(self.of(node.operand), "not")
            case ast.UnaryOp(op=ast.USub()):
                return 0 - self._number(node.operand)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                left = self.of(node.left, like)
                return ARITHMETIC[type(node.op)](left, self.of(node.right, like))
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return If(truth(self.of(node.test), "if"), self.of(node.body, like), self.of(node.orelse, like))
            case ast.Call():
                return self._called(node)
            case ast.Subscript():
                return self._part(node)
            case ast.Attribute():
                return self._field(node)
            case ast.Set():
                return {self.of(x, like) for x in node.elts}
            case ast.Dict(keys=[]):
                return set()
            case ast.SetComp():
                return self._chosen(node)
        raise _wrong(node, "is no part of this language", "docs/postmortem.md lists what may stand in an expression")

    def _number(self, node: ast.expr) -> Any:
        found = self.of(node)
        return found if isinstance(found, int) else lift(found)

    def _named(self, node: ast.Name, like: object) -> Any:
        name = node.id
        if name in self.names:
            return self.names[name]
        if isinstance(like, Enum) and name in like.members:
            return constant(like.members.index(name), like)
        if name in self.vocabulary.values:
            return self.vocabulary.values[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        enums = self.vocabulary.members(name)
        if len(enums) == 1:
            return constant(enums[0].members.index(name), enums[0])
        if enums:
            raise ModelError(
                f"{name} is a member of {' and of '.join(e.name for e in enums)}",
                remedy=f"compare it with a variable of that sort, or write {enums[0].name}.{name}",
            )
        if name in self.vocabulary.actions:
            raise ModelError(f"{name} is an action", remedy=f"write {name}() for a step of it, whoever takes it")
        raise ModelError(f"nothing is called {name!r}", remedy=near(name, self.vocabulary.everything(self.names)))

    def _compared(self, node: ast.Compare) -> Term:
        """A chain of comparisons: each neighbour with the next. Members of enumerations are those of the neighbour's
        sort, so the neighbour is read first, and each node once."""
        nodes = [node.left, *node.comparators]
        values = {n: self.of(x) for n, x in enumerate(nodes) if not self._depends(x)}
        for n in (n for n in range(len(nodes)) if n not in values):
            values[n] = self.of(nodes[n], _element(values.get(n - 1, values.get(n + 1))))
        found = []
        for n, op in enumerate(node.ops):
            left, right = _as_value(values[n]), values[n + 1]
            if isinstance(op, ast.In | ast.NotIn):
                inside = (left if is_value(left) else lift(left)).isin(right)
                found.append(~inside if isinstance(op, ast.NotIn) else inside)
            elif type(op) in COMPARISONS:
                found.append(COMPARISONS[type(op)](left, right))
            else:
                raise _wrong(node, "compares with is", "write == or !=")
        return both(*(truth(t, "comparison") for t in found))

    def _depends(self, node: ast.expr) -> bool:
        """Whether the meaning of a node may depend on what it is compared with."""
        if isinstance(node, ast.Name):
            return node.id not in self.names and node.id not in self.vocabulary.values
        return isinstance(node, ast.Set | ast.IfExp)

    # Parts of values ------------------------------------------------------------------------------------------
    def _part(self, node: ast.Subscript) -> Any:
        """``array[position]``, or ``action(…)[outcome]``."""
        if isinstance(node.value, ast.Call) and self._action(node.value) is not None:
            return self._taken(node.value, node.slice)
        if isinstance(node.value, ast.Name) and node.value.id in self.vocabulary.actions:
            name = node.value.id
            if name not in self.names and name not in self.vocabulary.values:
                return self._taken(ast.Call(node.value, [], []), node.slice)
        found = self.of(node.value)
        if not isinstance(found, Term) and not is_value(found):
            raise _wrong(node, "has no elements", "name an array, or an outcome of an action")
        for position in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            found = found[self.of(position, getattr(getattr(found, "sort", None), "domain", None))]
        return found

    def _field(self, node: ast.Attribute) -> Any:
        """``record.field``, or ``sort.MEMBER``."""
        if isinstance(node.value, ast.Name):
            same = self.vocabulary.sorts.get(node.value.id, ())
            for sort in same:
                if isinstance(sort, Enum) and node.attr in sort.members:
                    return constant(sort.members.index(node.attr), sort)
        owner = self.of(node.value)
        found = None if node.attr.startswith("_") or not is_value(owner) else getattr(owner, node.attr, None)
        if not isinstance(found, Term) and not is_value(found):
            raise _wrong(node, "is neither a field nor a member of an enumeration", "`check list --steps` shows both")
        return found

    # Calls ----------------------------------------------------------------------------------------------------
    def _called(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name):
            raise _wrong(node, "calls what has no name", "methods are no part of this language")
        name = node.func.id
        if name in QUANTIFIERS and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self._quantified(name, node.args[0])
        if self._action(node) is not None:
            return self._taken(node, None)
        made = self.vocabulary.values.get(name)
        if callable(made) and not node.keywords:
            return made(*(self.of(a) for a in node.args))
        if name in FUNCTIONS or name in OF_SORTS:
            if len(node.args) != 1 or node.keywords:
                raise _wrong(node, "takes one value", f"write {name}(…)")
            (given,) = node.args
            if name in FUNCTIONS:
                return FUNCTIONS[name](self.of(given))
            return OF_SORTS[name](self.vocabulary.sort(ast.unparse(given)))
        if name in QUANTIFIERS:
            raise _wrong(node, "names no members", f"write {FORM}")
        there = [*self.vocabulary.actions, *FUNCTIONS, *OF_SORTS, *QUANTIFIERS]
        raise ModelError(f"no action and no function is called {name!r}", remedy=near(name, there))

    def _action(self, node: ast.Call) -> str | None:
        """The action that a call names."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return name if name in self.vocabulary.actions else None

    def _taken(self, node: ast.Call, outcome: ast.expr | None) -> Term:
        """That the step is an action, for these of its parameters."""
        name = self._action(node)
        assert name is not None
        parameters = {str(p): p.sort for p in self.vocabulary.actions[name].parameters}
        if len(node.args) > len(parameters):
            shown = f"{name}({', '.join(parameters)})"
            raise ModelError(
                f"{name} has {counted(len(parameters), 'parameter')}, not {len(node.args)}", remedy=f"it is {shown}"
            )
        given = dict(zip(parameters, node.args, strict=False))
        for k in node.keywords:
            if k.arg is None or k.arg not in parameters:
                raise ModelError(f"{name} has no parameter {k.arg!r}", remedy=near(k.arg or "**", parameters))
            if k.arg in given:
                raise ModelError(f"{name} is given {k.arg} twice", remedy="leave one of them out")
            given[k.arg] = k.value
        values = {n: self.of(node, parameters[n]) for n, node in given.items()}
        return taken(name, None if outcome is None else _outcome(outcome), **values)

    # Quantifiers ----------------------------------------------------------------------------------------------
    def _quantified(self, name: str, node: ast.GeneratorExp) -> Term:
        if name == "count" and len(node.generators) > 1:
            raise _wrong(node, "counts pairs", "count the members of one sort")
        return self._over(name, node.elt, node.generators)

    def _over(self, name: str, body: ast.expr, generators: list[ast.comprehension]) -> Term:
        if not generators:
            return truth(self.of(body), name)
        here, *inner = generators
        variable, over = self._members(here)
        quantify: Callable[..., Any] = {"any": exists, "all": forall, "count": count}[name]

        def inside(member: Term) -> Term:
            known = self.knowing({variable: member})
            conditions = [truth(known.of(c), "if") for c in here.ifs]
            found = known._over(name, body, inner)
            return both(*conditions).implies(found) if name == "all" and conditions else both(*conditions, found)

        return lift(quantify(over, _as_parameter(variable, inside)))

    def _chosen(self, node: ast.SetComp) -> Term:
        """``{x for x in sort if …}``."""
        here = node.generators[0]
        variable, over = self._members(here)
        if len(node.generators) > 1 or ast.unparse(node.elt) != variable:
            raise _wrong(
                node, "makes a set of something else than members", f"write {{{variable} for {variable} in … if …}}"
            )

        def inside(member: Term) -> Term:
            known = self.knowing({variable: member})
            return both(*(truth(known.of(c), "if") for c in here.ifs))

        return such_that(over, _as_parameter(variable, inside))

    def _members(self, node: ast.comprehension) -> tuple[str, Any]:
        """The variable of a quantifier, and what it is over: a set, or a sort."""
        if not isinstance(node.target, ast.Name):
            raise _wrong(node.target, "is no single variable", f"write {FORM}")
        if isinstance(node.iter, ast.Name) and node.iter.id in self.vocabulary.sorts:
            found = self.names.get(node.iter.id, self.vocabulary.values.get(node.iter.id))
            if not is_value(found) and not (isinstance(found, Term) and isinstance(found.sort, SetOf)):
                return node.target.id, self.vocabulary.sort(node.iter.id)
        if isinstance(node.iter, ast.Name) and self._depends(node.iter):
            return node.target.id, self.vocabulary.sort(node.iter.id)
        return node.target.id, self.of(node.iter)


def _outcome(node: ast.expr) -> str:
    """The name of an outcome; one with hyphens may stand in quotes or not."""
    named = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if named else ast.unparse(node).replace(" ", "")  # type: ignore[attr-defined]


def _as_value(found: Any) -> Any:
    """A number as a term; other things as they are."""
    return lift(found) if isinstance(found, int) else found


def _element(neighbour: Any) -> object:
    """The sort of a value, or of the elements of a set."""
    sort = getattr(neighbour, "sort", None)
    return sort.element if isinstance(sort, SetOf) else sort


def _parsed(text: str) -> ast.expr:
    """The syntax tree of an expression. Raises ``ModelError`` with the place in it."""
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, MemoryError) as problem:
        line, column = getattr(problem, "lineno", None) or 1, getattr(problem, "offset", None) or 1
        lines = text.splitlines() or [""]
        at = lines[min(line, len(lines)) - 1]
        near_it = at[max(0, column - 2 - 10 * (line == 1)) :][:30].strip()
        reason = getattr(problem, "msg", str(problem))
        raise ModelError(f"not an expression: {reason}, near {near_it!r}", remedy="write it as in Python") from None


def _as_parameter(name: str, inside: Callable[[Term], Term]) -> Callable[[Term], Term]:
    """A function with a parameter of this name, which binders call their variable."""

    def body(member: Value) -> Term:
        return inside(lift(member))

    body.__code__ = body.__code__.replace(co_varnames=(name,))
    return body


def _wrong(node: ast.AST, what: str, remedy: str) -> ModelError:
    """The error for a part of an expression."""
    text = ast.unparse(node)
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return ModelError(f"{shown} {what}", remedy=remedy)
