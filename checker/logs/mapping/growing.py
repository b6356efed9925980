"""Reads a log of any text while it grows, by a mapping."""

from __future__ import annotations

import math
from pathlib import Path

from planrace.checker.logs.growing_log import GrowingFile
from planrace.checker.logs.mapping.file import LogForm
from planrace.checker.logs.mapping.mapper import LogMapper
from planrace.checker.logs.mapping.reader import MappedLogs
from planrace.checker.logs.mapping.unfinished import UnfinishedStep
from planrace.checker.logs.mapping.watch import LineWatch
from planrace.checker.results.conformance import LogLine
from planrace.model.language import ModelError


class GrowingMappedLog:
    """A file that grows. A step that a line begins, and none completes for ``patience`` seconds, may have happened or
    not, at any time from then on; a line that completes it later is left out, and one of ``late``. Raises
    ``ModelError`` for a form whose lines are not in the order of time."""

    def __init__(self, path: Path, stream: str, mapped: MappedLogs, patience: float, watch: LineWatch) -> None:
        if mapped.mapping.file.form is LogForm.OTLP:
            what = "files of OTLP JSON cannot be followed: exporters write batches, which are not in the order of time"
            raise ModelError(what, remedy="ask about them when they are written, without --follow")
        self._stream, self._mapped, self._patience = stream, mapped, patience
        self.late: list[LogLine] = []
        self._file = GrowingFile(path)
        self._mapper = LogMapper(mapped.mapping, watch)
        self._since: dict[LogLine, float] = {}

    def read(self, now: float, *, last: bool = False) -> None:
        """Read what was written since; ``now`` is a time in seconds. ``last``: nothing more will be written, so a line
        without an end counts, and nothing waits. Raises ``ModelError``."""
        for line in self._file.new_lines(last):
            if self._mapped.take(self._mapper, line, None, self._stream).late:
                self.late.append(line)
        opened = self._mapper.unfinished
        self._since = {step.line: self._since.get(step.line, now) for step in opened}
        for step in opened:
            if last or step.again is not None or now - self._since[step.line] >= self._patience:
                self._mapper.give_up(step)
                self._mapped.may_have_happened(self._mapper, step, self._stream)

    @property
    def soonest(self) -> float:
        """The earliest time of the steps that are not completed: they may have happened, and be seen by other
        processes. Raises ``ModelError``."""
        return min(map(self._begun, self._mapper.unfinished), default=math.inf)

    def _begun(self, step: UnfinishedStep) -> float:
        return min(self._mapped.earliest(r, step) for r in self._mapper.may_have_happened(step))
