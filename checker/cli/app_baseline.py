"""Options and commands of ``check baseline``, as ``docs/cli.md`` describes them."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.help import HelpfulGroup, Topic
from planrace.checker.cli.pages import PAGES


@click.group("baseline", cls=HelpfulGroup, page=PAGES["baseline"])
def baseline_group() -> None:
    """Keep results of protocols in a file of your repository, and report what a change of the protocol changes."""


@baseline_group.command("save", page=PAGES["baseline save"])
@options.protocol("As for check; without it every entry of the file is updated.", required=False)
@options.selection()
@options.properties("Check only this one; repeatable.")
@options.symmetry("Search orbits of interchangeable members, or all states.")
@options.slicing
@options.max_states("Limit on the number of states; it is stored in the file.")
@options.max_memory()
@options.time_limit("Limit on the time of each entry.")
@options.workers
@click.option("-o", "--output", default="planrace.baseline", metavar="FILE", show_default=True, help="The file.")
@options.no_progress
def baseline_save_command(protocol: str | None, output: str, **arguments: Any) -> int:
    """Check a protocol and write an entry into the file.

    It holds verdicts, lengths of runs, counts of a complete search, and the model in words. Other entries are kept.

    Exit codes: 0, 2 wrong request, model or file, 3 undecided (then nothing is written).
    """
    from planrace.checker.cli.baseline import save_command as run

    return run(protocol, output, **arguments)


@baseline_group.command("compare", page=PAGES["baseline compare"])
@click.argument("file", type=click.Path(), default="planrace.baseline")
@options.option(
    Topic.WHAT, "--only", metavar="NAME", multiple=True, help="Compare only this protocol or entry; repeatable."
)
@options.strict("Exit 1 also if only the model changed.")
@options.max_memory()
@options.time_limit("Limit on the time of each entry.")
@options.workers
@options.output("text, json or markdown.")
@options.look()
def baseline_compare_command(file: str, **arguments: Any) -> int:
    """Check every entry of FILE again and report changes.

    Changes of the model, verdicts, lengths of runs and counts, with new counterexamples.

    Exit codes: 0 no result changed, 1 one did, 2 wrong file, request or model, 3 undecided.
    """
    from planrace.checker.cli.baseline import compare_command as run

    return run(file, **arguments)
