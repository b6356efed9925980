"""The initial states of an instance, listed and recognised.

A state is initial if each place has an initial value of its variable, and all conditions of the protocol hold. A
condition is taken apart into its conjuncts, one for each member of a quantifier: a state for which one of them is false
is not initial, even if others have no value. Where none is false and one has no value, that is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

from planrace.checker.results.wording import counted
from planrace.checker.semantics.context import Context, RangeError, State
from planrace.model.language import Array, Instance, ModelError, Op, Place, SetOf, Sort, System, Term, Variable
from planrace.model.language.sorts import bounds_of
from planrace.model.language.terms import make, substitute

if TYPE_CHECKING:
    from planrace.checker.semantics.interpreter import Interpreter

MOST = 2**20
"""The largest number of initial states that are listed."""
TRIED = 2**21
"""The largest number of values that are tried for places, over all states begun."""
CONJUNCTS = 10_000
"""The largest number of parts that one condition is taken apart into."""
LIST_LESS = "choose smaller sizes, or say more in protocol.initially(…); bmc and induction need no list of them"

Path: TypeAlias = "tuple[int, ...]"


@dataclass(frozen=True, eq=False)
class StartCondition:
    """A part of a condition on initial states, with the place of the condition."""

    holds: Term
    where: Place | None


def conjuncts(instance: Instance) -> list[StartCondition]:
    """The parts of all conditions on initial states, in order."""
    found: list[StartCondition] = []
    for b in instance.system.beginnings:
        parts = [b.holds]
        at = 0
        while at < len(parts) <= CONJUNCTS:
            inner = _parts(parts[at], instance)
            if inner is None or len(parts) + len(inner) > CONJUNCTS:
                at += 1
            else:
                parts[at : at + 1] = inner
        found += (StartCondition(t, b.where) for t in parts)
    return found


def _parts(term: Term, instance: Instance) -> list[Term] | None:
    """The terms whose conjunction a term is; None if it is no conjunction."""
    if term.op is Op.AND:
        return list(term.args)
    if term.op is not Op.FORALL:
        return None
    variable, body = term.args
    members = instance.members(variable.sort)  # type: ignore[arg-type]
    return [substitute(body, {variable: make(Op.CONST, (), variable.sort, m)}) for m in members]


class TooManyError(ModelError):
    """There are more initial states than are listed."""


class Initials:
    """The initial states of the instance of an interpreter."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.instance = interpreter.instance
        self.conjuncts = conjuncts(self.instance)
        self._chosen: dict[str, list[Any]] = {}
        self._unvalued = False

    @cached_property
    def all(self) -> tuple[State, ...]:
        """Every initial state, ordered by the values of the variables in the order of their declarations: alternatives
        of ``one_of`` in the order in which they are given, other values ascending, and sets with fewer members first.
        Raises ``ModelError`` if there are none, or too many, and ``RangeError`` if a condition has no value."""
        found: list[State] = []
        for s in self.some():
            if len(found) == MOST:
                raise self._too_many(f"more than {MOST:,} initial states")
            found.append(s)
        if not found:
            raise no_state(self.instance.system, self.instance.parameters)
        return tuple(found)

    @cached_property
    def only(self) -> State:
        """The initial state, if there is exactly one. Raises ``ModelError`` otherwise."""
        first, *others = self.all
        if others:
            raise ModelError(
                f"{self.instance.system.name} has {len(others) + 1:,} initial states, and this needs exactly one",
                where=self.instance.system.where,
                remedy="choose one by conditions in protocol.initially(…), or by other initial values",
            )
        return first

    @property
    def first(self) -> State:
        """The first initial state of ``all``; the others need not be listed. Raises ``ModelError`` if there is none."""
        found = next(self.some(), None)
        if found is None:
            raise no_state(self.instance.system, self.instance.parameters)
        return found

    def includes(self, state: State) -> bool:
        """Whether a state is initial. Raises ``RangeError`` if a condition has no value there."""
        for v, value in zip(self.instance.system.variables, state, strict=True):
            for path in places(self.instance, v.sort):
                if not self._allows(v, path, _at(value, path)):
                    return False
        return not self._refused(state, self.conjuncts) and self._valued(state)

    # The list --------------------------------------------------------------------------------------------------
    def some(self, tried: int = TRIED) -> Iterator[State]:
        """Initial states, in the order of ``all``, found by trying at most so many values. Values are chosen place by
        place, and a condition is evaluated as soon as all that it reads is chosen. Raises ``TooManyError`` if that does
        not suffice."""
        free = [(v, path) for v in self._free() for path in places(self.instance, v.sort)]
        ready = self._ready(free)
        states = [tuple(self._begun(v) for v in self.instance.system.variables)]
        if self._refused(states[0], ready[0]):
            return
        if not free:
            yield from (s for s in states if self._valued(s))
            return
        choices, left = [self.values(*free[0])], tried
        while choices:
            value = next(choices[-1], None)
            if value is None:
                choices.pop()
                states.pop()
                continue
            if left == 0:
                raise self._too_many(f"initial states that are not found by trying {counted(tried, 'value')}")
            left -= 1
            v, path = free[len(choices) - 1]
            n = self.interpreter.place[v.name]
            state = (*states[-1][:n], _with(states[-1][n], path, value), *states[-1][n + 1 :])
            if self._refused(state, ready[len(choices)]):
                continue
            if len(choices) < len(free):
                choices.append(self.values(*free[len(choices)]))
                states.append(state)
            elif self._valued(state):
                yield state

    def _free(self) -> list[Variable]:
        return [v for v in self.instance.system.variables if v.initially is None]

    def _begun(self, v: Variable) -> Any:
        """The initial value of a variable; zeros if there are several."""
        if v.initially is not None:
            return spread(self.instance, v.sort, self.alternatives(v)[0])
        inner = v.sort
        while isinstance(inner, Array):
            inner = inner.element
        return spread(self.instance, v.sort, frozenset[int]() if isinstance(inner, SetOf) else 0)

    def alternatives(self, v: Variable) -> list[Any]:
        """The values of what a variable may start with (``Variable.starts``): of a place, or of a whole array."""
        if v.name not in self._chosen:
            try:
                self._chosen[v.name] = [self.interpreter.evaluate(t, Context({}, ())) for t in v.starts]
            except RangeError as problem:
                raise problem.of(f"the initial value of {v.name}", v.where) from None
        return self._chosen[v.name]

    def values(self, v: Variable, path: Path) -> Iterator[Any]:
        """The initial values of a place, in order."""
        if v.starts:
            yield from dict.fromkeys(_at(x, path) for x in self.alternatives(v))
            return
        inner = v.sort
        while isinstance(inner, Array):
            inner = inner.element
        if not isinstance(inner, SetOf):
            yield from self.instance.members(inner)
            return
        members = self.instance.members(inner.element)
        for size in range(len(members) + 1):
            yield from map(frozenset, combinations(members, size))

    def _allows(self, v: Variable, path: Path, value: Any) -> bool:
        """Whether a place may start with ``value``, which its sort holds."""
        return not v.starts or value in [_at(x, path) for x in self.alternatives(v)]

    # Conditions ------------------------------------------------------------------------------------------------
    def _ready(self, free: Sequence[tuple[Variable, Path]]) -> list[list[StartCondition]]:
        """For each number of places that are chosen: the conjuncts that read none of the others, but the last
        chosen."""
        found: list[list[StartCondition]] = [[] for _ in range(len(free) + 1)]
        number = {(v.name, path): n for n, (v, path) in enumerate(free, 1)}
        last = {v.name: number[v.name, path] for v, path in free}
        for c in self.conjuncts:
            found[max((_last_read(t, number, last) for t in _read(c.holds)), default=0)].append(c)
        return found

    def _refused(self, state: State, parts: Sequence[StartCondition]) -> bool:
        """Whether some of the conjuncts is false in a state; what has no value is noted."""
        for c in parts:
            try:
                if not self.interpreter.holds(c.holds, state):
                    return True
            except RangeError:
                self._unvalued = True
        return False

    def _valued(self, state: State) -> bool:
        """True; raises ``RangeError`` if a condition has no value in a state in which none is false."""
        if self._unvalued and not self._refused(state, self.conjuncts):
            for c in self.conjuncts:
                try:
                    self.interpreter.holds(c.holds, state)
                except RangeError as problem:
                    raise problem.of("initial states", c.where) from None
        return True

    def _too_many(self, what: str) -> TooManyError:
        where = next((v.where for v in self._free()), None)
        return TooManyError(f"{self.instance.system.name} has {what}", where=where, remedy=LIST_LESS)


def no_state(system: System, sizes: Mapping[str, int] | None = None) -> ModelError:
    """The error that no state satisfies the conditions on initial states, at these sizes."""
    at = f" at {', '.join(f'{name}={n}' for name, n in sizes.items())}" if sizes else ""
    return ModelError(
        f"{system.name} has no initial state{at}: nothing satisfies its conditions",
        where=next((b.where for b in system.beginnings), system.where),
        remedy="correct protocol.initially(…), or allow more initial values",
    )


def spread(instance: Instance, sort: Sort, value: Any) -> Any:
    """A value of ``sort``: ``value`` itself, or an array with it as each innermost element."""
    if not isinstance(sort, Array) or isinstance(value, tuple):
        return value
    return tuple(spread(instance, sort.element, value) for _ in instance.members(sort.domain))


def places(instance: Instance, sort: Sort) -> Iterator[Path]:
    """The offsets of each innermost element of an array, in order; one empty path for other sorts."""
    if not isinstance(sort, Array):
        yield ()
        return
    for n in range(len(instance.members(sort.domain))):
        yield from ((n, *path) for path in places(instance, sort.element))


def _at(value: Any, path: Path) -> Any:
    for n in path:
        if not isinstance(value, tuple):
            break
        value = value[n]
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    at, *rest = path
    return (*value[:at], _with(value[at], tuple(rest), new), *value[at + 1 :])


def _read(term: Term) -> Iterator[Term]:
    """What a term reads: variables, and elements of them at constant positions."""
    waiting, seen = [term], set[int]()
    while waiting:
        t = waiting.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        if t.op is Op.VARIABLE or (t.op is Op.SELECT and _fixed(t) is not None):
            yield t
        else:
            waiting += t.args


def _fixed(term: Term) -> tuple[Term, list[int]] | None:
    """The variable and the positions that a term reads, if all of them are constants."""
    positions: list[int] = []
    while term.op is Op.SELECT:
        term, at = term.args
        if at.op is not Op.CONST:
            return None
        positions.insert(0, at.data)
    return (term, positions) if term.op is Op.VARIABLE else None


def _last_read(term: Term, number: dict[tuple[str, Path], int], last: dict[str, int]) -> int:
    """The number of the last free place that ``term`` reads (see ``_read``); 0 if there is none."""
    fixed = _fixed(term)
    assert fixed is not None
    variable, positions = fixed
    sort = variable.sort
    path: Path = ()
    for at in positions:
        assert isinstance(sort, Array)
        low, _ = bounds_of(sort.domain)
        if not isinstance(low, int):
            return last.get(variable.data, 0)
        path, sort = (*path, at - low), sort.element
    whole = isinstance(sort, Array) or not positions
    return last.get(variable.data, 0) if whole else number.get((variable.data, path), 0)
