"""``check mutate``: how much of a protocol its properties specify."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.api.calls import mutate
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.results.verdict import EXIT_CODES, Verdict
from planrace.checker.review.mutation.judge import UndecidedMutationError
from planrace.checker.run.options import Options

FORMATS = ("text", "json", "html")


def mutate_command(protocol: str, **arguments: Any) -> int:
    """Check all mutants; returns the exit code."""
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, arguments)


def _run(protocol: str, arguments: dict[str, Any]) -> int:
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    with delivery.working(), progress(arguments["look"]) as listener:
        try:
            made = mutate(
                protocol,
                **selection_arguments(arguments),
                actions=arguments["actions"],
                options=Options(
                    engine=arguments["engine"],
                    properties=arguments["properties"],
                    symmetry=arguments["symmetry"],
                    max_states=arguments["max_states"],
                    max_memory=arguments["max_memory"],
                    time_limit=arguments["time_limit"],
                    workers=arguments["workers"],
                    cluster=arguments["cluster"],
                    listener=listener,
                ),
            )
        except UndecidedMutationError as problem:
            delivery.clear()
            click.echo(f"Error: {problem}", err=True)
            return EXIT_CODES[Verdict.UNKNOWN]
    code = made.exit_code(arguments["at_least"])
    delivery.deliver(rendering_of(made, code, arguments["look"].detail))
    return code
