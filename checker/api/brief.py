"""Results as JSON values without their runs, for readers to whom every word costs: an agent, a chat.

The schemas are those of the whole results; what is left out is null, or empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from planrace.checker.api.calls import Rendered, render

TOLD = ("trace", "insight", "others", "postmortem", "unreached", "hopeless", "runbook")
"""What a report says of a property beside its verdict."""


def brief(result: Rendered) -> dict[str, Any]:
    """The result as JSON values, without runs; the length of each is still there."""
    if type(result).__name__ == "MultiDiGraph":
        return _graph(result)
    value = in_full(result)
    return _SHORTENED.get(value["schema"], dict)(value)


def in_full(result: Rendered) -> dict[str, Any]:
    """The result as JSON values with everything."""
    value: dict[str, Any] = json.loads(render(result, "json"))
    return value


def _report(value: Mapping[str, Any]) -> dict[str, Any]:
    properties = [{**p, **dict.fromkeys(TOLD), "fairness": [], "variables": []} for p in value["properties"]]
    warnings = [{**w, "trace": None} for w in value["warnings"]]
    proofs = [{**p, "obligations": []} for p in value["proofs"]]
    left_out: dict[str, Any] = {"variables": [], "pictures": [], "postmortem": None}
    return {**value, **left_out, "properties": properties, "warnings": warnings, "proofs": proofs}


def _mutation(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "mutants": [{**m, "difference": None} for m in value["mutants"]]}


def _graph(graph: Any) -> dict[str, Any]:
    return {
        "schema": "planrace/graph/1",
        "states": graph.number_of_nodes(),
        "transitions": graph.number_of_edges(),
        "dot": render(graph, "dot"),
    }


_SHORTENED: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "planrace/report/1": _report,
    "planrace/mutation/1": _mutation,
}
