"""The state graph of a search: states by number, steps between them as offsets into one list.

Compressed rows: the steps of state n are ``targets[offsets[n]:offsets[n + 1]]``, and ``labels`` beside them gives their
actions and parameters. Numbers take four bytes for each state and six for each step, so ten million states fit where
objects would not; with more than 65,536 labels a step takes eight.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, product
from math import prod
from typing import Any, NoReturn, overload

from planrace.checker.engines.answer import after_run
from planrace.checker.engines.explicit.codegen import Emitter
from planrace.checker.engines.explicit.lower import Scope
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import OutOfRangeError, compiled
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import timed
from planrace.checker.semantics.interpreter import RangeError
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import Instance, Term

Label = tuple[str, tuple[int, ...]]
"""An action's name and the values of its parameters."""


Maker = Callable[[Any, Collection[str], Sequence[Term]], "Graph"]
"""A function that makes the graph of a complete search: with the steps of some actions, and with states marked by
terms."""


@dataclass(frozen=True)
class Graph:
    """States are numbered so that each of ``levels`` (the distance from the initial states) is a few ranges
    first…last - 1; bit k of ``marks[n]`` says that term k holds in state n. ``packed`` gives the state of a number."""

    states: int
    offsets: Any
    targets: Any
    labels: Any
    marks: Any
    levels: Sequence[Sequence[tuple[int, int]]]
    names: Sequence[Label]
    packed: Callable[[int], int]

    @property
    def numbers(self) -> Iterator[int]:
        """Every state, level by level."""
        return (n for level in self.levels for first, last in level for n in range(first, last))

    @property
    def starts(self) -> Iterator[int]:
        """The initial states."""
        return (n for level in self.levels[:1] for first, last in level for n in range(first, last))

    @property
    def degree(self) -> int:
        """The average number of steps of a state, rounded up; at least 1."""
        return max(1, -(-len(self.targets) // max(1, self.states)))

    def steps(self, n: int) -> Iterator[tuple[int, int]]:
        """Label and target of each step of a state."""
        for k in range(self.offsets[n], self.offsets[n + 1]):
            yield self.labels[k], self.targets[k]


class Labels(Sequence[Label]):
    """All actions with their parameter values, numbered in order; made once for a graph, as there may be many."""

    def __init__(self, instance: Instance) -> None:
        self._actions = list(instance.system.actions)
        self._values = [
            [instance.members(p.sort) for p in a.parameters]  # type: ignore[arg-type]
            for a in instance.system.actions.values()
        ]
        self._first = [0, *accumulate(prod(map(len, values)) for values in self._values)]
        self._at = {name: n for n, name in enumerate(self._actions)}

    @property
    def code(self) -> str:
        """The type code of arrays of labels: "H", two bytes, or "I", four."""
        return "H" if len(self) <= 2**16 else "I"

    def __len__(self) -> int:
        return self._first[-1]

    @overload
    def __getitem__(self, n: int) -> Label: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[Label]: ...
    def __getitem__(self, n: int | slice) -> Label | Sequence[Label]:
        if isinstance(n, slice):
            return [self[k] for k in range(len(self))[n]]
        n = range(len(self))[n]
        k = bisect_right(self._first, n) - 1
        rest, choice = n - self._first[k], []
        for values in reversed(self._values[k]):
            rest, at = divmod(rest, len(values))
            choice.append(values[at])
        return self._actions[k], tuple(reversed(choice))

    def __iter__(self) -> Iterator[Label]:
        for name, values in zip(self._actions, self._values, strict=True):
            yield from ((name, choice) for choice in product(*values))

    def text(self, scope: Scope) -> str:
        """The code for the label of the current step of a scope."""
        assert scope.step is not None
        name, choice, _ = scope.step
        k = self._at[name]
        fixed, weight, texts = self._first[k], 1, []
        for values, value in reversed(list(zip(self._values[k], choice.values(), strict=True))):
            fixed -= weight * values[0]
            if value.constant:
                fixed += weight * value.low
            else:
                texts.append(f"{value.text} * {weight}")
            weight *= len(values)
        return " + ".join([*texts, f"{fixed}"])


def acting(instance: Instance, actions: Collection[str]) -> Instance:
    """The instance with only these actions, which is the same one if these are all; cached, so that its step function
    is generated once."""
    chosen = frozenset(actions)
    return instance if chosen >= instance.system.actions.keys() else _acting(instance, chosen)


@lru_cache(maxsize=64)
def _acting(instance: Instance, actions: frozenset[str]) -> Instance:
    system = instance.system
    return replace(instance, system=replace(system, actions={n: a for n, a in system.actions.items() if n in actions}))


class _Labelled(Emitter):
    """Generates successors with their labels."""

    labels: Labels

    def _append(self, scope: Scope) -> list[str]:
        return [f"out.append((t, {self.labels.text(scope)}))"]


def raise_range_error_at(search: Any, s: int, depth: int, terms: Sequence[Term]) -> NoReturn:
    """Raise the interpreter's error for the term that has no value in ``s``, which is ``depth`` steps from the
    start."""
    recording = search.run_to(s, depth)
    try:
        for t in terms:
            recording.interpreter.holds(t, recording.states[-1])
    except RangeError as problem:
        raise after_run(problem, recording) from None
    raise ReplayError("a value is out of range after the search has found none")


def graph(search: Search, actions: Collection[str], terms: Sequence[Term] = ()) -> Graph:
    """The graph of the states that a search has expanded, with the steps of ``actions``. States that were met but not
    expanded have numbers and no steps, are in no level, and carry all marks."""
    instance = acting(search.kernel.instance, actions)
    emitter = _Labelled(instance, search.kernel.layout, Watch(states=tuple(terms)))
    emitter.labels = Labels(instance)
    expand = compiled(emitter.source())
    states = list(search.states())
    number = {s: n for n, s in enumerate(states)}
    offsets, targets, labels, marks = array("I", [0]), array("I"), array(emitter.labels.code), array("B")
    for n, s in enumerate(timed(states[: search.expanded])):
        out: list[Any] = []
        try:
            marks.append(expand(s, out, []))
        except OutOfRangeError:
            raise_range_error_at(search, s, bisect_right(search.levels, n) - 1, terms)
        targets.extend(number[search.kernel.representative(t)] for t, _ in out)
        labels.extend(k for _, k in out)
        offsets.append(len(targets))
    rest = len(states) - search.expanded
    offsets.extend([len(targets)] * rest)
    marks.extend([(1 << len(terms)) - 1] * rest)
    ends = [*search.levels[1:], len(states)]
    levels = [[(a, min(b, search.expanded))] for a, b in zip(search.levels, ends, strict=True) if a < search.expanded]
    return Graph(search.expanded, offsets, targets, labels, marks, levels, emitter.labels, states.__getitem__)
