"""What driving a system along its model has found: how much was performed, and where the code and the model differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from planrace.checker.results.explanation import Declared
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.trace import Source, Trace
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict


class Criterion(StrEnum):
    """What runs have to cover together. ``GIVEN``: one run that the user names."""

    TRANSITIONS = "transitions"
    OUTCOMES = "outcomes"
    PAIRS = "pairs"
    RUNS = "runs"
    GIVEN = "given"


class ScheduleKind(StrEnum):
    """Who chooses the next step: a tour that is computed before; chance; random priorities that change a few times
    (PCT); or whatever was taken least often from the present state."""

    TOUR = "tour"
    RANDOM = "random"
    PCT = "pct"
    UNSEEN = "unseen"


class PlanMethod(StrEnum):
    """How the runs were chosen: the cheapest tour (a postman's); a tour that may not be the cheapest; always the
    nearest step that is still missing; every run from its beginning; as the user gives it; by a schedule."""

    POSTMAN = "postman"
    TOUR = "tour"
    NEAREST = "nearest"
    TREE = "tree"
    GIVEN = "given"
    RANDOM = "random"
    PCT = "pct"
    UNSEEN = "unseen"


class DivergenceKind(StrEnum):
    """How the code and the model differ."""

    REFUSED = "refused"
    """The model allows a step, and the code refuses it."""
    ACCEPTED = "accepted"
    """The model refuses a step, and the code accepts it."""
    RAISED = "raised"
    """The code raises an exception."""
    STUCK = "stuck"
    """A worker does not reach its next point: a deadlock, a loop, or something that takes too long."""
    LOST = "lost"
    """The process of a worker ended in the middle of the step."""
    OUTCOME = "outcome"
    OBSERVATION = "observation"
    ENABLED = "enabled"
    """The steps that the code offers are not those that are enabled in the model."""


class MissReason(StrEnum):
    """Why something was not performed."""

    STOPPED = "stopped"
    """A divergence, a budget or an interruption ended the run before."""
    UNSURE = "unsure"
    """The system took other steps, or the observation allows several states of the model."""
    ELSEWHERE = "elsewhere"
    """Only steps that the driver does not perform lead there."""
    REFUSED = "refused"
    """Both the model and the code refuse the step of the given run."""


@dataclass(frozen=True)
class PlaceMismatch:
    """A place of the state, its value in the model and the value that the driver observed, as text."""

    place: str
    expected: str
    observed: str


@dataclass(frozen=True)
class SystemAnswer:
    """What a user of the system gets: what is asked, such as a command, and the answer, of one or more lines."""

    asked: str
    answer: str


@dataclass(frozen=True)
class Divergence:
    """The first difference between the code and the model, after the shortest run that was found for it.

    ``trace`` is the run in the model; it ends with ``called``, the step that differs, if the model allows that step.
    ``model`` and ``code`` are what the two do there, as the ends of sentences. ``run`` names the steps as ``--run``
    reads them, and ``repeat`` is the command (or call) that performs them again. ``found_after`` is the number of steps
    of the run that was shortened. ``repeated``: it happened again after a reset. ``minimal``: no step can be left out.
    ``answers`` are what users of the system got after the run, if the driver shows it. ``start`` is the number of the
    initial state, from 1, if there are several.
    """

    kind: DivergenceKind
    called: str
    model: str
    code: str
    trace: Trace
    run: str
    repeat: str
    found_after: int
    repeated: bool = True
    minimal: bool = True
    mismatches: tuple[PlaceMismatch, ...] = ()
    answers: tuple[SystemAnswer, ...] = ()
    start: int | None = None


@dataclass(frozen=True)
class OutcomeShare:
    """How many transitions with this action and outcome there are, and how many were performed."""

    action: str
    outcome: str | None
    performed: int
    total: int


@dataclass(frozen=True)
class DriverSummary:
    """What a driver can do. ``uncontrolled`` are actions that it has no method for, ``unobserved`` variables that it
    never observes, ``partly`` those of which it observes some members, ``refusing`` the actions whose refusals are
    tried. ``unnamed`` are actions with several outcomes that were performed, and of which it never named one."""

    name: str
    controlled: tuple[str, ...] = ()
    uncontrolled: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    refusing: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()


@dataclass(frozen=True)
class DrivenSystem:
    """The request that both reports about drivers answer: a protocol at one size, and a driver. ``sources`` are the
    lines of the driver's methods, by action."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    driver: DriverSummary
    variables: tuple[Declared, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    at_most: Mapping[str, int | str] = field(default_factory=dict)
    """How often bounded faults may happen."""
    auxiliary: tuple[str, ...] = ()
    """Variables that no code has: counters of faults, and what says that an inserted step is pending."""


@dataclass(frozen=True)
class CoverReport:
    """What was covered. ``total`` counts what the driver can control, ``performed`` what of it was performed;
    ``missed`` says why the rest was not. Without ``graph_known`` nobody has counted the whole: ``total`` is 0,
    ``performed`` counts different transitions, and ``states`` those that were met. ``length`` is the most steps of a
    run, and ``depth`` that of the schedule PCT. ``seconds`` is wall time: ``planning_seconds`` before the first step,
    ``driver_seconds`` in the driver. ``at_least`` is the share asked for, in per cent. ``compared`` counts the
    observed variables, outcomes, offered steps and refusals that were compared with the model. ``untried`` are the
    actions whose refusals were not tried, unless one run was given. Of ``starts_total`` initial states runs began in
    ``starts``."""

    system: DrivenSystem
    criterion: Criterion
    method: PlanMethod
    length: int | None
    states: int
    total: int
    performed: int
    missed: tuple[tuple[MissReason, int], ...]
    shares: tuple[OutcomeShare, ...]
    resets: int
    steps: int
    compared: int
    refusals: int
    refusals_total: int
    seconds: float
    planning_seconds: float
    driver_seconds: float
    seed: int
    at_least: float = 100.0
    divergence: Divergence | None = None
    stopped: StopReason | None = None
    graph_known: bool = True
    depth: int | None = None
    untried: tuple[str, ...] = ()
    starts: int = 1
    starts_total: int = 1

    @property
    def share(self) -> float:
        """The share that was performed, in per cent; 0 if there is nothing that the driver can control."""
        return 100.0 * self.performed / self.total if self.total else 0.0

    @property
    def beside_seconds(self) -> float:
        """The time that steps took beside the driver: to choose, to observe and to compare."""
        return max(0.0, self.seconds - self.planning_seconds - self.driver_seconds)

    @property
    def enough(self) -> bool:
        """Whether the share asked for was performed. Where there is nothing to perform, nothing is enough. Steps of a
        given run that both refuse are answered as well as those that both take. Transitions, pairs and runs are those
        of every initial state, so the share is also that of initial states in which a run began."""
        answered = self.performed + dict(self.missed).get(MissReason.REFUSED, 0)
        every = self.criterion not in (Criterion.OUTCOMES, Criterion.GIVEN)
        begun = not every or 100.0 * self.starts / self.starts_total >= self.at_least
        return begun and self.total > 0 and 100.0 * answered / self.total >= self.at_least

    @property
    def interrupted(self) -> bool:
        """Whether the user ended it."""
        return self.stopped is not None and self.stopped.kind is StopKind.INTERRUPTED

    @property
    def verdict(self) -> Verdict:
        """Violated by a divergence; holds if the share asked for was performed without one, and something was compared;
        otherwise unknown."""
        if self.divergence is not None:
            return Verdict.VIOLATED
        return Verdict.HOLDS if self.enough and self.compared and not self.interrupted else Verdict.UNKNOWN

    @property
    def exit_code(self) -> int:
        """The exit code of ``check cover``."""
        return INTERRUPTED if self.interrupted and self.divergence is None else EXIT_CODES[self.verdict]

    def __bool__(self) -> bool:
        """Only true if enough was performed without a divergence."""
        return bool(self.verdict)

    def __repr__(self) -> str:
        return (
            f"<CoverReport {self.system.protocol}: {self.performed} of {self.total} {self.criterion}: {self.verdict}>"
        )


class ReplayEnd(StrEnum):
    """How the replay of a run ended."""

    FOLLOWED = "followed"
    """The system took every step of the run."""
    LEFT = "left"
    """The system did something else than the run."""
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class FurtherSteps:
    """Steps that go on from the end of a run: the last ``many`` of the trace. ``end``, ``step`` (counted from the
    beginning of the run) and ``why`` are as in ``ReplayReport``."""

    many: int
    end: ReplayEnd
    step: int
    why: str


@dataclass(frozen=True)
class ReplayReport:
    """A run of the model that was performed on a system. ``step`` is the number of the last step that was attempted,
    from 1, where a loop is counted as often as it was performed; 0: the state after the reset differs already.
    ``why`` ends the sentence "the system …". ``trace`` is the run in the model, ``name`` that of its property.
    ``further`` are steps after the run that were asked for; the system may leave them without leaving the run."""

    system: DrivenSystem
    name: str
    trace: Trace
    end: ReplayEnd
    step: int
    why: str
    loops: int
    seconds: float
    observed: tuple[tuple[str, ...], ...] = ()
    """For each step that was performed, the places that the driver observed to change, as text."""
    answers: tuple[tuple[SystemAnswer, ...], ...] = ()
    """What users got after the reset, and after each step that was attempted: only what was new, or, where the system
    left the run, all that differs from the reset. Empty if the driver does not show it."""
    mismatches: tuple[PlaceMismatch, ...] = ()
    further: FurtherSteps | None = None

    @property
    def last_step(self) -> int:
        """The last step that was attempted, further ones included."""
        return self.step if self.further is None else self.further.step

    @property
    def exit_code(self) -> int:
        """The exit code of ``check replay``: 1 if the system follows the run, 0 if it leaves it, 3 if undecided."""
        return {ReplayEnd.FOLLOWED: 1, ReplayEnd.LEFT: 0, ReplayEnd.UNDECIDED: 3}[self.end]

    def __repr__(self) -> str:
        return f"<ReplayReport {self.system.protocol}, {self.name}: {self.end} at step {self.step}>"
