"""Identities and versions that are given out once each: numbers of requests, names of files, generations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from planrace.model.language import DefinitionError, Enum, Index, Int, Protocol, Term, Update, integers, subsets, update
from planrace.model.language.actions import When, advised, when
from planrace.model.language.constructors import both, size_of
from planrace.model.language.errors import instances
from planrace.model.language.sorts import SizeValue, describe, size_of_sort
from planrace.model.language.terms import Value, expect, lift

_FOR_AUTHORS = True  # errors and places name the line that calls this module

Taken: TypeAlias = "tuple[When | Update, ...]"
"""The parts of a step that takes an identity."""


@dataclass(frozen=True, eq=False)
class Identities:
    """Members of a sort that are given out once each. ``used`` are those that were; ``number`` counts them, unless the
    protocol waits where none is left."""

    name: str
    of: Index | Enum | Int
    used: Term
    number: Term | None
    size: Term

    @property
    def left(self) -> Term:
        """Whether one was not given out yet."""
        return (size_of(self.used) if self.number is None else self.number) < self.size

    def fresh(self, member: Value) -> Term:
        """Whether ``member`` was not given out yet."""
        return ~self._member(member).isin(self.used)

    def taking(self, member: Value) -> Taken:
        """Give out ``member``, a parameter of the action: any that was not given out yet. Where none is left, that is
        an error, or the action waits."""
        chosen = self._member(member)
        taken = update(self.used, self.used | {chosen})
        if self.number is None:
            return when(self.fresh(chosen)), taken
        advice = f"give {describe(self.of)} more members, or declare {self.name} with waits=True"
        counted = advised(update(self.number, self.number + 1), advice)
        return when(self.fresh(chosen) | ~self.left), taken, counted

    def _member(self, member: Value) -> Term:
        return expect(member, self.of, f"{self.name}: an identity")


def identities(
    protocol: Protocol, name: str, of: Index | Enum | Int, meaning: str = "", *, waits: bool = False
) -> Identities:
    """Members of ``of`` that are given out once each: the variable ``name``, a set of those that were, and
    ``name_count``, how many. Where all are given out, taking one more is an error of the model; with ``waits=True`` the
    action waits, for protocols that may end there. Raises ``DefinitionError`` for a sort whose members are no
    identities."""
    instances((protocol,), Protocol, "identities", "identities(protocol, …)")
    if not isinstance(of, Index | Enum | Int):
        raise DefinitionError(
            f"{name}: {describe(of)} has no members to give out", remedy="name an index, or a range of numbers"
        )
    size = _size(of)
    used = protocol.variable(name, subsets(of), set(), meaning or f"members of {describe(of)} that were given out")
    number = None
    if not waits:
        number = protocol.variable(f"{name}_count", integers(0, size, "count"), 0, f"how many of {name}")
    return Identities(name, of, used, number, size)


def _size(of: Index | Enum | Int) -> Term:
    """How many members a sort has."""
    if isinstance(of, Int):
        return lift(of.high) - lift(of.low) + 1
    return lift(of.size if isinstance(of, Index) else len(of.members))


@dataclass(frozen=True, eq=False)
class Versions:
    """Numbers that are given out in order, each once. ``latest`` is the last one that was, 0 before the first."""

    name: str
    latest: Term
    most: SizeValue
    waits: bool

    @property
    def next(self) -> Term:
        """The version that is given out next."""
        return self.latest + 1

    @property
    def left(self) -> Term:
        """Whether one was not given out yet."""
        return self.latest < self.most

    def taking(self) -> Taken:
        """Give out the ``next`` version. After the last one that is an error, or the action waits."""
        advice = f"raise the most of {self.name}, or declare it with waits=True"
        return when(self.left if self.waits else both()), advised(update(self.latest, self.next), advice)


def versions(protocol: Protocol, name: str, most: SizeValue, meaning: str = "", *, waits: bool = False) -> Versions:
    """Versions 1…``most`` that are given out in order: the variable ``name``, the latest one. One more is an error of
    the model; with ``waits=True`` the action waits, for protocols that may end there."""
    instances((protocol,), Protocol, "versions", "versions(protocol, …)")
    size_of_sort(most, f"versions {name}: most")
    latest = protocol.variable(name, integers(0, most, "version"), 0, meaning or "the latest version, 0: none")
    return Versions(name, latest, most, waits)
