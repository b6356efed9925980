"""Sorting the blocks of a sort's members in a state, as source text in the dialect that both engines run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from planrace.checker.engines.symbols import identifier
from planrace.checker.semantics.packing import WORD, Blocks, Field, Layout, domains
from planrace.model.language import Array, Index, Instance, Maybe, SetOf, Sort

BITS = 62
"""The number of bits of a block that are compared at once."""


def spoken(sort: Sort) -> Iterator[Index]:
    """The symmetric sorts that a sort refers to, once for each occurrence: as the domain of an array, or as a
    reference."""
    if isinstance(sort, Array):
        yield from spoken(sort.domain)
        yield from spoken(sort.element)
    elif isinstance(sort, SetOf):
        yield from spoken(sort.element)
    elif isinstance(sort, Maybe):
        yield from spoken(sort.index)
    elif isinstance(sort, Index) and sort.symmetric:
        yield sort


def referred(sort: Sort) -> Any:
    """The index sort that values of a sort, or its elements, refer to; the sort itself if there is none."""
    inner = sort.element if isinstance(sort, SetOf) else sort
    return inner.index if isinstance(inner, Maybe) else inner


def member_at(domain: Sort, at: int) -> tuple[Index, int] | None:
    """The member of an index (from 0) whose element is at position ``at`` (from 0) of an array over ``domain``. The
    first element of an array over optional members is that of none."""
    if isinstance(domain, Maybe):
        return (domain.index, at - 1) if at else None
    return (domain, at) if isinstance(domain, Index) else None


Positions: TypeAlias = tuple[tuple[int, int], ...]
"""Which positions in the path of a field are members, and the number of elements before that of the first member: 1 if
there is one for none."""


@dataclass(frozen=True)
class Part:
    """A piece of every member's block: the text of its value for a member, and how many bits it has."""

    texts: tuple[str, ...]
    width: int


class Sorting:
    """Sorting the blocks of one sort."""

    def __init__(self, instance: Instance, layout: Layout, sort: Index) -> None:
        self.instance = instance
        self.layout = layout
        self.sort = sort
        self.count = len(instance.members(sort))
        self.fields: list[tuple[Field, Positions, Sort]] = []
        for v in instance.system.variables:
            for place, f in layout.fields.items():
                if place[0] == v.name:
                    at, leaf = self._positions(v.sort, f.path)
                    self.fields += [(piece, at, leaf) for piece in _pieces(f)]

    def _positions(self, sort: Sort, path: Sequence[int]) -> tuple[Positions, Sort]:
        """The positions in a path that are members of this sort, and the sort of the element."""
        found = []
        for n, at in enumerate(path):
            assert isinstance(sort, Array)
            member = member_at(sort.domain, at)
            if member is not None and member[0] == self.sort:
                found.append((n, at - member[1]))
            sort = sort.element
        return tuple(found), sort

    def source(self, name: str, labels: int | None = None) -> str:
        """The function that sorts the blocks of this sort, and moves the words from ``labels`` on with them."""
        parts = list(self._parts())
        groups = _grouped(parts)
        lines = [f"def {name}(s):"]
        for (f, _, _), text in zip(self.fields, self._reads(), strict=True):
            lines.append(f" {_name(f)} = {text}")
        members = range(self.count)
        for i in members:
            for g, group in enumerate(groups):
                lines.append(f" k{g}_{i} = {_joined(group, i)}")
            lines.append(f" w{i} = {i}")
        ordered = " and ".join(f"({self._less(groups, i, i + 1, strict=False)})" for i in members[:-1])
        lines += [f" if {ordered}:", "  return 0"]
        for last in range(self.count - 1, 0, -1):
            for i in range(last):
                lines += self._exchange(groups, i)
        return "\n".join([*lines, *self._moved(labels), " return 1"])

    def renaming(self, name: str, labels: int | None = None) -> str:
        """A function that gives place ``r`` of this sort to the member q[at + r] - base (from 0)."""
        lines = [f"def {name}(s, q, at, base):"]
        for (f, at, sort), text in zip(self.fields, self._reads(), strict=True):
            if at or referred(sort) == self.sort:
                lines.append(f" {_name(f)} = {text}")
        lines += [f" w{i} = q[at + {i}] - base" for i in range(self.count)]
        return "\n".join([*lines, *self._moved(labels), " return 1"])

    def _moved(self, labels: int | None) -> Iterator[str]:
        """Rewrite the words after member w{r} got place r."""
        yield from self._renamed()
        yield from self._written()
        if labels is not None:
            yield from (f" o{i} = s[{labels} + w{i}]" for i in range(self.count))
            yield from (f" s[{labels + i}] = o{i}" for i in range(self.count))

    def _reads(self) -> Iterator[str]:
        for f, _, _ in self.fields:
            yield f"s[{f.word}] >> {f.shift} & {f.mask}"

    def _parts(self) -> Iterator[Part]:
        """The parts of a member's block that are compared: its own fields, and whether others refer to it."""
        own: dict[tuple[str, tuple[int, ...]], dict[int, Field]] = {}
        sorts: dict[tuple[str, tuple[int, ...]], Sort] = {}
        for f, at, sort in self.fields:
            if len(at) == 1:
                n, none = at[0]
                key = (f.variable, (*f.path[:n], -1, *f.path[n + 1 :]))
                own.setdefault(key, {})[f.path[n] - none] = f
                sorts[key] = sort
            elif not at:
                yield from self._named(f, sort)
        for key, fields in own.items():
            yield from self._own([fields[i] for i in range(self.count)], sorts[key])

    def _named(self, f: Field, sort: Sort) -> Iterator[Part]:
        """Whether a field that is not in the member's block refers to the member."""
        members = range(self.count)
        if isinstance(sort, SetOf) and referred(sort) == self.sort:
            yield Part(tuple(f"({_name(f)} >> {i + 1 - f.low} & 1)" for i in members), 1)
        elif not isinstance(sort, SetOf) and referred(sort) == self.sort:
            yield Part(tuple(f"({_name(f)} == {i + 1 - f.low})" for i in members), 1)

    def _own(self, fields: list[Field], sort: Sort) -> Iterator[Part]:
        """A field of the member itself; for a reference to a member only whether there is one and whether it is the
        member itself."""
        if isinstance(sort, SetOf) and referred(sort) == self.sort:
            yield Part(tuple(f"({_name(f)} >> {i + 1 - f.low} & 1)" for i, f in enumerate(fields)), 1)
        elif not isinstance(sort, SetOf) and referred(sort) == self.sort:
            yield Part(tuple(f"({_name(f)} == {i + 1 - f.low})" for i, f in enumerate(fields)), 1)
            yield Part(tuple(f"({_name(f)} + {f.low} == 0)" for f in fields), 1)
        elif 0 < fields[0].width <= BITS:
            yield Part(tuple(_name(f) for f in fields), fields[0].width)
        elif fields[0].width:  # signed and unsigned comparisons of whole words differ
            half = fields[0].width // 2
            yield Part(tuple(f"({_name(f)} & {2**half - 1})" for f in fields), half)
            yield Part(tuple(f"({_name(f)} >> {half})" for f in fields), fields[0].width - half)

    @staticmethod
    def _less(groups: list[list[Part]], i: int, j: int, *, strict: bool) -> str:
        """Whether block i comes before block j; unless ``strict``, or is equal to it."""
        text = ""
        for g in reversed(range(len(groups))):
            a, b = f"k{g}_{i}", f"k{g}_{j}"
            text = f"({a} < {b} or ({a} == {b} and {text}))" if text else f"{a} {'<' if strict else '<='} {b}"
        return text

    def _exchange(self, groups: list[list[Part]], i: int) -> list[str]:
        """Put blocks i and i + 1 in order."""
        j = i + 1
        lines = [f" c = 1 if {self._less(groups, j, i, strict=True)} else 0"]
        for name in [*(f"k{g}" + "_" for g in range(len(groups))), "w"]:
            a, b = f"{name}{i}", f"{name}{j}"
            lines += [f" x = {b} if c else {a}", f" {b} = {a} if c else {b}", f" {a} = x"]
        return lines

    def _renamed(self) -> Iterator[str]:
        """``p{i}``: the new place of member i (from 0)."""
        for i in range(self.count):
            places = " + ".join(f"{r} * (w{r} == {i})" for r in range(1, self.count))
            yield f" p{i} = {places}"

    def _written(self) -> Iterator[str]:
        """Rewrite the fields that a renaming may change."""
        kept: dict[int, int] = {}
        texts: dict[int, list[str]] = {}
        by_place = {(f.variable, f.path): f for f, _, _ in self.fields}
        for f, at, sort in self.fields:
            refers = referred(sort) == self.sort
            if not f.width or not (at or refers):
                continue
            value = self._picked(f, at, by_place)
            if refers:
                value = self._set(f, value) if isinstance(sort, SetOf) else self._member(f, value)
            kept[f.word] = kept.get(f.word, 0) | f.mask << f.shift
            texts.setdefault(f.word, []).append(f"({value} << {f.shift})" if f.shift else value)
        for word, parts in texts.items():
            yield f" s[{word}] = {' | '.join([f's[{word}] & {2**WORD - 1 & ~kept[word]}', *parts])}"

    def _picked(self, f: Field, at: Positions, fields: dict[tuple[str, tuple[int, ...]], Field]) -> str:
        """The old value that moves to the place of ``f``: that of the members who have its places now."""
        if not at:
            return _name(f)
        here, none = at[0]
        items = []
        for i in range(self.count):
            path = (*f.path[:here], i + none, *f.path[here + 1 :])
            items.append(self._picked(fields[f.variable, path], at[1:], fields))
        return f"({', '.join(items)})[w{f.path[here] - none}]"

    def _member(self, f: Field, value: str) -> str:
        """A reference, renamed: raw values count from ``f.low``."""
        items = [
            f"p{raw + f.low - 1} + {1 - f.low}" if raw + f.low >= 1 else str(raw) for raw in range(f.high - f.low + 1)
        ]
        return f"({', '.join(items)},)[{value}]"

    def _set(self, f: Field, value: str) -> str:
        """A set of members, renamed."""
        bits = [f"({value} >> {n} & 1) << p{n + f.low - 1} + {1 - f.low}" for n in range(f.width) if n + f.low >= 1]
        none = [f"({value} & 1)"] if f.low == 0 else []
        return "(" + " | ".join([*none, *(f"({b})" for b in bits)]) + ")"


class WholeBlocks(Sorting):
    """Sorting blocks that are contiguous: a block moves as a whole, with the fields that refer to its member packed
    above it."""

    @property
    def possible(self) -> bool:
        """Whether nothing in a block refers to members, and the block fits into a word together with the fields that
        refer to its member. Elements of an array over optional members are in no block."""
        blocks = self.layout.blocks
        if blocks is None or blocks.sort != self.sort:
            return False
        inner = all(not at or (len(at) == 1 and not at[0][1] and not self._refers(sort)) for _, at, sort in self.fields)
        return inner and blocks.width + len(self._naming()) <= BITS

    def source(self, name: str, labels: int | None = None) -> str:
        """The function that sorts the blocks of this sort."""
        assert labels is None
        blocks = self.layout.blocks
        assert blocks is not None
        members, naming = range(self.count), self._naming()
        lines = [f"def {name}(s):", *(f" {_name(f)} = s[{f.word}] >> {f.shift} & {f.mask}" for f, _ in naming)]
        above = [next(self._named(f, sort)).texts for f, sort in naming]
        for i, (word, shift) in enumerate(blocks.places):
            bits = [f"({texts[i]} << {blocks.width + n})" for n, texts in enumerate(above)]
            lines.append(f" k{i} = {' | '.join([f'(s[{word}] >> {shift} & {2**blocks.width - 1})', *bits])}")
        lines += [f" if {' and '.join(f'k{i} <= k{i + 1}' for i in members[:-1])}:", "  return 0"]
        for last in range(self.count - 1, 0, -1):
            for i in range(last):
                a, b = f"k{i}", f"k{i + 1}"
                lines += [f" x = {a} if {a} < {b} else {b}", f" {b} = {b} if {a} < {b} else {a}", f" {a} = x"]
        return "\n".join([*lines, *self._put(blocks, naming), " return 1"])

    def _naming(self) -> list[tuple[Field, Sort]]:
        """The fields that name members."""
        return [(f, sort) for f, at, sort in self.fields if not at and f.width and self._refers(sort)]

    def _put(self, blocks: Blocks, naming: list[tuple[Field, Sort]]) -> Iterator[str]:
        """Rewrite the words."""
        kept: dict[int, int] = {}
        texts: dict[int, list[str]] = {}
        for i, (word, shift) in enumerate(blocks.places):
            kept[word] = kept.get(word, 0) | 2**blocks.width - 1 << shift
            texts.setdefault(word, []).append(f"(k{i} & {2**blocks.width - 1}) << {shift}")
        for n, (f, sort) in enumerate(naming):
            bits = [f"(k{i} >> {blocks.width + n} & 1)" for i in range(self.count)]
            if isinstance(sort, SetOf):
                none = [f"{_name(f)} & 1"] if f.low == 0 else []
                value = " | ".join([*none, *(f"({bit} << {i + 1 - f.low})" for i, bit in enumerate(bits))])
            else:  # the number of the member that it refers to, or 0 for none
                value = " + ".join(f"{i + 1 - f.low} * {bit}" for i, bit in enumerate(bits))
            kept[f.word] = kept.get(f.word, 0) | f.mask << f.shift
            texts.setdefault(f.word, []).append(f"({value}) << {f.shift}")
        for word, parts in texts.items():
            yield f" s[{word}] = {' | '.join([f's[{word}] & {2**WORD - 1 & ~kept[word]}', *(f'({p})' for p in parts)])}"

    def _refers(self, sort: Sort) -> bool:
        return bool(referred(sort) == self.sort)


class Speaking:
    """The fields of variables that refer to members of some sorts: each with its place without these members, with the
    members (outermost first), and with its sort."""

    def __init__(self, instance: Instance, layout: Layout, sorts: Collection[Index]) -> None:
        self.fields: list[tuple[Field, tuple[int | None, ...], list[tuple[Index, int]], Sort]] = []
        for v in instance.system.variables:
            if not any(s in sorts for s in spoken(v.sort)):
                continue
            over = list(domains(v.sort))
            leaf = v.sort
            while isinstance(leaf, Array):
                leaf = leaf.element
            for (name, path), f in layout.fields.items():
                if name == v.name:
                    found = [member_at(d, n) for d, n in zip(over, path, strict=True)]
                    of = [m if m is not None and m[0] in sorts else None for m in found]
                    place = tuple(n if m is None else None for m, n in zip(of, path, strict=True))
                    members = [m for m in of if m is not None]
                    self.fields += [(piece, place, members, leaf) for piece in _pieces(f)]


def _pieces(f: Field) -> list[Field]:
    """The parts of a field in single words, as fields."""
    if f.width <= WORD:
        return [f]
    return [
        replace(f, variable=f"{f.variable} {k}", width=min(WORD, f.width - WORD * k), word=word)
        for k, word in enumerate(f.words)
    ]


def _grouped(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts in groups that fit into a word."""
    groups: list[list[Part]] = [[]]
    for p in parts:
        if sum(q.width for q in groups[-1]) + p.width > BITS and groups[-1]:
            groups.append([])
        groups[-1].append(p)
    return groups


def _joined(group: Sequence[Part], i: int) -> str:
    shift, texts = 0, []
    for p in group:
        texts.append(f"({p.texts[i]} << {shift})" if shift else f"({p.texts[i]})")
        shift += p.width
    return " | ".join(texts) or "0"


def _name(f: Field) -> str:
    return identifier("v", f.variable, *f.path)
