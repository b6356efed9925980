"""Packing: where each variable of an instance lies in fixed 64-bit words.

One object for every user of packed states: the reference explorer keeps all words in one Python integer (word w at bit
64·w), others may keep them apart. A scalar is stored as its distance from its sort's least value, a set as one bit an
element. No field crosses a word boundary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from model.language import Array, Instance, ModelError, SetOf, Sort, Term
from model.language.sorts import Scalar

from .interpreter import State

WORD = 64


@dataclass(frozen=True)
class Field:
    """One scalar or set of the state: ``width`` bits at ``shift`` of ``word``.

    ``low`` is the least value (of a scalar, or of a set's elements), ``high`` the greatest.
    """

    variable: str
    path: tuple[int, ...]
    is_set: bool
    low: int
    high: int
    width: int
    word: int
    shift: int

    @property
    def offset(self) -> int:
        """The place in the state as one integer, in bits."""
        return self.word * WORD + self.shift

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1


class Layout:
    """The fields of an instance, packed first-fit in the order of the variables."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.fields: dict[tuple[str, tuple[int, ...]], Field] = {}
        self._used = [0]
        for v in instance.system.variables:
            for path, sort in self._leaves(v.sort):
                self.fields[v.name, path] = self._place(v.name, path, sort)
        self.words = len(self._used)

    @property
    def bits(self) -> int:
        """Bits that hold information."""
        return sum(self._used)

    def encode(self, state: State) -> int:
        """A state of the interpreter as one integer of 64 bits a word."""
        packed = 0
        for n, v in enumerate(self.instance.system.variables):
            for path, _ in self._leaves(v.sort):
                field = self.fields[v.name, path]
                packed |= self._bits(field, _at(state[n], path)) << field.offset
        return packed

    def decode(self, packed: int) -> State:
        """The state of the interpreter that ``packed`` stands for."""
        return tuple(self._read(packed, v.name, (), v.sort) for v in self.instance.system.variables)

    def paths(self, sort: Sort) -> Iterator[tuple[int, ...]]:
        """The offsets (from 0) of every scalar or set inside a sort."""
        return (path for path, _ in self._leaves(sort))

    def _read(self, packed: int, name: str, path: tuple[int, ...], sort: Sort) -> Any:
        if isinstance(sort, Array):
            count = len(self.instance.members(sort.domain))
            return tuple(self._read(packed, name, (*path, n), sort.element) for n in range(count))
        field = self.fields[name, path]
        raw = packed >> field.offset & field.mask
        if field.is_set:
            return frozenset(field.low + n for n in range(field.width) if raw >> n & 1)
        return raw + field.low

    @staticmethod
    def _bits(field: Field, value: Any) -> int:
        if field.is_set:
            return sum(1 << (v - field.low) for v in value)
        return int(value) - field.low

    def _leaves(self, sort: Sort, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Sort]]:
        if not isinstance(sort, Array):
            yield path, sort
            return
        for n in range(len(self.instance.members(sort.domain))):
            yield from self._leaves(sort.element, (*path, n))

    def _place(self, name: str, path: tuple[int, ...], sort: Sort) -> Field:
        is_set = isinstance(sort, SetOf)
        scalar: Scalar = sort.element if isinstance(sort, SetOf) else sort  # type: ignore[assignment]
        low, high = self.instance.bounds(scalar)
        if high < low:
            raise ModelError(f"variable {name}: its sort {scalar.name} is empty here, {low}…{high}")
        width = high - low + 1 if is_set else (high - low).bit_length()
        if width > WORD:
            raise ModelError(f"variable {name} needs {width} bits", remedy=f"a set or number may need {WORD} at most")
        word = next((w for w, used in enumerate(self._used) if used + width <= WORD), len(self._used))
        if word == len(self._used):
            self._used.append(0)
        shift = self._used[word]
        self._used[word] += width
        return Field(name, path, is_set, low, high, width, word, shift)


def _at(value: Any, path: tuple[int, ...]) -> Any:
    for n in path:
        value = value[n]
    return value


def root_of(target: Term) -> tuple[str, list[Term]]:
    """The variable's name and the positions of an update's target, outermost first."""
    positions: list[Term] = []
    while target.args:
        target, position = target.args
        positions.insert(0, position)
    return target.data, positions
