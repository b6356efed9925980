"""Expressions of Python as data, and their text: in one line where it fits, otherwise one argument a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

WIDTH = 118
"""The longest line that is written."""

_LEVELS = {"==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "|": 5, "&": 6, "+": 7, "-": 7, "*": 8, "//": 8, "%": 8}
_UNARY, _POSTFIX = 9, 10


@dataclass(frozen=True)
class PyCode:
    """An expression of Python. Equal codes are equal expressions."""

    def __str__(self) -> str:
        return self.line(0)

    def line(self, level: int) -> str:
        """The text in one line, in parentheses where an operator of this level stands around it."""
        raise NotImplementedError

    def block(self, indent: int, level: int = 0) -> str:
        """The text that begins at column ``indent``, over several lines where one is too short."""
        text = self.line(level)
        return text if indent + len(text) <= WIDTH else self.broken(indent, level)

    def after(self, indent: int, used: int) -> str:
        """The text behind ``used`` characters of a line that begins at column ``indent``."""
        text = self.line(0)
        return text if indent + used + len(text) <= WIDTH else self.broken(indent, 0)

    def broken(self, indent: int, level: int) -> str:
        return self.line(level)

    def parts(self) -> Iterator[PyCode]:
        """What it is made of, itself not included."""
        yield from ()

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        """The same with other parts."""
        return self


@dataclass(frozen=True)
class PlainCode(PyCode):
    """A name, or a literal."""

    text: str

    def line(self, level: int) -> str:
        return f"({self.text})" if self.text.startswith("-") and level >= _UNARY else self.text


@dataclass(frozen=True)
class Attribute(PyCode):
    """``of.name``."""

    of: PyCode
    name: str

    def line(self, level: int) -> str:
        return f"{self.of.line(_POSTFIX)}.{self.name}"

    def parts(self) -> Iterator[PyCode]:
        yield self.of

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return Attribute(change(self.of), self.name)


@dataclass(frozen=True)
class Element(PyCode):
    """``of[at]``."""

    of: PyCode
    at: PyCode

    def line(self, level: int) -> str:
        return f"{self.of.line(_POSTFIX)}[{self.at}]"

    def parts(self) -> Iterator[PyCode]:
        yield from (self.of, self.at)

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return Element(change(self.of), change(self.at))


@dataclass(frozen=True)
class Call(PyCode):
    """``function(args, name=value)``."""

    function: PyCode
    args: tuple[PyCode, ...]
    named: tuple[tuple[str, PyCode], ...] = ()

    def line(self, level: int) -> str:
        args = [*map(str, self.args), *(f"{n}={v}" for n, v in self.named)]
        return f"{self.function.line(_POSTFIX)}({', '.join(args)})"

    def broken(self, indent: int, level: int) -> str:
        head = f"{self.function.line(_POSTFIX)}("
        args = [("", a) for a in self.args] + [(f"{n}=", v) for n, v in self.named]
        if len(self.args) > 1 and isinstance(self.args[-1], LambdaCode) and not self.named:
            first = f"{head}{', '.join(map(str, self.args[:-1]))}, "
            whole = f"{first}{self.args[-1].block(indent + len(first))})"
            if all(len(line) <= WIDTH - indent for line in whole.splitlines()) and "\n" not in whole:
                return whole
        inner = indent + 4
        lines = [f"{' ' * inner}{n}{a.after(inner, len(n) + 1)}," for n, a in args]
        return "\n".join([head, *lines, f"{' ' * indent})"])

    def parts(self) -> Iterator[PyCode]:
        yield from (self.function, *self.args, *(v for _, v in self.named))

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return Call(change(self.function), tuple(map(change, self.args)), tuple((n, change(v)) for n, v in self.named))


@dataclass(frozen=True)
class LambdaCode(PyCode):
    params: tuple[str, ...]
    body: PyCode

    def line(self, level: int) -> str:
        head = f"lambda {', '.join(self.params)}" if self.params else "lambda"
        return f"({head}: {self.body})" if level else f"{head}: {self.body}"

    def broken(self, indent: int, level: int) -> str:
        return f"lambda {', '.join(self.params)}: {self.body.block(indent)}"

    def parts(self) -> Iterator[PyCode]:
        yield self.body

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return LambdaCode(self.params, change(self.body))


@dataclass(frozen=True)
class Binary(PyCode):
    operator: str
    left: PyCode
    right: PyCode

    def line(self, level: int) -> str:
        own = _LEVELS[self.operator]
        chained = own == _LEVELS["=="]
        text = f"{self.left.line(own + chained)} {self.operator} {self.right.line(own + 1)}"
        return f"({text})" if own < level else text

    def broken(self, indent: int, level: int) -> str:
        own = _LEVELS[self.operator]
        inner = indent + 4
        left = self.left.block(inner, own + (own == _LEVELS["=="]))
        right = self.right.block(inner + len(self.operator) + 1, own + 1)
        return f"(\n{' ' * inner}{left}\n{' ' * inner}{self.operator} {right}\n{' ' * indent})"

    def parts(self) -> Iterator[PyCode]:
        yield from (self.left, self.right)

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return Binary(self.operator, change(self.left), change(self.right))


@dataclass(frozen=True)
class Unary(PyCode):
    """``~a`` or ``-a``."""

    operator: str
    of: PyCode

    def line(self, level: int) -> str:
        text = f"{self.operator}{self.of.line(_UNARY)}"
        return f"({text})" if level > _UNARY else text

    def broken(self, indent: int, level: int) -> str:
        return f"{self.operator}{self.of.block(indent + 1, _UNARY)}"

    def parts(self) -> Iterator[PyCode]:
        yield self.of

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return Unary(self.operator, change(self.of))


@dataclass(frozen=True)
class Braces(PyCode):
    """``{a, b}`` or ``[a, b]``; the empty set is ``set()``."""

    opening: str
    items: tuple[PyCode, ...]

    def line(self, level: int) -> str:
        if not self.items and self.opening == "{":
            return "set()"
        return f"{self.opening}{', '.join(map(str, self.items))}{_CLOSING[self.opening]}"

    def broken(self, indent: int, level: int) -> str:
        inner = indent + 4
        lines = [f"{' ' * inner}{item.block(inner)}," for item in self.items]
        return "\n".join([self.opening, *lines, f"{' ' * indent}{_CLOSING[self.opening]}"])

    def parts(self) -> Iterator[PyCode]:
        yield from self.items

    def rebuilt(self, change: Callable[[PyCode], PyCode]) -> PyCode:
        return Braces(self.opening, tuple(map(change, self.items)))


_CLOSING = {"{": "}", "[": "]"}


def call(function: str, *args: PyCode, **named: PyCode) -> Call:
    return Call(PlainCode(function), args, tuple(named.items()))


def names_in(code: PyCode) -> set[str]:
    """The names that a code reads; those that its lambdas bind are among them."""
    found = {code.text} if isinstance(code, PlainCode) else set()
    return found.union(*map(names_in, code.parts()))


def replaced(code: PyCode, name: str, by: PyCode) -> PyCode:
    """The code with another one for a name. The names that lambdas bind are unique, so nothing is captured."""
    if code == PlainCode(name):
        return by
    return code.rebuilt(lambda part: replaced(part, name, by))


def conjuncts(code: PyCode) -> Iterator[PyCode]:
    """The parts of a conjunction; other codes are one."""
    if isinstance(code, Binary) and code.operator == "&":
        yield from conjuncts(code.left)
        yield from conjuncts(code.right)
    elif isinstance(code, Call) and code.function == PlainCode("both"):
        for part in code.args:
            yield from conjuncts(part)
    else:
        yield code


def all_of(parts: Iterable[PyCode]) -> PyCode:
    """``a & b``, or ``both(a, b, c)``."""
    return _joined(list(dict.fromkeys(parts)), "&", "both")


def any_of(parts: Iterable[PyCode]) -> PyCode:
    return _joined(list(dict.fromkeys(parts)), "|", "either")


def _joined(parts: list[PyCode], operator: str, function: str) -> PyCode:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        return Binary(operator, *parts)
    return Call(PlainCode(function), tuple(parts))
