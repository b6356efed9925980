"""What a search still has to decide, and what it has decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from properties.kinds import Checkable, Property, Reachability

from ..answers import Answer, confirm_state, confirm_step, of_step, sought, verdict_met, verdict_never_met
from ..interpreter import RangeError
from ..replay import Recording
from ..vocabulary import Exploration, Verdict
from .coverage import Census
from .emit import Watch


class Questions:
    """The properties that a search still has to decide, as terms that its step function looks for, and the answers."""

    def __init__(self, properties: Sequence[Property], how: str, census: Census | None = None) -> None:
        self.census = census
        self.open: list[Property] = list(properties)
        self.answers: dict[str, Answer] = {}
        self._how = how

    @property
    def violated(self) -> bool:
        """Whether some answer is a violation."""
        return any(a.verdict is Verdict.VIOLATED for a in self.answers.values())

    @property
    def states(self) -> list[Checkable]:
        """Those that a state decides."""
        return [p for p in self.open if isinstance(p, Checkable) and not of_step(p)]

    @property
    def steps(self) -> list[Checkable]:
        """Those that a step decides."""
        return [p for p in self.open if isinstance(p, Checkable) and of_step(p)]

    def watch(self) -> Watch:
        """Terms that hold where an open property is decided, and what the census wants."""
        watch = Watch(tuple(sought(p) for p in self.states), tuple(sought(p) for p in self.steps))
        return watch if self.census is None else self.census.watching(watch)

    def settle(self, found: int, hits: Sequence[tuple[int, int]], run: Callable[[], Recording]) -> None:
        """Record what a state decides: ``found`` and ``hits`` as the step function gave them, ``run`` leads to it."""
        states, steps = self.states, self.steps
        if self.census is not None and found >> len(states) & 1 and self.census.stuck is None:
            self.census.stuck = run()
        for k, p in enumerate(states):
            if found >> k & 1:
                self._close(p, confirm_state(p, run()))
        for k, _ in hits:
            if steps[k].name not in self.answers:
                self._close(steps[k], confirm_step(steps[k], run()))

    def enough(self, *, fail_fast: bool, exhaustive: bool) -> str | None:
        """Why a search may end after a level, if it may."""
        if fail_fast and self.violated:
            return "the first violation was found"
        if not self.open and not exhaustive:
            return "every property has its verdict"
        return None

    def answer(self, p: Property, coverage: Exploration) -> Answer:
        """The answer for ``p`` after a search that came as far as ``coverage`` says."""
        known = self.answers.get(p.name)
        if known is not None:
            return known
        if not coverage.complete:
            return Answer(p, Verdict.UNKNOWN, f"not decided: {coverage.stopped}")
        how = f"complete search of {coverage.states} states"
        return Answer(p, verdict_never_met(p), f"never met in a {how}" if isinstance(p, Reachability) else how)

    def _close(self, p: Checkable, recording: Recording) -> None:
        self.answers[p.name] = Answer(p, verdict_met(p), self._how, recording)
        self.open = [q for q in self.open if q is not p]


def raise_range_error(recording: Recording, questions: Questions) -> None:
    """Let the interpreter say what is out of range in the last state of a run, and how that state is reached."""
    interpreter, state = recording.interpreter, recording.states[-1]
    try:
        for p in questions.states:
            interpreter.holds(sought(p), state)
        for move, after in interpreter.moves(state):
            for q in questions.steps:
                interpreter.holds(sought(q), state, after, move)
    except RangeError as problem:
        run = ", ".join(f"{m.action.name}({', '.join(map(str, m.choice))})" for m in recording.moves) or "no step"
        raise RangeError(f"{problem.what}, after {run}", where=problem.where, remedy=problem.remedy) from None
