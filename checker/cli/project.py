"""``check`` without a protocol: run the checks that ``[tool.planrace]`` in ``pyproject.toml`` names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click
from click.core import ParameterSource

from planrace.checker.api.project.artifacts import Artifacts
from planrace.checker.api.project.checks import run_checks
from planrace.checker.api.project.read import FILE, Project, find_project, project_files, shown
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of
from planrace.checker.cli.look import Look
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.report.formats import FOR_CI
from planrace.checker.results.blocks import clean
from planrace.checker.results.detail import Detail
from planrace.checker.results.outcome import Broken
from planrace.checker.results.reports import Reports
from planrace.model.language import ModelError

FORMATS = ("text", "json", "html", *FOR_CI)
"""Formats of several checks; those of a single run are artifacts."""
REPLACING = (
    *("engine", "fail_fast", "exhaustive", "symmetry", "normalise", "slicing", "depth"),
    *("max_states", "max_memory", "workers", "store", "spill"),
)
"""Options of the command that replace those of every check."""
LOOKS = ("quiet", "verbose", "color", "width", "no_progress")
FOR_ALL_CHECKS = (*REPLACING, *LOOKS, "time_limit", "formats", "outputs", "only", "strict", "sarif_all", "watch")
"""Options of the command that make sense for several checks."""
NO_SECTION = (
    "Missing option '-p' / '--protocol': original, fixed, or your own file.py:attribute. "
    "(Without it, check runs the checks of [tool.planrace] in pyproject.toml, and there is no such section in this "
    "folder or above it; `check init` writes one, with a protocol to begin with.)"
)


def has_project() -> bool:
    """Whether there is a section, even if it is wrong."""
    try:
        return find_project() is not None
    except ModelError:
        return True


def project_command(context: click.Context, arguments: Mapping[str, Any]) -> int:
    """Run the checks of the section; returns the exit code of the worst."""
    given = {n for n in arguments if context.get_parameter_source(n) is ParameterSource.COMMANDLINE}
    look: Look = arguments["look"]
    delivery = Delivery(
        arguments["formats"], arguments["outputs"], FORMATS, look=look, reads=[str(p) for p in project_files()]
    )
    with delivery.answering(FILE):
        project = find_project()
    if project is None:
        raise click.UsageError(NO_SECTION)
    delivery.spare([file for entry in project.section.check for file in source_of(project.named(entry.protocol))])
    with delivery.answering(FILE):
        _refuse_others(context, given - set(FOR_ALL_CHECKS), project)
        checks = project.selected(arguments["only"])
    settings = {n: arguments[n] for n in REPLACING if n in given}
    with until(arguments["time_limit"]), delivery.answering(FILE):  # the limit is for the whole command
        artifacts = Artifacts(project, checks)
        reports = run_checks(
            project,
            checks,
            strict=arguments["strict"],
            explain=artifacts.explain,
            listening=partial(progress, look),
            verbose=look.detail is Detail.FULL,
            **settings,
        )
        artifacts.write(reports)
    _print_errors(reports)
    delivery.deliver(rendering_of(reports, detail=look.detail, everything=arguments["sarif_all"]))
    return reports.code


def _refuse_others(context: click.Context, others: set[str], project: Project) -> None:
    """Refuse options that are about one protocol."""
    options = [p.opts[-1] for p in context.command.params if p.name in others]
    if options:
        raise click.UsageError(
            f"{options[0]} is about one protocol: name the protocol with -p, or change its entry in "
            f"{shown(project.path)}."
        )


def _print_errors(reports: Reports) -> None:
    """Errors go to standard error, too, as those of a single check."""
    for r in reports.results:
        if isinstance(r.outcome, Broken):
            click.echo(f"Error: {clean(r.outcome.message)}", err=True)
