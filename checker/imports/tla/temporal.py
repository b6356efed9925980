"""Properties and fairness: which formulas about runs planrace has words for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.calling import State, parts_of
from planrace.checker.imports.tla.code import Attribute, Call, PyCode, call
from planrace.checker.imports.tla.evaluation import Evaluator
from planrace.checker.imports.tla.modules import Env, Operator
from planrace.checker.imports.tla.symbols import Constant, Meaning, is_false, is_true
from planrace.checker.imports.tla.values import in_order, shown

TEMPORAL = ("[]", "<>", "~>", "-+->")


@dataclass(frozen=True)
class Promise:
    """A property: the kind is a function of planrace, and the terms are its arguments."""

    kind: str
    name: str
    terms: tuple[PyCode, ...]
    line: int
    comment: str


@dataclass(frozen=True)
class Trivial:
    """A property that the translation decides: ``why``."""

    name: str
    why: str
    line: int


@dataclass(frozen=True)
class SpecParts:
    """What a specification formula consists of."""

    init: s.Expr | None
    step: s.Expr | None
    fair: tuple[tuple[s.Fair, Env, tuple[str, ...]], ...]
    """Each with the names that ``\\A`` binds around it."""
    unread: tuple[s.Expr, ...]


def is_temporal(expr: object, evaluator: Evaluator, env: Env, depth: int = 0) -> bool:
    """Whether an expression speaks of runs, or of steps."""
    if isinstance(expr, s.StepOf | s.Fair) or (isinstance(expr, s.Apply) and expr.name in TEMPORAL):
        return True
    if depth < 40 and isinstance(expr, s.Ref | s.Apply | s.Through):
        found = evaluator.through(expr, env) if isinstance(expr, s.Through) else env.get(expr.name)
        if isinstance(found, Operator) and is_temporal(found.definition.body, evaluator, found.env, depth + 1):
            return True
    return any(is_temporal(part, evaluator, env, depth) for part in parts_of(expr))


def specification(expr: s.Expr, evaluator: Evaluator, env: Env) -> SpecParts:
    """``Init /\\ [][Next]_v /\\ fairness`` as its parts."""
    init: list[s.Expr] = []
    step: s.Expr | None = None
    fair: list[tuple[s.Fair, Env, tuple[str, ...]]] = []
    unread: list[s.Expr] = []
    for part, inner, names in _conjuncts(expr, evaluator, env, ()):
        plain, where = evaluator.resolve(part, inner)
        if isinstance(plain, s.Fair):
            fair.append((plain, where, names))
        elif isinstance(plain, s.Apply) and plain.name == "[]" and step is None and not names:
            boxed, _ = evaluator.resolve(plain.args[0], where)
            if isinstance(boxed, s.StepOf):
                step = boxed.action
            else:
                unread.append(part)
        elif is_temporal(plain, evaluator, where) or names:
            unread.append(part)
        else:
            init.append(part)
    first = init[0] if len(init) == 1 else s.Apply(expr.line, expr.source, "/\\", tuple(init)) if init else None
    return SpecParts(first, step, tuple(fair), tuple(unread))


def _conjuncts(
    expr: s.Expr, evaluator: Evaluator, env: Env, names: tuple[str, ...]
) -> Iterator[tuple[s.Expr, Env, tuple[str, ...]]]:
    plain, inner = evaluator.resolve(expr, env)
    if isinstance(plain, s.Apply) and plain.name == "/\\" and is_temporal(plain, evaluator, inner):
        for part in plain.args:
            yield from _conjuncts(part, evaluator, inner, names)
    elif isinstance(plain, s.Quantified) and plain.kind == "A" and is_temporal(plain, evaluator, inner):
        bound = tuple(n for b in plain.bounds for n in b.names)
        yield from _conjuncts(plain.body, evaluator, inner, (*names, *bound))
    elif isinstance(plain, s.Let):
        yield from _conjuncts(plain.body, evaluator, evaluator.let(plain, inner), names)
    else:
        yield (
            (plain if isinstance(plain, s.Apply | s.Fair) and is_temporal(plain, evaluator, inner) else expr),
            (inner if isinstance(plain, s.Apply | s.Fair) and is_temporal(plain, evaluator, inner) else env),
            names,
        )


class Properties:
    """Reads properties. ``starts`` are the values that variables have in every initial state."""

    def __init__(self, evaluator: Evaluator, now: dict[str, Meaning], starts: dict[str, Meaning]) -> None:
        self.evaluator, self.now, self.starts = evaluator, now, starts
        self.algebra = evaluator.algebra
        self.lacking: list[tuple[str, s.TlaError]] = []
        """Parts of properties that are not translated."""

    def invariant(self, name: str, expr: s.Expr, env: Env, line: int, comment: str) -> Promise | Trivial:
        holds = self._state(expr, env)
        if is_true(holds):
            return Trivial(name, "the sorts of the variables say it, and a value outside of its sort is an error", line)
        return Promise("invariant", name, (self.algebra.code(holds),), line, comment)

    def read(self, name: str, expr: s.Expr, env: Env, comment: str = "") -> Iterator[Promise | Trivial]:
        """The properties that a temporal formula consists of. Raises ``TlaError``."""
        plain, inner = self.evaluator.resolve(expr, env)
        line = plain.line or expr.line
        match plain:
            case s.Apply(name="/\\", args=args):
                for number, part in enumerate(args, 1):
                    own = f"{name}_{number}" if len(args) > 1 else name
                    try:
                        yield from self.read(own, part, inner, comment)
                    except s.TlaError as problem:
                        problem.line = problem.line or part.line
                        self.lacking.append((own, problem))
            case s.Quantified(kind="A") if is_temporal(plain, self.evaluator, inner):
                yield from self._each(name, plain, inner, comment)
            case s.Let():
                yield from self.read(name, plain.body, self.evaluator.let(plain, inner), comment)
            case s.Apply(name="[]", args=(of,)):
                yield from self._always(name, of, inner, line, comment)
            case s.Apply(name="<>", args=(of,)):
                yield self._eventually(name, of, inner, line, comment)
            case s.Apply(name="~>", args=(left, right)):
                yield self._leads(name, left, right, inner, line, comment)
            case s.Fair():
                raise s.TlaError("fairness as a property", line)
            case _ if is_temporal(plain, self.evaluator, inner):
                raise s.TlaError("a formula about runs that planrace has no property for", line)
            case _:
                yield self._initial(name, expr, env, line)

    def _each(self, name: str, expr: s.Quantified, env: Env, comment: str) -> Iterator[Promise | Trivial]:
        self.evaluator.state = State(self.now, {}, plain=False)
        sources = self.evaluator.bounds(expr.bounds, env)
        found = [(name, env)]
        for _, of, binds in sources:
            members = self.algebra.known(of)
            if members is None:
                raise s.TlaError("\\A over a set that changes, of a formula about runs", expr.line)
            found = [
                (f"{n}_{shown(m).strip(chr(34))}", e.inner(binds(Constant(m))))
                for n, e in found
                for m in in_order(members)
            ]
        for own, inner in found:
            yield from self.read(own, expr.body, inner, comment)

    def _always(self, name: str, of: s.Expr, env: Env, line: int, comment: str) -> Iterator[Promise | Trivial]:
        plain, inner = self.evaluator.resolve(of, env)
        match plain:
            case s.StepOf():
                self.algebra.begin()
                self.evaluator.state = State(self.now, None)
                holds = self.evaluator.eval(plain, inner)
                yield (
                    Trivial(name, "it is true of every step", line)
                    if is_true(holds)
                    else Promise("step_invariant", name, (self.algebra.code(holds),), line, comment)
                )
            case s.Apply(name="<>", args=(goal,)) if not is_temporal(goal, self.evaluator, inner):
                yield Promise("infinitely_often", name, (self._code(goal, inner),), line, comment)
            case s.Apply(name="=>", args=(left, right)) if is_temporal(right, self.evaluator, inner):
                goal, where = self.evaluator.resolve(right, inner)
                if (
                    isinstance(goal, s.Apply)
                    and goal.name == "[]"
                    and not is_temporal(goal.args[0], self.evaluator, where)
                ):
                    yield self._stays(name, left, inner, goal.args[0], where, line, comment)
                    return
                if not (isinstance(goal, s.Apply) and goal.name == "<>"):
                    raise s.TlaError("a formula about runs that planrace has no property for", line)
                self._not_temporal(goal.args[0], where)
                yield Promise(
                    "leads_to", name, (self._code(left, inner), self._code(goal.args[0], where)), line, comment
                )
            case s.Apply(name="/\\", args=args) if is_temporal(plain, self.evaluator, inner):
                for number, part in enumerate(args, 1):
                    yield from self._always(f"{name}_{number}", part, inner, line, comment)
            case s.Quantified(kind="A") if is_temporal(plain, self.evaluator, inner):
                box = s.Apply(plain.line, plain.source, "[]", (plain.body,))
                body = s.Quantified(plain.line, plain.source, "A", plain.bounds, box)
                yield from self._each(name, body, inner, comment)
            case s.Apply(name="[]", args=(again,)):
                yield from self._always(name, again, inner, line, comment)
            case _:
                self._not_temporal(plain, inner)
                yield self.invariant(name, of, env, line, comment)

    def _stays(self, name: str, left: s.Expr, env: Env, right: s.Expr, where: Env, line: int, comment: str) -> Promise:
        """``[](P => []P)``: a step from P leads to P."""
        before, after = self._code(left, env), self._code(right, where)
        if before != after:
            raise s.TlaError("a formula about runs that planrace has no property for", line)
        holds = Call(Attribute(before, "implies"), (call("primed", before),))
        return Promise("step_invariant", name, (holds,), line, comment)

    def _eventually(self, name: str, of: s.Expr, env: Env, line: int, comment: str) -> Promise:
        plain, inner = self.evaluator.resolve(of, env)
        if isinstance(plain, s.Apply) and plain.name == "[]":
            self._not_temporal(plain.args[0], inner)
            return Promise("eventually_always", name, (self._code(plain.args[0], inner),), line, comment)
        self._not_temporal(plain, inner)
        return Promise("eventually", name, (self._code(of, env),), line, comment)

    def _leads(self, name: str, left: s.Expr, right: s.Expr, env: Env, line: int, comment: str) -> Promise:
        for side in (left, right):
            self._not_temporal(side, env)
        return Promise("leads_to", name, (self._code(left, env), self._code(right, env)), line, comment)

    def _not_temporal(self, expr: s.Expr, env: Env) -> None:
        if is_temporal(expr, self.evaluator, env):
            raise s.TlaError("a formula about runs inside of another one", expr.line)

    def _initial(self, name: str, expr: s.Expr, env: Env, line: int) -> Trivial:
        """A state predicate as a property is about initial states."""
        self.evaluator.state = State(self.starts, {}, plain=False)
        try:
            holds = self.evaluator.eval(expr, env)
        except s.TlaError as problem:
            raise s.TlaError("a property of the initial states, which differ", line) from problem
        if is_true(holds):
            return Trivial(name, "it is about the initial state, and true there", line)
        raise s.TlaError(
            "it is false in the initial state" if is_false(holds) else "a property of initial states", line
        )

    def _state(self, expr: s.Expr, env: Env) -> Meaning:
        self.algebra.begin()
        self.evaluator.state = State(self.now, {})
        holds = self.evaluator.eval(expr, env)
        return self.algebra.conjunction([holds])

    def _code(self, expr: s.Expr, env: Env) -> PyCode:
        return self.algebra.code(self._state(expr, env))
