"""``check prove --all``: every subset of the protections × every safety property × every set of faults, each cell
decided for all sizes: by a proof, or by a counterexample on a small instance that the interpreter has replayed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.engines.proof.decide import Decision
from planrace.checker.engines.proof.deciders import Deciders
from planrace.checker.engines.proof.houdini import Discharged
from planrace.checker.engines.proof.obligations import RLIMIT
from planrace.checker.results.matrix import Cell, MatrixReport
from planrace.checker.results.verdict import Verdict
from planrace.model.language import ModelError, System, Variant
from planrace.properties.kinds import Invariant, StepInvariant


class Matrix:
    """Decides every cell; results of one cell are reused for the others."""

    def __init__(
        self,
        variant: Variant,
        fixed: Mapping[str, int] | None = None,
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        rlimit: int = RLIMIT,
    ) -> None:
        self.variant = variant
        judged = (p.name for p in variant.protocol.protections.values() if not p.plausible)
        self.protections = tuple(variant.protections or judged)
        self.faults = tuple(variant.protocol.faults)
        self.system = self._system((), ())
        guard = LimitGuard("proving", limits or Limits(), listener)
        self.deciders = Deciders(self.system, fixed, limit_guard=guard, rlimit=rlimit)
        self.decider = self.deciders.first
        self.fixed = dict(fixed or {})
        self.properties = [p for p in self.system.properties if isinstance(p, Invariant | StepInvariant)]
        self._discharged: list[Discharged] = []
        self.interrupted = False

    def run(self) -> MatrixReport:
        """Every cell, by ascending protections; small sets of faults come last, because proofs under many faults cover
        them."""
        cells: list[Cell] = []
        try:
            for cell in self._cells():
                cells.append(cell)
        except KeyboardInterrupt:
            self.interrupted = True
        return MatrixReport(
            protocol=self.system.name,
            parameters=self.fixed,
            protections=self.protections,
            faults=self.faults,
            properties=tuple(p.name for p in self.properties),
            cells=tuple(cells),
            assumptions=tuple(str(t) for t in self.decider.assuming),
            queries=self.deciders.queries,
            seconds=self.decider.obligations.limit_guard.seconds,
            interrupted=self.interrupted,
            stopped=self.deciders.stopped,
        )

    def discharged(self) -> list[Discharged]:
        """Every obligation of every proof."""
        return self._discharged

    def _cells(self) -> Iterator[Cell]:
        for protections in _subsets(self.protections):
            for faults in reversed(_subsets(self.faults)):
                yield from self._row(protections, faults)

    def _row(self, protections: Sequence[str], faults: Sequence[str]) -> Iterator[Cell]:
        """The decisions on every property under these. After the time limit no more systems are made."""
        stopped = self.decider.obligations.limit_guard.look(self.deciders.queries, 0, 0)
        if stopped:
            for p in self.properties:
                yield self._cell(Decision(p, Verdict.UNKNOWN, stopped.sentence), protections, faults)
            return
        system = self._system(protections, faults)
        for p in self.properties:
            yield self._cell(self._decided(system, p), protections, faults)

    def _decided(self, system: System, p: Invariant | StepInvariant) -> Decision:
        try:
            own = next(q for q in system.properties if q.name == p.name)  # enabled(…) is the guard there
            return self.deciders.of(system).decide(system, own)
        except ModelError as problem:
            with_ = ", ".join(system.protections) or "no protection"
            under = ", ".join(system.faults) or "no fault"
            message = f"{problem.what}, with {with_} and {under}"
            raise ModelError(message, where=problem.where, remedy=problem.remedy) from problem

    def _cell(self, d: Decision, protections: Sequence[str], faults: Sequence[str]) -> Cell:
        if d.argument is not None:
            self._discharged += d.argument.obligations
        refuted = d.refutation
        return Cell(
            protections=tuple(protections),
            faults=tuple(faults),
            property=d.property.name,
            verdict=d.verdict,
            how=d.how,
            conjuncts=d.argument.facts if d.argument is not None else (),
            depth=len(refuted.recording.moves) if refuted is not None else None,
            parameters=refuted.parameters if refuted is not None else None,
        )

    def _system(self, protections: Sequence[str], faults: Sequence[str]) -> System:
        return self.variant.system(faults, protections, [p for p in self.variant.protections if p not in protections])


def _subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    return [chosen for size in range(len(names) + 1) for chosen in combinations(names, size)]
