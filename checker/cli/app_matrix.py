"""Options of ``check matrix``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import NumberType, Setting


@click.command("matrix", cls=HelpfulCommand, page=PAGES["matrix"])
@options.protocol()
@options.selection(
    "A size at which sets are searched; repeatable (default: small sizes that the protocol names).",
    "A fault that is on everywhere; repeatable.",
    "A protection that is always on; repeatable.",
    "A protection that is never on; repeatable.",
)
@options.option(
    Topic.WHAT,
    "--larger",
    "larger",
    type=Setting(),
    multiple=True,
    help="A size at which sets that suffice are searched again; repeatable (default: those of -s, and the defaults).",
)
@options.properties("Sets have to keep only this one; repeatable (default: all).")
@options.option(
    Topic.WHAT,
    "--max-set",
    type=NumberType("max_set"),
    default=3,
    show_default=True,
    metavar="N",
    help="The most protections of a set.",
)
@options.option(
    Topic.WHAT,
    "--fault-sets",
    type=NumberType("fault_sets"),
    default=2,
    show_default=True,
    metavar="N",
    help="Search minimal sets under up to N more faults at once.",
)
@options.option(
    Topic.LIMITS,
    "--proof-time",
    type=NumberType("proof_time"),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="Processor time to prove a minimal set for every size; 0: do not try.",
)
@options.option(
    Topic.EXIT,
    "--expect-set",
    "expected",
    metavar="A+B",
    multiple=True,
    help="Exit 1 unless these protections are a minimal set; repeatable.",
)
@options.max_states("Limit on the number of states of each search.")
@options.time_limit("Limit on the total time.")
@options.workers
@options.cluster("Decide each point")
@options.option(Topic.SEARCH, "--no-cache", is_flag=True, help="Neither use nor keep answers of other runs.")
@options.output("text, json, markdown or html.")
@options.look()
def matrix_command(protocol: str, **arguments: Any) -> int:
    """Find out which protections suffice: each alone, then all minimal sets that make every property hold, what each of
    their members is for, and what the others leave open.

    Each claim stands beside the command that shows it. A run that was cut goes on where it was.

    Exit codes: 0 everything is decided (or what was expected is there), 1 it is not there, 2 wrong request or model, 3
    undecided.
    """
    from planrace.checker.cli.matrix import matrix_command as run

    return run(protocol, **arguments)
