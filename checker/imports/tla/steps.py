"""Actions: a formula about this state and the next one, as branches that each say what the variables become.

Conjunctions are read from left to right, as TLC does it: the first ``x' = e`` assigns, later ones compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.base import Binder
from planrace.checker.imports.tla.calling import State, parts_of
from planrace.checker.imports.tla.code import Attribute, Call, PlainCode
from planrace.checker.imports.tla.evaluation import Evaluator
from planrace.checker.imports.tla.modules import Binding, Env, Operator, StateVariable, Symbol
from planrace.checker.imports.tla.symbols import Changed, Constant, Either, Meaning, Runtime, Subsets, is_false, is_true
from planrace.checker.imports.tla.types import BOOL, SetType, is_scalar_type
from planrace.checker.imports.tla.values import Known, in_order

_T = TypeVar("_T")

MOST_BRANCHES = 2_000


@dataclass(frozen=True)
class Title:
    """The definition that a branch is part of."""

    name: str
    line: int
    module: str
    comment: str


@dataclass(frozen=True)
class StepBranch:
    """One way to take a step."""

    binders: tuple[Binder, ...] = ()
    guards: tuple[Meaning, ...] = ()
    after: dict[str, Meaning] = field(default_factory=dict)
    titles: tuple[Title, ...] = ()
    closed: bool = False
    """Whether a conjunction has begun: definitions inside of it give the step no name."""
    member: Known | None = None
    """The member for which it is, where each has actions of its own."""
    free: dict[str, Meaning] = field(default_factory=dict)
    """In an initial predicate: the sets of variables that may begin with any of their members."""

    def bound(self, binders: tuple[Binder, ...], holds: tuple[Meaning, ...]) -> StepBranch:
        return replace(self, binders=(*self.binders, *binders), guards=(*self.guards, *holds))

    def guarded(self, *guards: Meaning) -> StepBranch:
        return replace(self, guards=(*self.guards, *(g for g in guards if not is_true(g))))


class ActionReader:
    """Reads actions. ``chosen``: whether a set of subsets becomes a parameter of the action."""

    def __init__(self, evaluator: Evaluator, now: dict[str, Meaning], first: bool = False) -> None:
        self.evaluator, self.now, self.first = evaluator, now, first
        self.algebra = evaluator.algebra
        self.problems: list[tuple[s.TlaError, s.Expr, StepBranch]] = []
        self.unrolled: frozenset[tuple[str, int, str]] = frozenset()
        """Definitions of which each member has actions of its own."""

    def branches(self, expr: s.Expr, env: Env) -> list[StepBranch]:
        """The branches of an action."""
        return self._walk(expr, env, StepBranch())

    def _evaluated(self, branch: StepBranch, read: Callable[[], _T]) -> _T:
        """What is read in the states of a branch: in an initial predicate variables have the values that they got."""
        old = self.evaluator.state
        now = branch.after if self.first else self.now
        self.evaluator.state = State(now, branch.after, plain=not self.first)
        try:
            return read()
        finally:
            self.evaluator.state = old

    def _walk(self, expr: s.Expr, env: Env, branch: StepBranch) -> list[StepBranch]:
        try:
            found = self._step(expr, env, branch)
        except s.TlaError as problem:
            if problem.line is None and expr.line:
                problem.line = expr.line
            raise
        if len(found) > MOST_BRANCHES:
            raise s.TlaError("there are too many ways to take a step", expr.line)
        return found

    def _step(self, expr: s.Expr, env: Env, branch: StepBranch) -> list[StepBranch]:
        match expr:
            case s.Apply(name="/\\", args=args):
                found = [replace(branch, closed=True)]
                for part in args:
                    found = [after for before in found for after in self._walk(part, env, before)]
                return found
            case s.Apply(name="\\/", args=args) if self._is_step(expr, env):
                return [after for part in args for after in self._tried(part, env, branch)]
            case s.Quantified(kind="E") if self._is_step(expr, env):
                return self._exists(expr, env, branch)
            case s.Quantified(kind="A") if self._is_step(expr, env):
                return self._every(expr, env, branch)
            case s.IfThenElse() if self._is_step(expr, env):
                return self._condition(expr, env, branch)
            case s.Cases() if self._is_step(expr, env):
                return self._cases(expr, env, branch)
            case s.Let() if self._is_step(expr, env):
                return self._walk(expr.body, self.evaluator.let(expr, env), branch)
            case s.StepOf() if self._is_step(expr, env) and not expr.changes:
                same = s.Apply(expr.line, expr.source, "UNCHANGED", (expr.variables,))
                return [*self._walk(expr.action, env, branch), *self._walk(same, env, branch)]
            case s.Apply(name="UNCHANGED", args=(of,)):
                return self._unchanged(of, env, branch)
            case s.Apply(name="=" | "\\in" as sign, args=(left, right)):
                name = self._assigned(left, env)
                if name is None and sign == "=":
                    name, right = self._assigned(right, env), left if self._assigned(right, env) else right
                if name is not None and name not in branch.after:
                    return self._assign(name, sign, right, env, branch)
            case s.Ref() | s.Apply() | s.Through():
                found_ = self._called(expr, env, branch)
                if found_ is not None:
                    return found_
        return self._guard(expr, env, branch)

    def _is_step(self, expr: s.Expr, env: Env) -> bool:
        """Whether an expression may assign; in an initial predicate everything that reads a variable may."""
        return self._assigns(expr, env) if self.first else self.evaluator.is_action(expr, env)

    def _tried(self, expr: s.Expr, env: Env, branch: StepBranch) -> list[StepBranch]:
        """The branches of a disjunct; one that is not understood is left out, and named."""
        try:
            return self._walk(expr, env, branch)
        except s.TlaError as problem:
            problem.module = problem.module or (branch.titles[-1].module if branch.titles else None)
            self.problems.append((problem, expr, branch))
            return []

    def _guard(self, expr: s.Expr, env: Env, branch: StepBranch) -> list[StepBranch]:
        test = self._evaluated(branch, lambda: self.evaluator.eval(expr, env))
        self.algebra.conjunction([test])
        return [] if is_false(test) else [branch.guarded(test)]

    def constrained(self, branch: StepBranch, constraints: list[tuple[s.Expr, bool]]) -> StepBranch | None:
        """The branch with guards that keep runs within constraints: of the state after the step, if the second is
        true, otherwise of the step. None if it never does."""
        env = self.evaluator.spec.env
        for expr, after in constraints:
            read = self.evaluator.primed if after else self.evaluator.eval
            holds = self._evaluated(branch, partial(read, expr, env))
            if is_false(holds):
                return None
            branch = branch.guarded(holds)
        return branch

    # Assignments

    def _assigned(self, expr: s.Expr, env: Env) -> str | None:
        """The variable that an equation with this left side assigns."""
        expr, env = self.evaluator.resolve(expr, env)
        if not self.first:
            if not (isinstance(expr, s.Apply) and expr.name == "'"):
                return None
            expr, env = self.evaluator.resolve(expr.args[0], env)
        if not isinstance(expr, s.Ref):
            return None
        found = env.get(expr.name)
        return found.name if isinstance(found, StateVariable) else None

    def _assign(self, name: str, sign: str, expr: s.Expr, env: Env, branch: StepBranch) -> list[StepBranch]:
        value = self._evaluated(branch, lambda: self.evaluator.eval(expr, env))
        if sign == "=":
            return [self._with(branch, name, value)]
        if self.first:
            known = self.algebra.known_size_one(value)
            if known is not None:
                return [self._with(branch, name, Constant(known))]
            kind = self.algebra.element_type(value)
            any_of_it = self.now.get(name) or (Runtime(PlainCode(name), kind) if kind is not None else value)
            freed = self._with(branch, name, any_of_it)
            return [replace(freed, free={**branch.free, name: value})]
        found = []
        for a in self.members(value, name):
            if not any(map(is_false, a[1])):
                found.append(self._with(branch.bound(a[0], a[1]), name, a[2]))
        return found

    @staticmethod
    def _with(branch: StepBranch, name: str, value: Meaning) -> StepBranch:
        return replace(branch, after={**branch.after, name: value})

    def members(self, of: Meaning, name: str) -> Iterator[tuple[tuple[Binder, ...], tuple[Meaning, ...], Meaning]]:
        """The members of a set as choices of an action: a parameter has a sort, and sets of subsets are sorts."""
        if isinstance(of, Subsets) and not self.first:
            element = self.algebra.element_type(of.base)
            if is_scalar_type(element):
                self.algebra.sorts.meet(element)
                kind = SetType(self.algebra.sorts.whole(element))
                bound = self.algebra.fresh(name)
                over = self.algebra.sorts.sort(kind)
                x = Runtime(PlainCode(bound), kind)
                inside = self.algebra.subset(x, of.base)
                yield (Binder(bound, kind, over, False),), () if is_true(inside) else (inside,), x
                return
        for a in self.algebra.alternatives(of, name):
            binders, holds = [], []
            for b in a.binders:
                if b.is_set and not self.first:
                    holds.append(Runtime(Call(Attribute(PlainCode(b.name), "isin"), (b.over,)), BOOL))
                    b = Binder(b.name, b.kind, self.algebra.sorts.sort(b.kind), False)  # noqa: PLW2901
                binders.append(b)
            yield tuple(binders), (*holds, *a.holds), a.value

    def _unchanged(self, of: s.Expr, env: Env, branch: StepBranch) -> list[StepBranch]:
        names = self.evaluator.variables_of(of, env)
        if names is None:
            return self._guard(s.Apply(of.line, of.source, "UNCHANGED", (of,)), env, branch)
        for name in names:
            if name in branch.after:
                same = self.algebra.equal(branch.after[name], self.now[name])
                if is_false(same):
                    return []
                branch = branch.guarded(same)
            else:
                branch = self._with(branch, name, self.now[name])
        return [branch]

    # Structure

    def _exists(self, expr: s.Quantified, env: Env, branch: StepBranch) -> list[StepBranch]:
        sources = self._evaluated(branch, partial(self.evaluator.bounds, expr.bounds, env))
        found = [(branch, env)]
        for name, of, binds in sources:
            grown = []
            known = self.algebra.known(of) if self.unrolled and self._is_unrolled(expr.body, env, name) else None
            for before, inner in found:
                for binders, holds, value in self.members(of, name) if known is None else self._one_by_one(known):
                    if not any(map(is_false, holds)):
                        bound = before.bound(binders, tuple(h for h in holds if not is_true(h)))
                        if known is not None and isinstance(value, Constant):
                            bound = replace(bound, member=value.value)
                        names = self._evaluated(bound, partial(binds, value))
                        grown.append((bound, inner.inner(names)))
            found = grown
        return [after for before, inner in found for after in self._walk(expr.body, inner, before)]

    @staticmethod
    def _one_by_one(known: frozenset[Known]) -> Iterator[tuple[tuple[Binder, ...], tuple[Meaning, ...], Meaning]]:
        for member in in_order(known):
            yield (), (), Constant(member)

    def _is_unrolled(self, expr: object, env: Env, name: str) -> bool:
        """Whether an expression calls a definition that is unrolled, with this bound variable as its first argument."""
        if isinstance(expr, s.Apply) and expr.args and isinstance(expr.args[0], s.Ref) and expr.args[0].name == name:
            found = env.get(expr.name)
            if isinstance(found, Operator):
                d = found.definition
                if (d.name, d.line, d.module) in self.unrolled:
                    return True
        return any(self._is_unrolled(part, env, name) for part in parts_of(expr))

    def _every(self, expr: s.Quantified, env: Env, branch: StepBranch) -> list[StepBranch]:
        """``\\A x \\in S : A(x)`` of a known set: A of each member, one after another."""
        sources = self._evaluated(branch, partial(self.evaluator.bounds, expr.bounds, env))
        envs = [env]
        for _, of, binds in sources:
            members = self.algebra.known(of)
            if members is None:
                raise s.TlaError("\\A over a set that changes, in an action", expr.line)
            envs = [e.inner(binds(Constant(m))) for e in envs for m in sorted(members, key=str)]
        found = [branch]
        for inner in envs:
            found = [after for before in found for after in self._walk(expr.body, inner, before)]
        return found

    def _condition(self, expr: s.IfThenElse, env: Env, branch: StepBranch) -> list[StepBranch]:
        test = self._evaluated(branch, lambda: self.evaluator.eval(expr.test, env))
        if is_true(test) or is_false(test):
            return self._walk(expr.then if is_true(test) else expr.otherwise, env, branch)
        return self._choice(
            branch, test, lambda b: self._walk(expr.then, env, b), lambda b: self._walk(expr.otherwise, env, b)
        )

    def _choice(
        self,
        branch: StepBranch,
        test: Meaning,
        then: Callable[[StepBranch], list[StepBranch]],
        otherwise: Callable[[StepBranch], list[StepBranch]],
    ) -> list[StepBranch]:
        """Both sides as one branch where they differ in values only, otherwise as branches of their own."""
        names = self._names()
        a, b = then(branch), otherwise(branch)
        if (
            len(a) == len(b) == 1
            and a[0].binders == b[0].binders == branch.binders
            and set(a[0].after) == set(b[0].after)
        ):
            count = len(branch.guards)
            one, two = (self.algebra.conjunction(x.guards[count:]) for x in (a[0], b[0]))
            guard = self.algebra.choice(test, one, two)
            after = {n: self.algebra.choice(test, v, b[0].after[n]) for n, v in a[0].after.items()}
            titles = a[0].titles if a[0].titles == b[0].titles else branch.titles
            if not is_false(guard) and all(self._reads_well(v) for v in after.values()):
                return [replace(branch.guarded(guard), after=after, titles=titles)]
        self._restore(names)
        return [
            *then(branch.guarded(test)),
            *otherwise(branch.guarded(self.algebra.negation(test))),
        ]

    def _reads_well(self, value: Meaning) -> bool:
        """Whether a choice between two values is a choice of scalars, in one place: others read better as two steps."""
        while isinstance(value, Changed):
            if not self._reads_well(value.value):
                return False
            value = value.base
        plain = not isinstance(value, Either) and not (isinstance(value, Runtime) and isinstance(value.code, Call))
        return plain or is_scalar_type(self.algebra.type_of(value))

    def _names(self) -> set[str]:
        return set(self.algebra._used)

    def _restore(self, names: set[str]) -> None:
        self.algebra._used = names

    def _cases(self, expr: s.Cases, env: Env, branch: StepBranch) -> list[StepBranch]:
        if not expr.arms:
            return [] if expr.other is None else self._walk(expr.other, env, branch)
        (test, value), *rest = expr.arms
        last = not rest and expr.other is None
        holds = self._evaluated(branch, lambda: self.evaluator.eval(test, env))
        remaining = replace(expr, arms=tuple(rest))
        if is_false(holds):
            return self._cases(remaining, env, branch)
        if is_true(holds):
            return self._walk(value, env, branch)
        if last:
            return self._walk(value, env, branch.guarded(holds))
        return self._choice(
            branch, holds, lambda b: self._walk(value, env, b), lambda b: self._cases(remaining, env, b)
        )

    def _called(self, expr: s.Ref | s.Apply | s.Through, env: Env, branch: StepBranch) -> list[StepBranch] | None:
        """The branches of a definition, if the expression is one that may assign."""
        found: Binding | None
        found = self.evaluator.through(expr, env) if isinstance(expr, s.Through) else env.get(expr.name)
        args = () if isinstance(expr, s.Ref) else expr.args
        found = self.evaluator.aliased(found, args)
        if isinstance(found, Symbol):
            return None
        if not isinstance(found, Operator):
            return None
        definition = found.definition
        if definition.bounds or not (self.first or self.evaluator.is_action(expr, env)):
            return None
        if self.first and not self._assigns(definition.body, found.env):
            return None
        given = self._evaluated(branch, partial(self.evaluator.arguments, definition.params, args, env, expr.line))
        titled = branch
        if definition.name and definition.name.isidentifier() and found.env.is_module and not branch.closed:
            title = Title(definition.name, definition.line, definition.module, definition.comment)
            titled = replace(branch, titles=(*branch.titles, title))
        inner = found.env.inner(given) if given else found.env
        try:
            return self._walk(definition.body, inner, titled)
        except s.TlaError as problem:
            problem.module = problem.module or definition.module
            raise

    def _assigns(self, expr: object, env: Env) -> bool:
        """Whether an initial predicate equates a variable somewhere in a definition."""
        if isinstance(expr, s.Apply) and expr.name in ("=", "\\in") and self._assigned(expr.args[0], env):
            return True
        if isinstance(expr, s.Ref | s.Apply | s.Through):
            found = self.evaluator.through(expr, env) if isinstance(expr, s.Through) else env.get(expr.name)
            if isinstance(found, Operator) and not found.definition.bounds:
                return self._assigns(found.definition.body, found.env)
        return any(self._assigns(part, env) for part in parts_of(expr))
