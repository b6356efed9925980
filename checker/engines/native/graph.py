"""The state graph of a search in machine code (see ``edges.py``)."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from planrace.checker.engines.explicit.lines import Plain, Record
from planrace.checker.engines.explicit.lower import Scope
from planrace.checker.engines.explicit.transition_graph import Graph, Labels, acting, raise_range_error_at
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import deadline, in_bytes, memory_in_use
from planrace.checker.engines.native import edges, hashing
from planrace.checker.engines.native.compaction import FULL
from planrace.checker.engines.native.emit import UnsupportedError, WordEmitter
from planrace.checker.engines.native.instructions import FAILED
from planrace.checker.engines.native.intrinsics import BATCH, INFO, INFO_FRESH, LOST
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.memory import Region, WordArray, words_at
from planrace.checker.engines.native.program import bucket, dialect
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.store import growth_of
from planrace.checker.engines.native.translate import Translator
from planrace.checker.engines.native.worker import Worker
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import Term

CALLED = {"number": 5, "link": 12}
PIECE = 1 << 20
"""Steps between two checks of the clock."""
LOST_STATE = "the table has lost a state"
BASE = 130 * 2**20
"""Bytes of the process beside its states."""
MOST = 2**32 - 1
"""The number of steps that 32-bit offsets can address."""


class _Labelled(WordEmitter):
    """Generates successors with their labels, as rows."""

    def _append(self, scope: Scope) -> list[str]:
        words = [Plain(f"out[n * ROW + {w}] = t{w}") for w in range(self.words)]
        return [*words, Plain(f"out[n * ROW + {self.words}] = {self.labels.text(scope)}"), Record("n +=", "1")]

    labels: Labels


class GraphOf:
    """Makes the graph of a complete search that kept its frontiers, with the steps of ``actions``.

    Raises ``UnsupportedError`` if there are too many states or steps to number, ``MemoryError`` if memory does not
    suffice.
    """

    def __init__(self, search: NativeSearch, actions: Collection[str], terms: Sequence[Term] = ()) -> None:
        self.search = search
        self.terms = tuple(terms)
        self._deadline = deadline()
        instance = acting(search.kernel.instance, actions)
        self.labels = Labels(instance)
        if len(self.labels) > MOST or search.transitions > MOST:
            raise UnsupportedError("more steps than a graph can number")
        program = search.program
        emitter = _Labelled(instance, search.kernel.layout, Watch(states=tuple(terms)), words=program.words)
        emitter.labels = self.labels
        step = emitter.source()
        self.fan = max(1, emitter.fan)
        self.wide = self.labels.code == "I"
        constants = {**program.constants, "ROW": program.words + 1, "WIDE": int(self.wide)}
        sources = [step, program.sources[1], dialect(hashing), dialect(edges)]

        def text() -> str:
            translator = Translator("graph", constants)
            for source in sources:
                translator.add(source, inline=("mixed", "home_of", "fetch", "slot_of"))
            return str(translator.module)

        self.machine = Machine(repr((sources, sorted(constants.items()))), text, CALLED)

    def make(self) -> Graph:
        """The graph. States are numbered worker by worker, with one number left free after each."""
        workers = self.search.workers
        if any(w.runs is not None for w in workers):
            taken = numbered(self.search.transitions, "step")
            raise MemoryError(
                f"the states are kept as sorted runs, and their graph of {taken} is not made of "
                f"these; with a table it takes {self._needed()}"
            )
        if not self.search.local.levels_known:
            raise MemoryError("the checkpoint was written by a search that knew the level of each state only in part")
        counts = [w.levels[-1] for w in workers]
        starts = [sum(c + 1 for c in counts[:n]) for n in range(len(workers))]
        edges = [sum(w.steps for w in workers[:n]) for n in range(len(workers))]
        size, steps = sum(counts) + len(workers), self.search.transitions
        self._afford(self._size(size) + sum(w.store.bytes for w in workers) // 2)
        offsets, targets = Region(4 * size + 8), Region(4 * steps + 8)
        labels, marks = Region((4 if self.wide else 2) * steps + 8), Region(size + 8)
        for region in (offsets, targets, labels, marks):
            region.use(region.size)
        with ThreadPoolExecutor(len(workers)) as pool:
            numbers = list(pool.map(self._number, workers, starts))
            tables = WordArray(2 * len(workers))
            for n, (w, ids) in enumerate(zip(workers, numbers, strict=True)):
                tables[2 * n], tables[2 * n + 1] = w.store.table.address, ids.table.address
            shared = [r.address for r in (offsets, targets, labels, marks)]
            if self.search.local.steps_known:
                list(pool.map(lambda w, a, e: self._link(w, a, e, tables, shared), workers, starts, edges))
            else:
                self._link_in_turn(starts, tables, shared)
        return Graph(
            sum(counts),
            _view(offsets, size, ctypes.c_uint32),
            _view(targets, steps, ctypes.c_uint32),
            _view(labels, steps, ctypes.c_uint32 if self.wide else ctypes.c_uint16),
            _view(marks, size, ctypes.c_uint8),
            self._levels(starts),
            self.labels,
            lambda n: self._packed(starts, n),
        )

    def _size(self, states: int) -> int:
        """Bytes of the graph: an offset and a mark for each state, a target and a label for each step."""
        return 5 * states + (8 if self.wide else 6) * self.search.transitions

    def _afford(self, size: int) -> None:
        limit = self.search.limits.memory
        if limit is not None and memory_in_use() + size > limit:
            needed = self._needed()
            raise MemoryError(f"the memory limit of {in_bytes(limit)} leaves no room for the graph: it takes {needed}")

    def _needed(self) -> str:
        """The memory for a table of all states, their frontiers and the graph, and the least limit that allows it:
        states move into runs before a table reaches the limit."""
        search, words = self.search, self.search.program.words
        states, (full, growth) = search.crew.states, growth_of(words)
        slots = states * (1 + (growth - 1) / 2) / full  # between two growths
        table = int(slots * 8 * (words + 1 / bucket(words)))
        kept = table + 8 * words * states + BASE
        whole = kept + int(4 * slots) + self._size(states)
        limit = max(whole, kept * 100 // FULL)
        unit, letter = (2**30, "G") if limit >= 10 * 2**30 else (2**20, "M")
        return f"about {in_bytes(whole)} (--max-memory {-(-limit // unit)}{letter}, without --store and --spill)"

    def _number(self, w: Worker, first: int) -> _Numbers:
        numbers = _Numbers(w)
        states = w.levels[-1]
        table = w.store.table.address, numbers.table.address
        for at, count in self._pieces(states):
            if self.machine["number"](self._at(w, at), count, first + at, *table) == LOST:
                raise ReplayError(LOST_STATE)
        return numbers

    def _at(self, w: Worker, n: int) -> int:
        """The address of state ``n`` of a worker."""
        return int(w.log.address) + 8 * self.search.program.words * n

    def _pieces(self, states: int) -> Iterator[tuple[int, int]]:
        """The start and size of each piece of ``states`` states, with a check of the clock before each."""
        size = max(BATCH, PIECE * sum(w.levels[-1] for w in self.search.workers) // max(1, self.search.transitions))
        for at in range(0, states, size):
            if self._deadline is not None and not self._deadline.left:  # context variables are not set in threads
                raise TimeUpError(self._deadline.reason)
            yield at, min(size, states - at)

    def _link_in_turn(self, starts: list[int], tables: WordArray, shared: list[int]) -> None:
        """After a checkpoint nobody knows how many steps the states of each worker have until they are taken again."""
        edge = 0
        for w, first in zip(self.search.workers, starts, strict=True):
            edge = self._link(w, first, edge, tables, shared)
        if edge > self.search.transitions:
            taken = numbered(self.search.transitions, "step")
            raise ReplayError(f"the graph has more than the {taken} that were counted")

    def _link(self, w: Worker, first: int, edge: int, tables: WordArray, shared: list[int]) -> int:
        """Write the steps of a worker's states from step ``edge`` on; the number after the last."""
        rows = BATCH * self.fan
        scratch, places, info = WordArray(rows * (self.search.program.words + 1)), WordArray(rows), WordArray(INFO)
        known = [tables.address, scratch.address, places.address, *shared, info.address]
        for at, count in self._pieces(w.levels[-1]):
            edge = self.machine["link"](self._at(w, at), count, first + at, edge, *known)
            if edge == LOST:
                raise ReplayError(LOST_STATE)
            if edge == FAILED:
                n = at + info[INFO_FRESH]
                s = self.search.program.pack(words_at(self._at(w, n), self.search.program.words))
                raise_range_error_at(self.search, s, bisect_right(w.levels, n) - 1, self.terms)
        return edge

    def _levels(self, starts: list[int]) -> list[list[tuple[int, int]]]:
        workers = self.search.workers
        depth = max(len(w.levels) for w in workers) - 1
        return [
            [(a + w.levels[n], a + w.levels[n + 1]) for w, a in zip(workers, starts, strict=True)] for n in range(depth)
        ]

    def _packed(self, starts: list[int], n: int) -> int:
        k = max(k for k, start in enumerate(starts) if start <= n)
        program, log = self.search.program, self.search.workers[k].log
        return program.pack(words_at(log.address + 8 * program.words * (n - starts[k]), program.words))


class _Numbers:
    """The numbers of states: a half-word for each slot of a worker's store."""

    def __init__(self, w: Worker) -> None:
        store = w.store
        slots = [store.buckets(n) * store.bucket for n in range(store.count)]
        self._region = Region(4 * sum(slots) + 64)
        self._region.use(self._region.size)
        self.table = WordArray(store.count)
        for n in range(store.count):
            self.table[n] = self._region.address + 4 * sum(slots[:n])


def _view(region: Region, count: int, kind: Any) -> Any:
    """A region as a sequence of numbers; the memory is not freed as long as the sequence is used."""
    found = (kind * count).from_address(region.address)
    found.region = region
    whole = memoryview(found).cast("B")
    size = ctypes.sizeof(kind)
    return whole.cast("I") if size == 4 else whole.cast("H") if size == 2 else whole


def native_graph(search: NativeSearch, actions: Collection[str], terms: Sequence[Term] = ()) -> Graph:
    """The graph of a complete search that kept its frontiers (see ``GraphOf``)."""
    try:
        return GraphOf(search, actions, terms).make()
    except UnsupportedError as problem:
        raise MemoryError(str(problem)) from problem
