"""State graphs as Graphviz DOT and as GraphML, from graphs of networkx.

A node has ``label`` (the state; on a trace its number, the step that leads to it in words, and what the world sees
then), ``broken`` (properties that are false there) and ``run`` (it is on the
trace); an edge has ``label`` (the step) and ``run``. GraphML (http://graphml.graphdrawing.org) is networkx's own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from planrace.checker.report.trace.lanes import step_text, thing
from planrace.checker.results.blocks import clean
from planrace.checker.results.explanation import EnabledStep, Insight
from planrace.checker.results.scalars import value_text
from planrace.checker.results.trace import Trace, TraceStep

if TYPE_CHECKING:
    import networkx

WORDS = 34
"""Characters of a line in a node."""


def trace_graph(trace: Trace, insight: Insight | None) -> networkx.MultiDiGraph:
    """The neighbourhood of a trace, if the report has it; else the trace and the other steps enabled on it."""
    import networkx

    graph = networkx.MultiDiGraph()
    near = insight.neighbourhood if insight is not None else None
    offers = insight.offers if insight is not None else ()
    for n in range(len(trace) + 1):
        broken = tuple(t.property for t in insight.truths if t.broken_at(n)) if insight is not None else ()
        label = f"{n}. {_in_words(trace.steps[n - 1])}" if n else "0. the initial state"
        graph.add_node(n, label=label, broken=", ".join(broken), run=True)
    for n, s in enumerate(trace.steps):
        graph.add_edge(n, n + 1, label=called(s), run=True)
    if near is not None:
        for n, state in enumerate(near.states):
            for offer in state.offers:
                if offer.to is not None and not (offer.to == n + 1 <= len(trace)):
                    _leaf(graph, offer.to, offer, near.states[offer.to].broken)
                    graph.add_edge(n, offer.to, label=called(offer), run=False)
        return graph
    for n, here in enumerate(offers):
        taken = called(trace.steps[n]) if n < len(trace) else None
        for offer in here:
            if called(offer) != taken:
                to = graph.number_of_nodes()
                _leaf(graph, to, offer, ())
                graph.add_edge(n, to, label=called(offer), run=False)
    return graph


def _leaf(graph: networkx.MultiDiGraph, n: int, offer: EnabledStep, broken: tuple[str, ...]) -> None:
    if n not in graph:
        graph.add_node(n, label=_in_words(offer), broken=", ".join(broken), run=False)


def _in_words(step: TraceStep | EnabledStep) -> str:
    """Who did what, and what the world sees then, in short lines."""
    said = [f"{step.by} {step_text(step)}", *(f"{thing(o)} now {o.text}" for o in step.observed)]
    return "\n".join(line for text in said for line in textwrap.wrap(clean(text), WORDS) or [""])


def called(step: Any) -> str:
    """A step as a label: ``flip_alias(i=2) accepted``."""
    parameters = ", ".join(f"{n}={value_text(v)}" for n, v in step.parameters.items())
    outcome = f" {step.outcome}" if step.outcome is not None else ""
    return clean(f"{step.action}({parameters}){outcome}" if parameters else f"{step.action}{outcome}")


def render_graphml(graph: networkx.MultiDiGraph) -> str:
    """The graph as GraphML."""
    import networkx

    return "\n".join(networkx.generate_graphml(graph)) + "\n"


def render_dot(graph: networkx.MultiDiGraph) -> str:
    """The graph as Graphviz DOT (https://graphviz.org/doc/info/lang.html): violating states are red, the run is
    bold."""
    return "\n".join(["digraph states {", *_dot(graph), "}"]) + "\n"


def _dot(graph: networkx.MultiDiGraph) -> Iterator[str]:
    yield '  node [shape=box, style=rounded, fontname="sans-serif"];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for n, data in graph.nodes(data=True):
        color = ', color="red", fontcolor="red"' if data["broken"] else ""
        label = f"{data['label']}\n✗ {data['broken']}" if data["broken"] else data["label"]
        yield f"  {n} [label={_quoted(label)}{color}{', penwidth=2' if data['run'] else ''}];"
    for a, b, data in graph.edges(data=True):
        yield f"  {a} -> {b} [label={_quoted(data['label'])}{', penwidth=2' if data['run'] else ''}];"


def _quoted(text: str) -> str:
    """A DOT string of one or several lines; no name can end it early."""
    lines = [clean(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n")]
    return '"' + "\\n".join(lines) + '"'
