"""Packing: where each variable of an instance lies in fixed 64-bit words.

One layout serves every user of packed states: the reference explorer keeps all words in one Python integer (word w at
bit 64·w), others may keep them as separate words. A scalar is stored as its distance from its sort's least value, a set
as one bit for each element. No field crosses a word boundary, except sets of more than 64 elements, which begin at one.

No state has all bits of word 0 set: tables of states store complements, so a slot whose word 0 is 0 is free. If the
fields would fill word 0, one of its bits is left unused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from planrace.checker.semantics.interpreter import State
from planrace.model.language import Array, Index, Instance, ModelError, Op, Place, SetOf, Sort, Term
from planrace.model.language.instance_size import NUMBER_BITS, WIDEST
from planrace.model.language.operators import BINDERS
from planrace.model.language.sorts import Scalar
from planrace.model.language.terms import subterms

WORD = NUMBER_BITS


@dataclass(frozen=True)
class Field:
    """One scalar or set of the state: ``width`` bits at ``shift`` of ``word``; more than 64 go on in the words after.

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

    @property
    def words(self) -> range:
        """The words that contain a part of it."""
        return range(self.word, self.word + max(1, -(-self.width // WORD)))


PackedFields: TypeAlias = dict[tuple[str, tuple[int, ...]], Field]


@dataclass(frozen=True)
class Blocks:
    """The fields that belong to members of a symmetric sort, side by side: ``width`` bits for each member, at a word
    and shift, with the same fields in the same order."""

    sort: Index
    width: int
    places: tuple[tuple[int, int], ...]


class Layout:
    """The fields of an instance, packed first-fit in the order of the variables; first come the ``blocks`` of a
    symmetric sort, which are sorted often, unless that takes more words."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._unused = 0
        self._choose()
        if not self._marked():
            self._unused = 1
            self._choose()

    def _choose(self) -> None:
        """Pack with the blocks of a symmetric sort, unless that takes more words."""
        self._pack(None)
        if blocked := self._blocked():
            plain = self.words
            self._pack(blocked)
            if self.words > plain:
                self._pack(None)

    def _marked(self) -> bool:
        """Whether no state has all bits of word 0 set: one bit is unused, or the greatest value of a field is not all
        ones."""
        first = [f for f in self.fields.values() if f.word == 0]
        return self._used[0] < WORD or any(not f.is_set and f.high - f.low < f.mask for f in first)

    def _pack(self, sort: Index | None) -> None:
        self.fields: PackedFields = {}
        self.blocks: Blocks | None = None
        self._used = [0]
        leaves = [(v.name, path, leaf) for v in self.instance.system.variables for path, leaf in self._leaves(v.sort)]
        places = {} if sort is None else self._block(sort, leaves)
        for name, path, leaf in leaves:
            self.fields[name, path] = places.get((name, path)) or self._place(name, path, leaf)
        self.words = len(self._used)

    def _block(self, sort: Index, leaves: Sequence[tuple[str, tuple[int, ...], Sort]]) -> PackedFields:
        """Place the fields of ``sort``'s members, member by member."""
        sorts = {v.name: v.sort for v in self.instance.system.variables}
        members: list[list[tuple[str, tuple[int, ...], Sort]]] = [[] for _ in self.instance.members(sort)]
        for name, path, leaf in leaves:
            at = [n for n, domain in enumerate(domains(sorts[name])) if domain == sort]
            if len(at) == 1:
                members[path[at[0]]].append((name, path, leaf))
        width = sum(self._sized(name, leaf)[3] for name, _, leaf in members[0])
        if width > WORD:
            return {}
        found: PackedFields = {}
        places = []
        for block in members:
            word = self._room(width)
            places.append((word, self._used[word]))
            for name, path, leaf in block:
                found[name, path] = self._place(name, path, leaf, word)
        self.blocks = Blocks(sort, width, tuple(places))
        return found

    def _blocked(self) -> Index | None:
        """The symmetric sort that the most fields belong to, if any."""
        found = [d for v in self.instance.system.variables for d in domains(v.sort)]
        symmetric = [d for d in found if isinstance(d, Index) and d.symmetric and len(self.instance.members(d)) > 1]
        return max(symmetric, key=symmetric.count, default=None)

    @property
    def bits(self) -> int:
        """The number of bits that hold information."""
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

    def _place(self, name: str, path: tuple[int, ...], sort: Sort, word: int | None = None) -> Field:
        is_set, low, high, width = self._sized(name, sort)
        if word is None:
            word = self._room(width)
        made = Field(name, path, is_set, low, high, width, word, self._used[word])
        for w in range(word, word + max(1, -(-width // WORD))):
            self._used[w] += min(width, WORD)
            width -= WORD
        return made

    def _room(self, width: int) -> int:
        """The first word with enough free bits; fields wider than a word begin after all others."""
        if width > WORD:
            word = len(self._used)
        else:
            word = next((w for w in range(len(self._used)) if self._free(w) >= width), len(self._used))
        while len(self._used) < word + -(-width // WORD):
            self._used.append(0)
        return word

    def _free(self, word: int) -> int:
        """The number of bits of a word that are free and may be used."""
        return WORD - self._used[word] - (self._unused if word == 0 else 0)

    def _sized(self, name: str, sort: Sort) -> tuple[bool, int, int, int]:
        """Whether a field is a set, its least and greatest value, and its number of bits."""
        is_set = isinstance(sort, SetOf)
        scalar: Scalar = sort.element if isinstance(sort, SetOf) else sort  # type: ignore[assignment]
        low, high = self.instance.bounds(scalar)
        if high < low:
            raise ModelError(
                f"variable {name}: its sort {scalar.name} is empty here, {low}…{high}", where=self._where(name)
            )
        width = high - low + 1 if is_set else (high - low).bit_length()
        if width > (WIDEST if is_set else WORD):
            most = f"a set may have {WIDEST:,} elements at most" if is_set else f"a number may need {WORD} at most"
            raise ModelError(f"variable {name} needs {width:,} bits", where=self._where(name), remedy=most)
        return is_set, low, high, width

    def _where(self, name: str) -> Place | None:
        return next(v.where for v in self.instance.system.variables if v.name == name)


def domains(sort: Sort) -> Iterator[Sort]:
    """The domains of an array, outermost first."""
    while isinstance(sort, Array):
        yield sort.domain
        sort = sort.element


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


def free(term: Term) -> frozenset[Term]:
    """The free bound variables of a term: parameters of actions, and variables bound by binders around it."""
    found = {t for t in subterms(term) if t.op is Op.BOUND}
    return frozenset(found - {t.args[0] for t in subterms(term) if t.op in BINDERS})
