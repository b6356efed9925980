"""``check mutate``: how much of a protocol its properties specify."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.api.calls import mutate
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.results.verdict import EXIT_CODES, Verdict
from planrace.checker.review.mutation.judge import UndecidedMutationError
from planrace.checker.run.options import Options

FORMS = ("text", "json")


def mutate_command(protocol: str, **asked: Any) -> int:
    """Check all mutants; returns the exit code."""
    with until(asked["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, asked)


def _run(protocol: str, asked: dict[str, Any]) -> int:
    delivery = Delivery(
        asked["form"], asked["outputs"], FORMS, look=asked["look"], brief=True, reads=source_of(protocol)
    )
    with delivery.working(), progress(asked["look"]) as listener:
        try:
            made = mutate(
                protocol,
                **selection_arguments(asked),
                actions=asked["actions"],
                options=Options(
                    engine=asked["engine"],
                    properties=asked["properties"],
                    symmetry=asked["symmetry"],
                    max_states=asked["max_states"],
                    max_memory=asked["max_memory"],
                    time_limit=asked["time_limit"],
                    workers=asked["workers"],
                    listener=listener,
                ),
            )
        except UndecidedMutationError as problem:
            delivery.clear()
            click.echo(f"Error: {problem}", err=True)
            return EXIT_CODES[Verdict.UNKNOWN]
    code = made.exit_code(asked["at_least"])
    delivery.deliver(rendering_of(made, code, asked["look"].detail))
    return code
