"""``check forecast``: how large a search will be, and what makes it large."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.calls import forecast
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of

FORMATS = ("text", "json", "html")


def forecast_command(protocol: str, **arguments: Any) -> int:
    """Forecast the search that ``check`` would do with these options; returns the exit code."""
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    with delivery.working():
        made = forecast(
            protocol,
            **selection_arguments(arguments),
            properties=arguments["properties"],
            symmetry=arguments["symmetry"],
            sample=arguments["sample"],
            seconds=arguments["seconds"],
            node_memory=arguments["node_memory"],
            explain=arguments["explain"],
        )
    delivery.deliver(rendering_of(made, detail=arguments["look"].detail))
    return 0
