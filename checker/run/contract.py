"""The contract of engines: an engine declares what it can do, and answers one call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from planrace.checker.engines.answer import Answer
from planrace.checker.results.report import Coverage, ModelWarning, Report
from planrace.checker.results.store_kind import StoreKind
from planrace.checker.run.options import Options
from planrace.checker.run.request import Request


class Ability(StrEnum):
    """An option that an engine supports, or a fact about how it reaches its verdicts."""

    SYMMETRY = "symmetry"
    """It can search orbits of interchangeable members (``--symmetry``)."""
    NORMAL_FORM = "normal form"
    """It can count states up to the normal form of generations (``--normalise``)."""
    EXHAUSTIVE = "exhaustive"
    """It searches all states, and can continue after every property is decided (``--exhaustive``)."""
    SCENARIO = "scenario"
    """It can look for a scenario (``--scenario``)."""
    RANDOM = "random"
    """It takes a seed and a number of runs (``--seed``, ``--runs``)."""
    BITSTATE = "bitstate"
    """It searches with bit arrays (``--bit-array``, ``--hashes``, ``--order``)."""
    MACHINE_CODE = "machine code"
    """It can generate machine code (``--dump-ir``)."""
    CLUSTER = "cluster"
    """It works on several machines (``--cluster``)."""
    SHARDS = "shards"
    """Processes share its states (``--shards``)."""
    RUNS = "runs"
    """It can keep states as sorted runs (``--store``, ``--spill``)."""
    CHECKPOINTS = "checkpoints"
    """It can write checkpoints, and go on from them (``--checkpoint``, ``--resume``)."""
    ARGUES = "argues"
    """Its "holds" rests on an argument, not on a complete search."""
    EVERY_SIZE = "every size"
    """It proves properties for every size that is left open. Kinds of property that it cannot decide are left out."""


class Abilities:
    """What an engine can do. ``kinds`` are the classes of properties that it can decide."""

    def __init__(self, kinds: Any, *can: Ability) -> None:
        self.kinds, self.can = kinds, frozenset(can)

    def __contains__(self, ability: Ability) -> bool:
        return ability in self.can


@dataclass(frozen=True)
class Demand:
    """An option that needs an engine with a certain ability. ``requested`` tells whether the option is set. In
    the error, ``{engine}`` is the engine that lacks the ability and ``{able}`` one that has it."""

    ability: Ability
    requested: Callable[[Options], bool]
    error: str
    remedy: str


DEMANDS = (
    Demand(
        Ability.SYMMETRY,
        lambda o: bool(o.symmetry),
        "engine {engine} has no symmetry reduction",
        "leave out --symmetry",
    ),
    Demand(
        Ability.NORMAL_FORM,
        lambda o: o.normalise is not None,
        "engine {engine} counts no states up to a normal form",
        "leave out --normalise or use --engine {able}",
    ),
    Demand(
        Ability.EXHAUSTIVE,
        lambda o: o.exhaustive,
        "engine {engine} cannot search exhaustively",
        "leave out --exhaustive or use --engine {able}",
    ),
    Demand(
        Ability.MACHINE_CODE,
        lambda o: o.ir is not None,
        "engine {engine} does not generate machine code",
        "use --engine {able}",
    ),
    Demand(
        Ability.CLUSTER,
        lambda o: o.cluster is not None,
        "engine {engine} searches on one machine",
        "leave out --cluster, or use --engine {able}",
    ),
    Demand(
        Ability.SHARDS,
        lambda o: o.shards is not None,
        "engine {engine} does not divide its states",
        "leave out --shards, or use --engine {able}",
    ),
    Demand(
        Ability.RUNS,
        lambda o: o.store != StoreKind.HASH or o.spill is not None,
        "engine {engine} keeps no sorted runs of states",
        "leave out --store and --spill, or use --engine {able}",
    ),
    Demand(
        Ability.CHECKPOINTS,
        lambda o: o.saves,
        "engine {engine} has no checkpoints",
        "leave out --checkpoint and --resume, or use --engine {able}",
    ),
    Demand(
        Ability.SCENARIO,
        lambda o: o.scenario is not None,
        "a scenario needs explicit search and cannot be combined with properties",
        "leave out --engine or --property",
    ),
    Demand(
        Ability.RANDOM,
        lambda o: o.seed is not None or o.runs is not None,
        "--seed and --runs are options of random simulation and of bitstate search",
        "add --engine {able} or --engine bitstate",
    ),
    Demand(
        Ability.BITSTATE,
        lambda o: not (o.bit_array is None and o.hashes is None and o.order is None),
        "--bit-array, --hashes and --order are options of bitstate search",
        "add --engine {able}",
    ),
)
"""In the order in which they are checked."""


@dataclass(frozen=True)
class Answers:
    """The answers of a search. ``engine`` is the one that answered, ``coverage`` what its main search covered."""

    engine: str
    answers: Sequence[Answer] = ()
    coverage: Coverage | None = None
    interrupted: bool = False
    warnings: tuple[ModelWarning, ...] = ()


class Engine(ABC):
    """A way to answer requests. A new one is a class and a line in ``planrace.checker.run.registry``.

    ``answer`` imports what it needs when it is called, so that the registry loads no solver and no compiler.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line for ``check list``."""
    abilities: ClassVar[Abilities]

    @abstractmethod
    def answer(self, request: Request) -> Answers | Report:
        """Decide the properties of the request that are of the engine's kinds. An engine that proves for every size
        returns a report, any other one its answers. Raises ``ModelError``."""

    def kept(self, options: Options) -> AbstractContextManager[None]:
        """A block with several calls of ``answer``: what is slow to start can stay there between them."""
        return nullcontext()
