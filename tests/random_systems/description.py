"""What is drawn: sorts, terms, actions and properties as plain data. Values are whole numbers and frozensets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Linear:
    """A bound that is computed from a parameter: so many ``times`` it, and some more."""

    times: int
    of: str
    plus: int


Bound: TypeAlias = "int | str | Linear"
"""A bound of a sort: a number, the name of a parameter, or computed from it."""


def bound_at(bound: Bound, values: Mapping[str, int]) -> int:
    """A bound as a number, where parameters have these values."""
    if isinstance(bound, Linear):
        return bound.times * values[bound.of] + bound.plus
    return values[bound] if isinstance(bound, str) else bound


@dataclass(frozen=True)
class Sort:
    """``kind`` is bool, int, enum, index, maybe, set or array; ``of`` is the index of an optional one, the element of a
    set or an array. Values of an index are 1…high, none is 0, members of an enumeration count from 0."""

    kind: str
    name: str = ""
    low: Bound = 0
    high: Bound = 0
    members: tuple[str, ...] = ()
    symmetric: bool = False
    ordered: bool = False
    of: Sort | None = None
    domain: Sort | None = None

    @property
    def element(self) -> Sort:
        """What a set, an array or an optional is of."""
        assert self.of is not None
        return self.of

    @property
    def over(self) -> Sort:
        """What an array is over."""
        assert self.domain is not None
        return self.domain

    @property
    def parts(self) -> Iterator[Sort]:
        """This sort and all that it is made of."""
        yield self
        for inner in (self.of, self.domain):
            if inner is not None:
                yield from inner.parts


BOOL = Sort("bool", low=0, high=1)
NUMBER = Sort("number")
"""Whole numbers without bounds, which no variable has."""


@dataclass(frozen=True)
class Node:
    """A term. ``op`` is one of those in ``plain.py``; ``data`` is a value, a name, or what the operator needs."""

    op: str
    sort: Sort
    args: tuple[Node, ...] = ()
    data: Any = None

    @property
    def inner(self) -> Iterator[Node]:
        """This term and all within it."""
        yield self
        for a in self.args:
            yield from a.inner


YES, NO = Node("const", BOOL, data=1), Node("const", BOOL, data=0)

Write: TypeAlias = tuple[Node, Node]
"""A target (a variable, or elements selected from one) and the value that it gets."""


@dataclass(frozen=True)
class Parameter:
    """A size; ``value`` is that of the instance that is checked."""

    name: str
    low: int
    default: int
    high: int
    value: int


@dataclass(frozen=True)
class Variable:
    """``initially`` is the value of it, or of each element of it; with ``among`` it is one of these, or any value of
    the sort if there are none. A ``history`` is read by properties and histories alone."""

    name: str
    sort: Sort
    initially: Any
    among: tuple[Any, ...] | None = None
    history: bool = False

    @property
    def starts(self) -> tuple[Any, ...]:
        """The initial values that are written down."""
        return (self.initially,) if self.among is None else self.among


@dataclass(frozen=True)
class Ending:
    """An outcome; the last of an action has no condition."""

    name: str | None
    condition: Node | None
    writes: tuple[Write, ...]
    waits: bool = False
    """A protection has dropped it: the action is not enabled where it would have been taken."""


@dataclass(frozen=True)
class Action:
    """``writes`` belong to every ending; without endings they are all that the action does."""

    name: str
    parameters: tuple[tuple[str, Sort], ...]
    guard: Node | None
    writes: tuple[Write, ...]
    endings: tuple[Ending, ...] = ()
    fairness: str = "weak"
    fault: str | None = None
    tags: frozenset[str] = frozenset()
    by: str | None = None
    """The name of the parameter that performs it; None: somebody outside."""


@dataclass(frozen=True)
class Change:
    """What a protection does to ``action``: ``what`` names the method of a change. ``value`` reads what would have been
    assigned as ("assigned",)."""

    what: str
    action: str
    term: Node | None = None
    variable: str = ""
    ending: Ending | None = None
    before: str | None = None
    writes: tuple[Write, ...] = ()
    added: Action | None = None
    declared: Variable | None = None
    waits: bool = False
    forgotten_by: tuple[str, ...] | None = None
    """Of a step that is inserted before or after the action: the faults that forget what is pending."""


@dataclass(frozen=True)
class Asked:
    """A property. ``kind`` is the function that makes it; ``term`` what holds, or the goal; ``second`` the trigger, or
    wherever recovery is asked for."""

    kind: str
    name: str
    term: Node
    second: Node | None = None
    helpers: frozenset[str] = frozenset()
    manual: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    despite: bool = False


@dataclass(frozen=True)
class Description:
    """A protocol, the instance of it that is checked, and what is asked. ``faults`` are declared; those ``on`` and the
    protections ``protected`` are chosen for the run."""

    seed: str
    name: str
    variables: tuple[Variable, ...]
    actions: tuple[Action, ...]
    parameters: tuple[Parameter, ...] = ()
    properties: tuple[Asked, ...] = ()
    faults: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    bounds: tuple[tuple[str, Bound], ...] = ()
    """How often some faults may happen."""
    protections: tuple[tuple[str, tuple[Change, ...]], ...] = ()
    protected: bool = False
    final: Node | None = None
    fair: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Fairness of choices, weak or strong, between actions by name; if none is named of all that are no faults."""
    beginnings: tuple[Node, ...] = ()
    """Conditions that every initial state satisfies."""
    features: frozenset[str] = field(default_factory=frozenset)

    @property
    def values(self) -> dict[str, int]:
        """The sizes of the instance."""
        return {p.name: p.value for p in self.parameters}


def variable(name: str, sort: Sort) -> Node:
    """A read of a variable."""
    return Node("var", sort, data=name)


def number(value: int) -> Node:
    """A whole number."""
    return Node("const", NUMBER, data=value)


def conjunction(*terms: Node) -> Node:
    """All of them."""
    if not terms:
        return YES
    return terms[0] if len(terms) == 1 else Node("and", BOOL, terms)
