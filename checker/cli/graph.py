"""``check graph``: the whole state graph of a small instance, for drawing."""

from __future__ import annotations

from typing import Any

from ..catalogue import find
from ..limits import until
from ..report.blocks import Document
from ..report.graphs import render_dot, render_graphml
from ..run import instance_of
from ..stategraph import state_graph
from ..wording import numbered
from .command import once
from .deliver import Delivery, Told, source_of

FORMS = ("dot", "graphml")


def graph_command(protocol: str, **asked: Any) -> int:
    """Write the graph; the exit code."""
    delivery = Delivery(asked["form"] or ("dot",), asked["outputs"], FORMS, reads=source_of(protocol))
    with delivery.working(), until(asked["time_limit"]):
        instance = instance_of(
            find(protocol),
            once(asked["settings"]),
            faults=asked["faults"],
            with_protections=asked["with_"],
            without=asked["without"],
        )
        graph = state_graph(instance, instance.system.properties, asked["max_states"])
    closing = f"{numbered(graph.number_of_nodes(), 'state')}, {numbered(graph.number_of_edges(), 'transition')}"
    makers = {"dot": lambda: render_dot(graph), "graphml": lambda: render_graphml(graph)}
    delivery.deliver(Told(Document((), closing), makers), strict=True)
    return 0
