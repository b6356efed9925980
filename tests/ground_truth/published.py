"""What is published of the specifications in ``examples/ground_truth``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from planrace.checker import find
from planrace.model.language import Instance
from planrace.properties import Liveness
from tests import ROOT

FOLDER = ROOT / "examples" / "ground_truth"


@dataclass(frozen=True)
class Published:
    """An entry of ``published.toml``, which says what its fields are."""

    file: str
    title: str
    spec: str
    config: str
    states: int
    generated: int
    initial: int
    depth: int
    attribute: str = "protocol"
    sizes: Mapping[str, int] = field(default_factory=dict)
    replace: tuple[tuple[str, str], ...] = ()
    transitions: int | None = None
    why: str | None = None
    symmetric: int | None = None
    published: str = "manifest.json"
    violated: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{FOLDER / self.file}.py:{self.attribute}"

    @property
    def counts(self) -> tuple[int, int, int]:
        """States, transitions and steps to the farthest state, of a complete search here."""
        taken = self.generated - self.initial if self.transitions is None else self.transitions
        return self.states, taken, self.depth - 1

    def instance(self) -> Instance:
        return find(self.name).system().instance(**self.sizes)

    def asked(self, *, temporal: bool) -> tuple[str, ...]:
        """The names of its properties; without ``temporal`` neither liveness nor refinement."""
        system = find(self.name).system()
        refined = {n for r in system.refinements for n in r.names}
        every = system.properties
        return tuple(p.name for p in every if temporal or not (isinstance(p, Liveness) or p.name in refined))

    def __str__(self) -> str:
        return "-".join([self.file, self.attribute, *map(str, self.sizes.values())])


MODELS = [Published(**entry) for entry in tomllib.loads((FOLDER / "published.toml").read_text())["model"]]
