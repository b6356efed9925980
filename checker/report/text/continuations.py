"""The text after a trace: why there is no recovery, loops that never end, and where a run leaves what it refines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.report.text.departures import departure_text
from planrace.checker.results.blocks import Block, Facts, Heading, Paragraph
from planrace.checker.results.report import Finding
from planrace.checker.results.temporal import DISABLED, DeadEnd, Fairness, Refusal, Runbook
from planrace.checker.results.trace import Trace
from planrace.checker.results.wording import as_outcome, counted, ending, listed, plural


def continuation(f: Finding) -> Iterator[Block]:
    """The text after the trace of a property."""
    if f.trace is not None and f.trace.loop is not None:
        yield Paragraph(_loop(f.trace, f.trace.loop), "violated")
        if f.trace.loop == len(f.trace) and f.fairness:
            yield Paragraph(f"Enabled there, but never forced because it is not fair: {_names(f.fairness)}.")
        elif f.fairness:
            yield Paragraph(f"The loop is fair: {_fair(f.fairness)}.")
            yield from _starving([x for x in f.fairness if x.how == DISABLED])
    if f.dead_end is not None:
        yield from _dead_end(f.dead_end)
    if f.departure is not None:
        yield from departure_text(f.departure)


def continued(f: Finding) -> str:
    """The same text as one string."""
    return " ".join(block.text for block in continuation(f) if isinstance(block, Paragraph))


def _loop(trace: Trace, loop: int) -> str:
    if loop == len(trace):
        where = f"After step {loop}" if loop else "In the initial state"
        return f"{where} no fair action is enabled: the run may stay there for ever."
    if loop + 1 == len(trace):
        return f"Step {loop + 1} repeats for ever."
    return f"Steps {loop + 1}–{len(trace)} repeat for ever."


def _fair(fairness: tuple[Fairness, ...]) -> str:
    """Actions with their parameters, grouped by how the loop satisfies their fairness."""
    by: dict[str, list[str]] = {}
    for x in fairness:
        by.setdefault(x.how, []).append(_called(x))
    return "; ".join(f"{listed(names)} {how}" for how, names in by.items())


def _starving(fairness: Sequence[Fairness]) -> Iterator[Block]:
    """Actions whose starvation strong fairness would exclude."""
    if fairness:
        yield Paragraph(
            f"{_names(fairness)} {plural(len(fairness), 'is', 'are')} also enabled again and again, but "
            f'never taken: weak fairness allows that, fairness="strong" does not.'
        )


def _names(fairness: Sequence[Fairness]) -> str:
    return listed([_called(x) for x in fairness])


def _called(x: Fairness) -> str:
    return f"{x.action}({', '.join(x.words)})" if x.words else x.action


def _dead_end(h: DeadEnd) -> Iterator[Block]:
    how_many = ("" if h.whole else "more than ") + counted(h.states, "state")
    never = " and ".join(h.never) or "all of the goal at once"
    yield Paragraph(
        f"From there the helpers' steps reach {how_many}; none of them satisfies {never}.",
        "violated",
    )
    if h.vain:
        happened = ", ".join(f"{ending(v.action, v.outcome)} in {v.states:,}" for v in h.vain)
        yield Paragraph(f"Steps that still happen there but do not help: {happened}.")
    for r in h.refused:
        yield Paragraph(_refusal(r))


def _refusal(r: Refusal) -> str:
    tried = f"{r.action} is enabled in {r.tried:,} of them and could write {r.place}"
    if not r.reasons:
        return f"{tried}, but never ends {as_outcome(r.outcome)}: other outcomes come first."
    return f"{tried}, but never ends {as_outcome(r.outcome)}: {' and '.join(r.reasons)} is always false there."


def runbook(name: str, book: Runbook) -> Iterator[Block]:
    """The manual steps that help, ranked."""
    yield Heading(f"{name}: the runbook")
    if not book.interventions and not book.helpless:
        yield Paragraph("The automation can recover from every state that it reaches by itself.")
        return
    yield Paragraph("Where the automation cannot recover by itself, these manual steps make it possible again:")
    rows = [(str(n), ", then ".join(i.steps), counted(i.states, "state")) for n, i in enumerate(book.interventions, 1)]
    if book.helpless:
        rows.append(("-", "no manual steps help", counted(book.helpless, "state")))
    yield Facts(tuple(rows))
