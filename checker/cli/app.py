"""Options and commands of ``check``, as ``docs/cli.md`` describes them."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli.commands import Commands
from planrace.checker.cli.values import Memory, Name, NumberType, Setting


@click.group(
    "check",
    cls=Commands,
    invoke_without_command=True,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-p", "--protocol", metavar="NAME", help="original, fixed, file.py:attribute or package.module:attribute."
)
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--property", "properties", type=Name(), multiple=True, help="Check only this one; repeatable.")
@click.option("--scenario", metavar="NAME", help="Find the shortest run that shows this scenario; exit 1: none does.")
@click.option(
    "--engine",
    default="auto",
    metavar="NAME",
    help="How to look for an answer (see `check list`).",
)
@click.option("-x", "--fail-fast", is_flag=True, help="Stop at the first violation.")
@click.option("--exhaustive", is_flag=True, help="Visit every state even when all is decided.")
@click.option("--symmetry/--no-symmetry", default=None, help="Count orbits of interchangeable workers.")
@click.option("--slicing/--no-slicing", default=True, help="Leave out variables that nothing checked depends on.")
@click.option("--depth", type=NumberType("depth"), help="Bound of the search depth (of a run, when simulating).")
@click.option("--max-states", type=NumberType("states"), help="Bound of the number of states.")
@click.option("--max-memory", type=Memory(), help="Bound of memory, such as 8G (default: 75 % of the machine).")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time.")
@click.option("--workers", type=NumberType("workers"), help="Cores that a large search uses (default: all).")
@click.option("--dump-ir", metavar="FILE", help="Write the LLVM IR of the search, then done by machine code.")
@click.option("--seed", type=NumberType("seed"), help="Seed of the simulation (default: a new one, printed).")
@click.option("--runs", type=NumberType("runs"), help="Runs of the simulation (default: 100).")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text, json, html, … (see explain).")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
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
@click.option("--expect", type=click.Choice(["holds", "violated"]), help="Exit 0 when that is the outcome, else 1.")
@click.option("--strict", is_flag=True, help="Exit 1 where the report warns of the model.")
@click.version_option(package_name="planrace")
@click.pass_context
def app(context: click.Context, /, protocol: str | None, **options: Any) -> int | None:
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

    return check_command(protocol, **options)


@app.command("prove", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-p", "--protocol", metavar="NAME", help="As for check; with --all: fixed, unless another is named.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="Fix a size; the others stay open.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Prove under exactly these; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--property", "properties", type=Name(), multiple=True, help="Prove only this one; repeatable.")
@click.option("--all", "all_", is_flag=True, help="Decide every set of protections and faults, as a table.")
@click.option("--infer", is_flag=True, help="Find lemmas: guess, filter by reachable states, keep the inductive.")
@click.option("--dump-smt", metavar="DIR", help="Write every obligation as SMT-LIB 2 into DIR.")
@click.option("--confirm", is_flag=True, help="Have cvc5 check every obligation too (the extra planrace[cvc5]).")
@click.option("--rlimit", type=NumberType("rlimit"), default=3_000_000, show_default=True, help="Z3's steps a query.")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time.")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text, json, html, … (see explain).")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
@click.option("--expect", type=click.Choice(["holds", "violated"]), help="Exit 0 when that is the outcome, else 1.")
def prove_command(protocol: str | None, **options: Any) -> int:
    """Prove properties for every size, or find counterexamples on small instances.

    \b
    check prove --protocol fixed    proves, and says under which faults
    check prove --all               the table of all protections and faults

    Without --fault, properties are asked of the protocol without faults, and what holds is then proved under as many
    faults as it survives.
    """
    if protocol is None and not options["all_"]:
        raise click.UsageError("Missing option '-p' / '--protocol' (or --all).")
    from planrace.checker.cli.prove import prove_command as run

    return run(protocol or "fixed", **options)


@app.command("list")
@click.option("-p", "--protocol", "protocols", metavar="NAME", multiple=True, help="Only this one; repeatable.")
def list_command(protocols: tuple[str, ...]) -> None:
    """Protocols, parameters, protections, faults, properties and engines."""
    from planrace.checker.run.listing import listing, listing_text

    click.echo(listing_text(listing(protocols)), nl=False)


@app.command("explain", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("report", type=click.Path())
@click.option("--format", "forms", metavar="FORM[:FILE]", multiple=True, help="See below; repeatable with files.")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
@click.option("--trace", metavar="NAME", help="The property whose trace is meant, or fullest (default: the first).")
def explain_command(report: str, forms: tuple[str, ...], outputs: tuple[str, ...], trace: str | None) -> int:
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

    return run(report, forms, outputs, trace)


@app.command("graph", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-p", "--protocol", metavar="NAME", required=True, help="As for check.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--max-states", type=NumberType("most"), default=2000, show_default=True, help="Refuse more states.")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time.")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="dot (default) or graphml.")
@click.option("-o", "--output", "outputs", metavar="FILE", multiple=True, help="Where to write it; repeatable.")
def graph_command(protocol: str, **options: Any) -> int:
    """Draw the whole state graph of a small instance, as Graphviz DOT or GraphML."""
    from planrace.checker.cli.graph import graph_command as run

    return run(protocol, **options)


@app.command("walk", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-p", "--protocol", metavar="NAME", required=True, help="As for check.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--seed", type=NumberType("seed"), help="Seed of random steps (default: a new one, printed).")
@click.option("--replay", type=click.Path(), metavar="FILE", help="Begin with a run of a JSON report, or a saved one.")
@click.option("--trace", metavar="NAME", help="The property whose run of the report is meant, or fullest.")
def walk_command(protocol: str, **options: Any) -> int:
    """Walk through a protocol by hand: enabled steps are numbered; take one, go back, look around, save the run.

    Reads commands from standard input, so a script can walk too; `help` lists them.
    """
    from planrace.checker.cli.walk import walk_command as run

    return run(protocol, **options)


@app.command("compare", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("first", type=click.Path())
@click.argument("second", type=click.Path())
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text, json or markdown.")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
def compare_command(first: str, second: str, form: tuple[str, ...], outputs: tuple[str, ...]) -> int:
    """Lay two reports or saved runs side by side: what changed in the request, the verdicts, the counts, and where
    their runs part.

    Exit codes: 0 no verdict changed, 1 one did, 2 a file cannot be read.
    """
    from planrace.checker.cli.compare import compare_command as run

    return run(first, second, form, outputs)


@app.command("lint", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-p", "--protocol", metavar="NAME", required=True, help="As for check.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--strict", is_flag=True, help="Exit 1 where there is something to say.")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time.")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text or json.")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
def lint_command(protocol: str, **options: Any) -> int:
    """Say what the author of a model may have overlooked: unused declarations, guards that are never true, missing
    resets, unbounded growth.

    Exit codes: 0, with --strict 1 where there is something to say, 2 wrong request or model.
    """
    from planrace.checker.cli.lint import lint_command as run

    return run(protocol, **options)


@app.command("forecast", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-p", "--protocol", metavar="NAME", required=True, help="As for check.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--property", "properties", type=Name(), multiple=True, help="Only of this one; repeatable.")
@click.option("--symmetry/--no-symmetry", default=None, help="Of orbits of interchangeable members, or of all states.")
@click.option(
    "--sample", type=NumberType("sample"), default=20_000, show_default=True, help="States of each search in Python."
)
@click.option(
    "--seconds", type=NumberType("total"), default=15.0, show_default=True, help="When no further search is begun."
)
@click.option("--explain/--no-explain", default=True, help="Say what multiplies the states (default).")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text or json.")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
def forecast_command(protocol: str, **options: Any) -> int:
    """Forecast how many states a complete search will meet, how long it will take and how much memory, and say what
    multiplies the states and what would make them fewer. Takes seconds, whatever the size."""
    from planrace.checker.cli.forecast import forecast_command as run

    return run(protocol, **options)


@app.command("mutate", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-p", "--protocol", metavar="NAME", required=True, help="As for check.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--property", "properties", metavar="NAME", multiple=True, help="Only this one may notice; repeatable.")
@click.option("--action", "actions", metavar="NAME", multiple=True, help="Only mutants of this action; repeatable.")
@click.option("--at-least", type=NumberType("at_least"), metavar="PERCENT", help="Exit 1 where the score is less.")
@click.option("--engine", default="auto", metavar="NAME", help="auto, explicit or native.")
@click.option("--symmetry/--no-symmetry", default=None, help="Search orbits of interchangeable members, or all states.")
@click.option("--max-states", type=NumberType("states"), help="Bound of the number of states of each search.")
@click.option("--max-memory", type=Memory(), help="Bound of memory, such as 8G.")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time of all together.")
@click.option("--workers", type=NumberType("workers"), help="Cores that a large search uses (default: all).")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text or json.")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
def mutate_command(protocol: str, **options: Any) -> int:
    """Drop or weaken every guard, effect, outcome, action and protection in turn, and see which property notices.

    What no property notices is behaviour that nobody specified. Choose a size that is searched in a second: there is a
    search for every mutant.

    Exit codes: 0, with --at-least 1 where the score is less, 2 wrong request or model, 3 undecided.
    """
    from planrace.checker.cli.mutate import mutate_command as run

    return run(protocol, **options)


@app.group("baseline", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def baseline_group() -> None:
    """Keep what is known of protocols in a file of your repository, and say what a change changes."""


@baseline_group.command("save")
@click.option("-p", "--protocol", metavar="NAME", help="As for check; without it every entry of the file is renewed.")
@click.option("-s", "--set", "settings", type=Setting(), multiple=True, help="A parameter of the protocol; repeatable.")
@click.option("--fault", "faults", type=Name(), multiple=True, help="Switch a fault on; repeatable.")
@click.option("--with", "with_", type=Name(), multiple=True, help="Add a protection; repeatable.")
@click.option("--without", type=Name(), multiple=True, help="Remove a protection; repeatable.")
@click.option("--property", "properties", type=Name(), multiple=True, help="Only of this one; repeatable.")
@click.option("--symmetry/--no-symmetry", default=None, help="Count orbits of interchangeable members, or all states.")
@click.option("--slicing/--no-slicing", default=True, help="Leave out variables that nothing checked depends on.")
@click.option("--max-states", type=NumberType("states"), help="Bound of the number of states; the file keeps it.")
@click.option("--max-memory", type=Memory(), help="Bound of memory, such as 8G.")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time of each entry.")
@click.option("--workers", type=NumberType("workers"), help="Cores that a large search uses (default: all).")
@click.option("-o", "--output", default="planrace.baseline", metavar="FILE", show_default=True, help="The file.")
def baseline_save_command(protocol: str | None, output: str, **options: Any) -> int:
    """Check a protocol and put an entry into the file.

    It holds verdicts, lengths of runs, counts of a complete search, and the model in words. Other entries stay.

    Exit codes: 0, 2 wrong request, model or file, 3 undecided (then nothing is written).
    """
    from planrace.checker.cli.baseline import save_command as run

    return run(protocol, output, **options)


@baseline_group.command("compare")
@click.argument("file", type=click.Path(), default="planrace.baseline")
@click.option("--only", metavar="NAME", multiple=True, help="Entries of this protocol, or just this one; repeatable.")
@click.option("--strict", is_flag=True, help="Exit 1 also where only the model changed.")
@click.option("--max-memory", type=Memory(), help="Bound of memory, such as 8G.")
@click.option("--time-limit", type=NumberType("seconds"), metavar="SECONDS", help="Bound of time of each entry.")
@click.option("--workers", type=NumberType("workers"), help="Cores that a large search uses (default: all).")
@click.option("--format", "form", metavar="FORM[:FILE]", multiple=True, help="text, json or markdown.")
@click.option("-o", "--output", "outputs", metavar="[FORM:]FILE", multiple=True, help="Where to write it; repeatable.")
def baseline_compare_command(file: str, **options: Any) -> int:
    """Check every entry of FILE again and tell changes.

    Of the model, verdicts, lengths of runs and counts; with the counterexamples that are new.

    Exit codes: 0 no result changed, 1 one did, 2 wrong file, request or model, 3 undecided.
    """
    from planrace.checker.cli.baseline import compare_command as run

    return run(file, **options)
