"""Values in reports: no member is "none", arrays are shown element by element, a count of one is singular."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planrace.checker import Options, Report, check, render
from planrace.checker.cli.main import run
from planrace.checker.report.text.values import state_text
from planrace.checker.results.report import Finding
from planrace.model.language import (
    Protocol,
    Step,
    Term,
    array,
    index,
    integers,
    optional,
    says,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.properties import invariant, reachable


def claims(*, owned: bool = False) -> Protocol:
    """A worker takes what is free, in one step."""
    protocol = Protocol("claims", "a job")
    workers = protocol.parameter("workers", 2, 1, 4)
    worker = index("worker", workers)
    owner = protocol.variable("owner", optional(worker), None)
    asked = protocol.variable("asked", array(worker, subsets(integers(1, 3, "job"))), set())

    @protocol.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(
            when(owner == None),  # noqa: E711
            update(owner, w),
            update(asked[w], {1, 2}),
            says("takes it from {who}", who=owner),
        )

    protocol.declare(
        invariant("nobody-has-it", owner != None if owned else owner == None, "it is free"),  # noqa: E711
        reachable("taken", taken("take"), "it is taken"),
    )
    return protocol


CLAIMS = claims()
OWNED = claims(owned=True)
TAKEN = claims()


@pytest.fixture(scope="module")
def report() -> Report:
    return check(CLAIMS)


def test_no_member_is_shown_as_none(report: Report) -> None:
    text = render(report)
    assert "owner: none → 1, asked[1]: {} → {1, 2}" in text
    assert "takes it from none" in text
    assert '"text": "{1, 2}"' in render(report, "sarif")
    assert "owner: none → 1" in render(report, "junit")
    assert '"before": 0' in render(report, "json")


def test_a_state_is_shown_place_by_place(report: Report) -> None:
    (broken, _) = report.findings
    assert broken.trace is not None
    initial = "owner: none, asked[1]: {}, asked[2]: {}"
    assert state_text(broken.trace.initial, report.variables) == initial
    assert state_text({"owner": 0}, ()) == "owner: 0"
    assert initial in render(check(OWNED))  # broken before anything happens: that state is all there is to show


def test_one_step_is_singular(report: Report) -> None:
    for form in ("text", "junit", "sarif", "annotations", "summary"):
        assert "1 steps" not in render(report, form)
    assert "reached in 1 step (" in render(report)
    assert "holds: reached in 1 step (" in render(report, "junit")
    assert "| reached in 1 step (" in render(report, "summary")


def test_a_witness_is_no_violation() -> None:
    holds = check(TAKEN, options=Options(properties=("taken",)))
    assert "rect rgba(47, 143, 87, 0.2)" in render(holds, "mermaid")
    assert "claims: taken (a witness, nothing is violated)" in render(holds, "svg")
    assert 'class="dot reached"' in render(holds, "svg")
    broken: tuple[Finding, ...] = check(CLAIMS).findings
    assert "rect rgba(194, 47, 47, 0.2)" in render(replace(holds, findings=broken), "mermaid")


def test_by_hand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("1\nstate\ntrace\n"))
    assert run(["walk", "-p", "tests.report.test_values:CLAIMS"]) == 0
    out = capsys.readouterr().out
    assert out.count("owner: none → 1") == 2
    assert "owner = 1" in out
