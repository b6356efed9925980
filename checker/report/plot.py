"""Plots of sweeps, drawn with Matplotlib."""

from __future__ import annotations

import io
from itertools import groupby
from pathlib import Path

from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.extras import install_command
from planrace.checker.results.sweep import Sweep

SUFFIXES = (".png", ".svg", ".pdf")
MARKS = "osD^vP*X"


def write_plot(to: Path, made: Sweep) -> None:
    """Draw the lengths over the first parameter that varies, a line for each property and each value of the others.
    Raises ``OutputError``, also if Matplotlib is missing."""
    if to.suffix not in SUFFIXES:
        raise OutputError(f"{to}: a plot ends with {', '.join(SUFFIXES)}")
    try:
        import matplotlib as mpl
    except ImportError:
        raise OutputError(f"a plot needs Matplotlib: {install_command('plot')}") from None
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    first, others = made.varied[0], made.varied[1:]
    for k, (label, xs, ys) in enumerate(_lines(made, first, others)):
        axes.plot(xs, ys, marker=MARKS[k % len(MARKS)], label=label)
    axes.set_xlabel(first)
    axes.set_ylabel("steps of the shortest run")
    axes.set_title(made.protocol)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    if axes.lines:
        axes.legend(fontsize="small")
    drawn = io.BytesIO()
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}  # the same sweep gives the same file
    with mpl.rc_context({"svg.hashsalt": "planrace"}):
        figure.savefig(drawn, format=to.suffix[1:], metadata=undated.get(to.suffix))
    write_whole(to, drawn.getvalue())


def _lines(made: Sweep, first: str, others: tuple[str, ...]) -> list[tuple[str, list[int], list[int]]]:
    found = []
    for name in dict.fromkeys(c.name for p in made.points for c in p.cells):
        points = sorted(
            (tuple(p.values[n] for n in others), p.values[first], c.length)
            for p in made.points
            for c in p.cells
            if c.name == name and c.length is not None
        )
        for key, some in groupby(points, key=lambda point: point[0]):
            line = list(some)
            where = ", ".join(f"{n}={v}" for n, v in zip(others, key, strict=True))
            found.append((f"{name} ({where})" if where else name, [x for _, x, _ in line], [y for _, _, y in line]))
    return found
