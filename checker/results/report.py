"""The words that every engine answers in and every report reads. Start reading here.

States in this module are as people see them: numbers, the names of enumeration members, truth values, sorted lists for
sets, lists for arrays. Index members count from 1; 0 in an optional index is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from planrace.checker.results.explanation import Causes, Declared, Insight, MemberPicture
from planrace.checker.results.notebook import NotebookRepr
from planrace.checker.results.proof import Certificate, Confirmation, InductionCounterexample
from planrace.checker.results.scenario import FullMatch, Match
from planrace.checker.results.temporal import DeadEnd, Fairness, Runbook
from planrace.checker.results.trace import Source, Trace
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict
from planrace.checker.results.wording import about, counted


@dataclass(frozen=True)
class Others:
    """Counterexamples that differ from the first in their races, with their causes; ``how`` says what was looked at."""

    runs: tuple[tuple[Trace, Causes], ...]
    how: str


@dataclass(frozen=True)
class Finding:
    """The answer for one property. ``trace`` is its counterexample, or for a reachable step a witness; ``insight`` is
    about that.

    ``parameters`` are the sizes that the trace runs at, where the report is about every size, ``variables`` then those
    of that size.
    """

    name: str
    kind: str
    meaning: str
    verdict: Verdict
    how: str
    trace: Trace | None = None
    match: Match | None = None
    parameters: Mapping[str, int] | None = None
    unreached: InductionCounterexample | None = None
    hopeless: DeadEnd | None = None
    fairness: tuple[Fairness, ...] = ()
    runbook: Runbook | None = None
    insight: Insight | None = None
    others: Others | None = None
    variables: tuple[Declared, ...] = ()

    @property
    def depth(self) -> int | None:
        """Steps up to and including the one that violates (or witnesses)."""
        return len(self.trace) if self.trace is not None else None

    def __repr__(self) -> str:
        return f"<Finding {self._told()}>"

    def _told(self) -> str:
        return f"{self.name}: {self.verdict}" + (f" in {counted(self.depth, 'step')}" if self.depth is not None else "")


LEFT_OUT, NOT_DECLARED = "lemma left out", "not declared"
OUTCOME_NEVER, WITHOUT_FAULTS, MANY_STATES = "outcome never happens", "without faults", "many states"
NOT_TOLD, NO_MACHINE_CODE, UNAVAILABLE = "not told", "no machine code", "unavailable"
UNTRUSTED_CACHE = "untrusted cache"
ABOUT_CODE = (NO_MACHINE_CODE, UNTRUSTED_CACHE)
OF_THE_RUN = (MANY_STATES, NOT_TOLD, UNAVAILABLE, *ABOUT_CODE)
"""Kinds of warning about the run, not about the model."""
NOTES = (OUTCOME_NEVER, WITHOUT_FAULTS, *OF_THE_RUN)
"""Kinds of warning that are no more than notes."""
OF_MODEL = "the model"
"""The subject of what is unavailable where warnings of the model are."""


@dataclass(frozen=True)
class ModelWarning:
    """Something about the model that its author may not have meant. ``kind`` is "deadlock" (``trace`` leads to it),
    "never happens" (an action), "vacuous" (a property), "lemma left out" (the last step of ``trace``, whose start need
    not be reachable, breaks it), "not declared" (a property or another thing that was made for the protocol and is part
    of nothing), or that of a note: an outcome never happens, a property was answered without the
    faults that are on, "many states": what multiplies the states of a search that met its bound, "not told": what
    there would be to say of a run (``subject`` is its property), for which there was no time, "no machine code": why a
    large search stayed in Python, "untrusted cache": why machine code that is kept on disk was not loaded, or
    "unavailable": what could not be told for a defect of ours."""

    kind: str
    subject: str
    message: str
    trace: Trace | None = None

    @property
    def strict(self) -> bool:
        """It is a failure where warnings are: also that nobody knows whether there are any."""
        return self.kind not in NOTES or (self.kind == UNAVAILABLE and self.subject == OF_MODEL)


@dataclass(frozen=True)
class Coverage:
    """What a search or simulation covered. ``stopped`` says why it is not complete; ``seconds`` is wall time."""

    states: int
    transitions: int
    depth: int
    complete: bool
    symmetry: bool
    seconds: float
    peak_memory_bytes: int
    stopped: str | None = None
    seed: int | None = None
    workers: int = 1
    sliced: tuple[str, ...] = ()
    """Variables that states do not have, for nothing that was looked for depends on them."""
    states_per_orbit: int = 1
    """With symmetry, how many states may stand for one orbit. Where it is more than 1, ``states`` may be more than the
    orbits, and ``depth`` more than the greatest distance of a state."""

    @property
    def states_per_second(self) -> int:
        """By the seconds that reports have, so that a report that is read says the same."""
        seconds = round(self.seconds, 6)
        return round(self.states / seconds) if seconds > 0 else 0


@dataclass(frozen=True)
class Report(NotebookRepr):
    """Everything that a run of ``check`` says. ``parameters``: sizes, and options that are not as usual."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    engine: str
    findings: tuple[Finding, ...]
    exploration: Coverage | None
    left_out: tuple[tuple[str, str, str], ...] = ()
    """Properties that a proof for every size is not asked about unless they are named: name, kind, why."""
    telling: FullMatch | None = None
    interrupted: bool = False
    warnings: tuple[ModelWarning, ...] = ()
    proofs: tuple[Certificate, ...] = ()
    every_size: bool = False
    """The report is about every size; ``parameters`` then holds only those that were fixed."""
    variables: tuple[Declared, ...] = ()
    pictures: tuple[MemberPicture, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    """Where properties stand, by name (or ``about``, where an action has it), and the guards of actions, by ``ending``
    where these have several outcomes."""
    confirmation: Confirmation | None = None
    """A second solver's word on the proofs, where it was asked for."""

    def __bool__(self) -> bool:
        """Whether all holds, and nothing of it is doubted: ``assert check(protocol)``."""
        return bool(self.verdict) and not self.doubted

    def __repr__(self) -> str:
        """The answer in a line, for assertions that fail and for the prompt; ``checker.render`` says everything."""
        told = sorted(self.findings, key=lambda f: f.verdict)
        return f"<Report {self.protocol}: {self.verdict}; {', '.join(f._told() for f in told)}>"

    @property
    def verdict(self) -> Verdict:
        return min((f.verdict for f in self.findings), default=Verdict.UNKNOWN)

    def source_of_property(self, name: str) -> Source | None:
        """Where the property of that name stands."""
        return self.sources.get(about(name)) or self.sources.get(name)

    @property
    def doubted(self) -> tuple[tuple[str, str], ...]:
        """Obligations that the second solver does not confirm, and why."""
        return self.confirmation.doubted if self.confirmation else ()

    @property
    def exit_code(self) -> int:
        """What the command exits with, unless it is told to expect something else."""
        if self.interrupted:
            return INTERRUPTED
        return max(EXIT_CODES[self.verdict], EXIT_CODES[Verdict.UNKNOWN] if self.doubted else 0)
