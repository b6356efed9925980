"""Learning from small instances: which clauses hold in their states, and which of them are inductive together."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from itertools import product
from operator import or_
from typing import Any

import z3

from planrace.checker.engines.proof.grammar import Candidate
from planrace.checker.engines.symbolic.bitvectors import Frame
from planrace.checker.engines.symbolic.solving import Solving
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.semantics.interpreter import Context, Interpreter, RangeError, State
from planrace.checker.semantics.packing import Field, Layout
from planrace.model.language import Instance, Op, Term
from planrace.model.language.terms import subterms

FOLLOWED = 30
"""The number of states in which the candidates are tried where one step breaks some of them."""


# Truth ---------------------------------------------------------------------------------------------------------
class Sample:
    """States of one instance in which literals are evaluated."""

    def __init__(self, instance: Instance, states: Sequence[State]) -> None:
        self.instance = instance
        self.states = states
        self._interpreter = _Remembering(instance)

    def truth(self, over: Sequence[Term], literals: Sequence[Term], look: Callable[[], None]) -> tuple[int, list[int]]:
        """The number of rows, and for each literal the rows in which it is true, as bits. A row is a state with a
        choice of the members ``over``. An atom and its negation are adjacent; both are false where the atom has no
        value."""
        chosen = choices(self.instance, over)
        bits = [0] * len(literals)
        everyone = (1 << len(chosen)) - 1
        for named, atoms in _by_members(over, literals):
            masks = _masks(named, chosen)
            for at, state in enumerate(self.states):
                look()
                found = self._true(over, named, masks, state, [literals[n] for n in atoms])
                for n, (true, without) in zip(atoms, found, strict=True):
                    bits[n] |= true << at * len(chosen)
                    bits[n + 1] |= (everyone & ~true & ~without) << at * len(chosen)
        return len(chosen) * len(self.states), bits

    def _true(
        self,
        over: Sequence[Term],
        named: Sequence[int],
        masks: Mapping[tuple[int, ...], int],
        state: State,
        atoms: Sequence[Term],
    ) -> list[tuple[int, int]]:
        """For each atom: the choices that make it true in a state, and those for which it has no value."""
        found = [(0, 0)] * len(atoms)
        for chosen, mask in masks.items():
            context = Context(dict(zip((over[n] for n in named), chosen, strict=True)), state)
            self._interpreter.look_at(context)
            for n, atom in enumerate(atoms):
                true, without = found[n]
                try:
                    if self._interpreter.evaluate(atom, context):
                        found[n] = true | mask, without
                except RangeError:
                    found[n] = true, without | mask
        return found


def choices(instance: Instance, over: Sequence[Term]) -> list[tuple[int, ...]]:
    """The values that the members ``over`` may have."""
    sorts: list[Any] = [x.sort for x in over]
    return list(product(*(instance.members(s) for s in sorts)))


def joined_truth(
    samples: Sequence[Sample], over: Sequence[Term], literals: Sequence[Term], look: Callable[[], None]
) -> tuple[int, list[int]]:
    """``Sample.truth`` in the rows of all samples."""
    total, bits = 0, [0] * len(literals)
    for sample in samples:
        rows, true = sample.truth(over, literals, look)
        bits = [b | t << total for b, t in zip(bits, true, strict=True)]
        total += rows
    return total, bits


def arbitrary(instance: Instance, count: int) -> list[State]:
    """States with any values in their ranges, the same every time."""
    layout, drawn = Layout(instance), random.Random(0)

    def value(f: Field) -> int:
        return drawn.getrandbits(f.width) if f.is_set else drawn.randint(0, f.high - f.low)

    return [layout.decode(sum(value(f) << f.offset for f in layout.fields.values())) for _ in range(count)]


class _Remembering(Interpreter):
    """Evaluates many terms in one context; they share most of their parts."""

    def look_at(self, context: Context) -> None:
        self._here, self._known = context, dict[Term, Any]()

    def evaluate(self, term: Term, context: Context) -> Any:
        if context is not self._here:
            return super().evaluate(term, context)  # inside a binder
        if term not in self._known:
            self._known[term] = super().evaluate(term, context)
        return self._known[term]


def _by_members(over: Sequence[Term], literals: Sequence[Term]) -> Iterable[tuple[tuple[int, ...], list[int]]]:
    """The places of the atoms among the literals, by the members that they name: each is evaluated once for those."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for n in range(0, len(literals), 2):
        parts = set(subterms(literals[n]))
        groups.setdefault(tuple(k for k, x in enumerate(over) if x in parts), []).append(n)
    return groups.items()


def _masks(named: Sequence[int], choices: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    """For each choice of the members ``named``, the choices of all members that agree with it, as bits."""
    masks: dict[tuple[int, ...], int] = {}
    for n, chosen in enumerate(choices):
        key = tuple(chosen[k] for k in named)
        masks[key] = masks.get(key, 0) | 1 << n
    return masks


def true_everywhere(
    candidates: Sequence[Candidate], sample: Sample, look: Callable[[], None] = lambda: None
) -> list[Candidate]:
    """The candidates that hold in all states of the sample."""
    groups: dict[tuple[Term, ...], dict[Term, int]] = {}
    for c in candidates:
        places = groups.setdefault(c.over, {})
        for x in c.literals:
            places.setdefault(x.args[0] if x.op is Op.NOT else x, 2 * len(places))
    kept: set[int] = set()
    for over, places in groups.items():
        rows, bits = sample.truth(over, [x for a in places for x in (a, ~a)], look)
        for c in (c for c in candidates if c.over is over):
            true = (bits[places[x.args[0]] + 1] if x.op is Op.NOT else bits[places[x]] for x in c.literals)
            if reduce(or_, true) == (1 << rows) - 1:
                kept.add(id(c))
    return [c for c in candidates if id(c) in kept]


# Induction -----------------------------------------------------------------------------------------------------
class SmallInstance:
    """The steps of one instance in Z3, in which every candidate is encoded once."""

    def __init__(self, instance: Instance, candidates: Sequence[Candidate], solving: Solving) -> None:
        self._instance = instance
        self._solving = solving
        literals = {(c.over, x): None for c in candidates for x in c.literals}
        closed = [Candidate(over, (x,)).term for over, x in literals]
        self._steps = Steps(instance, closed, look=solving.look)
        self._frames: dict[tuple[Term, ...], list[Frame]] = {}
        self._formulas: dict[int, Any] = {}

    def _formula(self, c: Candidate) -> Any:
        """That the candidate holds before the step. Candidates share literals, and so what these are encoded as."""
        if id(c) not in self._formulas:
            truth = self._steps.encoder.truth
            clauses = (z3.Or(*(truth(x, frame) for x in c.literals)) for frame in self._of(c.over))
            self._formulas[id(c)] = z3.And(*clauses)
        return self._formulas[id(c)]

    def _of(self, over: tuple[Term, ...]) -> list[Frame]:
        """A context of the state before for each choice of the members ``over``."""
        if over not in self._frames:
            bound = (dict(zip(over, chosen, strict=True)) for chosen in choices(self._instance, over))
            self._frames[over] = [Frame(b, self._steps.before) for b in bound]
        return self._frames[over]

    def trivial(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates that hold in every state, also in those that are not reachable: nearly all of ``candidates``,
        as it should be, so that one question is asked about all."""
        kept = list(candidates)
        while kept:
            solver = z3.SolverFor("QF_BV")
            solver.add(self._steps.legal(), z3.Or(*(z3.Not(self._formula(c)) for c in kept)))
            if self._solving.check(solver) != z3.sat:
                break
            model = solver.model()
            kept = [c for c in kept if not z3.is_false(model.eval(self._formula(c), model_completion=True))]
        return kept

    def inductive(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Drop candidates that a step can break from a state where all candidates hold, until none is dropped.

        Whatever is dropped, those that remain at last hold in that state, and so wherever a run leads from it; those
        that do not are dropped at once, and then the same step is tried from other states: one that Z3 need not choose
        takes it a fifth of the time."""
        steps, kept = self._steps, list(candidates)
        pairs = [(b, a) for (_, b), (_, a) in zip(steps.constants(), steps.constants(after=True), strict=True)]
        after = {id(c): z3.substitute(self._formula(c), *pairs) for c in kept}
        relation = steps.relation
        while kept:
            solver = z3.SolverFor("QF_BV")  # a new one: it simplifies what it is asked once
            solver.set("random_seed", 0)
            solver.add(steps.legal(), relation, *map(self._formula, kept))
            solver.add(z3.Or(*(z3.Not(after[id(c)]) for c in kept)))
            if self._solving.check(solver) != z3.sat:
                if relation is steps.relation:
                    break
                relation = steps.relation
                continue
            model = solver.model()
            relation = self._chosen(model) if relation is steps.relation else relation
            states = self._states_from([self._state(model, after=n) for n in (False, True)])
            before = len(kept)
            kept = true_everywhere(kept, Sample(self._instance, states), self._solving.look)
            if len(kept) == before:
                kept = [c for c in kept if not z3.is_false(model.eval(after[id(c)], model_completion=True))]
        return kept

    def _chosen(self, model: Any) -> Any:
        """The relation of the step that the model takes."""
        selector = self._steps.selector
        choice = selector, model.eval(selector, model_completion=True)
        return z3.simplify(z3.substitute(self._steps.relation, choice))

    def _state(self, model: Any, *, after: bool) -> State:
        fields = self._steps.constants(after=after)
        bits = (model.eval(c, model_completion=True).as_long() << f.offset for f, c in fields)
        return self._steps.layout.decode(sum(bits))

    def _states_from(self, states: Sequence[State]) -> list[State]:
        """Some states that are reachable from ``states``, with these. From a state with a step that is an error only
        the steps before it are followed."""
        seen = dict.fromkeys(states)
        waiting = list(seen)
        for state in waiting:
            self._solving.look()
            with suppress(RangeError):
                for _, after in self._steps.interpreter.moves(state):
                    if after not in seen:
                        seen[after] = None
                        waiting.append(after)
            if len(seen) >= FOLLOWED:
                break
        return list(seen)
