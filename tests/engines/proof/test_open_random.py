"""Random systems with open sizes: what is proved for every size holds at every small size, says plain search.

The sizes are parameters, positions are computed, updates meet, initial values may be out of range: what a proof must
not overlook. ``PLANRACE_OPEN_SYSTEMS`` is how many are drawn.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker.engines.proof.decide import Decider
from planrace.checker.engines.proof.sorts import UnencodableError
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import (
    If,
    Instance,
    ModelError,
    Protocol,
    System,
    Term,
    array,
    boolean,
    count,
    enumeration,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    last,
    optional,
    otherwise,
    outcome,
    primed,
    size_of,
    step,
    subsets,
    such_that,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step, Update
from planrace.model.language.sorts import Array, Bool, Enum, Index, Int, Maybe, SetOf, Sort
from planrace.properties import Invariant, StepInvariant, invariant, lemma, proof, step_invariant

SYSTEMS = int(os.environ.get("PLANRACE_OPEN_SYSTEMS", "50"))
STATES = 400
"""States of an instance that plain search looks at."""


class Drawing:
    """Draws a protocol with sizes n and m, and terms over it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.protocol = Protocol("drawn")
        low = draw(st.sampled_from([0, 1, 1, 2]))
        self.n = self.protocol.parameter("n", max(low, 1), low, 3)
        self.m = self.protocol.parameter("m", 1, draw(st.integers(0, 1)), 2)
        self.node = index("node", self.n)
        self.place = index("place", self.n if self.pick(True, False) else 2, ordered=True)
        self.slot = integers(self.pick(0, 1), self.n, "slot")
        self.numbers = [self.slot, integers(0, self.n), integers(0, self.m), integers(-1, 2)]
        self.mood = enumeration("mood", "CALM BUSY")
        maybe = optional(self.node)
        self.scalars: list[Sort] = [boolean(), self.mood, self.node, self.place, maybe, *self.numbers]
        sorts: list[Sort] = [
            boolean(),
            self.mood,
            self.place,
            maybe,
            *self.numbers,
            subsets(self.slot) if self.slot.low == 1 else subsets(self.node),
            subsets(self.node),
            subsets(maybe),
            array(self.node, boolean()),
            array(self.slot, boolean()),
            array(self.slot, self.slot),
            array(self.node, self.slot),
            array(self.place, maybe),
            array(maybe, boolean()),
            array(self.node, array(self.slot, boolean())),
        ]
        for k in range(draw(st.integers(1, 3))):
            sort = draw(st.sampled_from(sorts))
            self.protocol.variable(f"x{k}", sort, self.start(sort))
        self.variables = [v.term for v in self.protocol.variables.values()]

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def start(self, sort: Sort) -> Any:
        while isinstance(sort, Array):
            sort = sort.element
        match sort:
            case SetOf():
                return set()
            case Int(low=low):
                return self.pick(*([0, 1] if low == 0 else [1, 2] if low == 1 else [-1, 0]))
            case Index():
                return first(sort)
            case Maybe():
                return None
            case Enum():
                return sort.CALM
        return self.pick(True, False)

    # Terms -----------------------------------------------------------------------------------------------------
    def reads(self, sort: Sort, names: list[Term], depth: int) -> list[Term]:
        found = [x for x in names if x.sort == sort]
        for v in self.variables:
            term: Term | None = v
            while term is not None and isinstance(term.sort, Array) and term.sort != sort:
                at = self.position(term.sort.domain, names, depth)
                term = None if at is None else term[at]
            if term is not None and term.sort == sort:
                found.append(term)
        return found

    def position(self, domain: Sort, names: list[Term], depth: int) -> Any:
        """A position: of the sort of the domain, or a number that may be anywhere."""
        if isinstance(domain, Int):
            return self.number(names, depth - 1)
        if isinstance(domain, Index):
            known = [x for x in names if x.sort == domain]
            return self.draw(st.sampled_from(known)) if known else first(domain) if domain.ordered else None
        known = [x for x in names if fits_maybe(x, domain)]
        return self.draw(st.sampled_from(known)) if known else None

    def number(self, names: list[Term], depth: int) -> Any:
        if depth <= 0:
            return self.draw(st.sampled_from([self.n.term, self.m.term, *self.small(names)]))
        match self.pick("read", "read", "add", "sub", "if", "count"):
            case "add":
                return self.number(names, depth - 1) + self.pick(1, self.number(names, 0))
            case "sub":
                return self.number(names, depth - 1) - self.pick(1, self.number(names, 0))
            case "if":
                return If(self.truth(names, 1), self.number(names, depth - 1), self.number(names, 0))
            case "count":
                return self.count(names, depth - 1)
        return self.draw(st.sampled_from(self.small(names, depth)))

    def count(self, names: list[Term], depth: int) -> Term:
        """How many are in a set, or satisfy a condition; or a sum of such numbers."""
        sets = [t for v in self.variables if isinstance(v.sort, SetOf) for t in [v]]
        match self.pick("size", "count", "count", "two"):
            case "size" if sets:
                return size_of(self.draw(st.sampled_from(sets)))
            case "two":
                return self.count(names, 0) + self.count(names, 0)
        return count(self.over(), lambda x: self.truth([*names, x], depth))

    def small(self, names: list[Term], depth: int = 0) -> list[Term]:
        found = [x for x in [*names, *self.variables] if isinstance(x.sort, Int)]
        if depth > 0:
            found += [t for s in self.numbers for t in self.reads(s, names, depth - 1)]
        return found or [self.n.term]

    def value(self, sort: Sort, names: list[Term], depth: int) -> Any:
        """A term of ``sort``; a number may be out of its range, but mostly is not."""
        reads = self.reads(sort, names, depth)
        if reads and self.pick(True, False):
            return self.draw(st.sampled_from(reads))
        match sort:
            case Bool():
                return self.truth(names, depth)
            case Int(low=low, high=high):
                found = self.number(names, depth)
                return found if self.pick(True, False) else If((found >= low) & (found <= high), found, low)
            case Enum():
                return sort.CALM if self.pick(True, False) else sort.BUSY
            case Index() if sort.ordered:
                at = self.draw(st.sampled_from([first(sort), last(sort), *self.reads(sort, names, 0)]))
                return following(at) if self.pick(True, False) else at
            case Index():
                return self.draw(st.sampled_from(reads)) if reads else None
            case Maybe(index=of):
                known = [*reads, *self.reads(of, names, 0)]
                return self.draw(st.sampled_from(known)) if known else None
            case SetOf(element=element):
                return self.set(sort, element, names, depth, reads)
        return self.draw(st.sampled_from(reads)) if reads else None

    def set(self, sort: SetOf, element: Sort, names: list[Term], depth: int, reads: list[Term]) -> Any:
        one = self.value(element, names, 0)
        if reads and one is not None and self.pick(True, False):
            old = self.draw(st.sampled_from(reads))
            return old | {one} if self.pick(True, False) else old - {one}
        return such_that(sort.element, lambda x: self.truth([*names, x], depth - 1))

    def truth(self, names: list[Term], depth: int) -> Any:
        down = depth - 1
        reads = self.reads(boolean(), names, max(down, 0))
        if depth <= 0 or (reads and self.pick(True, False)):
            return self.draw(st.sampled_from(reads)) if reads else self.number(names, 0) <= self.n
        match self.pick("and", "or", "not", "equal", "less", "most", "member", "forall", "exists", "order", "few"):
            case "and":
                return self.truth(names, down) & self.truth(names, down)
            case "or":
                return self.truth(names, down) | self.truth(names, down)
            case "not":
                return ~self.truth(names, down)
            case "less":
                return self.number(names, down) < self.number(names, down)
            case "most":
                return self.number(names, down) <= self.number(names, down)
            case "few":
                many, few = self.count(names, down), self.pick(-1, 0, 1, 2, 3, 4, self.n, self.m)
                return self.pick(many <= few, many < few, few <= many, few < many, many == few, few == many)
            case "order":
                a, b = (self.value(self.place, names, 0) for _ in "ab")
                assert a is not None
                assert b is not None
                return a < b
            case "member":
                return self.member(names, down)
            case "forall":
                return forall(self.over(), lambda x: self.truth([*names, x], down))
            case "exists":
                return exists(self.over(), lambda x: self.truth([*names, x], down))
        sort = self.draw(st.sampled_from([s for s in self.scalars if not isinstance(s, Bool)]))
        a, b = self.value(sort, names, down), self.value(sort, names, down)
        return a == b if a is not None and b is not None else self.truth(names, 0)

    def member(self, names: list[Term], depth: int) -> Any:
        sets = [(v, v.sort) for v in self.variables if isinstance(v.sort, SetOf)]
        if not sets:
            return self.truth(names, 0)
        of, sort = self.draw(st.sampled_from(sets))
        if self.pick(True, False):
            other, another = self.draw(st.sampled_from(sets))
            return of.issubset(other) if another == sort else of == of  # noqa: PLR0124  (a term)
        item = self.value(sort.element, names, depth)
        return item.isin(of) if item is not None else self.truth(names, 0)

    def over(self) -> Any:
        return self.draw(st.sampled_from([self.node, self.place, self.slot, optional(self.node), boolean()]))

    # Actions ---------------------------------------------------------------------------------------------------
    def update(self, names: list[Term], before: Update | None) -> Update | None:
        """An update of any variable, often of the one that was updated before."""
        again = before is not None and isinstance(before.variable.sort, Array) and self.pick(True, False)
        target = before.variable if before is not None and again else self.draw(st.sampled_from(self.variables))
        while isinstance(target.sort, Array):
            at = self.position(target.sort.domain, names, 1)
            if at is None:
                return None
            target = target[at]
        value = self.value(target.sort, names, 2)
        return None if value is None else update(target, value)

    def updates(self, names: list[Term], most: int) -> list[Update]:
        found: dict[Term, Update] = {}
        u: Update | None = None
        for _ in range(self.draw(st.integers(1, most))):
            u = self.update(names, u)
            if u is not None:
                found.setdefault(u.target, u)
        return list(found.values())

    def action(self, number: int) -> None:
        sorts: list[Any] = self.draw(
            st.lists(st.sampled_from([self.node, self.place, self.slot, boolean()]), max_size=2)
        )

        def body(names: list[Term]) -> Step:
            guard = when(self.truth(names, 2)) if self.pick(True, True, False) else when()
            if self.pick(True, True, False):
                return step(guard, *self.updates(names, 3))
            yes, no = self.updates(names, 2), self.updates(names, 2)
            return step(guard, outcome("yes", when(self.truth(names, 2)), *yes), otherwise("no", *no))

        bodies: list[Callable[..., Step]] = [
            lambda: body([]),
            lambda a: body([a]),
            lambda a, b: body([a, b]),
        ]
        chosen = bodies[len(sorts)]
        chosen.__name__ = f"act{number}"
        self.protocol.action(*sorts, by="someone")(chosen)

    def of_step(self) -> Any:
        term = self.truth([], 2)
        if self.pick(True, False):
            return taken("act0").implies(term)
        scalars = [v for v in self.variables if not isinstance(v.sort, Array)]
        return primed(self.draw(st.sampled_from(scalars))) == scalars[0] if len(scalars) == 1 else ~taken("act0") | term


def fits_maybe(x: Term, domain: Sort) -> bool:
    return x.sort == domain or (isinstance(domain, Maybe) and x.sort == domain.index)


@st.composite
def open_systems(draw: st.DrawFn) -> tuple[System, list[Invariant | StepInvariant]]:
    """A system and what is asked of it: drawn terms, their negations, and what holds if nothing is wrong."""
    drawing = Drawing(draw)
    for k in range(draw(st.integers(1, 3))):
        drawing.action(k)
    terms = [drawing.truth([], 3) for _ in range(2)]
    steps = [drawing.of_step() for _ in range(2)]
    asked: list[Invariant | StepInvariant] = [
        invariant("right", forall(drawing.node, lambda i: i == i), "it holds where nothing is wrong"),  # noqa: PLR0124
        *(invariant(f"state {k}", t, "drawn") for k, t in enumerate(terms)),
        *(invariant(f"not state {k}", ~t, "drawn") for k, t in enumerate(terms)),
        *(step_invariant(f"step {k}", t, "drawn") for k, t in enumerate(steps)),
        *(step_invariant(f"no step {k}", ~t, "drawn") for k, t in enumerate(steps)),
    ]
    drawing.protocol.declare(*asked)
    drawing.protocol.argue(proof([lemma("drawn", drawing.truth([], 2), "drawn")]))
    return drawing.protocol.system(), asked


def small_instances(system: System) -> list[Instance]:
    sizes = [range(p.low, p.high + 1) for p in system.parameters]
    return [Instance(system, values) for values in product(*sizes)]


def problem(instance: Instance, p: Invariant | StepInvariant) -> str | None:
    """What is wrong with the model or violates the property, in the first states that a plain search meets."""
    try:
        return violation(instance, p)
    except ModelError as wrong:
        return str(wrong)


def violation(instance: Instance, p: Invariant | StepInvariant) -> str | None:
    interpreter = Interpreter(instance)
    start = interpreter.initial()
    for v, value in zip(instance.system.variables, start, strict=True):
        if not all(interpreter._inside(s, x) for s, x in [(v.sort, value)]):
            return f"{v.name} starts outside of its sort"
    seen: dict[State, None] = {start: None}
    waiting = [start]
    while waiting and len(seen) < STATES:
        state = waiting.pop(0)
        if isinstance(p, Invariant) and not interpreter.holds(p.holds, state):
            return f"violated in {state}"
        for move, after in interpreter.moves(state):
            if isinstance(p, StepInvariant) and not interpreter.holds(p.holds, state, after, move):
                return f"violated by {move.action.name} from {state}"
            if after not in seen:
                seen[after] = None
                waiting.append(after)
    return None


def moves(instance: Instance) -> bool:
    """Whether anything can happen at all; where nothing can at any size, that is an error."""
    interpreter = Interpreter(instance)
    return next(interpreter.moves(interpreter.initial()), None) is not None


@settings(max_examples=SYSTEMS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(open_systems())
def test_what_is_proved_for_every_size_holds_at_every_small_one(
    drawn: tuple[System, list[Invariant | StepInvariant]],
) -> None:
    system, asked = drawn
    try:
        decider = Decider(system, rlimit=200_000)
    except (ModelError, UnencodableError):
        return
    for p in asked:
        if decider.proves(system, p):
            for instance in small_instances(system):
                assert problem(instance, p) is None, (p.name, instance.parameters)


@settings(max_examples=max(1, SYSTEMS // 5), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(open_systems())
def test_what_is_refused_or_violated_is_so_in_plain_search(
    drawn: tuple[System, list[Invariant | StepInvariant]],
) -> None:
    system, asked = drawn
    for p in asked[:3]:
        try:
            decision = Decider(system, rlimit=200_000).decide(system, p)
        except ModelError:
            small = list(small_instances(system))
            assert any(problem(i, p) for i in small) or not any(map(moves, small))
            return
        except UnencodableError:
            return
        if decision.verdict is Verdict.VIOLATED:
            assert decision.refutation is not None
            sizes = dict(decision.refutation.parameters)
            instance = next(i for i in small_instances(system) if i.parameters == sizes)
            assert problem(instance, p) is not None
