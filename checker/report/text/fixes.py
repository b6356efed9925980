"""Which protections suffice, as text: a table of each alone, minimal sets, and what the others leave open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planrace.checker.results.blocks import (
    Block,
    Bullets,
    Document,
    Facts,
    Grid,
    Heading,
    Paragraph,
    Timeline,
    TimelineEntry,
)
from planrace.checker.results.detail import Detail
from planrace.checker.results.fixes import EverySizeVerdict, FixPoint, FixReport, MinimalSet, Names, PointVerdict
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined, plural

NONE = "none"
"""The row without a protection."""


def fixes_document(report: FixReport, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """The report as text. ``VERDICTS``: the minimal sets alone; ``FULL``: every counterexample, too."""
    blocks = list(_blocks(report, detail))
    word = "unknown" if exit_code in (3, 130) else "violated" if exit_code else "holds"
    return Document(tuple(blocks), f"{closing(report)} (exit {exit_code})", word)


def closing(report: FixReport) -> str:
    """What was found, in a line."""
    found = counted(len(report.minimal), "minimal set")
    open_ = f", {counted(report.open_points, 'point')} undecided" if report.open_points else ""
    cut = ", interrupted" if report.interrupted else f", cut: {report.stopped}" if report.stopped else ""
    return (
        f"{found} of at most {counted(report.max_set, 'protection')} that {_suffice(len(report.minimal))}{open_}{cut}"
    )


def _suffice(n: int) -> str:
    return "suffices" if n == 1 else "suffice"


def _blocks(report: FixReport, detail: Detail) -> Iterator[Block]:
    yield Heading(f"{report.protocol}: which protections suffice")
    if detail is Detail.VERDICTS:
        yield Bullets(tuple(set_text(m.protections) for m in report.minimal))
        yield from _expected(report)
        return
    yield Paragraph(asked_text(report))
    yield Facts(tuple((letter, name, f"({report.meanings[name]})") for name, letter in letters(report).items()))
    if report.alone:
        yield Heading("Each protection alone")
        yield Paragraph("A number: violated, by a shortest counterexample of that many steps.")
        yield _alone(report)
        yield from _under_faults(report)
    yield from _minimal(report, detail)
    yield from _expected(report)
    yield from _why_not(report, detail)


def asked_text(report: FixReport) -> str:
    """What was asked."""
    always = f" Always on: {joined(report.always)}." if report.always else ""
    faults = joined(report.faults) if report.faults else "none"
    return (
        f"Searched at {sizes(report.parameters)}; what suffices there, also at {sizes(report.larger)}. "
        f"Faults: {faults}.{always} {report.pruning}"
    )


def sizes(parameters: Mapping[str, int | str]) -> str:
    """Sizes as text."""
    return ", ".join(f"{n}={v}" for n, v in parameters.items())


def letters(report: FixReport) -> dict[str, str]:
    """A letter for each property."""
    return {name: chr(ord("a") + n) if n < 26 else str(n) for n, name in enumerate(report.properties)}


def set_text(protections: Names) -> str:
    """The name of a set of protections."""
    return " + ".join(protections) or NONE


def own(report: FixReport, point: FixPoint) -> Names:
    """The protections of a point beside those that are always on."""
    return tuple(p for p in point.protections if p not in report.always)


def cell_of(v: PointVerdict) -> str:
    """A verdict as a short word, or a number."""
    if v.verdict is Verdict.UNKNOWN:
        return "?"
    if v.verdict is Verdict.HOLDS:
        return "holds"
    return "never" if v.length is None else str(v.length)


def _alone(report: FixReport) -> Grid:
    header = ("", *letters(report).values())
    rows = tuple((set_text(own(report, row[0])), *(cell_of(v) for v in row[0].verdicts)) for row in report.alone)
    titles = tuple(tuple(card_title(report, row[0], v) for v in row[0].verdicts) for row in report.alone)
    return Grid(header, rows, titles)


def _under_faults(report: FixReport) -> Iterator[Block]:
    """Which properties one more fault makes fail, and which it makes hold."""
    first = report.alone[0][1:]
    if not first:
        return
    more = [next(f for f in p.faults if f not in report.faults) for p in first]
    yield Heading("What one fault changes")
    yield Paragraph("The properties that fail with the fault and hold without it; those after a minus fail without it.")
    rows = tuple(
        (set_text(own(report, row[0])), *(_changed(report, row[0], p) for p in row[1:])) for row in report.alone
    )
    yield Grid(("", *more), rows)


def _changed(report: FixReport, before: FixPoint, after: FixPoint) -> str:
    words, names = {}, letters(report)
    for was, now, sign in ((Verdict.HOLDS, Verdict.VIOLATED, ""), (Verdict.VIOLATED, Verdict.HOLDS, "-")):
        there = [n for p, n in names.items() if (before.of(p).verdict, after.of(p).verdict) == (was, now)]
        words[sign] = "".join(f"{sign}{n}" for n in there)
    unknown = "?" if after.verdict is Verdict.UNKNOWN and not after.violated else ""
    return " ".join(filter(None, (*words.values(), unknown))) or "·"


# Minimal sets ------------------------------------------------------------------------------------------------------
def _minimal(report: FixReport, detail: Detail) -> Iterator[Block]:
    if not report.levels:
        return
    yield Heading("Minimal sets that suffice")
    searched = ", ".join(
        f"{x.searched} of {x.size} ({x.sufficient} suffice" + (f", {x.undecided} undecided)" if x.undecided else ")")
        for x in report.levels
    )
    yield Paragraph(f"Sets that were searched, by their number of protections: {searched}.")
    if report.apparent:
        what = joined([set_text(own(report, p)) for p in report.apparent])
        yield Paragraph(f"Enough at the small size only: {what}.", "violated")
    if not report.minimal:
        yield Paragraph(none_text(report), "violated")
        return
    names = letters(report)
    yield Grid(
        ("", "holds at every size", "faults that break it"),
        tuple((set_text(m.protections), proved_text(m, names), broken_text(m, names)) for m in report.minimal),
    )
    if detail is Detail.FULL:
        for m in report.minimal:
            yield from _set(report, m)
        return
    for m in report.minimal:
        if doubt_text(report, m):
            yield Paragraph(f"{set_text(m.protections)}: {doubt_text(report, m)}", "unknown")
    yield Paragraph("-v shows what each of their members is for, and every counterexample.")


def none_text(report: FixReport) -> str:
    """That there is no minimal set."""
    return "None of them is known to suffice." if report.undecided else "None of them suffices."


def doubt_text(report: FixReport, m: MinimalSet) -> str:
    """Why a set may not be minimal; empty if it is."""
    smaller = report.doubts(m.protections)
    words = joined([set_text(s) for s in smaller], "or")
    return f"Perhaps not minimal: whether {words} suffices is undecided." if smaller else ""


def more_text(m: MinimalSet, p: FixPoint, always: Names = ()) -> str:
    """What one more protection does."""
    added = next(n for n in p.protections if n not in (*m.protections, *always))
    if not p.violated:
        return f"With {added} in addition, it is undecided whether every property holds."
    failing = [v.property for v in p.violated]
    return f"With {added} in addition, {joined(failing)} {plural(len(failing), 'fails', 'fail')}."


def fails_text(v: PointVerdict) -> str:
    """After how many steps a property fails; of what is never reached there is no such number."""
    return "" if v.length is None else f" in {counted(v.length, 'step')}"


def proved_text(m: MinimalSet, names: Mapping[str, str]) -> str:
    """The properties that proofs show for every size."""
    proved = [names[v.property] for v in m.proofs if v.verdict is Verdict.HOLDS]
    refuted = [names[v.property] for v in m.proofs if v.verdict is Verdict.VIOLATED]
    some = f"{', '.join(proved)}" if proved else "-"
    return f"{some}; violated at some: {', '.join(refuted)}" if refuted else some


def broken_text(m: MinimalSet, names: Mapping[str, str]) -> str:
    """Which properties fail under which faults."""
    found: dict[str, list[str]] = {}
    for p, n in names.items():
        if m.under:
            for faults in m.broken_by(p):
                healed = " or ".join("+".join(h) for h in m.healed_by(p, faults))
                words = "+".join(faults) + (f" (not with {healed})" if healed else "")
                found.setdefault(words, []).append(n)
    return "; ".join(f"{faults}: {', '.join(which)}" for faults, which in found.items()) or "-"


def _set(report: FixReport, m: MinimalSet) -> Iterator[Block]:
    yield Heading(set_text(m.protections))
    yield Paragraph(
        f"Every property holds: {counted(m.small.states, 'state')} at the small size, {m.large.states:,} at the larger."
    )
    if doubt_text(report, m):
        yield Paragraph(doubt_text(report, m), "unknown")
    commands = [m.small.command, *([m.large.command] if m.large.command != m.small.command else [])]
    yield Bullets(tuple(commands))
    for proof in m.proofs:
        yield Paragraph(f"{proof.property}: {every_size_text(proof)}")
    if m.proof_command:
        yield Bullets((m.proof_command,))
    for x in m.members:
        for v in x.without.violated[:1]:
            yield Paragraph(f"Without {x.name}: {v.property} fails{fails_text(v)}. {v.open}")
            yield Bullets((x.without.command,))
            yield from _run(v)
    for p in m.more:
        yield Paragraph(more_text(m, p, report.always), "violated" if p.violated else "unknown")
        yield Bullets((p.command,))


def every_size_text(v: EverySizeVerdict) -> str:
    """What a proof says of a property."""
    if v.verdict is Verdict.HOLDS:
        return f"at every size ({v.how})."
    if v.verdict is Verdict.VIOLATED:
        return f"violated in {counted(v.length or 0, 'step')} at {sizes(v.parameters or {})} ({v.how})."
    return f"at the sizes that were searched only ({v.how})."


def _expected(report: FixReport) -> Iterator[Block]:
    for names in report.unmet:
        yield Paragraph(f"Expected, and not among them: {set_text(names)}.", "violated")


# Why not -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class OpenRun:
    """A counterexample, and the properties that it breaks."""

    names: Names
    shown: PointVerdict


def open_runs(point: FixPoint) -> list[OpenRun]:
    """The counterexamples of a point, the shortest first; properties with the same one are together."""
    found: dict[object, list[PointVerdict]] = {}
    for v in point.violated:
        found.setdefault(v.steps or v.property, []).append(v)
    runs = [OpenRun(tuple(v.property for v in some), some[0]) for some in found.values()]
    return sorted(runs, key=lambda r: (r.shown.length or 0, r.names))


def card_title(report: FixReport, point: FixPoint, v: PointVerdict) -> str:
    """The heading under which a full report tells about a verdict."""
    name = set_text(own(report, point))
    if v.verdict is not Verdict.VIOLATED:
        return f"With {name}: what holds"
    run = next(r for r in open_runs(point) if v.property in r.names)
    return f"With {name}: {joined(run.names)}"


def _why_not(report: FixReport, detail: Detail) -> Iterator[Block]:
    if not report.alone:
        return
    yield Heading("Why not")
    if detail is not Detail.FULL:
        yield Paragraph(
            "What each leaves open, in the shortest counterexample in which it acts (else in the shortest):"
        )
        yield Bullets(tuple(filter(None, (_shortest(report, row[0]) for row in report.alone))))
        return
    yield Paragraph("What each protection leaves open when it is alone.")
    for row in report.alone:
        point = row[0]
        for r in open_runs(point):
            yield Heading(card_title(report, point, r.shown))
            yield Paragraph(f"Violated{fails_text(r.shown)}. {r.shown.open}", "violated")
            yield Bullets((point.command,))
            yield from _run(r.shown)
        holding = [v.property for v in point.verdicts if v.verdict is Verdict.HOLDS]
        if holding:
            yield Heading(f"With {set_text(own(report, point))}: what holds")
            yield Paragraph(f"{joined(holding)}: a complete search of {counted(point.states, 'state')}.", "holds")
            yield Bullets((point.command,))


def _shortest(report: FixReport, point: FixPoint) -> str:
    runs = open_runs(point)
    if not runs:
        return ""
    chosen = min(runs, key=lambda r: (not r.shown.acts, r.shown.length or 0))
    names, v = chosen.names, chosen.shown
    return f"{set_text(own(report, point))}: {joined(names)}{fails_text(v)}. {v.open}"


def _run(v: PointVerdict) -> Iterator[Block]:
    if v.steps:
        entries = (
            TimelineEntry(n, s.who, s.text, "", s.sees, mark=n == len(v.steps)) for n, s in enumerate(v.steps, 1)
        )
        yield Timeline(tuple(entries))
