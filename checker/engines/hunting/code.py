"""The machine code of a bitstate search: the step function of an instance with the loops of this room."""

from __future__ import annotations

from typing import Any

from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.hunting import diving, marking, widening, words
from planrace.checker.engines.native import intrinsics
from planrace.checker.engines.native.emit import WordEmitter, banks
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.memory import words_at
from planrace.checker.engines.native.program import ShardCode, dialect, translated
from planrace.checker.semantics.packing import WORD

CALLED = {"begin": 3, "dive": 7, "widen": 7, "follow": 7}
"""The functions that Python calls, with their numbers of parameters."""
INLINE = ("hashed", "stride", "fetch_bits", "mark", "draw")


class HuntingCode:
    """The machine code for the states of a ``kernel`` and the terms of a ``watch``; searches in several threads share
    it. ``words`` of a state, and the largest number of its successors, ``fan``.

    Raises ``UnsupportedError`` if the instance does not fit into words, ``CostlyError`` if the deadline leaves no time
    to compile.
    """

    def __init__(self, kernel: Kernel, watch: Watch) -> None:
        layout = kernel.layout
        self.words = layout.words
        emitter = WordEmitter(kernel.instance, layout, watch, words=self.words)
        source = emitter.source()
        self.fan = max(1, emitter.fan)
        self.info = intrinsics.INFO + banks(watch)
        constants = {
            n: v
            for module in (intrinsics, words)
            for n, v in vars(module).items()
            if n.isupper() and isinstance(v, int)
        }
        constants |= {"WORDS": self.words, "SYMMETRIC": int(kernel.canonical is not None)}
        orbits = kernel.canonical or "def canonical(s):\n return 0\n"
        sources = [source, orbits, *map(dialect, (marking, diving, widening))]
        content = repr((sources, sorted(constants.items())))
        self.machine = Machine(content, lambda: translated("hunt", constants, sources, INLINE), CALLED)

    def __getitem__(self, name: str) -> Any:
        return self.machine[name]

    def unpack(self, packed: int) -> list[int]:
        """A packed state as words."""
        return [packed >> WORD * w & 2**WORD - 1 for w in range(self.words)]

    def states(self, address: int, count: int) -> list[int]:
        """Packed states that lie one behind the other in memory."""
        found = words_at(address, count * self.words)
        return [ShardCode.pack(found[n : n + self.words]) for n in range(0, len(found), self.words)]
