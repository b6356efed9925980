"""The configuration of TLC: values of constants, and what is asked (*Specifying Systems*, section 14.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.values import Atom, Known

_KEYWORDS = {
    "CONSTANT": "constants",
    "CONSTANTS": "constants",
    "INVARIANT": "invariants",
    "INVARIANTS": "invariants",
    "PROPERTY": "properties",
    "PROPERTIES": "properties",
    "CONSTRAINT": "constraints",
    "CONSTRAINTS": "constraints",
    "ACTION_CONSTRAINT": "action_constraints",
    "ACTION_CONSTRAINTS": "action_constraints",
    "ACTION-CONSTRAINT": "action_constraints",
    "ACTION-CONSTRAINTS": "action_constraints",
    "SYMMETRY": "symmetry",
    "SPECIFICATION": "specification",
    "INIT": "init",
    "NEXT": "next",
    "VIEW": "view",
    "ALIAS": "alias",
    "POSTCONDITION": "postcondition",
    "CHECK_DEADLOCK": "check_deadlock",
}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<-|[={},\[\]]|[^\s={},\[\]<"]+|<')


@dataclass
class Config:
    """What a ``.cfg`` says. ``replaced``: names for which a definition stands, perhaps in one module only."""

    values: dict[str, Known] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    replaced_in: dict[tuple[str, str], str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def names(self, section: str) -> list[str]:
        return self.lists.get(section, [])

    def one(self, section: str) -> str | None:
        return next(iter(self.names(section)), None)

    @property
    def checks_deadlock(self) -> bool:
        return self.one("check_deadlock") != "FALSE"


def read_config(text: str, name: str) -> Config:
    """The configuration. Raises ``TlaError`` with its line."""
    plain = re.sub(r"\(\*.*?\*\)", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    tokens = [
        (t[0], line) for line, row in enumerate(plain.splitlines(), 1) for t in _TOKEN.finditer(row.split("\\*")[0])
    ]
    return _Reader(tokens, name).read()


class _Reader:
    def __init__(self, tokens: list[tuple[str, int]], name: str) -> None:
        self.tokens, self.name, self.at = tokens, name, 0

    def read(self) -> Config:
        found, section = Config(), ""
        while self.at < len(self.tokens):
            token, line = self.tokens[self.at]
            if token in _KEYWORDS:
                section = _KEYWORDS[token]
                self.at += 1
            elif section == "constants":
                self._constant(found)
            elif section:
                found.lists.setdefault(section, []).append(token)
                found.lines[section, token] = line
                self.at += 1
            else:
                raise TlaError(f"{token!r} belongs to no section such as CONSTANTS or INVARIANTS", line, self.name)
        return found

    def _constant(self, found: Config) -> None:
        name, line = self._next()
        sign, _ = self._next()
        if sign == "<-" and self._peek() == "[":
            self._next()
            module, _ = self._next()
            self._next()
            found.replaced_in[module, name] = self._next()[0]
        elif sign == "<-":
            found.replaced[name] = self._next()[0]
        elif sign == "=":
            if self._peek() == "[":  # the module in which it is declared
                for _ in range(3):
                    self._next()
            found.values[name] = self._value()
        else:
            raise TlaError(f"{name} has no = or <- and a value", line, self.name)

    def _next(self) -> tuple[str, int]:
        if self.at >= len(self.tokens):
            raise TlaError("the file ends within a constant", self.tokens[-1][1], self.name)
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _value(self) -> Known:
        token, line = self._next()
        if token == "{":
            items: list[Known] = []
            while self._peek() != "}":
                items.append(self._value())
                if self._peek() == ",":
                    self._next()
            self._next()
            return frozenset(items)
        if token in ("TRUE", "FALSE"):
            return token == "TRUE"
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        if token.startswith('"'):
            return Atom(token[1:-1], True)
        if re.fullmatch(r"\w+", token):
            return Atom(token, False)
        raise TlaError(f"{token!r} is no value of a constant", line, self.name)
