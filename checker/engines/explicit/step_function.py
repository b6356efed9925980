"""The compiled step function of an instance: ``emit``'s source made callable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from planrace.checker.engines.explicit.codegen import Emitter
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.slicing import without
from planrace.checker.engines.explicit.symmetry import Canonical
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import afford
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.checker.semantics.packing import WORD, Layout
from planrace.model.language import Instance

LINE = 1e-5
"""Seconds in which Python compiles a line of a step function."""

Expand: TypeAlias = Callable[[int, "list[Any]", "list[tuple[int, int]]"], int]


Names: TypeAlias = "tuple[int, ...]"
"""The members that have the places of 1, 2, …, sort by sort."""


class OutOfRangeError(RangeError):
    """A position or an assigned value is outside its sort; the interpreter says which."""

    def __init__(self) -> None:
        super().__init__("a position or a value is out of its range", remedy="guard the access, or widen the sort")


class Kernel:
    """Packed states of one instance and their successors. ``symmetric``: a state stands for its orbit, after ``tried``
    orders at most (see ``orbits.py``); ``states_per_orbit`` says how many may stand for one. ``sliced``: variables that
    a packed state does not have; ``instance`` is then what is left, and the interpreter has it all."""

    def __init__(
        self, instance: Instance, *, symmetric: bool = False, tried: int = ASKED, sliced: Sequence[str] = ()
    ) -> None:
        self.instance = without(instance, sliced)
        self.layout = Layout(self.instance)
        self.interpreter = Interpreter(instance)
        self._kept = [n for n, v in enumerate(instance.system.variables) if v.name not in sliced]
        made = Canonical(self.instance, self.layout, tried) if symmetric else None
        self.canonical = made.source() if made else None
        self.related = bool(made and made.joint)
        self.states_per_orbit = made.most if made else 1
        self._sort = _defined(self.canonical)["canonical"] if self.canonical else None
        self._tracked = _Tracked(made) if made and made.labels else None
        self.initial = self.view(self.interpreter.initial())

    def view(self, state: State) -> int:
        """What a search stores of a state."""
        return self.representative(self.layout.encode(tuple(state[n] for n in self._kept)))

    def representative(self, packed: int) -> int:
        """The packed state that stands for the orbit of a packed state; without symmetry the state itself."""
        if self._sort is None:
            return packed
        words = self._words(packed)
        self._sort(words)
        return _packed(words)

    def seen(self, state: State, names: Names = ()) -> tuple[int, Names]:
        """What a search stores of a state that follows another, with the members that have the places of 1, 2, … there,
        when ``names`` are those of the state before. Where several states stand for an orbit, which of them a step
        leads to depends on the names of members before it."""
        if self._tracked is None:
            return self.view(state), ()
        words = self._words(self.layout.encode(tuple(state[n] for n in self._kept)))
        words, names = self._tracked.seen(words, names)
        return _packed(words), names

    def _words(self, packed: int) -> list[int]:
        return [packed >> WORD * w & 2**WORD - 1 for w in range(self.layout.words)]

    def expand(self, watch: Watch) -> Expand:
        """The function of ``emit`` for ``watch``."""
        return _expanding(self.instance, watch)


@lru_cache(maxsize=128)
def _expanding(instance: Instance, watch: Watch) -> Expand:
    """Made once for all who look for the same in the same instance: searches for a scenario ask one after the other."""
    return compiled(Emitter(instance, Layout(instance), watch).source())


class _Tracked:
    """``canonical`` with the members that have each place."""

    def __init__(self, made: Canonical) -> None:
        self._counts = [len(made.instance.members(s)) for s in made.labels]
        defined = _defined(made.source(tracked=True))
        self._renamed, self._canonical = defined["renamed"], defined["canonical"]

    def seen(self, words: list[int], names: Names) -> tuple[list[int], Names]:
        """What stands for a state whose members have the places ``names``, and the places that they have then."""
        count = len(words)
        words = [*words, *(names or (n for size in self._counts for n in range(size)))]
        self._renamed(words)
        self._canonical(words)
        return words[:count], tuple(words[count:])


def _packed(words: Sequence[int]) -> int:
    return sum(word << WORD * w for w, word in enumerate(words))


def _defined(source: str) -> dict[str, Any]:
    """What source text of a protocol defines."""
    names: dict[str, Any] = {"_wide": _wide, "_room": _room}
    exec(compile(source, "<planrace: generated from the protocol>", "exec"), names)
    return names


def _room(count: int) -> list[int]:
    """An array for so many words."""
    return [0] * count


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
