"""``check baseline``: what is known of protocols, kept in a file, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from planrace.checker.cli.command import once
from planrace.checker.cli.deliver import Delivery, Told, documented
from planrace.checker.cli.progress import progress
from planrace.checker.report.output import OutputPlace
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import INTERRUPTED
from planrace.checker.review.baseline.changes import BaselineComparison, changes
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest
from planrace.checker.review.baseline.read import read_baseline, wanted
from planrace.checker.review.baseline.take import Bounds, UndecidedBaselineError, check_decided, take
from planrace.checker.review.baseline.tell import changes_document, changes_json, changes_markdown, exit_code
from planrace.checker.review.baseline.text import write_text
from planrace.model.language import ModelError

FORMS = ("text", "json", "markdown")
UNDECIDED = 3


def save_command(protocol: str | None, output: str, **asked: Any) -> int:
    """Put an entry into the file, or renew all; the exit code."""
    place = OutputPlace(output)
    place.attempt()
    there = read_baseline(output) if protocol is None or Path(output).exists() else ()
    if protocol is None:
        _check_bare(asked, output, there)
    old = {e.title: e for e in there}
    requests = [e.request for e in there] if protocol is None else [_request(protocol, asked)]
    new: dict[str, BaselineEntry] = {}
    try:
        for request in requests:
            entry, report = _taken(request, asked, f"{output}:{old[request.title].line}: " if protocol is None else "")
            if report.interrupted:
                click.echo(f"interrupted; {output} is not written", err=True)
                return INTERRUPTED
            check_decided(entry, report)
            new[entry.title] = entry
    except UndecidedBaselineError as problem:
        click.echo(f"Error: {problem}", err=True)
        return UNDECIDED
    place.write(write_text({**old, **new}.values()))
    for title, entry in new.items():
        word = "new" if title not in old else "as it was" if old[title] == entry else "renewed"
        click.echo(f"{output}: {title}: {word}")
    return 0


def _check_bare(asked: dict[str, Any], output: str, there: Sequence[BaselineEntry]) -> None:
    """Without a protocol every entry is renewed as it is."""
    given = [name for name in ("settings", "faults", "with_", "without", "properties") if asked[name]]
    if given or asked["max_states"] is not None or asked["symmetry"] is not None or not asked["slicing"]:
        raise click.UsageError("Without -p every entry is renewed as it is; name a protocol, or leave the options out.")
    if not there:
        raise click.UsageError(f"{output} holds no entry to renew; name a protocol with -p.")


def _request(protocol: str, asked: dict[str, Any]) -> BaselineRequest:
    request = BaselineRequest(
        protocol,
        once(asked["settings"]),
        faults=tuple(sorted(set(asked["faults"]))),
        with_protections=tuple(sorted(set(asked["with_"]))),
        without=tuple(sorted(set(asked["without"]))),
        properties=tuple(sorted(set(asked["properties"]))),
        states=asked["max_states"],
        symmetry=asked["symmetry"],
        slicing=asked["slicing"],
    )
    assert request.title  # which refuses what no line can hold
    return request


def _taken(request: BaselineRequest, asked: dict[str, Any], place: str) -> tuple[BaselineEntry, Report]:
    """The entry now. ``place`` is where it stands, for errors."""
    with progress() as listener:
        bounds = Bounds(asked["max_memory"], asked["time_limit"], asked["workers"], listener)
        try:
            return take(request, bounds)
        except ModelError as problem:
            if not place:
                raise
            what = f"{place}{request.title}: {problem}"
            raise ModelError(what, remedy="mend the protocol, or delete the entry") from problem


def compare_command(file: str, **asked: Any) -> int:
    """Run every entry again and say what changed; the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"], FORMS, brief=True, reads=(file,))
    found: list[BaselineComparison] = []
    with delivery.working():
        for before in wanted(file, asked["only"]):
            after, report = _taken(before.request, asked, f"{file}:{before.line}: ")
            found.append(changes(before, after, report))
            if report.interrupted:
                break
    code = exit_code(found, strict=asked["strict"])
    makers = {"json": partial(changes_json, found, code), "markdown": partial(changes_markdown, found)}
    delivery.deliver(Told(documented(changes_document, found, code), makers))
    return code
