"""``check baseline``: results of protocols, kept in a file, and what has changed since."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from planrace.checker.api.baseline import BaselineFile, compare_entries
from planrace.checker.cli.check import once
from planrace.checker.cli.deliver import Delivery, rendering_of
from planrace.checker.cli.look import Look
from planrace.checker.cli.progress import progress
from planrace.checker.results.verdict import INTERRUPTED
from planrace.checker.review.baseline.check_entry import Bounds, UndecidedBaselineError
from planrace.checker.review.baseline.entry import BaselineRequest
from planrace.checker.review.baseline.render import exit_code

FORMS = ("text", "json", "markdown")
UNDECIDED = 3


def save_command(protocol: str | None, output: str, **asked: Any) -> int:
    """Write an entry into the file, or update all entries; returns the exit code."""
    file = BaselineFile(
        output, new=protocol is not None, listening=partial(progress, Look(progress=not asked["no_progress"]))
    )
    if protocol is None:
        _check_bare(asked, output, file)
    try:
        made = file.renew(_bounds(asked)) if protocol is None else [file.put(_request(protocol, asked), _bounds(asked))]
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


def _check_bare(asked: dict[str, Any], output: str, file: BaselineFile) -> None:
    """Without a protocol every entry is updated with its own options: refuse others."""
    given = [name for name in ("settings", "faults", "with_", "without", "properties") if asked[name]]
    if given or asked["max_states"] is not None or asked["symmetry"] is not None or not asked["slicing"]:
        raise click.UsageError(
            "Without -p every entry is updated with its own options; name a protocol, or leave the options out."
        )
    if not file.before:
        raise click.UsageError(f"{output} has no entry to update; name a protocol with -p.")


def _request(protocol: str, asked: dict[str, Any]) -> BaselineRequest:
    request = BaselineRequest(
        protocol,
        once(asked["settings"]),
        faults=tuple(sorted(set(asked["faults"]))),
        with_protections=tuple(sorted(set(asked["with_"]))),
        without=tuple(sorted(set(asked["without"]))),
        properties=tuple(sorted(set(asked["properties"]))),
        max_states=asked["max_states"],
        symmetry=asked["symmetry"],
        slicing=asked["slicing"],
    )
    assert request.title  # raises an error for values that do not fit into a line
    return request


def _bounds(asked: dict[str, Any]) -> Bounds:
    return Bounds(asked["max_memory"], asked["time_limit"], asked["workers"])


def compare_command(file: str, **asked: Any) -> int:
    """Run every entry again and report what changed; returns the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"], FORMS, look=asked["look"], brief=True, reads=(file,))
    with delivery.working():
        found = compare_entries(file, asked["only"], _bounds(asked), partial(progress, asked["look"]))
    code = exit_code(found, strict=asked["strict"])
    delivery.deliver(rendering_of(found, code, asked["look"].detail))
    return code
