"""``check init``: write the files to begin with, and say what comes next."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from planrace.checker.api.project.read import FILE, shown
from planrace.checker.api.project.template import FILES, WORKFLOW, CreatedProject, SectionState, create_project

NEXT = {
    "check": "runs the checks of pyproject.toml: finds the bug, searches the fix",
    "check -p release.py:protocol": "shows the bug, step by step",
    "pytest": "the same as tests",
}
"""The next commands, and what they do."""


def init_command(folder: str) -> int:
    """Write the files; returns the exit code."""
    found = create_project(folder)
    width = max(len(shown(found.folder / name)) for name in FILES)
    for name in found.written:
        click.echo(f"wrote {shown(found.folder / name):<{width}}  {FILES[name]}")
    _print_section(found, width)
    if found.below_repository:
        click.echo(f"\nGitHub reads workflows only at the top of a repository: move {WORKFLOW} there.")
    click.echo("\nNext:")
    if Path(folder).resolve() != Path.cwd():
        click.echo(f"  cd {shlex.quote(folder)}")
    for command, what in NEXT.items():
        click.echo(f"  {command:<30}{what}")
    return 0


def _print_section(found: CreatedProject, width: int) -> None:
    path = shown(found.folder / FILE)
    match found.section:
        case SectionState.NEW:
            click.echo(f"wrote {path:<{width}}  the checks")
        case SectionState.ADDED:
            click.echo(f"added [tool.planrace] to {path}")
        case SectionState.THERE:
            click.echo(f"{path} has a section [tool.planrace] and stays as it is. Add what you need of this:\n")
        case SectionState.CLOSED:
            click.echo(f"{path} stays as it is: [tool.planrace] cannot be added at its end. Write this into it:\n")
    click.echo(found.to_add, nl=False)
