"""Data symmetry of generations: states whose generations have one order and the same gaps have one normal form.

A *counter* gives out numbers: plans, versions, epochs. Other variables remember some of them, and the protocol compares
what they hold. How large the numbers are does not matter then, only their order and how far they lie apart, up to the
largest distance that some comparison asks for. (Ip & Dill call data of which only equality matters *data scalarsets*:
"Better verification through symmetry", Formal Methods in System Design 9, 1996. Here the order and small distances
matter, too, as in the region construction for clocks of Alur & Dill, "A theory of timed automata", TCS 126, 1994.)

**The relation.** The live values of a state are the counter and the positive numbers that variables of the sort hold; 0
stands for none. Let D be the ``distance`` and L ≤ D the ``least``. Two states are related if the other variables are
equal, the counters are equal, and there is a bijection of the live values, with 0 to 0 and counter to counter, that
carries one state over into the other and keeps (a) the order, (b) min(v - u, D) for consecutive live values u < v, (c)
min(v, L) for the smallest. Then (b) holds for *any* two live values u < v: if some gap between them is at least D, both
distances are; otherwise all gaps are equal, and so are their sums. (c) holds for any live value in the same way,
because L ≤ D.

**It is a bisimulation.** Terms are built by rules that ``generation_check.py`` enforces:

* A comparison asks whether y - x ≥ k for live values or 0. If both are positive, min(·, D) with D ≥ k and D ≥ 1 - k
  decides it. If one is 0, the other is compared with a constant: L decides that, and of the counter its own value. It
  also decides whether a value is the greatest of the sort, which only the counter's own can be.
* A generation that a binder or an action names is live wherever the body or guard can be true (of ``forall``: false).
  So the others decide nothing, and, where they are evaluated, nothing can be an error of the model.
* Sets of generations hold live values and 0 only. Union, difference, inclusion and counting commute with the bijection.

So related states satisfy the same conditions and enable the same steps, up to the names of generations. A step assigns
0, live values, sets of these, and the counter's new value c + k. It lies above all live values, because none is ever
greater than the counter: that holds at the start, and no other update gives a new value. The bijection, extended by c +
k to c' + k, keeps its conditions: v to c + k are (c - v) + k apart, and min(c - v, D) decides min(c - v + k, D). Values
that nothing holds any more drop out; by the remark above, the gap that they leave is kept. The targets are related. A
term about a step is about values live before or after it, to which the same applies.

**The normal form** of a state has the same counter. All gaps are as small as the relation allows; what remains is added
to the lowest gap that may be larger: with L = 1, older values move up towards the counter. Values only grow, so they
fit in their sorts, none of which ends below the counter's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from planrace.checker.semantics.context import Context, State
from planrace.checker.semantics.generation_check import GenerationCheck
from planrace.checker.semantics.generation_terms import GenerationTerms, LinkedError, RefusedError, leaf_sort
from planrace.model.language import Array, Instance, ModelError, Op, Place, Sort, Term
from planrace.model.language.errors import near
from planrace.model.language.sorts import Int, describe
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Property


@dataclass(frozen=True, eq=False)
class NormalForm:
    """What ``normal_form`` has found about an instance: which variables hold generations, and what is kept of them."""

    instance: Instance
    sort: str
    counter: str
    variables: tuple[str, ...]
    """The variables that hold generations, the counter among them."""
    distance: int
    """Distances of live values are told apart up to this one."""
    least: int
    """The smallest live value is told apart up to this one."""
    absolute: tuple[Term, ...]
    """Comparisons that depend on how large generations are. ``normal`` keeps the counter, and with it their truth;
    ``compacted`` may change it."""
    sorts: frozenset[Int]
    """The sorts of generations."""

    def of(self, instance: Instance, properties: Sequence[Property]) -> NormalForm:
        """The normal form for an instance that has only some of the variables, the counter among them, and for some of
        the properties."""
        return _Examination(instance, self.sort, self.sorts, properties).result()

    def keeps(self, term: Term) -> bool:
        """Whether the term is known to have the same truth in states with one normal form."""
        counter = next(v.term for v in self.instance.system.variables if v.name == self.counter)
        terms = GenerationTerms(self.instance, self.sorts, counter)
        check = GenerationCheck(terms)
        try:
            terms.link(term)
            check.check(term)
        except (LinkedError, RefusedError):
            return False
        return check.distance <= self.distance and check.least <= self.least

    def values(self, state: State) -> tuple[int, ...]:
        """The live values: the positive numbers that the variables hold, ascending."""
        found: set[int] = set()
        for n in self._places:
            found.update(_leaves(state[n]))
        return tuple(sorted(found - {0}))

    def renamed(self, state: State, mapping: Mapping[int, int]) -> State:
        """The state with each live value replaced by ``mapping``, which must have them all."""
        renamed = list(state)
        for n in self._places:
            renamed[n] = _mapped(state[n], lambda v: mapping[v] if v else 0)
        return tuple(renamed)

    def normal(self, state: State) -> State:
        """The representative of the states that are related to ``state``; a state of the same instance."""
        live = self.values(state)
        found = self._moved(live, live[-1] if live else 0)
        assert found is not None
        return self.renamed(state, found)

    def compacted(self, state: State, top: int) -> tuple[State, dict[int, int]] | None:
        """The state with the counter at ``top`` and the gaps of the normal form, and where each live value is then;
        None if it does not fit. A counter that is 0 stays 0. The result agrees with ``state`` on all but
        ``absolute``."""
        live = self.values(state)
        found = self._moved(live, top if live else 0)
        if found is None or top > self.instance.bounds(self.instance.system.sort_of(self.counter))[1]:  # type: ignore[arg-type]
            return None
        return self.renamed(state, found), found

    def _moved(self, live: Sequence[int], top: int) -> dict[int, int] | None:
        """Where live values are if the last is at ``top`` and gaps are as small as possible."""
        gaps = [v - u for u, v in pairwise([0, *live])]
        most = [self.least, *[self.distance] * len(live)]
        kept = [min(g, m) for g, m in zip(gaps, most, strict=False)]
        rest = top - sum(kept)
        if rest:
            at = next((n for n, g in enumerate(gaps) if g >= most[n]), None)
            if at is None or rest < 0:
                return None
            kept[at] += rest
        return dict(zip(live, accumulate(kept), strict=True))

    @property
    def _places(self) -> Iterator[int]:
        return (n for n, v in enumerate(self.instance.system.variables) if v.name in self.variables)


def normal_form(instance: Instance, sort: str, properties: Sequence[Property] = ()) -> NormalForm:
    """The normal form of the generations that the integer sort called ``sort`` and those mixed with it hold, for runs
    of ``instance`` and for ``properties``. Raises ``ModelError`` where it is not known to be sound."""
    sorts = _named(instance, sort)
    while True:
        try:
            return _Examination(instance, sort, sorts, properties).result()
        except LinkedError as more:
            sorts |= more.sorts


def _named(instance: Instance, name: str) -> frozenset[Int]:
    """The integer sorts with that name."""
    system = instance.system
    terms = [p for a in system.actions.values() for p in a.parameters]
    sorts = {leaf_sort(s) for s in [*(v.sort for v in system.variables), *(t.sort for t in terms)]}
    sorts |= {t.sort for a in system.actions.values() for t in subterms(a.guard) if t.op is Op.BOUND}
    found = frozenset(s for s in sorts if isinstance(s, Int) and s.name == name)
    if not found:
        other = next((s for s in sorts if describe(s) == name), None)
        what = f"{name} is no range of integers" if other else f"no range of integers is called {name!r}"
        remedy = near(name, sorted({s.name for s in sorts if isinstance(s, Int)}))
        raise ModelError(f"normal form: {what} in {system.name}", where=system.where, remedy=remedy)
    return found


class _Examination:
    """Looks at all terms of an instance, given the sorts of generations."""

    def __init__(self, instance: Instance, name: str, sorts: frozenset[Int], properties: Sequence[Property]) -> None:
        self.instance = instance
        self.name = name
        self.properties = properties
        self.terms = GenerationTerms(instance, sorts)

    def result(self) -> NormalForm:
        """The normal form. Raises ``LinkedError`` if there are more sorts of generations."""
        self._link()
        self.terms = GenerationTerms(self.instance, self.terms.sorts, self._counter())
        check = GenerationCheck(self.terms)
        self._variables(check.counter)
        self._actions(check)
        for what, where, term in self._asked():
            with self._about(what, where):
                check.check(term)
        held = tuple(v.name for v in self.instance.system.variables if self.terms.is_generation(v.term))
        distance = max(check.distance, check.least)
        return NormalForm(
            self.instance,
            self.name,
            check.counter.data,
            held,
            distance,
            check.least,
            tuple(check.absolute),
            self.terms.sorts,
        )

    def _asked(self) -> Iterator[tuple[str, Place | None, Term]]:
        """The terms that are asked about states and steps."""
        system = self.instance.system
        for term in system.final:
            yield "the final states: the condition", system.ended, term
        for p in self.properties:
            for term in p.terms:
                yield f"property {p.name}", p.where, term

    def _link(self) -> None:
        for a in self.instance.system.actions.values():
            with self._about(f"action {a.name}", a.where):
                self.terms.link(a.guard)
                for o in a.outcomes:
                    self.terms.link(o.condition)
                    for u in o.updates:
                        self.terms.link(u.target, u.value)
                        self.terms.mixed(u.target, u.value)
        for what, where, term in self._asked():
            with self._about(what, where):
                self.terms.link(term)

    def _counter(self) -> Term:
        """The variable that only grows."""
        found: dict[Term, None] = {}
        for a in self.instance.system.actions.values():
            for u in (u for o in a.outcomes for u in o.updates):
                if u.target.op is Op.VARIABLE and isinstance(u.target.sort, Int) and self.terms.is_generation(u.target):
                    with self._about(f"action {a.name}", u.where or a.where):
                        forms = self.terms.forms(u.value)
                    if any([v.key for v in f.plus] == [id(u.target)] and not f.minus and f.shift > 0 for f in forms):
                        found[u.target] = None
        if len(found) != 1:
            several = f"{' and '.join(map(str, found))} all count up" if found else "no variable counts up"
            with self._about("there", self.instance.system.where):
                raise RefusedError(f"must be one counter that gives out each {self.name}: {several}")
        return next(iter(found))

    def _variables(self, counter: Term) -> None:
        """Check sorts and initial values."""
        most = self._bounds(counter.sort)[1]
        started = self._started(counter)
        for v in self.instance.system.variables:
            with self._about(f"variable {v.name}", v.where):
                for domain in _domains(v.sort):
                    if domain in self.terms.sorts:
                        raise RefusedError(f"has an element for each {domain.name}")
                if not self.terms.is_generation(v.term):
                    continue
                if max(self._started(v.term), default=0) > min(started):
                    raise RefusedError(f"may start with a {self.name} that {counter} has not given out yet")
        for s in self.terms.sorts:
            low, high = self._bounds(s)
            if low not in (0, 1) or high < most:
                with self._about(f"the range {s.name}", self.instance.system.where):
                    raise RefusedError(f"holds {low}…{high}; it must begin with 0 or 1, and hold {most}")

    def _bounds(self, sort: Sort) -> tuple[int, int]:
        return self.instance.bounds(sort)  # type: ignore[arg-type]

    def _started(self, variable: Term) -> set[int]:
        """The generations that a variable may start with."""
        declared = next(v for v in self.instance.system.variables if v.name == variable.data)
        if not declared.starts:
            low, high = self._bounds(leaf_sort(declared.sort))
            return set(range(low, high + 1))
        values = (self.terms.interpreter.evaluate(t, Context({}, ())) for t in declared.starts)
        return {leaf for value in values for leaf in _leaves(value)}

    def _actions(self, check: GenerationCheck) -> None:
        for a in self.instance.system.actions.values():
            with self._about(f"action {a.name}", a.where):
                grounded = check.action(a)
            for o in a.outcomes:
                with self._about(f"action {a.name}", o.where or a.where):
                    check.check(o.condition, grounded)
                    added = check.added(o)
                for u in o.updates:
                    with self._about(f"action {a.name}", u.where or o.where or a.where):
                        check.update(u, added, grounded)

    @contextmanager
    def _about(self, what: str, where: Place | None) -> Iterator[None]:
        try:
            yield
        except RefusedError as problem:
            remedy = problem.remedy or "leave out the normal form"
            raise ModelError(
                f"normal form of {self.name}: {what} {problem.reason}", where=where, remedy=remedy
            ) from None


def _domains(sort: Sort) -> Iterator[Any]:
    while isinstance(sort, Array):
        yield sort.domain
        sort = sort.element


def _leaves(value: Any) -> Iterable[int]:
    """The numbers in a value."""
    if isinstance(value, tuple):
        return (leaf for v in value for leaf in _leaves(v))
    return value if isinstance(value, frozenset) else (int(value),)


def _mapped(value: Any, change: Callable[[int], int]) -> Any:
    """The value with each number in it changed."""
    if isinstance(value, tuple):
        return tuple(_mapped(v, change) for v in value)
    return frozenset(map(change, value)) if isinstance(value, frozenset) else change(value)
