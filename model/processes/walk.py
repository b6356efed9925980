"""Walks through a process: from each point, all ways to the next ``yield``. Statements are executed symbolically (J. C.
King, "Symbolic execution and program testing", CACM 1976): both branches of a condition are ways."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count
from typing import Any, NoReturn, Protocol

from planrace.model.language.actions import says
from planrace.model.language.author_code import running
from planrace.model.language.chosen_composites import grouped, leaf_parameters
from planrace.model.language.composite import Composite
from planrace.model.language.constructors import either, first, following, last
from planrace.model.language.errors import so_many
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Index
from planrace.model.language.terms import TRUE, Term, lift
from planrace.model.processes.control import BlockRest, Rest, Surroundings
from planrace.model.processes.ranges import cursor_of, is_bound
from planrace.model.processes.reading import cached, is_or, loaded, naming, one_less, saying
from planrace.model.processes.source import UNSUPPORTED, ProcessText, is_text, short, source_of, targets_of
from planrace.model.processes.statements import Branch, Local, local, or_, persistent, some
from planrace.model.processes.way import ConditionKind, Parts, Way

_FOR_AUTHORS = True  # errors name the line of the process

MOST_VISITS = 64
"""How often one step may come to the same statement: a loop without ``yield`` has to end."""
MOST_WAYS = 512
MOST_STATEMENTS = 4096
"""The most ways from one point, and the most statements on all of them."""
Found = tuple[Way, Rest]


class Locals(Protocol):
    """Declares variables of a process."""

    def opened(self, source: ProcessText, known_names: dict[str, Any], prefix: str) -> Surroundings:
        """The scope of a sub-process."""
        ...

    def declare(self, scope: Surroundings, name: str, made: Local, node: ast.AST) -> Term:
        """A local variable of a scope."""
        ...


class Walker:
    """Walks through one process. ``locals_`` declares cursors and the variables of sub-processes;
    ``parameters`` are those of the process."""

    def __init__(self, locals_: Locals, parameters: tuple[Term, ...]) -> None:
        self._locals = locals_
        self._parameters = parameters
        self._begins = Rest(())
        self._statements = 0
        self._called: dict[tuple[int, Surroundings], Surroundings] = {}
        self._loops: dict[tuple[int, Surroundings], tuple[Term, Term, Term]] = {}

    def ways(self, rest: Rest) -> list[Found]:
        """All ways from a point, with what remains to be done after each."""
        self._begins, self._statements, found = rest, 0, []
        for x in self._go(rest, Way()):
            found.append(x)
            if len(found) > MOST_WAYS:
                self._refuse_many()
        return found

    def _refuse_many(self) -> NoReturn:
        """Raises the error of a step with too many branches."""
        rest = self._begins
        what = f"there are more than {MOST_WAYS} ways through the step that begins here"
        rest.top.scope.source.refuse(rest.statement, what, "end the step earlier: yield between the branches")

    def settled(self, rest: Rest, way: Way) -> Iterator[Found]:
        """What only this process can see is done before it rests: loops go on to their next turn."""
        if not rest.frames or not self._is_administrative(rest):
            yield way, rest
            return
        for after, then in self._statement(rest, self._visited(rest, way)):
            yield from self.settled(then, after)

    def _is_administrative(self, rest: Rest) -> bool:
        node = rest.statement
        if isinstance(node, ast.While):
            return isinstance(node.test, ast.Constant) and bool(node.test.value)
        return is_text(node) or isinstance(node, ast.For | ast.Pass | ast.Break | ast.Continue | ast.Return)

    # Statements --------------------------------------------------------------------------------------------------
    def _go(self, rest: Rest, way: Way) -> Iterator[Found]:
        """Go on to the next ``yield``, or to the end of the process, which ends the step as well."""
        if not rest.frames:
            yield way.at_end(), rest
            return
        way = self._visited(rest, way)
        node = rest.statement
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield):
            end = self._ended(rest, node, way)
            if end is not None:
                yield from self.settled(rest.after(), end.at_end())
            return
        for after, then in self._statement(rest, way):
            yield from self._go(then, after)

    def _visited(self, rest: Rest, way: Way) -> Way:
        self._statements += 1
        if self._statements > MOST_STATEMENTS:
            self._refuse_many()
        visits = way.visits.get(rest.key, 0) + 1
        if visits > MOST_VISITS:
            what = "this loop may go round for ever within one step"
            rest.top.scope.source.refuse(rest.statement, what, "end a step in it: yield")
        line = rest.statement.lineno
        return replace(way, visits={**way.visits, rest.key: visits}, lines=(*way.lines, line))

    def _ended(self, rest: Rest, node: ast.Expr, way: Way) -> Way | None:
        assert isinstance(node.value, ast.Yield)
        if node.value.value is None:
            return way
        scope = rest.top.scope
        return Parts(scope.source, node).taken(way, self._value(node.value.value, scope, way))

    def _statement(self, rest: Rest, way: Way) -> Iterator[Found]:
        """The ways past one statement that ends no step."""
        node, source = rest.statement, rest.top.scope.source
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                yield way, rest.after()
            case ast.Expr(value=ast.YieldFrom() as call):
                yield way, self._inlined(rest, call)
            case ast.Expr():
                after = Parts(source, node).taken(way, self._value(node.value, rest.top.scope, way))
                if after is not None:
                    yield after, rest.after()
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                yield from self._assigned(rest, node, way)
            case ast.If():
                for holds, after in self._tested(rest, node.test, way):
                    yield after, rest.into(node.body if holds else node.orelse)
            case ast.While():
                self._refuse_else(source, node)
                for holds, after in self._tested(rest, node.test, way):
                    yield after, rest.into(node.body, loop=True) if holds else rest.after()
            case ast.For():
                yield from self._walked(rest, node, way)
            case ast.Break() | ast.Continue():
                yield way, self._jump(rest, node)
            case ast.Return():
                if node.value is not None:
                    source.refuse(node, "a process returns nothing", "assign a variable, and write return alone")
                yield way, rest.out()
            case ast.With():
                yield from self._chosen(rest, node, way)
            case _:
                source.refuse(node, f"{short(node)} means nothing here", UNSUPPORTED.get(type(node)))

    def _value(self, node: ast.expr, scope: Surroundings, way: Way) -> Any:
        """What an expression is, as its author wrote it; errors name its line."""
        source = scope.source
        names = way.names(scope)
        variables = {n: v for n, v in source.names.items() if isinstance(v, Term)}
        words = {n: saying(v, {**variables, **names}) for n, v in source.names.items() if v is says}
        with running(f"process {source.name} fails", source.file), naming(source, node):
            return source.value(node, {**words, **names})

    def _tested(self, rest: Rest, node: ast.expr, way: Way) -> Iterator[tuple[bool, Way]]:
        """The ways at a condition; one if Python knows it already."""
        value = self._value(node, rest.top.scope, way)
        if not isinstance(value, Term):
            yield bool(value), way
            return
        term = way.current(value)
        if term.sort != TRUE.sort:
            rest.top.scope.source.refuse(node, f"{short(node)} is no condition", "compare it: x > 0, s != set()")
        yield from way.decided(term)

    def _jump(self, rest: Rest, node: ast.Break | ast.Continue) -> Rest:
        found = rest.loop()
        if found is None:  # Python refuses such a text
            raise AssertionError("a jump outside of a loop")
        return found.after() if isinstance(node, ast.Break) else found

    @staticmethod
    def _refuse_else(source: ProcessText, node: ast.While | ast.For) -> None:
        if node.orelse:
            source.refuse(node.orelse[0], "a loop has no else here", "write what follows the loop after it")

    # Assignments -------------------------------------------------------------------------------------------------
    def _assigned(self, rest: Rest, node: ast.Assign | ast.AnnAssign | ast.AugAssign, way: Way) -> Iterator[Found]:
        scope = rest.top.scope
        if isinstance(node, ast.AugAssign):
            read = ast.copy_location(ast.BinOp(loaded(node.target), node.op, node.value), node)
            targets: list[ast.expr] = [node.target]
            given = way.current(self._value(cached(node, read), scope, way))
        elif node.value is None:
            scope.source.refuse(node, f"{short(node)} gives no value", "write name = value")
        else:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if scope.source.calls(node.value, some):
                yield from self._some(rest, node, targets, way)
                return
            if scope.source.calls(node.value, local) or scope.source.calls(node.value, persistent):
                what = "a local variable is declared after the first statement"
                scope.source.refuse(node, what, "declare it at the beginning of the process")
            given = way.current(self._value(node.value, scope, way))
        for target in targets:
            for part, value in self._pairs(scope, target, given):
                way = self._one(scope, part, value, way)
        yield way, rest.after()

    def _pairs(self, scope: Surroundings, target: ast.expr, given: Any) -> list[tuple[ast.expr, Any]]:
        if not isinstance(target, ast.Tuple | ast.List):
            return [(target, given)]
        parts = list(targets_of(target))
        if not isinstance(given, tuple | list) or len(given) != len(parts):
            scope.source.refuse(target, f"{short(target)} takes {so_many(parts, 'value')}", "give one for each name")
        return list(zip(parts, given, strict=True))

    def _one(self, scope: Surroundings, target: ast.expr, value: Any, way: Way) -> Way:
        """One assignment; the value is in terms of the state before the step."""
        source = scope.source
        place = source.place(target)
        if isinstance(target, ast.Subscript):
            element = way.current_target(self._value(cached(target, loaded(target)), scope, way))
            return way.assigned(element, value, place)
        if not isinstance(target, ast.Name):
            remedy = f"assign a local variable, or an element a[i]; a field of a record by update({short(target)}, …)"
            source.refuse(target, f"{short(target)} cannot be assigned to", remedy)
        if target.id in scope.locals:
            return way.assigned(scope.locals[target.id], value, place)
        outside = source.names.get(target.id)
        if isinstance(outside, Composite) or (isinstance(outside, Term) and outside.op is Op.VARIABLE):
            remedy = f"write update({target.id}, …); or give the local value another name"
            source.refuse(
                target, f"{target.id} = … gives the name of a variable of the protocol to a local value", remedy
            )
        if target.id in scope.known:
            source.refuse(target, f"{target.id} is a parameter of the process", "choose another name")
        return way.called(scope, target.id, value)

    # Choices -----------------------------------------------------------------------------------------------------
    def _some(self, rest: Rest, node: ast.stmt, targets: list[ast.expr], way: Way) -> Iterator[Found]:
        """A member that is chosen: a parameter of the action."""
        scope = rest.top.scope
        target = targets[0]
        if len(targets) != 1 or not isinstance(target, ast.Name):
            scope.source.refuse(node, "a chosen member gets one name", "write p = some(Sort, lambda p: …)")
        name = target.id
        if name in scope.known:
            scope.source.refuse(target, f"{name} has a meaning already", "choose another name for the chosen member")
        given = self._value(node.value, scope, way)  # type: ignore[attr-defined]
        used = {str(p) for p in (*way.parameters, *self._parameters)}
        names = chain([name], (f"{name}_{k}" for k in count(2)))
        leaves = next(x for n in names if not used & set(map(str, x := leaf_parameters(n, given.sort))))
        (parameter,), proper = grouped((given.sort,), (leaves,))
        after = way.under(ConditionKind.WAITS, proper)
        if after is not None and given.condition is not None:
            with running(f"process {scope.source.name} fails", scope.source.file), naming(scope.source, node):
                condition = given.condition(parameter)
            after = after.under(ConditionKind.WAITS, way.current(lift(condition)))
        if after is not None and name in scope.locals:
            after = after.assigned(scope.locals[name], parameter, scope.source.place(target))
        if after is not None:
            named = after.named if name in scope.locals else {**after.named, (scope, name): parameter}
            choices = (*after.choices, (id(node), len(way.parameters)))
            parameters = (*after.parameters, *leaves)
            yield replace(after, named=named, choices=choices, parameters=parameters), rest.after()

    def _chosen(self, rest: Rest, node: ast.With, way: Way) -> Iterator[Found]:
        """``with either(): … with or_(): …``: all ways to go on."""
        block, source = rest.top.block, rest.top.scope.source
        branches = [node]
        if len(node.items) != 1 or not source.calls(node.items[0].context_expr, either):
            what = "or_ stands after either alone" if is_or(source, node) else f"{short(node)} means nothing here"
            source.refuse(node, what, UNSUPPORTED[ast.With])
        for x in block[rest.top.n + 1 :]:
            if not is_or(source, x):
                break
            assert isinstance(x, ast.With)
            branches.append(x)
        if len(branches) < 2:
            source.refuse(node, "either has no other way", "write with or_(): … after it")
        whole = replace(rest.top, n=rest.top.n + len(branches) - 1)
        after = Rest((whole, *rest.frames[1:]))
        for n, branch in enumerate(branches):
            made = self._branch(rest, branch, way)
            labels = (*way.labels, made.label) if made.label else way.labels
            if made.fault is not None and way.fault not in (None, made.fault):
                source.refuse(branch, "one way stands under two faults", "choose one of the two first, and yield")
            chosen = replace(way, choices=(*way.choices, (id(node), n)), labels=labels, fault=made.fault or way.fault)
            yield chosen, after.into(branch.body)

    def _branch(self, rest: Rest, branch: ast.With, way: Way) -> Branch:
        """What the head of a branch says."""
        scope, call = rest.top.scope, branch.items[0].context_expr
        assert isinstance(call, ast.Call)
        as_or = ast.copy_location(ast.Call(ast.Name("process branch", ast.Load()), call.args, call.keywords), call)
        ast.fix_missing_locations(as_or)
        with running(f"process {scope.source.name} fails", scope.source.file):
            names = {**way.names(scope), "process branch": or_}
            found = scope.source.value(cached(branch, as_or), names)
        assert isinstance(found, Branch)
        return found

    # Loops over members ------------------------------------------------------------------------------------------
    def _walked(self, rest: Rest, node: ast.For, way: Way) -> Iterator[Found]:
        self._refuse_else(rest.top.scope.source, node)
        cursor, low, high = self._loop(rest, node, way)
        place = rest.top.scope.source.place(node)
        if not rest.top.entered:
            begun = way.assigned(cursor, low, place)
            nonempty = TRUE if isinstance(low.sort, Index) else way.current(low <= high)
            for holds, after in begun.decided(nonempty):
                yield after, rest.into(node.body, loop=True) if holds else rest.after()
            return
        now = way.current(cursor)
        for done, after in way.decided(now == high):
            if done:
                yield after, rest.after()
            else:
                further = following(now) if isinstance(low.sort, Index) else now + 1
                yield after.assigned(cursor, further, place), rest.into(node.body, loop=True)

    def _loop(self, rest: Rest, node: ast.For, way: Way) -> tuple[Term, Term, Term]:
        """The cursor of a loop, its first and its last value."""
        scope = rest.top.scope
        found = self._loops.get((id(node), scope))
        if found is None:
            found = self._loops[id(node), scope] = self._begun(scope, node, way)
        return found

    def _begun(self, scope: Surroundings, node: ast.For, way: Way) -> tuple[Term, Term, Term]:
        source = scope.source
        remedy = "write for e in Sort (an index with ordered=True), or for k in range(low, high)"
        if not isinstance(node.target, ast.Name):
            source.refuse(node.target, "the cursor of a loop is one name", remedy)
        name = node.target.id
        if source.calls(node.iter, range):
            assert isinstance(node.iter, ast.Call)
            bounds = [self._value(a, scope, way) for a in node.iter.args]
            if len(bounds) not in (1, 2) or node.iter.keywords:
                source.refuse(node.iter, "a range has a low and a high bound", remedy)
            low, high = (0, bounds[0]) if len(bounds) == 1 else bounds
            if not all(map(is_bound, (low, high))):
                remedy = "write while …, with a local"
                source.refuse(node.iter, "the bounds of a range are numbers, or computed from parameters", remedy)
            first_value, last_value = lift(low), lift(one_less(high))
            sort = None if name in scope.locals else cursor_of(first_value, lift(high))
        else:
            sort = self._value(node.iter, scope, way)
            if not isinstance(sort, Index) or not sort.ordered:
                source.refuse(node.iter, f"{short(node.iter)} is neither an ordered index nor a range", remedy)
            first_value, last_value = first(sort), last(sort)
        if name not in scope.locals:
            assert sort is not None
            begin = first_value if isinstance(sort, Index) else low
            made = Local(sort, begin, f"the turn of a loop of {scope.source.name}", is_cursor=True)
            self._locals.declare(scope, name, made, node)
        return scope.locals[name], first_value, last_value

    # Sub-processes -----------------------------------------------------------------------------------------------
    def _inlined(self, rest: Rest, call: ast.YieldFrom) -> Rest:
        """Into the sub-process that ``yield from`` names; its steps are those of this process."""
        scope = rest.top.scope
        inner = self._called.get((id(call), scope))
        if inner is None:
            inner = self._called[id(call), scope] = self._call(rest, call)
        return rest.into(inner.source.body, scope=inner)

    def _call(self, rest: Rest, call: ast.YieldFrom) -> Surroundings:
        scope = rest.top.scope
        source = scope.source
        if not isinstance(call.value, ast.Call) or call.value.keywords:
            source.refuse(call, "yield from calls a sub-process", "write yield from helper(i)")
        function = source.outside(call.value.func)
        if function is None:
            source.refuse(call, f"{short(call.value.func)} is no function outside of the process", "define it above")
        inner = source_of(function)
        around: list[BlockRest] = [f for f in rest.frames if f.scope.source.where == inner.where]
        if around:
            source.refuse(call, f"{inner.name} calls itself", "a process has no recursion: write a loop")
        values = [self._value(a, scope, Way()) for a in call.value.args]
        if len(values) != len(inner.parameters):
            remedy = f"give {', '.join(inner.parameters) or 'none'}"
            source.refuse(call, f"{inner.name} takes {so_many(inner.parameters, 'parameter')}", remedy)
        known = dict(zip(inner.parameters, values, strict=True))
        return self._locals.opened(inner, known, f"{scope.prefix}{inner.name}_")
