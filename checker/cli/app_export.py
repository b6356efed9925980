"""Options of ``check export``, ``check import`` and ``check crosscheck``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import Name, NumberType


def number(name: str, text: str, **more: Any) -> options.Decorator[Any]:
    """An option about the lines of a log."""
    return options.option(Topic.OUTPUT, name, type=NumberType(name[2:]), help=text, **more)


@click.command("export", cls=HelpfulCommand, page=PAGES["export"])
@click.argument("trace", type=click.Path(), required=False, metavar="[TRACE.json]")
@options.option(
    Topic.OUTPUT,
    "--to",
    type=click.Choice(["log", "promela", "quint", "smtlib", "tla"]),
    required=True,
    help="log: what the processes would have logged, JSON lines for check conform. promela, quint, smtlib, tla: the "
    "protocol, for SPIN, for Quint, for solvers and for TLC.",
)
@options.protocol("The protocol; for a log, a random run of it is taken.", required=False)
@options.selection()
@click.option("--trace", "name", metavar="NAME", help="Use the report's run for this property, or fullest.")
@options.option(
    Topic.WHAT, "--length", type=NumberType("length"), metavar="N", help="Steps of a random run (default: 100)."
)
@options.seed("Seed of the random run, and of what is chosen below (default: a new one, printed; 0 for a report).")
@options.option(
    Topic.OUTPUT,
    "--hide",
    type=Name(),
    metavar="ACTION",
    multiple=True,
    help="An action that is not logged; repeatable.",
)
@number("--first", "The first step that is logged.", default=1, metavar="N")
@number("--last", "The last step that is logged.", metavar="N")
@number("--skew", "The clock of each stream is wrong by up to this.", default=0.0, metavar="SECONDS")
@number("--drop", "Leave out N lines, any.", default=0, metavar="N")
@options.option(Topic.OUTPUT, "--shuffle", is_flag=True, help="Put lines of different streams in any order.")
@options.time_limit()
@options.option(
    Topic.OUTPUT,
    "-o",
    "--output",
    metavar="PLACE",
    help="A file, or a folder (FOLDER/) for a file for each stream (default: standard output).",
)
def export_command(trace: str | None, **arguments: Any) -> int:
    """Write a run as a log, or a protocol in another language.

    --to log: TRACE.json is a report or a saved run; with -p it is a random run, which ends early where
    nothing is enabled. Step n happens at second n. What is written conforms (check conform), unless lines are dropped
    or the first ones are cut.

    --to promela: the protocol at one size, with its safety properties (compare the answers: check crosscheck).
    --to quint: the same, with liveness. --to smtlib: its transition system, with a bounded search for solvers.
    --to tla: the same as a module of TLA+ with liveness, and its configurations beside FILE (-o FILE.tla).

    What was written is told on standard error. Exit codes: 0 it is written, 2 wrong request or model, 130 interrupted.
    """
    from planrace.checker.cli.export import export_command as run

    return run(trace, **arguments)


@click.command("import", cls=HelpfulCommand, page=PAGES["import"])
@click.argument("file", type=click.Path())
@options.protocol("The protocol that the run is of.", required=False)
@options.selection()
@options.time_limit()
@options.output("text, json, html, or one for CI or of a single run, as in check explain.")
@options.look(progress=False)
@options.option(
    Topic.WHAT, "--cfg", type=click.Path(), metavar="FILE", help="Of SPEC.tla: TLC's configuration (default: SPEC.cfg)."
)
@options.option(
    Topic.WHAT,
    "--bound",
    "bounds",
    metavar="NAME=LOW..HIGH",
    multiple=True,
    help="Of SPEC.tla: the range of numbers in a variable; repeatable.",
)
@options.option(
    Topic.WHAT,
    "--most",
    "lengths",
    metavar="NAME=N",
    multiple=True,
    help="Of SPEC.tla: the most elements of sequences in a variable; repeatable.",
)
def import_command(file: str, **arguments: Any) -> int:
    """Import a run that another checker found in an exported protocol: what spin -t -p prints, a trail of SPIN, what
    TLC prints, or its -dumpTrace json. The content of FILE says which.

    A specification in TLA+, SPEC.tla, becomes code of planrace, which -o writes to a file; what is not translated is
    named line by line. Exit codes are 0 all of it is translated, 2 there is no protocol without what is missing, 3
    properties or fairness are missing. Needs the extra planrace[tla].

    The interpreter finds each step again, with the sizes, faults and protections of the export; then the run is judged
    and explained like one of check. A step that does not fit is named.

    Exit codes: 0 it shows that something is reachable, 1 it violates a property, 2 wrong request, or it does not fit,
    3 it shows no property, or not the one that the other checker says.
    """
    from planrace.checker.cli.import_run import import_command as run

    return run(file, **arguments)


@click.command("crosscheck", cls=HelpfulCommand, page=PAGES["crosscheck"])
@options.protocol()
@options.selection()
@options.option(
    Topic.WHAT,
    "--peer",
    type=click.Choice(["spin", "tlc"]),
    default="spin",
    show_default=True,
    help="The other checker.",
)
@options.max_states("Limit on the number of states (default: 1,000,000).")
@options.max_memory()
@options.time_limit("Limit on the time of both searches.")
@options.output("text, json or html.")
@options.look(runs=False)
def crosscheck_command(protocol: str, **arguments: Any) -> int:
    """Search a protocol here and as a model in another checker, and compare the numbers of states and transitions and
    the verdicts of the properties that it decides. Nothing is reduced on either side, so all must be equal.

    SPIN needs the programs spin and gcc; TLC needs java and tla2tools.jar, which TLA2TOOLS_JAR names. Exit codes: 0 all
    agree, 1 a disagreement, 2 wrong request or model, or one that the other language cannot say, 3 undecided: a limit
    was met, or the other checker is missing.
    """
    from planrace.checker.cli.export import crosscheck_command as run

    return run(protocol, **arguments)
