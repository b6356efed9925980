"""Forecasts as text (blocks of a report) and as JSON (``planrace/forecast/1``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from planrace.checker.advice.forecast.explosion import Explosion
from planrace.checker.advice.forecast.fewer import NOTABLE
from planrace.checker.advice.forecast.forecast import TENTHS, Forecast
from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.stores import StoreForecast
from planrace.checker.advice.formatting import Rounding, json_text, memory, rounded, seconds
from planrace.checker.results.blocks import Block, Document, Grid, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.wording import counted, limited

FIRST_TOLD = 2
"""The first tenths of the depth have hardly any states."""
MOST = 8
"""The most variables and actions in a table."""


# Forecasts -------------------------------------------------------------------------------------------------------
def forecast_document(f: Forecast, detail: Detail = Detail.FULL) -> Document:
    """The forecast, and why there are so many states; ``VERDICTS``: only how many."""
    if detail is Detail.VERDICTS:
        return Document((), f"forecast: {_states(f)}")
    blocks: list[Block] = [Heading(f"{f.protocol}: a forecast"), Paragraph(_request(f)), Paragraph(_numbers(f))]
    blocks += _needs(f)
    if f.explosion is not None:
        blocks += _explosion(f.explosion)
    return Document(tuple(blocks), f"forecast: {_states(f)}")


def _request(f: Forecast) -> str:
    sizes = ", ".join(f"{n}={v}" for n, v in f.parameters.items()) or "no parameters"
    faults, protections = ", ".join(limited(f.faults, f.at_most)) or "none", ", ".join(f.protections) or "none"
    several = f", at most {counted(f.states_per_orbit, 'state')} for each" if f.states_per_orbit > 1 else ""
    orbits = f" Orbits of interchangeable members are counted{several} (--no-symmetry counts all states)."
    reduced = orbits if f.symmetry else ""
    return f"{sizes}; faults: {faults}; protections: {protections}.{reduced}"


def _states(f: Forecast) -> str:
    if f.states is None:
        return f"at least {counted(f.at_least, 'state')}"
    if f.states.exact:
        return counted(round(f.states.low), "state")
    return f"about {rounded(f.states.middle)} states, {_between(f.states, rounded)}"


def _numbers(f: Forecast) -> str:
    engine = "machine code" if f.rate.engine == "native" else "Python"
    low, high = f.rate.bytes_per_state
    first = f"A complete search finds {_states(f)} ({f.how})."
    rate = (
        f"Measured in {engine}: {rounded(f.rate.per_second)} states/s, {low:.0f} to {high:.0f} bytes a state, "
        f"{rounded(f.rate.base[0] / 2**20)} MiB for the process."
    )
    if f.seconds is None or f.memory is None:
        return f"{first} {rate}"
    return f"{first} {_steps(f)}{rate} Time: {_between(f.seconds, seconds)}. Memory: {_between(f.memory, memory)}."


def _steps(f: Forecast) -> str:
    if f.transitions is None:
        return ""
    if f.transitions.exact:
        return f"It takes {counted(round(f.transitions.low), 'transition')}. "
    return f"It takes about {rounded(f.transitions.middle)} transitions. "


def _needs(f: Forecast) -> Iterator[Block]:
    """What the states need where one process may be too small for them, and how far a search of them is at a level."""
    if f.states is not None and not f.states.exact:
        yield Grid(
            ("store", "memory of one process", f"machines of {memory(f.stores[0].node_memory)}"),
            tuple((s.store, _between(s.memory, memory), _nodes(s)) for s in f.stores),
        )
    if f.states is None or f.states.exact or not f.shares or f.levels is None:
        return
    levels = counted(f.levels, "level")
    yield Paragraph(f"About {levels}. At a depth, if it is as in the nearest smaller instance, a search has found:")
    told = tuple(zip(TENTHS, f.shares, strict=True))[FIRST_TOLD:-1]
    yield Grid(
        ("depth", "of all states"), tuple((f"{round(part * f.levels)}", f"{int(100 * share)}%") for part, share in told)
    )
    if f.unchanging:
        yield Paragraph(f"Within the table, the states do not depend on {', '.join(f.unchanging)}.")


def _nodes(s: StoreForecast) -> str:
    low, high = s.nodes
    if not s.shared and high > 1:
        return "one is too small" if low > 1 else "one, perhaps too small"
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _between(i: ForecastInterval, word: Callable[[float, Rounding], str]) -> str:
    """An interval in words, not narrower than it is."""
    if i.exact:
        return word(i.middle, round)
    low, high = word(i.low, math.floor), word(i.high, math.ceil)
    return low if low == high else f"between {low} and {high}"


# Explosion -------------------------------------------------------------------------------------------------------
def explosion_document(x: Explosion) -> Document:
    """Why the states of a search are so many."""
    most = x.variables[0].name if x.variables else "nothing"
    return Document(tuple(_explosion(x)), f"explosion of {x.protocol}: {most} multiplies the states most")


def _explosion(x: Explosion) -> Iterator[Block]:
    yield Heading("What multiplies the states")
    sizes = ", ".join(f"{n}={v}" for n, v in x.measured_at.items()) or "the only size"
    whole = "all" if x.complete else "the first"
    yield Paragraph(f"Measured on {whole} {counted(x.states, 'state')} and {counted(x.steps, 'step')} of {sizes}.")
    yield Grid(
        ("variable", "values", "states without it", "factor"),
        tuple((v.name, f"{v.values:,}", f"{v.without:,}", f"{v.ratio:.2f}") for v in x.variables[:MOST]),
    )
    yield Grid(
        ("action", "steps", "of all steps", "of all states found"),
        tuple((a.name, f"{a.steps:,}", f"{a.step_share:.0%}", f"{a.found_share:.0%}") for a in x.actions[:MOST]),
    )
    yield Heading("What would reduce them")
    rows = tuple((c.name, c.to, f"{c.fewer:,}", f"{c.ratio:.1f}") for c in x.cuts if c.ratio >= NOTABLE)
    if rows:
        yield Grid(("parameter or fault", "changed to", "states", "times fewer"), rows)
    for a in x.advice:
        times = "" if a.ratio is None else f": {a.ratio:.1f} times fewer"
        yield Paragraph(f"{a.subject}: {a.sentence}{times}.")
    if not rows and not x.advice:
        yield Paragraph("No tried change does.")


def forecast_json(f: Forecast) -> str:
    """The forecast as JSON text; times in seconds, memory in bytes."""
    explosion = None if f.explosion is None else explosion_json(f.explosion)
    told = {k: x for k, x in asdict(f).items() if k != "at_most" or x}
    return json_text({"schema": "planrace/forecast/1", **told, "explosion": explosion})


def explosion_json(x: Explosion) -> dict[str, Any]:
    """An explosion as JSON values."""
    return {**asdict(x), "cuts": [{**asdict(c), "ratio": c.ratio} for c in x.cuts]}
