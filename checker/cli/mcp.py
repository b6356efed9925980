"""``check mcp``: serve the tools for agents."""

from __future__ import annotations

import click

LEAST = 2
"""The major version of the package ``mcp`` that is needed at least."""


def mcp_command() -> int:
    """Serve until the client leaves; returns the exit code."""
    _check_extra()
    from planrace.checker.engines.interrupts import leave_behind
    from planrace.checker.mcp.server import serve

    leave_behind("a thread that reads standard input")  # after a signal, nothing ends it
    serve()
    return 0


def _check_extra() -> None:
    """Raise ``UsageError`` if the package is missing or too old."""
    from importlib.metadata import PackageNotFoundError, version

    from planrace.checker.results.extras import install_command

    remedy = install_command("mcp")
    try:
        found = version("mcp")
    except PackageNotFoundError:
        raise click.UsageError(f"The MCP server needs the package mcp: {remedy}") from None
    if int(found.partition(".")[0]) < LEAST:
        raise click.UsageError(f"The MCP server needs the package mcp {LEAST} or newer, this is {found}: {remedy}")
