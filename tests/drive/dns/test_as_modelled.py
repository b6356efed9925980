"""The reference implementation performs the model; after each step zones and Enactors are compared with it."""

from __future__ import annotations

from typing import Any

import pytest

from planrace import Refused, cover
from planrace.checker.drive.dns.deployment import Deployment, deploy, expire_lock, stray_delete
from planrace.checker.drive.dns.embedded import DirectClient, EmbeddedServer
from planrace.checker.drive.dns.enactor import WAITING, EnactorPhase, StepResult
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards

FAULTS = ["crash", "lock-expiry", "bad-plan", "stray-delete"]
SIZES = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 0}
BETWEEN = {StepResult.HELD, StepResult.LOST}


class Region:
    """The implementation on the embedded server, in the words of the model."""

    safeguards = FIXED

    def __init__(self, enactors: int, endpoints: int, keep: int) -> None:
        self.enactors, self.endpoints, self.keep = enactors, endpoints, keep
        self.server = EmbeddedServer([f"e{e}.planrace.test." for e in range(1, endpoints + 1)])
        self.server.start()
        self.region: Deployment | None = None

    def close(self) -> None:
        self.server.stop()

    def reset(self) -> None:
        for zone in self.region.zones if self.region is not None else ():
            zone.clear()
        self.region = deploy(
            self.server,
            client=DirectClient(self.server),
            enactors=self.enactors,
            endpoints=self.endpoints,
            keep=self.keep,
            safeguards=self.safeguards,
        )

    @property
    def _now(self) -> Deployment:
        assert self.region is not None
        return self.region

    def publish(self) -> None:
        self._now.planner.publish()

    def publish_empty(self) -> None:
        self._now.plans.publish([[] for _ in self._now.zones])

    def _do(self, i: int, phase: EnactorPhase, name: str) -> str:
        enactor = self._now.enactors[i - 1]
        if enactor.phase != phase:
            raise Refused(f"it is in phase {enactor.phase}")
        result: StepResult = getattr(enactor, name)()
        if result in WAITING | BETWEEN:
            raise Refused(str(result))
        return str(result)

    def pick_up(self, i: int) -> None:
        self._do(i, EnactorPhase.IDLE, "pick_up")

    def take_lock(self, i: int) -> None:
        self._do(i, EnactorPhase.LOCK, "take_lock")

    def build_tree(self, i: int) -> None:
        self._do(i, EnactorPhase.BUILD, "build_tree")

    def flip_alias(self, i: int) -> str:
        return self._do(i, EnactorPhase.FLIP, "flip_alias")

    def lose_lock(self, i: int) -> None:
        self._do(i, self._now.enactors[i - 1].phase, "lose_lock")

    def list_old_plans(self, i: int) -> str:
        return self._do(i, EnactorPhase.LIST, "list_old_plans")

    def delete_old_plans(self, i: int) -> str:
        return self._do(i, EnactorPhase.DELETE, "delete_old_plans")

    def crash(self, i: int) -> None:
        self._now.enactors[i - 1].crash()

    def expire_lock(self, e: int) -> None:
        expire_lock(self._now.zones[e - 1])

    def stray_delete(self, e: int, g: int) -> None:
        stray_delete(self._now.zones[e - 1], g)

    def observe(self) -> dict[str, Any]:
        newest = self._now.plans.latest()
        latest = newest.generation if newest is not None else 0
        zones = [z.contents() for z in self._now.zones]
        numbers = {e.name: n for n, e in enumerate(self._now.enactors, 1)}
        enactors = self._now.enactors
        return {
            "latest": latest,
            "empty": {g for g in range(1, latest + 1) if not self._now.plans.plan(g).valid},
            "trees": [set(z.trees) for z in zones],
            "alias": [z.alias for z in zones],
            "rollback": [z.rollback for z in zones],
            "lock": [numbers[z.lock.owner] if z.lock is not None else None for z in zones],
            "phase": [str(e.phase) for e in enactors],
            "plan": [e.plan for e in enactors],
            "cursor": [e.cursor + 1 for e in enactors],
            "doomed": [set(e.doomed) for e in enactors],
        }


def driver(safeguards: Safeguards) -> type[Region]:
    return type("Driver", (Region,), {"safeguards": safeguards})


@pytest.mark.parametrize(
    ("name", "safeguards", "faults"),
    [("original", ORIGINAL, ["lock-expiry", "stray-delete"]), ("fixed", FIXED, FAULTS)],
)
def test_what_the_model_does_happens(name: str, safeguards: Safeguards, faults: list[str]) -> None:
    report = cover(name, driver(safeguards), SIZES, faults=faults, criterion="outcomes")
    assert report, report
    assert report.exit_code == 0


def test_a_missing_protection_is_found() -> None:
    """The comparison above can fail."""
    assert cover("fixed", driver(ORIGINAL), SIZES, criterion="outcomes").exit_code == 1
