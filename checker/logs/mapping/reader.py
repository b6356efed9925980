"""Reads logs by a mapping into the events of an instance, and explains what became of their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from planrace.checker.logs.mapping.file import LogForm, LogMapping, RecordTemplate
from planrace.checker.logs.mapping.mapper import LogMapper, MappedLine, record_text
from planrace.checker.logs.mapping.otlp import telemetry_of
from planrace.checker.logs.mapping.template import Templates
from planrace.checker.logs.mapping.unfinished import UnfinishedStep
from planrace.checker.logs.mapping.watch import watching
from planrace.checker.logs.progress import SILENT, LogProgress
from planrace.checker.logs.records import EventReader, lines_of, stream_names
from planrace.checker.results.conformance import LogLine
from planrace.checker.results.mapping import ExplainedLine, LineKind, MappingExplanation
from planrace.model.language import ModelError

FIRST = 20
"""Lines of each log that are explained; and as many further ones that need attention."""
ATTENTION = (LineKind.UNKNOWN, LineKind.WRONG, LineKind.UNFINISHED)

MAY = "it may have happened or not"

Explained = Callable[[], tuple[str, ...]]
"""Makes the details of a line, on demand."""


class MappedLogs:
    """The logs of one request. ``unrecognised`` counts lines that are neither steps nor known not to matter."""

    def __init__(self, mapping: LogMapping, reader: EventReader, progress: LogProgress = SILENT) -> None:
        """Raises ``ModelError`` if the mapping names an action or a parameter that the model does not have."""
        self.mapping, self._reader = mapping, reader
        self._progress = progress
        self._actions = actions_of(mapping)
        self.unrecognised = 0
        for name, rules in self._actions.items():
            reader.action(name, mapping.place(rules[0]))
        self._seen: set[str] = set()

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that the mapping names: every step of them is logged."""
        return tuple(self._actions)

    def read(self, files: Sequence[Path]) -> None:
        """Read all lines. Raises ``ModelError`` with file and line, and if an action of the mapping never occurs."""
        with watching() as watch:
            for file, stream in stream_names(files).items():
                mapper = LogMapper(self.mapping, watch)
                for line, data in self._progress.lines(self._lines(file), file):
                    self.take(mapper, line, data, stream)
                for step in mapper.unfinished:
                    self.may_have_happened(mapper, step, stream)
        if self._seen:  # if nothing was recognised at all, that is the error
            self._check_never()

    def _lines(self, file: Path) -> Iterator[tuple[LogLine, Any]]:
        """What counts as a line, with its value where it has been read."""
        if self.mapping.file.form is LogForm.OTLP:
            yield from telemetry_of(file)
        else:
            yield from ((LogLine(str(file), number, text), None) for number, text in lines_of(file))

    def take(self, mapper: LogMapper, line: LogLine, data: Any, stream: str) -> MappedLine:
        """Read a line, and count it if nothing is recognised in it. Raises ``ModelError``."""
        found = self._line(mapper, line, data, stream)
        self.unrecognised += found.kind is LineKind.UNKNOWN
        return found

    def may_have_happened(self, mapper: LogMapper, step: UnfinishedStep, stream: str) -> None:
        """Read a step that no line completes. Raises ``ModelError``."""
        for record in mapper.may_have_happened(step):
            self._add(record, step.line, stream, mapper.called(step.rule), complete=True)

    def earliest(self, record: Mapping[str, Any], step: UnfinishedStep) -> float:
        """When a step that no line has completed so far happened at the earliest. Raises ``ModelError``."""
        return self._reader.earliest(record, step.line)

    def _line(self, mapper: LogMapper, line: LogLine, data: Any, stream: str) -> MappedLine:
        """Read a line; returns what it is."""
        found = mapper.read(line, data)
        for record in found.records:
            assert found.rule is not None
            self._add(record, line, stream, mapper.called(found.rule), announced=found.announced)
            steps = record.get("any") or [record]
            self._seen.update(step["action"] for step in steps)
        return found

    def _add(self, record: dict[str, Any], line: LogLine, stream: str, rule: str, **known: bool) -> None:
        try:
            self._reader.add(record, line, stream, **known)
        except ModelError as problem:
            made = f"{problem.what}, in the record of {rule}"
            raise ModelError(made, where=problem.where, remedy=problem.remedy) from None

    def _never(self, rare: bool) -> list[str]:
        """Actions of the mapping that did not occur, with those that are ``rare``, or without."""
        steps = self.mapping.file.step
        unseen = [(a, rules) for a, rules in self._actions.items() if a not in self._seen]
        return [a for a, rules in unseen if rare or not all(steps[n].rare for n in rules)]

    def _check_never(self) -> None:
        never = self._never(rare=False)
        if never:
            what = f"no line of the logs is {' or '.join(never)}, which the mapping names"
            remedy = "repair its match (--explain-mapping shows lines), or write rare = true if logs may have none"
            raise ModelError(what, where=self.mapping.place(self._actions[never[0]][0]), remedy=remedy)

    # Explaining ----------------------------------------------------------------------------------------------------
    def explain(self, files: Sequence[Path], first: int = FIRST) -> MappingExplanation:
        """What becomes of the first lines of each log, and which others need attention. Raises ``ModelError`` for logs
        that cannot be read."""
        shown: list[ExplainedLine] = []
        counts: Counter[LineKind] = Counter()
        with watching() as watch:
            for file, stream in stream_names(files).items():
                left, mapper = first, LogMapper(self.mapping, watch)
                for n, (line, kind, explained) in enumerate(self._explanations(mapper, file, stream)):
                    counts[kind] += 1
                    further = n >= first and left > 0 and kind in ATTENTION
                    if n < first or further:
                        shown.append(ExplainedLine(line, kind, explained()))
                    if further:
                        left -= 1
        return MappingExplanation(self.mapping.path, tuple(shown), counts, tuple(self._never(rare=True)))

    def _explanations(
        self, mapper: LogMapper, file: Path, stream: str
    ) -> Iterator[tuple[LogLine, LineKind, Explained]]:
        """All lines, each with its kind and a function that explains it, and after them again those that begin a step
        which none completes."""
        for line, data in self._lines(file):
            try:
                read = self._line(mapper, line, data, stream)
            except ModelError as problem:
                yield line, LineKind.WRONG, partial(_reason, problem)
            else:
                unknown = read.kind is LineKind.UNKNOWN
                yield line, read.kind, partial(mapper.nearest, line, data) if unknown else partial(_records, read)
        for step in mapper.unfinished:
            yield step.line, LineKind.UNFINISHED, lambda: ("no later line of this log completes the step", MAY)


def _reason(problem: ModelError) -> tuple[str, ...]:
    return (problem.what + (f" ({problem.remedy})" if problem.remedy else ""),)


def _records(read: MappedLine) -> tuple[str, ...]:
    return tuple(map(record_text, read.records))


def actions_of(mapping: LogMapping) -> dict[str, list[int]]:
    """The actions that a mapping names, with the steps that name them."""
    templates, found = Templates(mapping.file.tables), dict[str, list[int]]()
    for n, rule in enumerate(mapping.file.step):
        tables: list[RecordTemplate] = rule.steps or [rule]
        for table in tables:
            texts = [table.action] if table.any is None else [step.get("action") for step in table.any]
            for text in texts:
                for name in templates.values(text) if isinstance(text, str) else ():
                    found.setdefault(name, []).append(n)
    return found
