"""Where a run leaves the protocol that it should refine: the abstract run by the mapping, replayed by the interpreter
of the abstract protocol, and the abstract steps that come nearest to the step that is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from planrace.checker.engines.limits import timed
from planrace.checker.results.departure import Departure, NearStep
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.wording import counted
from planrace.checker.semantics.describe import Describer, chosen_words, in_words
from planrace.checker.semantics.interpreter import Context, Interpreter, Move, RangeError, State
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.model.language import Action, Array, Instance, Op, SetOf, Sort, System, Term
from planrace.model.language.refinement import Refinement
from planrace.model.language.terms import TRUE, subterms

MOST = 50_000
"""The most abstract steps that are tried for one step of a run."""
SHOWN = 3
"""So many of those that come near are told."""


def refinement_of(system: System, name: str) -> Refinement | None:
    """The refinement of which ``name`` is a property."""
    return next((r for r in system.refinements if name in r.names), None)


def departure(recording: Recording, refinement: Refinement) -> Departure:
    """The run of ``recording``, whose last step (or only state) is none of the abstract protocol. Raises
    ``ReplayError`` if the abstract interpreter says that it is one although the author chose nothing."""
    return _Departing(recording, refinement).told()


class _Departing:
    def __init__(self, recording: Recording, refinement: Refinement) -> None:
        self.refinement = refinement
        self.concrete = recording.interpreter
        self.sizes = refinement.instance_sizes(self.concrete.instance.parameters)
        system = refinement.abstract
        self.abstract = Interpreter(Instance(system, tuple(self.sizes[p.name] for p in system.parameters)))
        self.describer = Describer(self.abstract, plain=True)
        self.states = [self._mapped(s) for s in recording.states]

    def told(self) -> Departure:
        before, after = self.states[-2:] if len(self.states) > 1 else self.states * 2
        begins = len(self.states) == 1
        nearest, possible = self._begin(before) if begins else self._step(before, after)
        if possible and not self.refinement.choosing:
            raise ReplayError(f"{possible} of {self.refinement.abstract.name} is a step that the property denies")
        steps = zip(self.states[:-2], self.states[1:-1], strict=True)
        return Departure(
            self.refinement.abstract.name,
            self.sizes,
            tuple(self._named(s, t) for s, t in timed(list(steps), 1)),
            self.describer.state(before),
            self.describer.state(after),
            tuple(self.describer.changes(before, after)),
            tuple(self._outside(after)),
            tuple(nearest),
            possible,
        )

    def _mapped(self, state: State) -> State:
        """What a concrete state stands for."""
        mapping = self.refinement.mapping
        return tuple(
            self.concrete.evaluate(mapping[v.name], Context({}, state)) for v in self.refinement.abstract.variables
        )

    def _named(self, before: State, after: State) -> str | None:
        """The abstract step that a step stands for."""
        if before == after:
            return None
        return self._leading(before, after) or f"a step of {self.refinement.abstract.name}"

    def _leading(self, before: State, after: State) -> str:
        """The first abstract step that leads from one state to another; empty if there is none among those that are
        tried."""
        moves = islice(self.abstract.moves(before), MOST)
        found = next((m for m, t in moves if t == after), None)
        return "" if found is None else self._called(found)

    def _possible(self, before: State, after: State) -> str:
        """As ``_leading``. Raises ``TimeUpError`` if too many steps would have to be tried to say that there is none
        with another choice than the author's."""
        found = self._leading(before, after)
        if not found and self.refinement.choosing and next(islice(self.abstract.moves(before), MOST, None), None):
            what = f"{self.refinement.abstract.name} has more than {counted(MOST, 'step')} there"
            raise TimeUpError(f"{what}, and some of them may be the one that choosing does not find")
        return found

    def _called(self, move: Move) -> str:
        """A step as a call with the names of its parameters: ``flip(e=1, g=2)``."""
        pairs = zip(move.action.parameters, move.choice, strict=True)
        values = ", ".join(f"{p}={chosen_words(p.sort, v)}" for p, v in pairs)
        outcome = "" if move.outcome.name is None else f" [{move.outcome.name}]"
        return f"{move.action.name}{f'({values})' if values else ''}{outcome}"

    # What comes near -------------------------------------------------------------------------------------------
    def _step(self, before: State, after: State) -> tuple[Sequence[NearStep], str]:
        """The nearest abstract steps; and one that leads there, if there is one."""
        try:
            possible = self._possible(before, after)
        except RangeError:  # the state before stands for no abstract one
            possible = ""
        best: list[tuple[tuple[bool, int], NearStep]] = []
        for action in self.abstract.actions:
            near = min(islice(self._tries(action, before, after), MOST), key=lambda x: x[0], default=None)
            if near is not None and not near[0][0]:
                best.append(near)
        best.sort(key=lambda x: x[0])
        return [near for _, near in best[:SHOWN]], possible

    def _tries(self, action: Action, before: State, after: State) -> Iterator[tuple[tuple[bool, int], NearStep]]:
        """Each choice of an action's parameters, as if its guard were true, with how far it is away: whether it makes
        none of the changes, and the number of things that are wrong with it."""
        changed = {c.place for c in self.describer.changes(before, after)}
        free = replace(action, when=TRUE)
        parts = action.when.args if action.when.op is Op.AND else (action.when,)
        for choice in self.abstract.instance.choices(action):
            context = Context(dict(zip(action.parameters, choice, strict=True)), before)
            try:
                found = self.abstract.perform(before, free, choice)
                fails = tuple(self._false(p, context) for p in parts if not self.abstract.evaluate(p, context))
            except RangeError:
                continue
            if found is not None:
                differs = tuple(self.describer.changes(found[1], after))
                away = changed <= {c.place for c in differs}, len(fails) + len(differs)
                yield away, NearStep(self._called(found[0]), fails, differs)

    def _false(self, part: Term, context: Context) -> str:
        """A part of a guard, with the values of the places that it reads: ``alias[e] ≤ g (alias[1] is 2)``."""
        read: dict[str, str] = {}
        for t in subterms(part):
            at, root = [], t
            while root.op is Op.SELECT:
                root, position = root.args
                at.append(position)
            if root.op is not Op.VARIABLE or isinstance(t.sort, Array):
                continue
            if all(b in context.bound for b in subterms(*at) if b.op is Op.BOUND):
                places = [in_words(p.sort, self.abstract.evaluate(p, context)) for p in reversed(at)]
                name = f"{root}{''.join(f'[{p}]' for p in places)}"
                value = in_words(t.sort, self.abstract.evaluate(t, context))
                read[name] = f"{name} is {value}"
        return f"{part} ({', '.join(read.values())})" if read else str(part)

    def _begin(self, state: State) -> tuple[Sequence[NearStep], str]:
        """How the abstract protocol begins instead; and that it begins so, if it does."""
        starting = self.abstract.starting
        if starting.includes(state) and not list(self._outside(state)):
            return [], "an initial state"
        begun = min(starting.some(), key=lambda s: len(list(self.describer.changes(s, state))), default=None)
        differs = () if begun is None else tuple(self.describer.changes(begun, state))
        return [NearStep("an initial state", (), differs)], ""

    def _outside(self, state: State) -> Iterator[str]:
        """The places of a state whose sorts do not hold their values."""
        for v, value in zip(self.refinement.abstract.variables, state, strict=True):
            for place, sort, x in _leaves(self.abstract.instance, v.name, v.sort, value):
                low, high = self.abstract.instance.bounds(sort.element if isinstance(sort, SetOf) else sort)
                wrong = [y for y in (x if isinstance(sort, SetOf) else (x,)) if not low <= y <= high]
                if wrong:
                    yield f"{place} is {wrong[0]}, which is not in {low}…{high}"


def _leaves(instance: Instance, place: str, sort: Sort, value: Any) -> Iterator[tuple[str, Any, Any]]:
    if not isinstance(sort, Array):
        yield place, sort, value
        return
    for member, x in zip(instance.members(sort.domain), value, strict=True):
        yield from _leaves(instance, f"{place}[{member}]", sort.element, x)
