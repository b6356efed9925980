"""The outage of October 2025, step by step on every name server: what the model says is what happens."""

from __future__ import annotations

from collections.abc import Iterator

import dns.rcode
import pytest

from planrace.checker.drive.dns.deployment import Deployment, deploy, install_by_hand
from planrace.checker.drive.dns.enactor import Enactor, EnactorPhase, StepResult
from planrace.checker.drive.dns.nameserver import Nameserver
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards
from planrace.checker.drive.dns.zone import Zone
from tests.drive.dns.servers import KINDS, server_of


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nameserver]:
    with server_of(request.param, tmp_path_factory.mktemp("zones")) as running:
        yield running


@pytest.fixture
def fresh(server: Nameserver) -> Iterator[Nameserver]:
    """The server, and after the test its zones as before the first plan."""
    yield server
    for zone in deploy(server, enactors=0).zones:
        zone.clear()


def steps(enactor: Enactor, *results: StepResult) -> None:
    """Does as many steps as there are results."""
    assert [enactor.step() for _ in results] == list(results)


APPLIES = (StepResult.TAKEN, StepResult.BUILT, StepResult.ACCEPTED)


def up_to_the_stale_flip(region: Deployment) -> tuple[Enactor, Enactor, Enactor]:
    """Enactor 1 has plan 1 and is about to flip endpoint 2; enactor 2 has applied plan 3 and listed plan 1."""
    delayed, other, third = region.enactors
    region.planner.publish()
    steps(delayed, StepResult.PICKED_UP, *APPLIES)  # its check is made; it rests before endpoint 2
    region.planner.publish()
    region.planner.publish()
    steps(other, StepResult.PICKED_UP, *APPLIES, *APPLIES, StepResult.LISTED)
    assert other.doomed == {1}
    steps(delayed, StepResult.TAKEN, StepResult.BUILT)
    return delayed, other, third


def answer(server: Nameserver, zone: Zone) -> tuple[str, list[str]]:
    """What a client of the endpoint gets."""
    code, addresses = server.client().addresses(zone.service)
    return dns.rcode.to_text(code), addresses


def test_original_loses_all_addresses_and_cannot_repair_it(fresh: Nameserver) -> None:
    region = deploy(fresh, safeguards=ORIGINAL)
    first, second = region.zones
    delayed, other, third = up_to_the_stale_flip(region)
    assert answer(fresh, second) == ("NOERROR", ["192.0.2.3", "198.51.100.2"])
    steps(delayed, StepResult.ACCEPTED)  # the stale plan over the newer one
    assert answer(fresh, second) == ("NOERROR", ["192.0.2.1", "198.51.100.2"])
    assert (second.active(), second.rollback(), second.lease()) == (1, 3, None)
    steps(other, StepResult.CONTINUES, StepResult.FINISHED)
    assert answer(fresh, first) == ("NOERROR", ["192.0.2.3", "198.51.100.1"])
    assert answer(fresh, second) == ("NOERROR", [])
    contents = second.contents()
    assert (contents.alias, contents.rollback, contents.lock, set(contents.trees)) == (1, 3, None, {3})

    region.planner.publish()
    steps(third, StepResult.PICKED_UP, *APPLIES)
    for _ in range(3):  # for ever
        steps(third, StepResult.TAKEN, StepResult.BUILT, StepResult.REFUSED)
        assert answer(fresh, second) == ("NOERROR", [])
        assert second.lease() is None

    newest = region.plans.plan(4)
    assert install_by_hand(second, 4, newest.addresses[1])
    assert answer(fresh, second) == ("NOERROR", ["192.0.2.4", "198.51.100.2"])
    assert (second.active(), second.rollback()) == (4, 0)
    steps(third, *APPLIES)
    assert third.phase == EnactorPhase.LIST
    assert answer(fresh, second) == ("NOERROR", ["192.0.2.4", "198.51.100.2"])


def test_fixed_passes_over_the_stale_plan(fresh: Nameserver) -> None:
    region = deploy(fresh, safeguards=FIXED)
    _, second = region.zones
    delayed, other, third = up_to_the_stale_flip(region)
    steps(delayed, StepResult.SUPERSEDED)
    assert (second.active(), second.lease()) == (3, None)
    steps(other, StepResult.CONTINUES, StepResult.FINISHED)
    assert second.contents().trees == {3}
    assert answer(fresh, second) == ("NOERROR", ["192.0.2.3", "198.51.100.2"])
    region.planner.publish()
    steps(third, StepResult.PICKED_UP, *APPLIES, *APPLIES)
    assert answer(fresh, second) == ("NOERROR", ["192.0.2.4", "198.51.100.2"])


@pytest.mark.parametrize(
    ("safeguards", "at_the_flip", "addresses", "trees"),
    [
        (Safeguards(guarded_delete=True), StepResult.ACCEPTED, ["192.0.2.1", "198.51.100.2"], {1, 3}),
        (Safeguards(transactional_check=True), StepResult.SUPERSEDED, ["192.0.2.3", "198.51.100.2"], {3}),
        (Safeguards(tolerant_rollback=True, plan_validation=True), StepResult.ACCEPTED, [], {3}),
    ],
)
def test_each_protection_does_its_part(
    safeguards: Safeguards, at_the_flip: StepResult, addresses: list[str], trees: set[int], fresh: Nameserver
) -> None:
    region = deploy(fresh, safeguards=safeguards)
    delayed, other, third = up_to_the_stale_flip(region)
    steps(delayed, at_the_flip)
    steps(other, StepResult.CONTINUES, StepResult.FINISHED)
    assert answer(fresh, region.zones[1]) == ("NOERROR", addresses)
    assert region.zones[1].contents().trees == trees
    region.planner.publish()
    steps(third, StepResult.PICKED_UP, *APPLIES, *APPLIES)  # repairs it: the active tree need not be there
    contents = region.zones[1].contents()
    expected = 3 if safeguards.tolerant_rollback or safeguards.transactional_check else 1
    assert (contents.alias, contents.rollback) == (4, expected)
