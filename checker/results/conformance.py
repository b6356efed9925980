"""What logs of a system say beside its model: the run of the model that they tell, or where they leave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planrace.checker.results.explanation import Declared
from planrace.checker.results.report import Report
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.trace import Trace
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict
from planrace.checker.results.wording import counted


class Conformance(StrEnum):
    """How logs and model meet. A search that was cut short never says that they diverge."""

    CONFORMS = "conforms"
    """A run of the model explains every event."""
    AMBIGUOUS = "ambiguous"
    """Runs of the model explain every event; some violate a property, and others violate none."""
    DIVERGES = "diverges"
    """No run of the model explains all of it. Where the logs leave the model is in ``divergence``; without one that is
    not known, and ``stopped`` says why."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class LogLine:
    """A line of a log, from 1, with its text."""

    file: str
    line: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class LogStream:
    """One stream: its file or its name, and how many events were read from it."""

    name: str
    events: int


@dataclass(frozen=True)
class LoggedEvent:
    """What a line says: ``says`` is its step as the line names it, ``stream`` whose line it is. It happened between
    ``earliest`` and ``latest``, in seconds since 1970 (or as the line counts them), as far as its clock and the lines
    around it tell; None: nothing bounds it. ``optional``: it may also not have happened."""

    line: LogLine
    stream: str
    says: str
    earliest: float | None = None
    latest: float | None = None
    optional: bool = False


@dataclass(frozen=True)
class HiddenStep:
    """A step of the run that no line tells: step ``step``, from 1, of the trace. It happened between the lines
    ``after`` and ``before`` of the run; None: before the first, or after the last."""

    step: int
    text: str
    fault: str | None
    after: LogLine | None
    before: LogLine | None


@dataclass(frozen=True)
class BlockedEvent:
    """An event that nothing explains where the log leaves the model. ``called`` is the step that it says, ``why`` ends
    the sentence "it …": what of the guard is false, which outcome the model has, or what differs from the values that
    the line names. ``enabled`` are steps that the model allows there in its place."""

    line: LogLine
    called: str
    why: str
    enabled: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepRate:
    """How many lines of an action tell a step that the model has, each judged alone: from the values that the line
    names before the step. ``unknown``: the line names too few. ``line`` is the first that failed, and ``why`` ends the
    sentence "it …"."""

    action: str
    passed: int
    failed: int
    unknown: int
    line: LogLine | None = None
    why: str = ""


@dataclass(frozen=True)
class Repair:
    """A change of the log with which it goes on: ``text`` says which, ``further`` is how many events more are explained
    then, and ``whole`` whether all are."""

    text: str
    further: int
    whole: bool


@dataclass(frozen=True)
class LogDivergence:
    """Where the logs leave the model: ``explained`` events of all streams were explained by ``trace``, no run explains
    more of those that happened for certain. Of its steps ``lines`` says which line tells each, ``told`` which event of
    the report. ``last`` are the last explained lines of the streams. ``hypotheses`` is the number of states that the
    system may have been in."""

    explained: int
    trace: Trace
    lines: tuple[LogLine | None, ...]
    last: tuple[tuple[str, LogLine | None], ...]
    blocked: tuple[BlockedEvent, ...]
    hypotheses: int
    repairs: tuple[Repair, ...] = ()
    told: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class RunsAlike:
    """Runs that explain the logs and violate the same properties: how many there are, and of the one that takes the
    least for granted how many ``faults`` it needs, and how many steps that no line tells (``hidden``, faults too)."""

    violates: tuple[str, ...]
    runs: int
    faults: int
    hidden: int


@dataclass(frozen=True)
class NearMiss:
    """How close the run came to a violation: from the state after step ``step`` (0: the first) the ``texts`` are the
    steps of the model that would have violated ``property``; fewer steps would not, from no state of the run. Without a
    property none was found: there is none within ``further`` steps, and none at all if ``never``. Of a long run not all
    of its different ``states`` were looked from, but ``begun`` of them: what is said is true of these."""

    further: int
    property: str | None = None
    step: int = 0
    line: LogLine | None = None
    texts: tuple[str, ...] = ()
    never: bool = False
    begun: int = 0
    states: int = 0


@dataclass(frozen=True)
class ConformanceReport:
    """The answer on logs. ``trace`` is the run that explains them; of its steps ``lines`` says which line tells each,
    None for a hidden one. If all runs were searched, ``every`` says what they violate, those first that take the least
    for granted, and ``trace`` is the first of these; otherwise ``unsearched`` says why not. ``near`` says how close
    ``trace`` came to a violation. ``judged`` is the report on the properties that it violates; if the logs are
    ambiguous, on those that another run violates. ``silent`` are
    actions that no line can be, ``unseen`` those that lines could be and that never occurred. ``ignored`` counts lines
    in which nothing was recognised, ``late`` lines whose clock is behind the line before."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    verdict: Conformance
    streams: tuple[LogStream, ...]
    seconds: float
    trace: Trace | None = None
    lines: tuple[LogLine | None, ...] = ()
    hidden: tuple[HiddenStep, ...] = ()
    judged: Report | None = None
    divergence: LogDivergence | None = None
    stopped: StopReason | None = None
    silent: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    ignored: int = 0
    late: tuple[LogLine, ...] = ()
    properties: tuple[str, ...] = ()
    """The invariants and step invariants that the run is asked about."""
    variables: tuple[Declared, ...] = ()
    unbounded: str | None = None
    """The size that bounds generations, if it did not apply."""
    every: tuple[RunsAlike, ...] = ()
    unsearched: str = ""
    violates: tuple[tuple[str, LogLine], ...] = ()
    """Of logs that were followed: the properties that every explanation violates, with the line at the latest. Of logs
    that begin in the middle: those that the run violates, perhaps before its first line."""
    joined: int | None = None
    """The number of states in which the logs may begin, if they begin in the middle of a run."""
    near: NearMiss | None = None
    rates: tuple[StepRate, ...] = ()
    """Of the actions whose lines name values before the step."""
    logged: tuple[LoggedEvent, ...] = ()
    """The events of all streams, each stream in its order, one stream after the other."""
    told: tuple[int | None, ...] = ()
    """For each step of ``trace`` which of the events tells it, from 0; None for a hidden one. In a run that explains
    all events, one that tells no step did not happen."""

    @property
    def events(self) -> int:
        """The number of events of all streams."""
        return sum(s.events for s in self.streams)

    @property
    def explained(self) -> bool:
        """Whether a run of the model explains every event."""
        return self.verdict in (Conformance.CONFORMS, Conformance.AMBIGUOUS)

    @property
    def interrupted(self) -> bool:
        """Whether the user ended it."""
        return self.stopped is not None and self.stopped.kind is StopKind.INTERRUPTED

    @property
    def exit_code(self) -> int:
        """0: it conforms, and the run violates nothing; 1: it diverges, or the run violates something; 3: undecided, by
        the search or by the logs."""
        if self.interrupted:
            return INTERRUPTED
        if self.verdict is Conformance.DIVERGES:
            return EXIT_CODES[Verdict.VIOLATED]
        if self.verdict in (Conformance.UNKNOWN, Conformance.AMBIGUOUS):
            return EXIT_CODES[Verdict.UNKNOWN]
        if self.violates:
            return EXIT_CODES[Verdict.VIOLATED]
        broken = self.judged is not None and any(f.verdict is Verdict.VIOLATED for f in self.judged.findings)
        return EXIT_CODES[Verdict.VIOLATED if broken else Verdict.HOLDS]

    def __bool__(self) -> bool:
        """Only true if the logs conform, and the run that they tell violates no property."""
        return self.exit_code == 0

    def __repr__(self) -> str:
        return f"<ConformanceReport {self.protocol}: {counted(self.events, 'event')}: {self.verdict}>"
