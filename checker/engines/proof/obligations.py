"""Proof obligations of a system with open sizes, discharged one by one.

An obligation is one action and one fact: where the hypotheses hold and the action happens, the fact holds afterwards.
Each is a query of its own. The solver's unsatisfiable core says which hypotheses it needed, so that one proof serves
every set of hypotheses that has those, and every system that has the action.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import z3

from planrace.checker.engines.limits import LimitGuard, Limits
from planrace.checker.engines.proof.encoding import Open, OpenFrame, OpenState
from planrace.checker.engines.proof.sorts import conjunction, disjunction
from planrace.checker.engines.proof.wellformed import ONCE, contradictory, defined, misplaced, obligation, terms_of
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving, said
from planrace.checker.engines.symbols import symbol
from planrace.checker.results.proof import INITIALLY
from planrace.model.language import Action, ModelError, Outcome, Place, System, Term
from planrace.model.language.starts import chosen
from planrace.model.language.structural import Structural
from planrace.properties.kinds import Invariant, Recoverability, StepInvariant
from planrace.properties.proof import Proof

RESOURCES = ("canceled", "max. resource limit exceeded", "resource limits reached")
"""Z3's messages for a query that exceeded its resource limit."""

GAVE_UP = "the solver gave up"
"""The prefix of a reason that says nothing about the obligation."""
SEEDS = (0, 1)
"""The seeds with which a query is tried."""
CONTRADICTION = 200_000
"""The resource limit of the search for a contradiction in the axioms: they have models, which may be hard to find."""
MANY = 20
"""Where at least so many more facts are given than earlier proofs used, a proof from the latter is tried first."""
BRIEF = 300_000
"""The resource limit of that."""
RLIMIT = 3_000_000
"""The resource limit of a query in Z3's elementary steps; the same on every machine, about a second."""


@dataclass(frozen=True, eq=False)
class CandidateConjunct(Structural):
    """A candidate conjunct of an inductive invariant: the range of a variable, a lemma or an invariant."""

    name: str
    kind: str
    meaning: str
    formula: Callable[[OpenState], Any]
    where: Place | None = None
    term: Term | None = None


@dataclass(frozen=True)
class Result:
    """The solver's result for an obligation: proved from the hypotheses ``used``, or why not. ``seconds`` is the time
    it took; ``negated`` are the formulas that contradict the hypotheses, and ``counts`` the axioms about counts in the
    query."""

    proved: bool
    used: frozenset[str]
    seconds: float
    reason: str = ""
    negated: tuple[Any, ...] = ()
    counts: tuple[Any, ...] = ()
    of: Obligations | None = field(default=None, repr=False, compare=False)
    """Who asked the solver, of what is proved."""


@dataclass(frozen=True, eq=False)
class Ending(Structural):
    """One outcome of an action in Z3: the condition under which it happens, and the state after it."""

    outcome: Outcome
    condition: Any
    after: OpenState
    frame: OpenFrame


@dataclass(frozen=True, eq=False)
class Case(Structural):
    """An action in Z3 for arbitrary parameters: the formulas that these are ``legal``, and that the action is
    ``enabled``."""

    action: Action
    frame: OpenFrame
    legal: tuple[Any, ...]
    enabled: Any
    endings: tuple[Ending, ...]


Key = tuple[Any, ...]


class Obligations:
    """Discharges obligations about one set of variables, for any choice of actions over them."""

    def __init__(
        self,
        system: System,
        assuming: Iterable[Term] = (),
        *,
        limit_guard: LimitGuard | None = None,
        rlimit: int = RLIMIT,
    ) -> None:
        self.open = Open(system)
        self.rlimit = rlimit
        self.queries = 0
        self.limit_guard = limit_guard or LimitGuard("proving", Limits())
        self.solving = Solving(self.limit_guard)
        arguments = [a for a in system.proofs if isinstance(a, Proof)]
        self._sizes = system.parameters
        self._assumed = [self.open.encode(term, OpenFrame({}, {})) for term in assuming]
        self.facts: dict[str, CandidateConjunct] = {}
        for fact in self._facts(system, arguments):
            self._add(fact)
        self.ranges = frozenset(f.name for f in self.facts.values() if f.kind == "range")
        self._useful = self.ranges | {p.name for p in system.properties if isinstance(p, Invariant)}
        self._consistent = 0
        self._checked: set[int] = set()
        self._wrong: dict[Key, list[Any] | None] = {}
        self._given: dict[str, tuple[Any, Any]] = {}
        self._numbers: dict[Action, int] = {}
        self._contents: dict[Key, int] = {}
        self._cases: dict[int, Case] = {}
        self._proved: dict[Key, list[Result]] = {}
        self._failed: dict[Key, list[tuple[frozenset[str], Result]]] = {}

    def _facts(self, system: System, arguments: Iterable[Proof]) -> Iterator[CandidateConjunct]:
        for v in system.variables:
            if self.open.range(v, self.open.state) is not None:
                words = f"{v.name} stays in the range of its sort"
                yield CandidateConjunct(f"range of {v.name}", "range", words, partial(self.open.range, v), v.where)
        for a in arguments:
            for x in a.lemmas:
                yield CandidateConjunct(x.name, "lemma", x.meaning, self._about(x.holds), x.where, x.holds)
        for p in system.properties:
            if isinstance(p, Invariant):
                yield CandidateConjunct(p.name, "property", p.meaning, self._about(p.holds), p.where, p.holds)

    def _add(self, fact: CandidateConjunct) -> None:
        """Add a fact; facts are identified by name, so names must be distinct."""
        if fact.name in self.facts:
            first = self.facts[fact.name]
            raise ModelError(
                f"{fact.kind} {fact.name} has the name of another conjunct, a {first.kind}",
                where=fact.where or first.where,
                remedy="rename one of the two",
            )
        self.facts[fact.name] = fact

    def _about(self, term: Term) -> Callable[[OpenState], Any]:
        """The formula that a term has a value in a state, and is true."""

        def said(state: OpenState) -> Any:
            frame = OpenFrame({}, state)
            return conjunction(defined(self.open, term, frame), self.open.encode(term, frame))

        return said

    def speaks_of(self, p: Invariant | StepInvariant | Recoverability) -> bool:
        """Whether the conjunct named like ``p`` is that property."""
        fact = self.facts.get(p.name)
        return not isinstance(p, Invariant) or (fact is not None and fact.term is p.holds)

    def consistent(self) -> bool:
        """Whether some instance satisfies the assumptions; otherwise everything would follow from them."""
        solver = z3.Solver()
        solver.add(*self._assumed, *self.open.sizes())
        solver.add(*(self.open.parameters[p.name] <= p.high for p in self._sizes))
        try:
            return bool(self.solving.run(lambda: self.solving.check(solver)) == z3.sat)
        except SolverStoppedError:
            return True  # time is up, so nothing will be proved anyway

    def check_axioms(self, results: Iterable[Result] = ()) -> None:
        """Check that the axioms, and those about counts in ``results``, do not contradict each other, in which case
        everything would follow. A contradiction would be a bug of the checker."""
        axioms = self.open.axioms()
        counts = {a.get_id(): a for r in results for a in r.counts}
        if len(axioms) > self._consistent or not counts.keys() <= self._checked:
            self._consistent = len(axioms)
            self._checked |= counts.keys()
            solver = z3.Solver()
            solver.set("rlimit", min(self.rlimit, CONTRADICTION))
            solver.add(*self._assumed, *counts.values(), *axioms)
            with suppress(SolverStoppedError):
                found = self.solving.run(lambda: self.solving.check(solver))
                assert found != z3.unsat, "the axioms of open sizes contradict each other"

    def stuck(self, system: System) -> bool:
        """Whether no initial state of any size enables an action or is final: then every step keeps everything."""
        return self._query(
            lambda: [*self._begun(), self._moves_or_ends(system, self.open.initial())], frozenset()
        ).proved

    def never_begins(self) -> bool:
        """Whether no state of any size is initial: then everything would hold."""
        return not self.open.system.starts_alike and self._query(self._begun, frozenset()).proved

    def _begun(self) -> list[Any]:
        """What is true of initial states besides the values in ``Open.initial``. Where a condition has no value, the
        state counts as initial."""
        system, state = self.open.system, self.open.initial()
        ranges = [self.open.range(v, state) for v in system.variables if v.initially is None]
        said = [chosen(v) for v in system.variables if v.initially is None]
        said += [b.holds for b in system.beginnings]
        frame = OpenFrame({}, state)
        conditions = [disjunction(self.open.encode(t, frame), z3.Not(defined(self.open, t, frame))) for t in said]
        return [*(r for r in ranges if r is not None), *conditions]

    def _defined_at_first(self) -> list[Any]:
        """The formulas that conditions on initial states have values there."""
        frame = OpenFrame({}, self.open.initial())
        return [defined(self.open, b.holds, frame) for b in self.open.system.beginnings]

    def _moves_or_ends(self, system: System, state: OpenState) -> Any:
        ends = [self._about(t)(state) for t in system.final]
        return disjunction(*ends, *(self._enabled(action, state) for action in system.actions.values()))

    def _enabled(self, action: Action, state: OpenState) -> Any:
        """The formula that some values of its parameters enable the action, or that its guard has no value."""
        made = [self.open.parameter(p) for p in action.parameters]
        frame = OpenFrame(dict(zip(action.parameters, (a for a, _ in made), strict=True)), state)
        guard = disjunction(self.open.encode(action.guard, frame), z3.Not(defined(self.open, action.guard, frame)))
        return conjunction(*(legal for _, legal in made), guard)

    # Obligations -----------------------------------------------------------------------------------------------
    def initially(self, goal: str) -> Result:
        """The fact holds in every initial state."""
        return self.discharge((INITIALLY, goal), self.negated_initially(goal), frozenset())

    def kept(self, action: Action, goal: str, given: frozenset[str]) -> Result:
        """Where the facts ``given`` hold, ``action`` leads to states where ``goal`` holds."""
        return self.discharge((self.number(action), goal), self.negated_after(action, goal), given)

    def obeyed(self, action: Action, p: StepInvariant, given: frozenset[str]) -> Result:
        """Where the facts ``given`` hold, every step of ``action`` satisfies ``p``."""
        return self.discharge((self.number(action), "step", p.holds), self.negated_step(action, p), given)

    def model(self, action: Action, given: frozenset[str]) -> Iterator[tuple[str, Result]]:
        """For each way in which ``action`` could be a model error: its name, and the result of showing from the facts
        ``given`` that it does not happen. Values out of range are covered by the range facts that the action keeps."""
        for name, wrong in ((obligation(terms_of(action)), misplaced), (ONCE, contradictory)):
            key = (self.number(action), name)
            if key not in self._wrong:
                self._wrong[key] = wrong(self.open, self.case(action))
            negated = self._wrong[key]
            if negated is not None:
                yield name, self.discharge(key, partial(list, negated), given)

    def values_defined(self, p: Recoverability, given: frozenset[str]) -> Result | None:
        """Show from the facts ``given`` that the terms of ``p`` have values; None if they always have."""
        frame = OpenFrame({}, self.open.state)
        said = conjunction(defined(self.open, p.wherever, frame), defined(self.open, p.goal, frame))
        return None if z3.is_true(said) else self.discharge(("value", p), lambda: [z3.Not(said)], given)

    def negated_initially(self, goal: str) -> Callable[[], list[Any]]:
        """Negation: in some initial state the fact is false, or a condition has no value."""
        formula = self.facts[goal].formula
        return lambda: [
            *self._begun(),
            z3.Not(conjunction(*self._defined_at_first(), formula(self.open.initial()))),
        ]

    def negated_after(self, action: Action, goal: str) -> Callable[[], list[Any]]:
        formula = self.facts[goal].formula
        return lambda: self._some_ending(action, lambda ending: z3.Not(formula(ending.after)))

    def negated_step(self, action: Action, p: StepInvariant) -> Callable[[], list[Any]]:
        def wrong(ending: Ending) -> Any:
            frame = OpenFrame(ending.frame.bound, ending.frame.state, ending.after, (action, ending.outcome))
            return z3.Not(conjunction(defined(self.open, p.holds, frame), self.open.encode(p.holds, frame)))

        return lambda: self._some_ending(action, wrong)

    def _some_ending(self, action: Action, wrong: Callable[[Ending], Any]) -> list[Any]:
        case = self.case(action)
        return [case.enabled, disjunction(*(conjunction(e.condition, wrong(e)) for e in case.endings))]

    def number(self, action: Action) -> int:
        """A number for the content of an action: actions of other systems that differ only in words get the same
        one."""
        found = self._numbers.get(action)
        if found is None:
            found = self._numbers[action] = self._contents.setdefault(content(action), len(self._contents))
        return found

    def case(self, action: Action) -> Case:
        """The action in Z3."""
        key = self.number(action)
        if key not in self._cases:
            self._cases[key] = self._case(action)
        return self._cases[key]

    def _case(self, action: Action) -> Case:
        return self.case_for(action, [self.open.parameter(p)[0] for p in action.parameters])

    def case_for(self, action: Action, arguments: Sequence[Any]) -> Case:
        """The action in Z3 for these arguments."""
        frame = OpenFrame(dict(zip(action.parameters, arguments, strict=True)), self.open.state)
        legal = [self.open.legal(p.sort, a) for p, a in zip(action.parameters, arguments, strict=True)]
        enabled = conjunction(*legal, self.open.encode(action.guard, frame))
        endings: list[Ending] = []
        earlier: list[Any] = []
        for o in action.outcomes:
            here = self.open.encode(o.condition, frame)
            condition = conjunction(*(z3.Not(e) for e in earlier), here)
            endings.append(Ending(o, condition, self.open.after(o, frame), frame))
            earlier.append(here)
        return Case(action, frame, tuple(legal), enabled, tuple(endings))

    # Queries ---------------------------------------------------------------------------------------------------
    def discharge(self, key: Key, negated: Callable[[], list[Any]], given: frozenset[str]) -> Result:
        """Show that no state satisfies ``given`` and ``negated``, or say why this was not shown."""
        for result in self._proved.get(key, ()):
            if result.used <= given:
                return result
        for tried, result in self._failed.get(key, ()):
            if given <= tried:
                return result
        result = self._first_tried(negated, given) or self._query(negated, given)
        if result.proved:
            self._useful |= result.used
            self._proved.setdefault(key, []).append(result)
        else:
            self._failed.setdefault(key, []).append((given, result))
        return result

    def _first_tried(self, negated: Callable[[], list[Any]], given: frozenset[str]) -> Result | None:
        """A proof from those of many facts that earlier proofs used: it takes much less time than one from all."""
        few = given & self._useful
        if len(given) - len(few) < MANY:
            return None
        result = self._query(negated, few, brief=True)
        return result if result.proved else None

    def _query(self, negated: Callable[[], list[Any]], given: frozenset[str], *, brief: bool = False) -> Result:
        """``brief``: with few resources; another query follows if there is no proof."""
        rlimit = min(BRIEF, self.rlimit) if brief else self.rlimit
        try:
            if brief:
                return self.solving.run(lambda: self._solved(negated(), given, SEEDS[0], rlimit))
            return self.solving.run(lambda: self._tried(negated(), given))
        except SolverStoppedError as limit:
            return Result(False, given, 0.0, str(limit))

    def _tried(self, negated: list[Any], given: frozenset[str]) -> Result:
        """Query the solver; if it gives up, with another seed: the outcome depends on earlier queries."""
        result = Result(False, given, 0.0, "")
        for seed in SEEDS:
            result = self._solved(negated, given, seed, self.rlimit)
            if not result.reason.startswith(GAVE_UP):
                break
        return result

    def _solved(self, negated: list[Any], given: frozenset[str], seed: int, rlimit: int) -> Result:
        self.queries += 1
        self.solving.count = self.queries
        solver = z3.Solver()
        solver.set("random_seed", seed)
        solver.set("rlimit", rlimit)
        started = time.perf_counter()
        chosen = {name: self._hypothesis(name) for name in self.facts if name in given}
        before = [*(formula for _, formula in chosen.values()), *self._assumed]
        counts = self.open.counting.axioms(negated, before)
        solver.add(*before, *negated, *counts, *self.open.axioms())
        labels = {name: label for name, (label, _) in chosen.items()}
        found = self.solving.check(solver, *labels.values())
        seconds = time.perf_counter() - started
        if found == z3.unsat:
            core = {c.get_id() for c in solver.unsat_core()}
            used = frozenset(n for n, label in labels.items() if label.get_id() in core)
            return Result(True, used, seconds, negated=tuple(negated), counts=tuple(counts), of=self)
        if found == z3.sat:
            return Result(False, given, seconds, "the solver has a counterexample to induction")
        reason = solver.reason_unknown()
        limit = f"its resource limit of {self.rlimit:,}" if reason in RESOURCES else said(reason)
        return Result(False, given, seconds, f"{GAVE_UP}: {limit}")

    def _hypothesis(self, name: str) -> tuple[Any, Any]:
        """A label, and the formula that the fact holds before the step if the label does."""
        if name not in self._given:
            label = z3.Bool(symbol("given", name))
            self._given[name] = label, z3.Implies(label, self.facts[name].formula(self.open.state))
        return self._given[name]

    def parts(self, result: Result) -> Iterator[tuple[str, Any]]:
        """The formulas of a proved obligation, which together are contradictory, each with a description. Who asked for
        the proof knows them."""
        if result.of is not None and result.of is not self:
            yield from result.of.parts(result)
            return
        for n, a in enumerate([*self._assumed, *self.open.sizes()], 1):
            yield f"size {n}", a
        for n, a in enumerate(self.open.order(), 1):
            yield f"axiom {n}", a
        for n, a in enumerate(result.counts, 1):
            yield f"counts {n}", a
        for name in self.facts:
            if name in result.used:
                yield f"before the step: {name}", self.facts[name].formula(self.open.state)
        for n, a in enumerate(result.negated, 1):
            yield f"the step, and the negated goal, part {n}", a


def content(action: Action) -> Key:
    """The content of an action without its words: terms are shared, so identity is equality. The names of the action
    and its outcomes are part of it, since properties refer to them (``taken``)."""
    return (
        action.name,
        action.parameters,
        action.guard,
        tuple((o.name, o.condition, tuple((u.target, u.value) for u in o.updates)) for o in action.outcomes),
    )
