"""Writes reports to the terminal, standard output and files."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import click

from planrace.checker.api.render import formats_for, report_formats
from planrace.checker.cli.failures import code_of, sentence_of
from planrace.checker.cli.look import Look
from planrace.checker.engines.limits import time_left
from planrace.checker.report.formats import (
    FOR_CI,
    FORMATS,
    NoTraceError,
    render_broken,
)
from planrace.checker.report.output import OutputError, OutputPlace
from planrace.checker.report.text.plain import WIDTH, render_plain
from planrace.checker.results.blocks import Document, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.guard import defect_text
from planrace.checker.results.outcome import Broken
from planrace.checker.results.report import Report
from planrace.checker.results.trace import Source
from planrace.checker.results.wording import joined


class FormatFailedError(Exception):
    """A format cannot be made because of a defect of planrace. It never changes the exit code."""


@dataclass(frozen=True)
class Rendering:
    """A report as text and in its other formats, which are made only on demand."""

    document: Document
    makers: Mapping[str, Callable[[], str]]

    def render(self, format_name: str, width: int = WIDTH) -> str:
        """The report in a format, its text with this width. Raises ``NoTraceError``, and ``FormatFailedError`` if our
        code fails; other formats and the verdict do not depend on it."""
        try:
            return render_plain(self.document, width) if format_name == "text" else self.makers[format_name]()
        except (NoTraceError, OutputError):
            raise
        except Exception as problem:
            raise FormatFailedError(f"there is no {format_name} of this report: {defect_text(problem)}") from problem


def rendering_of(result: Any, code: int | None = None, detail: Detail = Detail.USUAL, **more: Any) -> Rendering:
    """The result of a call in all its formats. If making its text fails, the other formats and the exit code remain."""
    formats = formats_for(result, code, detail, command=command_line(), **more)
    try:
        return Rendering(formats.document(), formats.others)
    except Exception as problem:
        text = Paragraph(f"Unavailable: the text of this report: {defect_text(problem)}.")
        return Rendering(Document((text,), f"exit {formats.code}"), formats.others)


def rendering_of_report(report: Report, document: Document, trace: str | None = None, **more: Any) -> Rendering:
    """A report in all its formats; ``trace`` names the trace for formats that show only one; ``more`` are further
    arguments of formats (``expectation``, ``everything``)."""
    return Rendering(document, report_formats(report, trace, command=command_line(), **more))


def command_line() -> str:
    """The command that is running, as a shell reads it; empty in calls from Python."""
    context = click.get_current_context(silent=True)
    return "" if context is None or context.find_root().obj is None else str(context.find_root().obj)


class Delivery:
    """The places where a report is written. It is made before the search, so that a wrong place is an error at once.

    ``formats`` are those of ``--format``: a format for standard output, or ``FORM:FILE``; ``outputs`` those of ``-o``.
    ``look`` is that of text. ``brief``: if there are files, standard output gets only the last line. ``reads`` are the
    files that the command reads; a report must not overwrite them.
    """

    def __init__(
        self,
        formats: Sequence[str],
        outputs: Sequence[str],
        allowed: Collection[str] = FORMATS,
        *,
        look: Look | None = None,
        brief: bool = False,
        reads: Sequence[str] = (),
    ) -> None:
        self._allowed = allowed
        self._look = look or Look()
        shown = [self._known(f) for f in formats if ":" not in f]
        if len(shown) > 1:
            raise click.UsageError(f"Standard output takes one format, not {joined(shown)}; write FORM:FILE.")
        self.stdout_format = shown[0] if shown else "text"
        named = [(self._known(f.partition(":")[0]), f.partition(":")[2]) for f in formats if ":" in f]
        named += [self._place(o) for o in outputs]
        bare = any(o == path for o, (_, path) in zip(outputs, named[-len(outputs) :], strict=False))
        self._replaced = bare or (brief and bool(named) and not shown)
        self._places = [(kind, OutputPlace(path, keep=False)) for kind, path in named]
        self._side_files: list[OutputPlace] = []
        self._read: list[OutputPlace] = []
        self.spare(reads)

    def spare(self, reads: Sequence[str]) -> None:
        """Refuse to write to files that the command reads."""
        for path in filter(None, reads):
            with suppress(OutputError):  # reading it reports what is wrong with it
                self._read.append(OutputPlace(path))
        for _, place in self._places:
            self._claim(place)

    def side_file(self, path: str) -> SideFile:
        """Another file that the run writes, which is not a report. Whether it can be written is tested now, too."""
        place = OutputPlace(path, keep=False)
        self._claim(place)
        self._side_files.append(place)
        return SideFile(place)

    def _claim(self, place: OutputPlace) -> None:
        """Check that the place can be written, and that nothing else is read or written there."""
        place.attempt()
        for other in [*(p for _, p in self._places), *self._side_files]:
            if other is not place and other.same(place):
                raise click.UsageError(f"{place.path} is named twice: each report needs a file of its own.")
        if any(place.same(other) for other in self._read):
            raise click.UsageError(f"{place.path} is a file that the command reads: write to another file.")

    @property
    def formats(self) -> set[str]:
        """The requested formats."""
        return {kind for kind, _ in self._places} | (set() if self._replaced else {self.stdout_format})

    def deliver(self, rendering: Rendering, *, strict: bool = False) -> None:
        """Write the report to its places. If a file cannot be written, the report is shown instead, so it is not lost.

        If there is no trace for a format, that format is left out with a message, or it is an error if ``strict``.
        """
        problems = list(self._write_all(rendering, strict=strict))
        for p in problems:
            if isinstance(p, NoTraceError):
                raise p
        try:
            if self._replaced and not problems:
                click.echo(rendering.document.closing)
            else:
                self._show(rendering, strict=strict)
        except OutputError as problem:
            click.echo(rendering.document.closing, err=True)
            problems.append(problem)
        if problems:
            raise OutputError("\nError: ".join(map(str, problems)))

    def _write_all(self, rendering: Rendering, *, strict: bool) -> Iterator[Exception]:
        """Write every file, even if others fail, and yield the failures. A file that is not written is removed, because
        an older report in it could be taken for the new one."""
        left = [place for _, place in self._places]
        try:
            for kind, place in self._places:
                problem = self._write(kind, place, rendering, strict=strict)
                if problem is None:
                    left.remove(place)
                else:
                    yield problem
        finally:
            for place in left:
                place.clear()

    @contextmanager
    def working(self) -> Iterator[None]:
        """A context for the work: if it fails, remove older reports, which could be taken for the new ones."""
        try:
            yield
        except BaseException:
            self.clear()
            raise

    def clear(self) -> None:
        """Remove older reports from the places."""
        for _, place in self._places:
            place.clear()

    @contextmanager
    def answering(self, protocol: str) -> Iterator[None]:
        """A context for the work: if it fails, the formats for CI say why; otherwise CI would see those of an earlier
        run."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as problem:
            where = getattr(problem, "where", None)
            source = None if where is None else Source(where.file, where.line)
            self._break(Broken(protocol, sentence_of(problem), source, code_of(problem)))
            raise

    def _break(self, broken: Broken) -> None:
        for kind, place in self._places:
            if kind not in FOR_CI:
                place.clear()
                continue
            try:
                place.write(render_broken(kind, broken), time_left())
            except OutputError as problem:
                click.echo(f"Error: {problem}", err=True)
        if self.stdout_format in FOR_CI and not self._replaced:
            _say(render_broken(self.stdout_format, broken))

    def _write(self, kind: str, place: OutputPlace, rendering: Rendering, *, strict: bool) -> Exception | None:
        """Write a file; returns the failure if it is an error, else None."""
        try:
            place.write(rendering.render(kind, self._look.columns()), time_left())
        except OutputError as problem:
            return problem
        except FormatFailedError as problem:
            place.clear()
            click.echo(f"Error: {place.path} is not written: {problem}", err=True)
        except NoTraceError as problem:
            place.clear()
            if strict:
                return problem
            click.echo(f"{place.path} is not written: {problem}", err=True)
        return None

    def _show(self, rendering: Rendering, *, strict: bool) -> None:
        width = self._look.columns(sys.stdout)
        if self.stdout_format == "text" and self._look.colored(sys.stdout):
            from planrace.checker.report.text.terminal import draw

            with suppress(Exception):  # it is written without colours then
                draw(rendering.document, width=width)
                return
        try:
            text = rendering.render(self.stdout_format, width)
        except FormatFailedError as problem:
            click.echo(f"Error: {problem}", err=True)
            click.echo(rendering.document.closing, err=True)
            return
        except NoTraceError as problem:
            if strict:
                raise
            click.echo(f"no {self.stdout_format}: {problem}", err=True)
            click.echo(rendering.document.closing, err=True)
            return
        if self.stdout_format == "text":
            click.echo(text, nl=False)
        else:
            _say(text)

    def _place(self, output: str) -> tuple[str, str]:
        """Format and path of an ``-o``: ``json:FILE``, or ``FILE`` in the format of ``--format``."""
        kind, sign, path = output.partition(":")
        if sign and (kind in self._allowed or kind in FORMATS):
            return kind, path
        if sign and len(kind) > 1 and kind.isalpha():  # one letter is a Windows drive
            self._known(kind, f"; for a file of this name write ./{output}")
        return self.stdout_format, output

    def _known(self, format_name: str, more: str = "") -> str:
        if format_name not in self._allowed:
            raise click.UsageError(
                f"{format_name!r} is not a format of this report; there are {', '.join(self._allowed)}{more}."
            )
        return format_name


def delivery_of(arguments: Mapping[str, Any], formats: Collection[str], reads: Sequence[str]) -> Delivery:
    """What the shared options of a command ask for; the command writes these ``formats``, and ``reads`` files."""
    return Delivery(
        arguments["formats"], arguments["outputs"], formats, look=arguments["look"], brief=True, reads=reads
    )


def source_of(protocol: str) -> tuple[str, ...]:
    """The file in the name of a protocol; none if it names a module."""
    file = protocol.rpartition(":")[0] or protocol
    return (file,) if file.endswith(".py") else ()


class SideFile:
    """A file besides the reports. It gets its text during the run and is written together with the reports."""

    def __init__(self, place: OutputPlace) -> None:
        self._place = place
        self._text: str | None = None

    def hold(self, text: str) -> None:
        """Keep the text until ``write``: a failure to write it must not end the search."""
        self._text = text

    def write(self) -> None:
        """Write it, or remove an older file if there is no text. Raises ``OutputError``."""
        if self._text is None:
            self._place.clear()
        else:
            self._place.write(self._text, time_left())


def _say(text: str) -> None:
    """Write a format for programs to standard output, always in UTF-8."""
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        click.echo(text, nl=False)
        return
    encoding, errors = stream.encoding, stream.errors
    stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    stream.write(text)
    stream.flush()
    stream.reconfigure(encoding=encoding, errors=errors)
