"""Counterexamples on small instances, for properties that cannot be proved for all sizes.

Instances are searched completely, smallest first (by the sum of their sizes). A run that was found is also tried on
other systems: the interpreter says whether it is a run there and violates the property.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planrace.checker.engines.answer import Answer, shows
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import LimitGuard, Limits
from planrace.checker.results.report import Coverage
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Context, Interpreter
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language import Instance, ModelError, System, Term
from planrace.properties.kinds import Invariant, StepInvariant

STATES = 200_000
"""The largest number of states that the search for one counterexample may visit, over all instances together."""
INSTANCES = 100
"""The largest number of instances that it may visit."""


@dataclass(frozen=True)
class Refutation:
    """A replayed run of an instance that violates the property; ``error``: the model error in a step after it."""

    parameters: Mapping[str, int]
    recording: Recording
    error: str = ""


@dataclass(frozen=True)
class Covered:
    """How far an unsuccessful search for a counterexample came: the number of instances searched completely, and of
    their states; ``whole`` if there are no others."""

    instances: int
    states: int
    whole: bool = False


class Refuter:
    """Looks for counterexamples; reuses runs for other systems with the same variables.

    ``assuming``: terms over parameters that an instance must satisfy; ``fixed``: sizes that the user chose;
    ``limit_guard`` guards the limits of the whole run, which includes these searches.
    """

    def __init__(
        self,
        assuming: Sequence[Term] = (),
        fixed: Mapping[str, int] | None = None,
        *,
        limit_guard: LimitGuard | None = None,
    ) -> None:
        self.assuming = tuple(assuming)
        self.fixed = dict(fixed or {})
        self.limit_guard = limit_guard or LimitGuard("refuting", Limits())
        self._found: dict[str, list[Refutation]] = {}

    def refute(self, system: System, p: Invariant | StepInvariant) -> Refutation | Covered:
        """The shortest counterexample of the smallest instance that has one, or what was searched without success."""
        for known in self._found.get(p.name, []):
            again = self._again(system, p, known)
            if again is not None:
                return again
        found = self._search(system, p)
        if isinstance(found, Refutation):
            self._found.setdefault(p.name, []).append(found)
        return found

    @property
    def spent(self) -> bool:
        """Whether the time limit of the run was reached."""
        return self.limit_guard.seconds_left == 0.0

    @property
    def stopped(self) -> str | None:
        """The reason in words, if it was."""
        end = self.limit_guard.deadline
        return end.reason if end is not None and self.spent else None

    def _search(self, system: System, p: Invariant | StepInvariant) -> Refutation | Covered:
        tried = instances = states = 0
        for tried, instance in enumerate(self.instances(system), 1):
            if tried > INSTANCES or states >= STATES or self.spent:
                return Covered(instances, states)
            answer, covered = self._look(instance, p, STATES - states)
            if answer.verdict is Verdict.VIOLATED and answer.recording is not None:
                return Refutation(instance.parameters, answer.recording)
            states += covered.states
            instances += covered.complete
        return Covered(instances, states, whole=instances == tried > 0)

    def _look(self, instance: Instance, p: Invariant | StepInvariant, states: int) -> tuple[Answer, Coverage]:
        """Search one instance; raises ``ModelError``, with the instance's sizes, if a reachable step is a model
        error."""
        limits = Limits(states=states, seconds=self.limit_guard.seconds_left, memory=self.limit_guard.limits.memory)
        search = Search(instance, [p], limits=limits, listener=self.limit_guard.listener)
        try:
            (answer,), covered = search.run()
        except ModelError as problem:
            sizes = ", ".join(f"{n}={v}" for n, v in instance.parameters.items())
            message = f"{problem.what}, at {sizes}" if sizes else problem.what
            raise ModelError(message, where=problem.where, remedy=problem.remedy) from problem
        if search.interrupted:
            raise KeyboardInterrupt
        return answer, covered

    def instances(self, system: System) -> Iterator[Instance]:
        """Instances that satisfy the assumptions, by growing size; those of known counterexamples first."""
        seen = set()
        for known in sorted(self._sizes_found(), key=lambda sizes: sum(v for _, v in sizes)):
            seen.add(known)
            yield system.instance(**dict(known))
        free = [p for p in system.parameters if p.name not in self.fixed]
        room = [p.high - p.low for p in free]
        for total in range(sum(room) + 1):
            for extra in _splits(total, room):
                sizes = {**self.fixed, **{p.name: p.low + x for p, x in zip(free, extra, strict=True)}}
                instance = system.sized(**sizes)
                if tuple(instance.parameters.items()) not in seen and self.allowed(instance):
                    yield instance.checked()

    def _sizes_found(self) -> set[tuple[tuple[str, int], ...]]:
        return {tuple(r.parameters.items()) for found in self._found.values() for r in found}

    def allowed(self, instance: Instance) -> bool:
        """Whether the sizes satisfy the assumptions."""
        interpreter = Interpreter(instance)
        return all(interpreter.evaluate(term, Context({}, ())) for term in self.assuming)

    def _again(self, system: System, p: Invariant | StepInvariant, known: Refutation) -> Refutation | None:
        """The run of ``known`` in ``system``, cut at its first violation, if it is a counterexample there too."""
        interpreter = Interpreter(system.instance(**known.parameters))
        try:
            picks = ((m.action.name, m.choice) for m in known.recording.moves)
            start = known.recording.states[0]
            if not interpreter.starting.includes(start):
                return None
            recording = record(interpreter, picks, start)
        except (ReplayError, KeyError, ModelError):
            return None
        return Refutation(known.parameters, recording) if shows(p, recording) else None


def _splits(total: int, room: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every way to hand out ``total`` so that no place gets more than its ``room``."""
    if not room:
        if total == 0:
            yield ()
        return
    for here in range(min(total, room[0]) + 1):
        for rest in _splits(total - here, room[1:]):
            yield (here, *rest)
