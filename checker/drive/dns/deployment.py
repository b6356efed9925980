"""The automation of a region put together, and what people and the environment do to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planrace.checker.drive.dns.client import Client
from planrace.checker.drive.dns.enactor import LEASE_SECONDS, Enactor
from planrace.checker.drive.dns.lease import Lease
from planrace.checker.drive.dns.nameserver import Nameserver
from planrace.checker.drive.dns.plans import Planner, PlanStore
from planrace.checker.drive.dns.safeguards import FIXED, Safeguards
from planrace.checker.drive.dns.zone import Zone


@dataclass(frozen=True)
class Deployment:
    """A Planner, Enactors and the zones of the endpoints."""

    planner: Planner
    enactors: tuple[Enactor, ...]
    zones: tuple[Zone, ...]

    @property
    def plans(self) -> PlanStore:
        return self.planner.plans


def deploy(
    server: Nameserver,
    *,
    client: Client | None = None,
    enactors: int = 3,
    endpoints: int = 2,
    keep: int = 2,
    safeguards: Safeguards = FIXED,
    enactor: type[Enactor] = Enactor,
    plans: PlanStore | None = None,
    discover: Callable[[], Sequence[Sequence[str]]] | None = None,
    clock: Callable[[], float] = time.time,
    lease_seconds: float = LEASE_SECONDS,
) -> Deployment:
    """Prepares the first zones of a running server, one an endpoint. Without ``discover`` a plan's addresses show its
    generation and the endpoint: 192.0.2.g and 198.51.100.e, both counted from 1. ``client`` speaks to the server
    (default: by the network), ``enactor`` makes the Enactors, ``plans`` keeps the plans (default: in memory).
    """
    if len(server.origins) < endpoints:
        raise ValueError(f"the server has zones for {len(server.origins)} of {endpoints} endpoints")
    zones = tuple(server.zone(origin, client) for origin in server.origins[:endpoints])
    for zone in zones:
        zone.prepare()
    store = plans if plans is not None else PlanStore()

    def made_up() -> list[list[str]]:
        newest = store.latest()
        generation = newest.generation + 1 if newest is not None else 1
        return [[f"192.0.2.{generation % 256}", f"198.51.100.{e}"] for e in range(1, endpoints + 1)]

    workers = tuple(
        enactor(f"enactor-{n}", zones, store, keep, safeguards, clock, lease_seconds) for n in range(1, enactors + 1)
    )
    return Deployment(Planner(store, discover or made_up), workers, zones)


def install_by_hand(zone: Zone, generation: int, addresses: Sequence[str]) -> bool:
    """The operator's repair: a healthy tree, and the stable name points at it. The rollback record points at the plan
    that was active if its tree exists, else there is none. Asks for no lock: the automation must be at rest.

    Returns whether it was done; if not, the zone has changed meanwhile.
    """
    active, rollback = zone.active(), zone.rollback()
    batch = zone.batch().if_active(active).if_rollback(rollback)
    if active and zone.has_tree(active):
        batch.if_trees([active]).point_rollback(active)
    else:
        batch.point_rollback(0)
    return batch.build_tree(generation, addresses).point_active(generation).send() and zone.active() == generation


def expire_lock(zone: Zone) -> Lease | None:
    """Deletes the lock that is there, as if its time were over. Returns it; ``None`` if it was free or has changed."""
    found = zone.lease()
    return found if found is not None and zone.batch().if_lock(found).release().send() else None


def stray_delete(zone: Zone, generation: int) -> None:
    """Something outside the automation deletes a tree."""
    zone.batch().delete_tree(generation).send()
