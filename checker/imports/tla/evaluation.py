"""Expressions of TLA⁺ to meanings (``symbols``), in an environment and a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.calling import WORDS, Calling, Given, NotAssignedError, State
from planrace.checker.imports.tla.code import LambdaCode, call
from planrace.checker.imports.tla.library import OPERATORS
from planrace.checker.imports.tla.modules import Binding, Env, NamedInstance, Operator, StateVariable, Symbol
from planrace.checker.imports.tla.sets import is_plain
from planrace.checker.imports.tla.symbols import (
    Between,
    ByRule,
    Combined,
    Constant,
    Elements,
    Fields,
    FunctionSet,
    Image,
    Listed,
    Meaning,
    Product,
    Runtime,
    Where,
    is_false,
    is_true,
)
from planrace.checker.imports.tla.types import IntType, is_scalar_type
from planrace.checker.imports.tla.values import Atom, Known, in_order, mapped, shown

_A = TypeVar("_A")


class Evaluator(Calling):
    """Evaluates expressions: one method for each kind."""

    # Names

    # Evaluation

    def eval(self, expr: s.Expr, env: Env) -> Meaning:
        """The meaning of an expression. Raises ``TlaError`` with the line of the innermost expression that has none."""
        method = getattr(self, f"_{type(expr).__name__.lower()}", None)
        if method is None:
            what = expr.what if isinstance(expr, s.Unread) else type(expr).__name__
            raise s.TlaError(f"{what} is not translated", expr.line)
        try:
            found: Meaning = method(expr, env)
        except s.TlaError as problem:
            if problem.line is None and expr.line:
                problem.line = expr.line
            raise
        return found

    def truth(self, expr: s.Expr, env: Env) -> Meaning:
        return self.eval(expr, env)

    def _num(self, expr: s.Num, env: Env) -> Meaning:
        return Constant(expr.value)

    def _text(self, expr: s.Text, env: Env) -> Meaning:
        return Constant(Atom(expr.value, True))

    def _ref(self, expr: s.Ref, env: Env) -> Meaning:
        return self.use(expr.name, env.get(expr.name), (), env, expr.line)

    def _through(self, expr: s.Through, env: Env) -> Meaning:
        return self.use(expr.name, self.through(expr, env), expr.args, env, expr.line)

    def _apply(self, expr: s.Apply, env: Env) -> Meaning:
        name, args = expr.name, expr.args
        found = env.get(name)
        if found is not None:
            return self.use(name, found, args, env, expr.line)
        match name:
            case "/\\":
                return self.algebra.conjunction(self.eval(a, env) for a in args)
            case "\\/":
                return self.algebra.disjunction(self.eval(a, env) for a in args)
            case "=>":
                return self.algebra.implication(self.eval(args[0], env), lambda: self.eval(args[1], env))
            case "'":
                return self.primed(args[0], env)
            case "UNCHANGED":
                return self.unchanged(args[0], env)
            case "ENABLED":
                return self.enabled(args[0], env)
            case "SelectSeq":
                test = self.argument(args[1], env)
                return self.algebra.selected(
                    self.eval(args[0], env), self.held(lambda x: self.use("", test, (Given(x),), env, 0))
                )
            case _:
                operator = OPERATORS.get(name)
                if operator is None:
                    raise s.TlaError(f"the operator {name} is not known", expr.line)
                return operator(self, [self.eval(a, env) for a in args])

    def use(self, name: str, found: Binding | None, args: Sequence[s.Expr], env: Env, line: int) -> Meaning:
        found = self.aliased(found, args)
        match found:
            case None if name in WORDS and not args:
                return WORDS[name]
            case None:
                what = "a constant without a value" if name in self.spec.constants else "not known"
                raise s.TlaError(f"{name} is {what}", line)
            case StateVariable(variable):
                return self.read(variable)
            case Operator():
                return self.call(found, self.arguments(found.definition.params, args, env, line))
            case Symbol(symbol):
                return self._apply(s.Apply(line, symbol, symbol, tuple(args)), env)
            case NamedInstance():
                raise s.TlaError(f"{name} is an instance, no value", line)
            case _:
                return found

    def read(self, variable: str) -> Meaning:
        self.reads += 1
        found = self.state.now.get(variable)
        if found is None:
            raise NotAssignedError(f"the value of {variable} is not known here")
        return found

    # Definitions that stay definitions

    def enabled(self, expr: s.Expr, env: Env) -> Meaning:
        """``ENABLED A`` of an action that is translated."""
        found: Binding | None = None
        if isinstance(expr, s.Through) and not expr.args:
            found = self.through(expr, env)
        elif isinstance(expr, s.Ref):
            found = env.get(expr.name)
        if self.enabling is None or not isinstance(found, Operator):
            raise s.TlaError("ENABLED of what is no action without parameters", expr.line)
        self.reads += 1
        return self.enabling(found)

    # Steps

    def primed(self, expr: s.Expr, env: Env) -> Meaning:
        """An expression in the next state."""
        state = self.state
        if state.after is None:
            now = self.eval(expr, env)
            if isinstance(now, Runtime):
                return Runtime(call("primed", now.code), now.kind)
            after = {
                v: Runtime(call("primed", m.code), m.kind) if isinstance(m, Runtime) else m
                for v, m in state.now.items()
            }
        else:
            after = state.after
        self.state = State(after, {}, plain=False)
        try:
            return self.eval(expr, env)
        finally:
            self.state = state

    def unchanged(self, expr: s.Expr, env: Env) -> Meaning:
        names = self.variables_of(expr, env)
        if names is None:
            return self.algebra.equal(self.primed(expr, env), self.eval(expr, env))
        return self.algebra.conjunction(self._same(name, env) for name in names)

    def _same(self, name: str, env: Env) -> Meaning:
        ref = s.Ref(0, name, name)
        outer = Env({name: StateVariable(name)})
        return self.algebra.equal(self.primed(ref, outer), self.eval(ref, outer))

    # Binders

    def bounds(
        self, bounds: Sequence[s.Bound], env: Env
    ) -> list[tuple[str, Meaning, Callable[[Meaning], Mapping[str, Binding]]]]:
        """For each bound variable, or pattern of these: a name for it, its set, and what it binds."""
        found: list[tuple[str, Meaning, Callable[[Meaning], Mapping[str, Binding]]]] = []
        for bound in bounds:
            if bound.set is None:
                raise s.TlaError("a bound variable without a set")
            of = self.eval(bound.set, env)
            if bound.pattern:
                found.append(("_".join(bound.names), of, self._pattern(bound.names)))
            else:
                found += [(name, of, self._single(name)) for name in bound.names]
        return found

    @staticmethod
    def _single(name: str) -> Callable[[Meaning], Mapping[str, Binding]]:
        return lambda value: {name: value}

    def _pattern(self, names: tuple[str, ...]) -> Callable[[Meaning], Mapping[str, Binding]]:
        return lambda value: {n: self.algebra.apply(value, Constant(i)) for i, n in enumerate(names, 1)}

    def _quantified(self, expr: s.Quantified, env: Env) -> Meaning:
        quantify = self.algebra.all_of if expr.kind == "A" else self.algebra.exists
        sources = self.bounds(expr.bounds, env)

        def go(at: int, inner: Env) -> Meaning:
            if at == len(sources):
                return self.eval(expr.body, inner)
            name, of, binds = sources[at]
            return quantify(of, name, lambda x: go(at + 1, inner.inner(binds(x))))

        return go(0, env)

    def _choose(self, expr: s.Choose, env: Env) -> Meaning:
        if expr.bound.set is None:
            # CHOOSE v : v \notin S, a value that is nothing else
            return Constant(Atom(self._fresh_value(expr), False))
        [(name, of, binds)] = self.bounds([expr.bound], env)
        chosen = Where(of, name, self.held(lambda x: self.eval(expr.body, env.inner(binds(x)))))
        members = self.algebra.known(of)
        if members is not None:
            tests = [(m, chosen.holds(Constant(m))) for m in in_order(members)]
            if all(is_true(t) or is_false(t) for _, t in tests):
                return self._chosen_of([m for m, t in tests if is_true(t)], expr)
        element = self.algebra.element_type(of)
        unique = _is_unique(expr)
        if element is None or not is_scalar_type(element) or not (isinstance(element, IntType) or unique):
            raise s.TlaError("CHOOSE of members that have no order: TLA⁺ does not say which one it is")
        if not unique:
            self.algebra.note(f"line {expr.line}: CHOOSE is read as the least number that satisfies it, as TLC does")
        found = self.algebra.alternatives(chosen, name)
        if len(found) != 1 or not is_plain(found[0]):
            raise s.TlaError("CHOOSE of a set that is put together")
        [binder] = found[0].binders
        holds = self.algebra.code(self.algebra.conjunction(found[0].holds))
        return Runtime(call("least", binder.over, LambdaCode((binder.name,), holds)), element)

    def _fresh_value(self, expr: s.Choose) -> str:
        for name, binding in self.spec.env.names.items():
            if isinstance(binding, Operator) and binding.definition.body is expr:
                return name
        return "Other"

    def _chosen_of(self, candidates: list[Known], expr: s.Choose) -> Meaning:
        if not candidates:
            raise s.TlaError("CHOOSE of nothing: no value satisfies it")
        if len(candidates) > 1 and not isinstance(candidates[0], int):
            self.algebra.note(
                f"line {expr.line}: CHOOSE could be one of several values and is read as {shown(candidates[0])};"
                " TLC may take another one"
            )
        return Constant(candidates[0])

    def _ifthenelse(self, expr: s.IfThenElse, env: Env) -> Meaning:
        test = self.eval(expr.test, env)
        if is_true(test) or is_false(test):
            return self.eval(expr.then if is_true(test) else expr.otherwise, env)
        return self.algebra.choice(test, self.eval(expr.then, env), self.eval(expr.otherwise, env))

    def _cases(self, expr: s.Cases, env: Env) -> Meaning:
        found = None if expr.other is None else self.eval(expr.other, env)
        tests = []
        for test, value in expr.arms:
            holds = self.eval(test, env)
            if not is_false(holds):
                tests.append((holds, value))
            if is_true(holds):
                break
        for holds, value in reversed(tests):
            meaning = self.eval(value, env)
            found = meaning if found is None else self.algebra.choice(holds, meaning, found)
        if found is None:
            raise s.TlaError("CASE of which no arm applies", expr.line)
        return found

    def _let(self, expr: s.Let, env: Env) -> Meaning:
        return self.eval(expr.body, self.let(expr, env))

    def held(self, read: Callable[[_A], Meaning]) -> Callable[[_A], Meaning]:
        """A rule that is asked later, in the state in which it is written: ``[x \\in S |-> e]'`` reads the next one."""
        state = self.state

        def in_its_state(x: _A) -> Meaning:
            old, self.state = self.state, state
            try:
                return read(x)
            finally:
                self.state = old

        return in_its_state

    # Sets

    def _items(self, expr: s.Items, env: Env) -> Meaning:
        return self.folded(Listed(tuple(self.eval(i, env) for i in expr.items)))

    def folded_if_known(self, of: Meaning) -> Meaning:
        """A set whose parts are known, as a known one."""
        match of:
            case Combined(_, left, right) | Between(left, right):
                parts: tuple[Meaning, ...] = (left, right)
            case _:
                parts = (getattr(of, "sets", of),)
        return self.folded(of) if all(isinstance(p, Constant) for p in parts) else of

    def folded(self, of: Meaning) -> Meaning:
        known = self.algebra.known(of)
        return of if known is None else Constant(known)

    def _filtered(self, expr: s.Filtered, env: Env) -> Meaning:
        [(name, of, binds)] = self.bounds([expr.bound], env)
        return Where(of, name, self.held(lambda x: self.eval(expr.body, env.inner(binds(x)))))

    def _imageof(self, expr: s.ImageOf, env: Env) -> Meaning:
        sources = self.bounds(expr.bounds, env)

        def value(got: tuple[Meaning, ...]) -> Meaning:
            names: dict[str, Binding] = {}
            for (_, _, binds), x in zip(sources, got, strict=True):
                names.update(binds(x))
            return self.eval(expr.body, env.inner(names))

        return Image(tuple((n, of) for n, of, _ in sources), self.held(value))

    def _records(self, expr: s.Records, env: Env) -> Meaning:
        fields = sorted(((n, self.eval(e, env)) for n, e in expr.fields), key=lambda f: f[0])
        return Product(tuple(v for _, v in fields), tuple(n for n, _ in fields))

    def _functionsto(self, expr: s.FunctionsTo, env: Env) -> Meaning:
        keys = self.algebra.known(self.eval(expr.domain, env))
        if keys is None:
            raise s.TlaError("functions of which the domain changes", expr.line)
        return FunctionSet(in_order(keys), self.eval(expr.range, env))

    # Functions

    def _functionof(self, expr: s.FunctionOf, env: Env) -> Meaning:
        return self.function(expr.bounds, expr.body, env)

    def function(self, bounds: Sequence[s.Bound], body: s.Expr, env: Env) -> Meaning:
        sources = self.bounds(bounds, env)

        def at(key: Meaning) -> Meaning:
            names: dict[str, Binding] = {}
            for i, (_, _, binds) in enumerate(sources, 1):
                names.update(binds(key if len(sources) == 1 else self.algebra.apply(key, Constant(i))))
            return self.eval(body, env.inner(names))

        of = sources[0][1] if len(sources) == 1 else Product(tuple(m for _, m, _ in sources))
        keys = self.algebra.known(of)
        if keys is not None:
            return ByRule(in_order(keys), self.held(at))
        if isinstance(of, Between) and isinstance(of.low, Constant) and of.low.value == 1:
            high = self.algebra.number(of.high)[2]
            if high is not None:
                return Elements(of.high, high, self.held(at))
        raise s.TlaError("a function of which the domain changes")

    def _applyat(self, expr: s.ApplyAt, env: Env) -> Meaning:
        function = self.eval(expr.function, env)
        keys = [self.eval(a, env) for a in expr.args]
        key = keys[0] if len(keys) == 1 else self.tuple_of(keys)
        return self.algebra.apply(function, key)

    def tuple_of(self, items: Sequence[Meaning]) -> Meaning:
        if all(isinstance(i, Constant) for i in items):
            return Constant(mapped({n: i.value for n, i in enumerate(items, 1) if isinstance(i, Constant)}))
        return Fields("tuple", dict(enumerate(items, 1)))

    def _dot(self, expr: s.Dot, env: Env) -> Meaning:
        return self.algebra.apply(self.eval(expr.record, env), Constant(Atom(expr.name, True)))

    def _recordof(self, expr: s.RecordOf, env: Env) -> Meaning:
        items: dict[Known, Meaning] = {
            Atom(n, True): self.eval(e, env) for n, e in sorted(expr.fields, key=lambda f: f[0])
        }
        if all(isinstance(v, Constant) for v in items.values()):
            return Constant(mapped({k: v.value for k, v in items.items() if isinstance(v, Constant)}))
        return Fields("record", items)

    def _tupleof(self, expr: s.TupleOf, env: Env) -> Meaning:
        return self.tuple_of([self.eval(i, env) for i in expr.items])

    def _except(self, expr: s.Except, env: Env) -> Meaning:
        found = self.eval(expr.function, env)
        for path, value in expr.updates:
            keys = tuple(self.eval(p, env) for p in path)
            found = self.algebra.change(found, keys, partial(self._changed, value, env))
        return found

    def _changed(self, value: s.Expr, env: Env, old: Meaning) -> Meaning:
        return self.eval(value, env.inner({"@": old}))

    def _oldvalue(self, expr: s.OldValue, env: Env) -> Meaning:
        found = env.get("@")
        if found is None:
            raise s.TlaError("@ stands outside of EXCEPT", expr.line)
        return self.use("@", found, (), env, expr.line)

    def _stepof(self, expr: s.StepOf, env: Env) -> Meaning:
        same = self.unchanged(expr.variables, env)
        if expr.changes:
            return self.algebra.conjunction([self.eval(expr.action, env), self.algebra.negation(same)])
        return self.algebra.disjunction([self.eval(expr.action, env), same])


def _is_unique(expr: s.Choose) -> bool:
    """Whether the condition says that at most one member satisfies it: that all others are different (``\\A y \\in S :
    P(y) => y = x``), or that it is the least or greatest."""
    parts = expr.body.args if isinstance(expr.body, s.Apply) and expr.body.name == "/\\" else (expr.body,)
    for part in parts:
        if isinstance(part, s.Quantified) and part.kind == "A" and isinstance(part.body, s.Apply):
            last = part.body.args[-1]
            if part.body.name == "=>" and isinstance(last, s.Apply) and last.name == "=":
                names = {a.name for a in last.args if isinstance(a, s.Ref)}
                if names == {*expr.bound.names, *(n for b in part.bounds for n in b.names)}:
                    return True
            if part.body.name in ("<=", ">=") and expr.bound.names[0] in {
                a.name for a in part.body.args if isinstance(a, s.Ref)
            }:
                return True
    return False
