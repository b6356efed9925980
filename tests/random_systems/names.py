"""Names that systems are drawn with: plain ones, and those that generated texts might use for something else."""

from __future__ import annotations

from keyword import iskeyword
from random import Random

_PLAIN = """
lock owner level seen work stock place alias total count_of done cursor queue held rank phase
"""
PLAIN = _PLAIN.split()
_HOSTILE = """
s t out hits found w0 w1 k0_0 p0 n1 c0 x v_lock v_lock_0 expand advance take known canonical step state States
first_node_3 node first last following primed taken limit limit_1 n size first_Node_3 Node_order Node_none and or
not let forall exists ite select store true false distinct Bool Int Array Real assert define declare bv0 bv_32 sk_0
invariant_0 Inv Init Next lambda def class return None True False self import _range __x _out_of_range range int min
max sum len abs i32 i64 ret entry label br undef main end subgraph graph node_1 edge digraph loop loopback tag key
map set seq nat vars TLC UNCHANGED ENABLED participant par rect box note actor autonumber naïve größe Δ π 名前 ł_2 O0
l1 II
"""
HOSTILE = _HOSTILE.split()
WORDS = [
    "a b",
    "a-b",
    'say "x"',
    "it's",
    "<b>&amp;",
    "{n}",
    "%s %d",
    "back\\slash",
    "0",
    "-",
    "none",
    "null",
    "`code`",
    "a|b",
    "[red]x[/red]",
    "#1",
    "x;y",
    "a--b",
    "é",
    "->",
]
"""Where a name need be no identifier."""


_WRITTEN = """
If any_outcome both count each either exists first following forall getattr index last otherwise outcome primed range
set step such_that taken update when
"""
WRITTEN = frozenset(_WRITTEN.split())
"""What a file uses itself, so that no parameter of a function may hide it."""


class Names:
    """Gives things names: every thing of a ``table`` one of its own, things of different tables often the same one.
    Parameters, variables and members of enumerations share the table of values."""

    def __init__(self, rng: Random, *, hostile: bool) -> None:
        self.rng = rng
        self.hostile = hostile
        self.used: set[tuple[str, str]] = set()

    def word(self, fallback: str, table: str = "value") -> str:
        """An identifier, or a keyword."""
        pool = HOSTILE if self.hostile and self.rng.random() < 0.7 else PLAIN
        return self._free(self.rng.choice(pool) if self.hostile or self.rng.random() < 0.3 else fallback, table)

    def plain(self, fallback: str, table: str = "value") -> str:
        """An identifier that Python lets a parameter have."""
        found = self.word(fallback, table)
        return found if not iskeyword(found) and found not in WRITTEN else self._free(fallback, table)

    def member(self, fallback: str) -> str:
        """A word that names a member of an enumeration, as an attribute of the sort may be called."""
        found = self.plain(fallback)
        return self._free(fallback, "value") if found.startswith("_") or found in ("name", "members") else found

    def title(self, fallback: str, table: str) -> str:
        """Any text that names something; those of endings have no brackets."""
        if self.hostile and self.rng.random() < 0.5:
            words = [w for w in WORDS if table != "ending" or "[" not in w]
            return self._free(self.rng.choice(words), table)
        return self.word(fallback, table)

    def _free(self, name: str, table: str) -> str:
        found, n = name, 1
        while (table, found) in self.used:
            n += 1
            found = f"{name}_{n}"
        self.used.add((table, found))
        return found
