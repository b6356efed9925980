"""Drivers by name: ``--on dns:…``."""

from __future__ import annotations

import pytest

from planrace import ModelError, check, cover, replay
from planrace.checker.drive.dns import daemon
from planrace.checker.drive.dns.named import driver_called
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL
from planrace.checker.results.driving import ReplayEnd

SMALL = {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 0}


def test_the_words_of_a_name() -> None:
    plain, fixed = driver_called("embedded"), driver_called("embedded,fixed,direct")
    assert (plain.__name__, plain.safeguards, plain.direct) == ("dns:embedded", None, False)
    assert (fixed.__name__, fixed.safeguards, fixed.direct) == ("dns:embedded,fixed,direct", FIXED, True)
    assert driver_called("knot,original").safeguards == ORIGINAL


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("bnd", r"no name server for dns:… is called 'bnd' \(did you mean bind\?"),
        ("", "no name server for dns:… is called ''"),
        ("embedded,fixd", r"dns:embedded does not take 'fixd' \(did you mean fixed\?"),
        ("bind,direct", "bind is reached by the network only"),
        ("bind,fixed,original", "names two kinds of code"),
    ],
)
def test_another_word_is_refused(words: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        cover("fixed", f"dns:{words}", SMALL)


@pytest.mark.parametrize(("name", "package"), [("bind", "bind9"), ("knot", "knot")])
def test_a_missing_program_is_named_before_anything_runs(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "SYSTEM_FOLDERS", "")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ModelError, match=rf"is not installed \(apt-get install {package}\)"):
        cover("fixed", f"dns:{name}", SMALL)


def test_it_covers() -> None:
    assert cover("fixed", "dns:embedded,direct", SMALL, criterion="outcomes")


def test_route_53_is_covered_and_replayed() -> None:
    assert cover("fixed", "dns:route53", SMALL, criterion="outcomes")
    found = check("original", {"enactors": 2, "endpoints": 1}, properties=["plans-never-regress"])
    assert replay(found, "dns:route53").exit_code == 1
    assert replay(found, "dns:route53,fixed").why == "ends the step as superseded"


def test_code_with_a_protection_that_the_model_lacks_leaves_the_run() -> None:
    """Its outcome exists in another variant only: a difference, and no mistake of the driver."""
    found = check("original", {"enactors": 2, "endpoints": 1}, properties=["plans-never-regress"])
    left = replay(found, "dns:embedded,fixed,direct")
    assert (left.end, left.exit_code) == (ReplayEnd.LEFT, 0)
    assert left.trace.steps[left.step - 1].action == "flip_alias"
    assert left.why == "ends the step as superseded"
    assert replay(found, "dns:embedded,direct").exit_code == 1
