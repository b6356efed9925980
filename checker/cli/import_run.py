"""``check import``: what other checkers have found."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.api.importing import import_run
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of_report, source_of
from planrace.checker.report.text.document import document
from planrace.checker.results.detail import Detail
from planrace.checker.run.options import Options


def import_command(file: str, protocol: str | None, **arguments: Any) -> int:
    """Import a run, or the specification in a file that ends with .tla; returns the exit code."""
    if file.endswith(".tla"):
        from planrace.checker.cli.import_model import import_model_command

        return import_model_command(file, {**arguments, "protocol": protocol})
    strange = next((n for n in ("cfg", "bounds", "lengths") if arguments[n]), None)
    if strange is not None:
        raise click.UsageError("--cfg, --bound and --most are for specifications: a file that ends with .tla.")
    if protocol is None:
        raise click.UsageError("A run is imported for the protocol that it is of: -p NAME.")
    look = arguments["look"]
    delivery = Delivery(
        arguments["formats"], arguments["outputs"], look=look, brief=True, reads=(file, *source_of(protocol))
    )
    with delivery.working():
        options = Options(time_limit=arguments["time_limit"], verbose=look.detail is Detail.FULL)
        report = import_run(protocol, file, **selection_arguments(arguments), options=options)
    delivery.deliver(rendering_of_report(report, document(report, detail=look.detail)))
    return report.exit_code
