"""Counterexamples that differ in their causes.

For each action and outcome that can violate the property, all shortest runs that end with it are examined, and one run
is kept for each set of racing pairs. Of runs that differ only in the order of independent neighbouring steps, only the
one with these steps in the order of their processes is examined (as in partial-order reduction by sleep sets,
Godefroid, LNCS 1032, 1996, chapter 5). Two races are the same if their actions, outcomes and variables are; which
members take part does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.engines.answer import shows
from planrace.checker.engines.explicit.layers import Layers, Onward
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.limits import look_at_the_clock, timed, until
from planrace.checker.explain.causes import conflicts
from planrace.checker.explain.dependencies import Touched, touched
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.explain.least_delay import Seek
from planrace.checker.results.explanation import Causes, Race
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Move
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, primed, taken
from planrace.properties.kinds import Invariant, StepInvariant

RUNS, SECONDS = 3_000, 30.0
"""The most runs that are examined, and the most time for it."""

Signature: TypeAlias = "frozenset[tuple[object, ...]]"


@dataclass(frozen=True)
class _Way:
    """A step of some shortest run, to the packed state ``to``."""

    move: Move
    who: str
    touched: Touched
    to: int


@dataclass(frozen=True)
class Different:
    """Counterexamples with different causes; ``how`` says which runs were examined."""

    runs: tuple[tuple[Recording, Causes], ...]
    how: str


def different(instance: Instance, p: Invariant | StepInvariant, seek: Seek) -> Different:
    """For each action and outcome that can violate ``p``, the shortest counterexamples that differ in their races.

    ``seek`` must not stop at the first violation. If the time is up, the answer has the runs found so far and says so.
    """
    looking = _Looking(instance, p)
    try:
        with until(SECONDS, "time for different causes"):
            how = looking.look(seek)
    except TimeUpError as problem:
        how = f"the first {numbered(looking.looked, 'run')}: {problem}"
    return Different(tuple(looking.found.values()), how)


class _Looking:
    """What was found and examined so far."""

    def __init__(self, instance: Instance, p: Invariant | StepInvariant) -> None:
        self.instance = instance
        self.property = p
        self.found: dict[Signature, tuple[Recording, Causes]] = {}
        self.looked = 0
        self._explainer = Explainer(instance, ExplanationOptions())

    def look(self, seek: Seek) -> str:
        """Examine all runs; the result says which. Raises ``TimeUpError``."""
        kernel, p = Kernel(self.instance), self.property
        endings = {e.name: e for e in _endings(self.instance, p)}
        first, whole = seek(self.instance, list(endings.values()))
        onward = Onward(kernel)
        for end in sorted(first, key=lambda r: len(r.moves)):
            layers = onward.violating(endings[_ending(end)], len(end.moves))
            for run in [end] if layers is None else _Walk(kernel, layers).runs():
                if self.looked >= RUNS:
                    return f"the first {numbered(self.looked, 'run')}"
                self._look_at(run)
            whole = whole and layers is not None
        each = "all shortest runs" if whole else "some shortest runs"
        return f"{each} to {_each(len(first))}, {self.looked} up to the order of independent steps"

    def _look_at(self, run: Recording) -> None:
        look_at_the_clock()
        self.looked += 1
        why = self._explainer.causes(run, self.property) if shows(self.property, run) else None
        if why is not None:
            self.found.setdefault(_signature(run, why), (run, why))


def _endings(instance: Instance, p: Invariant | StepInvariant) -> Iterator[StepInvariant]:
    """One property for each action and outcome: no step with them is the one that violates ``p``."""
    breaks = ~p.holds if isinstance(p, StepInvariant) else p.holds & ~primed(p.holds)
    for a in instance.system.actions.values():
        for o in a.outcome_names or (None,):
            yield StepInvariant(_called(a.name, o), ~(taken(a.name, outcome=o) & breaks), p.meaning)


def _ending(run: Recording) -> str:
    return _called(run.moves[-1].action.name, run.moves[-1].outcome.name)


def _called(action: str, outcome: str | None) -> str:
    return action if outcome is None else f"{action} {outcome}"


class _Walk:
    """The runs through layers of states."""

    def __init__(self, kernel: Kernel, layers: Layers) -> None:
        self.kernel = kernel
        self.layers = layers
        self._ways: dict[tuple[int, int], list[_Way]] = {}

    def runs(self) -> Iterator[Recording]:
        """Every run in which independent neighbouring steps are in the order of their processes."""
        for start in self.kernel.initials:
            for path in self._paths(start, 0, None) if start in self.layers[0] else ():
                run = Recording(self.kernel.interpreter, self.kernel.layout.decode(start))
                for way in path:
                    run.take(way.move.action.name, way.move.choice)
                yield run

    def _paths(self, s: int, depth: int, before: _Way | None) -> Iterator[tuple[_Way, ...]]:
        if depth == len(self.layers) - 1:
            yield ()
            return
        for way in timed(self._onward(s, depth), 1):
            if before is None or before.who <= way.who or conflicts(before.touched, way.touched):
                yield from ((way, *rest) for rest in self._paths(way.to, depth + 1, way))

    def _onward(self, s: int, depth: int) -> list[_Way]:
        if (s, depth) not in self._ways:
            interpreter, layout = self.kernel.interpreter, self.kernel.layout
            state = layout.decode(s)
            steps = ((m, layout.encode(after)) for m, after in interpreter.moves(state))
            self._ways[s, depth] = [
                _Way(m, performer(m), touched(interpreter, state, m), t) for m, t in steps if t in self.layers[depth][s]
            ]
        return self._ways[s, depth]


def _signature(run: Recording, why: Causes) -> Signature:
    """The races of a run, without the members that take part."""
    return frozenset(_alike(run, r) for r in why.races)


def _alike(run: Recording, race: Race) -> tuple[object, ...]:
    first, second = (run.moves[n - 1] for n in (race.first, race.second))
    variables = frozenset(p.partition("[")[0] for p in race.places)
    return first.action.name, first.outcome.name, second.action.name, second.outcome.name, variables


def _each(ends: int) -> str:
    return "the only possible last step" if ends == 1 else f"each of {ends} possible last steps"
