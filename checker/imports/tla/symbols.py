"""What expressions of TLA⁺ mean while they are translated: known values, terms of planrace, and what is built of both.

A set, function or sequence that is no term stays as it was written until it is asked: for a member, for all members, at
a key. So ``\\E m \\in {x \\in msgs : P(x)} : Q(m)`` becomes one quantifier, and nothing is built that nobody needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.imports.tla.code import PyCode
from planrace.checker.imports.tla.types import Type
from planrace.checker.imports.tla.values import Known


@dataclass(frozen=True, eq=False)
class Constant:
    """A known value."""

    value: Known


@dataclass(frozen=True, eq=False)
class Runtime:
    """A term of planrace, with its type."""

    code: PyCode
    kind: Type


@dataclass(frozen=True, eq=False)
class Fields:
    """A record, a tuple or a function whose values are given one by one. ``form``: "record", "tuple" or "function"."""

    form: str
    items: Mapping[Known, Meaning]


@dataclass(frozen=True, eq=False)
class ByRule:
    """A function of keys that are known, by a rule for its values."""

    keys: tuple[Known, ...]
    at: Callable[[Meaning], Meaning]


@dataclass(frozen=True, eq=False)
class Changed:
    """A function or record that differs from ``base`` at one key."""

    base: Meaning
    key: Meaning
    value: Meaning


@dataclass(frozen=True, eq=False)
class Elements:
    """A sequence by its length, which is at most ``most``, and a rule for the element at a position."""

    length: Meaning
    most: int
    at: Callable[[Meaning], Meaning]


# Sets


@dataclass(frozen=True, eq=False)
class Listed:
    items: tuple[Meaning, ...]


@dataclass(frozen=True, eq=False)
class Between:
    low: Meaning
    high: Meaning


@dataclass(frozen=True, eq=False)
class Where:
    base: Meaning
    name: str
    holds: Callable[[Meaning], Meaning]


@dataclass(frozen=True, eq=False)
class Image:
    """``{value(x, y) : x \\in S, y \\in T}``; later sets may not depend on earlier members."""

    sources: tuple[tuple[str, Meaning], ...]
    value: Callable[[tuple[Meaning, ...]], Meaning]


@dataclass(frozen=True, eq=False)
class Combined:
    """``operator``: ``\\cup``, ``\\cap`` or ``\\``."""

    operator: str
    left: Meaning
    right: Meaning


@dataclass(frozen=True, eq=False)
class Flattened:
    """``UNION sets``."""

    sets: Meaning


@dataclass(frozen=True, eq=False)
class Subsets:
    base: Meaning


@dataclass(frozen=True, eq=False)
class Product:
    """Tuples, or records if there are ``names``."""

    parts: tuple[Meaning, ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class FunctionSet:
    keys: tuple[Known, ...]
    values: Meaning


@dataclass(frozen=True, eq=False)
class SequenceSet:
    elements: Meaning


@dataclass(frozen=True, eq=False)
class Unbounded:
    """``Nat``, ``Int`` or ``STRING``."""

    name: str


@dataclass(frozen=True, eq=False)
class Either:
    """One of two, which no term can say as a whole: sets or functions of different forms."""

    test: Meaning
    then: Meaning
    otherwise: Meaning


@dataclass(frozen=True, eq=False)
class ByMembers:
    """The set of those known values for which a truth holds."""

    members: tuple[tuple[Known, Meaning], ...]


AnySet: TypeAlias = (
    "Listed | Between | Where | Image | Combined | Flattened | Subsets | Product | FunctionSet | SequenceSet"
    " | Unbounded | ByMembers"
)
Meaning: TypeAlias = "Constant | Runtime | Fields | ByRule | Changed | Elements | Either | AnySet"

TRUE, FALSE = Constant(True), Constant(False)


def truth(value: bool) -> Constant:
    return TRUE if value else FALSE


def is_true(value: Meaning) -> bool:
    return isinstance(value, Constant) and value.value is True


def is_false(value: Meaning) -> bool:
    return isinstance(value, Constant) and value.value is False
