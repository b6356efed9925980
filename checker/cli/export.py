"""``check export``: a run for other tools."""

from __future__ import annotations

import os
from typing import Any

import click

from planrace.checker.api.exporting import log_of_random_run, log_of_report
from planrace.checker.cli.check import selection_arguments
from planrace.checker.engines.limits import until
from planrace.checker.logs.writing import LogLayout


def export_command(trace: str | None, **arguments: Any) -> int:
    """Write the log; returns the exit code."""
    protocol, place = arguments["protocol"], arguments["output"]
    if (trace is None) == (protocol is None):
        raise click.UsageError("Name a run: TRACE.json, or a protocol for a random one: -p NAME.")
    if trace is None and arguments["name"] is not None:
        raise click.UsageError("--trace names a run of TRACE.json, which is missing.")
    if trace is not None and arguments["length"] is not None:
        raise click.UsageError("--length is for random runs: -p NAME.")
    if trace is not None and place is not None and os.path.realpath(trace) == os.path.realpath(place):
        raise click.UsageError(f"-o {place} would replace the run that is read.")
    layout = LogLayout(
        hidden=arguments["hide"],
        first=arguments["first"],
        last=arguments["last"],
        skew=arguments["skew"],
        drop=arguments["drop"],
        shuffled=arguments["shuffle"],
        seed=arguments["seed"] or 0,
    )
    with until(arguments["time_limit"]):
        found = (
            log_of_report(trace, arguments["name"], layout)
            if trace is not None
            else log_of_random_run(
                protocol,
                arguments["length"] or 100,
                **selection_arguments(arguments),
                seed=arguments["seed"],
                layout=layout,
            )
        )
    if place is None:
        click.echo(str(found), nl=False)
    else:
        found.write(place)
    click.echo(found.summary, err=True)
    return 0
