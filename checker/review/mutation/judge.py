"""Judging mutants: each is searched like the protocol itself, and should change the verdict of a property."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.limits import Progress, deadline, memory_in_use, until
from planrace.checker.explain.model_data import declared
from planrace.checker.results.explanation import Declared
from planrace.checker.results.trace import Trace, TraceStep
from planrace.checker.results.verdict import EXIT_CODES, INTERRUPTED, Verdict
from planrace.checker.results.wording import counted
from planrace.checker.review.mutation.differs import same_steps
from planrace.checker.review.mutation.mutants import Mutant, mutants
from planrace.checker.review.mutation.starts import difference_of_starts
from planrace.checker.run.cluster_tasks import task_hosts
from planrace.checker.run.contract import Ability
from planrace.checker.run.departing import believed
from planrace.checker.run.options import CLUSTER, Options
from planrace.checker.run.registry import answers_of, engine_for
from planrace.checker.run.request import Selection, request_of, select_properties
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.initials import TooManyError
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, ModelError, System
from planrace.model.language.errors import known
from planrace.properties.kinds import Checkable, Invariant, Property, Reachability, Temporal


@dataclass(frozen=True)
class MutantDifference:
    """The first difference of a mutant: in the state after ``run``, only the protocol has the ``steps``, and only the
    mutant has the steps ``instead``."""

    run: Trace
    steps: tuple[TraceStep, ...]
    instead: tuple[TraceStep, ...]

    @property
    def after(self) -> int:
        return len(self.run.steps)


class MutantStatus(StrEnum):
    """What the properties say of a mutant."""

    KILLED = "killed"
    """Some verdict is another one."""
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    """It differs in no reachable state at this size, except in steps that change nothing."""
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class JudgedMutant:
    """The result for a mutant.

    ``by`` is the first property whose verdict changed, to ``verdict``, with a run of ``depth`` steps if there is one.
    ``by`` is "range" if a value of the mutant leaves its range, and "model" if it cannot begin; ``how`` says why.
    """

    mutant: Mutant
    status: MutantStatus
    by: str | None = None
    verdict: Verdict | None = None
    depth: int | None = None
    how: str = ""
    difference: MutantDifference | None = None


@dataclass(frozen=True)
class Mutation:
    """The results for all mutants of a protocol at one size."""

    protocol: str
    parameters: dict[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    verdicts: dict[str, Verdict]
    judged: tuple[JudgedMutant, ...]
    seconds: float
    interrupted: bool = False
    variables: tuple[Declared, ...] = ()
    at_most: Mapping[str, int | str] = field(default_factory=dict)
    """How often bounded faults may happen."""

    def of(self, status: MutantStatus) -> tuple[JudgedMutant, ...]:
        """The mutants of one status."""
        return tuple(j for j in self.judged if j.status == status)

    @property
    def score(self) -> float | None:
        """The share of killed mutants among all that are not equivalent (undecided ones included); None if there are
        none."""
        return self._share(len(self.of(MutantStatus.KILLED)))

    @property
    def best(self) -> float | None:
        """The score if all undecided mutants were killed."""
        return self._share(len(self.of(MutantStatus.KILLED)) + len(self.of(MutantStatus.UNDECIDED)))

    def exit_code(self, at_least: float | None = None) -> int:
        """1 if the score is below ``at_least`` per cent even if all undecided mutants were killed, or if no mutant
        differs, which shows nothing; 3 if it depends on undecided ones."""
        if self.interrupted:
            return INTERRUPTED
        undecided = EXIT_CODES[Verdict.UNKNOWN]
        wanted = 0.0 if at_least is None else at_least / 100
        if (0.0 if self.best is None else self.best) < wanted:
            return 1
        if at_least is None:
            return undecided if self.of(MutantStatus.UNDECIDED) else 0
        return undecided if self.score is not None and self.score < wanted else 0

    def _share(self, killed: int) -> float | None:
        different = len(self.judged) - len(self.of(MutantStatus.EQUIVALENT))
        return killed / different if different else None


class UndecidedMutationError(ModelError):
    """The protocol itself is undecided, so its mutants cannot be judged."""


def mutate(selection: Selection, actions: Sequence[str] = (), options: Options | None = None) -> Mutation:
    """Drop or weaken every guard, effect, outcome, action and protection in turn, and see which property detects it.

    ``actions`` restricts the mutants to these actions; by default all actions and the protections are mutated (not
    those of a ``System``). ``options`` bound each search; their ``time_limit`` bounds all searches together. Progress
    events name the mutant by its number. Raises ``ModelError``, also as ``UndecidedMutationError``.
    """
    # No variable is ignored: a variable on which nothing depends can leave its range, too.
    options = replace(options or Options(), slicing=False, normalise=None, ir=None, scenario=None, explain=False)
    cluster, options = options.cluster, _here(options)
    if Ability.EXHAUSTIVE not in engine_for(options).abilities:
        raise ModelError(f"mutants need a search; engine {options.engine} is none", remedy="use auto or native")
    system = selection.system
    unprotected = {} if isinstance(selection.subject, System) else {n: _drop(selection, n) for n in system.protections}
    for name in actions:
        known(name, system.actions, f"action of {system.name}")
    made = mutants(system, {} if actions else unprotected, selection.instance.parameters)
    wanted = tuple(m for m in made if not actions or m.subject in actions)
    with until(options.time_limit):
        return _Bench(selection.instance, options, cluster).judge(wanted)


def _here(options: Options) -> Options:
    """The options for the search of one mutant, which is a task as a whole where there is a cluster."""
    engine = Options.engine if options.engine == CLUSTER else options.engine
    return options if options.cluster is None else replace(options, cluster=None, engine=engine)


def _drop(selection: Selection, name: str) -> Callable[[], System]:
    """Makes the system without that protection."""
    return lambda: selection.system_with(selection.faults, (name,))


@dataclass(frozen=True)
class MutantsTask:
    """What all tasks have in common: the protocol itself, with the verdicts of its properties, and how to search."""

    instance: Instance
    options: Options
    before: dict[str, Verdict]


@dataclass(frozen=True)
class MutantRequest:
    """A mutant as ``Mutant`` has it, and its system, or why there is none."""

    kind: str
    subject: str
    change: str
    made: System | ModelError


def _unmade() -> System:
    raise NotImplementedError


NONE = Mutant("", "", "", None, _unmade)
"""In place of the mutant in what a task answers: how it is made cannot be sent."""


def judged_in_task(common: MutantsTask, request: MutantRequest) -> JudgedMutant:
    """The result for a mutant, in any process."""

    def make() -> System:
        if isinstance(request.made, ModelError):
            raise request.made
        return request.made

    mutant = Mutant(request.kind, request.subject, request.change, None, make)
    found = _Bench(common.instance, common.options)._judged(mutant, common.before)
    return replace(found, mutant=NONE)


class _Bench:
    """Searches the protocol once, then every mutant."""

    def __init__(self, instance: Instance, options: Options, cluster: str | None = None) -> None:
        self.instance = instance
        self.options = options
        self.cluster = cluster
        self.started = time.monotonic()
        names = options.properties
        self.properties: tuple[Property, ...] = tuple(
            select_properties(instance.system, names, Checkable | Temporal)[0]
        )
        self.interrupted = False
        self.task = ""

    def judge(self, wanted: Sequence[Mutant]) -> Mutation:
        """Search the protocol and its mutants, then find where the survivors differ."""
        found, why = self._verdicts(self.instance, {})
        if self.interrupted:
            return self._mutation(found, [])
        unknown = [n for n, (v, _) in found.items() if v is Verdict.UNKNOWN]
        if unknown:
            raise UndecidedMutationError(
                f"{self.instance.system.name}: {', '.join(unknown)}: undecided ({why}), so no mutant can be judged",
                remedy="raise the bound, choose smaller sizes, or select decided properties with --property",
            )
        before = {n: v for n, (v, _) in found.items()}
        judged = self._judged_here(wanted, before) if self.cluster is None else self._judged_elsewhere(wanted, before)
        return self._mutation(found, self._compared(judged))

    def _judged_here(self, wanted: Sequence[Mutant], before: Mapping[str, Verdict]) -> list[JudgedMutant]:
        judged = []
        for n, mutant in enumerate(wanted, start=1):
            self.task = f"mutant {n} of {len(wanted)}: "
            judged.append(self._judged(mutant, before))
        return judged

    def _judged_elsewhere(self, wanted: Sequence[Mutant], before: Mapping[str, Verdict]) -> list[JudgedMutant]:
        """The same on the cluster, a task for each mutant."""
        from planrace.checker.engines.cluster.tasks import run_all

        assert self.cluster is not None
        options = self.options
        with task_hosts(self.cluster, options.workers, options.max_memory) as hosts:
            alone = replace(
                options,
                max_memory=hosts.memory,
                workers=hosts.workers,
                listener=None,
                properties=tuple(p.name for p in self.properties),
            )

            def check(ended: int) -> None:
                if options.listener is not None:
                    seconds = time.monotonic() - self.started
                    task = f"{ended} of {counted(len(wanted), 'mutant')} judged by the cluster"
                    options.listener(Progress(task, 0, 0, 0, seconds, memory_in_use()))

            common = MutantsTask(self.instance, alone, dict(before))
            judged: list[JudgedMutant] = []
            found = run_all(
                judged_in_task,
                common,
                map(self._request, wanted),
                hosts,
                check=check,
                called=lambda r: f"mutant {r.subject}: {r.change}",
                lost=lambda _, why: JudgedMutant(NONE, MutantStatus.UNDECIDED, how=f"not decided: {why}"),
            )
            try:
                for mutant, j in zip(wanted, found, strict=True):
                    judged.append(replace(j, mutant=mutant))
            except KeyboardInterrupt:
                self.interrupted = True
        return judged + [self._judged(m, before) for m in wanted[len(judged) :]]

    @staticmethod
    def _request(mutant: Mutant) -> MutantRequest:
        """A mutant for another process: it is made here, for how it is made cannot be sent."""
        try:
            return MutantRequest(mutant.kind, mutant.subject, mutant.change, mutant.make())
        except ModelError as problem:
            return MutantRequest(mutant.kind, mutant.subject, mutant.change, problem)

    def _mutation(self, found: Mapping[str, tuple[Verdict, int | None]], judged: Sequence[JudgedMutant]) -> Mutation:
        system = self.instance.system
        return Mutation(
            system.name,
            dict([*self.instance.parameters.items(), *system.options]),
            system.faults,
            system.protections,
            {n: v for n, (v, _) in found.items()},
            tuple(judged),
            time.monotonic() - self.started,
            self.interrupted,
            declared(self.instance),
            self.instance.at_most,
        )

    def _verdicts(
        self, instance: Instance, before: Mapping[str, Verdict]
    ) -> tuple[dict[str, tuple[Verdict, int | None]], str]:
        """The verdict of every property with the length of its run, and why one is undecided, if one is. If all held
        ``before``, the search stops at the first violation."""
        first = bool(before) and set(before.values()) == {Verdict.HOLDS}
        early = not first or all(isinstance(p, Reachability) for p in self.properties)
        options = replace(
            self.options,
            fail_fast=first,
            exhaustive=self.options.exhaustive or (early and bool(before)),  # a value may leave its range late
            properties=(),
            listener=None if self.options.listener is None else self._hear,
        )
        declared = {p.name: p for p in instance.system.properties}
        asked = [declared[p.name] for p in self.properties]
        answers = self._ask(instance, asked, options)
        verdicts = [believed(a, instance.system) for a in answers]
        doubted = [a.property.name for a, v in zip(answers, verdicts, strict=True) if v is not a.verdict]
        if doubted and first and not self.interrupted:  # it ended the search, but decides nothing
            answers = self._ask(instance, asked, replace(options, fail_fast=False))
            verdicts = [believed(a, instance.system) for a in answers]
        depths = [None if a.recording is None else len(a.recording.moves) for a in answers]
        names = [a.property.name for a in answers]
        found = dict(zip(names, zip(verdicts, depths, strict=True), strict=True))
        if doubted:
            return found, f"{doubted[0]}: whether another choice would do is not decided"
        return found, next((a.how for a in answers if a.verdict is Verdict.UNKNOWN), "")

    def _ask(self, instance: Instance, properties: Sequence[Property], options: Options) -> Sequence[Answer]:
        found = answers_of(request_of(instance, properties, options))
        self.interrupted |= found.interrupted
        return found.answers

    def _hear(self, event: Progress) -> None:
        """Progress of a search, with the number of the mutant."""
        assert self.options.listener is not None
        self.options.listener(replace(event, task=self.task + event.task))

    def _judged(self, mutant: Mutant, before: Mapping[str, Verdict]) -> JudgedMutant:
        end = deadline()
        if self.interrupted:
            return JudgedMutant(mutant, MutantStatus.UNDECIDED, how="not tried")
        if end is not None and not end.left:
            return JudgedMutant(mutant, MutantStatus.UNDECIDED, how=f"not tried: {end.reason}")
        try:
            found, why = self._verdicts(replace(self.instance, system=mutant.make()), before)
        except RangeError as problem:
            return JudgedMutant(mutant, MutantStatus.KILLED, "range", how=str(problem))
        except ModelError as problem:  # no initial state is left, nothing can happen, or there are too many
            if mutant.kind != "start":
                raise
            if isinstance(problem, TooManyError):
                return JudgedMutant(mutant, MutantStatus.UNDECIDED, how=str(problem))
            return JudgedMutant(mutant, MutantStatus.KILLED, "model", how=str(problem))
        for name, (verdict, depth) in found.items():
            if verdict not in (before[name], Verdict.UNKNOWN):
                return JudgedMutant(mutant, MutantStatus.KILLED, name, verdict, depth)
        if any(v is Verdict.UNKNOWN for v, _ in found.values()):
            return JudgedMutant(mutant, MutantStatus.UNDECIDED, how=why)
        how = "every property has the same verdict without it" if mutant.kind == "fairness" else ""
        return JudgedMutant(mutant, MutantStatus.SURVIVED, how=how)

    # Survivors -----------------------------------------------------------------------------------------------------
    def _compared(self, judged: Sequence[JudgedMutant]) -> list[JudgedMutant]:
        """Survivors that never differ become "equivalent"; the others get their first difference. What is fair differs
        in no step."""
        survived = [(n, j) for n, j in enumerate(judged) if j.status is MutantStatus.SURVIVED]
        survivors = {str(n): j for n, j in survived if j.mutant.kind != "fairness"}
        same: dict[str, Invariant] = {}
        result = list(judged)
        for key, j in survivors.items():
            if j.mutant.kind == "start":
                how = difference_of_starts(self.instance, j.mutant.make())
                result[int(key)] = replace(j, how=how) if how else replace(j, status=MutantStatus.EQUIVALENT)
                continue
            term = same_steps(self.instance, j.mutant.make())
            if term is not None:
                same[key] = Invariant(key, term, "the mutant takes the same steps", where=None)
        answers: Sequence[Answer] = ()
        if same and not self.interrupted:
            options = replace(self.options, fail_fast=False, properties=())
            answers = self._ask(self.instance, list(same.values()), options)
        for a in answers:
            j = survivors[a.property.name]
            if a.verdict is Verdict.HOLDS:
                result[int(a.property.name)] = replace(j, status=MutantStatus.EQUIVALENT, how=a.how)
            elif a.recording is not None:
                result[int(a.property.name)] = replace(j, difference=self._difference(j.mutant, a.recording))
        return result

    def _difference(self, mutant: Mutant, recording: Recording) -> MutantDifference:
        state = recording.states[-1]
        other = Interpreter(replace(self.instance, system=mutant.make()))
        mine, theirs = _steps(recording.interpreter, state), _steps(other, state)
        gone = tuple(s for key, s in mine.items() if key not in theirs)
        new = tuple(s for key, s in theirs.items() if key not in mine)
        return MutantDifference(recording.trace(), gone, new)


def _steps(interpreter: Interpreter, state: State) -> dict[tuple[Any, ...], TraceStep]:
    """The enabled steps of a state, by action, parameters, outcome and the state after it."""
    describer = Describer(interpreter)
    return {
        (move.action.name, move.choice, move.outcome.name, after): describer.step(move, state, after)
        for move, after in interpreter.moves(state)
    }
