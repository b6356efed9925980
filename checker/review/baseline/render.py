"""The differences from a baseline as text, as JSON, and as Markdown for a comment on a pull request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from planrace.checker.report.ci.github import SIGNS
from planrace.checker.report.json.write import to_plain
from planrace.checker.report.text.because import finding_because, why
from planrace.checker.report.text.comparison import Difference
from planrace.checker.report.text.document import violations
from planrace.checker.report.text.markdown import cell
from planrace.checker.report.trace.mermaid import render_mermaid
from planrace.checker.results.blocks import Block, Bullets, Document, Heading, Paragraph, clean
from planrace.checker.results.detail import Detail
from planrace.checker.results.report import Finding
from planrace.checker.results.verdict import INTERRUPTED, Verdict
from planrace.checker.results.wording import joined, numbered
from planrace.checker.review.baseline.changes import BaselineComparison

SCHEMA = "planrace/baseline-comparison/1"
LONGEST = 2_000
"""The most characters of a line about the model in Markdown: GitHub refuses comments of more than 65,536."""


def exit_code(found: Sequence[BaselineComparison], *, strict: bool = False) -> int:
    """130: interrupted; 1: a verdict, count or depth changed (``strict``: or the model); 3: something is undecided."""
    if any(c.interrupted for c in found):
        return INTERRUPTED
    if any(c.results for c in found):
        return 1
    if any(c.undecided for c in found):
        return 3
    return 1 if strict and any(c.model for c in found) else 0


def _word(found: Sequence[BaselineComparison]) -> str:
    return {INTERRUPTED: "interrupted", 1: "changed", 3: "undecided"}.get(
        exit_code(found), "the model changed, its results did not" if any(c.model for c in found) else "the same"
    )


def _tables(c: BaselineComparison) -> list[tuple[str, tuple[Difference, ...]]]:
    return [("Verdicts", c.verdicts), ("Length of runs", c.depths), ("Counts", c.counts)]


def _counted(c: BaselineComparison) -> list[str]:
    return [f"The counts are not comparable: {c.uncounted}."] if c.uncounted else []


def _open(c: BaselineComparison) -> list[tuple[str, str]]:
    """What is undecided, grouped by the reason."""
    reasons = dict.fromkeys(why for _, why in c.undecided)
    return [(", ".join(what for what, w in c.undecided if w == why), why) for why in reasons]


def _same(found: Sequence[BaselineComparison]) -> list[str]:
    return [c.title for c in found if c.same]


def _arrow(d: Difference) -> str:
    if d.before is None:
        return f"new: {d.after}"
    return f"gone: {d.before}" if d.after is None else f"{d.before} → {d.after}"


def _steps(f: Finding) -> str:
    return "" if f.depth is None else f" in {numbered(f.depth, 'step')}"


# Text ------------------------------------------------------------------------------------------------------------
def changes_document(found: Sequence[BaselineComparison], code: int, detail: Detail = Detail.FULL) -> Document:
    """The differences as text. ``VERDICTS``: only verdicts that changed or are undecided, and what else changed by its
    name; ``USUAL``: of an entry's new
    counterexamples only the first in full."""
    tone = {0: "holds", 1: "violated"}.get(code, "unknown")
    return Document(tuple(_blocks(found, detail)), f"baseline: {_word(found)} (exit {code})", tone)


def _blocks(found: Sequence[BaselineComparison], detail: Detail) -> Iterator[Block]:
    if detail is Detail.VERDICTS:
        yield Bullets(tuple(f"{c.title}: {text}" for c in found for text in _brief(c)))
        return
    for c in found:
        if not c.same:
            yield Heading(c.title)
            yield from _entry(c, detail)
    if _same(found):
        yield Paragraph(f"Unchanged: {'; '.join(_same(found))}.")


def _brief(c: BaselineComparison) -> Iterator[str]:
    """An entry in lines. They leave out nothing that decides the exit code."""
    yield from (f"{d.what}: {_arrow(d)}" for d in c.verdicts)
    yield from (f"{names}: undecided now: {reason}" for names, reason in _open(c))
    others = {"length of runs": c.depths, "counts": c.counts, "model": c.model}
    changed = [name for name, differences in others.items() if differences]
    if changed:
        yield f"changed: {joined(changed)}"
    if c.interrupted:
        yield "interrupted"


def _entry(c: BaselineComparison, detail: Detail) -> Iterator[Block]:
    if c.interrupted:
        yield Paragraph("Interrupted.", "unknown")
    for names, reason in _open(c):
        yield Paragraph(f"Undecided now: {names}: {reason}.", "unknown")
    for title, differences in _tables(c):
        yield from (Paragraph(f"{title}: {d.what}: {_arrow(d)}") for d in differences)
    yield from (Paragraph(text) for text in _counted(c))
    for d in c.model:
        yield Paragraph(f"Model: {d.what}:")
        yield from (Paragraph(f"{sign} {text}") for sign, text in (("-", d.before), ("+", d.after)) if text is not None)
    yield from violations(c.broken, detail)


# JSON ------------------------------------------------------------------------------------------------------------
def changes_json(found: Sequence[BaselineComparison], code: int) -> str:
    """The differences as JSON (``planrace/baseline-comparison/1``)."""
    data = {"schema": SCHEMA, "exit": code, "outcome": _word(found), "entries": [_entry_json(c) for c in found]}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _entry_json(c: BaselineComparison) -> dict[str, Any]:
    return {
        "entry": c.title,
        "same": c.same,
        **{name: [asdict(d) for d in getattr(c, name)] for name in ("verdicts", "depths", "counts", "model")},
        "uncounted": c.uncounted,
        "undecided": [{"what": what, "why": why} for what, why in c.undecided],
        "interrupted": c.interrupted,
        "broken": [_broken_json(f) for f in c.broken],
    }


def _broken_json(f: Finding) -> dict[str, Any]:
    return {
        "property": f.name,
        "meaning": f.meaning,
        "how": f.how,
        "because": finding_because(f),
        "trace": None if f.trace is None else to_plain(f.trace),
    }


# Markdown --------------------------------------------------------------------------------------------------------
def changes_markdown(found: Sequence[BaselineComparison]) -> str:
    """The differences as Markdown, for a comment on a pull request."""
    lines = [f"### Baseline: {_word(found)}", ""]
    drawn: dict[str, str] = {}
    for c in found:
        if not c.same:
            lines += [f"#### {cell(c.title)}", "", *_markdown(c), *(line for f in c.broken for line in _run(f, drawn))]
    if _same(found):
        lines += ["Unchanged:", "", *(f"- {cell(title)}" for title in _same(found)), ""]
    return "\n".join(lines)


def _markdown(c: BaselineComparison) -> Iterator[str]:
    if c.interrupted:
        yield from ("⚠️ interrupted", "")
    for names, reason in _open(c):
        yield from (f"⚠️ undecided now: {cell(names)}: {cell(reason)}", "")
    for title, differences in _tables(c):
        if differences:
            yield from (f"| {title} | before | after |", "| --- | --- | --- |")
            yield from (f"| {cell(d.what)} | {_signed(d.before)} | {_signed(d.after)} |" for d in differences)
            yield ""
    for text in _counted(c):
        yield from (cell(text), "")
    if c.model:
        yield from _diff(c.model)


def _signed(text: str | None) -> str:
    signs = {v.word: sign for v, sign in SIGNS.items()}
    return signs.get(text or "", cell(text))


def _diff(differences: Sequence[Difference]) -> list[str]:
    """The model before and after, in a diff block whose fence is longer than any run of backticks in it."""
    lines: list[str] = []
    for d in differences:
        lines += [f"@@ {_line(d.what)} @@"]
        lines += [f"{sign} {_line(text)}" for sign, text in (("-", d.before), ("+", d.after)) if text is not None]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", *lines, fence, ""]


def _line(text: str) -> str:
    plain = clean(text)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"


def _run(f: Finding, drawn: dict[str, str]) -> Iterator[str]:
    """The counterexample of a newly violated property, unless it was drawn for another property."""
    yield from (f"**{cell(f.name)}** {SIGNS[Verdict.VIOLATED]}{_steps(f)}", "", cell(f"Promised: {f.meaning}."), "")
    if f.trace is None:
        yield from (cell(f"Violated: {f.how}."), "")
        return
    picture = render_mermaid(f.trace, f.match, variables=f.variables).rstrip()
    earlier = drawn.setdefault(picture, f.name)
    if earlier != f.name:
        yield from (f"The same steps as for {cell(earlier)}.", "")
    else:
        yield from ("```mermaid", picture, "```", "")
    if why(f):
        yield from (cell(why(f)), "")
