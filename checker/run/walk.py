"""A walk through a protocol by hand: one run, the steps that are enabled at its end, and undoing steps."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from planrace.checker.engines.answer import shows
from planrace.checker.results.trace import NOBODY, ShownState, Trace, TraceStep
from planrace.checker.run.call_site import public
from planrace.checker.semantics.describe import Describer, start_of
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.checker.semantics.replay import Pick, Recording, record
from planrace.model.language import Instance, Maybe, ModelError, SetOf
from planrace.model.language.subset_numbers import number_of
from planrace.properties.kinds import Invariant, StepInvariant

TRACE_SCHEMA = "planrace/trace/1"


class Walk:
    """One run through an instance; steps are added and undone at its end. ``seed`` is for random steps."""

    @public
    def __init__(self, instance: Instance, seed: int | None = None) -> None:
        self.instance = instance
        self.seed = random.SystemRandom().randrange(2**32) if seed is None else seed
        self._random = random.Random(self.seed)
        self._describer = Describer(Interpreter(instance))
        self._run = Recording(self._describer.interpreter, self._describer.interpreter.initials()[0])

    def __len__(self) -> int:
        return len(self._run.moves)

    @property
    def state(self) -> ShownState:
        """The state at the end of the run."""
        return self._describer.state(self._run.states[-1])

    @property
    def trace(self) -> Trace:
        """The run so far."""
        return self._run.trace()

    @property
    def enabled(self) -> list[TraceStep]:
        """The steps that are enabled, in the order of the protocol."""
        here = self._run.states[-1]
        return [self._describer.step(m, here, t) for m, t in self._moves()]

    def take(self, number: int) -> TraceStep:
        """Take an enabled step by its number, from 1. Raises ``IndexError``."""
        moves = self._moves()
        if not 1 <= number <= len(moves):
            raise IndexError(number)
        return self._taken(*moves[number - 1])

    def wander(self, steps: int) -> list[TraceStep]:
        """Take random steps; stop early in a state in which nothing is enabled."""
        taken: list[TraceStep] = []
        while len(taken) < steps and (moves := self._moves()):
            taken.append(self._taken(*self._random.choice(moves)))
        return taken

    def back(self, steps: int) -> None:
        """Undo the last ``steps`` steps, or all if the run is shorter."""
        self.cut(max(0, len(self) - steps))

    def cut(self, length: int) -> None:
        """Keep the first ``length`` steps and undo the others."""
        del self._run.moves[length:]
        del self._run.states[length + 1 :]

    @property
    def starts(self) -> int:
        """The number of initial states."""
        return len(self._describer.interpreter.initials())

    def begin(self, number: int) -> None:
        """Start again in an initial state by its number, from 1. Raises ``IndexError``."""
        if not 1 <= number <= self.starts:
            raise IndexError(number)
        self._run = Recording(self._describer.interpreter, self._describer.interpreter.initials()[number - 1])

    def replay(self, picks: Sequence[Pick], initial: ShownState) -> None:
        """Start again in this initial state with these steps. Raises ``ReplayError``."""
        interpreter = self._describer.interpreter
        self._run = record(interpreter, picks, start_of(interpreter, initial))

    @property
    def broken(self) -> list[str]:
        """The invariants that are false here, and the step invariants that the last step broke."""
        kinds = [p for p in self.instance.system.properties if isinstance(p, Invariant | StepInvariant)]
        return [p.name for p in kinds if shows(p, self._run)]

    @property
    def promised(self) -> list[str]:
        """The properties that can be judged during the walk."""
        return [p.name for p in self.instance.system.properties if isinstance(p, Invariant | StepInvariant)]

    def _moves(self) -> list[tuple[Move, State]]:
        return list(self._run.interpreter.moves(self._run.states[-1]))

    def _taken(self, move: Move, after: State) -> TraceStep:
        before = self._run.states[-1]
        self._run.moves.append(move)
        self._run.states.append(after)
        return self._describer.step(move, before, after)


def picks_of(instance: Instance, steps: Sequence[Mapping[str, Any]]) -> list[Pick]:
    """The picks for the steps of a JSON trace. Raises ``ModelError`` if the protocol lacks one of the actions."""
    found = []
    for n, s in enumerate(steps, 1):
        action = instance.system.actions.get(s["action"])
        if action is None or {str(p) for p in action.parameters} != set(s["parameters"]):
            raise ModelError(
                f"step {n}: {instance.system.name} has no action {s['action']} with these parameters",
                remedy="use the protocol that the trace was made with",
            )
        found.append((action.name, tuple(_raw(p.sort, s["parameters"][str(p)]) for p in action.parameters)))
    return found


def _raw(sort: Any, value: Any) -> int:
    """A shown parameter as the interpreter's number."""
    if isinstance(sort, SetOf):
        return number_of(sort, (_raw(sort.element, x) for x in value))
    if value == NOBODY and isinstance(sort, Maybe):
        return 0
    members = getattr(sort, "members", None)
    return int(members.index(value) if members is not None else value)
