"""``check baseline``: results of protocols, kept in a file, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from planrace.checker.api.baseline import BaselineFile, compare_entries
from planrace.checker.api.project.baseline import obstacles, save_checks
from planrace.checker.api.project.read import Project, find_project, shown
from planrace.checker.cli.deliver import delivery_of, rendering_of
from planrace.checker.cli.look import Look
from planrace.checker.cli.progress import progress
from planrace.checker.cli.values import once
from planrace.checker.results.verdict import INTERRUPTED
from planrace.checker.results.wording import joined
from planrace.checker.review.baseline.check_entry import Bounds, UndecidedBaselineError
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest
from planrace.checker.review.baseline.render import exit_code

FORMATS = ("text", "json", "markdown")
UNDECIDED = 3


def save_command(protocol: str | None, output: str, **arguments: Any) -> int:
    """Write an entry into the file, or update all entries; returns the exit code."""
    project = find_project() if protocol is None and not Path(output).exists() else None
    file = BaselineFile(
        output,
        new=protocol is not None or project is not None,
        listening=partial(progress, Look(progress=not arguments["no_progress"])),
    )
    if protocol is None:
        _check_bare(arguments, output, file if project is None else None)
    try:
        made = _made(protocol, project, file, arguments)
    except KeyboardInterrupt:
        click.echo(f"interrupted; {output} is not written", err=True)
        return INTERRUPTED
    except UndecidedBaselineError as problem:
        click.echo(f"Error: {problem}", err=True)
        return UNDECIDED
    for entry in made:
        old = file.before.get(entry.title)
        word = "new" if old is None else "unchanged" if old == entry else "updated"
        click.echo(f"{output}: {entry.title}: {word}")
    return 0


def _made(
    protocol: str | None, project: Project | None, file: BaselineFile, arguments: dict[str, Any]
) -> Sequence[BaselineEntry]:
    """Check and write: the protocol, the checks of the project into a new file, or every entry of the file."""
    if protocol is not None:
        return [file.put(_request(protocol, arguments), _bounds(arguments))]
    if project is None:
        return file.renew(_bounds(arguments))
    for check in project.selected():
        keys = joined(list(obstacles(check)))
        if keys:
            click.echo(f"{shown(project.path)}: {check.name}: left out, because a baseline has no {keys}")
    return save_checks(project, file, _bounds(arguments))


def _check_bare(arguments: dict[str, Any], output: str, file: BaselineFile | None) -> None:
    """Without a protocol every entry is updated with its own options: refuse others. ``file`` is None if it will have
    the checks of ``pyproject.toml``."""
    given = [name for name in ("settings", "faults", "with_", "without", "properties") if arguments[name]]
    if given or arguments["max_states"] is not None or arguments["symmetry"] is not None or not arguments["slicing"]:
        raise click.UsageError(
            "Without -p every entry is updated with its own options; name a protocol, or leave the options out."
        )
    if file is not None and not file.before:
        raise click.UsageError(f"{output} has no entry to update; name a protocol with -p.")


def _request(protocol: str, arguments: dict[str, Any]) -> BaselineRequest:
    request = BaselineRequest(
        protocol,
        once(arguments["settings"]),
        faults=tuple(sorted(set(arguments["faults"]))),
        with_protections=tuple(sorted(set(arguments["with_"]))),
        without=tuple(sorted(set(arguments["without"]))),
        properties=tuple(sorted(set(arguments["properties"]))),
        max_states=arguments["max_states"],
        symmetry=arguments["symmetry"],
        slicing=arguments["slicing"],
    )
    assert request.title  # raises an error for values that do not fit into a line
    return request


def _bounds(arguments: dict[str, Any]) -> Bounds:
    return Bounds(arguments["max_memory"], arguments["time_limit"], arguments["workers"])


def compare_command(file: str, **arguments: Any) -> int:
    """Run every entry again and report what changed; returns the exit code."""
    delivery = delivery_of(arguments, FORMATS, (file,))
    with delivery.working():
        found = compare_entries(file, arguments["only"], _bounds(arguments), partial(progress, arguments["look"]))
    code = exit_code(found, strict=arguments["strict"])
    delivery.deliver(rendering_of(found, code, arguments["look"].detail))
    return code
