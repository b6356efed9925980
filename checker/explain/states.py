"""The states of a run: truth values of properties, enabled steps, neighbouring states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.engines.limits import timed
from planrace.checker.results.explanation import (
    EnabledStep,
    Inner,
    Neighbour,
    Neighbourhood,
    PropertyTruth,
)
from planrace.checker.semantics.describe import Describer, in_words
from planrace.checker.semantics.interpreter import Context, Interpreter, Move, State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Term
from planrace.model.language.operators import Op
from planrace.properties.kinds import Invariant, Liveness, Property, Reachability, Recoverability, StepInvariant
from planrace.properties.members import members

MOST = 2_000
"""The most states of a neighbourhood."""
_OF_GOAL = {"eventually": Inner.ONCE, "eventually always": Inner.ALWAYS, "infinitely often": Inner.AGAIN}


# Properties ------------------------------------------------------------------------------------------------------
def truths(recording: Recording, properties: Sequence[Property]) -> tuple[PropertyTruth, ...]:
    """The truth values of invariants in each state, of step invariants at each step, and of the conditions inside
    properties about whole runs; of a property of each member, for every member."""
    instance = recording.interpreter.instance
    single = (q for p in properties for q in members(instance, p) or (p,))
    return tuple(_truth(recording, p, *what) for p in single for what in _conditions(p))


def _conditions(p: Property) -> Iterator[tuple[Term, bool, Inner | None]]:
    """The conditions to evaluate along a run: each with whether it is a step term."""
    match p:
        case Invariant() | StepInvariant():
            yield p.holds, isinstance(p, StepInvariant), None
        case Reachability():
            yield p.event, p.of_step, Inner.EVENT
        case Recoverability():
            yield p.goal, False, Inner.GOAL
        case Liveness(form="leads to"):
            yield p.trigger, False, Inner.TRIGGER
            yield p.goal, False, Inner.ANSWER
        case Liveness():
            yield p.goal, False, _OF_GOAL[p.form]


def _truth(recording: Recording, p: Property, term: Term, of_step: bool, inner: Inner | None) -> PropertyTruth:
    contexts = list(_contexts(recording, steps=of_step))
    evaluate = recording.interpreter.evaluate
    holds = tuple(None if c is None else bool(evaluate(term, c)) for c in timed(contexts, 1))
    offenders = tuple(
        () if true or c is None else offending(recording.interpreter, term, c)
        for c, true in timed(zip(contexts, holds, strict=True), 1)
    )
    return PropertyTruth(p.name, p.meaning, holds, offenders, inner)


def _contexts(recording: Recording, *, steps: bool) -> Iterator[Context | None]:
    """The context for a term at each state; for a term about steps, the step that leads to the state."""
    if not steps:
        yield from (Context({}, s) for s in recording.states)
        return
    yield None
    for before, after, move in zip(recording.states[:-1], recording.states[1:], recording.moves, strict=True):
        yield Context({}, before, after, move)


def offending(interpreter: Interpreter, term: Term, context: Context) -> tuple[str, ...]:
    """The members for which a false ``∀`` is false ("endpoint 1"); none if the term is no ``∀``."""
    if term.op is not Op.FORALL:
        return ()
    variable, body = term.args
    found = []
    for member in interpreter.instance.members(variable.sort):  # type: ignore[arg-type]
        inner = Context({**context.bound, variable: member}, context.state, context.after, context.move)
        if not interpreter.evaluate(body, inner):
            found.append(f"{variable.sort.name} {in_words(variable.sort, member)}")
    return tuple(found)


def broken(interpreter: Interpreter, properties: Sequence[Property], state: State) -> tuple[str, ...]:
    """The invariants that are false in a state."""
    return tuple(p.name for p in properties if isinstance(p, Invariant) and not interpreter.holds(p.holds, state))


# Steps -----------------------------------------------------------------------------------------------------------
def enabled_steps(recording: Recording) -> tuple[tuple[EnabledStep, ...], ...]:
    """The steps that are enabled in each state of a run."""
    describer = Describer(recording.interpreter)
    return tuple(
        tuple(_enabled_step(describer, m, s, t) for m, t in recording.interpreter.moves(s))
        for s in timed(recording.states, 1)
    )


def _enabled_step(describer: Describer, move: Move, before: State, after: State, to: int | None = None) -> EnabledStep:
    s = describer.step(move, before, after)
    return EnabledStep(s.action, s.parameters, s.by, s.role, s.outcome, s.fault, s.text, s.changed, s.observed, to)


def neighbourhood(recording: Recording, properties: Sequence[Property], depth: int) -> Neighbourhood:
    """The states within ``depth`` steps of a run, nearest first, each once, at most ``MOST``."""
    interpreter, describer = recording.interpreter, Describer(recording.interpreter)
    states: list[State] = list(recording.states)
    number = {s: n for n, s in reversed(list(enumerate(states)))}
    distance = [0] * len(states)
    made: list[Neighbour] = []
    whole = True
    for n, s in enumerate(timed(states, 1)):  # grows while it is walked
        found = []
        for move, after in interpreter.moves(s) if distance[n] <= depth else ():
            if after not in number and distance[n] < depth and len(states) < MOST:
                number[after] = len(states)
                states.append(after)
                distance.append(distance[n] + 1)
            to = number.get(after)
            whole = whole and (to is not None or distance[n] >= depth)
            found.append(_enabled_step(describer, move, s, after, to))
        made.append(Neighbour(tuple(found), broken(interpreter, properties, s)))
    return Neighbourhood(tuple(made), depth, whole)
