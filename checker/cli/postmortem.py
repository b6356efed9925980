"""``check postmortem``: the facts of an incident beside a protocol."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.postmortems import postmortem
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.run.options import Options

FORMATS = ("text", "json", "html")


def postmortem_command(facts: str, **arguments: Any) -> int:
    """Search; returns the exit code."""
    protocol = arguments["protocol"]
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        delivery = delivery_of(arguments, FORMATS, (facts, *source_of(protocol)))
        with delivery.answering(protocol), progress(arguments["look"]) as listener:
            found = postmortem(
                facts,
                protocol,
                **selection_arguments(arguments),
                options=Options(
                    max_states=arguments["max_states"],
                    max_memory=arguments["max_memory"],
                    time_limit=arguments["time_limit"],
                    workers=arguments["workers"],
                    listener=listener,
                ),
            )
        delivery.deliver(rendering_of(found, detail=arguments["look"].detail))
    return found.exit_code
