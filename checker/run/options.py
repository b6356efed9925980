"""How to run a check."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from planrace.checker.engines.limits import Limits, Listener, memory_in_use
from planrace.checker.results.bitstate import SearchOrder
from planrace.checker.results.store_kind import StoreKind
from planrace.checker.run.arguments import check_arguments
from planrace.checker.run.ranges import RANGES, Range, shortened
from planrace.model.language import ModelError
from planrace.model.language.errors import known

CLUSTER = "cluster"
"""The engine that ``Options.cluster`` means where none is named."""
LOCAL = "local"
"""The cluster that is started on this machine."""
CLUSTERS = (LOCAL, "auto")
NUMBERS = (
    *("depth", "max_states", "max_memory", "time_limit", "workers", "shards", "alternatives"),
    *("seed", "runs", "bit_array", "hashes"),
)
"""Fields of ``Options`` that are numbers."""


@dataclass(frozen=True)
class Options:
    """Options of a run. ``max_memory`` is in bytes, ``time_limit`` in seconds of wall time. None means: no limit; for
    ``max_memory`` 75 % of the machine's memory; for ``workers`` one a core; for ``symmetry`` the engine's choice."""

    engine: str = "auto"
    properties: tuple[str, ...] = ()
    scenario: str | None = None
    fail_fast: bool = False
    exhaustive: bool = False
    symmetry: bool | None = None
    normalise: str | None = None
    """The name of an integer sort that only grows: states are counted up to the normal form of its generations."""
    slicing: bool = True
    depth: int | None = None
    max_states: int | None = None
    max_memory: int | None = None
    time_limit: float | None = None
    seed: int | None = None
    runs: int | None = None
    """The random runs of a simulation, or the searches of engine bitstate."""
    bit_array: int | None = None
    """The bytes of the bit array of each bitstate search."""
    hashes: int | None = None
    """The hash functions of bitstate searches."""
    order: str | None = None
    """The order of all bitstate searches, "breadth" or "depth"; None: both in turn."""
    workers: int | None = None
    cluster: str | None = None
    """Search on a cluster: ``local`` (Ray is started on this machine), ``auto`` (the Ray cluster that it belongs to) or
    ``ray://…``. The engine is ``cluster`` then."""
    shards: int | None = None
    """Processes that share the states of such a search; None is one on each machine, or two on a single one."""
    store: str = StoreKind.HASH
    """``compact``: a search in machine code keeps its states as sorted runs from the beginning, not only when memory
    gets short (see ``StoreKind``)."""
    spill: str | Path | None = None
    """A folder for files of sorted runs, which are in memory otherwise."""
    checkpoint: str | Path | None = None
    """A file to which the main search writes checkpoints; it is in machine code from the start then."""
    resume: str | Path | None = None
    """The file of a checkpoint from which that search goes on. If it is that of ``checkpoint``, it need not exist
    yet."""
    listener: Listener | None = None
    ir: Callable[[str], None] | None = None
    """A function that receives the LLVM IR of the search. The search then uses machine code from the start."""
    explain: bool = False
    """Explain every trace in full; otherwise only its causes."""
    alternatives: int | None = None
    """The report shows the states within this many steps of each trace."""
    beside: Any = None
    """A protocol or variant to compare traces with: their steps are taken there, too. If there are several, it is the
    first one that a short search shows to hold, otherwise the first."""
    least_delay: bool = False
    all_different: bool = False
    """Also search for counterexamples with other races."""
    verbose: bool = False
    """Give explanations as much time as they take; otherwise a few seconds."""

    def __post_init__(self) -> None:
        check_arguments({f.name: getattr(self, f.name) for f in fields(self)}, {f.name: f.type for f in fields(self)})
        if self.order is not None:
            known(self.order, [o.value for o in SearchOrder], "order of a search")
        check_numbers(**{name: getattr(self, name) for name in NUMBERS})
        object.__setattr__(self, "properties", tuple(self.properties))
        if self.cluster is not None:
            check_cluster(self.cluster)
            if self.engine == Options.engine:
                object.__setattr__(self, "engine", CLUSTER)
        if self.store not in list(StoreKind):
            kinds = " or ".join(StoreKind)
            raise ModelError(f"store={shortened(self.store)} is no kind of store", remedy=f"use {kinds}")
        if self.saves and self.scenario is not None:
            raise ModelError("a search for a scenario has no checkpoints", remedy="leave out --checkpoint and --resume")

    @property
    def saves(self) -> bool:
        """Whether the search writes or reads checkpoints."""
        return self.checkpoint is not None or self.resume is not None

    @property
    def candidates(self) -> tuple[Any, ...]:
        """The candidates of ``beside``, the best first."""
        if self.beside is None:
            return ()
        return tuple(self.beside) if isinstance(self.beside, list | tuple) else (self.beside,)

    @property
    def limits(self) -> Limits:
        """The bounds of the search."""
        return Limits(self.depth, self.max_states, self.max_memory or _three_quarters(), self.time_limit)


def check_cluster(address: str) -> None:
    """Raise ``ModelError`` unless it is one of the words, or an address as Ray writes it."""
    if address not in CLUSTERS and not address.startswith("ray://"):
        raise ModelError(f"cluster={shortened(address)} is no cluster", remedy="write local, auto or ray://HOST:PORT")


def check_numbers(**given: object) -> None:
    """Raise ``ModelError`` unless each value is None or within its range (``RANGES``)."""
    for name, value in given.items():
        if value is not None:
            check_number(name, value, RANGES[name])


def check_number(name: str, value: object, of: Range) -> None:
    """Raise ``ModelError`` unless the value is a number within the range."""
    error_text = of.error_text(value)
    if error_text is not None:
        raise ModelError(f"{name}={shortened(value)} {error_text}", remedy=of.remedy)


def _three_quarters() -> int | None:
    """75 % of the machine's memory; None if the system does not report it or the memory that this process uses."""
    if not memory_in_use():
        return None
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 0.75)
    except (ValueError, OSError, AttributeError):
        return None
