"""Traces; they are only ever made by replaying steps in the plain interpreter."""

from __future__ import annotations

from collections.abc import Iterable

from planrace.checker.results.trace import Trace
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter, Move, State

Pick = tuple[str, tuple[int, ...]]
"""An action's name and the values of its parameters."""


class ReplayError(Exception):
    """An engine reported a run that the interpreter does not accept: a bug in the checker, not in the protocol."""


class Recording:
    """A run as the interpreter replays it: ``states`` has one more member than ``moves``.

    It starts in ``start``, which need not be reachable; reports must say so then. Without it there must be exactly one
    initial state.
    """

    def __init__(self, interpreter: Interpreter, start: State | None = None) -> None:
        self.interpreter = interpreter
        self.states: list[State] = [interpreter.initial() if start is None else start]
        self.moves: list[Move] = []

    def take(self, action: str, choice: tuple[int, ...]) -> Move:
        """Perform the step; raises ``ReplayError`` if it is not enabled."""
        found = self.interpreter.perform(self.states[-1], self.interpreter.instance.system.actions[action], choice)
        if found is None:
            raise ReplayError(f"step {len(self.moves) + 1}, {action}{choice}, is not enabled in the interpreter")
        move, after = found
        self.moves.append(move)
        self.states.append(after)
        return move

    def trace(self, *, plain: bool = False) -> Trace:
        """The run as a trace for reports; ``plain``: without the author's words and observations."""
        describer = Describer(self.interpreter, plain=plain)
        steps = [describer.step(m, s, t) for m, s, t in zip(self.moves, self.states[:-1], self.states[1:], strict=True)]
        chosen = tuple(v.name for v in self.interpreter.instance.system.variables if v.initially is None)
        return Trace(describer.state(self.states[0]), tuple(steps), chosen=chosen)


def record(interpreter: Interpreter, picks: Iterable[Pick], start: State | None = None) -> Recording:
    """Replay ``picks`` from ``start``, or from the only initial state."""
    recording = Recording(interpreter, start)
    for action, choice in picks:
        recording.take(action, choice)
    return recording
