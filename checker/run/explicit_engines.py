"""Engines that search every reachable state, and then decide temporal properties on the state graph."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.search import Search
from planrace.checker.results.guard import INTERRUPTED, TimeUpError
from planrace.checker.results.report import WITHOUT_FAULTS, ModelWarning
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import joined
from planrace.checker.run.contract import Abilities, Ability, Answers, Engine
from planrace.checker.run.each_member import alike, known_by_symmetry, of_all, single
from planrace.checker.run.options import Options
from planrace.checker.run.request import Request
from planrace.checker.run.strategies import (
    Searched,
    SearchTask,
    Strategy,
    adaptive,
    in_machine_code,
    in_python,
    resumable,
    symmetric,
)
from planrace.checker.semantics.normal_form import normal_form
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Checkable, Liveness, Property, Recoverability, Temporal
from planrace.properties.members import members

SEARCH = (Ability.SYMMETRY, Ability.NORMAL_FORM, Ability.EXHAUSTIVE, Ability.SCENARIO)
"""Abilities of every explicit search."""
CODE = (Ability.MACHINE_CODE, Ability.RUNS, Ability.CHECKPOINTS)
"""Further ones of those in machine code."""


class _Explicit(Engine):
    @abstractmethod
    def strategy(self, options: Options) -> Strategy:
        """The strategy that each search uses."""

    def answer(self, request: Request) -> Answers:
        return searched(self.strategy(request.options), request)


class Adaptive(_Explicit):
    name = "auto"
    summary = "explicit search that changes to machine code when it is large"
    abilities = Abilities(Checkable | Temporal, *SEARCH, *CODE)

    def strategy(self, options: Options) -> Strategy:
        """With ``--dump-ir`` or checkpoints, machine code is used from the start."""
        if options.saves:
            return resumable
        return adaptive if options.ir is None else in_machine_code


class InPython(_Explicit):
    name = "explicit"
    summary = "complete breadth-first search of a finite instance; shortest counterexamples"
    abilities = Abilities(Checkable | Temporal, *SEARCH)

    def strategy(self, options: Options) -> Strategy:
        return in_python


class InMachineCode(_Explicit):
    name = "native"
    summary = "the same in machine code, on all cores"
    abilities = Adaptive.abilities

    def strategy(self, options: Options) -> Strategy:
        return in_machine_code


def searched(strategy: Strategy, request: Request) -> Answers:
    """The answers of explicit search.

    Liveness is decided without symmetry reduction and normal form, and often without faults, so it needs searches of
    its own; if no other properties are checked, the first of them is the main search. With ``--symmetry``, what holds
    for a member holds for those that are interchangeable with it.
    """
    instance, options = request.instance, request.options
    if options.spill is not None:
        _check_folder(options.spill)
    if options.symmetry and not symmetric(instance):
        raise ModelError(f"{instance.system.name} declares no symmetric index", remedy="leave out --symmetry")
    asked = request.of(Liveness)
    live = single(instance, asked)
    same = alike(instance) if options.symmetry else {}
    main = [p for p in request.properties if not isinstance(p, Liveness)]
    if options.saves and not main:
        raise ModelError(
            "searches for liveness have no checkpoints, and nothing else is asked",
            remedy="leave out --checkpoint and --resume",
        )
    if options.normalise is not None:
        _check_normal(instance, options.normalise, main)
    found = _explore(strategy, SearchTask(instance, main, options)) if main or not live else None
    answers: list[Answer] = []
    if found is not None:
        answers = [*found.answers, *(_answered(p, found, _recoveries) for p in request.of(Recoverability))]
    interrupted = found is not None and found.search.interrupted
    for some in _alike(live):
        why = _stop_reason(options, answers, interrupted=interrupted)
        if why is not None:
            answers += [Answer(p, Verdict.UNKNOWN, f"not decided: {why}") for p in some]
            continue
        try:
            own, more = _lively(strategy, instance, some, options, same)
        except KeyboardInterrupt:  # not during the search, which handles it, but while it was prepared
            if found is None:
                raise
            interrupted = True
            answers += [Answer(p, Verdict.UNKNOWN, f"not decided: {INTERRUPTED}") for p in some]
            continue
        answers += more
        interrupted = own.search.interrupted
        found = found or own
    assert found is not None
    decided = {a.property.name: a for a in answers}
    decided |= {p.name: of_all(instance, p, decided) for p in asked if p.over}
    answers = [decided[p.name] for p in request.properties if p.name in decided]
    inside = {m.name for p in asked for m in members(instance, p)}
    warnings = (*found.warnings, *_faultless(instance, [a for a in answers if a.property.name not in inside]))
    return Answers(found.engine, answers, found.covered, interrupted, warnings)


def _check_folder(spill: str | Path) -> None:
    """Raises ``ModelError`` if files cannot be made in a folder."""
    if not hasattr(os, "pwrite"):  # Windows
        raise ModelError("this system writes no files of sorted runs", remedy="leave out --spill")
    if not Path(spill).is_dir():
        raise ModelError(f"spill={str(spill)!r} is no folder", remedy="make it, or give another one")
    if not os.access(spill, os.W_OK | os.X_OK):
        raise ModelError(f"no files can be made in spill={str(spill)!r}", remedy="give another folder")


def _check_normal(instance: Instance, sort: str, properties: Sequence[Property]) -> None:
    """Raises ``ModelError`` if states cannot be counted up to the normal form of this sort's generations, also if only
    liveness is asked for, which is decided without; and if a runbook would name generations of normal forms."""
    form = normal_form(instance, sort, properties)
    for p in (p for p in properties if isinstance(p, Recoverability)):
        for a in (a for a in instance.system.actions.values() if a.tags & p.manual):
            if any(x.sort in form.sorts for x in a.parameters):
                raise ModelError(
                    f"normal form of {sort}: the runbook of {p.name} would name each {sort} of {a.name} by a number",
                    where=p.where,
                    remedy="leave out --normalise",
                )


def _explore(strategy: Strategy, task: SearchTask) -> Searched:
    task.check()
    found = strategy(task)
    covered = task.share.coverage(found.covered)
    return replace(found, covered=covered, notes=(*found.notes, *task.share.guard.warnings))


def _alike(live: Sequence[Liveness]) -> Iterable[list[Liveness]]:
    """Groups of properties that can share a search, because they leave out the same parts of the model."""
    found: dict[object, list[Liveness]] = {}
    for p in live:
        found.setdefault((p.without, p.despite_faults), []).append(p)
    return found.values()


def _faultless(instance: Instance, answers: Sequence[Answer]) -> Iterator[ModelWarning]:
    """Warnings that liveness was decided without requested faults, because they have no bound and ``despite_faults`` is
    not set."""
    bounded = {b.fault for b in instance.system.bounds}
    faults = joined([f for f in instance.system.faults if f not in bounded])
    for a in answers:
        if faults and isinstance(a.property, Liveness) and a.verdict is Verdict.HOLDS and not a.property.despite_faults:
            yield ModelWarning(WITHOUT_FAULTS, a.property.name, f"was decided without {faults} (see despite_faults)")


def _stop_reason(options: Options, answers: list[Answer], *, interrupted: bool) -> str | None:
    """Why no further search is needed; None if one is."""
    if interrupted:
        return INTERRUPTED
    violated = any(a.verdict is Verdict.VIOLATED for a in answers)
    return "the first violation was found" if options.fail_fast and violated else None


def _lively(
    strategy: Strategy, instance: Instance, live: list[Liveness], options: Options, same: Mapping[str, str]
) -> tuple[Searched, list[Answer]]:
    """The search for one group of properties (see ``_alike``), and its answers; ``same`` as ``alike`` returns it."""
    from planrace.checker.engines.temporal.liveness import read_on

    early = _Early(live)
    own = _explore(strategy, SearchTask(read_on(instance, live[0]), live, options, early.decided))
    found: dict[str, Answer] = {}
    for p in live:
        known = early.answers.get(p.name) or known_by_symmetry(p, found, same)
        found[p.name] = known or _answered(p, own, _livenesses)
    return own, list(found.values())


class _Early:
    """Finds violations of liveness in an incomplete search: a lasso is a violation whatever the other states are."""

    def __init__(self, properties: Sequence[Liveness]) -> None:
        self._properties = properties
        self.answers: dict[str, Answer] = {}

    def decided(self, search: Search) -> bool:
        """Look for violations; whether every property is decided now."""
        from planrace.checker.engines.temporal.liveness import LivenessChecker

        with suppress(TimeUpError):  # the search that follows reports it
            for p in self._properties:
                answer = LivenessChecker(search).violation(p)
                if answer is not None:
                    self.answers[p.name] = answer
        return len(self.answers) == len(self._properties)


# Temporal properties ---------------------------------------------------------------------------------------------
def _answered(p: Any, found: Searched, ask: Callable[[Searched], Any]) -> Answer:
    """The answer for a temporal property; it needs the complete state space."""
    if not found.covered.complete:
        return Answer(p, Verdict.UNKNOWN, f"not decided: {found.covered.stopped}")
    try:
        answer: Answer = ask(found).answer(p)
    except (MemoryError, TimeUpError) as problem:
        return Answer(p, Verdict.UNKNOWN, f"not decided: {problem}")
    except KeyboardInterrupt:
        found.search.interrupted = True
        return Answer(p, Verdict.UNKNOWN, f"not decided: {INTERRUPTED}")
    return answer


def _recoveries(found: Searched) -> Any:
    from planrace.checker.engines.temporal.recovery import RecoveryChecker

    return RecoveryChecker(found.search, found.graph)


def _livenesses(found: Searched) -> Any:
    from planrace.checker.engines.temporal.liveness import LivenessChecker

    return LivenessChecker(found.search, found.graph)
