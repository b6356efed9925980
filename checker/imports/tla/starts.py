"""Initial states: a value for each variable, one of several, or anything that satisfies a condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.calling import State
from planrace.checker.imports.tla.code import Call, LambdaCode, PlainCode, PyCode, call
from planrace.checker.imports.tla.evaluation import Evaluator
from planrace.checker.imports.tla.functions import record_keys
from planrace.checker.imports.tla.modules import Env
from planrace.checker.imports.tla.names import field_name
from planrace.checker.imports.tla.steps import ActionReader, StepBranch
from planrace.checker.imports.tla.symbols import Constant, FunctionSet, Meaning, is_false, is_true
from planrace.checker.imports.tla.types import FunctionType, RecordType, SetType, Type, is_bounded, is_scalar_type, join
from planrace.checker.imports.tla.values import Known, in_order


@dataclass
class Start:
    """How a run begins: the initial value of each variable, as code, and conditions on all of them."""

    values: dict[str, PyCode]
    conditions: list[PyCode]


class Starts:
    """Reads the initial predicate."""

    def __init__(self, evaluator: Evaluator, now: dict[str, Meaning], kinds: Mapping[str, Type | None]) -> None:
        self.evaluator, self.now, self.kinds = evaluator, now, kinds
        self.algebra = evaluator.algebra

    def read(self, init: s.Expr, env: Env, constraints: Sequence[s.Expr] = ()) -> Start:
        """The initial states. Where a sort has more values than a variable, a condition excludes the others."""
        found = self._read(init, env)
        for constraint in constraints:
            found.conditions += self._condition(constraint, env)
        for name, place in self.now.items():
            if found.values[name] == PlainCode("anything"):
                inside = self.algebra.within(place)
                found.conditions += [] if is_true(inside) else [self.algebra.code(inside)]
        return found

    def _read(self, init: s.Expr, env: Env) -> Start:
        self.algebra.begin()
        steps = ActionReader(self.evaluator, self.now, first=True)
        branches = steps.branches(init, env)
        if steps.problems:
            raise steps.problems[0][0]
        if not branches:
            raise s.TlaError("no state satisfies the initial predicate", init.line)
        for branch in branches:
            self._check_bounds(branch)
        missing = [v for v in self.now if any(v not in b.after for b in branches)]
        if missing:
            raise s.TlaError(f"the initial predicate does not say what {', '.join(missing)} is", init.line)
        fixed = {v: value for v in self.now if (value := self._fixed(v, branches)) is not None}
        values = {v: self.initial(Constant(k), self.kinds[v]) for v, k in fixed.items()}
        if len(branches) == 1 and not branches[0].binders:
            return self._one(branches[0], values)
        conditions = [c for part in self._conjuncts(init, env, set(fixed)) for c in self._condition(*part)]
        return Start({v: values.get(v, PlainCode("anything")) for v in self.now}, conditions)

    def _check_bounds(self, branch: StepBranch) -> None:
        """A set of initial values is finite, and the sort of the variable has all of them: none is left out."""
        for name, value in branch.after.items():
            free = branch.free.get(name)
            kind = self.algebra.type_of(value) if free is None else self.algebra.element_type(free)
            if free is not None and not is_bounded(kind):
                raise s.TlaError(f"{name} may begin with infinitely many values")
            if join(kind, self.kinds[name]) != self.kinds[name]:
                raise s.TlaError(f"{name} may begin with values that its type invariant does not have")

    def _fixed(self, variable: str, branches: list[StepBranch]) -> Known | None:
        """The value that a variable has in all initial states."""
        found = {self.algebra.known_value(b.after[variable]) for b in branches}
        return found.pop() if len(found) == 1 else None

    def _one(self, branch: StepBranch, values: dict[str, PyCode]) -> Start:
        """Of one branch: each variable has a value, one of a set, or one that others decide."""
        conditions = [self.algebra.code(g) for g in branch.guards]
        for name, place in self.now.items():
            if name in values:
                continue
            if name in branch.free:
                values[name], rest = self._member_of(branch.free[name], place)
                conditions += [self.algebra.code(rest)] if not is_true(rest) else []
            else:
                values[name] = PlainCode("anything")
                same = self._evaluated(partial(self.algebra.equal, place, branch.after[name]))
                conditions.append(self.algebra.code(same))
        return Start({v: values[v] for v in self.now}, conditions)

    def _member_of(self, of: Meaning, place: Meaning) -> tuple[PyCode, Meaning]:
        """An initial value that is any member of a set, and what else must hold."""
        kind = self.algebra.type_of(place)
        holds = self._evaluated(lambda: self.algebra.member(place, of))
        if is_true(holds):
            return PlainCode("anything"), holds
        elements = of.values if isinstance(of, FunctionSet) and isinstance(kind, FunctionType) else of
        known = self.algebra.known(elements)
        base = kind.element if elements is not of and isinstance(kind, FunctionType) else kind
        if known is not None and is_scalar_type(base) and len(known) <= 64:
            items = tuple(self.algebra.store(Constant(v), base) for v in in_order(known))
            if not isinstance(kind, FunctionType) or all(
                map(self.algebra.sorts.fills, self.algebra.sorts.dimensions(kind.keys))
            ):
                return call("one_of", *items), Constant(True)
        return PlainCode("anything"), holds

    def _evaluated(self, read: Callable[[], Meaning]) -> Meaning:
        old = self.evaluator.state
        self.evaluator.state = State(self.now, {}, plain=False)
        try:
            return read()
        finally:
            self.evaluator.state = old

    def _conjuncts(self, expr: s.Expr, env: Env, fixed: set[str]) -> list[tuple[s.Expr, Env]]:
        """The conjuncts that say more than the value of a variable that is fixed."""
        plain, inner = self.evaluator.resolve(expr, env)
        if isinstance(plain, s.Apply) and plain.name == "/\\":
            return [c for part in plain.args for c in self._conjuncts(part, inner, fixed)]
        if isinstance(plain, s.Apply) and plain.name in ("=", "\\in"):
            left = plain.args[0]
            if isinstance(left, s.Ref) and left.name in fixed:
                return []
        return [(expr, env)]

    def _condition(self, expr: s.Expr, env: Env) -> list[PyCode]:
        holds = self._evaluated(lambda: self.evaluator.eval(expr, env))
        if is_false(holds):
            raise s.TlaError("no state satisfies the initial predicate", expr.line)
        return [] if is_true(holds) else [self.algebra.code(holds)]

    # Known values as initial values

    def initial(self, value: Meaning, kind: Type | None) -> PyCode:
        """A known value as the initial value of a variable."""
        if isinstance(kind, FunctionType):
            return self._array(value, kind)
        if isinstance(kind, RecordType):
            sorts = self.algebra.sorts
            kept = sorts.kept(kind)
            assert isinstance(kept, RecordType)
            keys = dict(zip(record_keys(kept), kept.fields, strict=True))
            parts = tuple(
                (field_name(n), self.algebra.store(self.algebra.apply(value, Constant(k)), p))
                for k, (n, p) in keys.items()
            )
            return Call(sorts.sort(kept), (), parts)
        if isinstance(kind, SetType) and kind.element is not None and not is_scalar_type(kind.element):
            return _as_rule(self.algebra.store(value, kind))
        return self.algebra.store(value, kind)

    def _array(self, value: Meaning, kind: FunctionType) -> PyCode:
        values = {self.algebra.known_value(self.algebra.apply(value, Constant(k))) for k in kind.keys}
        if len(values) == 1 and not isinstance(kind.element, FunctionType):
            (only,) = values
            assert only is not None
            return self.initial(Constant(only), kind.element)
        code = self.algebra.store(value, kind)
        return _as_rule(code)


def _as_rule(code: PyCode) -> PyCode:
    """``each(sort, lambda x: …)`` as the initial value ``lambda x: …``."""
    if isinstance(code, Call) and code.function == PlainCode("each"):
        rule = code.args[1]
        assert isinstance(rule, LambdaCode)
        return LambdaCode(rule.params, _as_rule(rule.body))
    return code
