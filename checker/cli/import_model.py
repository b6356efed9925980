"""``check import SPEC.tla``: models in other languages."""

from __future__ import annotations

import re
from typing import Any

import click

from planrace.checker.api.importing_models import import_model
from planrace.checker.results.verdict import EXIT_CODES

OF_RUNS = ("protocol", "parameters", "faults", "with_protections", "without", "formats")
"""Options that only a run has."""


def import_model_command(file: str, arguments: dict[str, Any]) -> int:
    """Translate a specification; returns the exit code."""
    strange = next((name for name in OF_RUNS if arguments.get(name)), None)
    if strange is not None:
        raise click.UsageError(f"{file} is a specification: options of a run such as --{strange} are not for it.")
    places = arguments["outputs"]
    if len(places) > 1:
        raise click.UsageError("-o names one file for the protocol.")
    found = import_model(
        file,
        arguments["cfg"],
        ranges=dict(map(_range, arguments["bounds"])),
        lengths=dict(map(_length, arguments["lengths"])),
    )
    if places:
        found.write(places[0])
    else:
        click.echo(found.text, nl=False)
    click.echo(found.summary, err=True)
    return EXIT_CODES[found.verdict]


def _range(text: str) -> tuple[str, tuple[int, int]]:
    match = re.fullmatch(r"(\w+)=(-?\d+)\.\.(-?\d+)", text)
    if match is None or int(match[2]) > int(match[3]):
        raise click.UsageError(f"--bound {text}: write NAME=LOW..HIGH, such as --bound clock=0..7.")
    return match[1], (int(match[2]), int(match[3]))


def _length(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\w+)=(\d+)", text)
    if match is None:
        raise click.UsageError(f"--most {text}: write NAME=NUMBER, such as --most queue=4.")
    return match[1], int(match[2])
