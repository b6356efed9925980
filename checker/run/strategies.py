"""Three strategies of explicit search: in Python, in machine code, and in Python until machine code is faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.orbits import UNASKED, related
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.slicing import irrelevant, without
from planrace.checker.engines.explicit.symmetry import Canonical, check_symmetric, symmetric_sorts
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.limits import CostlyError
from planrace.checker.results.browser import no_llvm
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.report import (
    NO_CHECKPOINT,
    NO_MACHINE_CODE,
    OF_MODEL,
    UNTRUSTED_CACHE,
    Coverage,
    ModelWarning,
)
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.store_kind import StoreKind
from planrace.checker.run.options import Options
from planrace.checker.run.search_share import SearchShare
from planrace.checker.semantics.normal_form import NormalForm, normal_form
from planrace.checker.semantics.packing import Layout
from planrace.model.language import Instance, ModelError
from planrace.model.language.intervals import may_fail
from planrace.properties.kinds import Checkable, Liveness, Property

if TYPE_CHECKING:
    from planrace.checker.engines.native.checkpoints import Checkpoints
    from planrace.checker.engines.native.search import NativeSearch

OUTGROWN, OUTGROWN_ORBITS, OUTGROWN_RELATED = 20_000, 5_000, 300
"""From this number of states on, machine code is faster in spite of its compilation. It is smaller for orbits, because
finding the representative of an orbit is slow in Python, mainly if members of symmetric sorts refer to each other."""
ORDERS = 120
"""OUTGROWN_RELATED is for this many orders of such members; with twice as many orders, a state takes twice as long."""
ORBITS = {"symmetric": True, "tried": UNASKED}
"""Settings of a search of orbits that nobody asked for."""
QUICK = 2.0
"""If the machine code is ready within this many seconds, it is made at once. Otherwise it is made when the search in
Python has taken as long as making it will: then the total is at most twice the time of the better choice."""
STEP = 0.7e-6
"""Seconds that a step takes in Python; for orbits it is multiplied by OUTGROWN / (their number of states from above).
It is a constant, because the states that are searched must not depend on the speed of the machine."""
MOST = 1_000_000
"""States that the search in Python keeps at most while machine code is not worth making: about 200 megabytes."""


@dataclass(frozen=True)
class Searched:
    """The outcome of a search by ``engine``."""

    engine: str
    search: Any
    answers: list[Answer]
    covered: Coverage
    vacuity: VacuityCheck | None = None
    notes: tuple[ModelWarning, ...] = ()
    graph: Callable[..., Any] = graph
    """Makes the state graph from the search."""

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """Warnings about the model and about machine code."""
        vacuity, guard = self.vacuity, Guard()
        if vacuity is None:
            return self.notes
        found = guard.attempt(OF_MODEL, "warnings", lambda: tuple(vacuity.warnings(complete=self.covered.complete)), ())
        return (*found, *self.notes, *guard.warnings)


@dataclass(frozen=True)
class NoMachineCode:
    """In place of a search in machine code. ``reason`` says why there is none, as a part of a sentence."""

    reason: str


@dataclass(frozen=True)
class SearchTask:
    """The input of a search. ``decided`` tells whether an incomplete search has already decided every property."""

    instance: Instance
    properties: Sequence[Property]
    options: Options
    decided: Callable[[Search], bool] = field(default=lambda _: False)
    reduced: bool = False
    """Search orbits though nobody asked for it (see ``reducible``)."""

    @cached_property
    def live(self) -> bool:
        """Liveness is among the properties. Fairness distinguishes members and generations, and needs every action, so
        there is neither symmetry reduction, nor a normal form, nor a vacuity check."""
        return any(isinstance(p, Liveness) for p in self.properties)

    @cached_property
    def checkable(self) -> list[Checkable]:
        """The properties that the search itself decides."""
        return [p for p in self.properties if isinstance(p, Checkable)]

    @cached_property
    def whole(self) -> bool:
        """Whether some of the properties need the complete state graph."""
        return len(self.checkable) < len(self.properties)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The arguments that both searches take, the one in Python and the one in machine code."""
        options = self.options
        return {
            "listener": options.listener,
            "fail_fast": options.fail_fast,
            "exhaustive": options.exhaustive or self.whole,
            "symmetric": self.symmetric,
            "sliced": self.sliced,
            "normal": self.normal,
        }

    @cached_property
    def sliced(self) -> tuple[str, ...]:
        """The variables that the search leaves out."""
        return _sliced(self.instance, self.properties) if self.options.slicing else ()

    @cached_property
    def normal(self) -> NormalForm | None:
        """The normal form that states are counted up to, without what the search leaves out; the counter is never left
        out, for it might leave its range. Raises ``ModelError`` where a normal form is not sound."""
        if self.options.normalise is None or self.live:
            return None
        whole = normal_form(self.instance, self.options.normalise, self.properties)
        return whole.of(without(self.instance, self.sliced), self.properties)

    @cached_property
    def share(self) -> SearchShare:
        """Says how far the searches in machine code are."""
        return SearchShare(self.instance, self.options.limits, self.options.listener)

    @property
    def symmetric(self) -> bool:
        """Whether orbits are requested and can be searched."""
        return bool(self.options.symmetry) and not self.live

    @cached_property
    def reducible(self) -> bool:
        """Whether orbits may be searched where nobody asked for them, nor for all states."""
        free = self.options.symmetry is None and not self.options.exhaustive and not self.live
        return free and symmetric(self.instance, self.properties)

    @property
    def saves(self) -> bool:
        """Whether this search has checkpoints. Those for liveness, which follow the main one, have none."""
        return self.options.saves and not self.live

    @cached_property
    def outgrown(self) -> int:
        """The number of states from which on machine code is faster."""
        if not self.options.symmetry:
            return OUTGROWN if self.normal is None else OUTGROWN_ORBITS
        orders = Canonical(self.instance, Layout(self.instance)).orders
        if orders > 1 or related(self.instance, symmetric_sorts(self.instance)):
            return max(1, OUTGROWN_RELATED * ORDERS // max(orders, ORDERS))
        return OUTGROWN_ORBITS

    def vacuity(self) -> VacuityCheck | None:
        """A new check for what the search never reaches."""
        named = without(self.instance, self.sliced)
        return None if self.live else VacuityCheck(named, self.properties, self.normal)

    def check(self) -> None:
        """Raises ``ModelError`` if orbits are requested and members are not interchangeable."""
        if self.symmetric:
            check_symmetric(self.instance, self.properties)


Strategy: TypeAlias = Callable[[SearchTask], Searched]
"""A way to carry out a search."""


def in_python(task: SearchTask, notes: tuple[ModelWarning, ...] = ()) -> Searched:
    """Search in Python."""
    seen = task.vacuity()
    run = Search(task.instance, task.checkable, limits=task.options.limits, vacuity=seen, **task.settings)
    return Searched("explicit", run, *run.run(), seen, notes)


def in_machine_code(task: SearchTask) -> Searched:
    """Search in machine code, or in Python if the instance cannot be compiled."""
    seen, ir = task.vacuity(), task.options.ir
    try:
        reduced = ORBITS if task.reduced else {}
        settings = {**task.settings, **reduced, "keep": task.whole, "vacuity": seen}
        native = native_search(task, task.checkable, settings)
        if not isinstance(native, NoMachineCode):
            if ir is not None:
                ir(native.program.whole_text())
            return _by_machine(native, native.run(), [], seen)
    except TimeUpError:  # the search that follows reports it
        return in_python(task)
    if ir is not None or task.saves:
        what = f"this instance cannot be compiled to machine code: {native.reason}"
        remedy = "leave out --dump-ir" if ir is not None else "leave out --checkpoint and --resume"
        raise ModelError(what, remedy=remedy)
    return in_python(task, _without_code(native))


def resumable(task: SearchTask) -> Searched:
    """Search in machine code from the start: of orbits where ``adaptive`` would search these if states are many. How
    far a search in Python goes is not part of a checkpoint."""
    if not task.saves:
        return adaptive(task)
    return in_machine_code(replace(task, reduced=task.reducible))


def adaptive(task: SearchTask) -> Searched:
    """Search in Python at first. If that grows large, search again in machine code (if the instance can be compiled),
    and only orbits, unless the options fix ``symmetry`` or want ``exhaustive`` counts."""
    limits = task.options.limits
    if limits.states is not None and limits.states <= task.outgrown:
        return in_python(task)
    seen = task.vacuity()
    first = Search(
        task.instance, task.checkable, limits=replace(limits, states=task.outgrown), vacuity=seen, **task.settings
    )
    answers, covered = first.run()
    if not first.full or task.decided(first):
        return Searched("explicit", first, answers, covered, seen)
    reduced = ORBITS if task.reducible else {}
    settings = {**task.settings, **reduced, "keep": task.whole}

    def anew(known: Sequence[Answer], most: float | None) -> tuple[NativeSearch | NoMachineCode, VacuityCheck | None]:
        """A search in machine code for the undecided properties, and its vacuity check."""
        decided = {a.property.name for a in known}
        again = task.vacuity()
        open_ = [p for p in task.checkable if p.name not in decided]
        return native_search(task, open_, {**settings, "vacuity": again}, most), again

    return _continued(first, answers, covered, seen, anew, limits.states)


def _continued(
    first: Search,
    answers: list[Answer],
    covered: Coverage,
    seen: VacuityCheck | None,
    anew: Callable[[Sequence[Answer], float | None], tuple[NativeSearch | NoMachineCode, VacuityCheck | None]],
    most: int | None,
) -> Searched:
    """Continue where ``first`` ended, up to ``most`` states: in machine code as soon as making it is worth the time, in
    Python if there is no machine code or no time to make it."""
    step = STEP * OUTGROWN / (first.limits.states or OUTGROWN)
    try:
        try:
            known = _certain(first, answers)
            native, again = anew(known, QUICK)
        except CostlyError as costly:
            bound = MOST if most is None else min(MOST, most)
            answers, covered = first.go_on(bound, round(costly.effort / step))
            if not first.full or (most is not None and covered.states >= most):
                return Searched("explicit", first, answers, covered, seen)
            known = _certain(first, answers)
            native, again = anew(known, None)
    except (TimeUpError, KeyboardInterrupt) as problem:  # report what was searched until then
        first.interrupted = isinstance(problem, KeyboardInterrupt)
        stopped = INTERRUPTED if first.interrupted else StopReason(StopKind.TIME, str(problem))
        covered = replace(covered, stopped=stopped)
        return Searched("explicit", first, first.answers(covered), covered, seen)
    if isinstance(native, NoMachineCode):
        return Searched("explicit", first, *first.go_on(most), seen, _without_code(native))
    return _by_machine(native, native.run(), known, again)


def _certain(search: Search, answers: Sequence[Answer]) -> list[Answer]:
    """The answers that are final: their runs are shortest and the same in every search. A property whose evaluation may
    fail is not among them: an error later on the same level comes first."""
    instance = search.kernel.interpreter.instance
    return [a for a in answers if a.recording is not None and not may_fail(instance, *a.property.terms)]


def _sliced(instance: Instance, properties: Sequence[Property]) -> tuple[str, ...]:
    """Variables that can be left out of the states; none if there is no time to find out."""
    try:
        return tuple(irrelevant(instance, properties))
    except TimeUpError:
        return ()


def symmetric(instance: Instance, properties: Sequence[Property] | None = None) -> bool:
    """Whether there are interchangeable members and neither the system nor ``properties`` name one of them."""
    if not symmetric_sorts(instance):
        return False
    try:
        check_symmetric(instance, properties or [])
    except ModelError:
        return properties is None  # then the error is raised later and says why there is no symmetry
    return True


def native_search(
    task: SearchTask, properties: list[Checkable], settings: dict[str, Any], most: float | None = None
) -> NativeSearch | NoMachineCode:
    """The search in machine code. There is none if the instance does not fit into machine words, if time or memory is
    short, or if LLVM does not work here (the system forbids executable memory, or ``llvmlite`` has no library for it).

    Raises ``CostlyError`` if making it would take more than ``most`` seconds.
    """
    try:
        from planrace.checker.engines.native.emit import UnsupportedError
        from planrace.checker.engines.native.search import NativeSearch
    except (ImportError, OSError) as problem:
        return NoMachineCode(no_llvm(problem))
    options = task.options
    try:
        search = NativeSearch(
            task.instance,
            properties,
            limits=options.limits,
            workers=options.workers,
            most=most,
            compact=options.store == StoreKind.COMPACT,
            spill=None if options.spill is None else Path(options.spill),
            checkpoints=_checkpoints(task),
            **{**settings, "listener": task.share.listener},
        )
    except CostlyError as problem:
        if most is not None:
            raise
        return NoMachineCode(str(problem))
    except UnsupportedError as problem:
        return NoMachineCode(str(problem))
    except (MemoryError, OSError, RuntimeError) as problem:
        return NoMachineCode(f"{type(problem).__name__}: {problem}")
    task.share.watch(search, {k: settings[k] for k in ("symmetric", "tried", "sliced") if k in settings})
    return search


def _checkpoints(task: SearchTask) -> Checkpoints | None:
    from planrace.checker.engines.native.checkpoints import Checkpoints

    if not task.saves:
        return None
    given = task.options.checkpoint, task.options.resume
    return Checkpoints(*(None if path is None else Path(path) for path in given))


def _without_code(native: NoMachineCode) -> tuple[ModelWarning, ...]:
    """A warning that the search ran in Python, and why."""
    slow = f"This search ran in Python, which is slower than machine code: {native.reason}."
    return (ModelWarning(NO_MACHINE_CODE, "", slow),)


def _by_machine(
    native: NativeSearch, found: tuple[list[Answer], Coverage], known: Sequence[Answer], seen: VacuityCheck | None
) -> Searched:
    """The outcome of a search in machine code, together with answers that were ``known`` before it."""
    from planrace.checker.engines.native.graph import native_graph

    answers, covered = found
    return Searched("native", native, [*known, *answers], covered, seen, _about_code(native), native_graph)


def _about_code(native: NativeSearch) -> tuple[ModelWarning, ...]:
    """Warnings if the cached machine code could not be trusted, and if the last checkpoint could not be written."""
    found = []
    if native.program.refused is not None:
        message = (
            f"The machine code was compiled again; the cached one on disk was not loaded: {native.program.refused}."
        )
        found.append(ModelWarning(UNTRUSTED_CACHE, "", message))
    saved = native.checkpoints
    if saved.problem is not None:
        earlier = "there is none" if saved.last is None else f"the one at depth {saved.last.depth} stays"
        message = f"No checkpoint could be written at the end: {saved.problem}; {earlier}."
        found.append(ModelWarning(NO_CHECKPOINT, "", message))
    return tuple(found)
