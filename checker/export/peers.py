"""Peers: other checkers that answer the same questions about a protocol. This is their contract.

A peer writes an instance in its language (``model``), and searches that model (``answers``). It says itself what it can
count and which properties it can decide. Only these are compared, and what it is not asked is named with the reason.
Nothing may be reduced on either side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from planrace.checker.export.languages import ModelText
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Instance

STATES, TRANSITIONS, RANGE_ERRORS = "states", "transitions", "values out of range"
"""What a peer may count: the different states that the protocol reaches; its steps, as triples of a state, an action
with its parameters and the state after it; assignments of values that are in no range, of which a model has none."""


class PeerError(Exception):
    """A peer is missing, or has no answer; the text says why."""


@dataclass(frozen=True)
class PeerLimits:
    """``states`` is how many there are: tables can be made for them. ``memory`` is a limit in bytes. The limit of time
    is that of the surrounding ``limits.until``."""

    states: int
    memory: int | None = None


@dataclass(frozen=True)
class PeerAnswers:
    """What a complete search of a peer says. ``counts``: the numbers of what it counts (STATES, …), of the protocol
    alone, without what the peer itself adds. ``verdicts``: of the properties, by name. ``undecided`` says why something
    is missing."""

    counts: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    undecided: str | None = None


Model = TypeVar("Model", bound=ModelText)


class Peer(ABC, Generic[Model]):
    """Another checker. ``title`` names it in reports; ``language`` is the word for its language in requests, and
    ``counts`` are what it counts."""

    title: ClassVar[str]
    language: ClassVar[str]
    counts: ClassVar[Sequence[str]]

    @abstractmethod
    def model(self, instance: Instance, command: str) -> Model:
        """The instance in the language of the peer, whose head has ``command``. Its ``asked`` are the properties that
        the peer decides. Raises ``ModelError`` for what the language cannot say."""

    @abstractmethod
    def version(self) -> str:
        """The title with the version, such as "SPIN 6.5.2". Raises ``PeerError`` if it is not installed."""

    @abstractmethod
    def answers(self, model: Model, limits: PeerLimits) -> PeerAnswers:
        """Search the model. Raises ``PeerError`` if there is no answer at all."""
