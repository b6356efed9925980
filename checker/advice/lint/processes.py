"""Lint of processes: points where nobody ever is, and processes that go round without waiting for anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from planrace.checker.advice.family import Family, variables_of
from planrace.checker.advice.lint.explored import Explored
from planrace.checker.advice.lint.finding import Lint
from planrace.checker.results.wording import joined
from planrace.checker.semantics.interpreter import State
from planrace.model.language import Action, Array, Enum, Op, System, Term
from planrace.model.language.terms import subterms

FOLLOWED = 500
"""The most states from which a process is followed on its way round."""
MOST = 60
"""The most states on its ways."""


def points_met(run: Explored) -> set[tuple[str, str]]:
    """Processes with the points where some member is in an explored state."""
    met: set[tuple[str, str]] = set()
    for process in steps_of(run.instance.system):
        points = _points(run.instance.system, process)
        for f in run.kernel.layout.fields.values():
            if f.variable == process:
                met |= {(process, points[n]) for n in {f.low + (s >> f.offset & f.mask) for s in run.states}}
    return met


def points_of(system: System) -> set[tuple[str, str]]:
    """Processes with the points that they have in their text."""
    return {(process, p) for process in steps_of(system) for p in _points(system, process)}


def _points(system: System, process: str) -> tuple[str, ...]:
    sort = next(v.sort for v in system.variables if v.name == process)
    while isinstance(sort, Array):
        sort = sort.element
    assert isinstance(sort, Enum)
    return sort.members


def steps_of(system: System) -> dict[str, list[Action]]:
    """The steps of each process."""
    found: dict[str, list[Action]] = {}
    for a in system.actions.values():
        if a.origin is not None:
            found.setdefault(a.origin.process, []).append(a)
    return found


def busy_waiting(runs: Sequence[Explored], family: Family) -> Iterator[Lint]:
    """Steps that change nothing, and processes that come back to the same state by steps of which nobody else could
    know. One finding for a process."""
    found: dict[str, Lint] = {}
    for run in runs:
        for process, steps in steps_of(run.instance.system).items():
            if process not in found:
                lap = _still(run, steps) or _lap(run, process, steps, family)
                if lap:
                    found[process] = _finding(process, lap)
    yield from found.values()


def _finding(process: str, lap: Sequence[Action]) -> Lint:
    names = list(dict.fromkeys(a.name for a in lap))
    if len(names) == 1:
        what = f"process {process}: {names[0]} is enabled and changes nothing, so it can happen for ever"
    else:
        what = f"process {process}: {joined(names)} lead back to the same state, and nobody else can know of them"
    return Lint("busy waiting", process, lap[0].where, what, "wait for what it needs: when(…)")


def _still(run: Explored, steps: Sequence[Action]) -> list[Action]:
    """A step that happens, and assigns nothing."""
    for a in steps:
        for o in a.outcomes:
            if not o.updates and a.fault is None and (a.name, o.name) in run.endings:
                return [a]
    return []


def _lap(run: Explored, process: str, steps: Sequence[Action], family: Family) -> list[Action]:
    """A way of a member back to the same state, by steps that assign only what no other process and no other member
    reads."""
    noticed = _noticed(process, family)
    silent = [
        a
        for a in steps
        if a.fault is None and not any(u.variable.data in noticed for o in a.outcomes for u in o.updates)
    ]
    if len(silent) < 2:
        return []
    for s in islice(run.decoded(), FOLLOWED):
        for member in {c[: a.origin.members] for a in silent if a.origin for c in run.instance.choices(a)}:
            if found := _round(run, s, silent, member):
                return found
    return []


def _noticed(process: str, family: Family) -> set[str]:
    """The variables that anybody but the same member of a process reads; of properties, those that are not the
    process's own. What a crash of the pattern reads does not count: it only asks whether there is something to
    forget."""
    asked = variables_of(*family.read_outside)
    found = {v for v in asked if v != process and not v.startswith(f"{process}_")}
    for a in family.actions:
        read = [a.guard, *(o.condition for o in a.outcomes)]
        read += [t for o in a.outcomes for u in o.updates for t in (u.value, *u.target.args[1:])]
        if a.origin is None or a.origin.process != process:
            found |= variables_of(*read) if a.forgets is None else set()
        else:
            found |= _of_others(read, a.parameters[: a.origin.members])
    return found


def _of_others(read: Sequence[Term], member: tuple[Term, ...]) -> set[str]:
    """Variables of which terms read other elements than those of a member."""
    found = {t.data for t in subterms(*read) if t.op is Op.VARIABLE and member and not isinstance(t.sort, Array)}
    for t in subterms(*read):
        for variable in (x for x in t.args if x.op is Op.VARIABLE and isinstance(x.sort, Array)):
            if not (t.op is Op.SELECT and member and t.args[1] is member[0]):
                found.add(variable.data)
    return found


def _round(run: Explored, begun: State, silent: Sequence[Action], member: tuple[int, ...]) -> list[Action]:
    """The steps of a member that lead from a state back to it."""
    ways: list[tuple[State, list[Action]]] = [(begun, [])]
    met = {begun}
    for here, way in ways:
        for a in silent if len(ways) < MOST else ():
            for choice in (c for c in run.instance.choices(a) if c[: len(member)] == member):
                done = run.kernel.interpreter.perform(here, a, choice)
                if done is not None and done[1] == begun:
                    return [*way, a]
                if done is not None and done[1] not in met:
                    met.add(done[1])
                    ways.append((done[1], [*way, a]))
    return []
