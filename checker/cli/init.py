"""``check init``: write the files to begin with, and say what comes next."""

from __future__ import annotations

import click

from planrace.checker.api.calls import render
from planrace.checker.api.project.template import create_project


def init_command(folder: str) -> int:
    """Write the files; returns the exit code."""
    click.echo(render(create_project(folder)), nl=False)
    return 0
