"""``check prove``: properties for every size, with the statement that was proved and every obligation of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

from planrace.checker.advice.family import variables_of
from planrace.checker.advice.lint.undeclared import forgotten
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.engines.proof.decide import Decision, NonInductiveLemma
from planrace.checker.engines.proof.deciders import Deciders
from planrace.checker.engines.proof.houdini import Argument, Discharged, Provable
from planrace.checker.engines.proof.infer import Inference, instances, lemmas, smallest
from planrace.checker.engines.proof.obligations import RLIMIT
from planrace.checker.engines.proof.refute import Refuter
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.engines.proof.statement import assumptions, statement
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.explain.model_data import declared, sources
from planrace.checker.results.guard import INTERRUPTED, Guard
from planrace.checker.results.proof import INITIALLY, Certificate, Conjunct, InductionCounterexample, Obligation
from planrace.checker.results.report import LEFT_OUT, OF_MODEL, Finding, ModelWarning, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted
from planrace.checker.run.departing import departing, verdict_on
from planrace.checker.run.request import Selection
from planrace.checker.semantics.replay import Recording
from planrace.model.language import ModelError, System
from planrace.properties.kinds import Property, Recoverability
from planrace.properties.proof import Lemma, Proof

FEW = 6
"""With more faults than this, only the set of all faults and each single fault are tried."""

NO_PROOF = "this kind of property cannot be proved for every size"


@dataclass(frozen=True)
class DecidedProperty:
    """The decision on a property ``of`` a ``system``, which has the faults that it survives. If it is ``proved``, with
    the facts and the obligations of the proof; ``argument`` has their formulas, if they are in this process."""

    of: Provable
    verdict: Verdict
    system: System
    proved: bool = False
    facts: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    argument: Argument | None = None


class Proving:
    """Proofs for one protocol with its protections chosen, for every size that ``selection`` leaves open.

    ``survive``: the properties are checked without faults, and each that holds is then tried under every set of faults,
    to find the largest set under which it still holds. Otherwise they are checked under the faults of the selection.
    """

    def __init__(
        self,
        selection: Selection,
        *,
        survive: bool = False,
        limits: Limits | None = None,
        listener: Listener | None = None,
        rlimit: int = RLIMIT,
        infer: bool = False,
    ) -> None:
        selection.check_every_size()
        self._selection, self._survive, self._possible = selection, survive, selection.possible_faults
        self._found: tuple[Proof, ...] | None = None
        self.fixed = dict(selection.sizes)
        self.system = self._system(selection.faults)
        self._limit_guard = LimitGuard("proving", limits or Limits(), listener)
        self._rlimit = rlimit
        self._inferred = ""
        self._kept: list[Lemma] = []
        self._grammars = self._stages() if infer else []
        self.decisions: list[DecidedProperty] = []
        self.interrupted = False
        self._guard = Guard(keeps=True)
        self._start()

    def run(self, properties: Sequence[Property], left_out: Sequence[Property] = ()) -> Report:
        """Decide the properties; ``left_out`` are those that the report lists as not checked."""
        findings = self._findings(properties)
        while self._grammars and not self._stopped and any(d.verdict is Verdict.UNKNOWN for d in self.decisions):
            findings = self._again(findings, properties)
        warnings = self._warnings() if any(d.verdict is Verdict.UNKNOWN for d in self.decisions) else ()
        attempt = partial(self._guard.attempt, "the report", brief=True)
        lines = attempt("lines of the author's file", lambda: sources(self.system), {})
        proofs = attempt("certificates", lambda: tuple(self._certificates()), ())
        unused = attempt("parts that are not declared", lambda: tuple(forgotten(self._selection.variant)), ())
        return Report(
            protocol=self.system.name,
            parameters=self.fixed,
            faults=self.system.faults,
            at_most=self.system.at_most(self.fixed),
            protections=self.system.protections,
            engine="proof",
            findings=tuple(findings),
            exploration=None,
            proofs=proofs,
            left_out=tuple((p.name, p.kind, NO_PROOF) for p in left_out),
            interrupted=self._stopped,
            warnings=(*warnings, *unused, *self._more_warnings, *self._guard.warnings),
            every_size=True,
            sources=lines,
        )

    @property
    def _more_warnings(self) -> tuple[ModelWarning, ...]:
        """Warnings about what was explained elsewhere."""
        return ()

    @property
    def _stopped(self) -> bool:
        """Whether a decision or its explanation was interrupted."""
        return self.interrupted or self._guard.interrupted

    def _start(self) -> None:
        """Make the decider. If lemmas are to be inferred, first infer them from the next wider grammar."""
        if self._grammars:
            self._infer(*self._grammars.pop(0))
        self.deciders = Deciders(self.system, self.fixed, limit_guard=self._limit_guard, rlimit=self._rlimit)
        self.decider = self.deciders.first

    def _findings(self, properties: Sequence[Property]) -> list[Finding]:
        return [self._finding(p) if isinstance(p, Provable) else left(p) for p in properties]

    def _again(self, findings: list[Finding], properties: Sequence[Property]) -> list[Finding]:
        """The findings with lemmas from the wider grammar; if that is interrupted, the present ``findings``."""
        before = self.decisions, self.deciders, self.decider, self.system, self._found, self._inferred
        self._kept = self.inferred_lemmas()
        self.decisions = []
        try:
            self._start()
            more = self._findings(properties)
        except KeyboardInterrupt:
            self.interrupted = True
        if self._stopped:
            self.decisions, self.deciders, self.decider, self.system, self._found, self._inferred = before
            return findings
        return more

    def _stages(self) -> list[tuple[bool, tuple[str, ...]]]:
        """The grammars to try, each with the faults that its lemmas hold under. With ``survive`` all faults come first:
        lemmas that hold under all faults are the most useful, but there may be too few of them."""
        asked = tuple(self._selection.faults)
        faults = [self._possible] if self._survive else []
        return [(wide, f) for wide in (False, True) for f in dict.fromkeys([*faults, asked])]

    def _infer(self, wide: bool, faults: tuple[str, ...]) -> None:
        """Replace the declared lemmas by inferred ones; those that a proof uses already are kept."""
        self._found = None
        learnt = self._system(faults)
        proofs = [a for a in learnt.proofs if isinstance(a, Proof)]
        assuming = tuple(t for a in proofs for t in a.assuming)
        refuter = Refuter(assuming, self.fixed)
        small = instances(learnt, self.fixed, refuter.allowed) or smallest(refuter.instances(learnt))
        if not small:
            return  # no size is allowed; the decider reports that
        inference = Inference(learnt, small, wide=wide, limit_guard=self._limit_guard)
        found = lemmas(inference.run(), [p.name for p in learnt.properties])
        found += [x for x in self._kept if x.name not in {y.name for y in found}]
        self._inferred = f"lemmas were inferred: {inference.summary}"
        schedules = tuple(s for a in proofs for s in a.schedules)
        self._found = (Proof(tuple(found), assuming, schedules),)
        self.system = self._system(self._selection.faults)

    def _warnings(self) -> tuple[ModelWarning, ...]:
        """Declared lemmas that are not inductive and were therefore missing in a proof that failed."""
        if self._inferred or self._stopped or self.decider.refuter.spent:
            return ()
        left_out = self.decider.left_out
        return self._guard.attempt(OF_MODEL, "warnings", lambda: tuple(map(_useless, left_out(self.system))), ())

    def inferred_lemmas(self) -> list[Lemma]:
        """The inferred lemmas that some proof uses, in the order of the grammar."""
        used = {name for d in self.decisions for name in d.facts}
        return [x for p in self._found or () for x in p.lemmas if x.name in used]

    def discharged(self) -> list[Discharged]:
        """Every obligation of every proof that was made in this process."""
        return [o for d in self.decisions if d.argument is not None for o in d.argument.obligations]

    def scripts(self) -> Iterator[tuple[str, str]]:
        """Each of them as a script for another solver, with the name of its file."""
        return scripts(self.decider.obligations, self.discharged())

    def _system(self, faults: Sequence[str]) -> System:
        """The system with these faults. Of the inferred lemmas it has those that are about its own variables: the
        counter of a bounded fault exists with the fault."""
        system = self._selection.system_with(faults)
        if self._found is None:
            return system
        there = {v.name for v in system.variables}
        known = (replace(a, lemmas=tuple(x for x in a.lemmas if variables_of(x.holds) <= there)) for a in self._found)
        return replace(system, proofs=tuple(known))

    def _finding(self, p: Provable) -> Finding:
        if self._stopped:
            return left(p, INTERRUPTED)
        try:
            decision, system, more = self._decide(p)
        except KeyboardInterrupt:
            self.interrupted = True
            return left(p, INTERRUPTED)
        self.decisions.append(_decided(decision, system))
        if decision.verdict is Verdict.UNKNOWN and self._inferred:
            more = f"; {self._inferred}"
        elif decision.cti is not None:
            more = "; --infer looks for lemmas"
        refuted, counterexample = decision.refutation, decision.refutation or decision.cti
        shown = None if refuted is None else refuted.recording
        gone = None if shown is None else departing(shown, p.name, self._guard)
        return Finding(
            p.name,
            p.kind,
            p.meaning,
            *verdict_on(decision.verdict, decision.how + more, system, p.name, gone),
            trace=None if shown is None else self._explainer(shown).trace(shown, p.name),
            parameters=refuted.parameters if refuted is not None else None,
            cti=self._cti(decision, p),
            insight=None if shown is None else self._explainer(shown).insight(shown, p),
            variables=() if counterexample is None else self._variables(counterexample.recording),
            departure=gone,
        )

    # Explanations ---------------------------------------------------------------------------------------------------
    def _explainer(self, run: Recording) -> Explainer:
        return Explainer(run.interpreter.instance, ExplanationOptions(full=True), self._guard)

    def _cti(self, d: Decision, p: Property) -> InductionCounterexample | None:
        begun = None if d.cti is None else self._explainer(d.cti.recording).trace(d.cti.recording, p.name)
        return None if d.cti is None or begun is None else InductionCounterexample(begun, d.cti.parameters)

    def _variables(self, run: Recording) -> Any:
        instance = run.interpreter.instance
        return self._guard.attempt("the report", "sorts of variables", lambda: declared(instance), (), brief=True)

    # Faults ----------------------------------------------------------------------------------------------------
    def _decide(self, p: Provable) -> tuple[Decision, System, str]:
        """The decision, the system that it is about, and a text on which faults it survives."""
        possible = self._possible
        if not self._survive or not possible:
            return self.decider.decide(self.system, p, least=True), self.system, ""
        system = self._widest(p, possible) if self.decider.proves(self.system, p) else self.system
        decision = self.deciders.of(system).decide(system, own(system, p), least=True)
        words = self._words(p, system.faults, possible) if decision.verdict is Verdict.HOLDS else ""
        return decision, system, words

    def _widest(self, p: Provable, possible: Sequence[str]) -> System:
        """The system with the most faults for which there is a proof. It does not imply a proof without faults, because
        a fault may help to recover."""
        wider = (self._system(faults) for faults in _sets(possible))
        return next((s for s in wider if self._proves(s, p)), self.system)

    def _proves(self, system: System, p: Provable) -> bool:
        try:
            return self.deciders.of(system).proves(system, own(system, p))
        except ModelError:  # with these faults the model is wrong
            return False

    def _words(self, p: Provable, survived: Sequence[str], possible: Sequence[str]) -> str:
        together = " together" if len(survived) > 1 and isinstance(p, Recoverability) else ""
        more = f"; also under {', '.join(survived)}{together}" if survived else ""
        for fault in (f for f in possible if f not in survived):
            try:
                system = self._system((*survived, fault))
                alone = self.deciders.of(system).decide(system, own(system, p))
            except ModelError as problem:
                more += f"; with {fault} the model is wrong: {problem.what}"
                continue
            if alone.refutation is not None:
                more += f"; violated with {fault} (in {counted(len(alone.refutation.recording.moves), 'step')})"
            else:
                more += f"; with {fault} {alone.verdict.word}"
        return more

    # Certificates ----------------------------------------------------------------------------------------------
    def _certificates(self) -> list[Certificate]:
        """One for each set of faults: all that was proved under the same faults shares one invariant."""
        groups: dict[tuple[str, ...], list[DecidedProperty]] = {}
        for d in self.decisions:
            if d.proved:
                groups.setdefault(d.system.faults, []).append(d)
        return [self._certificate(group) for group in groups.values()]

    def _certificate(self, group: Sequence[DecidedProperty]) -> Certificate:
        system = group[0].system
        rows = {(o.kind, o.fact, o.action): o for d in group for o in d.obligations}
        decider = self.deciders.of(system)
        facts = decider.obligations.facts
        used = {name for d in group for name in d.facts}
        return Certificate(
            properties=tuple(d.of.name for d in group),
            statement=statement(system, [d.of for d in group], self.fixed, self.decider.given),
            assumptions=assumptions(
                system,
                self.fixed,
                self.decider.given,
                ordered=sorted({s.name for s in decider.obligations.open.indices() if s.ordered}),
                absent=[f for f in self._possible if f not in system.faults],
                inferred=self._inferred,
            ),
            conjuncts=tuple(Conjunct(f.name, f.kind, f.meaning) for f in facts.values() if f.name in used),
            obligations=tuple(rows.values()),
        )


def _decided(d: Decision, system: System) -> DecidedProperty:
    if d.argument is None:
        return DecidedProperty(d.property, d.verdict, system)
    obligations = tuple(map(_obligation, d.argument.obligations))
    return DecidedProperty(d.argument.of, d.verdict, system, True, d.argument.facts, obligations, d.argument)


def own(system: System, p: Provable) -> Provable:
    """The property of that name as the system has it: ``enabled(…)`` is the guard that an action has there."""
    found: Provable = next(q for q in system.properties if q.name == p.name)
    return found


def _sets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets of faults, large ones first, without the empty one."""
    if len(names) > FEW:
        return [tuple(names), *((n,) for n in names)]
    return [chosen for size in range(len(names), 0, -1) for chosen in combinations(names, size)]


def _obligation(o: Discharged) -> Obligation:
    r = o.result
    uses = tuple(sorted(r.used)) if r.proved else ()
    return Obligation(o.kind, o.fact, o.action, r.proved, uses, r.seconds, r.reason)


def _useless(x: NonInductiveLemma) -> ModelWarning:
    if x.action == INITIALLY:
        return ModelWarning(LEFT_OUT, f"lemma {x.lemma}", "left out, because it is false initially")
    if x.shown is None:
        return ModelWarning(
            LEFT_OUT, f"lemma {x.lemma}", f"left out, because it could not be proved after {x.action} ({x.reason})"
        )
    sizes = ", ".join(f"{n}={v}" for n, v in x.shown.parameters.items()) or "the only size"
    message = f"left out, because {x.action} does not preserve it (at {sizes}, from a state that may be unreachable)"
    return ModelWarning(LEFT_OUT, f"lemma {x.lemma}", message, x.shown.recording.trace())


def left(p: Property, why: str | None = None) -> Finding:
    return Finding(p.name, p.kind, p.meaning, Verdict.UNKNOWN, why or f"{NO_PROOF}: {p.kind}")
