"""The engine that proves for every size."""

from __future__ import annotations

from planrace.checker.results.report import Report
from planrace.checker.run.contract import Abilities, Ability, Engine
from planrace.checker.run.request import Request
from planrace.properties.kinds import Invariant, Recoverability, StepInvariant


class EverySize(Engine):
    name = "proof"
    summary = "proves for every size, or finds a counterexample on a small instance (see `check prove`)"
    abilities = Abilities(Invariant | StepInvariant | Recoverability, Ability.ARGUES, Ability.EVERY_SIZE)

    def answer(self, request: Request) -> Report:
        """The report of proofs for every size; sizes that the request sets are fixed."""
        from planrace.checker.run.proving import Proving

        options = request.options
        proving = Proving(request.selection, limits=options.limits, listener=options.listener)
        return proving.run(request.properties, request.left_out)
