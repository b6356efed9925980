"""Fields of a line, of text or of JSON, and the conditions that a mapping states about it."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from planrace.checker.logs.mapping.template import ABSENT
from planrace.checker.run.ranges import shortened

Patterns = re.Pattern[str] | Mapping[str, re.Pattern[str]]


def compiled(condition: str | Mapping[str, str]) -> Patterns:
    """A condition of a mapping: one expression for the line, or some for paths."""
    if isinstance(condition, str):
        return re.compile(condition)
    return {path: re.compile(pattern) for path, pattern in condition.items()}


@dataclass
class LineFields:
    """A line: its text, its JSON value if it has one, and the groups that matched so far. Called with a name, it gives
    the field, a group or else what stands at a path; ``KeyError`` lists the fields that there are."""

    text: str
    data: Any = None
    groups: dict[str, Any] = field(default_factory=dict)

    def __call__(self, name: str) -> Any:
        if name in self.groups:
            return self.groups[name]
        found = at_path(self.data, name)
        if found is ABSENT:
            raise KeyError(name, (*self.groups, *paths(self.data)))
        return found

    def matched(self, condition: Patterns) -> LineFields | None:
        """The line with the groups of a condition; None if it does not hold."""
        pairs = (
            [(self.text, condition)]
            if isinstance(condition, re.Pattern)
            else [(_words(at_path(self.data, path)), pattern) for path, pattern in condition.items()]
        )
        groups = dict(self.groups)
        for text, pattern in pairs:
            found = None if text is None else pattern.search(text)
            if found is None:
                return None
            groups.update({name: ABSENT if x is None else x for name, x in found.groupdict().items()})
        return LineFields(self.text, self.data, groups)

    def after(self, earlier: LineFields) -> LineFields:
        """This line as the end of a step: it has the groups of the line that began it, too."""
        return LineFields(self.text, self.data, {**earlier.groups, **self.groups})

    def distance(self, condition: Patterns) -> tuple[float, str]:
        """For a condition that does not hold: how much of it does, from 0 to 1, and what is in the way."""
        if isinstance(condition, re.Pattern):
            return _as_far_as(condition.pattern, self.text)
        met, why = 0, ""
        for path, pattern in condition.items():
            value = at_path(self.data, path)
            text = _words(value)
            if text is not None and pattern.search(text):
                met += 1
            elif not why:
                why = f"it has no {path}" if text is None else f"{path} is {shortened(text)}, not {pattern.pattern!r}"
        return met / len(condition), why


def at_path(data: Any, path: str) -> Any:
    """What stands at a path of keys and numbers with dots between; a key may have dots itself. ``ABSENT`` if nothing
    does."""
    if path == "":
        return data
    if isinstance(data, list):
        head, _, rest = path.partition(".")
        return at_path(data[int(head)], rest) if head.isdecimal() and int(head) < len(data) else ABSENT
    if not isinstance(data, Mapping):
        return ABSENT
    parts = path.split(".")
    for n in range(len(parts), 0, -1):
        key = ".".join(parts[:n])
        if key in data:
            found = at_path(data[key], ".".join(parts[n:]))
            if found is not ABSENT:
                return found
    return ABSENT


def paths(data: Any) -> Sequence[str]:
    """The paths of a JSON object to its values, two keys deep."""
    found: list[str] = []
    for key, value in data.items() if isinstance(data, Mapping) else ():
        found += [f"{key}.{inner}" for inner in value] if isinstance(value, Mapping) else [str(key)]
    return found


def _words(value: Any) -> str | None:
    """A value of JSON as an expression sees it; None if there is none."""
    return None if value is ABSENT else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@lru_cache
def _beginnings(pattern: str) -> tuple[re.Pattern[str], ...]:
    """The beginnings of an expression that are expressions, the longest first."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they may look like mistakes
        for n in range(len(pattern) - 1, 0, -1):
            with suppress(re.error):
                found.append(re.compile(pattern[:n]))
    return tuple(found)


def _as_far_as(pattern: str, text: str) -> tuple[float, str]:
    """How much of an expression is found in a text: its longest beginning that is an expression and matches."""
    for beginning in _beginnings(pattern):
        found = beginning.search(text)
        if found is not None and found.end():
            n, there = len(beginning.pattern), text[found.end() : found.end() + 30]
            return n / len(pattern), f"then {pattern[n:]!r} does not match {there!r}"
    return 0.0, "not even its beginning matches"
