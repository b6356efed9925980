"""The machine code for one instance: the step function of its terms together with the loops of the search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.native import hashing, inserting, sending
from planrace.checker.engines.native import intrinsics as words
from planrace.checker.engines.native.emit import WordEmitter, banks
from planrace.checker.engines.native.intrinsics import BITS, INFO
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.translate import Translator
from planrace.checker.semantics.packing import WORD, Layout
from planrace.model.language import Instance

INLINE = ("mixed", "home_of", "control", "send", "put")
CALLED = {
    "expand": 3,
    "arrange": 5,
    "advance": 9,
    "least": 6,
    "take": 10,
    "gather": 3,
    "spread": 3,
    "parent": 9,
    "known": 3,
}
"""The functions that Python calls, with their numbers of parameters."""
LEAST_BITS = 4
"""The binary logarithm of the segments of a worker's table if there are many workers. With fewer workers each has more
segments, so that the total is the same."""


class Program:
    """The machine code for ``workers`` workers, with the number of ``words`` of a state and the largest number of
    successors, ``fan``. ``canonical`` is the source of the function that gives the representative of an orbit.

    Raises ``UnsupportedError`` if the instance does not fit into words, ``CostlyError`` if compiling takes more than
    ``most`` seconds, or more than the deadline leaves.
    """

    def __init__(
        self,
        instance: Instance,
        layout: Layout,
        watch: Watch,
        workers: int,
        canonical: str | None = None,
        most: float | None = None,
    ) -> None:
        self.words = layout.words
        emitter = WordEmitter(instance, layout, watch, words=self.words)
        source = emitter.source()
        self.fan = emitter.fan
        self.bits = max(LEAST_BITS, BITS + 1 - (workers - 1).bit_length())
        control, self.controls = emitter.control()
        self.info = INFO + banks(watch)
        chosen = {
            "WORDS": self.words,
            "BUCKET": bucket(self.words),
            "STRIDE": bucket(self.words) * self.words + 1,
            "WORKERS": workers,
            "BITS": self.bits,
            "CONTROLS": self.controls,
            "SYMMETRIC": int(canonical is not None),
        }
        constants = {n: v for n, v in vars(words).items() if n.isupper() and isinstance(v, int)}
        self.constants = {**constants, **chosen}
        orbits = canonical or "def canonical(s):\n return 0\n"
        self.sources = [source, orbits, control, *map(dialect, (hashing, sending, inserting))]
        self.machine = Machine(repr((self.sources, sorted(self.constants.items()))), self.text, CALLED, most)

    def text(self) -> str:
        """The LLVM IR of the sources."""
        translator = Translator("search", self.constants)
        for source in self.sources:
            translator.add(source, inline=INLINE)
        return str(translator.module)

    def unpack(self, packed: int) -> list[int]:
        """A packed state as words."""
        return [packed >> WORD * w & 2**WORD - 1 for w in range(self.words)]

    @staticmethod
    def pack(found: Sequence[int]) -> int:
        """Words as a packed state."""
        return sum(word << WORD * w for w, word in enumerate(found))


def dialect(module: ModuleType) -> str:
    """The text of a module that is written in the dialect."""
    assert module.__file__ is not None
    return Path(module.__file__).read_text(encoding="utf-8")


def bucket(words: int) -> int:
    """The number of slots of a bucket: about a cache line, but enough that few buckets overflow."""
    return 7 if words <= 2 else 4
