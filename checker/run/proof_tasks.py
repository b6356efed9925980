"""Proofs for every size on a cluster: a task for each property.

A task gets the systems of a protocol under all sets of faults that it may ask for, because the protocol itself is made
of the author's functions, which cannot be sent. It answers in data: formulas stay where they were made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from planrace.checker.engines.limits import Limits
from planrace.checker.engines.proof.houdini import Provable
from planrace.checker.results.guard import INTERRUPTED
from planrace.checker.results.proof import Obligation
from planrace.checker.results.report import Finding, ModelWarning
from planrace.checker.results.wording import counted
from planrace.checker.run.proving import FEW, DecidedProperty, Proving, left, own
from planrace.checker.run.request import Selection
from planrace.model.language import ModelError, System
from planrace.properties.kinds import Property
from planrace.properties.proof import Proof

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.tasks import TaskHosts


@dataclass(frozen=True)
class ProofsWanted:
    """What the tasks have in common: the system under each set of faults, or why there is none; the faults that are
    ``asked`` for, and all ``possible`` ones; whether to find those that are survived; sizes that are ``fixed``; the
    limit of a query; inferred lemmas and what is said of them; and whether ``scripts`` are wanted."""

    systems: Mapping[frozenset[str], System | ModelError]
    asked: tuple[str, ...]
    possible: tuple[str, ...]
    survive: bool
    fixed: dict[str, int]
    rlimit: int
    memory: int | None
    lemmas: tuple[Proof, ...] | None
    inferred: str
    scripts: bool


@dataclass(frozen=True)
class ProofResult:
    """What is found about a property. ``faults`` are those of the system that the decision is about. Nothing was
    ``decided`` if it was interrupted or lost."""

    finding: Finding
    faults: tuple[str, ...] = ()
    proved: bool = False
    facts: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    scripts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[ModelWarning, ...] = ()
    decided: bool = True


class ProvingElsewhere(Proving):
    """Proofs on ``hosts``; with ``scripts_wanted`` every obligation comes back as a script."""

    def __init__(self, selection: Selection, hosts: TaskHosts, *, scripts_wanted: bool = False, **more: Any) -> None:
        self._hosts, self._scripts_wanted = hosts, scripts_wanted
        self._found_elsewhere: list[ProofResult] = []
        super().__init__(selection, **more)

    def _findings(self, properties: Sequence[Property]) -> list[Finding]:
        from planrace.checker.engines.cluster.tasks import run_all

        asked = [p for p in properties if isinstance(p, Provable)]
        self._found_elsewhere = []
        found = run_all(
            proved_in_task,
            self._wanted(),
            [p.name for p in asked],
            self._hosts,
            check=lambda ended: self._limit_guard.announce(
                f"{ended} of {counted(len(asked), 'property')} decided by the cluster"
            ),
            called=lambda name: f"the proof of {name}",
            lost=lambda name, why: ProofResult(left(self._asked(name), f"not decided: {why}"), decided=False),
        )
        try:
            for p, result in zip(asked, found, strict=True):
                self._found_elsewhere.append(result)
                if result.decided:
                    self.decisions.append(self._decision(p, result))
        except KeyboardInterrupt:
            self.interrupted = True
        findings = {r.finding.name: r.finding for r in self._found_elsewhere}
        cut = {p.name: left(p, INTERRUPTED) for p in asked[len(findings) :]}
        return [{**findings, **cut}.get(p.name) or left(p) for p in properties]

    def scripts(self) -> Iterator[tuple[str, str]]:
        """The scripts of all tasks, each once, numbered anew."""
        seen: set[str] = set()
        for name, text in (s for r in self._found_elsewhere for s in r.scripts):
            if text not in seen:
                seen.add(text)
                yield re.sub(r"^\d+", f"{len(seen):04}", name), text

    @property
    def _more_warnings(self) -> tuple[ModelWarning, ...]:
        return tuple(dict.fromkeys(w for r in self._found_elsewhere for w in r.warnings))

    def _asked(self, name: str) -> Property:
        found: Property = next(p for p in self.system.properties if p.name == name)
        return found

    def _decision(self, p: Provable, r: ProofResult) -> DecidedProperty:
        system = self._system(r.faults)
        of = own(system, p) if self._survive else p
        return DecidedProperty(of, r.finding.verdict, system, r.proved, r.facts, r.obligations)

    def _wanted(self) -> ProofsWanted:
        asked = tuple(self._selection.faults)
        sets = sets_tried(asked, self._possible) if self._survive else [asked]
        systems: dict[frozenset[str], System | ModelError] = {}
        for faults in sets:
            try:
                systems[frozenset(faults)] = self._selection.system_with(faults)
            except ModelError as problem:  # with these faults the model is wrong
                systems[frozenset(faults)] = problem
        return ProofsWanted(
            systems,
            asked,
            self._possible,
            self._survive,
            self.fixed,
            self._rlimit,
            self._hosts.memory,
            self._found,
            self._inferred,
            self._scripts_wanted,
        )


def sets_tried(asked: tuple[str, ...], possible: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The sets of faults that the search for those that are survived may try."""
    most = len(possible) if len(possible) <= FEW else 2
    found = [chosen for size in range(most + 1) for chosen in combinations(possible, size)]
    return list(dict.fromkeys([asked, *found, possible]))


class _KnownSystems(Selection):
    """A selection of systems that were received."""

    def __init__(self, wanted: ProofsWanted) -> None:
        first = next(s for s in wanted.systems.values() if isinstance(s, System))
        super().__init__(first, wanted.fixed, {}, wanted.asked)
        object.__setattr__(self, "_wanted", wanted)

    @property
    def possible_faults(self) -> tuple[str, ...]:
        wanted: ProofsWanted = self._wanted  # type: ignore[attr-defined]
        return wanted.possible

    def system_with(self, faults: Sequence[str], without: Sequence[str] = ()) -> System:
        assert not without
        wanted: ProofsWanted = self._wanted  # type: ignore[attr-defined]
        found = wanted.systems[frozenset(faults)]
        if isinstance(found, ModelError):
            raise found
        return found


class _OneProof(Proving):
    """The proof of one property, in the process of a task."""

    def __init__(self, wanted: ProofsWanted) -> None:
        self._wanted = wanted
        limits = Limits(memory=wanted.memory)
        super().__init__(_KnownSystems(wanted), survive=wanted.survive, limits=limits, rlimit=wanted.rlimit)

    def _start(self) -> None:
        self._found, self._inferred = self._wanted.lemmas, self._wanted.inferred
        self.system = self._system(self._selection.faults)
        super()._start()

    def result(self, name: str) -> ProofResult:
        p = next(p for p in self.system.properties if p.name == name)
        assert isinstance(p, Provable)
        finding = self._finding(p)
        if self._stopped or not self.decisions:
            return ProofResult(finding, decided=False)
        (d,) = self.decisions
        scripts = tuple(self.scripts()) if self._wanted.scripts else ()
        told = self._guard.warnings
        return ProofResult(finding, d.system.faults, d.proved, d.facts, d.obligations, scripts, told)


def proved_in_task(wanted: ProofsWanted, name: str) -> ProofResult:
    """What is found about the property of that name, in any process."""
    return _OneProof(wanted).result(name)
