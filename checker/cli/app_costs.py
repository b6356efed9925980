"""Options of ``check costs``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES


@click.command("costs", cls=HelpfulCommand, page=PAGES["costs"])
@options.protocol()
@options.selection()
@options.option(Topic.WHAT, "--cost", "names", metavar="NAME", multiple=True, help="Measure this one only; repeatable.")
@options.option(
    Topic.WHAT,
    "--each/--no-each",
    default=True,
    help="Measure also with each further protection (default), or only what is chosen.",
)
@options.max_states("Limit on the states of each search.")
@options.max_memory()
@options.time_limit()
@options.workers
@options.output("text, json or html.")
@options.look(runs=False)
def costs_command(protocol: str, **arguments: Any) -> int:
    """Measure what protections cost on the model: what the protocol declares with protocol.measure(…), such as steps,
    storage, how long something wrong can last, whether one member may stop.

    Exit codes: 0 measured, 2 wrong request or model, 3 something is not known within the limits.
    """
    from planrace.checker.cli.costs import costs_command as run

    return run(protocol, **arguments)
