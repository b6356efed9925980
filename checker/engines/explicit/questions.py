"""The properties that a search still has to decide, and the verdicts so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planrace.checker.engines.answer import (
    Answer,
    confirm_state,
    confirm_step,
    of_step,
    refuse_ranges_left,
    sought,
    verdict_met,
    verdict_never_met,
)
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording
from planrace.properties.kinds import Checkable, Property, Reachability


class Questions:
    """The properties that a search still has to decide, as terms that its step function looks for, and the answers.

    A breadth-first search looks for a property until the end of the level that decides it. So an evaluation error on
    that level is reported whatever the order of states within the level.
    """

    def __init__(self, properties: Sequence[Property], how: str, vacuity: VacuityCheck | None = None) -> None:
        self.vacuity = vacuity
        self.open: list[Property] = list(properties)
        self.answers: dict[str, Answer] = {}
        self.watched: tuple[list[Checkable], list[Checkable]] = [], []
        """The properties that the current step function looks for, about states and about steps."""
        self._how = how

    @property
    def violated(self) -> bool:
        """Whether some answer is a violation."""
        return any(a.verdict is Verdict.VIOLATED for a in self.answers.values())

    @property
    def states(self) -> list[Checkable]:
        """Open properties that states decide."""
        return [p for p in self.open if isinstance(p, Checkable) and not of_step(p)]

    @property
    def steps(self) -> list[Checkable]:
        """Open properties that steps decide."""
        return [p for p in self.open if isinstance(p, Checkable) and of_step(p)]

    def watch(self) -> Watch:
        """The terms that decide open properties, and those that the vacuity check needs."""
        self.watched = self.states, self.steps
        watch = Watch(tuple(map(sought, self.watched[0])), tuple(map(sought, self.watched[1])))
        return watch if self.vacuity is None else self.vacuity.watching(watch)

    def settle(self, found: int, hits: Sequence[tuple[int, int]], run: Callable[[], Recording]) -> None:
        """Record what a state decides: ``found`` and ``hits`` are the step function's results, ``run`` makes the run to
        the state."""
        states, steps = self.watched
        if self.vacuity is not None and found >> len(states) & 1 and self.vacuity.stuck is None:
            self.vacuity.stuck = run()
        for k, p in enumerate(states):
            if found >> k & 1 and p.name not in self.answers:
                self.close(p, confirm_state(p, run()))
        for k, _ in hits:
            if steps[k].name not in self.answers:
                self.close(steps[k], confirm_step(steps[k], run()))

    def stop_reason(self, *, fail_fast: bool, exhaustive: bool) -> StopReason | None:
        """Why a search may end after a level, if it may."""
        if fail_fast and self.violated:
            return StopReason(StopKind.DECIDED, "the first violation was found")
        if not self.open and not exhaustive:
            return StopReason(StopKind.DECIDED, "every property has its verdict")
        return None

    def answer(self, p: Property, coverage: Coverage) -> Answer:
        """The answer for ``p`` after a search with this ``coverage``."""
        known = self.answers.get(p.name)
        if known is not None:
            return known
        if not coverage.complete:
            return Answer(p, Verdict.UNKNOWN, f"not decided: {coverage.stopped}")
        how = f"complete search of {numbered(coverage.states, 'state')}"
        return Answer(p, verdict_never_met(p), f"never met in a {how}" if isinstance(p, Reachability) else how)

    def close(self, p: Checkable, recording: Recording) -> None:
        """Record that a run decides ``p``."""
        self.answers[p.name] = Answer(p, verdict_met(p), self._how, recording)
        self.open = [q for q in self.open if q is not p]


def raise_range_error(recording: Recording, questions: Questions) -> None:
    """Raise the interpreter's error for a value out of range in the last state of a run, with that run."""
    states, steps = ([(p, sought(p)) for p in some] for some in questions.watched)
    refuse_ranges_left(recording, states, steps, [] if questions.vacuity is None else [questions.vacuity.final])
