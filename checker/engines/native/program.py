"""The machine code for one instance: the step function of its terms together with the loops that call it. The loops of
the store do not, and are compiled once for all instances whose states have as many words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.native import hashing, inserting, retracing, sending
from planrace.checker.engines.native import intrinsics as words
from planrace.checker.engines.native.emit import WordEmitter, banks
from planrace.checker.engines.native.intrinsics import BITS, INFO
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.partition import WHOLE, Partition
from planrace.checker.engines.native.translate import Translator
from planrace.checker.semantics.packing import WORD, Layout
from planrace.model.language import Instance

INLINE = ("mixed", "home_of", "shard_of", "control", "append", "send", "put", "fetch")
CALLED = {
    "expand": 3,
    "arrange": 5,
    "advance": 9,
    "deliver": 6,
    "least": 6,
    "parent": 9,
    "among": 6,
}
"""The functions that Python calls, with their numbers of parameters."""
OF_STORES = {"take": 10, "gather": 3, "spread": 3, "known": 3}
"""Those of the store."""
LEAST_BITS = 4
"""The binary logarithm of the segments of a worker's table if there are many workers. With fewer workers each has more
segments, so that the total is the same."""


_MADE: dict[tuple[tuple[str, int], ...], Machine] = {}
"""The store's code of this process, by its constants."""


@dataclass(frozen=True)
class ShardCode:
    """What machine code is made of, as texts and numbers, for one shard of a ``partition``: it does not depend on the
    number of workers, and other processes can compile it. ``words`` of a state, ``info`` words of a worker, the
    largest number of successors, ``fan``, and the number of values of ``control``."""

    words: int
    info: int
    fan: int
    controls: int
    partition: Partition
    sources: tuple[str, ...]
    constants: Mapping[str, int]

    @staticmethod
    def of(
        instance: Instance, layout: Layout, watch: Watch, canonical: str | None = None, partition: Partition = WHOLE
    ) -> ShardCode:
        """Write the code of an instance. ``canonical`` is the source of the function that gives the representative of
        an orbit. Raises ``UnsupportedError`` if the instance does not fit into words."""
        emitter = WordEmitter(instance, layout, watch, words=layout.words)
        source = emitter.source()
        control, controls = emitter.control()
        stride = bucket(layout.words) * layout.words + 1
        chosen = {
            "WORDS": layout.words,
            "BUCKET": bucket(layout.words),
            "STRIDE": stride,
            "LINES": -(-stride // words.LINE),
            "SHARDS": partition.shards,
            "CONTROLS": controls,
            "SYMMETRIC": int(canonical is not None),
        }
        constants = {n: v for n, v in vars(words).items() if n.isupper() and isinstance(v, int)}
        orbits = canonical or "def canonical(s):\n return 0\n"
        dialects = map(dialect, (hashing, sending, retracing))
        sources = (source, orbits, control, partition.source(), *dialects)
        fan, info = emitter.fan, INFO + banks(watch)
        return ShardCode(layout.words, info, fan, controls, partition, sources, {**constants, **chosen})

    def unpack(self, packed: int) -> list[int]:
        """A packed state as words."""
        return [packed >> WORD * w & 2**WORD - 1 for w in range(self.words)]

    @staticmethod
    def pack(found: Sequence[int]) -> int:
        """Words as a packed state."""
        return sum(word << WORD * w for w, word in enumerate(found))


class Program:
    """The machine code for ``workers`` workers of one process.

    Raises ``CostlyError`` if compiling takes more than ``most`` seconds, or more than the deadline leaves.
    """

    def __init__(self, code: ShardCode, workers: int, most: float | None = None) -> None:
        self.code, self.sources = code, code.sources
        self.words, self.fan, self.info, self.controls = code.words, code.fan, code.info, code.controls
        self.pack, self.unpack = code.pack, code.unpack
        shards = code.partition.shards
        self.bits = max(LEAST_BITS, BITS + 1 - (workers - 1).bit_length())
        self.boxes = (workers << self.bits) + (shards if shards > 1 else 0)
        self.constants = {**code.constants, "WORKERS": workers, "BITS": self.bits, "BOXES": self.boxes}
        # The effort is that of all code, whether the store's is compiled already or not.
        content = repr((self.sources, dialect(inserting), sorted(self.constants.items())))
        self.machine = Machine(content, self.text, CALLED, most)
        self.refused = self.machine.refused
        """Why code in the cache was not loaded, if it cannot be trusted."""
        self._stores = self._store_code()
        functions = {n: self.machine[n] for n in CALLED} | {n: self._stores[n] for n in OF_STORES}
        self.functions: dict[str, Any] = functions

    def __getitem__(self, name: str) -> Any:
        return self.functions[name]

    def _store_code(self) -> Machine:
        """The functions of the store for the constants that they name, from this process if it has them."""
        sources = list(map(dialect, (hashing, inserting)))
        named = set(re.findall(r"\b[A-Z][A-Z_]+\b", "\n".join(sources)))
        constants = {n: v for n, v in self.constants.items() if n in named}
        numbers = tuple(sorted(constants.items()))
        found = _MADE.get(numbers)
        if found is None:
            found = _MADE[numbers] = Machine(
                repr((sources, numbers)), lambda: translated("store", constants, sources), OF_STORES
            )
            self.refused = self.refused or found.refused
        return found

    def text(self) -> str:
        """The LLVM IR of what is compiled for the instance."""
        return translated("search", self.constants, self.sources)

    def whole_text(self) -> str:
        """The LLVM IR with that of the store, as one module."""
        return translated("search", self.constants, [*self.sources, dialect(inserting)])


def translated(name: str, constants: dict[str, int], sources: Sequence[str], inline: tuple[str, ...] = INLINE) -> str:
    """The LLVM IR of sources in the dialect; functions named in ``inline`` are always inlined."""
    translator = Translator(name, constants)
    for source in sources:
        translator.add(source, inline=inline)
    return str(translator.module)


def dialect(module: ModuleType) -> str:
    """The text of a module that is written in the dialect."""
    assert module.__file__ is not None
    return Path(module.__file__).read_text(encoding="utf-8")


def bucket(words: int) -> int:
    """The number of slots of a bucket: about a cache line, but enough that few buckets overflow."""
    return 7 if words <= 2 else 4
