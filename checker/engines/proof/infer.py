"""``check prove --infer``: lemmas that are generated automatically.

Candidates come from a small grammar over the system's own terms: clauses of at most three literals, about one or two
members and perhaps one element. First those are dropped that fail in a reachable state of a small instance, then those
that are not inductive together on a small instance (Houdini with counterexamples: Flanagan & Leino, FME 2001; Garg et
al., "ICE", CAV 2014, for learning from states). The rest are only guesses; the prover has to show them for all sizes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations, islice, product
from math import comb
from typing import Any

import z3

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import STRIDE, LimitGuard, Limits
from planrace.checker.engines.proof.wider import about_others, parameters
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.results.wording import counted, plural
from planrace.checker.semantics.interpreter import Context, Interpreter, RangeError, State
from planrace.model.language import Array, Bool, Enum, Index, Instance, Int, Maybe, Op, SetOf, Sort, System, Term
from planrace.model.language.sorts import BOOL, Scalar, is_numeric
from planrace.model.language.structural import Structural
from planrace.model.language.terms import constant, contains, equal, make, substitute, subterms
from planrace.properties.proof import Lemma

SAMPLE = 200
"""The number of reachable states of each instance on which candidates are tried; small, because every literal is
evaluated in each."""
STATES = 20_000
"""The number of states to search for a sample."""

FOURS = 100_000
"""With more clauses of four literals than this about one member, none is tried."""
PLACES = 4
"""Arrays over enumerations of at most so many values are looked at place by place."""

NAMES = "ijkmn"
"""Names for members in the lemmas."""


@dataclass(frozen=True, eq=False)
class Candidate(Structural):
    """A clause about the members ``over``: for all of them at least one literal holds."""

    over: tuple[Term, ...]
    literals: tuple[Term, ...]

    @property
    def term(self) -> Term:
        body = self.literals[0]
        for x in self.literals[1:]:
            body = body | x
        for variable in reversed(self.over):
            bound = make(Op.BOUND, (), variable.sort, (variable.data[0], body.height + 1))
            body = make(Op.FORALL, (bound, substitute(body, {variable: bound})), BOOL)
        return body


class Inference:
    """Guesses lemmas for one system from reachable states of ``instances``; the guesses are inductive on each instance.

    ``wide``: a grammar with more clauses about one member.
    """

    def __init__(
        self,
        system: System,
        instances: Sequence[Instance],
        *,
        wide: bool = False,
        limit_guard: LimitGuard | None = None,
    ) -> None:
        self.system = system
        self.wide = wide
        self.instances = tuple(instances)
        self.limit_guard = limit_guard or LimitGuard("inferring", Limits())
        self.solving = Solving(self.limit_guard)
        self.summary = ""

    def run(self) -> list[Candidate]:
        """The candidates that are inductive together on the last instance; none when a limit was reached."""
        samples = [(Interpreter(i), self._states(i)) for i in self.instances]
        try:
            return self.solving.run(lambda: self._learnt(samples))
        except SolverStoppedError as limit:
            self.summary = str(limit)
            return []

    def _learnt(self, samples: Sequence[tuple[Interpreter, list[State]]]) -> list[Candidate]:
        seen = sum(len(states) for _, states in samples)
        found: list[Candidate] = []
        for over in contexts(self.system, wide=self.wide):
            literals = list(atoms(self.system, over, wide=self.wide))
            truth = _truth(over, literals, samples, self.solving.look)
            tried_here, true = clauses(over, literals, truth, wide=self.wide, look=self.solving.look)
            self.solving.count += tried_here
            found += true
        tried = self.solving.count
        found = _not_trivial(self.instances, found, self.solving)
        sampled = len(found)
        for instance in self.instances:
            found = _inductive(instance, found, self.solving)
        where = "a small instance" if len(samples) == 1 else f"{len(samples)} small instances"
        self.summary = (
            f"{counted(tried, 'clause')} tried, {sampled:,} {plural(sampled, 'holds', 'hold')} in "
            f"{counted(seen, 'state')} of {where}, "
            f"{len(found):,} {plural(len(found), 'is', 'are')} inductive there"
        )
        return found

    def _states(self, instance: Instance) -> list[State]:
        """A sample of the reachable states, the same every time. A model error ends the search: whoever decides the
        properties raises it, if it concerns them (it may come from a fault that they are not asked about)."""
        limits = Limits(states=STATES, seconds=self.limit_guard.seconds_left)
        search = Search(instance, [], exhaustive=True, limits=limits, listener=self.limit_guard.listener)
        with suppress(RangeError):
            search.run()
        if search.interrupted:
            raise KeyboardInterrupt
        packed = list(search.states())
        chosen = random.Random(0).sample(packed, min(SAMPLE, len(packed)))
        return [search.kernel.layout.decode(s) for s in chosen]


def _not_trivial(instances: Sequence[Instance], candidates: Sequence[Candidate], solving: Solving) -> list[Candidate]:
    """The candidates without those that hold in every state: of each instance, since two sizes may happen to be the
    same in one."""
    trivial = list(candidates)
    for instance in instances:
        steps = Steps(instance, [c.term for c in trivial], look=solving.look)
        solver = z3.SolverFor("QF_BV")
        solver.add(steps.legal())
        holding = []
        for c in trivial:
            solver.push()
            solver.add(z3.Not(steps.holds(c.term)))
            if solving.check(solver) == z3.unsat:
                holding.append(c)
            solver.pop()
        trivial = holding
    dropped = set(map(id, trivial))
    return [c for c in candidates if id(c) not in dropped]


def _inductive(instance: Instance, candidates: list[Candidate], solving: Solving) -> list[Candidate]:
    """Drop candidates that a step can break from a state where all candidates hold, until none is dropped."""
    terms = [c.term for c in candidates]
    steps = Steps(instance, terms, look=solving.look)
    solver = z3.SolverFor("QF_BV")
    solver.set("random_seed", 0)
    solver.add(steps.at(steps.legal(), 0), steps.at(steps.relation, 0))
    encoded = [steps.holds(t) for t in terms]
    labels = [z3.Bool(f"candidate {n}") for n in range(len(terms))]
    for label, formula in zip(labels, encoded, strict=True):
        solver.add(z3.Implies(label, steps.at(formula, 0)))
    lost = [z3.Not(steps.at(f, 1)) for f in encoded]
    kept = list(range(len(terms)))
    while kept:
        question = z3.Bool(f"some of {len(kept)} are lost")
        solver.add(z3.Implies(question, z3.Or(*(lost[n] for n in kept))))
        if solving.check(solver, question, *(labels[n] for n in kept)) != z3.sat:
            break
        model = solver.model()
        kept = [n for n in kept if not z3.is_true(model.eval(lost[n], model_completion=True))]
    return [candidates[n] for n in kept]


# The grammar ---------------------------------------------------------------------------------------------------
def contexts(system: System, *, wide: bool = False) -> Iterator[tuple[Term, ...]]:
    """The members that clauses are about: none, one, two of different sorts; or one and an element of a set. ``wide``:
    also two of one sort."""
    sorts = list(dict.fromkeys(s for v in system.variables for s in (*_domains(v.sort), *_named(v.sort))))
    elements = list(dict.fromkeys(e for v in system.variables if (e := _element(v.sort)) is not None))
    members = [_bound(s, NAMES[n % len(NAMES)]) for n, s in enumerate(sorts)]
    groups: list[tuple[Term, ...]] = [(), *((m,) for m in members)]
    groups += [(a, b) for n, a in enumerate(members) for b in members[n + 1 :]]
    yield from groups
    for sort in elements:
        for group in groups:
            if len(group) <= 1:
                yield (*group, _bound(sort, "x"))
    if wide:
        yield from ((m, _bound(s, f"{m.data[0]}2")) for m, s in zip(members, sorts, strict=True))


def atoms(system: System, over: Sequence[Term], *, wide: bool = False) -> Iterator[Term]:
    """Literals about the members ``over``, each with its negation after it. ``wide``: also about parameters, and about
    members that exist or are few."""
    places = list(_places(system, over))
    numbers = [t for t in places if is_numeric(t.sort)] + _sums(system, over)
    numbers += [x for x in over if is_numeric(x.sort)]
    found: dict[Term, None] = {}
    sizes = parameters(system) if wide and len(over) <= 1 else []
    for a, b in (*product(numbers, numbers), *product(numbers, sizes), *product(sizes, numbers)):
        if a is not b:
            found[make(Op.LE, (a, b), BOOL)] = None
    for a in numbers:
        found[equal(a, 0)] = None
    indices = [*over, *places]
    for a in indices:
        if isinstance(a.sort, Enum):
            found.update({equal(a, constant(n, a.sort)): None for n in _values(a.sort)})
        if isinstance(a.sort, Bool):
            found[a] = None
        if isinstance(a.sort, Maybe):
            found.update({equal(a, b): None for b in indices if b.sort == a.sort.index})
            found[equal(a, None)] = None
        if isinstance(a.sort, Index) and a.sort.ordered:
            found.update({make(Op.LT, (a, b), BOOL): None for b in indices if b.sort == a.sort and a is not b})
        if isinstance(a.sort, Index):
            found.update({equal(a, b): None for b in over if b.sort == a.sort and a is not b})
    for s in places:
        if isinstance(s.sort, SetOf):
            found.update({contains(s, a): None for a in numbers if is_numeric(s.sort.element)})
            found.update({contains(s, a): None for a in indices if _belongs(a.sort, s.sort.element)})
            if isinstance(s.sort.element, Enum):
                found.update({contains(s, constant(n, s.sort.element)): None for n in _values(s.sort.element)})
    if wide:
        found.update(dict.fromkeys(about_others(system, over)))
    for atom in found:
        yield atom
        yield ~atom


def _belongs(item: Sort, element: Sort) -> bool:
    """Whether a lemma may say that something is in a set: a member, or an optional one that is no less than a
    member."""
    return item == element or (isinstance(item, Maybe) and item.index == element)


def _values(sort: Enum) -> range:
    return range(len(sort.members))


def clauses(
    over: tuple[Term, ...],
    literals: Sequence[Term],
    truth: Sequence[int],
    *,
    wide: bool,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, list[Candidate]]:
    """The number of clauses tried, and those that hold in every row and contain no smaller clause that does.

    ``truth`` has a bit for each row for each literal; an atom and its negation are adjacent. Only clauses that mention
    every member of ``over`` are made here; others belong to smaller contexts. ``look`` may raise an exception to end
    the work.
    """
    everything = truth[0] | truth[1] if truth else 0
    tried, found = 0, []
    true_sets: set[frozenset[int]] = set()
    guards = [n for n, x in enumerate(literals) if _is_guard(x)]

    def offer(*literals_of_clause: int) -> None:
        nonlocal tried
        parts = frozenset(literals_of_clause)
        if len(parts) < len(literals_of_clause) or any(n ^ 1 in parts for n in parts):
            return
        if any(parts - {n} in true_sets for n in parts) or any(frozenset({n}) in true_sets for n in parts):
            return
        tried += 1
        covered = 0
        for n in parts:
            covered |= truth[n]
        if covered == everything:
            true_sets.add(parts)
            if _mentions(over, [literals[n] for n in parts]):
                found.append(Candidate(over, tuple(literals[n] for n in sorted(parts))))

    for n, combination in enumerate(_combinations(len(literals), guards, wide=wide and len(over) <= 1)):
        if n % STRIDE == 0:
            look()
        offer(*combination)
    return tried, found


def _combinations(count: int, guards: Sequence[int], *, wide: bool) -> Iterator[tuple[int, ...]]:
    """Clauses to try, small ones first: a literal under up to two guards, and if ``wide`` two under one guard, and one
    under three."""
    everyone = range(count)
    yield from ((n,) for n in everyone)
    yield from product(guards, everyone)
    yield from ((*pair, n) for pair in combinations(guards, 2) for n in everyone)
    if wide:
        yield from combinations(everyone, 2)
        yield from ((g, *pair) for g in guards for pair in combinations(everyone, 2))
        if comb(len(guards), 3) * count <= FOURS:
            yield from ((*three, n) for three in combinations(guards, 3) for n in everyone)


def _is_guard(literal: Term) -> bool:
    """Whether a literal can be the condition of a clause: a phase, a position in an order, a membership, or a truth
    value."""
    atom = literal.args[0] if literal.op is Op.NOT else literal
    if atom.op in (Op.VARIABLE, Op.SELECT):
        return True
    first = atom.args[0].sort
    if atom.op is Op.EQ:
        return literal.op is Op.NOT and isinstance(first, Enum | Maybe)
    if atom.op is Op.LT:
        return literal.op is Op.NOT
    return atom.op is Op.MEMBER and literal.op is Op.NOT and atom.args[0].op is Op.BOUND


def _mentions(over: Sequence[Term], literals: Sequence[Term]) -> bool:
    seen = {t for x in literals for t in subterms(x)}
    return all(x in seen for x in over)


def _places(system: System, over: Sequence[Term]) -> Iterator[Term]:
    """Scalars and sets of the state that the members refer to, directly or through one more step:
    ``alias[cursor[i]]``."""
    direct = [t for v in system.variables for t in _selected(v.term, over)]
    yield from direct
    cursors = [t for t in direct if isinstance(t.sort, Index)]
    for v in system.variables:
        yield from (t for t in _selected(v.term, cursors))


def _selected(term: Term, positions: Sequence[Term]) -> Iterator[Term]:
    if not isinstance(term.sort, Array):
        yield term
        return
    domain = term.sort.domain
    if isinstance(domain, Enum) and len(domain.members) <= PLACES:
        for n in _values(domain):
            yield from _selected(term[constant(n, domain)], positions)
    for at in positions:
        if at.sort == term.sort.domain:
            yield from _selected(term[at], positions)


def _sums(system: System, over: Sequence[Term]) -> list[Term]:
    """Sums and differences in the system's own terms, about the members instead of the action's parameters."""
    found: dict[Term, None] = {}
    for action in system.actions.values():
        roots = [action.guard, *(u.value for o in action.outcomes for u in o.updates)]
        for t in subterms(*roots):
            if t.op not in (Op.ADD, Op.SUB):
                continue
            free = [x for x in subterms(t) if x.op is Op.BOUND]
            for chosen in product(over, repeat=len(free)):
                if all(a.sort == b.sort for a, b in zip(free, chosen, strict=True)):
                    found[substitute(t, dict(zip(free, chosen, strict=True)))] = None
    return list(found)


def _domains(sort: Any) -> Iterator[Scalar]:
    while isinstance(sort, Array):
        if isinstance(sort.domain, Index):
            yield sort.domain
        sort = sort.element


def _named(sort: Any) -> Iterator[Scalar]:
    """The index sort of a set's elements, or of an optional index."""
    while isinstance(sort, Array):
        sort = sort.element
    named = sort.index if isinstance(sort, Maybe) else sort.element if isinstance(sort, SetOf) else None
    if isinstance(named, Index):
        yield named


def _element(sort: Any) -> Scalar | None:
    while isinstance(sort, Array):
        sort = sort.element
    return sort.element if isinstance(sort, SetOf) and isinstance(sort.element, Int) else None


def _bound(sort: Scalar, name: str) -> Term:
    return make(Op.BOUND, (), sort, (name, 0))


# Truth ---------------------------------------------------------------------------------------------------------
def _truth(
    over: Sequence[Term],
    literals: Sequence[Term],
    samples: Sequence[tuple[Interpreter, list[State]]],
    look: Callable[[], None],
) -> list[int]:
    """For each literal, a bit for each row; a row is a state with a choice of the members."""
    bits = [0] * len(literals)
    row = 1
    for interpreter, states in samples:
        rows = [dict(zip(over, chosen, strict=True)) for chosen in _choices(interpreter.instance, over)]
        for state in states:
            for bound in rows:
                look()
                context = Context(bound, state)
                for n in range(0, len(literals), 2):
                    bits[n if interpreter.evaluate(literals[n], context) else n + 1] |= row
                row <<= 1
    return bits


def _choices(instance: Instance, over: Sequence[Term]) -> Iterator[tuple[int, ...]]:
    sorts: list[Any] = [x.sort for x in over]
    return product(*(instance.members(s) for s in sorts))


def instances(system: System, fixed: Mapping[str, int], allowed: Callable[[Instance], bool]) -> list[Instance]:
    """Small instances to learn from: every size one above its least, and each in turn two above."""
    middle = {p.name: fixed.get(p.name, min(p.low + 1, p.high)) for p in system.parameters}
    chosen = [middle]
    for p in system.parameters:
        if p.name not in fixed and p.low + 2 <= p.high:
            chosen.append({**middle, p.name: p.low + 2})
    return [i.checked() for i in (system.sized(**sizes) for sizes in chosen) if allowed(i)]


def lemmas(candidates: Sequence[Candidate], taken: Collection[str] = ()) -> list[Lemma]:
    """The candidates as lemmas, named after their content, unless that name is ``taken``."""
    found: dict[str, Lemma] = {}
    for c in candidates:
        term = c.term
        name = f"found: {term}" if str(term) in taken else str(term)
        found.setdefault(name, Lemma(name, term, "found by inference", None))
    return list(found.values())


def smallest(instances: Iterable[Instance], count: int = 2) -> list[Instance]:
    """The first instances, for systems that allow none of the usual instances to learn from."""
    return list(islice(instances, count))
