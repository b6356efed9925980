"""What logs say beside a model, as text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from planrace.checker.report.text.document import document, timeline
from planrace.checker.results.blocks import Block, Bullets, Document, Grid, Heading, Paragraph, Timeline, TimelineEntry
from planrace.checker.results.conformance import (
    BlockedEvent,
    Conformance,
    ConformanceReport,
    HiddenStep,
    LogDivergence,
    LogLine,
    Repair,
    RunsAlike,
    StepRate,
)
from planrace.checker.results.detail import Detail
from planrace.checker.results.explanation import Declared
from planrace.checker.results.trace import Trace
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined, plural

LAST, WINDOW = 8, 200
"""Steps that are shown before a divergence; and if everything is asked for, because a log may have any number."""
LONG, ENDING = 60, 25
"""Steps of a run beyond which only the most important are told, and the last of them that are."""
MANY = 10
"""Hidden steps and reasons that are listed, unless everything is asked for."""


def conformance_document(report: ConformanceReport, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """The verdict, what was read, the steps that no line tells, and where the logs leave the model."""
    blocks: list[Block] = [Heading(f"{report.protocol}: {conformance_text(report)}")]
    if detail is not Detail.VERDICTS:
        blocks += _read(report)
        blocks += _hidden(report.hidden, detail)
        blocks += _every(report)
        blocks += _near(report)
    if report.divergence is not None:
        blocks += _divergence(report.divergence, report.variables, detail)
    if detail is Detail.FULL or any(r.failed for r in report.rates):
        blocks += _rates(report.rates)
    if report.judged is not None:
        told = document(report.judged, exit_code, detail=detail).blocks
        chains = {n for f in report.judged.findings if f.insight and f.insight.causes for n in f.insight.causes.chain}
        blocks += told if detail is Detail.FULL else [part for b in told for part in _in_brief(b, chains)]
    tone = {Conformance.CONFORMS: Verdict.HOLDS, Conformance.DIVERGES: Verdict.VIOLATED}.get(
        report.verdict, Verdict.UNKNOWN
    )
    if report.judged is not None and report.verdict is Conformance.CONFORMS:
        tone = Verdict.VIOLATED
    return Document(tuple(blocks), f"{closing_text(report)} (exit {exit_code})", tone.word)


def conformance_text(report: ConformanceReport) -> str:
    """The answer in one sentence."""
    events = counted(report.events, "event")
    if report.explained:
        hidden = counted(len(report.hidden), "step")
        beside = f", with {hidden} that no line tells" if report.hidden else ""
        apart = "; but its runs disagree" if report.verdict is Conformance.AMBIGUOUS else ""
        whole = "the one event" if report.events == 1 else f"all {events}"
        return f"the model explains {whole}{beside}{apart}"
    if report.divergence is not None:
        return f"the logs leave the model after {report.divergence.explained:,} of {events}"
    return str(report.stopped) if report.verdict is Conformance.DIVERGES else f"undecided: {report.stopped}"


def closing_text(report: ConformanceReport) -> str:
    """The last line."""
    if report.verdict is Conformance.UNKNOWN:
        return "undecided"
    if report.verdict is Conformance.DIVERGES:
        return "the logs diverge from the model"
    if report.violates:
        return f"the logs conform, and what they tell violates {joined([name for name, _ in report.violates])}"
    if report.judged is None and report.verdict is Conformance.AMBIGUOUS:
        return "the logs conform, and do not decide whether what they tell violates a property"
    if report.judged is None:
        return "the logs conform, and what they tell violates nothing"
    names = joined([f.name for f in report.judged.findings])
    if report.verdict is Conformance.AMBIGUOUS:
        return f"the logs conform, and do not decide whether what they tell violates {names}"
    return f"the logs conform, and what they tell violates {names}"


def _read(report: ConformanceReport) -> Iterator[Block]:
    """What was read, and what was not."""
    sizes = ", ".join(f"{n}={v}" for n, v in report.parameters.items()) or "no parameters"
    if report.unbounded is not None:
        sizes = f"{sizes}, any number of {report.unbounded}"
    faults, protections = (", ".join(names) or "none" for names in (report.faults, report.protections))
    yield Paragraph(f"{sizes}; faults: {faults}; protections: {protections}.")
    streams = ", ".join(f"{s.name} ({s.events:,})" for s in report.streams)
    yield Paragraph(f"Events by stream: {streams}. Searched in {report.seconds:.1f} s.")
    if report.joined is not None:
        states = counted(report.joined, "state")
        yield Paragraph(f"The logs begin in the middle of a run, in one of the {states} that the model reaches.")
    if report.silent:
        what = plural(len(report.silent), "the action", "the actions")
        yield Paragraph(f"No line tells of {what} {joined(report.silent)}: steps of that kind may happen unseen.")
    if report.unseen:
        yield Paragraph(f"Never in the logs, although it is logged: {joined(report.unseen)}.", "unknown")
    if report.ignored:
        yield Paragraph(
            f"In {counted(report.ignored, 'line')} nothing was recognised; --explain-mapping shows where.", "unknown"
        )
    if report.late:
        first = report.late[0]
        where = plural(len(report.late), "its clock is", "their clocks are")
        yield Paragraph(
            f"{counted(len(report.late), 'line')} (first {first}): {where} behind the line before; the order of the "
            "lines is believed, and either clock may be wrong.",
            "unknown",
        )
    if report.explained and report.properties:
        yield Paragraph(f"The run was asked about {joined(report.properties)}.")


def _hidden(hidden: Sequence[HiddenStep], detail: Detail) -> Iterator[Block]:
    """The steps that no line tells."""
    if not hidden:
        return
    shown = hidden if detail is Detail.FULL else hidden[:MANY]
    yield Paragraph("To explain the logs, these steps are needed that no line tells:")
    yield Bullets(tuple(f"{h.text}, {_between(h)}" for h in shown))
    if len(shown) < len(hidden):
        yield Paragraph(f"… and {counted(len(hidden) - len(shown), 'more step')} (-v lists all).")


def _in_brief(block: Block, chain: Collection[int]) -> Iterator[Block]:
    """A timeline of a long run without the steps that are neither at its end, nor in a chain of causes, nor complete a
    fact; any other block as it is."""
    if not isinstance(block, Timeline) or len(block.entries) <= LONG:
        yield block
        return
    last, left = block.entries[-ENDING].number, 0
    shown: list[TimelineEntry] = []
    for entry in block.entries:
        if entry.number < last and entry.number not in chain and not entry.facts and entry.number > 1:
            left += 1
            continue
        if left:
            if shown:
                yield Timeline(tuple(shown))
            yield Paragraph(f"… {counted(left, 'step')} (-v shows all) …")
            shown, left = [], 0
        shown.append(entry)
    yield Timeline(tuple(shown))


def _every(report: ConformanceReport) -> Iterator[Block]:
    """What all runs that explain the logs have in common."""
    if not report.explained:
        return
    if not report.every:
        yield Paragraph(f"Not all runs that explain the logs were searched: {report.unsearched}.", "unknown")
        return
    runs = sum(r.runs for r in report.every)
    if len(report.every) == 1:
        (alike,) = report.every
        if runs == 1:
            yield Paragraph("No other run explains the logs.")
        else:
            faults = f"none with fewer faults than {alike.faults}" if alike.faults else "this one without a fault"
            yield Paragraph(f"{counted_runs(runs)} explain the logs, {faults}, and all {_violating(alike)}.")
        return
    yield Paragraph(f"{counted_runs(runs)} explain the logs:", "unknown")
    yield Bullets(
        tuple(
            f"{counted_runs(r.runs)}: {_violating(r)}; at least {counted(r.faults, 'fault')} and "
            f"{counted(r.hidden, 'step')} that no line tells are needed"
            for r in report.every
        )
    )


def counted_runs(number: int) -> str:
    """A number of runs: there may be very many."""
    text = counted(number, "run")
    return text if len(text) <= 20 else f"more than 10^{len(str(number)) - 1}" + " runs"


def _violating(runs: RunsAlike) -> str:
    return f"violate {joined(runs.violates)}" if runs.violates else "violate nothing"


def _near(report: ConformanceReport) -> Iterator[Block]:
    """How close it was."""
    near = report.near
    if near is None:
        return
    some = near.begun < near.states and not near.never
    which = f"{near.begun:,} of the {near.states:,} different states" if some else "state"
    if near.property is None:
        how = "however far one goes" if near.never else f"within {counted(near.further, 'further step')}"
        begin = f"From none of the {which} that were looked from" if some else f"From no {which} of the run"
        yield Paragraph(f"{begin} the model leads to a violation {how}.")
        return
    place = "at the beginning" if near.line is None else f"after {near.line}"
    seen = f"Looked from {which} of the run, it" if some else "The run"
    yield Paragraph(
        f"{seen} was closest to a violation {place}: {counted(near.further, 'further step')} would have violated "
        f"{near.property}:"
    )
    yield Bullets(near.texts)


def _between(hidden: HiddenStep) -> str:
    """Where a step is that no line tells."""
    if hidden.after is None:
        return f"before {hidden.before}"
    return f"after {hidden.after}" if hidden.before is None else f"between {hidden.after} and {hidden.before}"


def _divergence(d: LogDivergence, variables: Sequence[Declared], detail: Detail) -> Iterator[Block]:
    if detail is not Detail.VERDICTS and d.lines:
        yield Heading("Until there the model explains the logs")
        shown = min(len(d.lines), WINDOW if detail is Detail.FULL else LAST)
        if shown < len(d.lines):
            if detail is Detail.FULL:
                where = "--format json has all"
            else:
                where = f"-v shows {WINDOW}, --format json all" if len(d.lines) > WINDOW else "-v shows all"
            yield Paragraph(f"… {counted(len(d.lines) - shown, 'step')} before ({where}) …")
        yield _last_steps(d.trace, d.lines, variables, shown)
    yield Heading("What nothing explains")
    blocked = d.blocked if detail is Detail.FULL else d.blocked[:MANY]
    yield Bullets(tuple(map(_blocked, blocked)))
    if d.hypotheses > 1:
        yield Paragraph(f"The system may have been in {counted(d.hypotheses, 'state')} then; none goes on.")
    if d.repairs and detail is not Detail.VERDICTS:
        yield Paragraph("The logs go on if one thing was different:")
        yield Bullets(tuple(f"{r.text}: {further_text(r)}" for r in d.repairs))


def _rates(rates: Sequence[StepRate]) -> Iterator[Block]:
    """Each logged step alone."""
    if not rates:
        return
    yield Heading("Each step alone, from the values that its line names before it")
    rows = [(r.action, f"{r.passed:,}", f"{r.failed:,}", f"{r.unknown:,}") for r in rates]
    yield Grid(("lines by action", "right", "wrong", "not known"), tuple(rows))
    yield Bullets(tuple(f"{r.action} at {r.line} {r.why}" for r in rates if r.failed))


def _blocked(b: BlockedEvent) -> str:
    """Why nothing explains a line."""
    allowed = f"the model allows {joined(b.enabled)}" if b.enabled else "the model allows no step that lines tell"
    return f"{b.line}: {b.called} {b.why}; {allowed}"


def further_text(repair: Repair) -> str:
    """How far the logs go on with a repair."""
    more = counted(repair.further, "more event")
    return "then all is explained" if repair.whole else f"then {more} {plural(repair.further, 'is', 'are')} explained"


def _last_steps(trace: Trace, lines: Sequence[LogLine | None], variables: Sequence[Declared], most: int) -> Timeline:
    """The last steps of a run, each with the line that tells it."""
    first = len(lines) - most + 1
    entries = timeline(trace, variables=variables, mark=False, first=first).entries
    return Timeline(
        tuple(
            replace(entry, details=f"{entry.details} · {line if line is not None else 'no line'}")
            for entry, line in zip(entries, lines[first - 1 :], strict=True)
        )
    )
