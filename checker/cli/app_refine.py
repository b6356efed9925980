"""Options of ``check refine``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import NumberType, ProtocolName


@click.command("refine", cls=HelpfulCommand, page=PAGES["refine"])
@options.option(
    Topic.WHAT, "--of", "protocol", type=ProtocolName(), required=True, help="The concrete protocol, named as for -p."
)
@options.option(
    Topic.WHAT,
    "--to",
    type=ProtocolName(),
    required=True,
    help="The abstract protocol: its name, or as for -p. The concrete one declares how, by protocol.refines(…).",
)
@options.selection("A parameter of the concrete protocol; repeatable.", "Switch a fault of it on; repeatable.")
@options.engine("The engine that searches; proof: for every size.")
@options.symmetry("Search orbits of interchangeable members instead of single states.")
@options.option(Topic.LIMITS, "--depth", type=NumberType("depth"), help="Limit on the search depth.")
@options.max_states("Limit on the number of states.")
@options.max_memory()
@options.time_limit()
@options.workers
@options.output("text, json, html, … (see explain).")
@options.expect
@options.look()
def refine_command(protocol: str, to: str, **arguments: Any) -> int:
    """Decide whether every step of a protocol is a step of a more abstract one, or changes nothing of it.

    A counterexample is the shortest run to a step that is none, with the abstract run below it and the abstract steps
    that come nearest.

    Exit codes: 0 it refines it, 1 it does not, 2 wrong request or model, 3 undecided.
    """
    from planrace.checker.cli.refine import refine_command as run

    return run(protocol, to, **arguments)
