"""Refinement: every step of a protocol is a step of a more abstract one, or changes nothing that this one has.

A mapping gives for each variable of the abstract protocol a term about the concrete one (Abadi & Lamport, "The
existence of refinement mappings", Theoretical Computer Science 82, 1991). The abstract initial states and steps are
written about the concrete variables by that mapping. So the refinement is an invariant of initial states and one of
steps, and every engine that decides such properties decides it. It is about safety: what the abstract protocol does in
the end is not preserved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, TypeAlias

from planrace.model.language.actions import Action, Outcome, Update
from planrace.model.language.author_code import called
from planrace.model.language.carrying import Carrier, bound_by, hole_of
from planrace.model.language.constructors import If, both, either
from planrace.model.language.errors import DefinitionError, ModelError, Place, author
from planrace.model.language.given_mapping import GivenMapping, read_choosing
from planrace.model.language.operators import Op
from planrace.model.language.render import applied
from planrace.model.language.sorts import BOOL, Array, Int, Parameter, SetOf, Size, Sort
from planrace.model.language.system import System, Variable
from planrace.model.language.terms import TRUE, Term, equal, expect, make, subterms

Making: TypeAlias = "Callable[[str, Term, str, Place | None, bool], Any]"
"""Makes a property of its name, its term, its meaning, its place, and whether it is about steps."""
_making: list[Making] = []


def made_by(making: Making) -> None:
    """The properties call this: they know their kinds, and the language does not."""
    _making[:] = [making]


@dataclass(frozen=True, eq=False)
class Refinement:
    """That a protocol refines ``abstract``, a system with open sizes, whose variables stand for the terms ``mapping``
    and whose parameters for ``sizes``. ``choosing`` names the abstract actions of which the author chose parameters.

    ``begins`` says that a state stands for an initial state of ``abstract``; ``steps`` (a step term) that a step stands
    for one of its steps, or changes nothing of it. ``by_default``: ``check`` asks for it without being told.
    """

    abstract: System
    mapping: Mapping[str, Term]
    sizes: Mapping[str, Size]
    begins: Term
    steps: Term
    where: Place | None
    by_default: bool = True
    choosing: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """The names of its properties: of initial states, and of steps."""
        return f"starts-as-{self.abstract.name}", f"refines-{self.abstract.name}"

    def properties(self, system: System) -> tuple[Any, ...]:
        """The refinement as properties of ``system``: an invariant, and an invariant of steps."""
        if not _making:
            raise ModelError("refinements need the properties", remedy="write `from planrace import …` for all names")
        starts, steps = self.names
        first = _all_start(system.variables, {v.name: v.term for v in system.variables}, lambda t: t)
        begun = both(first, *(b.holds for b in system.beginnings))
        meanings = (
            f"if a state is initial, it is an initial state of {self.abstract.name}",
            (f"each step is a step of {self.abstract.name}, or changes nothing that {self.abstract.name} has"),
        )
        return (
            _making[0](starts, begun.implies(self.begins), meanings[0], self.where, False),
            _making[0](steps, self.steps, meanings[1], self.where, True),
        )

    def instance_sizes(self, values: Mapping[str, int]) -> dict[str, int]:
        """The sizes of ``abstract`` at an instance of the concrete protocol with these ``values``."""
        from planrace.model.language.sorts import size_at

        return {name: size_at(size, values) for name, size in self.sizes.items()}


def stated(system: System, named: Iterable[str] = ()) -> tuple[Any, ...]:
    """The properties of the refinements of a system that are asked for by default, and of those to the abstract
    protocols ``named``."""
    wanted = set(named)
    asked = (r for r in system.refinements if r.by_default or r.abstract.name in wanted)
    return tuple(p for r in asked for p in r.properties(system))


def refinement(
    abstract: System,
    given: object,
    parameters: Mapping[str, Parameter],
    variables: Mapping[str, Variable],
    *,
    sizes: Mapping[Any, Any] | None = None,
    choosing: Mapping[Any, Mapping[str, Any]] | None = None,
    by_default: bool = True,
) -> Refinement:
    """That the protocol with these ``parameters`` and ``variables`` refines ``abstract``, as ``Protocol.refines`` says.
    Raises ``DefinitionError``."""
    carrier = GivenMapping(abstract, given, parameters, variables).carrier(sizes or {})
    writer = _Writer(abstract, carrier, read_choosing(abstract, choosing or {}))
    return Refinement(
        abstract,
        carrier.variables,
        carrier.sizes,
        writer.begins,
        writer.steps,
        author(),
        by_default=by_default,
        choosing=tuple(writer.choosing),
    )


class _Writer:
    """Writes the initial states and steps of an abstract system as terms about the concrete variables."""

    def __init__(self, abstract: System, carrier: Carrier, choosing: Mapping[str, Mapping[str, Any]]) -> None:
        self.abstract = abstract
        self.carrier = carrier
        self.choosing = choosing

    @property
    def begins(self) -> Term:
        """That a state stands for an initial one."""
        mapping = self.carrier.variables
        first = _all_start(self.abstract.variables, mapping, lambda t: self.carrier.term(t, {}))
        beginnings = (self.carrier.term(b.holds, {}) for b in self.abstract.beginnings)
        return both(*self._inside(lambda t: t), first, *beginnings)

    @cached_property
    def steps(self) -> Term:
        """That a step stands for one of the abstract system, or changes nothing of it. A state that stands for none,
        because a number is out of range there, is reached by no such step."""
        same = both(*(self._becomes(v, (), {}) for v in self.abstract.variables))
        actions = [self._action(a) for a in self.abstract.actions.values()]
        return either(same, both(*self._inside(primed_element), either(*actions)))

    def _action(self, action: Action) -> Term:
        """That a step stands for one of ``action``, for some values of its parameters."""
        bound: dict[Term, Term] = {}
        known: list[tuple[Term | None, list[Term]]] = []
        for p in action.parameters:
            given = self.choosing.get(action.name, {}).get(str(p))
            if given is not None:
                bound[p] = self._choice(action, p, given, list(bound.values()))
                known.append((None, within(bound[p], self.carrier.sort(p.sort))))
                continue
            if isinstance(p.sort, SetOf):
                raise DefinitionError(
                    f"refines: {p} of {action.name} of {self.abstract.name} is a set, and no term asks for some set",
                    remedy=f"say which it is: choosing={{{action.name!r}: {{{str(p)!r}: …}}}}",
                )
            bound[p] = hole_of(str(p), self.carrier.sort(p.sort))
            known.append((bound[p], []))
        parts = [list[Term]() for _ in range(len(known) + 1)]
        for part in action.guard.args if action.guard.op is Op.AND else (action.guard,):
            parts[_latest(action, part, parts)].append(self.carrier.term(part, bound))
        inner = both(*parts[-1], either(*self._outcomes(action, bound)))
        for (hole, sure), before in zip(reversed(known), reversed(parts[:-1]), strict=True):
            here = inner if hole is None else bound_by(Op.EXISTS, hole, inner, BOOL)
            inner = both(*before, *sure, here)
        return inner

    def _choice(self, action: Action, p: Term, given: Any, before: list[Term]) -> Term:
        """The term that ``choosing`` gives for a parameter; a function gets those before it."""
        role = f"choosing {p} of {action.name}"
        if callable(given) and not isinstance(given, Term | Parameter):
            given = called(given, tuple(before), role, "lambda: …")
        return expect(given, self.carrier.sort(p.sort), role)

    def _outcomes(self, action: Action, bound: Mapping[Term, Term]) -> list[Term]:
        earlier: list[Term] = []
        found: list[Term] = []
        for o in action.outcomes:
            here = self.carrier.term(o.condition, bound)
            found.append(both(*(~e for e in earlier), here, *self._effect(o, bound)))
            earlier.append(here)
        return found

    def _effect(self, outcome: Outcome, bound: Mapping[Term, Term]) -> list[Term]:
        """That every variable becomes what the outcome says; those that change first, because they decide soonest."""
        changed = {u.variable.data for u in outcome.updates}
        variables = sorted(self.abstract.variables, key=lambda v: v.name not in changed)
        return [
            self._becomes(v, tuple(u for u in outcome.updates if u.variable.data == v.name), bound) for v in variables
        ]

    def _becomes(self, v: Variable, updates: tuple[Update, ...], bound: Mapping[Term, Term]) -> Term:
        """That what stands for a variable has the value after the step that ``updates`` give it, else that before."""
        whole = self.carrier.variables[v.name]

        def said(at: tuple[Term, ...]) -> Term:
            before = element(whole, at)
            value = reduce(lambda rest, u: self._updated(u, at, rest, bound), updates, before)
            return equal(primed_element(before), value)

        return of_each(whole.sort, said)

    def _updated(self, u: Update, at: tuple[Term, ...], rest: Term, bound: Mapping[Term, Term]) -> Term:
        """The value at positions after an update, where ``rest`` is that without it."""
        path: list[Term] = []
        target = u.target
        while target.op is Op.SELECT:
            path.insert(0, self.carrier.term(target.args[1], bound))
            target = target.args[0]
        value = element(self.carrier.term(u.value, bound), at[len(path) :])
        here = both(*(equal(x, p) for x, p in zip(at, path, strict=False)))
        return value if here is TRUE else If(here, value, rest)

    def _inside(self, read: Callable[[Term], Term]) -> list[Term]:
        """That what stands for each variable is in the range of its sort."""
        found = []
        for v in self.abstract.variables:
            term, wanted = self.carrier.variables[v.name], self.carrier.sort(v.sort)
            base, given = _base(wanted), _base(term.sort)
            if within(hole_of("x", given), base):
                found.append(of_each(term.sort, lambda at, t=term, b=base: both(*within(read(element(t, at)), b))))  # type: ignore[misc]
        return found


def within(term: Term, wanted: Sort) -> list[Term]:
    """The conditions under which a term is in the range of a sort; none if its own sort says so."""
    given = term.sort
    if isinstance(wanted, SetOf) and isinstance(given, SetOf):
        if not isinstance(wanted.element, Int) or _as_narrow(given.element, wanted.element):
            return []
        member = hole_of("x", wanted.element)
        return [term.issubset(bound_by(Op.COMPREHENSION, member, TRUE, wanted))]
    if not isinstance(wanted, Int) or _as_narrow(given, wanted):
        return []
    return [term >= wanted.low, term <= wanted.high]


def _as_narrow(given: Sort, wanted: Int) -> bool:
    return isinstance(given, Int) and (given.low, given.high) == (wanted.low, wanted.high)


def _base(sort: Sort) -> Sort:
    while isinstance(sort, Array):
        sort = sort.element
    return sort


def _latest(action: Action, part: Term, parts: list[list[Term]]) -> int:
    """After how many parameters a conjunct of the guard is decided; no sooner than those before it, which may say that
    it has a value."""
    spoken = set(subterms(part))
    own = max((n for n, p in enumerate(action.parameters, 1) if p in spoken), default=0)
    return max(own, max((n for n, some in enumerate(parts) if some), default=0))


def primed_element(term: Term) -> Term:
    """The value of a term after the step."""
    return make(Op.PRIMED, (term,), term.sort)


def element(array: Term, at: tuple[Term, ...]) -> Term:
    """The element at positions, outermost first."""
    for position in at:
        assert isinstance(array.sort, Array)
        array = applied(make(Op.SELECT, (array, position), array.sort.element))
    return array


def of_each(sort: Sort, said: Callable[[tuple[Term, ...]], Term]) -> Term:
    """What ``said`` says at all positions of an array, in all its dimensions; of another sort it says it once."""
    at: list[Term] = []
    while isinstance(sort, Array):
        at.append(hole_of("xyzuvw"[len(at) % 6], sort.domain))
        sort = sort.element
    term = said(tuple(at))
    for hole in reversed(at):
        term = bound_by(Op.FORALL, hole, term, BOOL)
    return term


def _all_start(variables: Iterable[Variable], mapping: Mapping[str, Term], carry: Callable[[Term], Term]) -> Term:
    """That each of ``variables``, for which ``mapping`` has a term, has an initial value."""
    found = []
    for v in variables:
        starts = [carry(s) for s in v.starts]
        if starts:
            found.append(_starts(mapping[v.name], starts))
    return both(*found)


def _starts(term: Term, starts: list[Term]) -> Term:
    def said(at: tuple[Term, ...]) -> Term:
        values = (element(s, at) if isinstance(s.sort, Array) else s for s in starts)
        return either(*(equal(element(term, at), x) for x in values))

    return of_each(term.sort, said)
