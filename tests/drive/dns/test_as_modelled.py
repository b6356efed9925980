"""The reference implementation performs the model; after each step zones and Enactors are compared with it."""

from __future__ import annotations

import pytest

from planrace import cover
from planrace.checker.drive.dns.region import DnsRegion
from planrace.checker.drive.dns.safeguards import ORIGINAL, Safeguards

FAULTS = ["crash", "lock-expiry", "bad-plan", "stray-delete"]
SIZES = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 0}


class Direct(DnsRegion):
    """Without the network, for covering runs are long."""

    direct = True


def driver(safeguards: Safeguards) -> type[DnsRegion]:
    return type("Driver", (Direct,), {"safeguards": safeguards})


@pytest.mark.parametrize(
    ("name", "faults"),
    [("original", ["lock-expiry", "stray-delete"]), ("fixed", FAULTS)],
)
def test_what_the_model_does_happens(name: str, faults: list[str]) -> None:
    """The code has the protections that the model has."""
    report = cover(name, Direct, SIZES, faults=faults, criterion="outcomes")
    assert report, report
    assert report.exit_code == 0


@pytest.mark.parametrize(("name", "faults"), [("original", ["lock-expiry", "stray-delete"]), ("fixed", FAULTS)])
def test_what_the_model_does_happens_behind_the_api_of_route_53(name: str, faults: list[str]) -> None:
    report = cover(name, "dns:route53", SIZES, faults=faults, criterion="outcomes")
    assert report, report
    assert report.exit_code == 0


def test_route_53_has_a_protection_that_the_original_lacks() -> None:
    """An alias has to have addresses to point at. DNS takes one to a plan without any, as the model does."""
    sizes = {"enactors": 1, "endpoints": 1, "plans": 1, "keep": 0}
    assert cover("original", Direct, sizes, faults=["bad-plan"])
    report = cover("original", "dns:route53", sizes, faults=["bad-plan"])
    assert report.divergence is not None
    assert report.divergence.called == "flip_alias(1)"
    assert (report.divergence.model, report.divergence.code) == (
        "ends the step as accepted",
        "ends the step as refused",
    )


def test_a_missing_protection_is_found() -> None:
    """The comparison above can fail."""
    assert cover("fixed", driver(ORIGINAL), SIZES, criterion="outcomes").exit_code == 1


@pytest.mark.parametrize(("name", "transitions"), [("original", 4641), ("fixed", 3542)])
def test_every_transition_of_two_enactors_happens(name: str, transitions: int) -> None:
    sizes: dict[str, int | str] = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}
    report = cover(name, Direct, sizes, faults=["crash", "lock-expiry"])
    assert report, report
    assert (report.performed, report.total) == (transitions, transitions)


def test_a_flip_is_refused_where_every_tree_is_gone() -> None:
    """Its conditions name a tree that must be there, and one that must not: what was sent is shown."""
    run = """publish pick_up(1) publish take_lock(1) build_tree(1) flip_alias(1) crash(1) pick_up(1) take_lock(1)
        build_tree(1) stray_delete(1,1) stray_delete(1,2) flip_alias(1)"""
    report = cover("fixed", Direct, SIZES, faults=FAULTS, run=run)
    assert report, report
    assert report.steps == 13


def test_people_repair_as_the_model_says() -> None:
    sizes: dict[str, int | str] = {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 0, "operator": "on"}
    report = cover("original", Direct, sizes, criterion="outcomes", faults=["stray-delete"])
    assert report, report
    assert {s.action for s in report.shares} >= {"freeze", "install", "unfreeze"}
