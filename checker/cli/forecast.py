"""``check forecast``: how large a search will be, and what makes it large."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.explosion import explain_explosion
from planrace.checker.advice.forecast.forecast import forecast
from planrace.checker.advice.forecast.words import forecast_document, forecast_json
from planrace.checker.cli.command import once
from planrace.checker.cli.deliver import Delivery, Told, documented, source_of
from planrace.checker.run.protocols import find
from planrace.checker.run.selection import chosen, instance_of

FORMS = ("text", "json")


def forecast_command(protocol: str, **asked: Any) -> int:
    """Forecast the search that ``check`` would do with these options; the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"], FORMS, brief=True, reads=source_of(protocol))
    with delivery.working():
        instance = instance_of(
            find(protocol),
            once(asked["settings"]),
            faults=asked["faults"],
            with_protections=asked["with_"],
            without=asked["without"],
        )
        properties, _ = chosen(instance.system, asked["properties"], object)
        budget = SearchBudget(states=asked["sample"], total=asked["seconds"])
        made = forecast(instance, properties, budget, symmetric=asked["symmetry"])
        if asked["explain"]:
            made = replace(made, explosion=explain_explosion(instance, properties, budget))
    text = documented(lambda made, _: forecast_document(made), made, 0)
    delivery.deliver(Told(text, {"json": partial(forecast_json, made)}))
    return 0
