"""Values of a mapping: texts with fields of a line in braces, ``{host}``, ``{host|table}`` or ``{host?}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from planrace.checker.logs.records import NUMBER
from planrace.checker.run.ranges import shortened
from planrace.model.language.errors import near

FIELD = re.compile(r"\{([^{}|?]+)(\?)?(?:\|([^{}|]+))?\}")
WORDS = {"true": True, "false": False}


class FieldError(Exception):
    """A value cannot be made of a line: what is wrong, and the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


class _Absent:
    """The value of a field that a line may have and does not."""


ABSENT = _Absent()
Fields = Callable[[str], Any]
"""The value of a field of a line; ``KeyError`` if there is none, ``ABSENT`` if a group took no part in the match."""


def check_template(value: Any, tables: Mapping[str, Mapping[str, Any]]) -> tuple[str, str] | None:
    """What is wrong with a value of a mapping, and the remedy; None if nothing is."""
    match value:
        case str():
            for _, _, table in FIELD.findall(value):
                if table and table not in tables:
                    return f"names the table {table!r}", near(table, tables)
        case list() | dict():
            inner = value if isinstance(value, list) else [*value, *value.values()]
            found = (check_template(x, tables) for x in inner)
            return next((problem for problem in found if problem is not None), None)
        case None | bool() | int() | float():
            pass
        case _:
            return f"has the value {shortened(value)}", "write it as a text, in quotes"
    return None


class Templates:
    """Fills in fields, with the tables of a mapping."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self._tables = tables

    def filled(self, value: Any, fields: Fields) -> Any:
        """The value for a line. What is absent is left out of tables and lists. Raises ``FieldError``."""
        match value:
            case str():
                return self._text(value, fields)
            case dict():
                made = ((self._key(k, fields), self.filled(v, fields)) for k, v in value.items())
                return {k: v for k, v in made if k is not ABSENT and v is not ABSENT}
            case list():
                return [v for x in value if (v := self.filled(x, fields)) is not ABSENT]
        return value

    def _key(self, text: str, fields: Fields) -> Any:
        key = self._text(text, fields)
        if isinstance(key, list | dict):
            raise FieldError(f"{text} is {shortened(key)}, which names no member", "name a path to a text or a number")
        return key

    def _text(self, text: str, fields: Fields) -> Any:
        if "{" not in text:  # most texts, in every line
            return text
        whole = FIELD.fullmatch(text)
        if whole is not None:
            return self._field(whole, fields)
        parts = [(m, self._field(m, fields)) for m in FIELD.finditer(text)]
        if any(value is ABSENT for _, value in parts):
            return ABSENT
        values = iter(str(value) for _, value in parts)
        return FIELD.sub(lambda _: next(values), text)

    def _field(self, named: re.Match[str], fields: Fields) -> Any:
        name, optional, table = named.groups()
        try:
            value = fields(name)
        except KeyError as problem:
            if optional:
                return ABSENT
            there = problem.args[1] if len(problem.args) > 1 else ()
            raise FieldError(f"the line has no field {name!r}", near(name, there)) from None
        if value is ABSENT:
            return value
        if table is None:
            return _plain(value) if isinstance(value, str) else value
        words = self._tables[table]
        key = str(value).lower() if isinstance(value, bool) else str(value)
        if key not in words:
            raise FieldError(f"the table {table} has no {shortened(key)}", f"add it; {near(key, words)}")
        return words[key]

    def values(self, text: str) -> tuple[str, ...]:
        """All texts that a template may become, where that is known: itself, or the values of its table."""
        whole = FIELD.fullmatch(text)
        if whole is not None and whole[3]:
            return tuple(v for v in self._tables[whole[3]].values() if isinstance(v, str))
        return () if FIELD.search(text) else (text,)


def _plain(text: str) -> Any:
    """A text of a line as a number or a truth value, if it is written as one."""
    return int(text) if NUMBER.fullmatch(text) else WORDS.get(text, text)
