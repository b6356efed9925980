"""``check conform``: logs beside a model."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.api.conforming import conform, explain_mapping
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.report.text.mapping import mapping_text

FORMATS = ("text", "json", "html")


def conform_command(protocol: str, **arguments: Any) -> int:
    """Search; returns the exit code."""
    mapping = arguments["mapping"]
    if arguments["explain_mapping"]:
        if mapping is None:
            raise click.UsageError("--explain-mapping explains a mapping; name it: --mapping FILE.")
        if arguments["formats"] or arguments["outputs"]:
            raise click.UsageError("--explain-mapping is text on standard output; leave out --format and -o.")
        explained = explain_mapping(protocol, arguments["logs"], mapping, **selection_arguments(arguments))
        click.echo(mapping_text(explained), nl=False)
        return 0
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        delivery = Delivery(
            arguments["formats"],
            arguments["outputs"],
            FORMATS,
            look=arguments["look"],
            brief=True,
            reads=(*arguments["logs"], mapping or "", *source_of(protocol)),
        )
        with delivery.answering(protocol), progress(arguments["look"]) as listener:
            found = conform(
                protocol,
                arguments["logs"],
                **selection_arguments(arguments),
                mapping=mapping,
                logged=arguments["logged"],
                hidden=arguments["hidden"],
                uncertainty=arguments["uncertainty"],
                max_width=arguments["max_width"],
                every=arguments["every"],
                time_limit=arguments["time_limit"],
                listener=listener,
            )
        delivery.deliver(rendering_of(found, detail=arguments["look"].detail))
    return found.exit_code
