"""The variant that a run is compared with by default."""

from __future__ import annotations

import sys

from planrace.checker import Options, check
from planrace.checker.results.report import Report
from planrace.checker.run.protocols import siblings, siblings_of
from planrace.model.language import Changes, Protocol, Step, boolean, step, taken, update, when
from planrace.properties import invariant, reachable


def made() -> Protocol:
    """Two switches; both on violate the invariant. Only one of three protections is a repair."""
    protocol = Protocol("switches", "two switches")
    left, right = (protocol.variable(n, boolean(), False) for n in ("left", "right"))

    @protocol.action(by="me")
    def up() -> Step:
        return step(when(~left), update(left, True))

    @protocol.action(by="you")
    def down() -> Step:
        return step(when(~right), update(right, True))

    protocol.declare(
        invariant("not-both", ~(left & right), "one is off"),
        reachable("used", taken("down"), "somebody switches"),
    )

    @protocol.protection("look", "looks at itself")
    def look(change: Changes) -> None:
        change.require("up", lambda: ~left)

    @protocol.protection("stop", "nothing happens any more")
    def stop(change: Changes) -> None:
        change.require("up", lambda: left)
        change.require("down", lambda: right)

    @protocol.protection("mind", "minds the other")
    def mind(change: Changes) -> None:
        change.require("up", lambda: ~right)
        change.require("down", lambda: ~left)

    return protocol


SWITCHES = made()
VAIN = SWITCHES.variant("vain", ["look", "stop"])
LOOKS = SWITCHES.variant("looks", ["look"])
MINDS = SWITCHES.variant("minds", ["mind"])


def laid(report: Report) -> str | None:
    insight = report.findings[0].insight
    return None if insight is None or insight.beside is None else insight.beside.protocol


def test_a_repair_that_holds_comes_before_one_with_more_protections() -> None:
    there = siblings_of(SWITCHES, sys.modules[__name__])
    assert [v.name for v in there] == ["vain", "looks", "minds"]
    assert [v.name for v in siblings("tests.explain.test_side_by_side:SWITCHES")] == ["vain", "looks", "minds"]
    assert laid(check(SWITCHES, options=Options(explain=True, beside=there))) == "minds"
    assert laid(check(SWITCHES, options=Options(explain=True, beside=there[:2]))) == "vain"
    assert laid(check(SWITCHES, options=Options(explain=True, beside=LOOKS))) == "looks"
    assert laid(check(SWITCHES, options=Options(explain=True))) is None
