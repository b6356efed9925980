"""Sweeps as blocks of a text report, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict

from planrace.checker.results.blocks import Block, Bullets, Document, Grid, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.sweep import Sweep, SweepCell, SweepLaw, SweepThreshold
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted


def sweep_document(made: Sweep, detail: Detail = Detail.FULL) -> Document:
    """A row for each point, a column for each property; then thresholds and laws. ``VERDICTS``: only the last line."""
    closing = f"sweep: {counted(len(made.points), 'point')}, {_tally(made)}"
    if detail is Detail.VERDICTS:
        return Document((), closing)
    names = list(dict.fromkeys(c.name for p in made.points for c in p.cells))
    rows = tuple(
        (
            ", ".join(str(p.values[n]) for n in made.varied),
            *(_cell(next((c for c in p.cells if c.name == name), None)) for name in names),
        )
        for p in made.points
    )
    blocks: list[Block] = [
        Heading(f"{made.protocol}: a sweep over {', '.join(made.varied)}"),
        Paragraph(_request(made)),
        Grid((", ".join(made.varied), *names), rows),
    ]
    if made.thresholds:
        blocks += [Heading("Where verdicts change"), Bullets(tuple(map(_threshold, made.thresholds)))]
        if made.bisected is not None:
            blocks.append(Paragraph(f"If verdicts change once along {made.bisected}; other values were not computed."))
    if made.laws:
        blocks += [Heading("Laws of the shortest runs"), Bullets(tuple(map(_law, made.laws)))]
        blocks.append(Paragraph("These are laws of the points computed. Nothing proves them for others."))
    blocks += [Paragraph(f"Undecided at {text}.") for text in _undecided(made)]
    return Document(tuple(blocks), closing)


def _request(made: Sweep) -> str:
    sizes = ", ".join(f"{n}={v}" for n, v in made.parameters.items()) or "no other parameters"
    faults, protections = ", ".join(made.faults) or "none", ", ".join(made.protections) or "none"
    return f"{sizes}; faults: {faults}; protections: {protections}. Numbers are steps of shortest runs."


def _cell(cell: SweepCell | None) -> str:
    if cell is None:
        return ""
    if cell.verdict is Verdict.UNKNOWN:
        return "?"
    return cell.verdict.word if cell.length is None else f"{cell.verdict.word} {cell.length}"


def _tally(made: Sweep) -> str:
    found = [c.verdict for p in made.points for c in p.cells]
    return ", ".join(f"{found.count(v):,} {v.word}" for v in sorted(set(found), reverse=True))


def _where(values: object) -> str:
    assert isinstance(values, dict)
    text = ", ".join(f"{n}={v}" for n, v in values.items())
    return f" with {text}" if text else ""


def _threshold(t: SweepThreshold) -> str:
    return f"{t.name}: {t.to.word} from {t.parameter}={t.after} on{_where(dict(t.others))}"


def _law(law: SweepLaw) -> str:
    return f"{law.name}: {law.formula}{_where(dict(law.where))}, at all {counted(law.points, 'point')}"


def _undecided(made: Sweep) -> Iterator[str]:
    for p in made.points:
        for c in p.cells:
            if c.verdict is Verdict.UNKNOWN:
                yield f"{', '.join(f'{n}={v}' for n, v in p.values.items())}, {c.name}: {c.how}"


def sweep_json(made: Sweep) -> str:
    """The sweep as JSON text (``docs/sweep.schema.json``)."""
    told = asdict(made)
    for p in told["points"]:
        for c in p["cells"]:
            c["verdict"] = Verdict(c["verdict"]).word
    for t in told["thresholds"]:
        t["to"] = Verdict(t["to"]).word
    told["laws"] = [{**asdict(law), "formula": law.formula} for law in made.laws]
    return json.dumps({"schema": "planrace/sweep/1", **told}, indent=2, ensure_ascii=False) + "\n"


def sweep_csv(made: Sweep) -> str:
    """A line for each point and property."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*made.varied, "property", "verdict", "length", "shortest", "states"])
    for p in made.points:
        for c in p.cells:
            length = "" if c.length is None else c.length
            states = "" if p.states is None else p.states
            writer.writerow([*p.values.values(), c.name, c.verdict.word, length, int(c.shortest), states])
    return text.getvalue()
