"""The table of tools: names, descriptions, schemas, hints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcp.types import Tool, ToolAnnotations
from pydantic import BaseModel, TypeAdapter

from planrace.checker.mcp import inputs, outputs

EXECUTES = "Executes the model file, which is Python, with the permissions of this server."


@dataclass(frozen=True)
class ToolSpec:
    """A tool. ``what`` says when to use it, ``given`` and ``returned`` are the types of its input and output."""

    name: str
    title: str
    what: str
    given: type[BaseModel]
    returned: Any

    def tool(self) -> Tool:
        """The tool as clients see it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=f"{self.what} {EXECUTES}",
            input_schema=self.given.model_json_schema(),
            output_schema=TypeAdapter(self.returned).json_schema(),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=False,  # planrace writes nothing, but the model file may do anything
                destructive_hint=True,
                idempotent_hint=False,
                open_world_hint=True,
            ),
        )


TOOLS = {
    t.name: t
    for t in (
        ToolSpec(
            "list",
            "List protocols",
            "List protocols with their sizes, protections, faults and properties, and the engines. Start here.",
            inputs.ListInput,
            outputs.ListingOutput,
        ),
        ToolSpec(
            "lint",
            "Lint a model",
            "Find what the author of a model may have overlooked: what is never read, written, true or reset.",
            inputs.LintInput,
            outputs.LintOutput,
        ),
        ToolSpec(
            "walk",
            "Walk through a model",
            "Take steps by hand: the state after them, the steps that are enabled there, what is violated. Use it to "
            "see whether the model can do what the code can do.",
            inputs.WalkInput,
            outputs.WalkOutput,
        ),
        ToolSpec(
            "forecast",
            "Forecast a search",
            "Forecast the states, time and memory of a complete search, and what multiplies the states. Use it before "
            "a search that may be large.",
            inputs.ForecastInput,
            outputs.ForecastOutput,
        ),
        ToolSpec(
            "check",
            "Check a protocol",
            "Search every interleaving at one size. The verdict of each property is holds, violated or unknown; "
            "unknown is no success.",
            inputs.CheckInput,
            outputs.ReportOutput,
        ),
        ToolSpec(
            "explain",
            "Tell a counterexample",
            "Tell the shortest run that violates a property (or reaches a witness), step by step, with its causes.",
            inputs.ExplainInput,
            outputs.ReportOutput,
        ),
        ToolSpec(
            "prove",
            "Prove for every size",
            "Prove properties for every size that is left open, or find counterexamples on small instances.",
            inputs.ProveInput,
            outputs.ReportOutput,
        ),
        ToolSpec(
            "mutate",
            "Mutate a model",
            "Drop or weaken every part of the model in turn, and tell which property notices. What survives is "
            "behaviour that no property speaks of.",
            inputs.MutateInput,
            outputs.MutationOutput,
        ),
        ToolSpec(
            "compare",
            "Compare two reports",
            "The differences between two protocols or reports: verdicts, counts, and where their runs part.",
            inputs.CompareInput,
            outputs.ComparisonOutput,
        ),
        ToolSpec(
            "graph",
            "Draw a state graph",
            "The whole state graph of a small instance, in Graphviz DOT.",
            inputs.GraphInput,
            outputs.GraphOutput,
        ),
        ToolSpec(
            "establish",
            "The gate",
            "Judge whether a protocol is established: every verdict decided and as expected, enough mutants noticed, "
            "no warning or lint finding open, the model acts. Say that a protocol is right only if `established` is "
            "true; undecided is not.",
            inputs.EstablishInput,
            outputs.EstablishmentOutput,
        ),
    )
}
"""In the order in which a model is made."""
