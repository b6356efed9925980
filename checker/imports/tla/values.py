"""Values of TLA⁺ that are known while a specification is read: of constants, and of what is computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Atom:
    """A string, or a model value."""

    name: str
    is_text: bool

    def __str__(self) -> str:
        return f'"{self.name}"' if self.is_text else self.name


@dataclass(frozen=True)
class KnownFunction:
    """A function, and so a record (of texts) and a tuple or sequence (of 1…n), too. Make it with ``mapped``."""

    items: frozenset[tuple[Known, Known]]

    def at(self, key: Known) -> Known | None:
        return next((v for k, v in self.items if k == key and type(k) is type(key)), None)

    def keys(self) -> tuple[Known, ...]:
        return in_order(k for k, _ in self.items)


Known: TypeAlias = "bool | int | Atom | frozenset[Known] | KnownFunction"


def mapped(items: Mapping[Known, Known]) -> KnownFunction:
    return KnownFunction(frozenset(items.items()))


def in_order(values: Iterable[Known]) -> tuple[Known, ...]:
    """Values in an order that is the same in each run; numbers by size."""
    return tuple(sorted(values, key=_place))


def _place(value: Known) -> tuple[int, object]:
    match value:
        case bool():
            return (0, value)
        case int():
            return (1, value)
        case Atom():
            return (2, _by_number(value.name))
        case frozenset():
            return (3, (len(value), [_place(v) for v in in_order(value)]))
        case KnownFunction():
            return (4, [(_place(k), _place(v)) for k, v in sorted(value.items, key=lambda kv: _place(kv[0]))])


def _by_number(name: str) -> tuple[str, int, str]:
    """``a2`` before ``a10``."""
    digits = name[len(name.rstrip("0123456789")) :]
    return (name[: len(name) - len(digits)], int(digits or 0), name)


def is_scalar(value: Known) -> bool:
    return isinstance(value, bool | int | Atom)


def shown(value: Known) -> str:
    """As TLA⁺ writes it, shortened."""
    match value:
        case bool():
            return str(value).upper()
        case frozenset():
            text = f"{{{', '.join(map(shown, in_order(value)))}}}"
        case KnownFunction():
            text = " @@ ".join(
                f"{shown(k)} :> {shown(v)}" for k, v in sorted(value.items, key=lambda kv: _place(kv[0]))
            )
        case _:
            text = str(value)
    return text if len(text) < 60 else text[:57] + "…"
