"""Makes records of the lines of one log, by a mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from planrace.checker.logs.mapping.file import UNITS, LogForm, LogMapping, StepRule
from planrace.checker.logs.mapping.lines import LineFields, Patterns, compiled
from planrace.checker.logs.mapping.template import ABSENT, FieldError, Templates
from planrace.checker.logs.mapping.unfinished import UnfinishedStep, optional_record
from planrace.checker.logs.mapping.watch import SECONDS, LineWatch, SlowMatchError
from planrace.checker.logs.records import parsed
from planrace.checker.results.conformance import LogLine
from planrace.checker.results.mapping import LineKind
from planrace.checker.run.ranges import shortened
from planrace.model.language import ModelError, Place

OTLP_KEYS = {"at": "{at}", "stream": "{resource.service.name?}"}
"""Keys of records of OpenTelemetry that a mapping may leave out."""
NEAR = 0.25
"""The part of an expression that must be found in a line for it to be called near."""


@dataclass(frozen=True)
class MappedLine:
    """What a mapping makes of a line: the records of its steps, or another kind. ``rule`` is the step that counts.
    ``announced``: a line before said that the step began; ``late``: the step was given up, so there is no record."""

    kind: LineKind
    rule: int | None = None
    records: tuple[dict[str, Any], ...] = ()
    announced: bool = False
    late: bool = False


@dataclass(frozen=True)
class _Rule:
    """A step of a mapping, ready to be matched."""

    rule: StepRule
    match: Patterns
    begin: Patterns | None
    records: tuple[dict[str, Any], ...]


class LogMapper:
    """Reads the lines of one log in their order."""

    def __init__(self, mapping: LogMapping, watch: LineWatch) -> None:
        file = mapping.file
        self._mapping, self._watch = mapping, watch
        self._templates = Templates(file.tables)
        self._line = None if file.line is None else re.compile(file.line)
        self._ignore = [re.compile(p) for p in file.ignore]
        self._rules = [_rule(mapping, rule) for rule in file.step]
        self._time = file.time or ("ns" if file.form is LogForm.OTLP else None)
        self._begun: dict[tuple[int, Any], UnfinishedStep] = {}
        self._begun_again: list[UnfinishedStep] = []
        self._given_up: set[tuple[int, Any]] = set()

    def read(self, line: LogLine, data: Any = None) -> MappedLine:
        """What a line is; ``data`` is its value if it has been read before. Raises ``ModelError`` with the place."""
        where = Place(line.file, line.line)
        self._watch.start()
        try:
            return self._read(line, data, where)
        except SlowMatchError:
            what = f"the expressions of {self._mapping.path} took more than {SECONDS:g} s for this line"
            remedy = "write expressions without a repetition in a repetition, such as (a+)+"
            raise ModelError(what, where=where, remedy=remedy) from None
        finally:
            self._watch.stop()

    def _read(self, line: LogLine, data: Any, where: Place) -> MappedLine:
        fields = self._fields(line.text, data, where)
        for n, rule in enumerate(self._rules if fields is not None else ()):
            assert fields is not None
            found = fields.matched(rule.match)
            if found is not None:
                try:
                    key = None if rule.begin is None else (n, repr(self._templates.filled(rule.rule.key, found)))
                    if key in self._given_up:
                        return MappedLine(LineKind.STEP, n, late=True)
                    announced = key in self._begun
                    return MappedLine(LineKind.STEP, n, tuple(self._records(n, rule, found)), announced)
                except FieldError as problem:
                    raise self._wrong(n, problem, where) from None
            started = None if rule.begin is None else fields.matched(rule.begin)
            if started is not None:
                self._begin(n, rule, started, line, where)
                return MappedLine(LineKind.BEGUN, n)
        return MappedLine(LineKind.IGNORED if self._ignored(line.text) else LineKind.UNKNOWN)

    def _fields(self, text: str, data: Any, where: Place) -> LineFields | None:
        """The line with the fields that all lines have; None if it is not of the common form."""
        if data is not None:
            return LineFields(text, data)
        if self._mapping.file.form is LogForm.JSON:
            try:
                return LineFields(text, parsed(text, where))
            except ModelError:
                if self._ignored(text):
                    return None
                raise
        fields = LineFields(text)
        return fields if self._line is None else fields.matched(self._line)

    def _ignored(self, text: str) -> bool:
        return any(p.search(text) for p in self._ignore)

    # Steps ---------------------------------------------------------------------------------------------------------
    def _begin(self, n: int, rule: _Rule, fields: LineFields, line: LogLine, where: Place) -> None:
        try:
            key = n, repr(self._templates.filled(rule.rule.key, fields))
        except FieldError as problem:
            raise self._wrong(n, problem, where) from None
        self._given_up.discard(key)
        if key in self._begun:
            self._begun_again.append(replace(self._begun[key], again=fields))
        self._begun[key] = UnfinishedStep(n, line, fields)

    def _records(self, n: int, rule: _Rule, fields: LineFields) -> Iterator[dict[str, Any]]:
        """The records of a line that is or completes a step."""
        earlier = None
        if rule.begin is not None:
            begun = self._begun.pop((n, repr(self._templates.filled(rule.rule.key, fields))), None)
            earlier = None if begun is None else begun.fields
        whole = fields if earlier is None else fields.after(earlier)
        for template in rule.records:
            record = self._templates.filled(template, whole)
            at = self._times(record.pop("at", None))
            if rule.begin is not None:
                # Without the line that began it the step may have happened at any time before this line.
                first = self._times_in(template, earlier)
                at = None if at is None or first is None else [_bound(first, 0), _bound(at, -1)]
            if isinstance(record.get("uncertainty"), str):
                record["uncertainty"] = _seconds(record["uncertainty"])
            yield record if at is None else {**record, "at": at}

    @property
    def unfinished(self) -> list[UnfinishedStep]:
        """The steps that no line has completed so far."""
        return [*self._begun_again, *self._begun.values()]

    def give_up(self, step: UnfinishedStep) -> None:
        """Wait for the end of a step no longer: a line that completes it comes too late."""
        if step.again is not None:
            self._begun_again.remove(step)
            return
        key = next(key for key, begun in self._begun.items() if begun is step)
        del self._begun[key]
        self._given_up.add(key)

    def may_have_happened(self, step: UnfinishedStep) -> Iterator[dict[str, Any]]:
        """The records of a step that no line completes: it may have happened at any time after it began, and before it
        began again. Raises ``ModelError``."""
        for template in self._rules[step.rule].records:
            try:
                record = optional_record(template, step.fields, self._templates)
                first, again = (self._times_in(template, f) for f in (step.fields, step.again))
            except FieldError as problem:
                raise self._wrong(step.rule, problem, Place(step.line.file, step.line.line)) from None
            wrong = {"uncertainty": _seconds(template["uncertainty"])} if "uncertainty" in template else {}
            record |= {"stream": str(step.line), "optional": True}
            if first is None or isinstance(
                wrong.get("uncertainty"), str
            ):  # when it was is in the other line, or nowhere
                yield record
            elif again is None:
                yield {**record, **wrong, "at": first, "begins": step.line.line}
            else:
                yield {**record, **wrong, "at": [_bound(first, 0), _bound(again, -1)]}

    def _times_in(self, template: dict[str, Any], fields: LineFields | None) -> Any:
        """The time of a step by one of its lines."""
        return None if fields is None else self._times(self._templates.filled(template.get("at"), fields))

    def _times(self, value: Any) -> Any:
        """A time, or a pair, as a record has it."""
        if value is None or value is ABSENT:
            return None
        if isinstance(value, list):
            return [self._times(v) for v in value]
        if isinstance(value, str) and self._time is not None and "%" in self._time:
            try:
                found = datetime.strptime(value, self._time)
            except ValueError:
                what = f"the time {shortened(value)} is not of the form {self._time!r}"
                raise FieldError(what, "correct time in the mapping") from None
            return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
        number = _seconds(value)
        return number / UNITS.get(self._time or "s", 1) if isinstance(number, float) else number

    def _wrong(self, n: int, problem: FieldError, where: Place) -> ModelError:
        return ModelError(f"{problem.what}, by {self.called(n)}", where=where, remedy=problem.remedy)

    def called(self, n: int) -> str:
        """A step of the mapping, for messages."""
        return f"step {n + 1} of {self._mapping.place(n)}"

    # Why not -------------------------------------------------------------------------------------------------------
    def nearest(self, line: LogLine, data: Any = None) -> tuple[str, ...]:
        """Why a line is no step: how far the nearest expression of the mapping matches. The search for it must not take
        longer than that of a line."""
        self._watch.start()
        try:
            fields = self._fields(line.text, data, Place(line.file, line.line))
            if fields is None and self._line is not None:
                return (f"it has not the form of line: {LineFields(line.text).distance(self._line)[1]}",)
            if fields is None:
                return ()
            conditions = [(n, c) for n, r in enumerate(self._rules) for c in (r.match, r.begin) if c is not None]
            share, why, n = max(((*fields.distance(c), n) for n, c in conditions), key=lambda found: found[0])
            return (f"the nearest is {self.called(n)}: {why}" if share >= NEAR else "no step is near",)
        except SlowMatchError:
            return ()
        finally:
            self._watch.stop()


def _bound(at: Any, end: int) -> Any:
    """The begin or the end of a time or a pair."""
    return at[end] if isinstance(at, list) and at else at


def _seconds(value: Any) -> Any:
    """A number, also one that a line writes; another value as it is."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return value


def _rule(mapping: LogMapping, rule: StepRule) -> _Rule:
    assert rule.match is not None  # the reader of the file sees to it
    usual = OTLP_KEYS if mapping.file.form is LogForm.OTLP else {}
    common = {**usual, **mapping.file.every.record, **rule.record}
    records = tuple({**common, **step.record} for step in rule.steps) if rule.steps else (common,)
    begin = None if rule.begin is None else compiled(rule.begin)
    return _Rule(rule, compiled(rule.match), begin, records)


def record_text(record: dict[str, Any]) -> str:
    """A record as a line of JSON."""
    return json.dumps(record, ensure_ascii=False, default=str)
