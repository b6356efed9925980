"""``check forecast``: how large a search will be, and what makes it large."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.calls import forecast
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of

FORMS = ("text", "json")


def forecast_command(protocol: str, **asked: Any) -> int:
    """Forecast the search that ``check`` would do with these options; returns the exit code."""
    delivery = Delivery(
        asked["form"], asked["outputs"], FORMS, look=asked["look"], brief=True, reads=source_of(protocol)
    )
    with delivery.working():
        made = forecast(
            protocol,
            **selection_arguments(asked),
            properties=asked["properties"],
            symmetry=asked["symmetry"],
            sample=asked["sample"],
            seconds=asked["seconds"],
            explain=asked["explain"],
        )
    delivery.deliver(rendering_of(made, detail=asked["look"].detail))
    return 0
