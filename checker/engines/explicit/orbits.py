"""Orbits of sorts whose members refer to one another: the representative of a state is found by trying renamings.

Two sorts are related if one variable refers to both: an array over one with references to the other, a table over both,
an array from members to members. The blocks of one sort then contain names of members of the other, so no sort can be
ordered alone.

Each member has a colour, a number that does not depend on names (colour refinement, as in McKay & Piperno, "Practical
graph isomorphism II", Journal of Symbolic Computation 60, 2014): it combines the member's values in the state with the
colours of the members that these refer to. Some sorts are *settled*: no two of them are related, and none to itself, so
sorting their blocks orders them once the members of the others have their places. The others are ordered by colour.
Members of equal colour are tried in all orders, and the least state is the representative. Colours that are equal by
chance cost more orders, but the result is correct.

If a state has more orders than allowed, only the first of them are tried. The result is a state of the orbit, but not
the same one for all states of the orbit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import factorial, prod

from planrace.checker.engines.explicit.sorting import Sorting, Speaking, referred, spoken
from planrace.checker.semantics.packing import WORD, Field, Layout
from planrace.model.language import Index, Instance, SetOf

ASKED = 5040
"""Orders tried for a state if the user asked for symmetry."""
UNASKED = 120
"""Orders tried for a state if the engine chose symmetry itself."""
ROUNDS = 2
"""The largest number of refinement rounds; refinement ends earlier when all members differ."""
ALL = 2**WORD - 1

HELPERS = """
def joint_order(c, w, r, first, last):
 i = first + 1
 while i < last:
  j = i
  while j > first:
   if c[w[j - 1]] >> 1 <= c[w[j]] >> 1:
    break
   x = w[j]
   w[j] = w[j - 1]
   w[j - 1] = x
   j -= 1
  i += 1
 ties = 0
 r[last - 1] = 1
 i = last - 2
 while i >= first:
  r[i] = 1
  if c[w[i]] >> 1 == c[w[i + 1]] >> 1:
   r[i] = r[i + 1] + 1
   ties = 1
  i -= 1
 return ties

def joint_next(d, r, count):
 i = count - 1
 while i >= 0:
  d[i] = d[i] + 1
  if d[i] < r[i]:
   return 1
  d[i] = 0
  i -= 1
 return 0

def joint_places(q, w, d, count):
 i = 0
 while i < count:
  q[i] = w[i]
  i += 1
 i = 0
 while i < count:
  x = q[i]
  q[i] = q[i + d[i]]
  q[i + d[i]] = x
  i += 1
 return 0

def joint_copy(to, source, words):
 i = 0
 while i < words:
  to[i] = source[i]
  i += 1
 return 0

def joint_less(a, b, words):
 i = 0
 while i < words:
  if a[i] != b[i]:
   if a[i] >> 1 == b[i] >> 1:
    return a[i] & 1 < b[i] & 1
   return a[i] >> 1 < b[i] >> 1
  i += 1
 return 0
"""
"""``joint_order`` sorts members by colour and records at each place how many members of the same colour follow from
there on. ``joint_next`` counts through all orders: digit d[i] of r[i] exchanges places i and i + d[i]
(``joint_places``)."""


def related(instance: Instance, sorts: Sequence[Index]) -> list[tuple[Index, Index]]:
    """The pairs of sorts that one variable refers to; a sort is paired with itself if a variable refers to two of its
    members."""
    found: dict[tuple[Index, Index], None] = {}
    for v in instance.system.variables:
        found.update(dict.fromkeys(combinations((s for s in spoken(v.sort) if s in sorts), 2)))
    return list(found)


def families(sorts: Sequence[Index], pairs: Sequence[tuple[Index, Index]]) -> list[list[Index]]:
    """Groups of sorts that are related, directly or through others; an unrelated sort is a group of its own."""
    found = [[s] for s in sorts]
    for a, b in pairs:
        touched = [f for f in found if a in f or b in f]
        found = [f for f in found if f not in touched] + [[s for f in touched for s in f]]
    return [sorted(f, key=sorts.index) for f in found]


class Joint:
    """Writes ``joint_n(s)`` for related sorts: it replaces a state, given in words, by the least one among ``tried``
    orders. ``tracked``: words after those of the state hold the members at each place and move with them."""

    def __init__(
        self,
        instance: Instance,
        layout: Layout,
        family: Sequence[Index],
        pairs: Sequence[tuple[Index, Index]],
        tried: int,
    ) -> None:
        self.layout = layout
        self.tried = tried
        self.counts = {s: len(instance.members(s)) for s in family}
        self.settled = _settled(self.counts, pairs)
        self.ordered = [s for s in family if s not in self.settled]
        self.sortings = {s: Sorting(instance, layout, s) for s in family}
        self.speaking = Speaking(instance, layout, family)

    @property
    def orders(self) -> int:
        """The largest number of orders of a state: an orbit has at most that many states if the settled sorts are
        sorted."""
        return prod(factorial(self.counts[s]) for s in self.ordered)

    @property
    def exact(self) -> bool:
        """Whether every orbit has a single representative."""
        return self.orders <= self.tried

    def source(self, n: int, words: int, labels: dict[Index, int]) -> str:
        """The functions for this family. ``words``: of a state with its labels, which begin at ``labels``."""
        parts = [self._colours(f"joint_{n}_colours")]
        for k, s in enumerate(self.ordered):
            parts.append(self.sortings[s].renaming(f"joint_{n}_rename_{k}", labels.get(s)))
        for k, s in enumerate(self.settled):
            parts.append(self.sortings[s].source(f"joint_{n}_settle_{k}", labels.get(s)))
        return "\n".join([*parts, *self._least(n, words)]) + "\n"

    # Colours ---------------------------------------------------------------------------------------------------
    @property
    def _slots(self) -> dict[Index, int]:
        """The slot where the colours of a sort begin: the first is that of "no member"."""
        found, at = {}, 0
        for s in [*self.ordered, *self.settled]:
            found[s] = at
            at += self.counts[s] + 1
        return found

    def _colours(self, name: str) -> str:
        """One refinement round: new colours ``d`` from colours ``c``."""
        slots, total = self._slots, sum(self.counts.values()) + len(self.counts)
        lines = [f"def {name}(s, c, d):", *(f" d[{k}] = 0" for k in range(total))]
        for f, place, members, sort in self.speaking.fields:
            if not f.width:
                continue
            lines.append(f" v = s[{f.word}] >> {f.shift} & {f.mask}")
            path = [str(slots[s] + 1 + m) for s, m in members]
            refers = referred(sort)
            if refers not in self.counts:
                lines += _met(_key(f, place, members), "v", path)
            elif isinstance(sort, SetOf):
                for bit in range(f.width):
                    m = bit + f.low - 1
                    kind = _key(f, place, [*members, (refers, m)])
                    lines += _met(kind, f"(v >> {bit} & 1)", [*path, str(slots[refers] + 1 + m)])
            else:
                lines.append(f" y = v + {slots[refers] + f.low}")
                kind = _key(f, place, members)
                same = [f"(y == {slots[refers] + 1 + m}) * {2**n}" for n, (s, m) in enumerate(members) if s == refers]
                lines += _met(kind, f"({' + '.join(same) or 0})", [*path, "y"])
        lines += [f" c[{k}] = d[{k}]" for k in range(total)]
        lines += [f" c[{first}] = 1" for first in slots.values()]
        return "\n".join([*lines, " return 0"])

    # The least state -------------------------------------------------------------------------------------------
    def _least(self, n: int, words: int) -> Iterator[str]:
        """Order members by colour, and try all orders that remain."""
        settle = [f"joint_{n}_settle_{k}" for k in range(len(self.settled))]
        bases = []
        places = 0
        for s in self.ordered:
            bases.append((places, self._slots[s] + 1, self.counts[s]))
            places += self.counts[s]
        total = sum(self.counts.values()) + len(self.counts)
        yield f"def joint_{n}(s):"
        for name, size in (("c", total), ("d", total), ("w", places), ("r", places), ("q", places)):
            yield f" {name} = _room({size})"
        yield f" e = _room({places})"
        yield f" t = _room({words})"
        yield f" b = _room({words})"
        for k in range(total):
            yield f" c[{k}] = 1"
        for turn in range(ROUNDS):
            indent = "  " if turn else " "
            if turn:
                yield " if ties:"
            yield f"{indent}joint_{n}_colours(s, c, d)"
            yield f"{indent}ties = 0"
            for at, base, count in bases:
                yield from (f"{indent}w[{at + m}] = {base + m}" for m in range(count))
                yield f"{indent}ties |= joint_order(c, w, r, {at}, {at + count})"
        rename = [f"joint_{n}_rename_{k}({{}}, {{}}, {at}, {base})" for k, (at, base, _) in enumerate(bases)]
        yield " if ties == 0:"
        yield from (f"  {call.format('s', 'w')}" for call in rename)
        yield from (f"  {call}(s)" for call in settle)
        yield "  return 0"
        yield from (f" e[{k}] = 0" for k in range(places))
        yield " tried = 0"
        yield f" while tried < {self.tried}:"
        yield f"  joint_places(q, w, e, {places})"
        yield f"  joint_copy(t, s, {words})"
        yield from (f"  {call.format('t', 'q')}" for call in rename)
        yield from (f"  {call}(t)" for call in settle)
        yield "  if tried == 0:"
        yield f"   joint_copy(b, t, {words})"
        yield f"  if joint_less(t, b, {self.layout.words}):"
        yield f"   joint_copy(b, t, {words})"
        yield "  tried += 1"
        yield f"  if joint_next(e, r, {places}) == 0:"
        yield "   break"
        yield f" joint_copy(s, b, {words})"
        yield " return 1"


def _settled(counts: dict[Index, int], pairs: Sequence[tuple[Index, Index]]) -> list[Index]:
    """Sorts, the largest first, none of which is related to itself or to another of them."""
    found: list[Index] = []
    for s in sorted(counts, key=lambda s: -counts[s]):
        if not any((s, t) in pairs or (t, s) in pairs for t in [s, *found]):
            found.append(s)
    return found


def _key(f: Field, place: tuple[int | None, ...], members: Sequence[tuple[Index, int]]) -> int:
    """A number for the variable and the place in it that does not depend on names; it encodes which members are the
    same, and whether there is a member."""
    same = [members.index(m) for m in members]
    text = repr((f.variable, place, same, [m < 0 for _, m in members]))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") | 1


def _met(key: int, value: str, members: Sequence[str]) -> Iterator[str]:
    """Add a value that refers to members to the colour of each of them, depending on their position in it."""
    yield f" x = ({value} ^ {key}) * 0x9E3779B97F4A7C15 & {ALL}"
    for m in members:
        yield f" x = ((x ^ x >> 29) + c[{m}]) * 0xBF58476D1CE4E5B9 & {ALL}"
    yield " x = x ^ x >> 32"
    for n, m in enumerate(members):
        yield f" d[{m}] = d[{m}] + x * {2 * n + 3} & {ALL}"
