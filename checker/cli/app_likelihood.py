"""Options of ``check likelihood``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import NumberType


@click.command("likelihood", cls=HelpfulCommand, page=PAGES["likelihood"])
@options.protocol()
@options.swept("A parameter of the protocol, or several values of it (keep=1..4); repeatable.")
@options.choices()
@options.properties("Compute this one only; repeatable.")
@options.option(
    Topic.WHAT,
    "--rate",
    metavar="ACTION=RATE",
    multiple=True,
    help="How often an action occurs where it can, such as publish=1/30s or crash=2/w; repeatable.",
)
@options.option(
    Topic.WHAT, "--rates", type=click.Path(), metavar="FILE", help="A TOML file with a table [rates] of such lines."
)
@options.option(
    Topic.WHAT,
    "--within",
    metavar="TIME",
    multiple=True,
    help="Times such as 90s, 24h or 7d; repeatable (default: 1min, 1h, 1d).",
)
@options.option(
    Topic.EXPLAIN,
    "--sensitivity",
    is_flag=True,
    help="Compute how the probability within the last time depends on each rate.",
)
@options.option(Topic.SEARCH, "--simulate", is_flag=True, help="Make random runs, although the chain could be built.")
@options.symmetry("Build the chain of orbits of interchangeable members (default), or of all states.")
@options.seed("Seed of random runs (default: a new one, printed).")
@options.option(
    Topic.SEARCH, "--runs", type=NumberType("runs"), help="Random runs, if the chain is not built (default: 1,000)."
)
@options.max_states("Build chains of at most so many states; of larger ones, make random runs (default: 1,000,000).")
@options.max_memory()
@options.time_limit()
@options.option(
    Topic.OUTPUT,
    "--storm",
    type=click.Path(),
    metavar="PREFIX",
    help="Also write the Markov chain as PREFIX.tra and PREFIX.lab, for Storm.",
)
@options.output("text, json or html.")
@options.look(runs=False)
def likelihood_command(protocol: str, **arguments: Any) -> int:
    """Compute how likely it is that invariants are violated within some times, if every step that is enabled waits for
    an exponentially distributed time. The rates are yours to give; those that are not given are invented, and the
    report says so.

    Exit codes: 0 computed or estimated, 2 wrong request or model, 3 not known within the limits.
    """
    from planrace.checker.cli.likelihood import likelihood_command as run

    return run(protocol, **arguments)
