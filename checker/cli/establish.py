"""``check establish``: whether a protocol is established."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.calls import establish
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.run.options import Options

FORMATS = ("text", "json")


def establish_command(protocol: str, **arguments: Any) -> int:
    """Judge the protocol; returns the exit code."""
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, arguments)


def _run(protocol: str, arguments: dict[str, Any]) -> int:
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    with delivery.working(), progress(arguments["look"]) as listener:
        made = establish(
            protocol,
            **selection_arguments(arguments),
            violated=arguments["violated"],
            accepted=arguments["accepted"],
            at_least=arguments["at_least"],
            every_size=arguments["every_size"],
            options=Options(
                symmetry=arguments["symmetry"],
                max_states=arguments["max_states"],
                max_memory=arguments["max_memory"],
                time_limit=arguments["time_limit"],
                workers=arguments["workers"],
                listener=listener,
            ),
        )
    delivery.deliver(rendering_of(made, detail=arguments["look"].detail))
    return made.exit_code
