"""Options of ``check lint`` and ``check forecast``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import Memory, NumberType


@click.command("lint", cls=HelpfulCommand, page=PAGES["lint"])
@options.protocol()
@options.selection()
@options.strict("Exit 1 if there are findings.")
@options.time_limit()
@options.output("text or json.")
@options.look(runs=False, progress=False)
def lint_command(protocol: str, **arguments: Any) -> int:
    """Find what the author of a model may have overlooked: unused declarations, guards that are never true, missing
    resets, unbounded growth.

    Exit codes: 0, with --strict 1 if there are findings, 2 wrong request or model.
    """
    from planrace.checker.cli.lint import lint_command as run

    return run(protocol, **arguments)


@click.command("forecast", cls=HelpfulCommand, page=PAGES["forecast"])
@options.protocol()
@options.selection()
@options.properties("Forecast for this property only; repeatable.")
@options.symmetry("Forecast orbits of interchangeable members, or all states.")
@options.option(
    Topic.SEARCH,
    "--sample",
    type=NumberType("sample"),
    default=20_000,
    show_default=True,
    help="Limit on states of each sample search.",
)
@options.option(
    Topic.LIMITS,
    "--seconds",
    type=NumberType("total"),
    default=15.0,
    show_default=True,
    help="Start no further search after this time.",
)
@options.option(
    Topic.SEARCH,
    "--node-memory",
    type=Memory(),
    default="16G",
    show_default=True,
    help="Memory of one of several machines, of which the forecast says how many it takes.",
)
@options.option(
    Topic.EXPLAIN, "--explain/--no-explain", default=True, help="Explain what multiplies the states (default)."
)
@options.output("text, json or html.")
@options.look(runs=False, progress=False)
def forecast_command(protocol: str, **arguments: Any) -> int:
    """Forecast the states, time and memory of a complete search. Explain what multiplies the states, and what would
    reduce them. Takes seconds, whatever the size."""
    from planrace.checker.cli.forecast import forecast_command as run

    return run(protocol, **arguments)
