"""``check lint``: what the author of a model may have overlooked."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.calls import lint
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.engines.limits import look_at_the_clock, until

FORMATS = ("text", "json")


def lint_command(protocol: str, **arguments: Any) -> int:
    """Lint a protocol; returns the exit code: with ``strict`` 1 if there are findings."""
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    with until(arguments["time_limit"]):
        with delivery.working():
            found = lint(protocol, **selection_arguments(arguments))
            look_at_the_clock()  # if the time is up, the findings are incomplete
        code = 1 if found and arguments["strict"] else 0
        delivery.deliver(rendering_of(found, code, arguments["look"].detail))
    return code
