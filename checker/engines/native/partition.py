"""How the states of a search are divided among processes: by the hash of some of their variables.

Stern and Dill (Parallelizing the Murphi verifier, CAV 1997) divide states by the hash of the whole state, so that
nearly every step leads to another process. Here the hash is that of variables that change seldom, so that most steps
stay where they begin (Ciardo, Gluckman and Nicol, Distributed state-space generation of discrete-state stochastic
models, 1998, hash some places of a Petri net for the same reason). The segment in the owner's table comes from the
whole state in any case (``hashing.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SEED = 0x5851F42D4C957F2D
"""Makes this hash independent of that of the whole state, from which the worker and the segment come."""
FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
WORD = 2**64 - 1


@dataclass(frozen=True)
class Partition:
    """``shards`` processes; the owner of a state is a hash of its words, of each only the bits in ``masks``. Without
    masks one process owns all. Another ``seed`` is another hash."""

    shards: int = 1
    masks: tuple[int, ...] = ()
    seed: int = SEED

    def source(self) -> str:
        """``shard_of(s)`` in the dialect of ``translate.py``."""
        if self.shards == 1:
            return "def shard_of(s):\n return 0\n"
        lines = ["def shard_of(s):", f"h = {self.seed}"]
        for w, mask in enumerate(self.masks):
            if mask:
                lines += [f"h = (h ^ s[{w}] & {mask}) * {FIRST}", "h = h ^ (h >> 32)"]
        return "\n ".join([*lines, f"return high_product(h * {SECOND}, {self.shards})"]) + "\n"

    def shard_of(self, words: Sequence[int]) -> int:
        """The same in Python."""
        h = self.seed
        for word, mask in zip(words, self.masks, strict=False):
            if mask:
                h = (h ^ word & mask) * FIRST & WORD
                h ^= h >> 32
        return (h * SECOND & WORD) * self.shards >> 64


WHOLE = Partition()
"""One process owns all states."""
