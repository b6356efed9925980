"""The text after a run that violates a refinement: the run as one of the abstract protocol, and why its last step is
none of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.results.blocks import Block, Paragraph
from planrace.checker.results.departure import Departure, NearStep
from planrace.checker.results.scalars import value_text
from planrace.checker.results.trace import Change
from planrace.checker.results.wording import joined

LAST = 6
"""So many of the abstract steps before the one that is none are told."""


def departure_text(d: Departure) -> Iterator[Block]:
    """Paragraphs about the abstract run."""
    named = [f"{step} (step {n})" for n, step in enumerate(d.steps, 1) if step is not None]
    if named:
        shown = named if len(named) <= LAST else ["…", *named[-LAST:]]
        rest = "" if len(named) == len(d.steps) else f" The other steps change nothing that {d.protocol} has."
        yield Paragraph(f"As a run of {d.protocol}: {', '.join(shown)}.{rest}")
    if d.steps or d.changed:
        yield Paragraph(f"Step {len(d.steps) + 1} leaves {d.protocol}: {_changes(d.changed)}.", "violated")
    if d.outside:
        yield Paragraph(f"That is no state of {d.protocol}: {joined(d.outside)}.")
    for n, near in enumerate(d.nearest):
        yield Paragraph(_near(near, d.protocol, first=n == 0))
    if d.steps and not d.nearest and not d.outside:
        yield Paragraph(f"No step of {d.protocol} comes near.")


def _changes(changed: Sequence[Change]) -> str:
    return ", ".join(f"{c.place}: {value_text(c.before, None)} → {value_text(c.after, None)}" for c in changed)


def _near(near: NearStep, protocol: str, *, first: bool) -> str:
    """What keeps an abstract step from being the step of the run."""
    which = f"The nearest of {protocol} is {near.step}, which" if first else f"And {near.step}"
    parts = []
    if near.fails:
        parts.append(f"needs {joined(near.fails)}")
    if near.differs:
        wanted = ", ".join(f"{c.place}: {value_text(c.before, None)}" for c in near.differs)
        real = ", ".join(f"{c.place}: {value_text(c.after, None)}" for c in near.differs)
        verb = "has" if near.step == "an initial state" else "makes"
        parts.append(f"{verb} {wanted}, where this run has {real}")
    return f"{which} {', and '.join(parts)}."
