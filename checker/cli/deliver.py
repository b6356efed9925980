"""Putting reports where they are wanted: the terminal, standard output, files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ..report import OutputError, render_plain, write_whole
from ..report.blocks import Document
from ..report.plain import WIDTH

FORMS = ("text", "json")


@dataclass(frozen=True)
class Told:
    """A report in the forms that it can take; JSON is made only when it is asked for."""

    document: Document
    json: Callable[[], str]

    def render(self, form: str) -> str:
        return self.json() if form == "json" else render_plain(self.document, WIDTH)


class Delivery:
    """Where a report goes. Made before the work begins, so that a place that cannot be written fails at once."""

    def __init__(self, form: str, outputs: Sequence[str]) -> None:
        self.form = form
        self._places = [_place(o, form) for o in outputs]
        self._replaced = any(o == path for o, (_, path) in zip(outputs, self._places, strict=True))
        for _, path in self._places:
            writable(path)

    def deliver(self, told: Told) -> None:
        """Write the report where it is wanted. What cannot be written is shown instead, so that nothing is lost."""
        try:
            for kind, path in self._places:
                write_whole(path, told.render(kind))
        except OutputError:
            self._show(told)
            raise
        if self._replaced:
            click.echo(told.document.closing)
        else:
            self._show(told)

    def _show(self, told: Told) -> None:
        if self.form == "text" and sys.stdout.isatty():
            from ..report.terminal import draw

            draw(told.document)
        else:
            click.echo(told.render(self.form), nl=False)


def writable(path: str) -> None:
    """Fail now rather than after a long search."""
    folder = Path(path).resolve().parent
    if not path or Path(path).is_dir():
        raise OutputError(f"cannot write {path!r}: it is a directory (name a file)")
    if not folder.is_dir():
        raise OutputError(f"cannot write {path}: there is no directory {folder} (make it first)")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write {path}: the directory {folder} is not writable (choose another)")


def _place(output: str, form: str) -> tuple[str, str]:
    """Form and path of an ``-o``: ``json:FILE``, or ``FILE`` in the form of ``--format``."""
    kind, sign, path = output.partition(":")
    if sign and kind in FORMS:
        return kind, path
    return form, output
