"""``check export`` and ``check crosscheck``: runs and protocols for other tools."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click

from planrace.checker.api.crosschecking import ExportedModel, crosscheck, export_model
from planrace.checker.api.exporting import ExportedLog, log_of_random_run, log_of_report
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.logs.writing import LogLayout
from planrace.checker.results.verdict import EXIT_CODES
from planrace.checker.run.options import Options

LOG = "log"
FORMATS = ("text", "json", "html")
OF_LOGS: Mapping[str, object] = {
    **dict.fromkeys(("name", "length", "seed", "last")),
    **{"hide": (), "first": 1, "skew": 0.0, "drop": 0, "shuffle": False},
}
"""Options that only a log has, with what they are if they are not given."""


def export_command(trace: str | None, **arguments: Any) -> int:
    """Write the log or the model; returns the exit code."""
    protocol, place = arguments["protocol"], arguments["output"]
    if arguments["to"] != LOG:
        return _export_model(trace, arguments)
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
    return _written(found, place)


def crosscheck_command(protocol: str, **arguments: Any) -> int:
    """Compare with another checker; returns the exit code."""
    look = arguments["look"]
    delivery = Delivery(
        arguments["formats"], arguments["outputs"], FORMATS, look=look, brief=True, reads=source_of(protocol)
    )
    limits = {name: arguments[name] for name in ("max_states", "max_memory", "time_limit")}
    with delivery.working(), progress(look) as listener:
        found = crosscheck(
            protocol,
            **selection_arguments(arguments),
            peer=arguments["peer"],
            options=Options(**limits, listener=listener),
        )
    code = EXIT_CODES[found.verdict]
    delivery.deliver(rendering_of(found, code, look.detail))
    return code


def _export_model(trace: str | None, arguments: dict[str, Any]) -> int:
    to = arguments["to"]
    if trace is not None or arguments["protocol"] is None:
        raise click.UsageError(f"--to {to} needs a protocol: -p NAME.")
    strange = next((name for name, usual in OF_LOGS.items() if arguments[name] != usual), None)
    if strange is not None:
        raise click.UsageError(f"--{'trace' if strange == 'name' else strange} is for --to log.")
    with until(arguments["time_limit"]):
        found = export_model(arguments["protocol"], to, **selection_arguments(arguments))
    return _written(found, arguments["output"])


def _written(found: ExportedLog | ExportedModel, place: str | None) -> int:
    if place is None:
        click.echo(str(found), nl=False)
    else:
        found.write(place)
    click.echo(found.summary, err=True)
    return 0
