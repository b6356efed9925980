"""The reference implementation between the steps of the model: lost answers, races, expired locks, its loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.update
import pytest
from botocore.exceptions import ReadTimeoutError

from planrace.checker.drive.dns.client import Client, NoAnswerError, ZoneError
from planrace.checker.drive.dns.deployment import Deployment, deploy, expire_lock, install_by_hand, stray_delete
from planrace.checker.drive.dns.embedded import EmbeddedServer
from planrace.checker.drive.dns.enactor import Backoff, Enactor, EnactorPhase, StepResult
from planrace.checker.drive.dns.lease import Lease
from planrace.checker.drive.dns.nameserver import new_key
from planrace.checker.drive.dns.plans import PlanFolder, PlanStore
from planrace.checker.drive.dns.route53.mock import MockRoute53, StrictRoute53
from planrace.checker.drive.dns.route53.zone import Route53Zone
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards
from planrace.model.dns.protections import BASE
from planrace.model.language import ModelError

APPLIES = (StepResult.TAKEN, StepResult.BUILT, StepResult.ACCEPTED)


class Clock:
    """Unix time, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


ORIGINS = ["e1.planrace.test.", "e2.planrace.test."]


@pytest.fixture(params=["updates", "route53"])
def server(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer]:
    """A name server that takes updates, and the API of Route 53."""
    with EmbeddedServer(ORIGINS, new_key()) if request.param == "updates" else MockRoute53(ORIGINS) as running:
        yield running


@pytest.fixture
def updated() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(ORIGINS, new_key()) as running:
        yield running


def region_of(server: EmbeddedServer, safeguards: Safeguards = FIXED, **more: object) -> Deployment:
    region = deploy(server, enactors=2, endpoints=1, keep=1, safeguards=safeguards, **more)  # type: ignore[arg-type]
    region.planner.publish()
    return region


def steps(enactor: Enactor, *results: StepResult) -> None:
    assert [enactor.step() for _ in results] == list(results)


def between(
    monkeypatch: pytest.MonkeyPatch, when: int, happens: Callable[[], object], lose_answer: bool = False
) -> None:
    """Before the update number ``when`` (1, 2, …) something happens; or its answer is lost after it was done."""
    count = 0

    def counted(do: Callable[[], Any], lost: Exception) -> Any:
        nonlocal count
        count += 1
        now = count == when
        if now and not lose_answer:
            happens()
        answer = do()
        if now and lose_answer:
            raise lost
        return answer

    sent, changed = Client.send, StrictRoute53.change_resource_record_sets

    def send(self: Client, message: dns.message.Message, tcp: bool = True) -> dns.message.Message:
        if not isinstance(message, dns.update.UpdateMessage):
            return sent(self, message, tcp)
        found: dns.message.Message = counted(lambda: sent(self, message, tcp), NoAnswerError("lost on the way"))
        return found

    def change(self: StrictRoute53, **what: Any) -> Any:
        return counted(lambda: changed(self, **what), ReadTimeoutError(endpoint_url="https://route53.amazonaws.com"))

    monkeypatch.setattr(Client, "send", send)
    monkeypatch.setattr(StrictRoute53, "change_resource_record_sets", change)


@pytest.mark.parametrize("update", [1, 2, 3, 4])
def test_a_lost_answer_changes_nothing_in_the_end(
    update: int, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = region_of(server)
    enactor, zone = region.enactors[0], region.zones[0]
    steps(enactor, StepResult.PICKED_UP)
    between(monkeypatch, update, lambda: None, lose_answer=True)
    lost = 0
    for _ in range(20):
        try:
            enactor.step()
        except NoAnswerError:
            lost += 1
        if enactor.phase == EnactorPhase.IDLE:
            break
    assert lost == (update <= 3)
    contents = zone.contents()
    assert (contents.alias, contents.lock, set(contents.trees)) == (1, None, {1})


def test_a_flip_reads_again_what_has_changed(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    region = region_of(server)
    enactor, zone = region.enactors[0], region.zones[0]
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    region.planner.publish()
    between(monkeypatch, 1, lambda: install_by_hand(zone, 2, ["192.0.2.2"]))
    steps(enactor, StepResult.SUPERSEDED)  # it had read that no plan was active
    assert (zone.active(), zone.lease()) == (2, None)


def test_a_superseded_flip_notices_that_the_lock_is_gone(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = region_of(server)
    delayed, other = region.enactors
    steps(delayed, StepResult.PICKED_UP)
    region.planner.publish()
    steps(other, StepResult.PICKED_UP, *APPLIES)
    steps(delayed, StepResult.TAKEN, StepResult.BUILT)
    between(monkeypatch, 1, lambda: expire_lock(region.zones[0]))
    steps(delayed, StepResult.LOST, StepResult.RETURNED)


def test_guarded_deletion_reads_again_what_has_changed(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    region = region_of(server, Safeguards(guarded_delete=True))
    delayed, other = region.enactors
    zone = region.zones[0]
    steps(delayed, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    expire_lock(zone)
    region.planner.publish()
    region.planner.publish()
    steps(other, StepResult.PICKED_UP, *APPLIES, StepResult.LISTED)
    steps(delayed, StepResult.LOST, StepResult.RETURNED, StepResult.TAKEN, StepResult.BUILT)
    between(monkeypatch, 1, lambda: steps(delayed, StepResult.ACCEPTED))
    steps(other, StepResult.FINISHED)  # the plan that it was about to delete has become active
    assert (zone.active(), set(zone.contents().trees)) == (1, {1, 3})


def test_a_refused_flip_frees_the_lock(server: EmbeddedServer) -> None:
    region = region_of(server)
    enactor, zone = region.enactors[0], region.zones[0]
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    stray_delete(zone, 1)
    steps(enactor, StepResult.REFUSED)
    assert (zone.lease(), zone.active()) == (None, 0)
    steps(enactor, *APPLIES)


def test_a_lock_holds_until_it_expires(server: EmbeddedServer) -> None:
    clock = Clock()
    region = region_of(server, clock=clock, lease_seconds=30.0)
    holder, other = region.enactors
    steps(holder, StepResult.PICKED_UP, StepResult.TAKEN)
    steps(other, StepResult.PICKED_UP, StepResult.HELD)
    clock.now += 29.9
    steps(other, StepResult.HELD)
    clock.now += 0.2
    steps(holder, StepResult.LOST)  # it does not write after its time, although nobody has taken the lock
    steps(other, StepResult.TAKEN)
    steps(holder, StepResult.RETURNED, StepResult.HELD)
    steps(other, StepResult.BUILT, StepResult.ACCEPTED)
    steps(holder, StepResult.TAKEN, StepResult.BUILT, StepResult.SUPERSEDED)


def test_the_lock_of_before_the_crash_is_not_ones_own(server: EmbeddedServer) -> None:
    region = region_of(server)
    enactor = region.enactors[0]
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN)
    enactor.crash()
    steps(enactor, StepResult.PICKED_UP, StepResult.HELD)


def test_a_plan_without_addresses(updated: EmbeddedServer) -> None:
    for safeguards, result, answer in (
        (FIXED, StepResult.INVALID_PLAN, ["192.0.2.1"]),
        (ORIGINAL, StepResult.PICKED_UP, []),
    ):
        region = deploy(updated, enactors=1, endpoints=1, safeguards=safeguards)
        region.zones[0].clear()
        region.plans.publish([["192.0.2.1"]])
        steps(region.enactors[0], StepResult.PICKED_UP, *APPLIES, StepResult.NOTHING_OLD)
        region.plans.publish([[]])
        steps(region.enactors[0], result)
        if result == StepResult.PICKED_UP:
            steps(region.enactors[0], *APPLIES)
        assert updated.client().addresses(region.zones[0].service) == (dns.rcode.NOERROR, answer)


def test_a_step_out_of_turn_is_an_error(server: EmbeddedServer) -> None:
    with pytest.raises(RuntimeError, match="enactor-1 is in phase IDLE; this step belongs to FLIP"):
        region_of(server).enactors[0].flip_alias()


def test_a_lock_that_names_nobody_is_told(updated: EmbeddedServer) -> None:
    region = region_of(updated)
    zone = region.zones[0]
    message = dns.update.UpdateMessage(zone.origin)
    message.add(zone.lock_name, 5, "TXT", "hands-off")
    assert updated.client().update(message) == dns.rcode.NOERROR
    steps(region.enactors[0], StepResult.PICKED_UP)
    with pytest.raises(ZoneError, match="'hands-off', which names no owner: delete the record by hand"):
        region.enactors[0].step()


def test_the_loop_applies_every_plan(server: EmbeddedServer) -> None:
    """Three Enactors at once, on two endpoints, as fast as they can; nobody ever gets an answer without addresses."""
    region = deploy(server, keep=1, lease_seconds=5.0)
    stop, empty = threading.Event(), []
    workers = [threading.Thread(target=e.run, args=(stop, Backoff(0.001, 0.01))) for e in region.enactors]

    def watch() -> None:
        seen = False
        while not stop.is_set():
            addresses = server.client().addresses(region.zones[0].service)[1]
            seen = seen or bool(addresses)
            if seen and not addresses:
                empty.append(region.zones[0].contents())

    workers.append(threading.Thread(target=watch))
    for worker in workers:
        worker.start()
    try:
        for _ in range(8):
            region.planner.publish()
            stop.wait(0.05)
        for _ in range(200):
            if all(z.active() == 8 for z in region.zones) and all(
                e.phase == EnactorPhase.IDLE for e in region.enactors
            ):
                break
            stop.wait(0.02)
    finally:
        stop.set()
        for worker in workers:
            worker.join(10)
    assert [z.active() for z in region.zones] == [8, 8]
    assert empty == []
    assert all(len(z.contents().trees) <= 3 for z in region.zones)


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_each_plan_gets_a_generation_of_its_own(kind: str, tmp_path: Path) -> None:
    stores = [PlanStore()] * 4 if kind == "memory" else [PlanFolder(tmp_path) for _ in range(4)]
    assert stores[0].latest() is None
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda n: stores[n % 4].publish([[f"192.0.2.{n}"], []]), range(40)))
    assert sorted(p.generation for p in plans) == list(range(1, 41))
    assert all(stores[0].plan(p.generation) == p for p in plans)
    newest = stores[0].latest()
    assert newest is not None
    assert (newest.generation, newest.valid) == (40, False)
    assert len(list(tmp_path.iterdir())) == (40 if kind == "folder" else 0)


def test_pauses_grow_and_differ() -> None:
    backoff = Backoff(0.1, 3.0)
    assert all(0 <= backoff.pause(n) <= min(3.0, 0.1 * 2**n) for n in range(1, 60))
    assert len({backoff.pause(5) for _ in range(10)}) > 1


def test_a_lease_is_read_as_written() -> None:
    lease = Lease.until("enactor-1", 1_800_000_000.123456)
    assert Lease.read(str(lease)) == lease
    assert Lease.read("enactor-1 soon x") is Lease.read("free") is None


def test_protections_have_the_names_of_the_model() -> None:
    assert Safeguards.named(BASE) == FIXED
    assert Safeguards.named([]) == ORIGINAL
    with pytest.raises(ModelError, match="no protection 'two-keys'"):
        Safeguards.named(["two-keys"])


# Each condition is needed ------------------------------------------------------------------------------------------
def test_a_tree_is_not_built_without_the_lock(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    region = region_of(server)
    enactor, zone = region.enactors[0], region.zones[0]
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN)
    between(monkeypatch, 1, lambda: expire_lock(zone))
    steps(enactor, StepResult.LOST)
    assert not zone.has_tree(1)


def test_of_two_that_saw_a_free_lock_one_takes_it(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    region = region_of(server)
    one, two = region.enactors
    steps(one, StepResult.PICKED_UP)
    steps(two, StepResult.PICKED_UP)
    between(monkeypatch, 1, lambda: steps(two, StepResult.TAKEN))
    steps(one, StepResult.HELD)
    steps(two, StepResult.BUILT)


def test_only_the_lock_that_was_read_is_made_to_expire(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    region = region_of(server)
    one, zone = region.enactors[0], region.zones[0]
    steps(one, StepResult.PICKED_UP, StepResult.TAKEN)
    newer = Lease.until("enactor-2", 1_900_000_000)
    between(monkeypatch, 1, lambda: zone.batch().lock(newer).send())
    assert expire_lock(zone) is None
    assert zone.lease() == newer


def test_other_records_beside_the_rollback_name_stop_the_flip(updated: EmbeddedServer) -> None:
    """The server would drop the CNAME silently, and the flip would be half done."""
    region = region_of(updated)
    enactor, zone = region.enactors[0], region.zones[0]
    message = dns.update.UpdateMessage(zone.origin)
    message.add(zone.rollback_name, 5, "TXT", "note")
    assert updated.client().update(message) == dns.rcode.NOERROR
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    with pytest.raises(ZoneError, match="or their names have other records"):
        enactor.step()
    assert zone.active() == 0


def test_the_rollback_record_follows_a_tree_that_comes_back(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = region_of(server)
    enactor, zone = region.enactors[0], region.zones[0]
    steps(enactor, StepResult.PICKED_UP, *APPLIES, StepResult.NOTHING_OLD)
    region.planner.publish()
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    stray_delete(zone, 1)
    between(monkeypatch, 1, lambda: zone.batch().build_tree(1, ["192.0.2.1"]).send())
    steps(enactor, StepResult.ACCEPTED)
    assert (zone.active(), zone.rollback()) == (2, 1)


def test_clean_up_keeps_what_is_young_and_what_rollback_needs(server: EmbeddedServer) -> None:
    region = region_of(server)
    enactor, zone = region.enactors[0], region.zones[0]
    steps(enactor, StepResult.PICKED_UP, *APPLIES, StepResult.NOTHING_OLD)
    for _ in range(2):
        region.planner.publish()
        steps(enactor, StepResult.PICKED_UP, *APPLIES, StepResult.LISTED)
        newest = enactor.plan
        assert max(enactor.doomed) == newest - 1
        steps(enactor, StepResult.FINISHED)
        assert set(zone.contents().trees) == {newest, newest - 1}


def test_one_stale_endpoint_is_enough_to_pick_up(server: EmbeddedServer) -> None:
    region = deploy(server, enactors=2, endpoints=2)
    region.planner.publish()
    one, two = region.enactors
    steps(one, StepResult.PICKED_UP, *APPLIES)
    one.crash()
    steps(two, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT, StepResult.SUPERSEDED, *APPLIES)
    steps(two, StepResult.NOTHING_OLD)
    steps(one, StepResult.NOTHING_NEW)


def test_a_flip_is_read_back(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    enactor = region_of(server).enactors[0]
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    monkeypatch.setattr(Client, "update", lambda self, message: dns.rcode.NOERROR)
    monkeypatch.setattr(Route53Zone, "change", lambda self, changes: True)
    with pytest.raises(ZoneError, match="was not changed, although the server says so"):
        enactor.step()
