"""Zones behind the API of Route 53, and the mock of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.name
import dns.rcode
import dns.update
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from planrace.checker.drive.dns.client import NoAnswerError, ZoneError
from planrace.checker.drive.dns.deployment import Deployment, deploy, install_by_hand, stray_delete
from planrace.checker.drive.dns.enactor import Enactor, StepResult
from planrace.checker.drive.dns.lease import Lease
from planrace.checker.drive.dns.plans import PlanStore
from planrace.checker.drive.dns.route53 import records
from planrace.checker.drive.dns.route53.mock import MockRoute53
from planrace.checker.drive.dns.route53.records import Change
from planrace.checker.drive.dns.route53.zone import Route53Zone
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards
from planrace.checker.results.extras import install_command
from tests import ROOT

APPLIES = (StepResult.TAKEN, StepResult.BUILT, StepResult.ACCEPTED)


# The zone ----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def server() -> Iterator[MockRoute53]:
    with MockRoute53(["e1.planrace.test."]) as running:
        yield running


@pytest.fixture
def zone(server: MockRoute53) -> Iterator[Route53Zone]:
    found = server.zone(server.origins[0])
    found.prepare()
    yield found
    sets = [s for (_, kind), s in found.record_sets().items() if kind not in ("SOA", "NS")]
    found.change([records.delete(s) for s in sets])


def region_of(server: MockRoute53, safeguards: Safeguards = FIXED) -> Deployment:
    return deploy(server, enactors=2, endpoints=1, keep=1, safeguards=safeguards)


def steps(enactor: Enactor, *results: StepResult) -> None:
    assert [enactor.step() for _ in results] == list(results)


def apply(region: Deployment) -> None:
    region.planner.publish()
    while region.enactors[0].step() not in (StepResult.NOTHING_OLD, StepResult.FINISHED):
        pass


def texts(zone: Route53Zone) -> dict[str, str]:
    return {n.split(".")[0]: s["ResourceRecords"][0]["Value"] for (n, k), s in zone.record_sets().items() if k == "TXT"}


def test_what_is_not_there_is_written_down(server: MockRoute53, zone: Route53Zone) -> None:
    assert texts(zone) == {"service": '"none"', "rollback": '"none"', "lock": '"free"'}
    apply(region_of(server))
    expected = {"service": '"plan 1"', "rollback": '"none"', "lock": '"free"', "plan-1": '"plan 1"'}
    assert texts(zone) == expected
    zone.prepare()
    assert texts(zone) == expected


def test_a_zone_in_use_that_has_lost_its_texts_gets_them_back(server: MockRoute53, zone: Route53Zone) -> None:
    apply(region_of(server))
    lost = [s for (n, k), s in zone.record_sets().items() if k == "TXT" and not n.startswith("plan")]
    assert zone.change([records.delete(s) for s in lost])
    zone.prepare()
    assert texts(zone) == {"service": '"plan 1"', "rollback": '"none"', "lock": '"free"', "plan-1": '"plan 1"'}


CONDITIONS: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda b: b.if_lock(None), lambda b: b.lock(Lease("x", 1.0, "m"))),
    (lambda b: b.if_active(1), lambda b: b.point_active(2)),
    (lambda b: b.if_rollback(0), lambda b: b.point_rollback(2)),
    (lambda b: b.if_trees([1]), lambda b: b.delete_tree(1)),
    (lambda b: b.if_no_tree(3), lambda b: b.build_tree(3, ["192.0.2.3"])),
]


@pytest.mark.parametrize(("condition", "change"), CONDITIONS)
def test_a_condition_is_asked_by_the_batch_itself(
    condition: Callable[[Any], Any], change: Callable[[Any], Any], zone: Route53Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it asks for becomes wrong between reading and sending."""
    assert zone.batch().build_tree(1, ["192.0.2.1"]).build_tree(2, ["192.0.2.2"]).point_active(1).send()
    assert condition(zone.batch()).build_tree(7, ["192.0.2.7"]).send()
    sent, calls = zone.change, []

    def slow(changes: list[Change]) -> bool:
        calls.append(len(changes))
        if len(calls) == 1:
            other = Route53Zone(zone._api, zone.zone_id, zone.origin)
            assert change(other.batch()).send()
        return sent(changes)

    monkeypatch.setattr(zone, "change", slow)
    assert not condition(zone.batch()).build_tree(8, ["192.0.2.8"]).send()
    assert len(calls) == 1
    assert not zone.has_tree(8)


def test_a_batch_without_conditions_is_made_anew(zone: Route53Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone.batch().build_tree(1, ["192.0.2.1"]).send()
    sent, calls = zone.change, []

    def slow(changes: list[Change]) -> bool:
        calls.append(len(changes))
        if len(calls) == 1:
            other = Route53Zone(zone._api, zone.zone_id, zone.origin)
            assert other.batch().build_tree(1, ["192.0.2.2"]).send()
        return sent(changes)

    monkeypatch.setattr(zone, "change", slow)
    assert zone.batch().delete_tree(1).send()
    assert (len(calls), zone.contents().trees) == (2, frozenset())


def test_records_that_never_rest_are_told(zone: Route53Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    other, sent, count = Route53Zone(zone._api, zone.zone_id, zone.origin), zone.change, iter(range(1, 100))

    def slow(changes: list[Change]) -> bool:
        other.batch().build_tree(1, [f"192.0.2.{next(count)}"]).send()
        return sent(changes)

    other.batch().build_tree(1, ["192.0.2.200"]).send()
    monkeypatch.setattr(zone, "change", slow)
    with pytest.raises(ZoneError, match="the records change faster than they can be read"):
        zone.batch().delete_tree(1).send()


def test_a_flip_is_refused_by_route_53_itself(
    server: MockRoute53, zone: Route53Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tree goes after the batch has been made."""
    region = region_of(server)
    enactor = region.enactors[0]
    region.planner.publish()
    steps(enactor, StepResult.PICKED_UP, StepResult.TAKEN, StepResult.BUILT)
    own = region.zones[0]
    assert isinstance(own, Route53Zone)
    sent = own.change

    def slow(changes: list[Change]) -> bool:
        stray_delete(zone, 1)
        return sent(changes)

    monkeypatch.setattr(own, "change", slow)
    steps(enactor, StepResult.REFUSED)
    assert (zone.active(), zone.lease()) == (0, None)


def test_pointers_whose_trees_are_gone_can_still_be_asked_for(server: MockRoute53, zone: Route53Zone) -> None:
    """Route 53 would not create their aliases again; the texts beside them it would."""
    region = region_of(server, Safeguards(tolerant_rollback=True))
    apply(region)
    apply(region)
    assert (zone.active(), zone.rollback()) == (2, 1)
    stray_delete(zone, 1)
    stray_delete(zone, 2)
    assert server.client().addresses(zone.service) == (dns.rcode.NOERROR, [])
    assert zone.batch().if_active(2).if_rollback(1).build_tree(9, ["192.0.2.9"]).send()
    apply(region)
    assert (zone.active(), zone.rollback()) == (3, 1)
    assert server.client().addresses(zone.service)[1] == ["192.0.2.3", "198.51.100.1"]


def test_the_trace_of_an_absent_tree_is_no_tree(server: MockRoute53, zone: Route53Zone) -> None:
    region = region_of(server)
    apply(region)
    stray_delete(zone, 1)
    apply(region)
    assert texts(zone)["plan-1"] == '"gone"'
    assert zone.contents().trees == {2}
    assert zone.batch().if_no_tree(1).build_tree(5, ["192.0.2.5"]).send()  # and it can be asked for again
    assert zone.batch().build_tree(1, ["192.0.2.1"]).send()
    assert zone.contents().trees == {1, 2, 5}


def test_a_pointer_that_does_not_move_needs_its_tree_and_is_left_alone(zone: Route53Zone) -> None:
    """Route 53 is not asked for the target then."""
    zone.batch().build_tree(1, ["192.0.2.1"]).point_active(1).send()
    stray_delete(zone, 1)
    assert not zone.batch().if_trees([1]).point_active(1).send()
    assert zone.batch().if_active(1).point_active(1).build_tree(9, ["192.0.2.9"]).send()
    assert (zone.active(), set(zone.contents().trees)) == (1, {9})


def test_a_tree_is_replaced_by_one_without_addresses(zone: Route53Zone) -> None:
    zone.batch().build_tree(1, ["192.0.2.1"]).send()
    assert zone.batch().build_tree(1, []).send()
    assert (set(zone.contents().trees), zone.tree_addresses(1), zone.has_tree(1)) == ({1}, [], False)


def test_the_repair_is_one_batch(server: MockRoute53, zone: Route53Zone) -> None:
    """The tree that the alias points at is made by the same batch."""
    assert install_by_hand(zone, 4, ["192.0.2.4"])
    assert server.client().addresses(zone.service) == (dns.rcode.NOERROR, ["192.0.2.4"])


def test_a_time_to_live_that_somebody_has_changed_does_not_matter(zone: Route53Zone) -> None:
    zone.batch().build_tree(1, ["192.0.2.1"]).point_active(1).send()
    sets = zone.record_sets()
    by_hand = {**sets[zone.service.to_text(), "TXT"], "TTL": 300}
    assert zone.change([records.upsert(by_hand)])
    assert zone.batch().if_active(1).point_active(0).send()


def test_an_alias_that_was_moved_by_hand_is_not_what_its_text_says(zone: Route53Zone) -> None:
    zone.batch().build_tree(1, ["192.0.2.1"]).build_tree(2, ["192.0.2.2"]).point_active(1).send()
    by_hand = records.alias(zone.service.to_text(), zone.tree(2).to_text(), zone.zone_id)
    assert zone.change([records.upsert(by_hand)])
    assert zone.active() == 2
    assert not zone.batch().if_active(1).point_active(0).send()
    assert not zone.batch().if_active(2).point_active(0).send()
    assert zone.batch().point_active(1).send()  # repaired
    assert zone.batch().if_active(1).point_active(0).send()


def test_addresses_in_place_of_the_alias_are_told(zone: Route53Zone) -> None:
    by_hand = records.plain(zone.service.to_text(), "A", 5, ["192.0.2.1"])
    assert zone.change([records.upsert(by_hand)])
    with pytest.raises(ZoneError, match=r"service.e1.planrace.test. has addresses of its own .* repair it by hand"):
        zone.active()


def test_a_lock_that_names_nobody_is_told(zone: Route53Zone) -> None:
    by_hand = records.plain(zone.lock_name.to_text(), "TXT", 5, ['"hands-off"'])
    assert zone.change([records.upsert(by_hand)])
    with pytest.raises(ZoneError, match="'hands-off', which names no owner"):
        zone.lease()


def test_a_batch_that_is_too_large_is_told_before_it_is_sent(zone: Route53Zone) -> None:
    batch = zone.batch()
    for generation in (1, 2):
        batch.build_tree(generation, [f"10.0.{generation}.{n}" for n in range(1, 252)])
    with pytest.raises(ZoneError, match=r"a batch of 1008 records .* more than Route 53 takes .*: keep fewer plans"):
        batch.send()


def test_a_mistake_in_a_batch_is_no_refusal(zone: Route53Zone) -> None:
    with pytest.raises(ZoneError, match=r"InvalidChangeBatch: .*not a valid IPv4 address"):
        zone.batch().build_tree(1, ["not-an-address"]).send()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "x"), NoAnswerError),
        (ClientError({"Error": {"Code": "PriorRequestNotComplete", "Message": "still"}}, "x"), NoAnswerError),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "x"), ZoneError),
        (NoCredentialsError(), ZoneError),
    ],
)
def test_what_may_be_tried_again_is_told_from_what_may_not(
    error: Exception, kind: type[Exception], zone: Route53Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(zone, "_api", type("Api", (), {"list_resource_record_sets": staticmethod(fails)})())
    with pytest.raises(ZoneError) as told:
        zone.active()
    assert type(told.value) is kind


def test_plans_of_two_automations_do_not_touch_in_one_zone(zone: Route53Zone) -> None:
    """Other records of the hosted zone stay as they are."""
    mine = records.plain(f"www.{zone.origin}", "A", 5, ["192.0.2.80"])
    assert zone.change([records.create(mine)])
    zone.batch().build_tree(1, ["192.0.2.1"]).send()
    zone.clear()
    assert zone.record_sets()[records.key_of(mine)]["ResourceRecords"] == [{"Value": "192.0.2.80"}]


# The mock ----------------------------------------------------------------------------------------------------------
OFF = """
import os
from planrace.checker.drive.dns.route53.mock import MockRoute53
before = dict(os.environ)
first, second = MockRoute53(["e1.planrace.test."]), MockRoute53(["e1.planrace.test."])
first.start(), second.start(), first.stop()
zone = second.zone(second.origins[0])
zone.active()
print("the second goes on")
second.stop()
assert dict(os.environ) == before
zone.active()
"""


def test_without_moto_no_request_leaves() -> None:
    """And no credentials are left behind."""
    mine = {**os.environ, "PYTHONPATH": str(ROOT), "AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "mine"}
    run = subprocess.run([sys.executable, "-c", OFF], env=mine, capture_output=True, text=True, check=False)
    assert run.stdout == "the second goes on\n"
    assert 'NoAnswerError: Route 53: Failed to connect to proxy URL: "http://127.0.0.1:9"' in run.stderr


def test_two_servers_at_once_keep_to_themselves(server: MockRoute53, zone: Route53Zone) -> None:
    with MockRoute53(["e1.planrace.test."]) as other:
        deploy(other, endpoints=1).zones[0].batch().build_tree(1, ["192.0.2.1"]).send()
        assert zone.contents().trees == frozenset()
    assert zone.contents().trees == frozenset()


def test_updates_and_transfers_of_dns_are_refused(server: MockRoute53) -> None:
    message = dns.update.UpdateMessage("e1.planrace.test.")
    message.add("x.e1.planrace.test.", 5, "A", "192.0.2.1")
    assert server.client().update(message) == dns.rcode.REFUSED
    with pytest.raises(ZoneError):
        server.client().transfer(dns.name.from_text("e1.planrace.test."))


def test_an_alias_of_an_alias_is_answered(server: MockRoute53, zone: Route53Zone) -> None:
    zone.batch().build_tree(1, ["192.0.2.1"]).point_active(1).send()
    second = records.alias(f"second.{zone.origin}", zone.service.to_text(), zone.zone_id)
    assert zone.change([records.create(second)])
    assert server.client().addresses(f"second.{zone.origin}") == (dns.rcode.NOERROR, ["192.0.2.1"])
    assert server.client().addresses(f"nothing.{zone.origin}") == (dns.rcode.NXDOMAIN, [])


@pytest.mark.parametrize(
    ("missing", "module", "told"),
    [
        ("boto3", "route53.zone", f"boto3 is not installed ({install_command('route53')})"),
        ("moto", "route53.mock", "moto, which imitates Route 53, is not installed (pip install moto)"),
    ],
)
def test_what_is_missing_is_told_with_the_remedy(missing: str, module: str, told: str, tmp_path: Path) -> None:
    script = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        f"sys.modules[{missing!r}] = None\n"
        f"u.find_spec = lambda name: None if name == {missing!r} else find(name)\n"
        f"import planrace.checker.drive.dns.{module}"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert told in run.stderr


def test_enactors_share_one_zone(server: MockRoute53, zone: Route53Zone) -> None:
    """As processes would: each with a client of its own."""
    plans = PlanStore()
    plans.publish([["192.0.2.1"]])
    mine = [
        Enactor(f"e{n}", [Route53Zone(server.session(), zone.zone_id, zone.origin)], plans, 1, ORIGINAL) for n in "12"
    ]
    steps(mine[0], StepResult.PICKED_UP, StepResult.TAKEN)
    steps(mine[1], StepResult.PICKED_UP, StepResult.HELD)
    steps(mine[0], StepResult.BUILT, StepResult.ACCEPTED)
    steps(mine[1], *APPLIES)
