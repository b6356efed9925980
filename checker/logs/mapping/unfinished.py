"""Steps that a line begins and no line completes: each may have happened, at any time after it began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from planrace.checker.logs.mapping.lines import LineFields
from planrace.checker.logs.mapping.template import ABSENT, FieldError, Fields, Templates
from planrace.checker.results.conformance import LogLine


@dataclass(frozen=True)
class UnfinishedStep:
    """A line that begins a step which no line completes, by the number of its rule. ``again`` is the line that begins
    the same step again, if there is one: it is over by then."""

    rule: int
    line: LogLine
    fields: LineFields
    again: LineFields | None = None


def optional_record(template: Mapping[str, Any], fields: LineFields, templates: Templates) -> dict[str, Any]:
    """The record of such a step, without its time. What the line does not say is open, and so is how the step ended:
    the line that begins it cannot know. It is a stream of its own, which has to be added, for its process may have done
    other things meanwhile. Raises ``FieldError``."""
    known = _present(fields)
    may_be = [step for t in template.get("any", [template]) for step in _steps(t, known, templates)]
    record = {"any": may_be} if len(may_be) > 1 else dict(may_be[0])
    with suppress(_MissingError):
        if "before" in template:
            record["before"] = templates.filled(template["before"], _all_of(fields))
    return record


def _steps(template: Mapping[str, Any], known: Fields, templates: Templates) -> Iterator[dict[str, Any]]:
    """The steps that one of the mapping may be: several if its action is in the line that completes it."""
    text = template["action"]
    action = templates.filled(text, known)
    names = templates.values(text) if action is ABSENT else (action,)
    if not names:
        what = "a step begins here and never ends, and only the line that ends it names its action"
        raise FieldError(what, f"write the action, or a table of actions: {text[:-1]}|actions}}")
    given = template.get("parameters", {})
    parameters = templates.filled(given, known)
    if isinstance(given, list) and len(parameters) < len(given):  # which of them are missing is not seen
        parameters = {}
    for name in names:
        yield {"action": name, "parameters": parameters} if parameters else {"action": name}


class _MissingError(Exception):
    """A line does not have a field."""


def _all_of(fields: LineFields) -> Fields:
    """The fields of a line of which none may be missing. Raises ``_MissingError``."""

    def value(name: str) -> Any:
        found = _present(fields)(name)
        if found is ABSENT:
            raise _MissingError
        return found

    return value


def _present(fields: LineFields) -> Fields:
    """The fields of a line; what it does not have is absent."""

    def value(name: str) -> Any:
        try:
            return fields(name)
        except KeyError:
            return ABSENT

    return value
