"""From what a search met to verdicts with replayed witnesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.language import Term
from properties.kinds import Invariant, Property, Reachability, StepInvariant

from ..interpreter import Interpreter, Move, RangeError, State
from ..layout import Layout
from ..replay import Recording, ReplayError
from ..vocabulary import Verdict
from .emit import Watch


@dataclass(frozen=True)
class Answer:
    """What an engine says of a property; ``recording`` is the replayed run that shows it."""

    property: Property
    verdict: Verdict
    how: str
    recording: Recording | None = None


class Questions:
    """The properties that a search still has to decide, as terms that its step function looks for, and the answers."""

    def __init__(self, properties: Sequence[Property], layout: Layout, how: str) -> None:
        self.open: list[Property] = list(properties)
        self.answers: dict[str, Answer] = {}
        self._layout = layout
        self._how = how

    @property
    def violated(self) -> bool:
        """Whether some answer is a violation."""
        return any(a.verdict is Verdict.VIOLATED for a in self.answers.values())

    @property
    def states(self) -> list[Invariant]:
        return [p for p in self.open if isinstance(p, Invariant)]

    @property
    def steps(self) -> list[StepInvariant | Reachability]:
        return [p for p in self.open if isinstance(p, StepInvariant | Reachability)]

    def watch(self) -> Watch:
        """Terms that hold where an open property is decided."""
        return Watch(tuple(~p.holds for p in self.states), tuple(sought(p) for p in self.steps))

    def settle(self, found: int, hits: Sequence[tuple[int, int]], run: Callable[[], Recording]) -> None:
        """Record what a state decides: ``found`` and ``hits`` as the step function gave them, ``run`` leads to it."""
        states, steps = self.states, self.steps
        for k, p in enumerate(states):
            if found >> k & 1:
                self._close(p, confirm_state(p, run()))
        for k, t in hits:
            if steps[k].name not in self.answers:
                self._close(steps[k], confirm_step(steps[k], run(), self._layout.decode(t)))

    def _close(self, p: Invariant | StepInvariant | Reachability, recording: Recording) -> None:
        verdict = Verdict.HOLDS if isinstance(p, Reachability) else Verdict.VIOLATED
        self.answers[p.name] = Answer(p, verdict, self._how, recording)
        self.open = [q for q in self.open if q is not p]


def sought(p: StepInvariant | Reachability) -> Term:
    """The step term that decides ``p`` when it holds."""
    return p.event if isinstance(p, Reachability) else ~p.holds


def retrace(interpreter: Interpreter, layout: Layout, path: Sequence[int]) -> Recording:
    """Replay packed states in the interpreter; ``path`` starts with the initial one."""
    recording = Recording(interpreter)
    if layout.encode(recording.states[0]) != path[0]:
        raise ReplayError("the run does not start in the initial state")
    for packed in path[1:]:
        target = layout.decode(packed)
        move = next((m for m, after in interpreter.moves(recording.states[-1]) if after == target), None)
        if move is None:
            raise ReplayError(f"no step leads to state {len(recording.states)} of the run")
        recording.take(move.action.name, move.choice)
    return recording


def confirm_state(p: Invariant, recording: Recording) -> Recording:
    """The last state violates ``p``, says the interpreter."""
    if recording.interpreter.holds(p.holds, recording.states[-1]):
        raise ReplayError(f"{p.name} holds in the state that is said to violate it")
    return recording


def confirm_step(p: StepInvariant | Reachability, recording: Recording, target: State) -> Recording:
    """Add the step to ``target`` that decides ``p``, says the interpreter."""
    interpreter, before = recording.interpreter, recording.states[-1]

    def decides(move: Move, after: State) -> bool:
        return after == target and interpreter.holds(sought(p), before, after, move)

    found = next((m for m, after in interpreter.moves(before) if decides(m, after)), None)
    if found is None:
        raise ReplayError(f"no step to the state found decides {p.name}")
    recording.take(found.action.name, found.choice)
    return recording


def raise_range_error(recording: Recording, questions: Questions) -> None:
    """Let the interpreter say what is out of range in the last state of a run, and how that state is reached."""
    interpreter, state = recording.interpreter, recording.states[-1]
    try:
        for p in questions.states:
            interpreter.holds(p.holds, state)
        for move, after in interpreter.moves(state):
            for q in questions.steps:
                interpreter.holds(sought(q), state, after, move)
    except RangeError as problem:
        run = ", ".join(f"{m.action.name}({', '.join(map(str, m.choice))})" for m in recording.moves) or "no step"
        raise RangeError(f"{problem.what}, after {run}", where=problem.where, remedy=problem.remedy) from None
