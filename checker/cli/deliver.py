"""Putting reports where they are wanted: the terminal, standard output, files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..guarded import fault
from ..report import OutputError, render_plain, write_whole
from ..report.blocks import Document
from ..report.forms import FOR_CI, FORMS, OF_TRACE, WHOLE, NoTraceError, render_broken, render_trace, render_whole
from ..report.outcome import Broken
from ..report.plain import WIDTH
from ..vocabulary import Report, Source
from .failures import code_of, sentence_of


@dataclass(frozen=True)
class Told:
    """A report as text and in the other forms that it can take, which are made only when they are asked for."""

    document: Document
    makers: Mapping[str, Callable[[], str]]

    def render(self, form: str) -> str:
        """The report in a form. Raises ``NoTraceError``, and ``OutputError`` where the form cannot be made: the others
        can, and the verdict is what it is."""
        try:
            return render_plain(self.document, WIDTH) if form == "text" else self.makers[form]()
        except (NoTraceError, OutputError):
            raise
        except Exception as problem:
            raise OutputError(f"there is no {form} of this report: {fault(problem)}") from problem


def told(report: Report, document: Document, trace: str | None = None, **more: Any) -> Told:
    """A report in all its forms; ``trace`` names the one that forms of a single trace show, ``more`` is what else is
    said to forms (``asked``, ``everything``)."""
    whole = {form: partial(render_whole, form, report, **more) for form in WHOLE if form != "text"}
    return Told(document, {**whole, **{form: partial(render_trace, form, report, trace) for form in OF_TRACE}})


class Delivery:
    """Where a report goes. Made before the work begins, so that a place that cannot be written fails at once.

    ``formats`` are those of ``--format``: a form for standard output, or ``FORM:FILE``; ``outputs`` those of ``-o``.
    ``brief``: where there are files, standard output gets no more than the last line.
    """

    def __init__(
        self,
        formats: Sequence[str],
        outputs: Sequence[str],
        allowed: Collection[str] = tuple(FORMS),
        *,
        brief: bool = False,
    ) -> None:
        self._allowed = allowed
        shown = [self._known(f) for f in formats if ":" not in f]
        if len(shown) > 1:
            raise click.UsageError(f"Standard output takes one form, not {' and '.join(shown)}; write FORM:FILE.")
        self.form = shown[0] if shown else "text"
        self._places = [(self._known(f.partition(":")[0]), f.partition(":")[2]) for f in formats if ":" in f]
        self._places += [self._place(o) for o in outputs]
        bare = any(o == path for o, (_, path) in zip(outputs, self._places[-len(outputs) :], strict=False))
        self._replaced = bare or (brief and bool(self._places) and not shown)
        for _, path in self._places:
            writable(path)

    @property
    def forms(self) -> set[str]:
        """The forms that are wanted."""
        return {kind for kind, _ in self._places} | (set() if self._replaced else {self.form})

    def deliver(self, told: Told, *, strict: bool = False) -> None:
        """Write the report where it is wanted. What cannot be written is shown instead, so that nothing is lost.

        A trace that there is none of is left out with a word about it, or an error if ``strict``.
        """
        problems = []
        for kind, path in self._places:
            try:
                self._write(kind, path, told, strict=strict)
            except OutputError as problem:
                problems.append(problem)
        if problems:
            self._show(told, strict=strict)
            raise OutputError("\nError: ".join(map(str, problems)))
        if self._replaced:
            click.echo(told.document.closing)
        else:
            self._show(told, strict=strict)

    @contextmanager
    def answering(self, protocol: str) -> Iterator[None]:
        """Around the work: where no report comes of it, the forms for CI say why, or they would be those of another
        run."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as problem:
            where = getattr(problem, "where", None)
            source = None if where is None else Source(where.file, where.line)
            self._break(Broken(protocol, sentence_of(problem), source, code_of(problem)))
            raise

    def _break(self, broken: Broken) -> None:
        for kind, path in self._places:
            if kind in FOR_CI:
                try:
                    write_whole(path, render_broken(kind, broken))
                except OutputError as problem:
                    click.echo(f"Error: {problem}", err=True)
        if self.form in FOR_CI and not self._replaced:
            click.echo(render_broken(self.form, broken), nl=False)

    def _write(self, kind: str, path: str, told: Told, *, strict: bool) -> None:
        try:
            write_whole(path, told.render(kind))
        except NoTraceError as problem:
            if strict:
                raise
            click.echo(f"{path} is not written: {problem}", err=True)

    def _show(self, told: Told, *, strict: bool) -> None:
        if self.form == "text" and sys.stdout.isatty():
            from ..report.terminal import draw

            draw(told.document)
            return
        try:
            click.echo(told.render(self.form), nl=False)
        except NoTraceError as problem:
            if strict:
                raise
            click.echo(f"no {self.form}: {problem}", err=True)
            click.echo(told.document.closing, err=True)

    def _place(self, output: str) -> tuple[str, str]:
        """Form and path of an ``-o``: ``json:FILE``, or ``FILE`` in the form of ``--format``."""
        kind, sign, path = output.partition(":")
        if sign and (kind in self._allowed or kind in FORMS):
            return kind, path
        return self.form, output

    def _known(self, form: str) -> str:
        if form not in self._allowed:
            raise click.UsageError(f"{form!r} is no form of this report; there are {', '.join(self._allowed)}.")
        return form


def writable(path: str) -> None:
    """Fail now rather than after a long search."""
    folder = Path(path).resolve().parent
    if not path or Path(path).is_dir():
        raise OutputError(f"cannot write {path!r}: it is a directory (name a file)")
    if not folder.is_dir():
        raise OutputError(f"cannot write {path}: there is no directory {folder} (make it first)")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write {path}: the directory {folder} is not writable (choose another)")
