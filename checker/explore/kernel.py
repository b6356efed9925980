"""The compiled step function of an instance: ``emit``'s source made callable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from model.language import Instance

from ..interpreter import Interpreter, RangeError, State
from ..layout import WORD, Layout
from ..limits import afford
from .emit import Emitter, Watch
from .slicing import without
from .symmetry import Canonical

LINE = 1e-5
"""Seconds in which Python compiles a line of a step function."""

Expand: TypeAlias = Callable[[int, "list[Any]", "list[tuple[int, int]]"], int]


class OutOfRangeError(RangeError):
    """A position or an assigned value is outside its sort; the interpreter says which."""

    def __init__(self) -> None:
        super().__init__("a position or a value is out of its range", remedy="guard the access, or widen the sort")


class Kernel:
    """Packed states of one instance and their successors. ``symmetric``: a state stands for its orbit. ``sliced``:
    variables that a packed state does not have; ``instance`` is then what is left, and the interpreter has it all."""

    def __init__(self, instance: Instance, *, symmetric: bool = False, sliced: Sequence[str] = ()) -> None:
        self.instance = without(instance, sliced)
        self.layout = Layout(self.instance)
        self.interpreter = Interpreter(instance)
        self._kept = [n for n, v in enumerate(instance.system.variables) if v.name not in sliced]
        self.canonical = Canonical(self.instance, self.layout).source() if symmetric else None
        self._sort = _sorting(self.canonical) if self.canonical else None
        self.initial = self.view(self.interpreter.initial())

    def view(self, state: State) -> int:
        """What a search stores of a state."""
        return self.representative(self.layout.encode(tuple(state[n] for n in self._kept)))

    def representative(self, packed: int) -> int:
        """The packed state that stands for the orbit of a packed state; without symmetry the state itself."""
        if self._sort is None:
            return packed
        words = [packed >> WORD * w & 2**WORD - 1 for w in range(self.layout.words)]
        self._sort(words)
        return sum(word << WORD * w for w, word in enumerate(words))

    def expand(self, watch: Watch) -> Expand:
        """The function of ``emit`` for ``watch``."""
        return _expanding(self.instance, watch)


@lru_cache(maxsize=128)
def _expanding(instance: Instance, watch: Watch) -> Expand:
    """Made once for all who look for the same in the same instance: searches for a scenario ask one after the other."""
    return compiled(Emitter(instance, Layout(instance), watch).source())


def _sorting(source: str) -> Callable[[list[int]], object]:
    names: dict[str, Any] = {"_wide": _wide}
    exec(compile(source, "<planrace: generated from the protocol>", "exec"), names)
    made: Callable[[list[int]], object] = names["canonical"]
    return made


def compiled(source: str) -> Expand:
    """The function ``expand`` that ``source`` defines. Raises ``CostlyError`` where there is no time to compile it."""
    afford("compiling the step function", LINE * source.count("\n"))
    names: dict[str, Any] = {"_out_of_range": _out_of_range, "_in_range": _in_range, "_wide": _wide}
    exec(compile(source, "<planrace: generated from the protocol>", "exec"), names)
    expand: Expand = names["expand"]
    return expand


def _out_of_range() -> int:
    raise OutOfRangeError


def _wide(mask: int, _bits: int) -> int:
    """A mask that may have more bits than a machine word."""
    return mask


def _in_range(at: int, length: int) -> int:
    if not 0 <= at < length:
        raise OutOfRangeError
    return at
