"""Answers of engines: verdicts with witnesses that the interpreter has replayed and confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from planrace.checker.results.report import ModelWarning
from planrace.checker.results.temporal import DeadEnd, Fairness, Runbook
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.model.language import Place, Term
from planrace.properties.kinds import Checkable, Property, Reachability, StepInvariant

Seen: TypeAlias = "Callable[[State, tuple[int, ...]], tuple[int, tuple[int, ...]]]"
"""How a search represents a state, as ``Kernel.seen`` returns it."""


@dataclass(frozen=True)
class Answer:
    """An engine's verdict on a property; ``recording`` is the replayed run that shows it.

    ``cti`` is a counterexample to induction: a replayed run from a state that need not be reachable. ``dead_end``
    explains why there is no recovery after ``recording``. ``loop`` is the number of the state that a lasso returns to,
    and ``fairness`` says how the lasso is fair. ``runbook`` lists what people can do if only they can help.
    ``unexplained`` names explanations that could not be made.
    """

    property: Property
    verdict: Verdict
    how: str
    recording: Recording | None = None
    cti: Recording | None = None
    dead_end: DeadEnd | None = None
    loop: int | None = None
    fairness: tuple[Fairness, ...] = ()
    runbook: Runbook | None = None
    unexplained: tuple[ModelWarning, ...] = ()


def sought(p: Checkable) -> Term:
    """The term whose truth decides ``p``: a step term if ``of_step``, else a state term."""
    return p.event if isinstance(p, Reachability) else ~p.holds


def of_step(p: Checkable) -> bool:
    """Whether ``p`` is decided by steps; otherwise it is decided by states."""
    return p.of_step if isinstance(p, Reachability) else isinstance(p, StepInvariant)


def verdict_met(p: Checkable) -> Verdict:
    """The verdict if what is ``sought`` was found."""
    return Verdict.HOLDS if isinstance(p, Reachability) else Verdict.VIOLATED


def verdict_never_met(p: Property) -> Verdict:
    """The verdict if a complete search did not find what is ``sought``."""
    return Verdict.VIOLATED if isinstance(p, Reachability) else Verdict.HOLDS


def shows(p: Checkable, recording: Recording) -> bool:
    """Whether the interpreter says that the last state or step of a recording decides ``p``."""
    interpreter = recording.interpreter
    if not of_step(p):
        return interpreter.holds(sought(p), recording.states[-1])
    if not recording.moves:
        return False
    before, after = recording.states[-2:]
    return interpreter.holds(sought(p), before, after, recording.moves[-1])


def retrace(interpreter: Interpreter, seen: Seen, path: Sequence[int]) -> Recording:
    """Replay packed states in the interpreter; ``path`` starts with an initial one. ``seen`` gives a search's
    representation of a state: the state itself, or the representative of its orbit; in that case the run may go through
    other states of the orbits. ``seen`` is called with the names that it returned for the previous state."""
    starts = ((s, *seen(s, ())) for s in interpreter.initials())
    start, names = next(((s, names) for s, packed, names in starts if packed == path[0]), (None, ()))
    if start is None:
        raise ReplayError("the run does not start in an initial state")
    recording = Recording(interpreter, start)
    for wanted in path[1:]:
        moves = ((m, *seen(after, names)) for m, after in interpreter.moves(recording.states[-1]))
        move, names = next(((m, new) for m, packed, new in moves if packed == wanted), (None, ()))
        if move is None:
            raise ReplayError(f"no step leads to state {len(recording.states)} of the run")
        recording.take(move.action.name, move.choice)
    return recording


def confirm_state(p: Checkable, recording: Recording) -> Recording:
    """Check with the interpreter that the last state decides ``p``."""
    if not recording.interpreter.holds(sought(p), recording.states[-1]):
        raise ReplayError(f"the last state does not decide {p.name}")
    return recording


def confirm_step(p: Checkable, recording: Recording, target: State | None = None) -> Recording:
    """Add the first step (to ``target``, if given) that decides ``p`` according to the interpreter."""
    interpreter, before = recording.interpreter, recording.states[-1]
    moves = ((m, after) for m, after in interpreter.moves(before) if target in (None, after))
    found = next((m for m, after in moves if interpreter.holds(sought(p), before, after, m)), None)
    if found is None:
        raise ReplayError(f"no step from the state found decides {p.name}")
    recording.take(found.action.name, found.choice)
    return recording


# Undefined values -------------------------------------------------------------------------------------------------
Question: TypeAlias = "tuple[Property, Term]"
"""A property with a term of it that is evaluated."""


def refuse_ranges_left(
    recording: Recording, states: Sequence[Question], steps: Sequence[Question] | None, final: Sequence[Term] = ()
) -> None:
    """Raise the interpreter's error if something that is evaluated in the last state of a run has no value: ``states``
    (terms of properties about that state) and, unless ``steps`` is None, the steps from it with terms about them;
    ``final`` if there are no steps."""
    interpreter, state = recording.interpreter, recording.states[-1]
    try:
        for p, t in states:
            _evaluate(interpreter, f"property {p.name}", p.where, t, state)
        stuck = steps is not None
        for move, after in interpreter.moves(state) if steps is not None else ():
            stuck = False
            for p, t in steps or ():
                _evaluate(interpreter, f"property {p.name}", p.where, t, state, after, move)
        for t in final if stuck else ():
            _evaluate(interpreter, "final states", interpreter.instance.system.ended, t, state)
    except RangeError as problem:
        raise after_run(problem, recording) from None


def after_run(problem: RangeError, recording: Recording) -> RangeError:
    """The error, with the run that leads to it."""
    run = ", ".join(f"{m.action.name}({', '.join(map(str, m.choice))})" for m in recording.moves) or "no step"
    return RangeError(f"{problem.what}, after {run}", where=problem.where, remedy=problem.remedy)


def _evaluate(interpreter: Interpreter, what: str, where: Place | None, term: Term, *step: Any) -> None:
    try:
        interpreter.holds(term, *step)
    except RangeError as problem:
        raise problem.of(what, where) from None
