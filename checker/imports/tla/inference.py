"""The types of variables: what a type invariant says, and otherwise what is assigned, until nothing new appears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.calling import State
from planrace.checker.imports.tla.code import PlainCode
from planrace.checker.imports.tla.evaluation import Evaluator
from planrace.checker.imports.tla.modules import Env, Operator, Specification, StateVariable
from planrace.checker.imports.tla.steps import ActionReader, StepBranch
from planrace.checker.imports.tla.symbols import Meaning, Runtime
from planrace.checker.imports.tla.types import (
    BOOL,
    FunctionType,
    IntType,
    OneOfRecords,
    RecordType,
    SequenceType,
    SetType,
    Type,
    is_bounded,
    join,
    widened,
)
from planrace.checker.results.wording import counted

ROUNDS = 40
PATIENCE = 4
"""After so many rounds bounds that still grow are moved to the limits."""


@dataclass(frozen=True)
class AssumedBounds:
    """Where TLA⁺ gives no bound: of numbers, and of the lengths of sequences. ``ranges`` and ``lengths`` are for single
    variables."""

    low: int = -100
    high: int = 100
    most: int = 4
    ranges: Mapping[str, tuple[int, int]] | None = None
    lengths: Mapping[str, int] | None = None


class TypeInference:
    """Finds the types. ``codes`` are the names of the variables in Python."""

    def __init__(
        self, spec: Specification, evaluator: Evaluator, codes: Mapping[str, str], limits: AssumedBounds
    ) -> None:
        self.spec, self.evaluator, self.codes, self.limits = spec, evaluator, codes, limits
        self.algebra = evaluator.algebra
        self.kinds: dict[str, Type | None] = dict.fromkeys(spec.variables)
        self.declared: dict[str, Type] = {}
        self.assumed: dict[str, str] = {}
        self._first: dict[str, Type | None] = {}
        """The types of the initial values."""

    def now(self) -> dict[str, Meaning]:
        """The variables as terms, as far as their types are known."""
        return {v: Runtime(PlainCode(self.codes[v]), k) for v, k in self.kinds.items() if k is not None}

    def find(self, init: s.Expr, step: s.Expr | None, type_invariants: list[s.Expr]) -> None:
        """Finds the types of all variables that get a value."""
        for round_ in range(ROUNDS):
            before = dict(self.kinds)
            for expr in type_invariants:
                self._declare(expr, self.spec.env)
            self._take(self._starts(init))
            self._first = self._first or dict(self.kinds)
            if step is not None:
                steps = ActionReader(self.evaluator, self.now())
                self.algebra.begin()
                try:
                    self._take(steps.branches(step, self.spec.env))
                except s.TlaError as problem:
                    steps.problems.append((problem, step, StepBranch()))
            for name, kind in self.kinds.items():
                if round_ >= PATIENCE or not _grows(kind):
                    self.kinds[name] = self._limited(name, kind, before[name] if round_ >= PATIENCE else None)
                self.algebra.sorts.meet(self.kinds[name], name)
            if self.kinds == before:
                self.kinds = {n: _filled(k) for n, k in self.kinds.items()}
                return
        raise s.TlaError("the types of the variables are not found: they grow with each step")

    def _limited(self, name: str, kind: Type | None, old: Type | None) -> Type | None:
        low, high = (self.limits.ranges or {}).get(name, (self.limits.low, self.limits.high))
        most = (self.limits.lengths or {}).get(name, max(self.limits.most, _longest(self._first.get(name))))
        if name in (self.limits.ranges or {}) or name in (self.limits.lengths or {}):
            kind = _fixed(kind, (self.limits.ranges or {}).get(name), (self.limits.lengths or {}).get(name))
        found = widened(kind, old if old is not None else kind, low, high, most)
        if found != kind:
            self.assumed[name] = _bounds(found)
        return found

    def _starts(self, init: s.Expr) -> list[StepBranch]:
        self.algebra.begin()
        return ActionReader(self.evaluator, self.now(), first=True).branches(init, self.spec.env)

    def _take(self, branches: list[StepBranch]) -> None:
        """Joins the types of what the branches assign."""
        for branch in branches:
            for name, value in branch.after.items():
                try:
                    kind = (
                        self.algebra.element_type(branch.free[name])
                        if name in branch.free
                        else self.algebra.type_of(value)
                    )
                except s.TlaError:
                    continue
                self.kinds[name] = self._with(name, kind)

    def _with(self, name: str, kind: Type | None) -> Type | None:
        joined = join(self.kinds[name], kind)
        declared = self.declared.get(name)
        return joined if declared is None else _clipped(join(declared, joined), declared)

    def _declare(self, expr: s.Expr, env: Env) -> None:
        """Reads ``x \\in S`` and ``x \\subseteq S`` of a type invariant."""
        expr, env = self.evaluator.resolve(expr, env)
        if isinstance(expr, s.Apply) and expr.name == "/\\":
            for part in expr.args:
                self._declare(part, env)
        elif isinstance(expr, s.Apply) and expr.name in ("\\in", "\\subseteq"):
            left, inner = self.evaluator.resolve(expr.args[0], env)
            found = inner.get(left.name) if isinstance(left, s.Ref) else None
            if isinstance(found, StateVariable):
                self._note(found.name, expr, env)

    def _note(self, name: str, expr: s.Apply, env: Env) -> None:
        self.algebra.begin()
        self.evaluator.state = State(self.now(), {}, plain=False)
        try:
            kind = self.algebra.element_type(self.evaluator.eval(expr.args[1], env))
        except s.TlaError:
            return
        if expr.name == "\\subseteq":
            kind = SetType(kind)
        if is_bounded(kind) and kind is not None and name not in self.declared:
            self.declared[name] = kind
            self.kinds[name] = kind if self.kinds[name] is None else self._with(name, kind)


def type_invariants(spec: Specification) -> list[s.Expr]:
    """The invariants of the configuration that say types, and definitions that are called like one."""
    names = [*spec.config.names("invariants"), *spec.env.names]
    found: list[s.Expr] = []
    for name in dict.fromkeys(names):
        binding = spec.env.get(name)
        if isinstance(binding, Operator) and not binding.definition.params and "type" in name.lower():
            found.append(s.Ref(binding.definition.line, name, name))
    return found


def _grows(kind: Type | None) -> bool:
    """Whether bounds may still come from somewhere: where there is none at all, waiting does not help."""
    match kind:
        case IntType(low, high):
            return low is not None and high is not None
        case SetType(element) | FunctionType(_, element):
            return _grows(element)
        case SequenceType(element, most):
            return most is not None and _grows(element)
        case RecordType(fields):
            return all(_grows(p) for _, p in fields)
        case OneOfRecords(choices):
            return all(map(_grows, choices))
        case _:
            return True


def _clipped(kind: Type | None, declared: Type | None) -> Type | None:
    """A joined type with the bounds of the declared one; words that are assigned remain."""
    match kind, declared:
        case IntType(), IntType():
            return IntType(declared.low, declared.high, kind.atoms)
        case SetType(), SetType():
            return SetType(_clipped(kind.element, declared.element))
        case FunctionType(), FunctionType():
            element = _clipped(kind.element, declared.element)
            return kind if element is None else FunctionType(kind.keys, element)
        case RecordType(), RecordType() if kind.names == declared.names:
            other = dict(declared.fields)
            return RecordType(tuple((n, _clipped(p, other[n])) for n, p in kind.fields))
        case SequenceType(), SequenceType():
            return SequenceType(_clipped(kind.element, declared.element), declared.most)
        case OneOfRecords(), OneOfRecords():
            others = {c.names: c for c in declared.choices}
            found = [_clipped(c, others.get(c.names)) for c in kind.choices]
            return OneOfRecords(tuple(c for c in found if isinstance(c, RecordType)))
        case _:
            return kind


def _filled(kind: Type | None) -> Type | None:
    """The type with truths in the place of elements that there never are: the sort of an empty set has some element."""
    match kind:
        case SetType(element):
            return SetType(BOOL if element is None else _filled(element))
        case SequenceType(element, most):
            return SequenceType(BOOL if element is None else _filled(element), most)
        case FunctionType(keys, element):
            found = _filled(element)
            return kind if found is None else FunctionType(keys, found)
        case RecordType(fields):
            return RecordType(tuple((n, _filled(p)) for n, p in fields))
        case _:
            return kind


def _longest(kind: Type | None) -> int:
    """The length of the longest sequence in values of a type."""
    match kind:
        case SequenceType(element, most):
            return max(most or 0, _longest(element))
        case SetType(element) | FunctionType(_, element):
            return _longest(element)
        case RecordType(fields):
            return max((_longest(p) for _, p in fields), default=0)
        case _:
            return 0


def _fixed(kind: Type | None, bounds: tuple[int, int] | None, most: int | None) -> Type | None:
    """The type with the bounds that were given for the variable."""
    match kind:
        case IntType() if bounds is not None:
            return IntType(*bounds, kind.atoms)
        case SetType():
            return SetType(_fixed(kind.element, bounds, most))
        case FunctionType():
            element = _fixed(kind.element, bounds, most)
            return kind if element is None else FunctionType(kind.keys, element)
        case SequenceType():
            return SequenceType(_fixed(kind.element, bounds, most), kind.most if most is None else most)
        case _:
            return kind


def _bounds(kind: Type | None) -> str:
    """The bounds of a type in words."""
    match kind:
        case IntType(low, high):
            return f"{low}…{high}"
        case SequenceType(element, most):
            inner = _bounds(element)
            return f"at most {counted(most or 0, 'element')}" + (f" of {inner}" if inner else "")
        case SetType(element) | FunctionType(_, element):
            return _bounds(element)
        case RecordType(fields):
            return ", ".join(f"{n} {_bounds(p)}" for n, p in fields if _bounds(p))
        case _:
            return ""
