"""``check sweep``: verdicts at many sizes."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.sweeping import sweep
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.cli.values import split_settings
from planrace.checker.run.options import Options

FORMATS = ("text", "json", "csv", "html")


def sweep_command(protocol: str, **arguments: Any) -> int:
    """Check every point; returns the exit code."""
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    single, varied = split_settings(arguments["settings"])
    with delivery.working(), progress(arguments["look"]) as listener:
        made = sweep(
            protocol,
            single,
            vary=varied,
            faults=arguments["faults"],
            with_protections=arguments["with_"],
            without=arguments["without"],
            bisect=arguments["bisect"],
            plot=arguments["plot"],
            options=Options(
                engine=arguments["engine"],
                properties=arguments["properties"],
                symmetry=arguments["symmetry"],
                depth=arguments["depth"],
                max_states=arguments["max_states"],
                max_memory=arguments["max_memory"],
                time_limit=arguments["time_limit"],
                workers=arguments["workers"],
                cluster=arguments["cluster"],
                listener=listener,
            ),
        )
    code = made.exit_code(arguments["expect"])
    delivery.deliver(rendering_of(made, code, arguments["look"].detail))
    return code
