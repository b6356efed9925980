"""The report that every engine contributes to and every format shows. Start reading here.

States hold values as people read them: numbers, the names of enumeration members, truth values, sorted lists for sets,
lists for arrays. Index members count from 1; 0 in an optional index is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from planrace.checker.results.bitstate import Bitstate
from planrace.checker.results.checkpoint import Checkpointed, Resumed
from planrace.checker.results.departure import Departure
from planrace.checker.results.explanation import Causes, Declared, Insight, MemberPicture
from planrace.checker.results.notebook import NotebookRepr
from planrace.checker.results.proof import Certificate, Confirmation, InductionCounterexample
from planrace.checker.results.scenario import FullMatch, Match
from planrace.checker.results.stop import StopReason
from planrace.checker.results.temporal import DeadEnd, Fairness, Runbook
from planrace.checker.results.trace import Source, Trace
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict
from planrace.checker.results.wording import about, counted


@dataclass(frozen=True)
class Others:
    """More counterexamples, whose races differ from those of the first, with their causes. ``how`` says which runs were
    examined."""

    runs: tuple[tuple[Trace, Causes], ...]
    how: str


@dataclass(frozen=True)
class Finding:
    """The answer for one property. ``trace`` is its counterexample, or the witness of a reachability property;
    ``insight`` explains it.

    In a report about every size, ``parameters`` are the sizes of the trace, and ``variables`` the variables at them.
    """

    name: str
    kind: str
    meaning: str
    verdict: Verdict
    how: str
    trace: Trace | None = None
    match: Match | None = None
    parameters: Mapping[str, int] | None = None
    cti: InductionCounterexample | None = None
    dead_end: DeadEnd | None = None
    fairness: tuple[Fairness, ...] = ()
    runbook: Runbook | None = None
    insight: Insight | None = None
    others: Others | None = None
    variables: tuple[Declared, ...] = ()
    departure: Departure | None = None
    """Of a refinement: the run as one of the abstract protocol, and why its last step is none of that."""

    @property
    def depth(self) -> int | None:
        """The number of steps up to and including the one that violates the property (or is the witness)."""
        return len(self.trace) if self.trace is not None else None

    def __repr__(self) -> str:
        return f"<Finding {self._brief()}>"

    def _brief(self) -> str:
        return f"{self.name}: {self.verdict}" + (f" in {counted(self.depth, 'step')}" if self.depth is not None else "")


NEVER_HAPPENS, VACUOUS = "never happens", "vacuous"
LEFT_OUT, NOT_DECLARED = "lemma left out", "not declared"
OUTCOME_NEVER, WITHOUT_FAULTS, MANY_STATES = "outcome never happens", "without faults", "many states"
NOT_TOLD, NO_MACHINE_CODE, UNAVAILABLE = "not told", "no machine code", "unavailable"
UNTRUSTED_CACHE, NO_CHECKPOINT = "untrusted cache", "no checkpoint"
ABOUT_CODE = (NO_MACHINE_CODE, UNTRUSTED_CACHE)
OF_THE_RUN = (MANY_STATES, NOT_TOLD, UNAVAILABLE, NO_CHECKPOINT, *ABOUT_CODE)
"""Kinds of warning about the run, not about the model."""
NOTES = (OUTCOME_NEVER, WITHOUT_FAULTS, *OF_THE_RUN)
"""Kinds of warning that are only notes."""
OF_MODEL = "the model"
"""The subject of an "unavailable" warning if the warnings about the model are missing."""


@dataclass(frozen=True)
class ModelWarning:
    """Something about the model or the run that its author may not have meant. ``kind`` is one of:

    * "deadlock": ``trace`` leads to it;
    * "never happens": an action that no run takes;
    * "vacuous": a property that holds only because its condition never occurs;
    * "lemma left out": the last step of ``trace``, whose first state need not be reachable, violates the lemma;
    * "not declared": a property, or another part of a protocol, that was made but never added to the protocol;
    * "outcome never happens" (a note);
    * "without faults" (a note): a property was checked without the faults that are on;
    * "many states" (a note): what multiplies the states of a search that reached its bound;
    * "not told" (a note): the parts of an explanation that the time limit left out; ``subject`` is the property;
    * "no machine code" (a note): why a large search stayed in Python;
    * "untrusted cache" (a note): why machine code in the cache on disk was not loaded;
    * "no checkpoint" (a note): why the last checkpoint of the search could not be written;
    * "unavailable" (a note): the parts that failed because of a defect of planrace.
    """

    kind: str
    subject: str
    message: str
    trace: Trace | None = None

    @property
    def strict(self) -> bool:
        """With ``--strict`` it fails the run. So does a failure to find out whether there are warnings."""
        return self.kind not in NOTES or (self.kind == UNAVAILABLE and self.subject == OF_MODEL)


@dataclass(frozen=True)
class Coverage:
    """What a search or simulation covered. ``stopped`` says why it is incomplete; ``seconds`` is wall time."""

    states: int
    transitions: int
    depth: int
    complete: bool
    symmetry: bool
    seconds: float
    peak_memory_bytes: int
    stopped: StopReason | None = None
    seed: int | None = None
    workers: int = 1
    sliced: tuple[str, ...] = ()
    """Ignored variables: no checked property depends on them."""
    states_per_orbit: int = 1
    """With symmetry, the greatest number of states that may represent one orbit. If it is more than 1, ``states`` may
    exceed the number of orbits, and ``depth`` the greatest distance of a state."""
    normalised: str | None = None
    """The sort of generations, if states were counted up to their normal form."""
    partition: str | None = None
    """How the states were divided among several processes, as a sentence."""
    resumed: Resumed | None = None
    """The checkpoint that the search went on from; ``seconds`` has those before it, too."""
    checkpoint: Checkpointed | None = None
    """The last checkpoint that it has written."""
    bitstate: Bitstate | None = None
    """Of bitstate searches: what each of them covered. The other numbers are those of the one that met most states."""
    found_share: tuple[float, float] | None = None
    """Of a search that a limit ended: the least and the greatest share of all states that it may have found, estimated
    from smaller instances; None if there is no estimate."""

    @property
    def states_per_second(self) -> int:
        """Computed from the seconds as reports round them, so that a report that is read back gives the same number."""
        seconds = round(self.seconds, 6)
        return round(self.states / seconds) if seconds > 0 else 0


@dataclass(frozen=True)
class Report(NotebookRepr):
    """The complete result of a check. ``parameters`` are sizes, and options that differ from their defaults."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    engine: str
    findings: tuple[Finding, ...]
    exploration: Coverage | None
    at_most: Mapping[str, int | str] = field(default_factory=dict)
    """How often bounded faults may happen in a run: a number, or the name of a size that is open."""
    left_out: tuple[tuple[str, str, str], ...] = ()
    """Properties that a proof for every size skips unless they are named: name, kind, why."""
    full_match: FullMatch | None = None
    interrupted: bool = False
    warnings: tuple[ModelWarning, ...] = ()
    proofs: tuple[Certificate, ...] = ()
    every_size: bool = False
    """The report is about every size; ``parameters`` then holds only the sizes that were fixed."""
    variables: tuple[Declared, ...] = ()
    pictures: tuple[MemberPicture, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    """The lines that declare properties, by name (by ``about(name)`` if an action has the same name), and actions, by
    name and by ``ending(action, outcome)``."""
    confirmation: Confirmation | None = None
    """The second solver's answer on the proofs, if it was requested."""

    def __bool__(self) -> bool:
        """Whether all properties hold and no proof is doubted: ``assert check(protocol)``."""
        return bool(self.verdict) and not self.doubted

    def __repr__(self) -> str:
        """The answer in one line, for failing assertions and the prompt; ``planrace.render`` says everything."""
        worst_first = sorted(self.findings, key=lambda f: f.verdict)
        return f"<Report {self.protocol}: {self.verdict}; {', '.join(f._brief() for f in worst_first)}>"

    @property
    def is_saved_run(self) -> bool:
        """Whether it is a run that ``check walk`` saved, and says nothing else."""
        return [f.kind for f in self.findings] == ["run"]

    @property
    def verdict(self) -> Verdict:
        return min((f.verdict for f in self.findings), default=Verdict.UNKNOWN)

    def source_of_property(self, name: str) -> Source | None:
        """The line that declares the property of that name; of "served[2]" the one that declares it of each member."""
        found = self.sources.get(about(name)) or self.sources.get(name)
        whole, inside, _ = name.rpartition("[")
        return found or (self.source_of_property(whole) if inside else None)

    def is_of_member(self, name: str) -> bool:
        """Whether a property is what another one of the report promises of a single member."""
        whole, inside, _ = name.rpartition("[")
        return bool(inside) and any(f.name == whole for f in self.findings)

    @property
    def doubted(self) -> tuple[tuple[str, str], ...]:
        """Obligations that the second solver does not confirm, and why."""
        return self.confirmation.doubted if self.confirmation else ()

    @property
    def exit_code(self) -> int:
        """The exit code of the command, unless another verdict is expected."""
        if self.interrupted:
            return INTERRUPTED
        return max(EXIT_CODES[self.verdict], EXIT_CODES[Verdict.UNKNOWN] if self.doubted else 0)
