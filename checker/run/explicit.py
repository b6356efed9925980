"""Asking explicit search: in Python while it is small, then in machine code; then what its graph says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.orbits import UNASKED, related
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.slicing import irrelevant, without
from planrace.checker.engines.explicit.symmetry import check_symmetric, symmetric_sorts
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.limits import CostlyError, Limits
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.report import (
    NO_MACHINE_CODE,
    OF_MODEL,
    UNTRUSTED_CACHE,
    WITHOUT_FAULTS,
    Coverage,
    ModelWarning,
)
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import joined
from planrace.checker.run.options import Options
from planrace.checker.semantics.intervals import may_fail
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Checkable, Liveness, Property, Recoverability

OUTGROWN, OUTGROWN_ORBITS, OUTGROWN_RELATED = 20_000, 5_000, 300
"""States from which machine code pays for its compilation; finding what stands for an orbit is slow in Python, most of
all where members of symmetric sorts refer to each other."""
QUICK = 2.0
"""Seconds that are not worth weighing. Machine code that takes longer to make is made when the search in Python has
taken as long: so the whole takes at most twice as long as the better of the two would have."""
STEP = 0.7e-6
"""Seconds that a step takes in Python; as much longer where orbits are searched as fewer of them outgrow it.
A constant, for what is searched must not depend on how fast a machine is."""
MOST = 1_000_000
"""States that the search in Python keeps while machine code is not yet worth it: about 200 megabytes."""


@dataclass(frozen=True)
class Searched:
    """A search that was run, by ``engine``."""

    engine: str
    search: Any
    answers: list[Answer]
    covered: Coverage
    census: VacuityCheck | None = None
    notes: tuple[ModelWarning, ...] = ()

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """What the author of the model should know, and what there is to say about machine code."""
        census, guard = self.census, Guard()
        if census is None:
            return self.notes
        found = guard.told(OF_MODEL, "warnings", lambda: tuple(census.warnings(complete=self.covered.complete)), ())
        return (*found, *self.notes, *guard.warnings)


def searched(
    engine: str, instance: Instance, properties: list[Property], options: Options
) -> tuple[str, list[Answer], Coverage, bool, tuple[ModelWarning, ...]]:
    """The engine that answered, the answers, what the main search covered, whether it was interrupted, and warnings.

    Liveness is read without symmetry reduction, and often without faults, so it wants searches of its own; where
    nothing else is asked, the first of them is the main one.
    """
    if options.symmetry and not _symmetric(instance):
        raise ModelError(f"{instance.system.name} declares no symmetric index", remedy="leave out --symmetry")
    live = [p for p in properties if isinstance(p, Liveness)]
    recoverable = [p for p in properties if isinstance(p, Recoverability)]
    main = [p for p in properties if not isinstance(p, Liveness)]
    found = _explore(engine, instance, main, options) if main or not live else None
    answers: list[Answer] = []
    if found is not None:
        answers = [*found.answers, *(_answered(p, found, _recoveries) for p in recoverable)]
    interrupted = found is not None and found.search.interrupted
    for some in _alike(live):
        why = _enough(options, answers, interrupted=interrupted)
        if why is not None:
            answers += [Answer(p, Verdict.UNKNOWN, f"not decided: {why}") for p in some]
            continue
        own, more = _lively(engine, instance, some, options)
        answers += more
        interrupted = own.search.interrupted
        found = found or own
    assert found is not None
    return found.engine, answers, found.covered, interrupted, (*found.warnings, *_faultless(instance, answers))


def _alike(live: Sequence[Liveness]) -> Iterable[list[Liveness]]:
    """Those that are read on the same part of the model, together."""
    found: dict[object, list[Liveness]] = {}
    for p in live:
        found.setdefault((p.without, p.despite_faults), []).append(p)
    return found.values()


def _faultless(instance: Instance, answers: Sequence[Answer]) -> Iterator[ModelWarning]:
    """Liveness that holds says nothing of the faults that were asked for, unless it is promised despite them."""
    faults = joined(instance.system.faults)
    for a in answers:
        if faults and isinstance(a.property, Liveness) and a.verdict is Verdict.HOLDS and not a.property.despite_faults:
            yield ModelWarning(WITHOUT_FAULTS, a.property.name, f"was answered without {faults} (see despite_faults)")


def _enough(options: Options, answers: list[Answer], *, interrupted: bool) -> str | None:
    """Why no further search is begun, if none is."""
    if interrupted:
        return "it was interrupted"
    violated = any(a.verdict is Verdict.VIOLATED for a in answers)
    return "the first violation was found" if options.fail_fast and violated else None


def _lively(engine: str, instance: Instance, live: list[Liveness], options: Options) -> tuple[Searched, list[Answer]]:
    """A search of what these properties, all of them alike, are read on, and the answers."""
    from planrace.checker.engines.temporal.liveness import read_on

    early = _Early(live)
    own = _explore(engine, read_on(instance, live[0]), live, options, early)
    return own, [early.answers.get(p.name) or _answered(p, own, _livenesses) for p in live]


# Searching -------------------------------------------------------------------------------------------------------
class _Early:
    """Violations of liveness that show before all is searched: a lasso needs no more than its own states."""

    def __init__(self, properties: Sequence[Liveness]) -> None:
        self._properties = properties
        self.answers: dict[str, Answer] = {}

    def enough(self, search: Search) -> bool:
        """Look; whether nothing is open then."""
        from planrace.checker.engines.temporal.liveness import LivenessChecker

        with suppress(TimeUpError):  # then the search that follows says so
            for p in self._properties:
                answer = LivenessChecker(search).violation(p)
                if answer is not None:
                    self.answers[p.name] = answer
        return len(self.answers) == len(self._properties)


def _explore(
    engine: str, instance: Instance, properties: Sequence[Property], options: Options, early: _Early | None = None
) -> Searched:
    """Search in Python while it is small, then anew in machine code if there is any for the instance, and of orbits if
    nobody wants to compare counts; without the variables that nothing depends on."""
    limits = options.limits
    live = any(isinstance(p, Liveness) for p in properties)
    checkable = [p for p in properties if isinstance(p, Checkable)]
    every = len(checkable) < len(properties)
    common: dict[str, Any] = {
        "listener": options.listener,
        "fail_fast": options.fail_fast,
        "exhaustive": options.exhaustive or every,
        "symmetric": bool(options.symmetry) and not live,
        "sliced": _sliced(instance, properties) if options.slicing else (),
    }
    if common["symmetric"]:
        check_symmetric(instance, properties)
    outgrown = OUTGROWN
    if options.symmetry:
        outgrown = OUTGROWN_RELATED if related(instance, symmetric_sorts(instance)) else OUTGROWN_ORBITS
    named = without(instance, common["sliced"])
    notes: tuple[ModelWarning, ...] = ()

    def census() -> VacuityCheck | None:
        return None if live else VacuityCheck(named, properties)

    if engine == "auto" and (limits.states is None or limits.states > outgrown):
        seen = census()
        first = Search(instance, checkable, limits=replace(limits, states=outgrown), census=seen, **common)
        answers, covered = first.run()
        if not first.full or (early is not None and early.enough(first)):
            return Searched("explicit", first, answers, covered, seen)
        wanted = options.symmetry is None and not options.exhaustive and not live
        reduced = wanted and _symmetric(instance, properties)
        chosen = (
            {**common, "symmetric": True, "tried": UNASKED, "keep": every} if reduced else {**common, "keep": every}
        )

        def anew(known: Sequence[Answer], most: float | None) -> tuple[Any, VacuityCheck | None]:
            """A native search for what is open, or why there is none, and what it will have met beside that."""
            open_ = [p for p in checkable if p.name not in {a.property.name for a in known}]
            again = census()
            return _native(instance, open_, limits, options.workers, {**chosen, "census": again}, most), again

        return _continued(first, answers, covered, seen, anew, limits.states)
    if engine == "native":
        seen = census()
        with suppress(TimeUpError):  # then the search that follows says so
            native = _native(instance, checkable, limits, options.workers, {**common, "keep": every, "census": seen})
            if not isinstance(native, str):
                if options.ir is not None:
                    options.ir(native.program.text())
                answers, covered = native.run()
                return Searched(engine, native, answers, covered, seen, _about_code(native))
            if options.ir is not None:
                what = f"there is no machine code for this instance: {native}"
                raise ModelError(what, remedy="leave out what shows it")
            notes = _without_code(native)
    seen = census()
    run = Search(instance, checkable, limits=limits, census=seen, **common)
    return Searched("explicit", run, *run.run(), seen, notes)


def _continued(
    first: Search,
    answers: list[Answer],
    covered: Coverage,
    seen: VacuityCheck | None,
    anew: Callable[[Sequence[Answer], float | None], tuple[Any, VacuityCheck | None]],
    most: int | None,
) -> Searched:
    """Go on where ``first`` ended, up to ``most`` states: in machine code as soon as that is worth what it takes to
    make, in Python where there is none, or no time for it."""
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
    except (TimeUpError, KeyboardInterrupt) as problem:  # what was searched until then is told
        first.interrupted = isinstance(problem, KeyboardInterrupt)
        covered = replace(covered, stopped="it was interrupted" if first.interrupted else str(problem))
        return Searched("explicit", first, first.answers(covered), covered, seen)
    if isinstance(native, str):
        return Searched("explicit", first, *first.go_on(most), seen, _without_code(native))
    more, covered = native.run()
    return Searched("native", native, [*known, *more], covered, again, _about_code(native))


def _certain(search: Search, answers: Sequence[Answer]) -> list[Answer]:
    """Those that are the shortest, and always the same; but one that may have no value is asked about to the end of its
    level."""
    instance = search.kernel.interpreter.instance
    return [a for a in answers if a.recording is not None and not may_fail(instance, *a.property.terms)]


def _sliced(instance: Instance, properties: Sequence[Property]) -> tuple[str, ...]:
    """Variables that states need not have; none where there is no time to find out."""
    try:
        return tuple(irrelevant(instance, properties))
    except TimeUpError:
        return ()


def _symmetric(instance: Instance, properties: Sequence[Property] | None = None) -> bool:
    """There are interchangeable members, and neither the system nor ``properties`` name one of them."""
    if not symmetric_sorts(instance):
        return False
    try:
        check_symmetric(instance, properties or [])
    except ModelError:
        return properties is None  # whoever asks for symmetry is told why there is none
    return True


def _native(
    instance: Instance,
    properties: list[Checkable],
    limits: Limits,
    workers: int | None,
    common: dict[str, Any],
    most: float | None = None,
) -> Any:
    """The native search, or why there is none: the instance does not fit into words, time or memory is short, or LLVM
    does not work here (a system that forbids memory to be executable, or for which ``llvmlite`` has no library).

    Raises ``CostlyError`` where it takes more than ``most`` seconds to make.
    """
    try:
        from planrace.checker.engines.native.emit import UnsupportedError
        from planrace.checker.engines.native.search import NativeSearch
    except (ImportError, OSError) as problem:
        return f"llvmlite cannot be loaded ({problem})"
    try:
        return NativeSearch(instance, properties, limits=limits, workers=workers, most=most, **common)
    except CostlyError as problem:
        if most is not None:
            raise
        return str(problem)
    except UnsupportedError as problem:
        return str(problem)
    except (MemoryError, OSError, RuntimeError) as problem:
        return f"{type(problem).__name__}: {problem}"


def _without_code(why: str) -> tuple[ModelWarning, ...]:
    """That the search went on in Python, and why."""
    slow = f"This search ran in Python, which is slower than machine code: {why}."
    return (ModelWarning(NO_MACHINE_CODE, "", slow),)


def _about_code(native: Any) -> tuple[ModelWarning, ...]:
    """What was kept on disk and could not be trusted."""
    refused = native.program.machine.refused
    if refused is None:
        return ()
    message = f"Machine code was made anew; what is kept on disk was not loaded: {refused}."
    return (ModelWarning(UNTRUSTED_CACHE, "", message),)


# Continuations ---------------------------------------------------------------------------------------------------
def _answered(p: Any, found: Searched, ask: Callable[[Searched], Any]) -> Answer:
    """The answer for a property of continuations, which wants all states."""
    if not found.covered.complete:
        return Answer(p, Verdict.UNKNOWN, f"not decided: {found.covered.stopped}")
    try:
        answer: Answer = ask(found).answer(p)
    except (MemoryError, TimeUpError) as problem:
        return Answer(p, Verdict.UNKNOWN, f"not decided: {problem}")
    except KeyboardInterrupt:
        found.search.interrupted = True
        return Answer(p, Verdict.UNKNOWN, "not decided: it was interrupted")
    return answer


def _recoveries(found: Searched) -> Any:
    from planrace.checker.engines.temporal.recovery import RecoveryChecker

    return RecoveryChecker(found.search, _maker(found))


def _livenesses(found: Searched) -> Any:
    from planrace.checker.engines.temporal.liveness import LivenessChecker

    return LivenessChecker(found.search, _maker(found))


def _maker(found: Searched) -> Any:
    """What makes the graph of a search."""
    if found.engine != "native":
        return graph
    from planrace.checker.engines.native.graph import native_graph

    return native_graph
