"""Options of ``check conform``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import NumberType

FORMS = "text, json, html."


@click.command("conform", cls=HelpfulCommand, page=PAGES["conform"])
@click.argument("logs", type=click.Path(), nargs=-1, required=True)
@options.protocol()
@options.selection()
@options.option(
    Topic.WHAT,
    "--mapping",
    type=click.Path(),
    metavar="FILE",
    help="A TOML file that says how the lines of the logs become records (docs/conform.md).",
)
@options.option(
    Topic.WHAT,
    "--explain-mapping",
    is_flag=True,
    help="Show what the mapping makes of the first 20 lines of each log, and which others it does not recognise.",
)
@options.option(
    Topic.WHAT,
    "--uncertainty",
    type=NumberType("uncertainty"),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How much a clock may be wrong by, where a line does not say.",
)
@options.option(
    Topic.WHAT,
    "--logged",
    metavar="ACTION",
    multiple=True,
    help="An action of which every step is logged, although none may occur; repeatable.",
)
@options.option(
    Topic.SEARCH,
    "--hidden",
    type=NumberType("hidden"),
    metavar="N",
    help="At most N steps that no line tells between two events; 0: none (default: any number).",
)
@options.option(
    Topic.SEARCH,
    "--every",
    is_flag=True,
    help="Search all runs that explain the logs, for the one with the fewest faults and for what they violate, however "
    "long it takes (otherwise only if it takes a few seconds), and 20 times as far for a violation that was near.",
)
@options.option(
    Topic.WHAT,
    "--join",
    is_flag=True,
    help="The logs begin while the system runs: in any state that the model reaches (at most as many as --max-width).",
)
@options.option(
    Topic.WHAT,
    "--follow",
    is_flag=True,
    help="Read logs while they are written, until nothing explains what they say, you interrupt it, or "
    "the time limit ends it.",
)
@options.option(
    Topic.WHAT,
    "--unlogged",
    metavar="ACTION",
    multiple=True,
    help="With --follow: an action that may happen although no line tells; repeatable (default: those of faults; with "
    "--mapping those that it does not name).",
)
@options.option(
    Topic.LIMITS,
    "--lag",
    type=NumberType("lag"),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="With --follow: a line is in its file so long after its time at the latest; after that at which its step "
    "began, unless a line said so then.",
)
@options.option(
    Topic.LIMITS,
    "--patience",
    type=NumberType("patience"),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="With --follow: a step that began and has not ended after so long may have happened or not.",
)
@options.option(
    Topic.LIMITS,
    "--max-width",
    type=NumberType("max_width"),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Undecided if more states must be held apart to find where the logs leave the model; and so many at most to "
    "search all runs.",
)
@options.time_limit()
@options.output(FORMS)
@options.look()
def conform_command(protocol: str, **arguments: Any) -> int:
    """Find the run of the model that LOGS tell: files of JSON lines, or of any text with a mapping, a stream each,
    with clocks that may be wrong.
    Steps that no line tells (crashes, for example) are filled in where they are needed, and are listed. The run is
    asked about all invariants. If nothing explains the logs, you read where they leave the model, and why
    (docs/conform.md).

    Exit codes: 0 the logs conform and violate nothing, 1 they diverge, or conform and violate a property, 2 wrong
    request, model or line, 3 undecided, or some of the runs that explain the logs violate a property and others none,
    130 interrupted.
    """
    from planrace.checker.cli.conform import conform_command as run

    return run(protocol, **arguments)
