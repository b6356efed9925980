"""Random small systems for hypothesis: every sort and every operator of the language."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    If,
    Index,
    ModelError,
    Op,
    Protocol,
    System,
    Term,
    anything,
    array,
    boolean,
    both,
    count,
    distance,
    each,
    enumeration,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    last,
    least,
    maximum,
    minimum,
    one_of,
    optional,
    otherwise,
    outcome,
    position,
    preceding,
    predecessor,
    primed,
    step,
    subsets,
    successor,
    such_that,
    sum_of,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step, Update
from planrace.model.language.sorts import BOOL, Array, Bool, Enum, Int, Maybe, SetOf, Sort
from planrace.model.language.system import Beginning
from planrace.model.language.terms import TRUE, constant, subterms
from planrace.properties import invariant, reachable, step_invariant
from planrace.properties.kinds import Checkable

WORKER = index("worker", 2)
PLACE = index("place", 2, ordered=True)
COLOUR = enumeration("colour", "RED GREEN BLUE")
SMALL = integers(0, 2, "small")
SHIFTED = integers(1, 3, "shifted")
LOW = integers(-1, 1, "low")

SCALARS: list[Sort] = [boolean(), SMALL, SHIFTED, LOW, COLOUR, PLACE, optional(WORKER)]
SORTS: list[Sort] = [
    *SCALARS,
    subsets(SMALL),
    subsets(SHIFTED),
    subsets(COLOUR),
    array(WORKER, SMALL),
    array(PLACE, subsets(SHIFTED)),
    array(WORKER, PLACE),
    array(PLACE, array(WORKER, boolean())),
    array(SHIFTED, optional(WORKER)),
]
NUMBERS = (SMALL, SHIFTED, LOW)


class Builder:
    """Draws terms over the variables of one protocol; ``names`` are bound variables in reach."""

    def __init__(self, draw: st.DrawFn, variables: list[Term], *, steps: bool = False) -> None:
        self.draw = draw
        self.variables = variables
        self.steps = steps

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def choose(self, terms: list[Term]) -> Term:
        return terms[self.draw(st.integers(0, len(terms) - 1))]

    def reads(self, sort: Sort, names: list[Term], depth: int) -> list[Term]:
        """Terms of ``sort`` that read the state or a bound variable."""
        found = [n for n in names if n.sort == sort]
        for v in self.variables:
            found += self._paths(v, sort, names, depth)
        return found

    def _paths(self, term: Term, sort: Sort, names: list[Term], depth: int) -> list[Term]:
        if term.sort == sort:
            return [term]
        if not isinstance(term.sort, Array) or depth <= 0:
            return []
        return self._paths(term[self.term(term.sort.domain, names, depth - 1)], sort, names, depth - 1)

    def term(self, sort: Sort, names: list[Term], depth: int) -> Term:
        """A term that fits ``sort`` (it may still be out of its range: engines must agree on that too)."""
        reads = self.reads(sort, names, depth)
        if reads and (depth <= 0 or self.draw(st.integers(0, 2)) == 0):
            chosen = self.choose(reads)
            return self.maybe_primed(chosen)
        if depth <= 0:
            return self.constant(sort)
        return self.compound(sort, names, depth - 1)

    def maybe_primed(self, term: Term) -> Term:
        of_a_step = any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(term))
        return primed(term) if self.steps and not of_a_step and self.draw(st.booleans()) else term

    def constant(self, sort: Sort) -> Term:
        if isinstance(sort, Int):
            return constant(self.draw(st.integers(int(str(sort.low)), int(str(sort.high)))), sort)
        if isinstance(sort, Enum):
            return constant(self.draw(st.integers(0, len(sort.members) - 1)), sort)
        if isinstance(sort, SetOf):
            return such_that(sort.element, lambda x: x == x)  # noqa: PLR0124  (a term)
        if isinstance(sort, Index):
            return first(sort) if sort.ordered else constant(1, sort)
        if isinstance(sort, Maybe):
            return constant(self.draw(st.integers(0, 2)), sort)
        return constant(self.draw(st.integers(0, 1)), BOOL)

    def compound(self, sort: Sort, names: list[Term], depth: int) -> Term:
        if sort == BOOL:
            return self.truth(names, depth)
        if self.pick("choice", "other") == "choice":
            return If(self.truth(names, depth), self.term(sort, names, depth), self.term(sort, names, depth))
        if isinstance(sort, Int):
            return self.number(names, depth)
        if isinstance(sort, SetOf):
            return self.set(sort, names, depth)
        if sort == PLACE:
            at = self.term(PLACE, names, depth)
            ring = [following(at), preceding(at), successor(at), predecessor(at)]
            return self.choose([*ring, last(PLACE), first(PLACE), self.least(PLACE, names, depth)])
        if isinstance(sort, Enum) and self.draw(st.booleans()):
            return self.least(sort, names, depth)
        return self.constant(sort)

    def least(self, sort: Sort, names: list[Term], depth: int) -> Term:
        """The first member of ``sort`` with some property; mostly with a default for where there is none."""
        default = {"default": self.constant(sort)} if self.draw(st.integers(0, 5)) else {}
        return least(sort, lambda x: self.truth([*names, x], depth), **default)  # type: ignore[arg-type]

    def any_number(self, names: list[Term], depth: int) -> Term:
        return self.term(self.draw(st.sampled_from(NUMBERS)), names, depth)

    def number(self, names: list[Term], depth: int) -> Term:
        match self.pick(
            "add", "sub", "mul", "div", "mod", "min", "max", "abs", "sum", "count", "position", "least", "array"
        ):
            case "add":
                return self.any_number(names, depth) + self.any_number(names, depth)
            case "sub":
                return self.any_number(names, depth) - self.any_number(names, depth)
            case "mul":
                return self.any_number(names, depth) * self.any_number(names, depth)
            case "div":
                return self.any_number(names, depth) // self.divisor(names, depth)
            case "mod":
                return self.any_number(names, depth) % self.divisor(names, depth)
            case "min":
                return minimum(self.any_number(names, depth), self.any_number(names, depth))
            case "max":
                return maximum(*(self.any_number(names, depth) for _ in range(3)))
            case "abs":
                return abs(self.any_number(names, depth))
            case "sum":
                return sum_of(WORKER, lambda w: self.any_number([*names, w], depth))
            case "count":
                return count(WORKER, lambda w: self.truth([*names, w], depth))
            case "position":
                here, there = self.term(PLACE, names, depth), self.term(PLACE, names, depth)
                return self.choose([position(here), distance(here, there)])
            case "least":
                return self.least(self.draw(st.sampled_from(NUMBERS)), names, depth)
            case _:
                return each(PLACE, lambda p: self.any_number([*names, p], depth))[self.term(PLACE, names, depth)]

    def divisor(self, names: list[Term], depth: int) -> Term:
        """A number that is 0 in some states at most, if anywhere."""
        found = self.any_number(names, depth)
        if found.op is Op.CONST and found.data == 0:
            return constant(2, SMALL)
        return maximum(found, 1) if self.draw(st.booleans()) else found

    def set(self, sort: SetOf, names: list[Term], depth: int) -> Term:
        a, b = self.term(sort, names, depth), self.term(sort, names, depth)
        match self.pick("union", "intersection", "difference", "literal", "such that"):
            case "union":
                return a | b
            case "intersection":
                return a & b
            case "difference":
                return a - b
            case "literal":
                element = sort.element
                wide = isinstance(element, Int) and self.draw(st.booleans())
                item = self.any_number(names, depth) if wide else self.term(element, names, depth)
                return a | {item}
            case _:
                return such_that(sort.element, lambda x: self.truth([*names, x], depth))

    def truth(self, names: list[Term], depth: int) -> Term:
        if depth <= 0:
            return self.constant(BOOL)
        options = [
            "and",
            "or",
            "not",
            "equal",
            "less",
            "at most",
            "member",
            "subset",
            "forall",
            "exists",
            "order",
        ]
        down = depth - 1
        match self.pick(*options, *(["taken"] if self.steps else [])):
            case "and":
                return self.truth(names, down) & self.truth(names, down)
            case "or":
                return self.truth(names, down) | self.truth(names, down)
            case "not":
                return ~self.truth(names, down)
            case "equal":
                sort = self.draw(st.sampled_from([*SCALARS, subsets(SHIFTED)]))
                return self.term(sort, names, down) == self.term(sort, names, down)
            case "less":
                return self.any_number(names, down) < self.any_number(names, down)
            case "at most":
                return self.any_number(names, down) <= self.any_number(names, down)
            case "order":
                return self.term(PLACE, names, down) < self.term(PLACE, names, down)
            case "member":
                return self.any_number(names, down).isin(self.term(subsets(SHIFTED), names, down))
            case "subset":
                return self.term(subsets(SMALL), names, down).issubset(self.term(subsets(SHIFTED), names, down))
            case "forall":
                return forall(PLACE, lambda p: self.truth([*names, p], down))
            case "exists":
                return exists(WORKER, lambda w: self.truth([*names, w], down))
            case _:
                return taken("act0", w=self.term(WORKER, names, 0))

    def update(self, names: list[Term]) -> Update:
        target = self.choose(self.variables)
        while isinstance(target.sort, Array):
            if self.draw(st.integers(0, 3)) == 0 and not isinstance(target.sort.element, Array):
                domain, element = target.sort.domain, target.sort.element
                return self.written(target, each(domain, self.filler(element, names)))
            target = target[self.term(target.sort.domain, names, 1)]
        return self.written(target, self.fitting(target.sort, names))

    def written(self, target: Term, value: Term) -> Update:
        """The update, or none: a constant that the sort does not hold is refused before any run."""
        try:
            return update(target, value)
        except DefinitionError:
            return update(target, target)

    def filler(self, element: Sort, names: list[Term]) -> Callable[[Term], Term]:
        return lambda x: self.fitting(element, [*names, x])

    def fitting(self, sort: Sort, names: list[Term]) -> Term:
        """A value for ``sort``; numbers are mostly kept in range, so that runs get somewhere."""
        value = self.term(sort, names, 2)
        if isinstance(sort, Int) and self.draw(st.integers(0, 9)):
            low, high = int(str(sort.low)), int(str(sort.high))
            return If((value >= low) & (value <= high), value, low)
        return value


@st.composite
def random_systems(draw: st.DrawFn) -> tuple[System, list[Term], list[Term]]:
    """A system, some state terms over it, and some step terms."""
    protocol = Protocol("random")
    variables = []
    for n in range(draw(st.integers(1, 4))):
        sort = draw(st.sampled_from(SORTS))
        variables.append(protocol.variable(f"x{n}", sort, _start(draw, sort, room=2 if n else 8)))
    builder = Builder(draw, variables)
    _begin(draw, protocol, builder)
    for n in range(draw(st.integers(1, 3))):
        _add(protocol, builder, n)
    states = [builder.truth([], 3) for _ in range(2)]
    stepping = Builder(draw, variables, steps=True)
    return protocol.system(), states, [stepping.truth([], 3) for _ in range(2)]


def _start(draw: st.DrawFn, sort: Sort, room: int) -> Any:
    """An initial value, or about ``room`` of them."""
    base = sort
    while isinstance(base, Array):
        base = base.element

    def value() -> Any:
        return set() if isinstance(base, SetOf) else Builder(draw, []).constant(base)

    form = draw(st.sampled_from(["one", "one", "by member", "several", "anything"]))
    if form == "by member" and isinstance(sort, Array):
        at, here, elsewhere = Builder(draw, []).constant(sort.domain), value(), value()
        return lambda k: elsewhere if isinstance(base, SetOf) else If(k == at, here, elsewhere)
    if form == "anything" and base is sort and (room > 2 or isinstance(sort, Bool)):
        return anything
    if form == "several" and (room > 2 or base is sort):
        return one_of(value(), value())
    return value()


def _begin(draw: st.DrawFn, protocol: Protocol, builder: Builder) -> None:
    """Add a condition on initial states that some satisfy, sometimes."""
    if not draw(st.booleans()):
        return
    condition = builder.truth([], 2)
    trial = Protocol("trial")
    trial.variables, trial.beginnings = dict(protocol.variables), [Beginning(condition)]

    @trial.action(by="environment")
    def stay() -> Step:
        return step(when(both()))

    with suppress(ModelError):
        Interpreter(trial.system().instance()).initials()
        protocol.initially(condition)


def everything(states: list[Term], steps: list[Term]) -> list[Checkable]:
    """Every kind of property that a search of states and steps decides, of drawn terms."""
    return [
        *(invariant(f"state {k}", t, "random") for k, t in enumerate(states)),
        *(reachable(f"met {k}", t, "random") for k, t in enumerate(states)),
        *(step_invariant(f"step {k}", t, "random") for k, t in enumerate(steps)),
        *(step_invariant(f"no step {k}", ~t, "random") for k, t in enumerate(steps)),
        *(reachable(f"event {k}", t, "random") for k, t in enumerate(steps)),
    ]


def _add(protocol: Protocol, builder: Builder, number: int) -> None:
    """Add an action with a guard, an outcome or two, and updates of different variables."""

    def updates(names: list[Term], most: int) -> list[Update]:
        found: dict[int, Update] = {}
        for _ in range(builder.draw(st.integers(1, most))):
            u = builder.update(names)
            found.setdefault(id(u.variable), u)
        return list(found.values())

    def body(w: Term, *sets: Term) -> Step:
        names = [w, *sets]
        guard = when(builder.truth(names, 2)) if builder.draw(st.booleans()) else when()
        if builder.draw(st.booleans()):
            return step(guard, *updates(names, 3))
        condition = builder.truth(names, 2)
        last = [] if condition is TRUE else [otherwise("no", *updates(names, 2))]  # it would never happen
        return step(guard, outcome("yes", when(condition), *updates(names, 2)), *last)

    body.__name__ = f"act{number}"
    if builder.draw(st.integers(0, 5)):
        protocol.action(WORKER, by="environment")(_of_one(body))
    else:
        protocol.action(WORKER, subsets(SHIFTED), by="environment")(_of_two(body))


def _of_one(body: Callable[..., Step]) -> Callable[..., Step]:
    def one(w: Term) -> Step:
        return body(w)

    one.__name__ = body.__name__
    return one


def _of_two(body: Callable[..., Step]) -> Callable[..., Step]:
    def two(w: Term, g: Term) -> Step:
        return body(w, g)

    two.__name__ = body.__name__
    return two
