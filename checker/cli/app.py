"""Options and commands of ``check``, as ``docs/cli.md`` describes them."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.cli import options
from planrace.checker.cli.app_advice import forecast_command, lint_command
from planrace.checker.cli.app_baseline import baseline_group
from planrace.checker.cli.app_conform import conform_command
from planrace.checker.cli.app_costs import costs_command
from planrace.checker.cli.app_driving import cover_command, replay_command
from planrace.checker.cli.app_export import crosscheck_command, export_command, import_command
from planrace.checker.cli.app_likelihood import likelihood_command
from planrace.checker.cli.app_matrix import matrix_command
from planrace.checker.cli.app_postmortem import postmortem_command
from planrace.checker.cli.app_refine import refine_command
from planrace.checker.cli.app_sweep import sweep_command
from planrace.checker.cli.completion import Kind
from planrace.checker.cli.group import Commands
from planrace.checker.cli.help import Topic
from planrace.checker.cli.pages import PAGES
from planrace.checker.cli.values import Memory, Name, NumberType, ProtocolName
from planrace.checker.results.bitstate import SearchOrder

EVERY_FORMAT = "text, json, html, … (see explain)."


@click.group(
    "check",
    cls=Commands,
    page=PAGES["check"],
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@options.protocol("original, fixed, … (see list), file.py:attribute or package.module:attribute.", required=False)
@options.selection()
@options.properties("Check only this one; repeatable.")
@options.option(
    Topic.WHAT,
    "--scenario",
    type=Name(Kind.SCENARIO),
    help="Find the shortest run that shows this scenario; exit 1 if there is none.",
)
@options.engine("The engine that searches or proves (see `check list`).")
@options.option(Topic.SEARCH, "-x", "--fail-fast", is_flag=True, help="Stop at the first violation.")
@options.option(
    Topic.SEARCH,
    "--exhaustive",
    is_flag=True,
    help="Visit every state, even if every property is decided earlier.",
)
@options.symmetry("Search orbits of interchangeable members instead of single states.")
@options.normalise
@options.slicing
@options.option(
    Topic.LIMITS,
    "--depth",
    type=NumberType("depth"),
    help="Limit on the search depth (in a simulation: on the length of a run).",
)
@options.max_states("Limit on the number of states.")
@options.max_memory("Limit on memory, such as 8G (default: 75 % of the machine).")
@options.time_limit()
@options.workers
@options.cluster_search
@options.store
@options.spill
@options.checkpoints
@options.option(
    Topic.SEARCH,
    "--dump-ir",
    metavar="FILE",
    help="Write the LLVM IR of the search, which then uses machine code.",
)
@options.seed("Seed of the simulation or the bitstate searches (default: a new one, printed).")
@options.option(
    Topic.SEARCH,
    "--runs",
    type=NumberType("runs"),
    help="Runs of the simulation (default: 100), or bitstate searches (default: 8).",
)
@options.option(
    Topic.SEARCH,
    "--bit-array",
    type=Memory("bit_array"),
    help="Memory for the bits of a search (default: 64M).",
)
@options.option(
    Topic.SEARCH,
    "--hashes",
    type=NumberType("hashes"),
    metavar="N",
    help="Hash functions of a bitstate search (default: 3).",
)
@options.option(
    Topic.SEARCH,
    "--order",
    type=click.Choice([o.value for o in SearchOrder]),
    help="Order of the bitstate searches (default: both in turn).",
)
@options.output(EVERY_FORMAT)
@options.option(
    Topic.EXPLAIN,
    "--beside",
    type=ProtocolName(),
    help="Compare traces with this variant (pages choose one by default).",
)
@options.option(
    Topic.EXPLAIN,
    "--with-alternatives",
    "alternatives",
    type=NumberType("alternatives"),
    metavar="N",
    help="Pages show the states within N steps of a trace.",
)
@options.option(Topic.EXPLAIN, "--least-delay", is_flag=True, help="Find the smallest delay that breaks a property.")
@options.option(Topic.OUTPUT, "--sarif-all", is_flag=True, help="SARIF also lists properties that hold or are unknown.")
@options.option(
    Topic.EXPLAIN, "--all-different", is_flag=True, help="Find counterexamples that differ in their racing steps."
)
@options.expect
@options.strict("Exit 1 if the report has warnings about the model.")
@options.only
@options.option(
    Topic.OUTPUT, "--watch", is_flag=True, help="Check again whenever a file that was read changes, until Ctrl-C."
)
@options.look()
@click.version_option(package_name="planrace", message="planrace, version %(version)s")
@click.pass_context
def app(context: click.Context, /, protocol: str | None, **arguments: Any) -> int | None:
    """Search every interleaving of a control-plane protocol and report what goes wrong.

    Exit codes: 0 all hold, 1 violated, 2 wrong request or model, 3 undecided, 130 interrupted.
    """
    if context.invoked_subcommand is not None:
        return None
    if arguments.pop("watch"):
        from planrace.checker.cli.watch import watch_command

        return watch_command(protocol, *context.obj)
    if protocol is None:
        from planrace.checker.cli.project import project_command

        return project_command(context, arguments)
    if arguments.pop("only"):
        raise click.UsageError("--only chooses among the checks of pyproject.toml; with -p there is one protocol.")
    from planrace.checker.cli.check import check_command

    return check_command(protocol, **arguments)


@app.command("init", page=PAGES["init"])
@click.argument("folder", type=click.Path(file_okay=False), default=".")
def init_command(folder: str) -> int:
    """Write a protocol with a bug and its fix, a test, a GitHub workflow and the section of pyproject.toml into FOLDER.

    An existing pyproject.toml gets the section at its end. Existing files are never replaced.

    Exit codes: 0 written, 2 not written.
    """
    from planrace.checker.cli.init import init_command as run

    return run(folder)


@app.command("prove", page=PAGES["prove"])
@options.protocol("As for check; with --all: fixed, unless another is named.", required=False)
@options.selection("Fix a size; the others stay open.", "Prove under exactly these faults; repeatable.")
@options.properties("Prove only this one; repeatable.")
@click.option("--all", "all_", is_flag=True, help="Decide every set of protections and faults, as a table.")
@click.option("--infer", is_flag=True, help="Infer lemmas: guess, filter by reachable states, keep the inductive ones.")
@click.option("--as-python", is_flag=True, help="Write the lemmas that --infer finds as Python, to be pasted.")
@click.option("--dump-smt", metavar="DIR", help="Write every obligation as SMT-LIB 2 into DIR.")
@click.option("--confirm", is_flag=True, help="Check every obligation with cvc5, too (needs planrace[cvc5]).")
@options.option(
    Topic.SEARCH,
    "--rlimit",
    type=NumberType("rlimit"),
    default=3_000_000,
    show_default=True,
    help="Limit on Z3's steps in a query.",
)
@options.cluster("Prove one property a task")
@options.time_limit()
@options.output(EVERY_FORMAT)
@options.expect
@options.look()
def prove_command(protocol: str | None, **arguments: Any) -> int:
    """Prove properties for every size, or find counterexamples on small instances.

    Without --fault, properties are checked without faults first; what holds is then proved under as many faults as
    possible.
    """
    if protocol is None and not arguments["all_"]:
        raise click.UsageError("Missing option '-p' / '--protocol' (or --all).")
    from planrace.checker.cli.prove import prove_command as run

    return run(protocol or "fixed", **arguments)


@app.command("list", page=PAGES["list"])
@options.protocols("Only this one; repeatable.")
@click.option("--steps", is_flag=True, help="Also the steps: guard, outcomes, updates, and the lines that say so.")
def list_command(protocols: tuple[str, ...], *, steps: bool) -> None:
    """List protocols, parameters, protections, faults, properties and engines."""
    from planrace.checker.api.calls import listing, render

    click.echo(render(listing(protocols, steps=steps)), nl=False)


@app.command("explain", page=PAGES["explain"])
@click.argument("report", type=click.Path())
@options.output("See below; repeatable with files.")
@click.option("--trace", metavar="NAME", help="Use the trace of this property, or fullest (default: the first trace).")
@options.look(progress=False)
def explain_command(report: str, **arguments: Any) -> int:
    """Show a report in other formats. REPORT is a file that `check --format json` wrote, a run that `check walk` saved,
    or a trace in ITF.

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
    dot       the trace and the states near it, for Graphviz; graphml: the same as GraphML
    """
    from planrace.checker.cli.explain import explain_command as run

    return run(report, **arguments)


@app.command("graph", page=PAGES["graph"])
@options.protocol()
@options.selection()
@options.option(
    Topic.LIMITS,
    "--max-states",
    type=NumberType("most"),
    default=2000,
    show_default=True,
    help="Refuse to draw more states.",
)
@options.time_limit()
@options.output("dot (default) or graphml.", "FILE")
def graph_command(protocol: str, **arguments: Any) -> int:
    """Draw the whole state graph of a small instance, as Graphviz DOT or GraphML."""
    from planrace.checker.cli.graph import graph_command as run

    return run(protocol, **arguments)


@app.command("walk", page=PAGES["walk"])
@options.protocol()
@options.selection()
@options.seed("Seed of random steps (default: a new one, printed).")
@click.option("--replay", type=click.Path(), metavar="FILE", help="Start with a run of a JSON report, or a saved run.")
@click.option("--trace", metavar="NAME", help="Use the report's run for this property, or fullest.")
def walk_command(protocol: str, **arguments: Any) -> int:
    """Walk through a protocol by hand: enabled steps are numbered; take one, undo it, show the state, save the run.

    Reads commands from standard input, so a script can walk too; `help` lists them.
    """
    from planrace.checker.cli.walk import walk_command as run

    return run(protocol, **arguments)


@app.command("compare", page=PAGES["compare"])
@click.argument("first", type=click.Path())
@click.argument("second", type=click.Path())
@options.output("text, json or markdown.")
@options.look(runs=False, progress=False)
def compare_command(first: str, second: str, **arguments: Any) -> int:
    """Compare two reports or saved runs: what changed in the request, the verdicts and the counts, and where their runs
    differ.

    Exit codes: 0 no verdict changed, 1 one did, 2 a file cannot be read.
    """
    from planrace.checker.cli.compare import compare_command as run

    return run(first, second, **arguments)


@app.command("mutate", page=PAGES["mutate"])
@options.protocol()
@options.selection()
@options.option(
    Topic.WHAT,
    "--property",
    "properties",
    type=Name(Kind.PROPERTY),
    multiple=True,
    help="Check mutants with this property only; repeatable.",
)
@options.option(
    Topic.WHAT,
    "--action",
    "actions",
    metavar="NAME",
    multiple=True,
    help="Only mutants of this action; repeatable.",
)
@options.option(
    Topic.EXIT, "--at-least", type=NumberType("at_least"), metavar="PERCENT", help="Exit 1 if the score is lower."
)
@options.engine("auto, explicit or native.")
@options.symmetry("Search orbits of interchangeable members, or all states.")
@options.each_search
@options.cluster("Judge the mutants")
@options.output("text, json or html.")
@options.look(runs=False)
def mutate_command(protocol: str, **arguments: Any) -> int:
    """Drop or weaken every guard, effect, outcome, action and protection in turn, and see which property notices.

    A mutant that no property notices shows behaviour that nobody has specified. Each mutant takes a search, so choose a
    size that is searched within a second.

    Exit codes: 0, with --at-least 1 if the score is lower, 2 wrong request or model, 3 undecided.
    """
    from planrace.checker.cli.mutate import mutate_command as run

    return run(protocol, **arguments)


@app.command("establish", page=PAGES["establish"])
@options.protocol()
@options.selection()
@options.option(
    Topic.EXIT,
    "--at-least",
    type=NumberType("at_least"),
    metavar="PERCENT",
    default=80.0,
    show_default=True,
    help="The share of mutants that the properties must notice.",
)
@options.option(
    Topic.WHAT,
    "--violated",
    type=Name(Kind.PROPERTY),
    multiple=True,
    help="A property that is meant to be violated; repeatable.",
)
@options.option(
    Topic.EXIT,
    "--accept",
    "accepted",
    metavar="KIND: SUBJECT",
    multiple=True,
    help="Accept this warning or finding; repeatable.",
)
@click.option("--every-size", is_flag=True, help="Ask for proofs for every size, too.")
@options.symmetry("Search orbits of interchangeable members, or all states.")
@options.each_search
@options.output("text or json.")
@options.look(runs=False)
def establish_command(protocol: str, **arguments: Any) -> int:
    """Judge whether a protocol is established: a gate for CI and for agents.

    Every property is decided and has its expected verdict, the properties notice enough mutants, no warning or finding
    of lint is open, and the model does something. What is undecided is never established.

    Exit codes: 0 established, 1 not established, 2 wrong request or model, 3 undecided.
    """
    from planrace.checker.cli.establish import establish_command as run

    return run(protocol, **arguments)


@app.command("mcp", page=PAGES["mcp"])
def mcp_command() -> int:
    """Serve these commands as tools for agents, over the Model Context Protocol on standard input and output.

    Needs the extra planrace[mcp]. A protocol file is Python, and it is executed with your permissions.
    """
    from planrace.checker.cli.mcp import mcp_command as run

    return run()


for command in (
    forecast_command,
    lint_command,
    likelihood_command,
    costs_command,
    sweep_command,
    baseline_group,
    cover_command,
    replay_command,
    conform_command,
    export_command,
    import_command,
    crosscheck_command,
    refine_command,
    matrix_command,
    postmortem_command,
):
    app.add_command(command)
