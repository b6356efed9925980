"""What the tests of bitstate searches share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planrace import If, Protocol, Step, Term, integers, invariant, step, update, when
from planrace.checker import Options, Report, check
from planrace.checker.results.bitstate import BitstateSearch
from planrace.checker.run.request import Given

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
ONE: dict[str, Any] = {"seed": 1, "runs": 1, "workers": 1, "bit_array": 2**22}


def hunted(subject: Given, sizes: Mapping[str, int] | None = None, **options: Any) -> Report:
    return check(subject, sizes, options=Options(engine="bitstate", **{**ONE, **options}))


def rows(report: Report) -> tuple[BitstateSearch, ...]:
    assert report.exploration is not None
    assert report.exploration.bitstate is not None
    return report.exploration.bitstate.searches


def grid(side: int, *, round_: bool = False) -> Protocol:
    """Two counters: ``side``² states. If they start again after the last number, there are two ways to each state."""
    p = Protocol("grid", "two counters")
    x, y = (p.variable(n, integers(0, side - 1, n), 0) for n in "xy")

    def move(place: Term) -> Step:
        last = place == side - 1
        return step(*([] if round_ else [when(~last)]), update(place, If(last, 0, place + 1)))

    @p.action(by="environment")
    def right() -> Step:
        return move(x)

    @p.action(by="environment")
    def up() -> Step:
        return move(y)

    p.declare(invariant("bounded", x + y < 2 * side, "true"))
    return p
