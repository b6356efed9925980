"""``check conform``: logs beside a model."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.conforming import conform
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of
from planrace.checker.engines.limits import until

FORMATS = ("text", "json", "html")


def conform_command(protocol: str, **arguments: Any) -> int:
    """Search; returns the exit code."""
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        delivery = Delivery(
            arguments["formats"],
            arguments["outputs"],
            FORMATS,
            look=arguments["look"],
            brief=True,
            reads=(*arguments["logs"], *source_of(protocol)),
        )
        with delivery.answering(protocol):
            found = conform(
                protocol,
                arguments["logs"],
                **selection_arguments(arguments),
                logged=arguments["logged"],
                hidden=arguments["hidden"],
                uncertainty=arguments["uncertainty"],
                max_width=arguments["max_width"],
                time_limit=arguments["time_limit"],
            )
        delivery.deliver(rendering_of(found, detail=arguments["look"].detail))
    return found.exit_code
