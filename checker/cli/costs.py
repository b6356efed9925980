"""``check costs``: what protections cost, as measured on the model."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.costs import costs
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.results.verdict import EXIT_CODES, Verdict
from planrace.checker.run.options import Options

FORMATS = ("text", "json", "html")


def costs_command(protocol: str, **arguments: Any) -> int:
    """Measure; returns the exit code: 3 if some value is not known."""
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    with delivery.working(), progress(arguments["look"]) as listener:
        made = costs(
            protocol,
            **selection_arguments(arguments),
            names=arguments["names"],
            each=arguments["each"],
            options=Options(
                max_states=arguments["max_states"],
                max_memory=arguments["max_memory"],
                time_limit=arguments["time_limit"],
                workers=arguments["workers"],
                listener=listener,
            ),
        )
    code = 0 if made.known else EXIT_CODES[Verdict.UNKNOWN]
    delivery.deliver(rendering_of(made, code, arguments["look"].detail))
    return code
