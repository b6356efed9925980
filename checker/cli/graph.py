"""``check graph``: the whole state graph of a small instance, for drawing."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.calls import state_graph
from planrace.checker.api.render import formats_of
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, Rendering, source_of
from planrace.checker.engines.limits import until
from planrace.checker.results.blocks import Document
from planrace.checker.results.wording import numbered

FORMATS = ("dot", "graphml")


def graph_command(protocol: str, **arguments: Any) -> int:
    """Write the graph; returns the exit code."""
    delivery = Delivery(arguments["formats"] or ("dot",), arguments["outputs"], FORMATS, reads=source_of(protocol))
    with until(arguments["time_limit"]):
        with delivery.working():
            graph = state_graph(protocol, **selection_arguments(arguments), max_states=arguments["max_states"])
        closing = f"{numbered(graph.number_of_nodes(), 'state')}, {numbered(graph.number_of_edges(), 'transition')}"
        delivery.deliver(Rendering(Document((), closing), formats_of(graph)), strict=True)
    return 0
