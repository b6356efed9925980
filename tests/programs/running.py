"""An oracle for processes that shares no code with them: Python runs the generator, and every interleaving is tried.

A process is a text that means the same to both: this module turns ``update(x, v)`` into an assignment, and choices
into calls that read a tape. Python cannot copy a generator, so a run is made again from its schedule.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.programs.programs import SHARED, SIZE

Step = tuple[int, tuple[int, ...]]
"""The member that takes a step, and what it chooses in it."""


class _BlockedError(Exception):
    """A condition does not hold."""


class _OpenError(Exception):
    """The tape ends before a choice."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _ForPython(ast.NodeTransformer):
    """Makes plain Python of a process."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        self.generic_visit(node)
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "update":
            target = call.args[0]
            for x in ast.walk(target):
                if isinstance(x, ast.Subscript | ast.Name) and x is target:
                    x.ctx = ast.Store()
            return ast.Assign([target], call.args[1])
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = self._block(node.body)
        node.body.insert(0, ast.Global(list(SHARED)))
        node.decorator_list = []
        return node

    def visit_If(self, node: ast.If) -> ast.If:
        node.test = self.visit(node.test)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        node.test = self.visit(node.test)
        node.body = self._block(node.body)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        node.body = self._block(node.body)
        return node

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements, with alternatives as a choice by number."""
        made: list[ast.stmt] = []
        rest = list(body)
        while rest:
            s = rest.pop(0)
            if not _is_control(s):
                made.append(ast.parse("mark()").body[0])
            if not isinstance(s, ast.With):
                made.append(self.visit(s))
                continue
            ways = [s]
            while rest and isinstance(rest[0], ast.With) and "or_" in ast.unparse(rest[0].items[0]):
                ways.append(rest.pop(0))  # type: ignore[arg-type]
            number = ast.parse(f"_way = choose({len(ways)})").body[0]
            made.append(number)
            branch: list[ast.stmt] = []
            for n, w in reversed(list(enumerate(ways))):
                test = ast.parse(f"_way == {n}", mode="eval").body
                branch = [ast.If(test, self._block(w.body), branch)]
            made += branch
        return made


def _is_control(s: ast.stmt) -> bool:
    """Whether a statement only says where to go on, whatever the state: a process that does no more has ended."""
    if isinstance(s, ast.While):
        return isinstance(s.test, ast.Constant)
    text = isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant | ast.Yield)
    return text or isinstance(s, ast.For | ast.Pass | ast.Break | ast.Continue | ast.Return)


@dataclass(frozen=True)
class Snapshot:
    """What can be seen of a run: the shared variables; and all of it, with what Python knows of each member."""

    shared: tuple[Any, ...]
    whole: tuple[Any, ...]


class PlainProgram:
    """A process that Python runs, with ``SIZE`` members."""

    def __init__(self, text: str, shared: Mapping[str, Any]) -> None:
        tree = ast.fix_missing_locations(_ForPython().visit(ast.parse(text)))
        self._code = compile(tree, "<plain>", "exec")
        self._initially = shared

    def snapshot(self, schedule: tuple[Step, ...]) -> Snapshot:
        """The state after a schedule. Raises ``_BlockedError`` or ``_OpenError`` if its last step cannot be taken."""
        tape: list[int] = []
        marks: list[int] = []

        def choose(number: int) -> int:
            if not tape:
                raise _OpenError(number)
            return tape.pop(0)

        def when(*conditions: bool) -> None:
            if not all(conditions):
                raise _BlockedError

        def some(members: range, condition: Any = lambda _: True) -> int:
            there = [m for m in members if condition(m)]
            if not there:
                raise _BlockedError
            return there[choose(len(there))]

        space: dict[str, Any] = {
            **copy.deepcopy(dict(self._initially)),
            "choose": choose,
            "mark": lambda: marks.append(1),
            "when": when,
            "some": some,
            "local": lambda _sort, value: value,
            "Worker": range(1, SIZE + 1),
            "Small": None,
            "boolean": lambda: None,
        }
        exec(self._code, space)
        members = [space["program"](i) for i in range(1, SIZE + 1)]
        ended = [False] * SIZE
        for member, choices in schedule:
            tape[:] = choices
            if ended[member]:
                raise _BlockedError
            marks.clear()
            ended[member] = next(members[member], "end") == "end"
            if ended[member] and not marks:
                raise _BlockedError
            assert not tape, "a choice that nobody makes"
        shared = tuple(_frozen(space[name]) for name in self._initially)
        inner = tuple(
            (m.gi_frame.f_lasti, _frozen(_remembered(m.gi_frame.f_locals))) if m.gi_frame is not None else None
            for m in members
        )
        return Snapshot(shared, (shared, inner))

    def steps(self, schedule: tuple[Step, ...]) -> Iterator[tuple[Step, Snapshot]]:
        """All steps that can be taken after a schedule."""
        for member in range(SIZE):
            open_tapes: list[tuple[int, ...]] = [()]
            while open_tapes:
                tape = open_tapes.pop()
                step = member, tape
                try:
                    yield step, self.snapshot((*schedule, step))
                except _BlockedError:
                    continue
                except _OpenError as more:
                    open_tapes += [(*tape, n) for n in range(more.number)]


def _remembered(names: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in names.items() if n != "_way"}


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted((k, _frozen(v)) for k, v in value.items()))
    if isinstance(value, set | frozenset):
        return frozenset(value)
    return value
