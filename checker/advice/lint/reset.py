"""Lint of missing resets: what a process keeps of its work when it is back where it began.

A process is a member of an index sort that actions are performed by, where it is in its work is an array of an
enumeration over that sort. A value that is left over there is a finding in two cases:

* Nothing depends on it: put back to its initial value, the same steps are enabled with the same outcomes, they lead to
  the same states but for that value, and the same properties hold. Then it only multiplies the states. This is tried
  on states that were met, one step ahead; it is no proof.
* Some ways back to the beginning reset it and others do not; those of faults do not count, for what survives a crash is
  often meant to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.checker.advice.family import variables_of
from planrace.checker.advice.lint.explored import Explored
from planrace.checker.advice.lint.finding import Lint
from planrace.checker.engines.answer import of_step, sought
from planrace.checker.results.wording import counted, plural
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.model.language import Action, Array, Enum, Index, Op, Outcome, System, Term
from planrace.model.language.render import render
from planrace.model.language.system import Variable
from planrace.properties.kinds import Checkable

TRIED = 200
"""States with something left over that are tried."""


@dataclass(frozen=True, eq=False)
class Work:
    """A ``process`` sort, its ``phase`` and something else that is its ``own``."""

    process: Index
    phase: Variable
    own: Variable


def resets(runs: Sequence[Explored]) -> Iterator[Lint]:
    """Own variables of processes that keep old values at rest."""
    found: dict[str, Lint] = {}
    for run in runs:
        for work in works(run.instance.system):
            if work.own.name not in found and (lint := _left_over(run, work)) is not None:
                found[work.own.name] = lint
    yield from found.values()


def works(system: System) -> Iterator[Work]:
    """Every variable that a process writes of itself beside its phase."""
    sorts = dict.fromkeys(a.actor.sort for a in system.actions.values() if a.actor is not None)
    for sort in sorts:
        if not isinstance(sort, Index):
            continue
        written = {u.variable.data for a, _, u in _ways(system, sort) if u.target.args[1] is a.actor}
        own = [v for v in system.variables if v.name in written and isinstance(v.sort, Array) and v.sort.domain == sort]
        for phase in (v for v in own if isinstance(v.sort, Array) and isinstance(v.sort.element, Enum)):
            yield from (Work(sort, phase, v) for v in own if v is not phase)


def _ways(system: System, sort: Index) -> Iterator[tuple[Action, Outcome, Any]]:
    """Updates of single elements by actions of a process."""
    for a in system.actions.values():
        if a.actor is not None and a.actor.sort == sort:
            for o in a.outcomes:
                yield from ((a, o, u) for u in o.updates if u.target.op is Op.SELECT)


def _left_over(run: Explored, work: Work) -> Lint | None:
    states = list(_stale(run, work))
    if not states:
        return None
    name = work.own.name
    looked = f"{counted(len(states), 'state')} that {plural(len(states), 'was', 'were')} looked at"
    seen = f"in {looked}, {work.process.name} is back at {_start(work)} and {name} "
    ways = _returns(run.instance.system, work)
    forgetful = [w for w in ways if not w[2]]
    if forgetful and any(resets for *_, resets in ways):
        action, outcome, _ = forgetful[0]
        return Lint(
            "missing reset",
            name,
            outcome.where or action.where,
            f"variable {name}: {seen}keeps an old value; other ways back reset it, {action.name} does not",
            f"add update({name}[…], {render(work.own.initially)}), unless it is meant to survive",
        )
    told = variables_of(*(t for o in run.instance.system.observations for t, _ in o.cases))
    if name in told or not all(_in_vain(run, work, s, i) for s, i in states[:: max(1, len(states) // TRIED)]):
        return None
    place = next(((o.where or a.where) for a, o, _ in ways), work.own.where)
    return Lint(
        "missing reset",
        name,
        place,
        f"variable {name}: {seen}keeps an old value that nothing depends on there; it only multiplies the states",
        f"add update({name}[…], {render(work.own.initially)}) where {work.phase.name} goes back",
    )


def _start(work: Work) -> str:
    return f"{work.phase.name} = {render(work.phase.initially)}"


def _stale(run: Explored, work: Work) -> Iterator[tuple[State, int]]:
    """States, and the offset of a process in them, that is where it began while its variable is not."""
    place = run.kernel.interpreter.place
    phase, own = place[work.phase.name], place[work.own.name]
    initial = run.kernel.interpreter.initial()
    for s in run.decoded():
        for i, at in enumerate(s[phase]):
            if at == initial[phase][i] and s[own][i] != initial[own][i]:
                yield s, i


def _returns(system: System, work: Work) -> list[tuple[Action, Outcome, bool]]:
    """Endings, not of faults, that bring a process back to its first phase, and whether they reset its variable."""
    found = []
    for a in system.actions.values():
        if a.fault is None and a.actor is not None and a.actor.sort == work.process:
            for o in a.outcomes:
                if _assigns(o, work.phase, a.actor):
                    found.append((a, o, _assigns(o, work.own, a.actor)))
    return found


def _assigns(outcome: Outcome, v: Variable, actor: Term) -> bool:
    """The outcome gives the actor's element of a variable its initial value."""
    target = v.term[actor]
    return any(u.target is target and u.value is v.initially for u in outcome.updates)


def _in_vain(run: Explored, work: Work, s: State, i: int) -> bool:
    """Nothing that happens next, and no property, tells the state from the one where the variable is reset."""
    interpreter = run.kernel.interpreter
    own = interpreter.place[work.own.name]
    initial = interpreter.initial()[own][i]
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
    """To properties of states the same, and final states."""
    system = interpreter.instance.system
    terms = [sought(p) for p in system.properties if isinstance(p, Checkable) and not of_step(p)]
    return all(interpreter.holds(x, s) == interpreter.holds(x, t) for x in (*terms, *system.final))


def _steps_alike(interpreter: Interpreter, a: tuple[State, Move, State], b: tuple[State, Move, State]) -> bool:
    """Two steps are the same to properties of steps."""
    properties = interpreter.instance.system.properties
    terms = [sought(p) for p in properties if isinstance(p, Checkable) and of_step(p)]
    return all(
        interpreter.holds(x, s, after, move) == interpreter.holds(x, t, later, other)
        for x in terms
        for (s, move, after), (t, other, later) in [(a, b)]
    )
