"""The words that every engine answers in and every report reads. Start reading here.

States in this module are as people see them: numbers, the names of enumeration members, truth values, sorted lists for
sets, lists for arrays. Index members count from 1; 0 in an optional index is none.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from .annotations import Causes, Declared, Insight, Picture
from .confirmation import Confirmation
from .painted import Painted
from .trace import NOBODY, Change, Observed, Shown, ShownState, Step, Trace
from .wording import about, counted

__all__ = ["NOBODY", "Change", "Observed", "Shown", "ShownState", "Step", "Trace"]
"""Words of a run, which are at home in ``trace``; the others stand below."""


class Verdict(enum.IntEnum):
    """What is known of a property; several are merged with ``min``."""

    VIOLATED = 0
    UNKNOWN = 1
    HOLDS = 2

    def __bool__(self) -> bool:
        """True of what holds alone, so that ``assert report.verdict`` is no promise where nothing is known."""
        return self is Verdict.HOLDS

    def __str__(self) -> str:
        return self.word

    def __format__(self, spec: str) -> str:
        """The word in f-strings too, where a number that is an enumeration would be a number."""
        return format(self.word, spec)

    @property
    def word(self) -> str:
        return self.name.lower()


EXIT_CODES = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 3}
INTERRUPTED = 130


@dataclass(frozen=True)
class FactMatch:
    """A fact of a scenario and the step of the trace (from 1) that completes it, or None. ``onward``: it is about all
    continuations from after that step, of which ``states`` states were searched."""

    fact: str
    meaning: str
    step: int | None
    optional: bool = False
    onward: bool = False
    states: int | None = None


@dataclass(frozen=True)
class Match:
    """How far a trace shows a scenario. ``roles`` says who plays which part."""

    scenario: str
    facts: tuple[FactMatch, ...]
    roles: Mapping[str, Shown] = field(default_factory=dict)

    @property
    def matched(self) -> list[str]:
        return [f.fact for f in self.facts if f.step is not None]

    @property
    def missing(self) -> list[str]:
        return [f.fact for f in self.facts if f.step is None]

    @property
    def holds(self) -> bool:
        """Every fact that is not optional is shown."""
        return all(f.step is not None or f.optional for f in self.facts)

    @property
    def full(self) -> bool:
        return not self.missing


INITIALLY = "initially"
"""What stands for an action in obligations about the initial state."""


@dataclass(frozen=True)
class Conjunct:
    """A fact of an inductive invariant: ``kind`` is "range", "lemma" or "property"."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Obligation:
    """Something that a solver had to show: that ``fact`` holds after ``action`` (or "initially"), from the facts
    ``uses``. ``reason`` says why it was not shown; ``seconds`` is the solver's time.

    ``kind`` is "conjunct" (of the invariant), "model" (``fact`` fails where a step is a model error), "step property",
    or "schedule" (then ``fact`` names its rule).
    """

    kind: str
    fact: str
    action: str
    proved: bool
    uses: tuple[str, ...]
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Certificate:
    """A proof for every size: the statement, what it assumes, the invariant's conjuncts and every obligation."""

    properties: tuple[str, ...]
    statement: str
    assumptions: str
    conjuncts: tuple[Conjunct, ...]
    obligations: tuple[Obligation, ...]

    @property
    def complete(self) -> bool:
        return all(o.proved for o in self.obligations)


@dataclass(frozen=True)
class Unreached:
    """A counterexample to induction, at ``parameters``: a run from a state that need not be reachable.

    Until its last step everything holds that the induction assumes; the last step breaks the property.
    """

    trace: Trace
    parameters: Mapping[str, int]


DISABLED, NEED_NOT = "disabled again and again", "need not be taken"


@dataclass(frozen=True)
class Fairness:
    """How a loop meets the fairness (``kind``: none, weak, strong) of an action with these parameters: ``how`` is
    "taken", "disabled again and again", or "need not be taken" where a run rests; ``words`` are the parameters as they
    are told."""

    action: str
    choice: tuple[int, ...]
    kind: str
    how: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Vain:
    """An outcome of an action that still comes about in so many states, and never helps."""

    action: str
    outcome: str | None
    states: int


@dataclass(frozen=True)
class Refusal:
    """An outcome that would write ``place``, and never comes about in the ``tried`` states where its action is
    enabled there; each of ``reasons`` is a condition of it that is false in all of them."""

    action: str
    outcome: str | None
    place: str
    tried: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Hopeless:
    """Why there is no recovery: ``states`` can be reached by steps that may help (``whole``: these are all), in none of
    them are the parts ``never`` of the goal true."""

    states: int
    whole: bool
    never: tuple[str, ...]
    vain: tuple[Vain, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True)
class Intervention:
    """Manual steps, in this order, after which the automation can recover; ``states`` need just these."""

    steps: tuple[str, ...]
    states: int


@dataclass(frozen=True)
class Runbook:
    """What people can do where the automation cannot recover by itself; ``helpless`` states are beyond them too."""

    interventions: tuple[Intervention, ...]
    helpless: int


@dataclass(frozen=True)
class Source:
    """A line, from 1, of the author's file."""

    file: str
    line: int


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
    unreached: Unreached | None = None
    hopeless: Hopeless | None = None
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
class Warned:
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
class Exploration:
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
class Telling:
    """A scenario looked for by search: the trace that shows it in full, or how far the search came."""

    match: Match | None
    trace: Trace | None
    how: str
    insight: Insight | None = None


@dataclass(frozen=True)
class Report(Painted):
    """Everything that a run of ``check`` says. ``parameters``: sizes, and options that are not as usual."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    engine: str
    findings: tuple[Finding, ...]
    exploration: Exploration | None
    left_out: tuple[tuple[str, str, str], ...] = ()
    """Properties that a proof for every size is not asked about unless they are named: name, kind, why."""
    telling: Telling | None = None
    interrupted: bool = False
    warnings: tuple[Warned, ...] = ()
    proofs: tuple[Certificate, ...] = ()
    every_size: bool = False
    """The report is about every size; ``parameters`` then holds only those that were fixed."""
    variables: tuple[Declared, ...] = ()
    pictures: tuple[Picture, ...] = ()
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
