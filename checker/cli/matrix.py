"""``check matrix``: which protections suffice."""

from __future__ import annotations

import os
from typing import Any

from planrace.checker.api.fixing import fixes
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.cli.values import once
from planrace.checker.engines.limits import until

FORMATS = ("text", "json", "markdown", "html")


def matrix_command(protocol: str, **arguments: Any) -> int:
    """Examine the protections; returns the exit code."""
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, arguments)


def _run(protocol: str, arguments: dict[str, Any]) -> int:
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    with delivery.working(), progress(arguments["look"]) as listener:
        made = fixes(
            protocol,
            **selection_arguments(arguments),
            larger=once(arguments["larger"]),
            properties=arguments["properties"],
            expected=[tuple(e.split("+")) for e in arguments["expected"]],
            max_set=arguments["max_set"],
            fault_sets=arguments["fault_sets"],
            proof_time=arguments["proof_time"],
            cache=not arguments["no_cache"],
            workers=arguments["workers"] or (1 if arguments["cluster"] else os.cpu_count() or 1),
            cluster=arguments["cluster"],
            max_states=arguments["max_states"],
            time_limit=arguments["time_limit"],
            listener=listener,
        )
    delivery.deliver(rendering_of(made, detail=arguments["look"].detail))
    return made.exit_code
