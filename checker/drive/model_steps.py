"""The steps of the model, divided into those that the driver performs and those that the system may take by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.engines.limits import timed
from planrace.checker.results.wording import counted
from planrace.checker.semantics.describe import chosen_words
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Instance, ModelError

Free: TypeAlias = "list[tuple[Pick, State]]"


@dataclass(frozen=True)
class Successors:
    """The steps of a state: controlled ones by their pick, with outcome and next state; uncontrolled ones as a list."""

    controlled: dict[Pick, tuple[str | None, State]]
    free: Free


class ModelSteps:
    """Steps of an instance, by state; each state is interpreted once."""

    def __init__(self, instance: Instance, controlled: Collection[str]) -> None:
        """Raises ``ModelError`` if there is no initial state, or too many."""
        self.interpreter = Interpreter(instance)
        self.controlled = frozenset(controlled)
        self.alone = self.controlled >= set(instance.system.actions)
        """Whether the driver performs every action, so that the system takes no step by itself."""
        self.initials = self.interpreter.initials()
        self._of: dict[State, Successors] = {}
        self._closed: dict[State, tuple[State, ...]] = {}

    def of(self, state: State) -> Successors:
        """The steps of a state."""
        found = self._of.get(state)
        if found is None:
            found = self._of[state] = Successors({}, [])
            for move, after in self.interpreter.moves(state):
                pick = move.action.name, move.choice
                if pick[0] in self.controlled:
                    found.controlled[pick] = move.outcome.name, after
                else:
                    found.free.append((pick, after))
        return found

    def closed(self, state: State) -> tuple[State, ...]:
        """The state itself, and those that uncontrolled steps lead to, the nearest first."""
        if self.alone:
            return (state,)
        found = self._closed.get(state)
        if found is None:
            seen = {state: None}
            queue = [state]
            for s in timed(queue):
                for _, after in self.of(s).free:
                    if after not in seen:
                        seen[after] = None
                        queue.append(after)
            found = self._closed[state] = tuple(seen)
        return found

    def free_path(self, first: State, last: State) -> list[Pick] | None:
        """A shortest run of uncontrolled steps between two states; None if there is none."""
        before: dict[State, tuple[State, Pick] | None] = {first: None}
        queue = [first]
        for s in queue:
            for pick, after in self.of(s).free:
                if after not in before:
                    before[after] = s, pick
                    queue.append(after)
        if last not in before:
            return None
        picks: list[Pick] = []
        while (step := before[last]) is not None:
            last, pick = step
            picks.append(pick)
        return picks[::-1]

    def called(self, pick: Pick) -> str:
        """A step as a call: ``flip(1)``; without parameters its name."""
        return called(self.interpreter.instance, pick)


def called(instance: Instance, pick: Pick) -> str:
    """A step as a call: ``flip(1)``; without parameters its name. ``--run`` reads it."""
    action = instance.system.actions[pick[0]]
    values = [chosen_words(p.sort, v) for p, v in zip(action.parameters, pick[1], strict=True)]
    return f"{pick[0]}({','.join(values)})" if values else pick[0]


@dataclass(frozen=True)
class Arc:
    """A controlled step between two states, by their numbers."""

    source: int
    pick: Pick
    outcome: str | None
    target: int

    @property
    def label(self) -> tuple[str, str | None]:
        """Action and outcome."""
        return self.pick[0], self.outcome


@dataclass(frozen=True)
class ControlledGraph:
    """Every reachable state of the model (the first ``starts`` are the initial ones) and the controlled steps between
    them. ``arcs`` are those that controlled steps alone lead to; ``out`` are their numbers by source. ``elsewhere`` is
    the number of other controlled steps."""

    states: Sequence[State]
    number: dict[State, int]
    arcs: Sequence[Arc]
    out: Sequence[Sequence[int]]
    elsewhere: int
    starts: int = 1


class TooManyStatesError(ModelError):
    """The graph of an instance has more states than were allowed."""


def controlled_graph(steps: ModelSteps, most: int) -> ControlledGraph:
    """The graph of an instance. Raises ``TooManyStatesError`` if there are more than ``most`` states."""
    states = list(steps.initials)
    number = {s: n for n, s in enumerate(states)}
    arcs: list[Arc] = []
    for n, s in enumerate(timed(states, 64)):
        found = steps.of(s)
        for after in (*(t for _, t in found.controlled.values()), *(t for _, t in found.free)):
            if after not in number:
                if len(states) >= most:
                    raise TooManyStatesError(
                        f"the model has more than {counted(most, 'state')}, too many to cover",
                        remedy="take smaller sizes, a larger --max-states, or --schedule random, pct or unseen",
                    )
                number[after] = len(states)
                states.append(after)
        arcs += [Arc(n, pick, outcome, number[after]) for pick, (outcome, after) in found.controlled.items()]
    return _parted(states, number, arcs, len(steps.initials))


def _parted(states: list[State], number: dict[State, int], arcs: list[Arc], starts: int) -> ControlledGraph:
    """The graph, with the arcs that controlled steps alone lead to."""
    targets: list[list[int]] = [[] for _ in states]
    for a in arcs:
        targets[a.source].append(a.target)
    there, queue = set(range(starts)), list(range(starts))
    for n in queue:
        for t in targets[n]:
            if t not in there:
                there.add(t)
                queue.append(t)
    kept = [a for a in arcs if a.source in there]
    out: list[list[int]] = [[] for _ in states]
    for k, a in enumerate(kept):
        out[a.source].append(k)
    return ControlledGraph(states, number, kept, out, len(arcs) - len(kept), starts)
