"""Options of ``check sweep``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import NumberType


@click.command("sweep", cls=HelpfulCommand, page=PAGES["sweep"])
@options.protocol()
@options.swept("A parameter of the protocol, or the range of one that varies (keep=1..8); repeatable.")
@options.choices()
@options.properties("Check this one only; repeatable.")
@options.option(
    Topic.SEARCH,
    "--bisect",
    metavar="NAME",
    help="Of this parameter, compute only the values that it takes to find where verdicts change, if they do once.",
)
@options.expect
@options.engine("The engine for every point.")
@options.symmetry("Search orbits of interchangeable members, or all states.")
@options.option(Topic.LIMITS, "--depth", type=NumberType("depth"), help="Limit on the depth of each search.")
@options.max_states("Limit on the states of each search.")
@options.max_memory()
@options.time_limit("Limit on the time of all of it.")
@options.workers
@options.cluster("Check each point")
@options.option(
    Topic.OUTPUT, "--plot", type=click.Path(), metavar="FILE", help="Also plot the lengths: a .png, .svg or .pdf file."
)
@options.output("text, json, csv or html.")
@options.look(runs=False)
def sweep_command(protocol: str, **arguments: Any) -> int:
    """Check a protocol at every combination of some sizes: verdicts, lengths of the shortest counterexamples, where
    verdicts change, and a law if the lengths follow one.

    Exit codes: 0 decided everywhere (with --expect: as expected), 1 not as expected, 2 wrong request or model, 3 some
    point is undecided.
    """
    from planrace.checker.cli.sweep import sweep_command as run

    return run(protocol, **arguments)
