"""``check graph``: the whole state graph of a small instance, for drawing."""

from __future__ import annotations

from typing import Any

from planrace.checker.cli.command import once
from planrace.checker.cli.deliver import Delivery, Told, source_of
from planrace.checker.engines.limits import until
from planrace.checker.report.trace.graphs import render_dot, render_graphml
from planrace.checker.results.blocks import Document
from planrace.checker.results.wording import numbered
from planrace.checker.run.protocols import find
from planrace.checker.run.selection import instance_of
from planrace.checker.run.state_graph import state_graph

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
