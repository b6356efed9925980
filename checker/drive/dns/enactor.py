"""The Enactor: takes the newest plan, applies it to every endpoint, and cleans up.

Every step is a method with the name that it has in the model; ``step`` does the next one, ``run`` goes on until it is
told to stop. Between two steps an Enactor may rest for any time, or its process may end: what it has read before may
be wrong by then. So each change of a zone is one message whose conditions are what the step has read.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from planrace.checker.drive.dns.client import NoAnswerError, ZoneError
from planrace.checker.drive.dns.lease import Lease
from planrace.checker.drive.dns.plans import PlanStore
from planrace.checker.drive.dns.safeguards import FIXED, Safeguards
from planrace.checker.drive.dns.zone import Batch, Zone

LEASE_SECONDS = 30.0
RACES = 20
"""Times that a step reads again because somebody changed what it had read."""

UNSTEADY = "{}: alias or rollback record change faster than they can be read, or their names have other records, too"


class EnactorPhase(StrEnum):
    """Where an Enactor is in its work."""

    IDLE = "IDLE"
    LOCK = "LOCK"
    BUILD = "BUILD"
    FLIP = "FLIP"
    LIST = "LIST"
    DELETE = "DELETE"


class StepResult(StrEnum):
    """How a step ended. After those in ``WAITING`` nothing has changed."""

    PICKED_UP = "picked-up"
    NOTHING_NEW = "nothing-new"
    INVALID_PLAN = "invalid-plan"
    TAKEN = "taken"
    HELD = "held"
    BUILT = "built"
    LOST = "lost"  # the lock; lose_lock is next
    RETURNED = "returned"  # to waiting for the lock
    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    LISTED = "listed"
    NOTHING_OLD = "nothing-old"
    CONTINUES = "continues"
    FINISHED = "finished"


EnactorStep: TypeAlias = "Callable[[], StepResult]"
Performs: TypeAlias = "Callable[[EnactorStep], StepResult]"
WAITING = {StepResult.NOTHING_NEW, StepResult.INVALID_PLAN, StepResult.HELD}
BACKS_OFF = {*WAITING, StepResult.REFUSED}


@dataclass(frozen=True)
class Backoff:
    """Pauses between attempts, in seconds: random up to a bound that doubles, so that no two Enactors keep pace."""

    first: float = 0.05
    longest: float = 5.0

    def pause(self, attempt: int) -> float:
        """Before the attempt after ``attempt`` (1, 2, …) failures."""
        return random.uniform(0, min(self.longest, self.first * 2.0 ** min(attempt, 30)))


class Enactor:
    """One of several that do the same and do not know of each other. ``name`` is its own, without spaces.

    ``keep`` is the retention: having applied plan p it deletes the trees of plans up to ``p - keep``. ``clock`` tells
    Unix time; it decides only whether a lock has expired.
    """

    def __init__(
        self,
        name: str,
        zones: Sequence[Zone],
        plans: PlanStore,
        keep: int,
        safeguards: Safeguards = FIXED,
        clock: Callable[[], float] = time.time,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.name = name
        self.zones = tuple(zones)
        self.plans = plans
        self.keep = keep
        self.safeguards = safeguards
        self._clock = clock
        self._lease_seconds = lease_seconds
        self.seen: dict[str, int | str | None] = {}
        """What the last step has read: ``latest``, ``lock`` (its text), ``alias``, ``rollback``."""
        self._become_idle()

    def _become_idle(self) -> None:
        self.phase = EnactorPhase.IDLE
        self.plan = 0
        self.cursor = 0
        self.doomed: frozenset[int] = frozenset()
        self._lease: Lease | None = None
        self._lost = False

    # The loop ------------------------------------------------------------------------------------------------------
    def next_step(self) -> EnactorStep:
        """The step that comes next."""
        if self._lost:
            return self.lose_lock
        return {
            EnactorPhase.IDLE: self.pick_up,
            EnactorPhase.LOCK: self.take_lock,
            EnactorPhase.BUILD: self.build_tree,
            EnactorPhase.FLIP: self.flip_alias,
            EnactorPhase.LIST: self.list_old_plans,
            EnactorPhase.DELETE: self.delete_old_plans,
        }[self.phase]

    def step(self) -> StepResult:
        """Does the next step. Where no answer comes (``NoAnswerError``) the step may be done again."""
        return self.next_step()()

    def state(self) -> dict[str, Any]:
        """Where it is in its work, in the words of the model: endpoints are counted from 1."""
        return {"phase": self.phase, "plan": self.plan, "cursor": self.cursor + 1, "doomed": sorted(self.doomed)}

    def run(self, stop: threading.Event, backoff: Backoff | None = None, perform: Performs | None = None) -> None:
        """Works until ``stop`` is set; waits longer after each attempt in vain. ``perform`` is given each step to be
        done: it may wait before it, and write down what comes of it.
        """
        backoff = backoff or Backoff()
        failures = 0
        while not stop.is_set():
            step = self.next_step()
            try:
                in_vain = (step() if perform is None else perform(step)) in BACKS_OFF
            except NoAnswerError:
                in_vain = True
            failures = failures + 1 if in_vain else 0
            if in_vain:
                stop.wait(backoff.pause(failures))

    @property
    def lease(self) -> Lease | None:
        """Its taking of the lock of the endpoint at the cursor, if it has one."""
        return self._lease

    def crash(self) -> None:
        """Forgets everything, as a new process does. A lock that it holds stays held until it expires."""
        self._become_idle()

    # Applying a plan -----------------------------------------------------------------------------------------------
    def pick_up(self) -> StepResult:
        """Takes the newest plan if some endpoint has an older one. This check is made once for all endpoints."""
        self._expect(EnactorPhase.IDLE)
        newest = self.plans.latest()
        self.seen["latest"] = newest.generation if newest is not None else 0
        if newest is None or not any(zone.active() < newest.generation for zone in self.zones):
            return StepResult.NOTHING_NEW
        if self.safeguards.plan_validation and not newest.valid:
            return StepResult.INVALID_PLAN
        self.plan, self.cursor, self.phase = newest.generation, 0, EnactorPhase.LOCK
        return StepResult.PICKED_UP

    def take_lock(self) -> StepResult:
        """Takes the lock of the zone if it is free or has expired."""
        self._expect(EnactorPhase.LOCK)
        found = self._zone.lease()
        self.seen["lock"] = str(found) if found is not None else None
        if found is None or self._expired(found):
            self._lease = Lease.until(self.name, self._clock() + self._lease_seconds)
            self._zone.batch().if_lock(found).lock(self._lease).send()
            found = self._zone.lease()
        if found != self._lease:  # one that was asked for before the answer was lost is ours, too
            return StepResult.HELD
        self.phase = EnactorPhase.BUILD
        return StepResult.TAKEN

    def build_tree(self) -> StepResult:
        """Writes the records of the plan under a name of their own."""
        self._expect(EnactorPhase.BUILD)
        addresses = self.plans.plan(self.plan).addresses[self.cursor]
        if self._has_run_out() or not (self._zone.batch().if_lock(self._lease).build_tree(self.plan, addresses).send()):
            return self._lose()
        # A tree that is gone again was deleted by somebody: the flip decides what that means.
        if self._zone.tree_addresses(self.plan) != sorted(addresses) and self._zone.has_tree(self.plan):
            raise ZoneError(f"{self._zone.tree(self.plan)} does not have the addresses that were written")
        self.phase = EnactorPhase.FLIP
        return StepResult.BUILT

    def flip_alias(self) -> StepResult:
        """Points the stable name at the plan's tree, the rollback record at the active one, and frees the lock, all at
        once. Both trees must exist, as Route 53 demands of the targets of an alias.
        """
        self._expect(EnactorPhase.FLIP)
        zone = self._zone
        for _ in range(RACES):
            if self._has_run_out():
                return self._lose()
            active, rollback = zone.active(), zone.rollback()
            self.seen |= {"alias": active, "rollback": rollback}
            batch = zone.batch().if_lock(self._lease).if_active(active).if_rollback(rollback).release()
            superseded = self.safeguards.transactional_check and self.plan <= active
            needed = set() if superseded else self._point(batch, active)
            if batch.send():
                return self._pass_on(StepResult.SUPERSEDED) if superseded else self._flipped()
            if zone.lease() != self._lease:
                return self._lose()
            if not all(zone.has_tree(g) for g in needed):
                return self._refused()
        raise ZoneError(UNSTEADY.format(zone.origin))

    def _point(self, batch: Batch, active: int) -> set[int]:
        """Adds the change of alias and rollback record to the batch. Returns the plans whose trees must exist."""
        needed = {self.plan, active} - {0}
        if active and self.safeguards.tolerant_rollback and not self._zone.has_tree(active):
            needed = {self.plan}
            batch.if_no_tree(active)
        else:
            batch.point_rollback(active)
        batch.if_trees(needed).point_active(self.plan)
        return needed

    def lose_lock(self) -> StepResult:
        """Goes back to waiting for the lock, because it has expired or somebody else has it."""
        self._expect(EnactorPhase.BUILD, EnactorPhase.FLIP)
        if self._zone.lease() == self._lease and not self._has_run_out():
            self._lost = False
            return StepResult.HELD
        self.phase, self._lease, self._lost = EnactorPhase.LOCK, None, False
        return StepResult.RETURNED

    def _flipped(self) -> StepResult:
        """Reads back: the message was done if the lock that it frees is free. Its conditions leave no room for half."""
        if self._zone.lease() == self._lease or self._zone.active() == 0:
            raise ZoneError(f"{self._zone.service} was not changed, although the server says so")
        return self._pass_on(StepResult.ACCEPTED)

    def _refused(self) -> StepResult:
        """Frees the lock by a second message: the refused one has changed nothing, the lock included."""
        self._zone.batch().if_lock(self._lease).release().send()
        self.phase, self._lease = EnactorPhase.LOCK, None
        return StepResult.REFUSED

    def _pass_on(self, result: StepResult) -> StepResult:
        """To the next endpoint; after the last one to clean-up."""
        self._lease = None
        at_last = self.cursor == len(self.zones) - 1
        self.cursor = 0 if at_last else self.cursor + 1
        self.phase = EnactorPhase.LIST if at_last else EnactorPhase.LOCK
        return result

    # Clean-up ------------------------------------------------------------------------------------------------------
    def list_old_plans(self) -> StepResult:
        """Finds the trees of plans that are old enough to be deleted, in all zones."""
        self._expect(EnactorPhase.LIST)
        built = frozenset(g for zone in self.zones for g in zone.contents().trees)
        old = frozenset(g for g in built if g <= self.plan - self.keep)
        if not old:
            self._become_idle()
            return StepResult.NOTHING_OLD
        self.doomed, self.cursor, self.phase = old, 0, EnactorPhase.DELETE
        return StepResult.LISTED

    def delete_old_plans(self) -> StepResult:
        """Deletes them at the endpoint. Nothing refuses that while an alias points at one."""
        self._expect(EnactorPhase.DELETE)
        for _ in range(RACES):
            batch, spared = self._zone.batch(), set()
            if self.safeguards.guarded_delete:
                active, rollback = self._zone.active(), self._zone.rollback()
                self.seen |= {"alias": active, "rollback": rollback}
                batch.if_active(active).if_rollback(rollback)
                spared = {active, rollback}
            for generation in sorted(self.doomed - spared):
                batch.delete_tree(generation)
            if self.doomed <= spared or batch.send():
                break
        else:
            raise ZoneError(UNSTEADY.format(self._zone.origin))
        if self.cursor == len(self.zones) - 1:
            self._become_idle()
            return StepResult.FINISHED
        self.cursor += 1
        return StepResult.CONTINUES

    # The lock ------------------------------------------------------------------------------------------------------
    @property
    def _zone(self) -> Zone:
        return self.zones[self.cursor]

    def _expired(self, lease: Lease) -> bool:
        return lease.expires <= self._clock()

    def _has_run_out(self) -> bool:
        """The own lock has: whoever comes may take it."""
        return self._lease is None or self._expired(self._lease)

    def _lose(self) -> StepResult:
        self._lost = True
        return StepResult.LOST

    def _expect(self, *phases: EnactorPhase) -> None:
        self.seen = {}
        if self.phase not in phases:
            raise RuntimeError(f"{self.name} is in phase {self.phase}; this step belongs to {' or '.join(phases)}")
