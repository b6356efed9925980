"""Values as TLC prints them, and as its JSON has them, as values of the interpreter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planrace.checker.export.tla import TlaModel
from planrace.checker.report.errors import MalformedError
from planrace.model.language import Array, Bool, Enum, Instance, Maybe, SetOf
from planrace.model.language.sorts import Index, Scalar, Sort

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|-?\d+|\|->|:>|@@|<<|>>|\.\.|[A-Za-z_]\w*|[{}()\[\],])')
DEEPEST = 50
"""How deep values may be nested."""


@dataclass(frozen=True)
class TlaWord:
    """A name: of a model value, or a field of a record. Strings are strings."""

    name: str


@dataclass(frozen=True)
class TlaItems:
    """What stands in braces (``is_set``), in angle brackets, or, in JSON, in a list (None: that does not say which)."""

    items: tuple[Any, ...]
    is_set: bool | None


@dataclass(frozen=True)
class TlaFunction:
    """A function: pairs of arguments and values. In JSON the arguments are texts."""

    pairs: tuple[tuple[Any, Any], ...]


class TlaValueReader:
    """Reads values of TLA+ from a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def value(self, depth: int = 0) -> Any:
        """The value that comes next. Raises ``MalformedError``."""
        if depth > DEEPEST:
            raise MalformedError(f"a value is nested more than {DEEPEST} times")
        token = self._next()
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lstrip("-").isdigit():
            if self._take(".."):
                low, high = int(token), int(self._next())
                if not 0 <= high - low + 1 <= 2**16:
                    raise MalformedError(f"{low}..{high} is too long")
                return TlaItems(tuple(range(low, high + 1)), is_set=True)
            return int(token)
        if token in ("TRUE", "FALSE"):
            return token == "TRUE"
        if token in ("{", "<<"):
            return TlaItems(self._items("}" if token == "{" else ">>", depth), is_set=token == "{")
        if token == "(":
            return self._function(depth)
        if token == "[":
            return self._record(depth)
        if token[0].isalpha() or token[0] == "_":
            return TlaWord(token)
        raise MalformedError(f"{token} begins no value")

    def _items(self, end: str, depth: int) -> tuple[Any, ...]:
        found: list[Any] = []
        if self._take(end):
            return ()
        while True:
            found.append(self.value(depth + 1))
            if self._take(end):
                return tuple(found)
            self._expect(",")

    def _function(self, depth: int) -> TlaFunction:
        pairs = []
        while True:
            key = self.value(depth + 1)
            self._expect(":>")
            pairs.append((key, self.value(depth + 1)))
            if self._take(")"):
                return TlaFunction(tuple(pairs))
            self._expect("@@")

    def _record(self, depth: int) -> TlaFunction:
        pairs = []
        if self._take("]"):
            return TlaFunction(())
        while True:
            key = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^|\]\[,"]+?)\s*\|->').match(self.text, self.at)
            if key is None:
                raise MalformedError("a record lacks a field")
            self.at = key.end()
            name = key[1]
            pairs.append((name[1:-1] if name.startswith('"') else name.strip(), self.value(depth + 1)))
            if self._take("]"):
                return TlaFunction(tuple(pairs))
            self._expect(",")

    def _next(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise MalformedError(f"{self.text[self.at : self.at + 20].strip() or 'the end'} is no value")
        self.at = found.end()
        return found[1]

    def _take(self, sign: str) -> bool:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found[1] != sign:
            return False
        self.at = found.end()
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise MalformedError(f"{sign} is missing before {self.text[self.at : self.at + 20].strip() or 'the end'}")


def of_json(value: Any) -> Any:
    """A value of JSON in the same form."""
    if isinstance(value, list):
        return TlaItems(tuple(map(of_json, value)), is_set=None)
    if isinstance(value, Mapping):
        return TlaFunction(tuple((str(k), of_json(v)) for k, v in value.items()))
    if isinstance(value, bool | int | str):
        return value
    raise MalformedError(f"{value} is no value of TLA+")


class TlaValueDecoder:
    """Turns such values into those of the interpreter: numbers, frozensets, tuples."""

    def __init__(self, instance: Instance, model: TlaModel) -> None:
        self.instance = instance
        self.model = model

    def decoded(self, value: Any, sort: Sort) -> Any:
        """A value of a sort. Raises ``MalformedError`` if it is none."""
        if isinstance(sort, SetOf):
            if not isinstance(value, TlaItems) or value.is_set is False:
                raise MalformedError(f"{told(value)} is no set")
            return frozenset(self._scalar(x, sort.element) for x in value.items)
        if isinstance(sort, Array):
            return self._array(value, sort)
        return self._scalar(value, sort)

    def _array(self, value: Any, sort: Array) -> tuple[Any, ...]:
        members = self.instance.members(sort.domain)
        if isinstance(value, TlaItems) and not value.is_set:
            pairs: list[tuple[Any, Any]] = list(enumerate(value.items, 1))
        elif isinstance(value, TlaFunction):
            pairs = list(value.pairs)
        else:
            raise MalformedError(f"{told(value)} is no function")
        found = {self._scalar(k, sort.domain): x for k, x in pairs}
        if sorted(found) != list(members) or len(pairs) != len(found):
            raise MalformedError(f"{told(value)} has not the positions of {sort.name}")
        return tuple(self.decoded(found[m], sort.element) for m in members)

    def _scalar(self, value: Any, sort: Scalar) -> int:
        text = value.name if isinstance(value, TlaWord) else value
        if isinstance(sort, Maybe):
            return 0 if text == "None" else self._scalar(value, sort.index)
        if isinstance(sort, Enum):
            words = [self.model.terms.member(sort, m).text[1:-1] for m in sort.members]
            if isinstance(text, str) and text in words:
                return words.index(text)
        elif isinstance(sort, Index) and sort in self.model.members:
            names = self.model.members[sort]
            if text in names:
                return names.index(text) + 1
            if isinstance(text, int) and 1 <= text <= len(names):
                return text  # as planrace writes it
        elif isinstance(sort, Bool):
            found = {"TRUE": True, "FALSE": False}.get(text, text) if isinstance(text, str) else text
            if isinstance(found, bool):
                return found
        elif isinstance(text, int) and not isinstance(text, bool):
            return text
        elif isinstance(text, str) and text.lstrip("-").isdecimal() and not isinstance(value, TlaWord):
            return int(text)  # a key of JSON
        raise MalformedError(f"{told(value)} is no {sort.name} of the model")


def told(value: Any) -> str:
    """A value in a message."""
    match value:
        case TlaWord(name=name):
            return name
        case TlaItems(items=items):
            return f"{{{', '.join(map(told, items))}}}"
        case TlaFunction(pairs=pairs):
            return f"[{', '.join(f'{told(k)} |-> {told(x)}' for k, x in pairs)}]"
    return str(value).upper() if isinstance(value, bool) else str(value)
