"""Which protections suffice, as Markdown for a design review."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.report.text.fixes import (
    asked_text,
    broken_text,
    cell_of,
    closing,
    doubt_text,
    every_size_text,
    fails_text,
    letters,
    more_text,
    none_text,
    open_runs,
    own,
    proved_text,
    set_text,
)
from planrace.checker.report.text.markdown import cell
from planrace.checker.results.fixes import FixPoint, FixReport, MinimalSet
from planrace.checker.results.wording import joined


def fixes_markdown(report: FixReport) -> str:
    """The report as Markdown: the tables, and a section for each minimal set and each idea that is not enough."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: FixReport) -> Iterator[str]:
    names = letters(report)
    yield f"# {cell(report.protocol)}: which protections suffice"
    yield ""
    yield f"{cell(closing(report))}. {cell(asked_text(report))}"
    yield ""
    yield from (f"- **{n}** {cell(p)}: {cell(report.meanings[p])}" for p, n in names.items())
    yield ""
    if report.alone:
        yield "## Each protection alone"
        yield ""
        yield "A number is the length of the shortest counterexample."
        yield ""
        yield f"| | {' | '.join(names.values())} |"
        yield "| --- |" + " --- |" * len(names)
        for row in report.alone:
            cells = " | ".join(cell_of(v) for v in row[0].verdicts)
            yield f"| {cell(set_text(own(report, row[0])))} | {cells} |"
        yield ""
    if report.levels:
        yield from _minimal(report)
    yield from _open(report)


def _minimal(report: FixReport) -> Iterator[str]:
    names = letters(report)
    yield "## Minimal sets that suffice"
    yield ""
    if not report.minimal:
        yield none_text(report)
        yield ""
        return
    yield "| | holds at every size | faults that break it |"
    yield "| --- | --- | --- |"
    for m in report.minimal:
        yield f"| {cell(set_text(m.protections))} | {cell(proved_text(m, names))} | {cell(broken_text(m, names))} |"
    yield ""
    for m in report.minimal:
        yield from _set(report, m)


def _set(report: FixReport, m: MinimalSet) -> Iterator[str]:
    yield f"### {cell(set_text(m.protections))}"
    yield ""
    if doubt_text(report, m):
        yield f"- {cell(doubt_text(report, m))}"
    yield from _command(m.small)
    if m.large.command != m.small.command:
        yield from _command(m.large)
    yield from (f"- {cell(v.property)}: {cell(every_size_text(v))}" for v in m.proofs)
    for x in m.members:
        for v in x.without.violated[:1]:
            yield f"- Without {cell(x.name)}, {cell(v.property)} fails{fails_text(v)}. {cell(v.open)}"
            yield f"  `{x.without.command}`"
    for p in m.more:
        yield f"- {cell(more_text(m, p, report.always))} `{p.command}`"
    yield ""


def _open(report: FixReport) -> Iterator[str]:
    ideas = {i.name: i for i in report.ideas}
    yield "## Why not"
    yield ""
    for row in report.alone:
        point, name = row[0], set_text(own(report, row[0]))
        runs = open_runs(point)
        if not runs:
            continue
        yield f"### {cell(name)}"
        yield ""
        if name in ideas:
            yield f"*{cell(ideas[name].meaning)}.* {cell(ideas[name].argument)}"
            yield ""
        for r in runs:
            yield f"- **{cell(joined(r.names))}** fails{fails_text(r.shown)}. {cell(r.shown.open)}"
        yield from _command(point)
        yield ""


def _command(point: FixPoint) -> Iterator[str]:
    yield f"- `{point.command}`"
