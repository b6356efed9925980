"""Names of a specification while it is evaluated: what they stand for, and definitions that are called."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.code import PlainCode, call
from planrace.checker.imports.tla.library import OPERATORS
from planrace.checker.imports.tla.modules import (
    Binding,
    Env,
    NamedInstance,
    Operator,
    Specification,
    StateVariable,
    Symbol,
)
from planrace.checker.imports.tla.storing import Algebra
from planrace.checker.imports.tla.symbols import (
    FALSE,
    TRUE,
    Combined,
    Constant,
    Listed,
    Meaning,
    Runtime,
    Unbounded,
    Where,
)
from planrace.checker.imports.tla.types import SetType, Type, is_scalar_type
from planrace.checker.imports.tla.values import Atom
from planrace.checker.results.wording import counted

DEEPEST = 120
"""How deep definitions may call each other while they are written out."""

WORDS: Mapping[str, Meaning] = {
    "TRUE": TRUE,
    "FALSE": FALSE,
    "BOOLEAN": Constant(frozenset({True, False})),
    "Nat": Unbounded("Nat"),
    "Int": Unbounded("Int"),
    "STRING": Unbounded("STRING"),
}


@dataclasses.dataclass(frozen=True)
class Helper:
    """A definition that stays a definition: a term with a name, or a function of terms."""

    name: str
    params: tuple[str, ...]
    body: Runtime
    comment: str


class State:
    """Values of the variables now and after the step. ``after`` is None where a property speaks of steps: then a primed
    expression is ``primed(…)``."""

    def __init__(self, now: dict[str, Meaning], after: dict[str, Meaning] | None, plain: bool = True) -> None:
        self.now, self.after, self.plain = now, after, plain


class Given(s.Expr):
    """An argument whose meaning is known already."""

    def __init__(self, value: Meaning) -> None:
        super().__init__(0, "")
        object.__setattr__(self, "value", value)

    value: Meaning


class NotAssignedError(s.TlaError):
    """A primed variable is read before the step says what it is."""


def parts_of(expr: object) -> Iterator[object]:
    """What a piece of syntax is made of."""
    if isinstance(expr, tuple):
        yield from expr
    elif dataclasses.is_dataclass(expr):
        for field in dataclasses.fields(expr):
            value = getattr(expr, field.name)
            if isinstance(value, tuple) or dataclasses.is_dataclass(value):
                yield value


class Calling:
    """Finds what names stand for; ``algebra`` does what is said about values."""

    def __init__(self, spec: Specification, algebra: Algebra) -> None:
        self.spec: Specification = spec
        self.algebra: Algebra = algebra
        self.state = State({}, None)
        self.helpers: dict[object, Helper | None] = {}
        self.depth = 0
        self.helping = False
        self._primes: dict[tuple[int, int], bool] = {}
        self.reads = 0
        self.asserts = False
        """Whether an ``Assert`` was met that is not known to be true."""
        self.enabling: Callable[[Operator], Meaning] | None = None
        self._instances: dict[object, Env] = {}

    def eval(self, expr: s.Expr, env: Env) -> Meaning:
        raise NotImplementedError

    def function(self, bounds: Sequence[s.Bound], body: s.Expr, env: Env) -> Meaning:
        raise NotImplementedError

    def resolve(self, expr: s.Expr, env: Env) -> tuple[s.Expr, Env]:
        """What a name without parameters stands for, if it is a definition; other expressions themselves."""
        for _ in range(DEEPEST):
            if isinstance(expr, s.Through) and not expr.args:
                found: Binding | None = self.through(expr, env)
            elif isinstance(expr, s.Ref):
                found = env.get(expr.name)
            else:
                break
            if not isinstance(found, Operator) or found.definition.params or found.definition.bounds:
                break
            expr, env = found.definition.body, found.env
        return expr, env

    @staticmethod
    def aliased(found: Binding | None, args: Sequence[s.Expr]) -> Binding | None:
        """What a name stands for; where it is another name for an operator with parameters, that one."""
        for _ in range(DEEPEST):
            if not args or not isinstance(found, Operator) or found.definition.params:
                break
            body = found.definition.body
            if not isinstance(body, s.Ref):
                break
            found = found.env.get(body.name)
        return found

    def through(self, expr: s.Through, env: Env) -> Binding | None:
        """The binding of ``M!name``."""
        for name, args in expr.prefix:
            found = env.get(name)
            if not isinstance(found, NamedInstance):
                raise s.TlaError(f"{name} is no instance", expr.line)
            given = self.arguments(found.instantiation.params, args, env, expr.line)
            key = (id(found), *(id(a) for a in args))
            inner = self._instances.get(key)
            if inner is None or args:
                made = self.spec.instantiated(found.instantiation, found.env, given)
                if made is None:
                    raise s.TlaError(f"the module {found.instantiation.module} is not read", expr.line)
                inner = self._instances[key] = made
            env = inner
        return env.get(expr.name)

    def arguments(self, params: Sequence[str], args: Sequence[s.Expr], env: Env, line: int) -> dict[str, Binding]:
        if len(params) != len(args):
            raise s.TlaError(f"{counted(len(args), 'argument')} where there should be {len(params)}", line)
        return {
            p: a.value if isinstance(a, Given) else self.argument(a, env) for p, a in zip(params, args, strict=True)
        }

    def argument(self, arg: s.Expr, env: Env) -> Binding:
        """An argument: an operator as it is, a primed expression as an expression, everything else its meaning."""
        if isinstance(arg, s.LambdaOperator):
            return Operator(s.Definition("LAMBDA", arg.names, arg.body, arg.line, ""), env)
        if isinstance(arg, s.Ref):
            found = env.get(arg.name)
            if isinstance(found, Operator) and found.definition.params:
                return found
            if isinstance(found, Symbol | StateVariable):
                return found
            if found is None and arg.name in OPERATORS and arg.name not in WORDS:
                return Symbol(arg.name)
        if self.is_action(arg, env) or isinstance(arg, s.Ref):
            return Operator(s.Definition("", (), arg, arg.line, ""), env)
        return self.eval(arg, env)

    def is_action(self, expr: object, env: Env) -> bool:
        """Whether an expression speaks of the next state: it has a prime somewhere."""
        if isinstance(expr, s.Apply) and expr.name in ("'", "UNCHANGED", "ENABLED"):
            return True
        if isinstance(expr, s.StepOf):
            return True
        name = getattr(expr, "name", None)
        if isinstance(expr, s.Ref | s.Apply) and isinstance(name, str):
            found = self.aliased(env.get(name), getattr(expr, "args", ()))
            if isinstance(found, Operator) and self._defines_action(found):
                return True
        if isinstance(expr, s.Through):
            found = self.through(expr, env)
            if isinstance(found, Operator) and self._defines_action(found):
                return True
        if isinstance(expr, s.Let):
            env = self.let(expr, env)
            return self.is_action(expr.body, env)
        return any(self.is_action(part, env) for part in parts_of(expr))

    def _defines_action(self, found: Operator) -> bool:
        key = (id(found.definition), id(found.env))
        if key not in self._primes:
            self._primes[key] = False  # for recursive ones
            self._primes[key] = self.is_action(found.definition.body, found.env)
        return self._primes[key]

    def let(self, expr: s.Let, env: Env) -> Env:
        inner = env.inner({})
        for definition in expr.definitions:
            inner.names[definition.name] = Operator(definition, inner)
        for instance in expr.instances:
            inner.names[str(instance.name)] = NamedInstance(instance, inner)
        return inner

    def variables_of(self, expr: s.Expr, env: Env) -> list[str] | None:
        """The variables of a tuple of variables, or of tuples of these; None if it is something else."""
        expr, env = self.resolve(expr, env)
        if isinstance(expr, s.TupleOf):
            parts = [self.variables_of(i, env) for i in expr.items]
            return None if None in parts else [v for p in parts if p is not None for v in p]
        if isinstance(expr, s.Ref):
            found = env.get(expr.name)
            return [found.name] if isinstance(found, StateVariable) else None
        return None

    def call(self, operator: Operator, args: Mapping[str, Binding]) -> Meaning:
        definition, env = operator.definition, operator.env
        if self.depth > DEEPEST:
            raise s.TlaError(f"{definition.name} calls itself without an end that is known", definition.line)
        key = (definition.name, id(definition))
        if not args and key in env.known:
            return env.known[key]
        self.depth += 1
        reads = self.reads
        try:
            found = self.helped(operator, args)
            if found is None:
                inner = env.inner(args) if args else env
                if definition.bounds:
                    found = self.function(definition.bounds, definition.body, inner)
                else:
                    found = self.eval(definition.body, inner)
        except s.TlaError as problem:
            problem.module = problem.module or definition.module
            raise
        finally:
            self.depth -= 1
        if not args and reads == self.reads and env.is_module:
            noted = self._noted(definition, found)
            if reads == self.reads:  # neither now nor when its members were asked for
                found = noted
                if isinstance(found, Constant):
                    env.known[key] = found
        return found

    def _noted(self, definition: s.Definition, found: Meaning) -> Meaning:
        """A definition that reads no variable: a known set gives its sort its name."""
        try:
            known = self.algebra.known(found)
        except s.TlaError:
            return found
        if known is not None and all(isinstance(v, bool | int | Atom) for v in known):
            self.algebra.sorts.name_set(definition.name, known)
            return Constant(known)
        return found

    def helped(self, operator: Operator, args: Mapping[str, Binding]) -> Meaning | None:
        """The call of a helper, if the definition can be one: it reads the state, and is given and returns terms."""
        definition = operator.definition
        if not self.helping or not self.state.plain or not operator.env.is_module or not definition.name.isidentifier():
            return None
        if definition.bounds or definition.name in self.spec.recursive or self._defines_action(operator):
            return None
        if not all(isinstance(a, Runtime) and is_scalar_type(a.kind) for a in args.values()):
            return None
        kinds = tuple(a.kind for a in args.values() if isinstance(a, Runtime))
        key = (id(definition), id(operator.env), kinds)
        if key not in self.helpers:
            self.helpers[key] = self._made(operator, dict(zip(args, kinds, strict=True)))
        helper = self.helpers[key]
        if helper is None:
            return None
        self.reads += 1
        codes = tuple(a.code for a in args.values() if isinstance(a, Runtime))
        return Runtime(call(helper.name, *codes) if args else PlainCode(helper.name), helper.body.kind)

    def _made(self, operator: Operator, kinds: Mapping[str, Type]) -> Helper | None:
        definition, reads = operator.definition, self.reads
        used, self.algebra._used = self.algebra._used, set()
        try:
            names = {p: self.algebra.fresh(p) for p in kinds}
            params: dict[str, Binding] = {p: Runtime(PlainCode(names[p]), k) for p, k in kinds.items()}
            body = self.eval(definition.body, operator.env.inner(params) if params else operator.env)
        finally:
            self.algebra._used = used
        if reads == self.reads or not isinstance(body, Runtime):
            if not isinstance(body, Where | Combined | Listed) or reads == self.reads:
                return None
            element = self.algebra.element_type(body)
            if not is_scalar_type(element):
                return None
            self.algebra.sorts.meet(element)
            body = Runtime(self.algebra.store(body, SetType(element)), SetType(element))
        if isinstance(body.code, PlainCode):
            return None
        return Helper(self.algebra.names.top(definition.name), tuple(names.values()), body, definition.comment)
