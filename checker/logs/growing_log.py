"""Reads a log while it grows: the events of complete lines, as soon as no later line can change what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from planrace.checker.logs.begun import StepLines
from planrace.checker.logs.records import LONGEST, EventReader, parsed, text_of
from planrace.checker.results.conformance import LogLine
from planrace.model.language import ModelError, Place


class GrowingFile:
    """The complete lines of a file that grows. ``lines`` counts those that were read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._offset = 0
        self._rest = b""

    def new_lines(self, last: bool) -> Iterator[LogLine]:
        """The lines that were written since, without empty ones; with ``last`` also one without an end. Raises
        ``ModelError``."""
        data = self._rest + self._new_bytes()
        *complete, self._rest = data.split(b"\n")
        if last and self._rest:
            complete, self._rest = [*complete, self._rest], b""
        if len(self._rest) > 4 * LONGEST:
            text_of(b" " * (LONGEST + 1), Place(str(self.path), self.lines + len(complete) + 1))
        for raw in complete:
            self.lines += 1
            text = text_of(raw, Place(str(self.path), self.lines))
            if text.strip():
                yield LogLine(str(self.path), self.lines, text)

    def _new_bytes(self) -> bytes:
        try:
            if self.path.stat().st_size < self._offset:
                where = Place(str(self.path), self.lines)
                raise ModelError("the log has become shorter", where=where, remedy="start again with the new file")
            with self.path.open("rb") as file:
                file.seek(self._offset)
                found = file.read()
        except OSError as problem:
            remedy = "name the logs: check conform --follow … LOG…"
            raise ModelError(f"cannot read {self.path}: {problem.strerror}", remedy=remedy) from None
        self._offset += len(found)
        return found


class GrowingLog:
    """A file of records that grows. What stands behind a step that has not ended waits until it ends. A step that is
    open for more than ``patience`` seconds, or behind which its stream goes on, may have happened or not: a crash has
    cut it. A line that ends it later is left out; ``late`` are those that were."""

    def __init__(self, path: Path, stream: str, reader: EventReader, patience: float) -> None:
        self._stream, self._reader, self._patience = stream, reader, patience
        self.late: list[LogLine] = []
        self._file = GrowingFile(path)
        self._waiting = StepLines()
        self._since: dict[int, float] = {}

    def read(self, now: float, *, last: bool = False) -> None:
        """Read what was written since; ``now`` is a time in seconds. ``last``: nothing more will be written, so a line
        without an end counts, and nothing waits. Raises ``ModelError``."""
        for line in self._file.new_lines(last):
            record = parsed(line.text, Place(line.file, line.line), once=True)
            if self._waiting.add(line, record):
                self._since[line.line] = now
            else:
                self.late.append(line)
        held = self._waiting.held
        self._since = {line.line: self._since[line.line] for line, _ in held.values()}
        waits = set() if last else set(self._open_steps(now))
        for place in [*held]:
            if place in waits:
                break
            line, record = held.pop(place)
            self._reader.add(record, line, self._stream, announced=place in self._waiting.announced)
            self._waiting.announced.discard(place)

    @property
    def soonest(self) -> float:
        """The earliest time of the lines that wait: their steps may have happened, and be seen by other processes.
        Raises ``ModelError``."""
        held = self._waiting.held.values()
        return min((self._reader.earliest(record, line) for line, record in held), default=math.inf)

    def _open_steps(self, now: float) -> Iterator[int]:
        """The places of the steps that may still end: those that are not too old, and the last of their streams."""
        behind: set[str] = set()
        for place, (line, record) in reversed(self._waiting.held.items()):
            stream = str(record.get("stream", self._stream))
            if "begins" in record and stream not in behind and now - self._since[line.line] < self._patience:
                yield place
            behind.add(stream)
