"""What protections cost, as measured on a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CostKind(StrEnum):
    """What a value is."""

    NUMBER = "number"
    YES = "yes"
    NO = "no"
    NO_ANYWAY = "no, nor with all"
    """A promise is broken although nobody stops."""
    NEVER = "never"
    FOR_EVER = "for ever"
    UNBOUNDED = "no bound"
    """It ends in every fair run, after any number of steps."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CostValue:
    """The value of one cost: a ``number``, or a word. ``how`` says what it rests on, or why it is not known."""

    name: str
    kind: CostKind
    how: str
    number: int | None = None

    @property
    def text(self) -> str:
        """The value as a table shows it."""
        return str(self.number) if self.kind is CostKind.NUMBER else "?" if self.kind is CostKind.UNKNOWN else self.kind


@dataclass(frozen=True)
class CostRow:
    """The costs with some ``protections``, beside those of the request."""

    protections: tuple[str, ...]
    values: tuple[CostValue, ...]


@dataclass(frozen=True)
class CostTable:
    """The costs of a protocol at one size. ``meanings`` by the name of the cost; the first row is without further
    protections."""

    protocol: str
    parameters: Mapping[str, int]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    meanings: Mapping[str, str]
    rows: tuple[CostRow, ...]

    @property
    def known(self) -> bool:
        """Whether every value is known."""
        return all(v.kind is not CostKind.UNKNOWN for row in self.rows for v in row.values)
