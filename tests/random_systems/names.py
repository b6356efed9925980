"""Names that systems are drawn with: plain ones, and those that generated texts might use for something else."""

from __future__ import annotations

from random import Random

PLAIN = [
    "lock",
    "owner",
    "level",
    "seen",
    "work",
    "stock",
    "place",
    "alias",
    "total",
    "count_of",
    "done",
    "cursor",
    "queue",
    "held",
    "rank",
    "phase",
]
HOSTILE = [
    "s",
    "t",
    "out",
    "hits",
    "found",
    "w0",
    "w1",
    "k0_0",
    "p0",
    "n1",
    "c0",
    "x",
    "v_lock",
    "v_lock_0",
    "expand",
    "advance",
    "take",
    "known",
    "canonical",
    "step",
    "state",
    "States",
    "first_node_3",
    "node",
    "first",
    "last",
    "following",
    "primed",
    "taken",
    "limit",
    "limit_1",
    "n",
    "size",
    "first_Node_3",
    "Node_order",
    "Node_none",
    "and",
    "or",
    "not",
    "let",
    "forall",
    "exists",
    "ite",
    "select",
    "store",
    "true",
    "false",
    "distinct",
    "Bool",
    "Int",
    "Array",
    "Real",
    "assert",
    "define",
    "declare",
    "bv0",
    "bv_32",
    "sk_0",
    "invariant_0",
    "Inv",
    "Init",
    "Next",
    "lambda",
    "def",
    "class",
    "return",
    "None",
    "True",
    "False",
    "self",
    "import",
    "_range",
    "__x",
    "_out_of_range",
    "range",
    "int",
    "min",
    "max",
    "sum",
    "len",
    "abs",
    "i32",
    "i64",
    "ret",
    "entry",
    "label",
    "br",
    "undef",
    "main",
    "end",
    "subgraph",
    "graph",
    "node_1",
    "edge",
    "digraph",
    "loop",
    "loopback",
    "tag",
    "key",
    "map",
    "set",
    "seq",
    "nat",
    "vars",
    "TLC",
    "UNCHANGED",
    "ENABLED",
    "participant",
    "par",
    "rect",
    "box",
    "note",
    "actor",
    "autonumber",
    "naïve",
    "größe",
    "Δ",
    "π",
    "名前",
    "ł_2",
    "O0",
    "l1",
    "II",
]
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


WRITTEN = frozenset(
    [
        "step",
        "first",
        "last",
        "following",
        "primed",
        "taken",
        "count",
        "index",
        "each",
        "range",
        "update",
        "when",
        "outcome",
    ]
)
"""What a file uses itself, so that no parameter of a function may hide it."""


class Names:
    """Gives every thing a name of its own."""

    def __init__(self, rng: Random, *, hostile: bool) -> None:
        self.rng = rng
        self.hostile = hostile
        self.used: set[str] = {"somebody"}

    def word(self, fallback: str) -> str:
        """An identifier, or a keyword, that nothing else has."""
        pool = HOSTILE if self.hostile and self.rng.random() < 0.7 else PLAIN
        return self._free(self.rng.choice(pool) if self.hostile or self.rng.random() < 0.3 else fallback)

    def plain(self, fallback: str) -> str:
        """An identifier that Python lets a parameter have."""
        from keyword import iskeyword

        found = self.word(fallback)
        return found if not iskeyword(found) and found not in WRITTEN else self._free(fallback)

    def title(self, fallback: str) -> str:
        """Any text that names something."""
        if self.hostile and self.rng.random() < 0.5:
            return self._free(self.rng.choice(WORDS))
        return self.word(fallback)

    def _free(self, name: str) -> str:
        found, n = name, 1
        while found.casefold() in self.used:
            n += 1
            found = f"{name}_{n}"
        self.used.add(found.casefold())
        return found
