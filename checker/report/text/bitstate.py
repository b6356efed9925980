"""Bitstate searches as text."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.results.bitstate import Bitstate, BitstateSearch, SearchOrder
from planrace.checker.results.blocks import Block, Bullets, Paragraph
from planrace.checker.results.wording import counted

SHOWN = 8
"""The most searches that are shown one by one."""


def bitstate_blocks(b: Bitstate) -> Iterator[Block]:
    """What each search covered, and what they may have missed."""
    yield Paragraph(
        f"A bitstate search marks each state by {counted(b.hashes, 'bit')} of {b.bits:,}. A new state whose bits are "
        "all set is taken for a known one, and omitted: the probability of that is given on average and for the end."
    )
    rows = [f"{n}: {_row(b, s)}" for n, s in enumerate(b.searches, 1)]
    if len(rows) > SHOWN:
        rows[SHOWN:] = [f"{counted(len(rows) - SHOWN, 'more search', 'more searches')}, which JSON lists"]
    yield Bullets(tuple(rows))


def _row(b: Bitstate, s: BitstateSearch) -> str:
    """One search in a line."""
    within = (
        f"up to {s.most:,} on a level"
        if s.order is SearchOrder.BREADTH
        else f"runs of up to {counted(s.bound, 'step')}"
    )
    lost = [
        *([f"{counted(s.dropped, 'state')} not expanded, for want of room"] * (s.dropped > 0)),
        *([f"{counted(s.cut, 'state')} not expanded, at the bound of {counted(s.bound, 'step')}"] * (s.cut > 0)),
    ]
    omitted = f"{percent(s.set / b.bits)} of the bits set, omission {percent(b.omission(s))} to {percent(b.last(s))}"
    covered = f"{counted(s.states, 'state')}, {counted(s.transitions, 'transition')}, depth {s.depth}; {omitted}"
    return "; ".join([f"{s.order.value} first, {within}: {covered}", *lost, s.stopped])


def percent(share: float) -> str:
    """A share in percent, with two digits that count: 100 %, 12 %, 0.31 %, 4.2e-07 %."""
    digits = f"{100 * share:.2g}"  # which has 1e+02 for 100
    return f"{100 if float(digits) == 100 else digits} %"
