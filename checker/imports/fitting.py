"""Finds the steps of a protocol that a foreign run tells, with the plain interpreter.

All states that fit the run so far are kept, layer by layer, each with one step that leads to it. A text that names
states, or actions with their parameters, leaves one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from planrace.checker.engines.limits import timed
from planrace.checker.imports.foreign import ForeignRun, ForeignStep
from planrace.checker.results.trace import Shown, ShownState
from planrace.checker.semantics.describe import Describer, shown_parameter
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.checker.semantics.replay import Pick, Recording
from planrace.model.language import Instance, ModelError

WIDTH = 10_000
"""The most states of a layer."""
Node: TypeAlias = "tuple[State, State | None]"
"""A state, and the one in which the loop of its run began, once it has begun."""
REMEDY = "import it with the sizes, faults and protections that the model was exported with"


def fit(instance: Instance, run: ForeignRun) -> Recording:
    """The run of the protocol, replayed by the interpreter. Raises ``ModelError``, which names the first step that does
    not fit."""
    return _Fitting(instance, run).recording()


class _Fitting:
    def __init__(self, instance: Instance, run: ForeignRun) -> None:
        self.run = run
        self.interpreter = Interpreter(instance)
        self.describer = Describer(self.interpreter)
        self.instance = instance

    def recording(self) -> Recording:
        layers = self._layers()
        last = [n for n in layers[-1] if self.run.loop is None or n[0] == n[1]]
        if not last:
            raise self._error(f"does not return to the state after step {self.run.loop}")
        node, picks = last[0], []
        for layer in reversed(layers[1:]):
            node, pick = layer[node]
            if pick is not None:
                picks.append(pick)
        recording = Recording(self.interpreter, node[0])
        for name, choice in reversed(picks):
            recording.take(name, choice)
        return recording

    def _layers(self) -> list[dict[Node, tuple[Node, Pick | None]]]:
        """For the beginning and each step the nodes that fit, each with the one before it and the step."""
        starts = [s for s in self.interpreter.initials() if self._agrees(s, self.run.initial)]
        if not starts:
            told = self._difference(self.interpreter.initials()[0], self.run.initial)
            raise self._error(f"begins in no initial state of {self.instance.system.name}: {told}")
        first: dict[Node, tuple[Node, Pick | None]] = {}
        for s in starts:
            node = (s, s if self.run.loop == 0 else None)
            first[node] = (node, None)
        layers = [first]
        for n, step in timed(enumerate(self.run.steps, 1), 16):
            layer: dict[Node, tuple[Node, Pick | None]] = {}
            for node in layers[-1]:
                for pick, after in self._after(node[0], step):
                    layer.setdefault((after, after if n == self.run.loop else node[1]), (node, pick))
            if not layer:
                raise self._error(f"has no step {n} of {self.instance.system.name}", n, next(iter(layers[-1]))[0])
            if len(layer) > WIDTH:
                raise self._error(f"tells too little: more than {WIDTH:,} states fit step {n}")
            layers.append(layer)
        return layers

    def _after(self, state: State, step: ForeignStep) -> Iterator[tuple[Pick | None, State]]:
        if step.stutter:
            if self._agrees(state, step.state):
                yield None, state
            return
        for move, after in self._moves(state, step):
            if self._agrees(after, step.state):
                yield (move.action.name, move.choice), after

    def _moves(self, state: State, step: ForeignStep) -> Iterator[tuple[Move, State]]:
        """The enabled steps with the action, the parameters and the outcome of a foreign step."""
        if step.action is None:
            found = self.interpreter.moves(state)
        else:
            action = self.instance.system.actions.get(step.action)
            found = iter(()) if action is None else self.interpreter.moves_of(state, action)
        for move, after in found:
            given = {
                str(p): shown_parameter(p.sort, v) for p, v in zip(move.action.parameters, move.choice, strict=True)
            }
            named = all(name in given and given[name] == value for name, value in step.parameters.items())
            if named and step.outcome in (None, move.outcome.name):
                yield move, after

    def _agrees(self, state: State, told: ShownState) -> bool:
        return not told or self._different(state, told) is None

    def _different(self, state: State, told: ShownState) -> tuple[str, Shown | None, Shown] | None:
        """The first variable that has another value in a state than a text tells: its name and both values."""
        here = self.describer.state(state)
        return next(((n, here.get(n), value) for n, value in told.items() if here.get(n) != value), None)

    def _difference(self, state: State, told: ShownState) -> str:
        found = self._different(state, told)
        assert found is not None
        name, ours, theirs = found
        if name not in self.describer.state(state):
            return f"it has a variable {name}, which the protocol lacks"
        return f"{name} is {_value(theirs)} there, and {_value(ours)} in the protocol"

    def _error(self, what: str, number: int | None = None, state: State | None = None) -> ModelError:
        """The error that the run does not fit; ``number`` and ``state`` are those of a step that the protocol lacks."""
        if number is None or state is None:
            return ModelError(f"{self.run.source} {what}", remedy=REMEDY)
        step = self.run.steps[number - 1]
        if step.stutter:
            why = f"nothing happens there, but {self._difference(state, step.state)}"
        elif step.action is not None and step.action not in self.instance.system.actions:
            why = f"there is no action {step.action}"
        else:
            moves = list(self._moves(state, step))
            why = f"{_called(step)} is not enabled there" if step.action is not None else "nothing is enabled there"
            if len(moves) == 1:
                move, after = moves[0]
                why = f"after {move.action.name}, {self._difference(after, step.state)}"
            elif moves:
                why = f"{_called(step) if step.action is not None else 'every step'} leads to another state"
        return ModelError(f"{self.run.source}, {step.place}: step {number} does not fit: {why}", remedy=REMEDY)


def _called(step: ForeignStep) -> str:
    """The step as a call."""
    given = ", ".join(f"{name}={_value(value)}" for name, value in step.parameters.items())
    return f"{step.action}({given})" if given else str(step.action)


def _value(value: Shown | None) -> str:
    return "[" + ", ".join(map(_value, value)) + "]" if isinstance(value, list) else str(value)
