"""Options of ``check postmortem``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand
from planrace.checker.cli.pages import PAGES


@click.command("postmortem", cls=HelpfulCommand, page=PAGES["postmortem"])
@click.argument("facts", type=click.Path(), metavar="FACTS.toml")
@options.protocol()
@options.selection()
@options.max_states("Limit on the number of states of each search.")
@options.max_memory()
@options.time_limit("Limit on the total time.")
@options.workers
@options.output("text, json or html.")
@options.look()
def postmortem_command(facts: str, **arguments: Any) -> int:
    """Find the shortest run that shows the facts of an incident. FACTS.toml has the facts, their roles, their order,
    and claims about what follows (docs/postmortem.md).

    If no run shows them all: the most that one shows, and the facts that exclude each other. And for each protection
    alone: does a run still show them?

    Exit codes: 0 a run shows all facts, 1 none does, 2 wrong request, model or file, 3 undecided, 130 interrupted.
    """
    from planrace.checker.cli.postmortem import postmortem_command as run

    return run(facts, **arguments)
