"""Drifts of the DNS automation from its model, each as a team might make it.

``planrace.checker.drive.dns`` does what the model says; the Enactors in this file do almost the same. Three have
drivers, for `check cover`; `check conform` finds drifts in the logs of a run.

    check cover -p original --on examples/driving/dns_drift.py:NoCondition \\
        -s enactors=2 -s endpoints=1 -s plans=2 -s keep=1 --criterion outcomes
    python bench/chaos.py --enactor examples/driving/dns_drift.py:UncheckedEnactor --afresh --seconds 10 --log runs
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

    def __init__(self, name: str, zones: Any, plans: Any, keep: int, *more: Any, **options: Any) -> None:
        super().__init__(name, zones, plans, keep - 1, *more, **options)


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


class UncheckedEnactor(Enactor):
    """Leaves out the one-time check: it picks up the newest plan, whatever the endpoints have."""

    def pick_up(self) -> StepResult:
        self._expect(EnactorPhase.IDLE)
        newest = self.plans.latest()
        if newest is None:
            return StepResult.NOTHING_NEW
        self.plan, self.cursor, self.phase = newest.generation, 0, EnactorPhase.LOCK
        return StepResult.PICKED_UP


class UnlockedEnactor(Enactor):
    """Its flip does not ask whether it still has the lock, and frees it, whoever has it."""

    def flip_alias(self) -> StepResult:
        self._expect(EnactorPhase.FLIP)
        zone = self._zone
        active, rollback = zone.active(), zone.rollback()
        self.seen |= {"alias": active, "rollback": rollback}
        batch = zone.batch().if_active(active).if_rollback(rollback).release()
        superseded = self.safeguards.transactional_check and self.plan <= active
        if not superseded:
            self._point(batch, active)
        if not batch.send():
            return StepResult.LOST  # somebody was faster: again
        return self._pass_on(StepResult.SUPERSEDED if superseded else StepResult.ACCEPTED)


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
