"""What tests of the normal form of generations share: graphs that are compared with it, and random small systems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.checker.semantics.normal_form import NormalForm, normal_form
from planrace.model.language import (
    If,
    Instance,
    Protocol,
    Term,
    array,
    boolean,
    count,
    each,
    exists,
    forall,
    index,
    integers,
    least,
    maximum,
    minimum,
    otherwise,
    outcome,
    primed,
    step,
    subsets,
    such_that,
    sum_of,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step, Update
from planrace.model.language.terms import constant
from planrace.properties import invariant, step_invariant
from planrace.properties.kinds import Invariant, Property, StepInvariant


def reached(instance: Instance, most: int | None = None) -> list[State]:
    """The reachable states in the interpreter, breadth first; if there are more than ``most``, the first of them. Steps
    that are errors lead nowhere."""
    interpreter = Interpreter(instance)
    found = list(dict.fromkeys(interpreter.initials()))
    seen = set(found)
    for s in found:
        for t in _targets(interpreter, s):
            if t not in seen:
                seen.add(t)
                found.append(t)
        if most is not None and len(found) >= most:
            break
    return found


def _targets(interpreter: Interpreter, s: State) -> Iterator[State]:
    for action in interpreter.actions:
        for choice in interpreter.instance.choices(action):
            try:
                done = interpreter.perform(s, action, choice)
            except RangeError:
                continue
            if done is not None:
                yield done[1]


def difference(form: NormalForm, states: Iterable[State], properties: Iterable[Property] = ()) -> str | None:
    """Where the normal form of a state does not do what the state does. If it always does, then having one normal form
    is a bisimulation: states with one are equal to it in what they satisfy, and in the normal forms that their steps
    lead to."""
    interpreter = Interpreter(form.instance)
    asked = list(properties)
    for s in states:
        normal = form.normal(s)
        if form.normal(normal) != normal:
            return f"the normal form of {s} has another: {form.normal(normal)}"
        if normal != s and behaviour(form, interpreter, s, asked) != behaviour(form, interpreter, normal, asked):
            return f"{s} and {normal} differ"
    return None


def behaviour(
    form: NormalForm,
    interpreter: Interpreter,
    s: State,
    asked: Sequence[Property],
    normal: Callable[[State], Any] | None = None,
) -> Any:
    """What a state satisfies, and its steps: with generations by rank, and with the normal forms that they lead to."""
    normal = normal or form.normal
    rank = {v: n for n, v in enumerate((0, *form.values(s)))}
    held = {v.name: v.sort for v in form.instance.system.variables}
    sorts = {_leaf(held[name]) for name in form.variables}
    found: dict[Any, Any] = {"": [_truth(interpreter, p.holds, s) for p in asked if isinstance(p, Invariant)]}
    found["final"] = [_truth(interpreter, term, s) for term in form.instance.system.final]
    for action in interpreter.actions:
        for choice in form.instance.choices(action):
            pairs = zip(action.parameters, choice, strict=True)
            named = tuple(rank.get(c, f"dead {c}") if p.sort in sorts else c for p, c in pairs)
            try:
                done = interpreter.perform(s, action, choice)
            except RangeError:
                found[action.name, named] = "an error"
                continue
            if done is not None:
                move, t = done
                truths = [_truth(interpreter, p.holds, s, t, move) for p in asked if isinstance(p, StepInvariant)]
                found[action.name, named] = move.outcome.name, normal(t), truths
    return found


def _truth(interpreter: Interpreter, *arguments: Any) -> bool | str:
    try:
        return interpreter.holds(*arguments)
    except RangeError:
        return "an error"


def _leaf(sort: Any) -> Any:
    while hasattr(sort, "element"):
        sort = sort.element
    return sort


def formed(instance: Instance, sort: str = "generation") -> NormalForm:
    """The normal form for the properties of the system."""
    return normal_form(instance, sort, instance.system.properties)


def noticed(form: NormalForm, most: int = 1000) -> bool:
    """Whether some state does not do what its normal form does."""
    return difference(form, reached(form.instance, most), form.instance.system.properties) is not None


# Random systems ------------------------------------------------------------------------------------------------
@dataclass
class Drawing:
    """Draws the terms of one system. ``wild``: once, perhaps, something that depends on how large generations are.
    ``symmetric``: the two workers are interchangeable."""

    random: Random
    wild: bool
    symmetric: bool = False

    def __post_init__(self) -> None:
        self.most = self.random.choice([5, 6])
        self.apart = self.random.choice([0, 1, 2])
        protocol = self.protocol = Protocol("drawn", "a random system with generations")
        self.worker = index("worker", 2, symmetric=self.symmetric)
        self.generation = integers(0, self.most, "generation")
        self.plan = integers(self.random.choice([0, 1, 1]), self.most, "plan")
        self.latest = protocol.variable("latest", self.generation, 0)
        self.seen = protocol.variable("seen", self.generation, 0)
        self.held = protocol.variable("held", array(self.worker, self.generation), 0)
        self.kept = protocol.variable("kept", subsets(self.plan), set())
        self.all_workers = [] if self.symmetric else [constant(1, self.worker), constant(2, self.worker)]
        self.workers = self.all_workers
        self.flag = protocol.variable("flag", boolean(), False)

    def one_of(self, *makers: Callable[[], Any]) -> Any:
        return self.random.choice(makers)()

    def goes_wild(self) -> bool:
        if not self.wild or self.random.random() > 0.15:
            return False
        self.wild = False
        return True

    # Generations -----------------------------------------------------------------------------------------------
    def live(self, *bound: Term) -> Term:
        """A generation that some variable holds."""
        found: Term = self.random.choice([self.latest, self.seen, *(self.held[w] for w in self.workers), *bound])
        return found

    def computed(self) -> Term:
        """A generation that is computed from live ones."""
        found: Term = self.one_of(
            self.live,
            self.live,
            lambda: maximum(self.live(), self.live()),
            lambda: If(self.flag, self.live(), self.live()),
            lambda: least(self.plan, lambda g: g.isin(self.kept) & (g >= self.live()), default=self.live()),
            lambda: least(self.kept, default=0),
            lambda: (
                each(self.worker, lambda w: minimum(self.held[w], self.live()))[self.random.choice(self.workers)]
                if self.workers
                else self.live()
            ),
        )
        return found

    def value(self) -> Any:
        """What a place may be assigned."""
        if self.goes_wild():
            return self.one_of(lambda: self.live() + 1, lambda: self.live() - 1, lambda: 2, self.dead)
        return self.one_of(
            self.live,
            self.live,
            lambda: 0,
            lambda: If(self.condition(), self.live(), 0),
            lambda: self.random.choice([minimum, maximum])(self.live(), self.live()),
            lambda: least(self.plan, lambda g: g.isin(self.kept) & self.compared(g), default=0),
        )

    def dead(self) -> Term:
        found: Term = least(self.plan, lambda g: g > self.live(), default=0)
        return found

    def set(self) -> Any:
        if self.goes_wild():
            return self.one_of(
                lambda: self.kept | {2},
                lambda: such_that(self.plan, lambda g: g < self.live()),
                lambda: such_that(self.plan, lambda g: (g + 1).isin(self.kept)),
                lambda: self.kept | {self.latest + 1},
            )
        return self.one_of(
            lambda: self.kept | {self.live()},
            lambda: self.kept | {self.live()},
            lambda: self.kept - {self.live()},
            lambda: (self.kept | {self.live()}) & {self.live(), self.live()},
            lambda: such_that(self.plan, lambda g: g.isin(self.kept) & self.compared(g)),
            lambda: such_that(self.plan, lambda g: exists(self.worker, lambda w: self.held[w] == g)),
            lambda: such_that(
                self.plan, lambda g: exists(self.plan, lambda h: h.isin(self.kept) & (g == h) & self.compared(h))
            ),
            lambda: If(self.condition(), self.kept, {self.live()}),
            set,
        )

    # Conditions ------------------------------------------------------------------------------------------------
    def compared(self, *bound: Term) -> Term:
        """A comparison of two generations, the first of which may be bound."""
        a, b = bound[0] if bound else self.live(), self.live()
        k = self.random.choice([0, self.apart, -self.apart]) if bound else 0
        found: Term = self.one_of(
            lambda: a < b + k,
            lambda: a <= b + k,
            lambda: b < a + k,
            lambda: a == b,
            lambda: a - b >= k,
        )
        return found

    def condition(self) -> Any:
        if self.goes_wild():
            return self.one_of(
                lambda: self.live() % 2 == 0,
                lambda: exists(self.plan, lambda g: (g > self.live()) & (g < self.latest)),
                lambda: count(self.plan, lambda g: g <= self.live()) > 2,
                lambda: sum_of(self.plan, lambda g: If(g.isin(self.kept), g, 0)) > 3,
                lambda: exists(self.plan, lambda g: exists(self.plan, lambda h: (g == h) & (h > self.live()))),
                lambda: self.live() == 3,
                lambda: self.live() + self.live() > 3,
            )
        return self.one_of(
            self.compared,
            self.compared,
            lambda: self.flag,
            lambda: ~self.flag,
            lambda: self.live() > 0,
            lambda: self.live() == 0,
            lambda: self.live().isin(self.kept),
            lambda: exists(self.plan, lambda g: g.isin(self.kept) & self.compared(g)),
            lambda: forall(self.plan, lambda g: g.isin(self.kept).implies(self.compared(g))),
            lambda: count(self.plan, lambda g: self.compared(g) & g.isin(self.kept)) == 1,
            lambda: self.kept == {self.live()},
            lambda: {self.live(), self.live()} - {self.live()} == self.kept,
            lambda: (self.kept - {self.live()}).issubset(self.kept & {self.live()}),
            lambda: (self.live() - self.apart).isin(self.kept),
            lambda: self.live().isin({self.live(), self.live()}),
            lambda: self.computed() == self.live(),
            lambda: self.computed() + self.apart <= self.computed(),
            lambda: self.latest >= 3,
            lambda: self.live() == self.most,
            lambda: self.live() >= self.apart,
            lambda: exists(self.plan, lambda g: exists(self.plan, lambda h: self.pair(g, h))),
            lambda: forall(
                self.plan, lambda g: g.isin(self.kept).implies(exists(self.worker, lambda w: self.held[w] < g))
            ),
            lambda: exists(self.worker, lambda w: self.compared(self.held[w])),
        )

    def pair(self, g: Term, h: Term) -> Term:
        """Two members of sets, at some distance."""
        found: Term = g.isin(self.kept) & h.isin(self.kept | {self.live()}) & (g + self.apart < h)
        return found

    # Actions ---------------------------------------------------------------------------------------------------
    def updates(self, w: Term) -> list[Update]:
        found = [
            self.one_of(
                lambda: update(self.held[w], self.value()),
                lambda: update(self.held[w], self.value()),
                lambda: update(self.seen, self.value()),
                lambda: update(self.kept, self.set()),
                lambda: update(self.held, each(self.worker, lambda v: If(v == w, self.live(), self.held[v]))),
            )
        ]
        if self.random.random() < 0.3:
            found.append(update(self.flag, self.condition()))
        return found

    def counting(self, w: Term) -> list[Update]:
        """The updates of an action that counts up."""
        new = self.latest + self.random.choice([1, 1, 1, 2])
        more: list[Callable[[], Update]] = [
            lambda: update(self.kept, self.kept | {new}),
            lambda: update(self.kept, such_that(self.plan, lambda g: g.isin(self.kept | {new}) & self.compared(g))),
            lambda: update(self.seen, new),
            lambda: update(self.held[w], If(self.condition(), new, self.live())),
        ]
        return [update(self.latest, new), *(make() for make in self.random.sample(more, self.random.choice([0, 1])))]

    def body(self, updates: Callable[[Term], list[Update]], name: str, *required: Term) -> Callable[[Term], Step]:
        def made(w: Term) -> Step:
            self.workers = [w]
            if self.random.random() < 0.6:
                more = [] if required or self.random.random() < 0.4 else [self.condition()]
                return step(when(*required, *more), *updates(w))
            return step(
                when(*required),
                outcome("one", when(self.condition()), *updates(w)),
                otherwise("other", *updates(w)),
            )

        made.__name__ = name
        return made

    def dropping(self) -> Callable[[Term], Step]:
        """An action with a generation as its parameter."""

        def drop(g: Term) -> Step:
            self.workers = self.all_workers
            free = self.goes_wild()
            named = self.one_of(lambda: g.isin(self.kept), lambda: g == self.live())
            guard = when(self.compared(g)) if free else when(self.compared(g), named)
            return step(guard, self.one_of(lambda: update(self.kept, self.kept - {g}), lambda: update(self.seen, g)))

        return drop

    def instance(self) -> Instance:
        """A system with a few actions and properties."""
        limit = self.latest < self.most - 1
        self.protocol.action(self.worker, by=self.worker)(self.body(self.counting, "publish", limit))
        for n in range(self.random.choice([3, 4, 5])):
            self.protocol.action(self.worker, by=self.worker)(self.body(self.updates, f"work_{n}"))
        self.protocol.action(self.plan, by="cleaner")(self.dropping())
        self.workers = self.all_workers
        self.protocol.final(self.condition())
        held = invariant("held", self.condition(), "a random condition")
        later = step_invariant("later", (primed(self.live()) >= self.live()) | self.condition(), "of two states")
        apart = primed(self.live()) <= self.live() + self.apart
        dropped = step_invariant("dropped", taken("drop", g=self.live()).implies(apart), "what is dropped is near")
        more = forall(self.plan, lambda g: g.isin(primed(self.kept)).implies(g.isin(self.kept) | (g > self.live())))
        self.protocol.declare(held, later, dropped, step_invariant("more", more, "what is kept later"))
        return self.protocol.system().instance()
