"""The form of a mapping file, and reading one. Errors name the file, the line, the key and the remedy."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from planrace.checker.logs.mapping.template import check_template
from planrace.checker.run.ranges import shortened
from planrace.model.language import ModelError, Place
from planrace.model.language.errors import near

Regex = str
Condition = Regex | dict[str, Regex]


class LogForm(StrEnum):
    """What the lines of a log are."""

    TEXT = "text"
    JSON = "json"
    OTLP = "otlp"
    """Requests of exporters of OpenTelemetry, one a line; each span, event and log record counts as a line."""


class RecordTemplate(msgspec.Struct, forbid_unknown_fields=True):
    """Keys of a record. Texts in their values may have fields of the line in braces."""

    action: Annotated[str | None, Meta(description="The action of the model.")] = None
    any: Annotated[
        list[dict[str, Any]] | None,
        Meta(description="Steps that the line may be, each with action, parameters and outcome."),
    ] = None
    parameters: Annotated[
        dict[str, Any] | list[Any] | None, Meta(description="Parameters by name, or in the order of the action.")
    ] = None
    outcome: Annotated[str | None, Meta(description="Which outcome the step had.")] = None
    at: Annotated[Any, Meta(description="When it happened, or a pair: not before, not after.")] = None
    uncertainty: Annotated[Any, Meta(description="How many seconds this clock may be wrong by.")] = None
    before: Annotated[dict[str, Any] | None, Meta(description="Values of variables before the step.")] = None
    after: Annotated[dict[str, Any] | None, Meta(description="Values of variables after the step.")] = None
    serials: Annotated[dict[str, Any] | None, Meta(description="Numbers that only grow, by what they count.")] = None
    stream: Annotated[Any, Meta(description="Whose line it is; default: the file.")] = None

    @property
    def record(self) -> dict[str, Any]:
        """The keys that are given, as those of a record."""
        names = RecordTemplate.__struct_fields__
        return {n: v for n in names if (v := getattr(self, n)) is not None}


class StepRule(RecordTemplate, forbid_unknown_fields=True):
    """Lines that are a step: which they are, and their record."""

    match: Annotated[
        Condition | None,
        Meta(description="A regular expression found in the line; for JSON and OTLP, one for each of some paths."),
    ] = None
    begin: Annotated[
        Condition | None,
        Meta(
            description="An earlier line that begins the step which a line of match completes: its time is not before."
        ),
    ] = None
    key: Annotated[
        str | None, Meta(description="Equal in the line that begins a step and in the one that completes it.")
    ] = None
    steps: Annotated[list[RecordTemplate] | None, Meta(description="Several steps of one line, in their order.")] = None
    rare: Annotated[bool, Meta(description="It is no error if the logs have no such step.")] = False


class MappingFile(msgspec.Struct, forbid_unknown_fields=True):
    """How the lines of a log become records."""

    step: Annotated[list[StepRule], Meta(min_length=1, description="Kinds of lines; the first that matches counts.")]
    form: Annotated[LogForm, Meta(description="What the lines are: text, a JSON object each, or OTLP JSON.")] = (
        LogForm.TEXT
    )
    line: Annotated[
        Regex | None, Meta(description="What all lines of steps have in common; its named groups are fields.")
    ] = None
    time: Annotated[
        str | None,
        Meta(
            description="How times are written: s, ms, us, ns, or a format such as %Y-%m-%d %H:%M:%S.%f; default: "
            "seconds or ISO 8601."
        ),
    ] = None
    ignore: Annotated[list[Regex], Meta(description="Lines that are known not to matter, unless they are steps.")] = []
    every: Annotated[RecordTemplate, Meta(description="Keys of every record; a step may have others.")] = msgspec.field(
        default_factory=RecordTemplate
    )
    tables: Annotated[dict[str, dict[str, Any]], Meta(description="Translations of fields: {field|table}.")] = {}


@dataclass(frozen=True)
class LogMapping:
    """A mapping file that was read. ``lines`` are the lines of its steps."""

    path: str
    file: MappingFile
    lines: tuple[int, ...]

    def place(self, rule: int) -> Place:
        """Where a step is written."""
        return Place(self.path, self.lines[rule])


UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Units of times that are numbers: how many make a second."""
EXAMPLE = "[[step]] and below it match = '…' and action = \"…\""
WORDS = {
    "array": "a list",
    "object": "a table",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}
"""What msgspec calls a type, and what TOML calls it."""


def read_mapping(path: str | Path) -> LogMapping:
    """A mapping file. Raises ``ModelError``."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or (
            "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)
        )
        raise ModelError(f"cannot read the mapping {path}: {why}", remedy="docs/conform.md shows one") from None
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise ModelError(f"{path} is not TOML: {reason}", remedy="correct it") from None
    return _Reader(str(path), text).read(data)


class _Reader:
    def __init__(self, path: str, text: str) -> None:
        self._path, self._lines = path, text.splitlines()

    def read(self, data: dict[str, Any]) -> LogMapping:
        try:
            found = msgspec.convert(data, MappingFile)
        except msgspec.ValidationError as problem:
            raise self._untyped(str(problem), data) from None
        mapping = LogMapping(self._path, found, tuple(self._line(n) for n in range(len(found.step))))
        for name in ("line", "ignore"):
            value = getattr(found, name)
            for pattern in value if isinstance(value, list) else filter(None, [value]):
                self._check_regex(pattern, None, name)
        if found.time is not None and found.time not in UNITS and "%" not in found.time:
            raise self._wrong(
                None, "time", f"is {found.time!r}", f"write one of {', '.join(UNITS)}, or a format with %Y"
            )
        if found.line is not None and found.form is not LogForm.TEXT:
            raise self._wrong(None, "line", "is for texts", "name paths in match")
        self._check_values(found.every, None, found)
        for n, rule in enumerate(found.step):
            self._check_rule(n, rule, found)
        return mapping

    def _check_rule(self, n: int, rule: StepRule, file: MappingFile) -> None:
        if rule.match is None:
            raise self._wrong(n, "", "match is missing", "write match = '…', a regular expression")
        if (rule.begin is None) != (rule.key is None):
            raise self._wrong(n, "", "begin and key go together", 'write both, such as key = "{host}"')
        for name, condition in (("match", rule.match), ("begin", rule.begin)):
            if condition is None:
                continue
            if isinstance(condition, str) != (file.form is LogForm.TEXT):
                wanted = "'…', a regular expression" if file.form is LogForm.TEXT else "{ path = '…' }"
                raise self._wrong(n, name, f"does not fit form = {file.form.value!r}", f"write {name} = {wanted}")
            for pattern in [condition] if isinstance(condition, str) else condition.values():
                self._check_regex(pattern, n, name)
        self._check_values(rule, n, file)
        steps: list[RecordTemplate] = rule.steps or [rule]
        if rule.steps is not None and (rule.action is not None or rule.any is not None):
            raise self._wrong(n, "steps", "stands beside an action", "leave one of them out")
        for step in steps:
            if step.action is None and step.any is None:
                raise self._wrong(n, "", "names no action", 'write action = "…"')
            self._check_values(step, n, file)

    def _check_values(self, table: RecordTemplate, n: int | None, file: MappingFile) -> None:
        for key, value in (*table.record.items(), ("key", getattr(table, "key", None))):
            problem = check_template(value, file.tables)
            if problem is not None:
                raise self._wrong(n, key, *problem)

    def _check_regex(self, pattern: str, n: int | None, key: str) -> None:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as problem:
            at = getattr(problem, "pos", None)
            what = f"is no regular expression: {problem}"
            near_it = "" if at is None else f"; it goes wrong at {pattern[at : at + 10]!r}"
            raise self._wrong(n, key, what + near_it, "single quotes keep backslashes: '\\d+'") from None

    def _untyped(self, message: str, data: dict[str, Any]) -> ModelError:
        """The error for a message of msgspec, such as "Expected `str`, got `int` - at `$.step[0].action`"."""
        what, _, at = message.partition(" - at ")
        found = re.fullmatch(r"`\$\.?(?:step\[(\d+)\])?\.?([\w-]*).*`", at)
        n, key = (int(found[1]) if found and found[1] else None), (found[2] if found else "")
        unknown = re.search(r"unknown field `(.*)`", what)
        if unknown is not None:
            inner = (
                StepRule
                if n is not None and key != "steps"
                else RecordTemplate
                if n is not None or key
                else MappingFile
            )
            return self._wrong(n, unknown[1], "is no key here", near(unknown[1], inner.__struct_fields__))
        missing = re.search(r"missing required field `(.*)`", what)
        if missing is not None or (key == "step" and "length" in what):
            return self._wrong(None, "", "there is no step", f"write {EXAMPLE}")
        table = data if n is None else data["step"][n]
        types = re.findall(r"`([^`]+)`", what)
        if isinstance(table, dict) and key in table and types:
            kinds = [WORDS.get(t, t) for t in types[0].split(" | ") if t != "null"]
            what = f"is not {' or '.join(kinds)}" if what.startswith("Expected") else what[0].lower() + what[1:]
            what += f": {shortened(table[key])}"
        return self._wrong(n, key, what, "docs/mapping.schema.json describes mappings")

    def _wrong(self, n: int | None, key: str, what: str, remedy: str) -> ModelError:
        place = Place(self._path, self._line(n, key))
        table = "the mapping" if n is None else f"step {n + 1}"
        return ModelError(f"{table}: {f'{key} ' if key else ''}{what}", where=place, remedy=remedy)

    def _line(self, n: int | None, key: str = "") -> int:
        """The line of a key of the mapping or of its ``n``-th step, as far as it is written as usual; else that of the
        step. ``tomllib`` does not keep lines."""
        headers = [k for k, line in enumerate(self._lines, 1) if re.match(r"\s*\[\[\s*step\s*\]\]", line)]
        begin = 0 if n is None or n >= len(headers) else headers[n]
        end = next((k for k in headers if n is not None and k > begin), len(self._lines) + 1)
        lines = enumerate(self._lines[begin : end - 1], begin + 1)
        return next(
            (k for k, line in lines if key and re.match(rf'\s*"?{re.escape(key)}"?\s*[=.]', line)), max(begin, 1)
        )
