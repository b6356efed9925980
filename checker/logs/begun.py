"""Lines that say that a step begins, and lines that say how it ended: of each step one of them counts.

A process that logs a step only when it is over leaves no line of the step that a crash cut, and that step may have had
its effect. So ``planrace.drive`` writes a line before and a line after each step; ``begins`` and ``ends`` are the same
number in both. Where a step ends, its line says everything, and the line before it counts no more. A step that never
ends may have happened or not: its line is an event that is ``optional``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any, TypeAlias

from planrace.checker.results.conformance import LogLine
from planrace.model.language import ModelError, Place

NumberedRecord: TypeAlias = "tuple[LogLine, dict[str, Any]]"


class StepLines:
    """The lines of a file of which each may still be replaced by a later one of its step. ``held`` are those that count
    so far, by their place; whoever takes one out has passed it on."""

    def __init__(self) -> None:
        self.held: dict[int, NumberedRecord] = {}
        self.announced: set[int] = set()
        """The places of lines that end a step of which a line before said that it began."""
        self._last: dict[tuple[str, str], int] = {}
        self._places = count()

    def add(self, line: LogLine, record: dict[str, Any]) -> bool:
        """The next line: it takes the place of the line that begins its step, or that ended it before. A number that
        begins again is another step; it is that of a process that was started again. Returns false for a line that
        comes too late, because what it replaces was passed on. Raises ``ModelError`` for a record that both begins and
        ends a step, and for a number that is none."""
        place, key = next(self._places), number_of(record, line)
        if key is not None:
            if "ends" in record and key in self._last:
                if self.held.pop(self._last[key], None) is None:
                    return False
                self.announced.add(place)
            self._last[key] = place
        self.held[place] = line, record
        return True


def those_that_count(records: Iterable[NumberedRecord]) -> Iterator[NumberedRecord]:
    """The records of a file, in their order, without those of steps that say more in a later line: without the lines
    that begin a step which ends, and of several lines that end a step without all but the last. Records are held back
    from the first that begins or ends a step. Raises ``ModelError``."""
    lines = StepLines()
    for line, record in records:
        if not lines.held and number_of(record, line) is None:
            yield line, record
        else:
            lines.add(line, record)
    yield from lines.held.values()


def number_of(record: Mapping[str, Any], line: LogLine) -> tuple[str, str] | None:
    """The stream and the number of a step that begins or ends here."""
    names = [name for name in ("begins", "ends") if name in record]
    if not names:
        return None
    where = Place(line.file, line.line)
    if len(names) == 2:
        raise ModelError("the record begins a step and ends one", where=where, remedy="write a line for each")
    number = record[names[0]]
    if isinstance(number, bool) or not isinstance(number, int | str):
        remedy = 'write the same in both lines of a step, such as "begins": 7 and "ends": 7'
        raise ModelError(f"{names[0]} is no number and no text", where=where, remedy=remedy)
    return str(record.get("stream", "")), repr(number)
