"""The compiled step function of an instance: compiles the source that ``codegen`` writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

from planrace.checker.engines.explicit.codegen import emitted
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.slicing import without
from planrace.checker.engines.explicit.symmetry import Canonical
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import afford
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.packing import WORD, Layout
from planrace.model.language import Instance, Term

LINE = 1e-5
"""Seconds that Python takes to compile a line of a step function."""

Expand: TypeAlias = Callable[[int, "list[Any]", "list[tuple[int, int]]"], int]


Names: TypeAlias = "tuple[int, ...]"
"""For each sort in turn, the members at places 1, 2, …."""


class OutOfRangeError(RangeError):
    """A position or an assigned value is outside its sort, or a divisor is 0; the interpreter says which."""

    def __init__(self) -> None:
        super().__init__(
            "a position or a value is out of range, or a divisor is 0", remedy="guard the step, or widen the sort"
        )


class Kernel:
    """Packed states of one instance and their successors. ``symmetric``: a state stands for its orbit, after at most
    ``tried`` orders (see ``orbits.py``); ``states_per_orbit`` bounds the number of representatives of one orbit, and
    ``orders`` is the largest number of orders that are tried for a state. ``normal``: a state stands for all with its
    normal form, too.
    ``sliced``: variables that packed states leave out; ``instance`` is the rest, and the interpreter has the whole
    instance. ``initials`` are the packed initial states, of each orbit the representative."""

    def __init__(
        self,
        instance: Instance,
        *,
        symmetric: bool = False,
        tried: int = ASKED,
        sliced: Sequence[str] = (),
        normal: NormalForm | None = None,
    ) -> None:
        self.instance = without(instance, sliced)
        self.layout = Layout(self.instance)
        self.interpreter = Interpreter(instance)
        self._kept = [n for n, v in enumerate(instance.system.variables) if v.name not in sliced]
        reduced = symmetric or normal is not None
        made = Canonical(self.instance, self.layout, tried, symmetric=symmetric, normal=normal) if reduced else None
        self.canonical = made.source() if made else None
        self.normalised = None if normal is None else normal.sort
        self.related = bool(made and made.joint)
        self.states_per_orbit = made.most if made else 1
        self.orders = made.orders if made else 1
        self._sort = _defined(self.canonical)["canonical"] if self.canonical else None
        self._tracked = _Tracked(made) if made and made.labels else None
        self.initials = tuple(dict.fromkeys(map(self.view, self.interpreter.initials())))

    def view(self, state: State) -> int:
        """A search's representation of a state."""
        return self.representative(self.layout.encode(tuple(state[n] for n in self._kept)))

    def representative(self, packed: int) -> int:
        """The packed state that stands for the orbit of a packed state; without reduction the state itself."""
        if self._sort is None:
            return packed
        words = self._words(packed)
        self._sort(words)
        return _packed(words)

    def seen(self, state: State, names: Names = ()) -> tuple[int, Names]:
        """A search's representation of a successor, with the members at places 1, 2, … in it; ``names`` are those of
        the previous state. If an orbit has several representatives, the one that a step leads to depends on the
        previous names."""
        if self._tracked is None:
            return self.view(state), ()
        words = self._words(self.layout.encode(tuple(state[n] for n in self._kept)))
        words, names = self._tracked.seen(words, names)
        return _packed(words), names

    def _words(self, packed: int) -> list[int]:
        return [packed >> WORD * w & 2**WORD - 1 for w in range(self.layout.words)]

    def expand(self, watch: Watch) -> Expand:
        """The generated function ``expand`` for ``watch``."""
        return _expanding(self.instance, watch)

    def judge(self, terms: Sequence[Term], *, report_only: bool = False) -> Callable[[int], int]:
        """A function that tells which state terms hold in a packed state: bit k is 1 if term k does. ``report_only``
        as in ``Watch``."""
        expand = _expanding(_without_actions(self.instance), Watch(states=tuple(terms), report_only=report_only))
        return lambda s: expand(s, [], [])


@lru_cache(maxsize=8)
def _without_actions(instance: Instance) -> Instance:
    return replace(instance, system=replace(instance.system, actions={}))


@lru_cache(maxsize=128)
def _expanding(instance: Instance, watch: Watch) -> Expand:
    return compiled(emitted(instance, watch)[0])


class _Tracked:
    """``canonical``, which also tracks the members at each place."""

    def __init__(self, made: Canonical) -> None:
        self._counts = [len(made.instance.members(s)) for s in made.labels]
        defined = _defined(made.source(tracked=True))
        self._renamed, self._canonical = defined["renamed"], defined["canonical"]

    def seen(self, words: list[int], names: Names) -> tuple[list[int], Names]:
        """The representative of a state with the members ``names`` at its places, and the members at the places of the
        representative."""
        count = len(words)
        words = [*words, *(names or (n for size in self._counts for n in range(size)))]
        self._renamed(words)
        self._canonical(words)
        return words[:count], tuple(words[count:])


def _packed(words: Sequence[int]) -> int:
    return sum(word << WORD * w for w, word in enumerate(words))


def _defined(source: str) -> dict[str, Any]:
    """The names that generated source text defines."""
    names: dict[str, Any] = {"_wide": _wide, "_room": _room}
    exec(compile(source, "<planrace: generated from the protocol>", "exec"), names)
    return names


def _room(count: int) -> list[int]:
    """An array of this many words."""
    return [0] * count


def compiled(source: str) -> Expand:
    """The function ``expand`` that ``source`` defines. Raises ``CostlyError`` if there is not enough time to compile
    it."""
    afford("compiling the step function", LINE * source.count("\n"))
    names: dict[str, Any] = {"_out_of_range": _out_of_range, "_in_range": _in_range, "_divisor": _divisor}
    names["_wide"] = _wide
    exec(compile(source, "<planrace: generated from the protocol>", "exec"), names)
    expand: Expand = names["expand"]
    return expand


def _out_of_range() -> int:
    raise OutOfRangeError


def _divisor(number: int) -> int:
    if number == 0:
        raise OutOfRangeError
    return number


def _wide(mask: int, _bits: int) -> int:
    """A mask that may have more bits than a machine word."""
    return mask


def _in_range(at: int, length: int) -> int:
    if not 0 <= at < length:
        raise OutOfRangeError
    return at
