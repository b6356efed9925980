"""Options and commands of ``check``, as ``docs/cli.md`` describes them."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.commands import Commands
from planrace.checker.cli.values import NumberType

EVERY_FORM = "text, json, html, … (see explain)."


@click.group(
    "check",
    cls=Commands,
    invoke_without_command=True,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@options.protocol("original, fixed, file.py:attribute or package.module:attribute.", required=False)
@options.selection()
@options.properties("Check only this one; repeatable.")
@click.option("--scenario", metavar="NAME", help="Find the shortest run that shows this scenario; exit 1: none does.")
@click.option("--engine", default="auto", metavar="NAME", help="How to look for an answer (see `check list`).")
@click.option("-x", "--fail-fast", is_flag=True, help="Stop at the first violation.")
@click.option("--exhaustive", is_flag=True, help="Visit every state even when all is decided.")
@options.symmetry("Count orbits of interchangeable workers.")
@options.slicing
@click.option("--depth", type=NumberType("depth"), help="Bound of the search depth (of a run, when simulating).")
@options.max_states("Bound of the number of states.")
@options.max_memory("Bound of memory, such as 8G (default: 75 % of the machine).")
@options.time_limit()
@options.workers
@click.option("--dump-ir", metavar="FILE", help="Write the LLVM IR of the search, then done by machine code.")
@options.seed("Seed of the simulation (default: a new one, printed).")
@click.option("--runs", type=NumberType("runs"), help="Runs of the simulation (default: 100).")
@options.output(EVERY_FORM)
@click.option("--beside", metavar="NAME", help="Take the steps of traces in this variant too (pages choose one).")
@click.option(
    "--with-alternatives",
    "alternatives",
    type=NumberType("alternatives"),
    metavar="N",
    help="Let pages walk N steps off.",
)
@click.option("--least-delay", is_flag=True, help="Find how little delay breaks a property.")
@click.option("--sarif-all", is_flag=True, help="SARIF with what holds and what is open too.")
@click.option("--all-different", is_flag=True, help="Find counterexamples that differ in their racing steps.")
@click.option("-v", "--verbose", is_flag=True, help="Tell all there is to tell, however long that takes.")
@options.expect
@click.option("--strict", is_flag=True, help="Exit 1 where the report warns of the model.")
@click.version_option(package_name="planrace")
@click.pass_context
def app(context: click.Context, /, protocol: str | None, **asked: Any) -> int | None:
    """Search every interleaving of a control-plane protocol and tell what goes wrong.

    \b
    check --protocol original           finds the outage of 20 October 2025
    check --protocol fixed              searches all states of the repaired protocol
    check --protocol mine.py:protocol   checks your own

    Exit codes: 0 all hold, 1 violated, 2 wrong request or model, 3 undecided, 130 interrupted.
    """
    if context.invoked_subcommand is not None:
        return None
    if protocol is None:
        raise click.UsageError("Missing option '-p' / '--protocol': original, fixed, or your own file.py:attribute.")
    from planrace.checker.cli.command import check_command

    return check_command(protocol, **asked)


@app.command("prove")
@options.protocol("As for check; with --all: fixed, unless another is named.", required=False)
@options.selection("Fix a size; the others stay open.", "Prove under exactly these; repeatable.")
@options.properties("Prove only this one; repeatable.")
@click.option("--all", "all_", is_flag=True, help="Decide every set of protections and faults, as a table.")
@click.option("--infer", is_flag=True, help="Find lemmas: guess, filter by reachable states, keep the inductive.")
@click.option("--dump-smt", metavar="DIR", help="Write every obligation as SMT-LIB 2 into DIR.")
@click.option("--confirm", is_flag=True, help="Have cvc5 check every obligation too (the extra planrace[cvc5]).")
@click.option("--rlimit", type=NumberType("rlimit"), default=3_000_000, show_default=True, help="Z3's steps a query.")
@options.time_limit()
@options.output(EVERY_FORM)
@options.expect
def prove_command(protocol: str | None, **asked: Any) -> int:
    """Prove properties for every size, or find counterexamples on small instances.

    \b
    check prove --protocol fixed    proves, and says under which faults
    check prove --all               the table of all protections and faults

    Without --fault, properties are asked of the protocol without faults, and what holds is then proved under as many
    faults as it survives.
    """
    if protocol is None and not asked["all_"]:
        raise click.UsageError("Missing option '-p' / '--protocol' (or --all).")
    from planrace.checker.cli.prove import prove_command as run

    return run(protocol or "fixed", **asked)


@app.command("list")
@click.option("-p", "--protocol", "protocols", metavar="NAME", multiple=True, help="Only this one; repeatable.")
def list_command(protocols: tuple[str, ...]) -> None:
    """Protocols, parameters, protections, faults, properties and engines."""
    from planrace.checker.api.calls import listing, render

    click.echo(render(listing(protocols)), nl=False)


@app.command("explain")
@click.argument("report", type=click.Path())
@options.output("See below; repeatable with files.")
@click.option("--trace", metavar="NAME", help="The property whose trace is meant, or fullest (default: the first).")
def explain_command(report: str, **asked: Any) -> int:
    """Tell a report again, in other forms: REPORT is what `check --format json` wrote, what `check walk` saved, or a
    trace in ITF.

    \b
    text      what happened, step by step
    html      a page to walk through the runs, in one file
    json      everything, for programs
    junit, sarif, annotations, summary   for CI (docs/ci.md)
    mermaid   a sequence diagram that GitHub draws
    svg       the same as a picture
    shiviz    a log with vector clocks, for ShiViz
    itf       for Apalache, Quint and their tools
    tlc       TLC's JSON, for tlc -loadTrace json
    dot       the trace and what lies around it, for Graphviz; graphml: the same as GraphML
    """
    from planrace.checker.cli.explain import explain_command as run

    return run(report, **asked)


@app.command("graph")
@options.protocol()
@options.selection()
@click.option("--max-states", type=NumberType("most"), default=2000, show_default=True, help="Refuse more states.")
@options.time_limit()
@options.output("dot (default) or graphml.", "FILE")
def graph_command(protocol: str, **asked: Any) -> int:
    """Draw the whole state graph of a small instance, as Graphviz DOT or GraphML."""
    from planrace.checker.cli.graph import graph_command as run

    return run(protocol, **asked)


@app.command("walk")
@options.protocol()
@options.selection()
@options.seed("Seed of random steps (default: a new one, printed).")
@click.option("--replay", type=click.Path(), metavar="FILE", help="Begin with a run of a JSON report, or a saved one.")
@click.option("--trace", metavar="NAME", help="The property whose run of the report is meant, or fullest.")
def walk_command(protocol: str, **asked: Any) -> int:
    """Walk through a protocol by hand: enabled steps are numbered; take one, go back, look around, save the run.

    Reads commands from standard input, so a script can walk too; `help` lists them.
    """
    from planrace.checker.cli.walk import walk_command as run

    return run(protocol, **asked)


@app.command("compare")
@click.argument("first", type=click.Path())
@click.argument("second", type=click.Path())
@options.output("text, json or markdown.")
def compare_command(first: str, second: str, **asked: Any) -> int:
    """Lay two reports or saved runs side by side: what changed in the request, the verdicts, the counts, and where
    their runs part.

    Exit codes: 0 no verdict changed, 1 one did, 2 a file cannot be read.
    """
    from planrace.checker.cli.compare import compare_command as run

    return run(first, second, **asked)


@app.command("lint")
@options.protocol()
@options.selection()
@click.option("--strict", is_flag=True, help="Exit 1 where there is something to say.")
@options.time_limit()
@options.output("text or json.")
def lint_command(protocol: str, **asked: Any) -> int:
    """Say what the author of a model may have overlooked: unused declarations, guards that are never true, missing
    resets, unbounded growth.

    Exit codes: 0, with --strict 1 where there is something to say, 2 wrong request or model.
    """
    from planrace.checker.cli.lint import lint_command as run

    return run(protocol, **asked)


@app.command("forecast")
@options.protocol()
@options.selection()
@options.properties("Only of this one; repeatable.")
@options.symmetry("Of orbits of interchangeable members, or of all states.")
@click.option(
    "--sample", type=NumberType("sample"), default=20_000, show_default=True, help="States of each search in Python."
)
@click.option(
    "--seconds", type=NumberType("total"), default=15.0, show_default=True, help="When no further search is begun."
)
@click.option("--explain/--no-explain", default=True, help="Say what multiplies the states (default).")
@options.output("text or json.")
def forecast_command(protocol: str, **asked: Any) -> int:
    """Forecast how many states a complete search will meet, how long it will take and how much memory, and say what
    multiplies the states and what would make them fewer. Takes seconds, whatever the size."""
    from planrace.checker.cli.forecast import forecast_command as run

    return run(protocol, **asked)


@app.command("mutate")
@options.protocol()
@options.selection()
@click.option("--property", "properties", metavar="NAME", multiple=True, help="Only this one may notice; repeatable.")
@click.option("--action", "actions", metavar="NAME", multiple=True, help="Only mutants of this action; repeatable.")
@click.option("--at-least", type=NumberType("at_least"), metavar="PERCENT", help="Exit 1 where the score is less.")
@click.option("--engine", default="auto", metavar="NAME", help="auto, explicit or native.")
@options.symmetry("Search orbits of interchangeable members, or all states.")
@options.max_states("Bound of the number of states of each search.")
@options.max_memory()
@options.time_limit("Bound of time of all together.")
@options.workers
@options.output("text or json.")
def mutate_command(protocol: str, **asked: Any) -> int:
    """Drop or weaken every guard, effect, outcome, action and protection in turn, and see which property notices.

    What no property notices is behaviour that nobody specified. Choose a size that is searched in a second: there is a
    search for every mutant.

    Exit codes: 0, with --at-least 1 where the score is less, 2 wrong request or model, 3 undecided.
    """
    from planrace.checker.cli.mutate import mutate_command as run

    return run(protocol, **asked)


@app.group("baseline")
def baseline_group() -> None:
    """Keep what is known of protocols in a file of your repository, and say what a change changes."""


@baseline_group.command("save")
@options.protocol("As for check; without it every entry of the file is renewed.", required=False)
@options.selection()
@options.properties("Only of this one; repeatable.")
@options.symmetry("Count orbits of interchangeable members, or all states.")
@options.slicing
@options.max_states("Bound of the number of states; the file keeps it.")
@options.max_memory()
@options.time_limit("Bound of time of each entry.")
@options.workers
@click.option("-o", "--output", default="planrace.baseline", metavar="FILE", show_default=True, help="The file.")
def baseline_save_command(protocol: str | None, output: str, **asked: Any) -> int:
    """Check a protocol and put an entry into the file.

    It holds verdicts, lengths of runs, counts of a complete search, and the model in words. Other entries stay.

    Exit codes: 0, 2 wrong request, model or file, 3 undecided (then nothing is written).
    """
    from planrace.checker.cli.baseline import save_command as run

    return run(protocol, output, **asked)


@baseline_group.command("compare")
@click.argument("file", type=click.Path(), default="planrace.baseline")
@click.option("--only", metavar="NAME", multiple=True, help="Entries of this protocol, or just this one; repeatable.")
@click.option("--strict", is_flag=True, help="Exit 1 also where only the model changed.")
@options.max_memory()
@options.time_limit("Bound of time of each entry.")
@options.workers
@options.output("text, json or markdown.")
def baseline_compare_command(file: str, **asked: Any) -> int:
    """Check every entry of FILE again and tell changes.

    Of the model, verdicts, lengths of runs and counts; with the counterexamples that are new.

    Exit codes: 0 no result changed, 1 one did, 2 wrong file, request or model, 3 undecided.
    """
    from planrace.checker.cli.baseline import compare_command as run

    return run(file, **asked)
