"""The states of a run: truth values of properties, enabled steps, neighbouring states, declarations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.engines.limits import timed
from planrace.checker.results.explanation import (
    ChannelPart,
    Declared,
    EnabledStep,
    MemberPicture,
    Neighbour,
    Neighbourhood,
    PropertyTruth,
    Shape,
)
from planrace.checker.results.trace import Source
from planrace.checker.results.wording import about, ending
from planrace.checker.semantics.describe import Describer, in_words
from planrace.checker.semantics.interpreter import Context, Interpreter, Move, State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Array, Bool, Enum, Index, Instance, Maybe, Place, SetOf, Sort, System, Term
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Integer
from planrace.properties.kinds import Invariant, Property, StepInvariant

MOST = 2_000
"""The most states of a neighbourhood."""


def declared(instance: Instance) -> tuple[Declared, ...]:
    """The state variables of an instance with their sorts."""
    parts = dict(_parts(instance.system))
    return tuple(
        Declared(v.name, shape_of(instance, v.sort), v.meaning, parts.get(v.name)) for v in instance.system.variables
    )


def _parts(system: System) -> Iterator[tuple[str, ChannelPart]]:
    """The variables that store channels, with the parts that they store."""
    for c in system.channels:
        for column in c.columns:
            yield column.data, ChannelPart(c.name, "messages" if c.length is None else "slots", c.over, c.order)
        if c.length is not None:
            yield c.length.data, ChannelPart(c.name, "length", c.over)


def pictures(instance: Instance) -> tuple[MemberPicture, ...]:
    """The pictures that the author declared, by the names of their variables."""
    return tuple(_picture(p.things, p.pointers, p.holder) for p in instance.system.pictures)


def sources(system: System) -> dict[str, Source]:
    """The lines that declare the properties of a system, by name or ``about``, and its actions, by name and ``ending``.
    Files below the working directory are relative to it."""
    places: dict[str, Place | None] = {}
    for a in system.actions.values():
        places[a.name] = a.where
        places |= {ending(a.name, o.name): o.where or a.where for o in a.outcomes}
    for p in system.properties:
        places[about(p.name) if p.name in places else p.name] = p.where
    known = {name: where for name, where in places.items() if where is not None}
    return {name: Source(str(where).rpartition(":")[0], where.line) for name, where in known.items()}


def _picture(things: Term, pointers: tuple[Term, ...], holder: Term | None) -> MemberPicture:
    title = things.sort.domain.name if isinstance(things.sort, Array) else ""
    return MemberPicture(title, str(things), tuple(map(str, pointers)), "" if holder is None else str(holder))


def shape_of(instance: Instance, sort: Sort) -> Shape:
    """A sort as reports describe it."""
    match sort:
        case Array(domain=domain, element=element):
            return Shape("array", sort.name, domain=shape_of(instance, domain), element=shape_of(instance, element))
        case SetOf(element=element):
            return Shape("set", sort.name, element=shape_of(instance, element))
        case Integer():
            raise AssertionError("no variable has this sort")
    low, high = instance.bounds(sort)
    kinds = {Bool: "truth value", Enum: "enumeration", Index: "index", Maybe: "optional"}
    members = sort.members if isinstance(sort, Enum) else ()
    return Shape(kinds.get(type(sort), "number"), sort.name, low, high, members)


# Properties ------------------------------------------------------------------------------------------------------
def truths(recording: Recording, properties: Sequence[Property]) -> tuple[PropertyTruth, ...]:
    """The truth values of invariants in each state, and of step invariants at each step."""
    return tuple(_truth(recording, p) for p in properties if isinstance(p, Invariant | StepInvariant))


def _truth(recording: Recording, p: Invariant | StepInvariant) -> PropertyTruth:
    contexts = list(_contexts(recording, steps=isinstance(p, StepInvariant)))
    evaluate = recording.interpreter.evaluate
    holds = tuple(None if c is None else bool(evaluate(p.holds, c)) for c in timed(contexts, 1))
    offenders = tuple(
        () if true or c is None else offending(recording.interpreter, p.holds, c)
        for c, true in timed(zip(contexts, holds, strict=True), 1)
    )
    return PropertyTruth(p.name, p.meaning, holds, offenders)


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
def offers(recording: Recording) -> tuple[tuple[EnabledStep, ...], ...]:
    """The steps that are enabled in each state of a run."""
    tell = Describer(recording.interpreter)
    return tuple(
        tuple(_offer(tell, m, s, t) for m, t in recording.interpreter.moves(s)) for s in timed(recording.states, 1)
    )


def _offer(tell: Describer, move: Move, before: State, after: State, to: int | None = None) -> EnabledStep:
    s = tell.step(move, before, after)
    return EnabledStep(s.action, s.parameters, s.by, s.role, s.outcome, s.fault, s.text, s.changed, s.observed, to)


def neighbourhood(recording: Recording, properties: Sequence[Property], depth: int) -> Neighbourhood:
    """The states within ``depth`` steps of a run, nearest first, each once, at most ``MOST``."""
    interpreter, tell = recording.interpreter, Describer(recording.interpreter)
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
            found.append(_offer(tell, move, s, after, to))
        made.append(Neighbour(tuple(found), broken(interpreter, properties, s)))
    return Neighbourhood(tuple(made), depth, whole)
