"""Advice as text (blocks of a report) and as JSON: ``planrace/forecast/1`` and ``planrace/lint/1``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ..report.blocks import Block, Document, Grid, Heading, Paragraph
from ..wording import counted, numbered
from .explosion import Explosion
from .fewer import NOTABLE
from .finding import Linted
from .forecast import Forecast, Interval

MOST = 8
"""Variables and actions that a table shows."""


# Forecasts -------------------------------------------------------------------------------------------------------
def forecast_document(f: Forecast) -> Document:
    """The forecast, and what makes the states so many."""
    blocks: list[Block] = [Heading(f"{f.protocol}: a forecast"), Paragraph(_request(f)), Paragraph(_numbers(f))]
    if f.explosion is not None:
        blocks += _explosion(f.explosion)
    return Document(tuple(blocks), f"forecast: {_states(f)}")


def _request(f: Forecast) -> str:
    sizes = ", ".join(f"{n}={v}" for n, v in f.parameters.items()) or "no parameters"
    faults, protections = ", ".join(f.faults) or "none", ", ".join(f.protections) or "none"
    several = f", at most {counted(f.states_per_orbit, 'state')} for each" if f.states_per_orbit > 1 else ""
    orbits = f" Of orbits of interchangeable members{several} (--no-symmetry: of all states)."
    reduced = orbits if f.symmetry else ""
    return f"{sizes}; faults: {faults}; protections: {protections}.{reduced}"


def _states(f: Forecast) -> str:
    if f.states is None:
        return f"at least {counted(f.at_least, 'state')}"
    if f.states.exact:
        return counted(round(f.states.low), "state")
    return f"about {_rounded(f.states.middle)} states, between {_rounded(f.states.low)} and {_rounded(f.states.high)}"


def _numbers(f: Forecast) -> str:
    engine = "machine code" if f.rate.engine == "native" else "Python"
    low, high = f.rate.bytes_per_state
    first = f"A complete search meets {_states(f)} ({f.how})."
    rate = (
        f"In {engine}, measured at {_rounded(f.rate.per_second)} states/s; {low:.0f} to {high:.0f} bytes a state, and "
        f"{_rounded(f.rate.base[0] / 2**20)} MiB for the process."
    )
    if f.seconds is None or f.memory is None:
        return f"{first} {rate}"
    return f"{first} {rate} Time: {_between(f.seconds, seconds)}. Memory: {_between(f.memory, memory)}."


def _between(i: Interval, word: Any) -> str:
    low, high = word(i.low), word(i.high)
    return low if low == high else f"between {low} and {high}"


def seconds(amount: float) -> str:
    """A time as people say it."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if amount >= 2 * size:
            return f"{amount / size:,.0f} {unit}"
    return f"{amount:.0f} s" if amount >= 1 else "less than 1 s"


def memory(amount: float) -> str:
    """An amount of memory as people say it, in bytes with binary prefixes."""
    for unit, size in (("TiB", 2.0**40), ("GiB", 2.0**30)):
        if amount >= size:
            return f"{amount / size:,.1f} {unit}"
    return f"{max(1.0, amount / 2**20):,.0f} MiB"


def _rounded(amount: float) -> str:
    """Two digits: more would be a pretence."""
    return f"{float(f'{amount:.2g}'):,.0f}"


# Explosion -------------------------------------------------------------------------------------------------------
def explosion_document(x: Explosion) -> Document:
    """What makes the states of a search so many."""
    most = x.variables[0].name if x.variables else "nothing"
    return Document(tuple(_explosion(x)), f"explosion of {x.protocol}: {most} multiplies the states most")


def _explosion(x: Explosion) -> Iterator[Block]:
    yield Heading("What multiplies the states")
    sizes = ", ".join(f"{n}={v}" for n, v in x.measured_at.items()) or "the only size"
    whole = "all" if x.complete else "the first"
    yield Paragraph(f"Measured on {whole} {counted(x.states, 'state')} and {counted(x.steps, 'step')} of {sizes}.")
    yield Grid(
        ("variable", "values", "states without it", "times"),
        tuple((v.name, f"{v.values:,}", f"{v.without:,}", f"{v.ratio:.2f}") for v in x.variables[:MOST]),
    )
    yield Grid(
        ("action", "steps", "of all steps", "of all states found"),
        tuple((a.name, f"{a.steps:,}", f"{a.step_share:.0%}", f"{a.found_share:.0%}") for a in x.actions[:MOST]),
    )
    yield Heading("What would make them fewer")
    rows = tuple((c.name, c.to, f"{c.fewer:,}", f"{c.ratio:.1f}") for c in x.cuts if c.ratio >= NOTABLE)
    if rows:
        yield Grid(("parameter or fault", "at", "states then", "times fewer"), rows)
    for a in x.advice:
        times = "" if a.ratio is None else f": {a.ratio:.1f} times fewer"
        yield Paragraph(f"{a.subject}: {a.sentence}{times}.")
    if not rows and not x.advice:
        yield Paragraph("Nothing that was tried.")


def forecast_json(f: Forecast) -> str:
    """The same as JSON text; times in seconds, memory in bytes."""
    told = None if f.explosion is None else explosion_json(f.explosion)
    return _json({"schema": "planrace/forecast/1", **asdict(f), "explosion": told})


def explosion_json(x: Explosion) -> dict[str, Any]:
    """An explosion as values that JSON holds."""
    return {**asdict(x), "cuts": [{**asdict(c), "ratio": c.ratio} for c in x.cuts]}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


# Lint ------------------------------------------------------------------------------------------------------------
def lint_document(found: Linted, exit_code: int) -> Document:
    """One paragraph a finding, as compilers write them."""
    count = numbered(len(found), "finding") if found else "nothing found"
    return Document(
        tuple(Paragraph(str(x), "unknown") for x in found), f"lint of {found.protocol}: {count} (exit {exit_code})"
    )


def lint_json(found: Linted) -> str:
    """The findings as JSON text; files below the working directory if that is where they are, lines from 1."""
    rows = [
        {
            "kind": x.kind,
            "subject": x.subject,
            "file": None if x.where is None else str(x.where).rpartition(":")[0],
            "line": None if x.where is None else x.where.line,
            "sentence": x.sentence,
            "remedy": x.remedy,
        }
        for x in found
    ]
    return _json({"schema": "planrace/lint/1", "protocol": found.protocol, "findings": rows})
