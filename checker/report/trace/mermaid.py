"""A run as a Mermaid sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html), which GitHub draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from planrace.checker.report.trace.lanes import Lanes, facts_at, lanes, step_text, thing
from planrace.checker.report.trace.traffic import MessageReceipt, deliveries
from planrace.checker.results.blocks import clean
from planrace.checker.results.explanation import Declared
from planrace.checker.results.scenario import FactMatch, Match
from planrace.checker.results.trace import Trace, TraceStep

LAST, REACHED = "rgba(194, 47, 47, 0.2)", "rgba(47, 143, 87, 0.2)"
"""Background colours of the last step of a violation or a witness; translucent for light and dark pages."""


def render_mermaid(
    trace: Trace,
    match: Match | None = None,
    title: str = "",
    *,
    witness: bool = False,
    variables: Sequence[Declared] = (),
) -> str:
    """The diagram: a participant for each process and each thing that the world sees, an arrow for each step. A step
    that receives a message of a channel (known from ``variables``) is an arrow from the sender. The last step of a
    ``witness`` is green, not red."""
    return "\n".join(_lines(trace, match, title, REACHED if witness else LAST, variables)) + "\n"


def _lines(trace: Trace, match: Match | None, title: str, colour: str, variables: Sequence[Declared]) -> Iterator[str]:
    drawn, facts, taken = lanes(trace), facts_at(match), deliveries(trace, variables)
    ids = {name: f"p{n}" for n, name in enumerate(drawn.all)}
    yield "sequenceDiagram"
    if title:
        yield f"  accTitle: {_safe(title)}"
    yield "  autonumber"
    for name in drawn.all:
        yield f"  participant {ids[name]} as {_safe(name)}"
    for n, step in enumerate(trace.steps, 1):
        if trace.loop == n - 1:
            yield "  loop for ever"
        if n == len(trace):
            yield f"  rect {colour}"
        yield from (f"  {line}" for line in _step(step, drawn, ids, facts.get(n, []), taken[n - 1]))
        if n == len(trace):
            yield "  end"
    if trace.loop is not None and trace.loop < len(trace):
        yield "  end"
    elif trace.loop is not None and drawn.processes:
        yield f"  Note over {ids[drawn.processes[0]]}: the run may stay here for ever"


def _step(
    step: TraceStep, drawn: Lanes, ids: dict[str, str], facts: list[FactMatch], taken: list[MessageReceipt]
) -> Iterator[str]:
    """The arrow of a step: from the sender of the message that it receives, or else to the first thing that it changes;
    with notes for other messages, observations and facts."""
    me = ids[step.by]
    touched = drawn.touched(step)
    arrow = "-x" if step.fault is not None else "->>"
    if taken:
        yield f"{ids[taken[0].sender]}{arrow}{me}: {_safe(f'{taken[0].message}: {step_text(step)}')}"
    else:
        yield f"{me}{arrow}{ids[touched[0]] if touched else me}: {_safe(step_text(step))}"
    for d in taken[1:]:
        yield f"Note over {ids[d.sender]},{me}: {_safe(f'{d.message} too')}"
    for o in step.observed:
        yield f"Note over {ids[thing(o)]}: {_safe(o.text)}"
    for f in facts:
        yield f"Note right of {me}: {_safe(f'{f.fact}: {f.meaning}')}"


def _safe(text: str) -> str:
    """Text without Mermaid syntax: all special characters are entities. ``wrap:`` and ``nowrap:`` at its beginning
    would be settings, so their colon is escaped."""
    safe = "".join(c if c.isalnum() or c in " .,:()[]→–_'-=+*/?!" else f"#{ord(c)};" for c in clean(text))
    return re.sub(r"^(\s*:?(?:no)?wrap):", r"\1#58;", safe) or " "
