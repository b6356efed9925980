"""Options of ``check cover`` and ``check replay``."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulCommand, Topic, TopicOption
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import NumberType, ProtocolName, Setting

FORMS = "text, json, html; for CI junit, sarif, annotations, summary."
CRITERIA = ("transitions", "outcomes", "pairs", "runs")
SCHEDULES = ("tour", "random", "pct", "unseen")


def _on() -> options.Decorator[Any]:
    return options.option(
        Topic.WHAT,
        "--on",
        "driver",
        metavar="DRIVER",
        required=True,
        help="The driver of your system: file.py:Driver or package.module:Driver; or dns:embedded, dns:bind, dns:knot, "
        "dns:route53: the DNS automation on a name server (docs/dns.md).",
    )


@click.command("cover", cls=HelpfulCommand, page=PAGES["cover"])
@options.protocol()
@_on()
@options.selection()
@options.option(
    Topic.WHAT,
    "--criterion",
    type=click.Choice(CRITERIA),
    default=CRITERIA[0],
    show_default=True,
    help="What to cover: transitions, outcomes of actions, pairs of consecutive steps, or runs of --length steps.",
)
@options.option(Topic.WHAT, "--length", type=NumberType("length"), metavar="N", help="Runs of up to N steps.")
@options.option(
    Topic.WHAT,
    "--run",
    metavar="STEPS",
    help="Perform only this run, as a divergence names it: 'publish flip(1)'; with an outcome: 'flip(1)[refused]'.",
)
@options.option(
    Topic.WHAT,
    "--start",
    type=NumberType("start"),
    metavar="N",
    help="The number of the initial state of --run, as check walk lists them, if there are several.",
)
@options.option(
    Topic.EXIT,
    "--at-least",
    type=NumberType("at_least"),
    metavar="PERCENT",
    default=100.0,
    show_default=True,
    help="The share of what the driver can control that must be performed.",
)
@options.option(
    Topic.SEARCH,
    "--schedule",
    type=click.Choice(SCHEDULES),
    default=SCHEDULES[0],
    show_default=True,
    help="Who chooses the next step: a tour that is computed, chance, random priorities, or what was taken least.",
)
@options.option(
    Topic.SEARCH,
    "--pct-depth",
    type=NumberType("pct_depth"),
    metavar="N",
    help="For pct: priorities change N - 1 times in a run (default: 3).",
)
@options.seed("Seed of choices that are open (default: a new one, printed).")
@options.option(
    Topic.SEARCH,
    "--reset-cost",
    type=NumberType("reset_cost"),
    default=1,
    show_default=True,
    metavar="N",
    help="How many steps a reset is worth.",
)
@options.option(Topic.LIMITS, "--max-steps", type=NumberType("max_steps"), help="Budget: perform no more steps.")
@options.option(
    Topic.LIMITS,
    "--max-states",
    type=NumberType("most"),
    default=50_000,
    show_default=True,
    help="Refuse to tour a model with more states.",
)
@options.cluster("Cover in parts, each on a system of its own,")
@options.time_limit("Budget: stop after this time; the least covered steps come first.")
@options.output(FORMS)
@options.look(progress=False)
def cover_command(protocol: str, **arguments: Any) -> int:
    """Perform runs of the model on your code that together take every transition, and compare after every step: does
    the code accept, refuse, answer and change what the model says? A driver is a class with a method for each action,
    reset() and observe() (docs/driving.md).

    Exit codes: 0 the share asked for was performed and nothing differs, 1 something differs, 2 wrong request, model or
    driver, 3 undecided, 130 interrupted.
    """
    from planrace.checker.cli.driving import cover_command as run

    return run(protocol, **arguments)


@click.command("replay", cls=HelpfulCommand, page=PAGES["replay"])
@click.argument("trace", type=click.Path())
@click.option(
    "-p",
    "--protocol",
    type=ProtocolName(),
    cls=TopicOption,
    topic=Topic.WHAT,
    help="The protocol of the run (default: that of the driver, or the built-in one of this name).",
)
@_on()
@click.option("--trace", "name", metavar="NAME", help="Perform the run of this property, or fullest.")
@options.option(
    Topic.WHAT,
    "--loops",
    type=NumberType("loops"),
    default=3,
    show_default=True,
    metavar="N",
    help="How often to perform the loop of a lasso.",
)
@options.option(
    Topic.WHAT,
    "--then",
    metavar="STEPS",
    help="Go on after the run, by the shortest way to each of these steps: 'publish flip(2) flip[refused]'.",
)
@options.option(
    Topic.WHAT,
    "-s",
    "--set",
    "settings",
    type=Setting(),
    multiple=True,
    help="Another size or option for --then; the run must be the same with it. Repeatable.",
)
@options.time_limit()
@options.output(FORMS)
@options.look(progress=False)
def replay_command(trace: str, **arguments: Any) -> int:
    """Perform a run on your system: does the system do it too? TRACE is a file that `check --format json` wrote, or a
    run that `check walk` saved; sizes, faults and protections are those of the run.

    Exit codes: 0 the system leaves the run, 1 the system does it too, 2 wrong request, model or driver, 3 undecided.
    """
    from planrace.checker.cli.driving import replay_command as run

    return run(trace, **arguments)
