"""The main job: check a protocol, report, exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..catalogue import find
from ..report import OutputError, document, render_json, render_plain, write_whole
from ..report.plain import WIDTH
from ..run import Options, check
from ..vocabulary import Report, Verdict
from .progress import progress

FORMS = ("text", "json")
CODES = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 3}
INTERRUPTED = 130


def check_command(protocol: str, **asked: Any) -> int:
    """Run the check that the options ask for; the exit code."""
    places = [_place(o, asked["form"]) for o in asked["outputs"]]
    for _, path in places:
        _writable(path)
    with progress() as listener:
        report = check(
            find(protocol),
            _once(asked["settings"]),
            faults=asked["faults"],
            with_protections=asked["with_"],
            without=asked["without"],
            options=Options(
                engine=asked["engine"],
                properties=asked["properties"],
                fail_fast=asked["fail_fast"],
                exhaustive=asked["exhaustive"],
                symmetry=bool(asked["symmetry"]),
                depth=asked["depth"],
                states=asked["max_states"],
                memory=asked["max_memory"],
                seconds=asked["time_limit"],
                seed=asked["seed"],
                runs=asked["runs"],
                listener=listener,
            ),
        )
    code = exit_code(report, asked["expect"])
    _deliver(report, code, asked["form"], asked["outputs"], places)
    return code


def exit_code(report: Report, expected: str | None) -> int:
    """What the process exits with. Undecided stays 3 whatever was expected."""
    if report.interrupted:
        return INTERRUPTED
    if expected is None or report.verdict is Verdict.UNKNOWN:
        return CODES[report.verdict]
    return 0 if report.verdict.word == expected else 1


def _deliver(report: Report, code: int, form: str, outputs: Sequence[str], places: Sequence[tuple[str, str]]) -> None:
    """Write the report where it is wanted. What cannot be written is shown instead, so that nothing is lost."""
    try:
        for kind, path in places:
            write_whole(path, _render(report, code, kind))
    except OutputError:
        _show(report, code, form)
        raise
    replaced = any(o == path for o, (_, path) in zip(outputs, places, strict=True))
    if replaced:
        click.echo(document(report, code).closing)
    else:
        _show(report, code, form)


def _show(report: Report, code: int, form: str) -> None:
    if form == "text" and sys.stdout.isatty():
        from ..report.terminal import draw

        draw(document(report, code))
    else:
        click.echo(_render(report, code, form), nl=False)


def _render(report: Report, code: int, form: str) -> str:
    return render_json(report) if form == "json" else render_plain(document(report, code), WIDTH)


def _place(output: str, form: str) -> tuple[str, str]:
    """Form and path of an ``-o``: ``json:FILE``, or ``FILE`` in the form of ``--format``."""
    kind, sign, path = output.partition(":")
    if sign and kind in FORMS:
        return kind, path
    return form, output


def _writable(path: str) -> None:
    """Fail now rather than after a long search."""
    import os

    folder = Path(path).resolve().parent
    if not path or Path(path).is_dir():
        raise OutputError(f"cannot write {path!r}: it is a directory (name a file)")
    if not folder.is_dir():
        raise OutputError(f"cannot write {path}: there is no directory {folder} (make it first)")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write {path}: the directory {folder} is not writable (choose another)")


def _once(settings: Sequence[tuple[str, int]]) -> dict[str, int]:
    values: dict[str, int] = {}
    for name, value in settings:
        if values.setdefault(name, value) != value:
            raise click.UsageError(f"{name} is set twice: {values[name]} and {value}.")
    return values
