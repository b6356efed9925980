"""The step function of an instance as ``explore/emit.py`` writes it, over states in 64-bit words."""

from __future__ import annotations

from model.language import Instance, Term

from ..explore.code import Code, Mask, Number
from ..explore.emit import Emitter, Place, Watch
from ..explore.lower import Lowering, Scope
from ..layout import WORD, Field, Layout
from .words import INFO_SEEN

GREATEST = 2**62
"""Numbers are less than this in size, so that sums and differences of two fit into a word."""
TERMS = 62
"""Terms that one word can tell of."""


class UnsupportedError(Exception):
    """Why an instance does not fit into machine words; another engine must do."""


class WordLowering(Lowering):
    """Refuses what does not fit into words."""

    def lower(self, term: Term, scope: Scope) -> Code:
        code = super().lower(term, scope)
        if isinstance(code, Mask) and code.high - code.low >= WORD:
            raise UnsupportedError(f"the set {term} may have more than {WORD} elements")
        if isinstance(code, Number) and max(-code.low, code.high) >= GREATEST:
            raise UnsupportedError(f"the number {term} may be as great as {code.high}")
        return code


class WordEmitter(Emitter):
    """``expand(s, out, info)``: writes successors one after the other to ``out``; bit k of info[INFO_SEEN] is set when
    state term k, or step term k - (number of state terms), holds; returns how many successors there are."""

    lowers = WordLowering

    def __init__(self, instance: Instance, layout: Layout, watch: Watch, *, words: int) -> None:
        super().__init__(instance, layout, watch)
        self.words = words

    def _frame(self) -> tuple[list[str], list[str]]:
        if len(self.watch.states) + len(self.watch.steps) > TERMS:
            raise UnsupportedError(f"more than {TERMS} properties at once")
        reads = [f"s{w} = s[{w}]" for w in range(self.words)]
        head = ["def expand(s, out, info):", *reads, "n = 0"]
        return head, [f"info[{INFO_SEEN}] = found", "return n"]

    def _raw(self, field: Field) -> str:
        word = f"s{field.word}"
        return f"{word} >> {field.shift} & {field.mask}" if field.shift else f"{word} & {field.mask}"

    def _hit(self, k: int) -> str:
        return f"found |= {1 << (len(self.watch.states) + k)}"

    def _successor(self, after: dict[Place, Code], scope: Scope) -> list[str]:
        lines = []
        for w in range(self.words):
            places = [p for p in after if self.layout.fields[p].word == w]
            lines.append(f"t{w} = " + " + ".join([f"s{w}", *self._deltas(after, scope, places, 0)]))
        return lines

    def _append(self, scope: Scope) -> list[str]:
        return [*(f"out[n * WORDS + {w}] = t{w}" for w in range(self.words)), "n += 1"]
