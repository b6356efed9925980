"""Likelihoods as blocks of a text report."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.results.blocks import Block, Bullets, Document, Grid, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.likelihood import Likelihood, LikelihoodPoint, PropertyChance, TimedChance
from planrace.checker.results.wording import joined, numbered

UNITS = ((604_800.0, "w"), (86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"))
TELLING = 0.005
"""The least elasticity that is shown."""


def likelihood_document(made: Likelihood, detail: Detail = Detail.FULL) -> Document:
    """The probabilities at each size; ``VERDICTS``: only the last line."""
    closing = _closing(made)
    if detail is Detail.VERDICTS:
        return Document((), closing)
    blocks: list[Block] = [Heading(f"{made.protocol}: how likely"), Paragraph(_request(made)), Paragraph(_how(made))]
    blocks += _table(made) if len(made.points) > 1 else _single(made, made.points[0])
    blocks += _sensitive(made)
    blocks += [Heading("Rates"), Grid(("action", "rate", ""), tuple(map(tuple, _rates(made))))]
    return Document(tuple(blocks), closing)


def _closing(made: Likelihood) -> str:
    last = time_text(made.times[-1])
    if len(made.points) > 1:
        return f"likelihood: {numbered(len(made.points), 'size')}, up to {last}"
    told = [f"{p.name} {_probability(p.within[-1])}" for p in made.points[0].properties if p.within]
    return f"likelihood within {last}: {', '.join(told) or 'unknown'}"


def _request(made: Likelihood) -> str:
    sizes = ", ".join(f"{n}={v}" for n, v in made.points[0].parameters.items() if n not in made.varied)
    faults, protections = ", ".join(made.faults) or "none", ", ".join(made.protections) or "none"
    return f"{sizes or 'no parameters'}; faults: {faults}; protections: {protections}."


def _how(made: Likelihood) -> str:
    """How the numbers were found, and whose rates they rest on."""
    first = "Every step that is enabled waits for an exponentially distributed time with the rate of its action."
    if not made.invented:
        return first
    if len(made.invented) == len(made.rates):
        return f"{first} All rates are invented, so these are numbers of a model, not of a system (--rate, --rates)."
    some = "rate of {} is" if len(made.invented) == 1 else "rates of {} are"
    invented = some.format(joined(made.invented))
    return f"{first} The {invented} invented, so these are numbers of a model, not of a system."


def _single(made: Likelihood, point: LikelihoodPoint) -> Iterator[Block]:
    yield Paragraph(_built(point))
    header = ("property", *(f"within {time_text(t)}" for t in made.times), "ever", "mean time")
    yield Grid(header, tuple((p.name, *_cells(made, p)) for p in point.properties))
    if any(p.mean is not None for p in point.properties):
        yield Paragraph("The mean time is that of the runs in which it happens.")


def _cells(made: Likelihood, p: PropertyChance) -> tuple[str, ...]:
    within = [_probability(c) for c in p.within] or ["?"] * len(made.times)
    mean = "" if p.mean is None else time_text(p.mean)
    return (*within, "?" if p.ever is None else _number(p.ever), mean)


def _built(point: LikelihoodPoint) -> str:
    missing = f" Not known: {point.missing}." if point.missing else ""
    if point.states is not None:
        orbits = " (orbits of interchangeable members)" if point.orbits else ""
        steps = numbered(point.transitions or 0, "step")
        return f"Computed on the Markov chain of {numbered(point.states, 'state')}{orbits} and {steps}.{missing}"
    if point.runs is not None:
        why = f"Not computed: {point.missing}. " if point.missing else ""
        return (
            f"{why}Estimated by {numbered(point.runs, 'random run')} (seed {point.seed}); in brackets 95 % confidence "
            "intervals."
        )
    return f"Not known: {point.missing}."


def _table(made: Likelihood) -> Iterator[Block]:
    """A row for each size, a column for each property: the probability within the last time."""
    names = [p.name for p in made.points[0].properties]
    yield Paragraph(f"Within {time_text(made.times[-1])}:")
    rows = tuple(
        (
            ", ".join(str(point.parameters[n]) for n in made.varied),
            *(_probability(p.within[-1]) if p.within else "?" for p in point.properties),
        )
        for point in made.points
    )
    yield Grid((", ".join(made.varied), *names), rows)
    yield Bullets(tuple(f"{_point_name(made, p)}: {_built(p)}" for p in made.points))


def _point_name(made: Likelihood, point: LikelihoodPoint) -> str:
    return ", ".join(f"{n}={point.parameters[n]}" for n in made.varied)


def _sensitive(made: Likelihood) -> Iterator[Block]:
    if not any(p.elasticities for point in made.points for p in point.properties):
        return
    yield Heading("What the probabilities depend on")
    last = time_text(made.times[-1])
    yield Paragraph(f"If an action gets one per cent more frequent, the probability within {last} changes by per cent:")
    for point in made.points:
        for p in point.properties:
            if p.elasticities:
                told = sorted(p.elasticities.items(), key=lambda item: -abs(item[1]))
                rows = tuple((a, f"{e:+.2f}") for a, e in told if abs(e) >= TELLING)
                where = f" at {_point_name(made, point)}" if made.varied else ""
                if rows:
                    yield Grid((f"{p.name}{where}", "per cent"), rows)


def _rates(made: Likelihood) -> Iterator[tuple[str, str, str]]:
    for r in made.rates:
        yield r.action, rate_text(r.per_second), "" if r.given else "invented"


def _probability(c: TimedChance) -> str:
    if c.low == c.high:
        return _number(c.probability)
    return f"{_number(c.probability)} [{_number(c.low)}, {_number(c.high)}]"


def _number(p: float) -> str:
    """Three significant digits; 0 and 1 only if they are exact to the precision of the computation."""
    if p in (0.0, 1.0):
        return f"{p:.0f}"
    if p > 0.9995:
        return f"1 - {1 - p:.2g}"
    return f"{p:.3g}"


def time_text(seconds: float) -> str:
    """A time in the largest unit of which it is at least one."""
    size, unit = next(((s, u) for s, u in UNITS if seconds >= s), UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def rate_text(per_second: float) -> str:
    """A rate per second, or per the largest unit in which it is below 1000."""
    if not per_second:
        return "never"
    for size, unit in reversed(UNITS[:-1]):
        if per_second * size >= 1:
            return f"{per_second * size:.4g}/{unit}"
    return f"{per_second * UNITS[0][0]:.3g}/{UNITS[0][1]}"
