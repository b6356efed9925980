"""Records of logs, one JSON object a line, and the events that they mean.

The keys of a record: ``action`` (or ``any``: several steps that it may be, each with ``action``, ``parameters`` and
``outcome``), ``parameters`` (an object, or a list in the order of the action; what is left out may be anything),
``outcome``; ``at`` (seconds, a time of ISO 8601, or a pair of these: not before, not after) and ``uncertainty``
(seconds that the clock may be wrong by); ``before`` and ``after`` (values of variables around the step, as drivers
observe them); ``serials`` (numbers that only grow, by what they count); ``stream`` (default: the file); ``optional``
(whether the step may also not have happened); ``begins`` and ``ends``, which join the line that says that a step begins
and the one that says how it ended (``checker/logs/begun.py``); ``refused`` (the code did not take the step).
"""

from __future__ import annotations

import codecs
import json
import math
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from planrace.checker.drive.observing import Observer, parameter_in
from planrace.checker.engines.limits import STRIDE, look_at_the_clock
from planrace.checker.logs.events import LogEvent, Observation, StepPattern, Stream
from planrace.checker.results.conformance import LogLine
from planrace.checker.run.ranges import shortened
from planrace.checker.run.request import Selection
from planrace.model.language import Action, ModelError, Place
from planrace.model.language.errors import known, near

LONGEST = 1 << 20
"""Characters of a line; a longer one is no record."""
LONGEST_NAME = 500
"""Characters of the name of a stream."""
STEP_KEYS = ("action", "parameters", "outcome")
NUMBER = re.compile(r"-?\d{1,18}")
"""A whole number as a text."""
KEYS = (
    *(*STEP_KEYS, "any", "at", "uncertainty", "before", "after", "serials", "stream", "note"),
    *("optional", "begins", "ends", "refused"),
)


def lines_of(path: Path, longest: int = LONGEST) -> Iterator[tuple[int, str]]:
    """The lines of a log, from 1, without their ends. Raises ``ModelError`` for a file that cannot be read, a line that
    is not UTF-8 and one that is too long, and ``TimeUpError``."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(iter(partial(file.readline, 4 * longest), b""), 1):
                if number % STRIDE == 0:
                    look_at_the_clock()
                text = text_of(raw, Place(str(path), number), longest)
                if text.strip():
                    yield number, text
    except OSError as problem:
        raise ModelError(
            f"cannot read {path}: {problem.strerror}", remedy="name the logs: check conform … LOG…"
        ) from None


def text_of(raw: bytes, where: Place, longest: int = LONGEST) -> str:
    """A line of a log, without its end and without a mark of UTF-8, which joined files have within, too. Raises
    ``ModelError`` for one that is not UTF-8, is too long, or has a NUL."""
    try:
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as problem:
        raise _unreadable(raw, problem, longest, where) from None
    if len(text) > longest or "\0" in text:
        raise _unreadable(raw, None, longest, where)
    return text


def _unreadable(raw: bytes, wrong: UnicodeDecodeError | None, longest: int, where: Place) -> ModelError:
    """What is wrong with a line that is too long, is not UTF-8, or has a NUL."""
    if len(raw) >= 4 * longest or (wrong is None and len(raw.decode("utf-8-sig").rstrip("\r\n")) > longest):
        return ModelError(f"the line has more than {longest:,} characters", where=where, remedy="leave it out")
    if raw.startswith(b"\x1f\x8b"):
        return ModelError("the file is packed by gzip", where=where, remedy="unpack it: gunzip")
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    how = "iconv -f utf-16 -t utf-8" if utf16 or wrong is None else "iconv -f … -t utf-8, often -f latin1"
    if wrong is None:
        remedy = f"convert the log if it is UTF-16: {how}; otherwise leave the line out"
        return ModelError("the line has a NUL character", where=where, remedy=remedy)
    place = wrong.start + len(raw) - len(wrong.object)  # the mark at its begin is no longer part of the object
    byte = f"byte {place + 1} is {raw[place]:#04x}"
    return ModelError(f"the line is not UTF-8: {byte}", where=where, remedy=f"convert the log: {how}")


def stream_names(files: Sequence[Path]) -> dict[Path, str]:
    """What the stream of each log is called where its records do not say: the name of the file, or its whole path where
    two logs have the same name in different folders. Raises ``ModelError`` for a log that is named twice."""
    real: dict[Path, Path] = {}
    for file in files:
        other = real.setdefault(Path(os.path.realpath(file)), file)
        if other is not file:
            both = f"{file} is named twice" if str(file) == str(other) else f"{file} and {other} are one file"
            raise ModelError(both, remedy="name each log once")
    names = Counter(file.name for file in files)
    return {file: file.name if names[file.name] == 1 else str(file) for file in files}


def parsed(text: str, where: Place, *, once: bool = False) -> dict[str, Any]:
    """The record of a line; ``once``: a key that stands twice is an error, otherwise the last one counts. Raises
    ``ModelError``."""
    try:
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique if once else None)
    except (ValueError, RecursionError) as problem:
        told = isinstance(problem, json.JSONDecodeError | _NotJsonError)
        reason = str(problem) if told else "a number has too many digits"
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else reason
        what = f"the line is not JSON: {reason}"
        raise ModelError(what, where=where, remedy="write a JSON object in each line (docs/conform.md)") from None
    if not isinstance(found, dict):
        raise ModelError(
            "the line is not a JSON object", where=where, remedy='write one, such as {"action": "publish"}'
        )
    return found


class _NotJsonError(ValueError):
    """What Python's reader takes, and JSON does not have."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise _NotJsonError(f"an object has the key {shortened(twice)} twice")
    return found


def _no_constant(name: str) -> Any:
    raise _NotJsonError(f"{name} is no number")


class EventReader:
    """Makes events of records, for one selection. ``uncertainty`` is that of clocks whose records state none."""

    def __init__(self, selection: Selection, uncertainty: float = 0.0) -> None:
        self._selection = selection
        self._instance = instance = selection.instance
        self._actions = instance.system.actions
        self._uncertainty = uncertainty
        self._observer = Observer(instance, "the record")
        self.streams: dict[str, Stream] = {}

    def add(
        self, record: Mapping[str, Any], line: LogLine, stream: str, *, announced: bool = False, complete: bool = False
    ) -> None:
        """Read a record as the next event of its stream; ``announced``: a line said that its step began; ``complete``:
        it is the last of its stream. Raises ``ModelError`` with the file and the line."""
        where = Place(line.file, line.line)
        for key in record:
            if key not in KEYS:
                raise ModelError(f"a record has no {key!r}", where=where, remedy=near(str(key), KEYS))
        name = record.get("stream", stream)
        if not isinstance(name, str | int) or isinstance(name, bool) or len(str(name)) > LONGEST_NAME:
            raise _wrong("stream", name, f"a name of at most {LONGEST_NAME:,} characters", where)
        found = self.streams.setdefault(str(name), Stream(str(name)))
        try:
            event = self._event(record, line, where, announced=announced)
        except RecursionError:
            raise ModelError("the record is nested too deeply", where=where, remedy="leave it out") from None
        if "refused" not in record:  # what the code did not do is no step
            found.events.append(event)
        found.complete = complete

    def earliest(self, record: Mapping[str, Any], line: LogLine) -> float:
        """When the step of a record happened at the earliest. Raises ``ModelError``."""
        return self._interval(record, Place(line.file, line.line))[0]

    def _event(self, record: Mapping[str, Any], line: LogLine, where: Place, *, announced: bool) -> LogEvent:
        earliest, latest = self._interval(record, where)
        at = record.get("at")
        took = 0.0 if announced or not isinstance(at, list) else _seconds(at[1], where) - _seconds(at[0], where)
        begun = "begins" in record  # and never ends: nobody knows until when it may have happened
        optional = record.get("optional", False)
        if not isinstance(optional, bool):
            raise _wrong("optional", optional, "true or false", where)
        if (optional or begun) and "serials" in record:
            what = "the record has serials, and its step may not have happened"
            raise ModelError(what, where=where, remedy="leave one of them out: what has a serial has happened")
        return LogEvent(
            line=line,
            patterns=tuple(self._pattern(step, where) for step in _steps(record, where)),
            earliest=earliest,
            latest=math.inf if begun else latest,
            before=self._values(record, "before", where),
            after=self._values(record, "after", where),
            serials=_serials(record.get("serials", {}), where),
            optional=optional or begun,
            unannounced=took,
        )

    def action(self, name: str, where: Place) -> Action:
        """An action by name. Raises ``ModelError``, also for one whose fault is not switched on."""
        if name in self._actions:
            return self._actions[name]
        of = self._instance.system.name
        off = self._selection.with_all_faults.actions.get(name)
        if off is not None and off.fault is not None:
            what = f"{name} is a step of the fault {off.fault} of {of}, which is off"
            raise ModelError(what, where=where, remedy=f"switch it on: --fault {off.fault}")
        raise ModelError(f"{of} has no action {name!r}", where=where, remedy=near(name, [*self._actions]))

    # Steps ---------------------------------------------------------------------------------------------------------
    def _pattern(self, step: Mapping[str, Any], where: Place) -> StepPattern:
        name = step["action"]
        if not isinstance(name, str):
            raise _wrong("action", name, "a name", where)
        action = self.action(name, where)
        outcome = step.get("outcome")
        outcomes = [o.name for o in action.outcomes if o.name is not None]
        if outcome is not None and outcome not in outcomes:
            remedy = near(str(outcome), outcomes) if outcomes else "leave it out: the action has no named outcomes"
            raise ModelError(f"{name} has no outcome {outcome!r}", where=where, remedy=remedy)
        return StepPattern(name, self._parameters(action, step.get("parameters", {}), where), outcome)

    def _parameters(self, action: Action, given: Any, where: Place) -> tuple[int | None, ...]:
        names = [str(p) for p in action.parameters]
        if isinstance(given, list) and len(given) == len(names):
            given = dict(zip(names, given, strict=True))
        if not isinstance(given, Mapping):
            wanted = f"an object, or a list of {len(names)}: {', '.join(names) or 'no parameters'}"
            raise _wrong(f"parameters of {action.name}", given, wanted, where)
        for name in given:
            known(str(name), names, f"parameter of {action.name}", where=where)
        return tuple(
            parameter_in(self._instance, p.sort, given[n], f"parameter {n} of {action.name}", where)
            if n in given
            else None
            for n, p in zip(names, action.parameters, strict=True)
        )

    def _values(self, record: Mapping[str, Any], key: str, where: Place) -> Observation:
        given = record.get(key, {})
        if not isinstance(given, Mapping):
            raise _wrong(key, given, "an object: variables and their values", where)
        return tuple(self._observer.read({name: _numbered(value) for name, value in given.items()}, where))

    # Time ----------------------------------------------------------------------------------------------------------
    def _interval(self, record: Mapping[str, Any], where: Place) -> tuple[float, float]:
        wrong = record.get("uncertainty", self._uncertainty)
        if not _is_number(wrong) or wrong < 0:
            raise _wrong("uncertainty", wrong, "a number of seconds", where)
        at = record.get("at")
        if at is None:
            return -math.inf, math.inf
        pair = at if isinstance(at, list) else [at, at]
        if len(pair) != 2:
            raise _wrong("at", at, "a time, or a pair of times", where)
        first, last = (_seconds(x, where) for x in pair)
        if first > last:
            raise ModelError(
                f"the interval of at ends before it begins: {at}", where=where, remedy="swap the two times"
            )
        return first - wrong, last + wrong


def _steps(record: Mapping[str, Any], where: Place) -> Iterable[Mapping[str, Any]]:
    """The steps that a record may be."""
    if "any" not in record:
        if "action" not in record:
            remedy = 'name the action: {"action": "publish"}'
            raise ModelError("the record names no action", where=where, remedy=remedy)
        return [record]
    several = record["any"]
    if not isinstance(several, list) or not several or not all(isinstance(s, Mapping) for s in several):
        raise _wrong("any", several, "a list of objects with an action each", where)
    if any(key in record for key in STEP_KEYS):
        raise ModelError("the record has any and an action beside it", where=where, remedy="leave one of them out")
    for step in several:
        for key in step:
            known(str(key), STEP_KEYS, "key of a step", where=where)
        if "action" not in step:
            raise ModelError("a step of any names no action", where=where, remedy='write {"action": "publish"}')
    return several


def _numbered(value: Any) -> Any:
    """A value of an observation, with members that are numbers as keys: those of JSON and TOML are texts."""
    if isinstance(value, list):
        return [_numbered(x) for x in value]
    if not isinstance(value, Mapping):
        return value
    return {_member(k): _numbered(x) for k, x in value.items()}


def _member(key: Any) -> Any:
    """A key as a number, if it is written as reports write one: 01 beside 1 would be the same member twice."""
    return int(key) if isinstance(key, str) and NUMBER.fullmatch(key) and str(int(key)) == key else key


def _serials(given: Any, where: Place) -> tuple[tuple[str, int], ...]:
    if not isinstance(given, Mapping) or not all(
        isinstance(n, int) and not isinstance(n, bool) for n in given.values()
    ):
        raise _wrong("serials", given, 'an object of whole numbers, such as {"zone 1": 17}', where)
    return tuple((str(key), n) for key, n in given.items())


def _seconds(value: Any, where: Place) -> float:
    if _is_number(value):
        return float(value)
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            raise _wrong("at", value, "seconds or a time of ISO 8601", where) from None
        return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()
    raise _wrong("at", value, "seconds or a time of ISO 8601", where)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max  # not of nan; integers may have any number of digits


def _wrong(what: str, value: Any, wanted: str, where: Place) -> ModelError:
    text = json.dumps(value, ensure_ascii=False)
    shortened = text if len(text) <= 60 else f"{text[:57]}…"
    return ModelError(f"{what} is {shortened}, not {wanted}", where=where, remedy="docs/conform.md describes records")
