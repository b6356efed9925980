"""Three drifts of the DNS automation from its model, each as a team might make it, and each is found by `check cover`.

``planrace.checker.drive.dns`` does what the model says; the Enactors in this file do almost the same.

    check cover -p original --on examples/driving/dns_drift.py:NoCondition \\
        -s enactors=2 -s endpoints=1 -s plans=2 -s keep=1 --criterion outcomes
"""

from __future__ import annotations

from typing import Any

from planrace.checker.drive.dns.enactor import Enactor, EnactorPhase, StepResult
from planrace.checker.drive.dns.region import DnsRegion


# The code under test -----------------------------------------------------------------------------------------------
class UnconditionalEnactor(Enactor):
    """Its flip is sent without the condition that the trees exist which it names."""

    def _point(self, batch: Any, active: int) -> set[int]:
        batch.point_rollback(active).point_active(self.plan)
        return set()


class GreedyEnactor(Enactor):
    """Deletes one generation more: it takes ``keep`` for the number of plans that stay, the applied one included."""

    def __init__(self, name: str, zones: Any, plans: Any, keep: int, *more: Any) -> None:
        super().__init__(name, zones, plans, keep - 1, *more)


class HastyEnactor(UnconditionalEnactor):
    """Flips before it builds: the name shall follow a new plan sooner."""

    def build_tree(self) -> StepResult:
        self.phase = EnactorPhase.FLIP
        return StepResult.BUILT

    def flip_alias(self) -> StepResult:
        zone, plan, addresses = self._zone, self.plan, self.plans.plan(self.plan).addresses[self.cursor]
        result = super().flip_alias()
        if result == StepResult.ACCEPTED:
            zone.batch().build_tree(plan, addresses).send()
        return result


# Its drivers -------------------------------------------------------------------------------------------------------
class NoCondition(DnsRegion):
    enactor = UnconditionalEnactor
    direct = True


class OneTooMany(DnsRegion):
    enactor = GreedyEnactor
    direct = True


class FlipFirst(DnsRegion):
    enactor = HastyEnactor
    direct = True
