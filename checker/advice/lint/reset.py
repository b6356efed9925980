"""Lint of missing resets: values that a process keeps from its work when it is back in its first phase.

A process is a member of an index sort that performs actions. Its phase is an element of an array of an enumeration over
that sort. An old value in the first phase is a finding in two cases:

* Nothing depends on it: after a reset to its initial value, the same steps are enabled with the same outcomes, they
  lead to the same states except for that value, and the same properties hold, whatever protections and options are on.
  The value then only multiplies the states. This is tested on explored states, one step ahead; it is no proof.
* Some actions that return to the first phase reset it and others do not. Faults do not count: what survives a crash is
  usually meant to survive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from planrace.checker.advice.family import Family, variables_of
from planrace.checker.advice.lint.explored import Explored, explored, small
from planrace.checker.advice.lint.finding import Lint
from planrace.checker.engines.answer import of_step, sought
from planrace.checker.engines.limits import Limits
from planrace.checker.results.wording import counted
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.model.language import Action, Array, Enum, Index, ModelError, Op, Outcome, System, Term
from planrace.model.language.render import render
from planrace.model.language.system import Variable
from planrace.model.language.terms import make
from planrace.properties.kinds import Checkable

TRIED = 200
"""The most states with an old value that are tested."""


@dataclass(frozen=True, eq=False)
class Work:
    """A ``process`` sort, its ``phase`` variable and another variable that it owns (``own``)."""

    process: Index
    phase: Variable
    own: Variable


def resets(runs: Sequence[Explored], family: Family, limits: Limits) -> Iterator[Lint]:
    """Variables that keep an old value in the first phase of the process that owns them."""
    found: dict[str, Lint] = {}
    for run in runs:
        for work in works(run.instance.system):
            if work.own.name not in found and (lint := _left_over(run, work, family, limits)) is not None:
                found[work.own.name] = lint
    yield from found.values()


def works(system: System) -> Iterator[Work]:
    """Every variable, besides its phase, of which a process writes its own element."""
    sorts = dict.fromkeys(a.actor.sort for a in system.actions.values() if a.actor is not None)
    for sort in sorts:
        if not isinstance(sort, Index):
            continue
        written = {u.variable.data for a, _, u in _ways(system, sort) if u.target.args[1] is a.actor}
        own = [
            v for v in system.variables if v.name in written and v.name not in system.auxiliary and _of_each(v, sort)
        ]
        for phase in (v for v in own if isinstance(v.sort, Array) and isinstance(v.sort.element, Enum)):
            yield from (Work(sort, phase, v) for v in own if v is not phase)


def _ways(system: System, sort: Index) -> Iterator[tuple[Action, Outcome, Any]]:
    """Updates of single elements by actions of processes of the sort."""
    for a in system.actions.values():
        if a.actor is not None and a.actor.sort == sort:
            for o in a.outcomes:
                yield from ((a, o, u) for u in o.updates if u.target.op is Op.SELECT)


def _left_over(run: Explored, work: Work, family: Family, limits: Limits) -> Lint | None:
    states = list(_stale(run, work))
    if not states:
        return None
    name = work.own.name
    seen = f"in {counted(len(states), 'explored state')}, {work.process.name} is back at {_start(work)} and {name} "
    ways = _returns(run.instance.system, work)
    forgetful = [w for w in ways if not w[2]]
    if forgetful and any(resets for *_, resets in ways):
        action, outcome, _ = forgetful[0]
        return Lint(
            "missing reset",
            name,
            outcome.where or action.where,
            f"variable {name}: {seen}keeps an old value; other actions that return there reset it, {action.name} does "
            "not",
            f"add update({name}[…], {_initial(work.own)}), unless it is meant to survive",
        )
    observed = variables_of(*(t for o in run.instance.system.observations for t, _ in o.cases))
    if name in observed or not _all_in_vain(run, work, states) or _needed_elsewhere(family, work, limits):
        return None
    place = next(((o.where or a.where) for a, o, _ in ways), work.own.where)
    return Lint(
        "missing reset",
        name,
        place,
        f"variable {name}: {seen}keeps an old value that nothing depends on there; it only multiplies the states",
        f"add update({name}[…], {_initial(work.own)}) where {work.phase.name} goes back",
    )


def _all_in_vain(run: Explored, work: Work, states: Sequence[tuple[State, int]]) -> bool:
    return all(_in_vain(run, work, s, i) for s, i in states[:: max(1, len(states) // TRIED)])


def _needed_elsewhere(family: Family, work: Work, limits: Limits) -> bool:
    """Whether something depends on an old value with other protections or options."""
    for system in family.systems:
        same = (w for w in works(system) if (w.own.name, w.phase.name) == (work.own.name, work.phase.name))
        for other in same:
            with suppress(ModelError):  # it has no instance of this size
                run = explored(small(system), limits)
                if not _all_in_vain(run, other, list(_stale(run, other))):
                    return True
    return False


def _start(work: Work) -> str:
    return f"{work.phase.name} = {_initial(work.phase)}"


def _initial(v: Variable) -> str:
    """The initial value of an element; ``…`` stands for its member."""
    assert isinstance(v.sort, Array)
    return render(v.start_at(make(Op.BOUND, (), v.sort.domain, ("…", 0))))


def _of_each(v: Variable, sort: Index) -> bool:
    """Whether a variable has an element with one initial value for each member."""
    return isinstance(v.sort, Array) and v.sort.domain == sort and v.initially is not None


def _stale(run: Explored, work: Work) -> Iterator[tuple[State, int]]:
    """States with the offset of a process that is in its first phase and keeps an old value."""
    place = run.kernel.interpreter.place
    phase, own = place[work.phase.name], place[work.own.name]
    initial = run.kernel.interpreter.initials()[0]
    for s in run.decoded():
        for i, at in enumerate(s[phase]):
            if at == initial[phase][i] and s[own][i] != initial[own][i]:
                yield s, i


def _returns(system: System, work: Work) -> list[tuple[Action, Outcome, bool]]:
    """The outcomes, except of faults, that return a process to its first phase, and whether they reset its variable."""
    found = []
    for a in system.actions.values():
        if a.fault is None and a.actor is not None and a.actor.sort == work.process:
            for o in a.outcomes:
                if _assigns(o, work.phase, a.actor):
                    found.append((a, o, _assigns(o, work.own, a.actor)))
    return found


def _assigns(outcome: Outcome, v: Variable, actor: Term) -> bool:
    """The outcome resets the actor's element of a variable to its initial value."""
    target = v.term[actor]
    return any(u.target is target and u.value is v.start_at(actor) for u in outcome.updates)


def _in_vain(run: Explored, work: Work, s: State, i: int) -> bool:
    """No next step and no property distinguishes the state from the one with the variable reset."""
    interpreter = run.kernel.interpreter
    own = interpreter.place[work.own.name]
    initial = interpreter.initials()[0][own][i]
    reset = _put(s, own, i, initial)
    if not _alike(interpreter, s, reset):
        return False
    here, there = list(interpreter.moves(s)), list(interpreter.moves(reset))
    if [_label(m) for m, _ in here] != [_label(m) for m, _ in there]:
        return False
    return all(
        _put(a, own, i, initial) == _put(b, own, i, initial)
        and (a[own][i], b[own][i]) in ((b[own][i], a[own][i]), (s[own][i], initial))
        and _steps_alike(interpreter, (s, m, a), (reset, n, b))
        for (m, a), (n, b) in zip(here, there, strict=True)
    )


def _label(m: Move) -> tuple[str, tuple[int, ...], str | None]:
    return m.action.name, m.choice, m.outcome.name


def _put(s: State, own: int, i: int, value: Any) -> State:
    array = (*s[own][:i], value, *s[own][i + 1 :])
    return (*s[:own], array, *s[own + 1 :])


def _alike(interpreter: Interpreter, s: State, t: State) -> bool:
    """Properties of states and ``final`` have the same values in both states."""
    system = interpreter.instance.system
    terms = [sought(p) for p in system.properties if isinstance(p, Checkable) and not of_step(p)]
    return all(interpreter.holds(x, s) == interpreter.holds(x, t) for x in (*terms, *system.final))


def _steps_alike(interpreter: Interpreter, a: tuple[State, Move, State], b: tuple[State, Move, State]) -> bool:
    """Properties of steps have the same values at both steps."""
    properties = interpreter.instance.system.properties
    terms = [sought(p) for p in properties if isinstance(p, Checkable) and of_step(p)]
    return all(
        interpreter.holds(x, s, after, move) == interpreter.holds(x, t, later, other)
        for x in terms
        for (s, move, after), (t, other, later) in [(a, b)]
    )
