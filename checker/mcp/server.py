"""The server: lists the tools, checks arguments, makes the calls, sends progress."""

from __future__ import annotations

import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from pydantic import BaseModel, ValidationError

from planrace.checker.mcp.process import work
from planrace.checker.mcp.tools import TOOLS

INSTRUCTIONS = """\
planrace checks models of control-plane protocols: plan, enact, clean up. A model is a Python file. Work in small steps:
list, lint, walk (can the model do what the code does, also the bad thing?), check, explain, mutate (what does no
property notice?), and establish at the end. A property that holds says nothing if the model cannot violate it. Only
"holds" and "established: true" are green; unknown and undecided never are.
"""
AT_ONCE = 2
"""Calls that run at the same time; others wait. A search uses all cores."""


def make_server() -> Server[Any]:
    """The server with all tools, for any transport."""
    room = anyio.CapacityLimiter(AT_ONCE)

    async def list_tools(_: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[t.tool() for t in TOOLS.values()])

    async def call_tool(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        return await _call(context, params.name, params.arguments or {}, room)

    return Server(
        "planrace",
        version=_version(),
        title="planrace",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve() -> None:
    """Serve on standard input and output until the client leaves."""
    anyio.run(_serve)


async def _serve() -> None:
    server = make_server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _call(
    context: ServerRequestContext[Any], name: str, arguments: dict[str, Any], room: anyio.CapacityLimiter
) -> CallToolResult:
    if name not in TOOLS:
        return _failed(f"there is no tool {name!r} (there are {', '.join(TOOLS)})")
    try:
        given = TOOLS[name].given.model_validate(arguments).model_dump()
    except ValidationError as problem:
        return _failed("; ".join(_fault(dict(e), TOOLS[name].given) for e in problem.errors(include_url=False)))
    started = time.monotonic()

    async def tell(text: str) -> None:
        await context.session.report_progress(time.monotonic() - started, given["time_limit"], text)

    async with room:
        answer = await work(name, given, tell)
    if answer.error is not None:
        return _failed(answer.error)
    return CallToolResult(content=[TextContent(type="text", text=answer.text)], structured_content=answer.values)


def _failed(sentence: str) -> CallToolResult:
    """An error that the model can correct."""
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)


def _fault(error: dict[str, Any], given: type[BaseModel]) -> str:
    """A wrong argument, as a sentence that names it."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"there is no argument {where!r} (there are {', '.join(given.model_fields)})"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _version() -> str:
    try:
        return version("planrace")
    except PackageNotFoundError:  # a checkout that is not installed
        return ""
