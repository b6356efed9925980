"""A scenario's monitor as terms: a system that remembers which events its runs have shown.

For a cast the system gets one more variable, the set of events shown, and every outcome of every action adds the events
that it shows. Event terms are step terms, so references to the state after the step are rewritten to what the outcome
assigns, as in a weakest precondition (Dijkstra, *A Discipline of Programming*, 1976, chapter 4). The result is an
ordinary system, so every engine can search it, machine code included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from planrace.checker.semantics.packing import root_of
from planrace.model.language import (
    Action,
    ModelError,
    Op,
    Outcome,
    System,
    Term,
    Update,
    either,
    integers,
    subsets,
    such_that,
)
from planrace.model.language.sorts import Scalar
from planrace.model.language.system import Beginning, Variable
from planrace.model.language.terms import FALSE, TRUE, constant, make, substitute
from planrace.properties.kinds import Invariant, invariant
from planrace.properties.scenario import Event, Scenario

SHOWN = "events shown"
"""The name of the variable; it contains a space, so no author's variable can have it."""


def monitored(system: System, scenario: Scenario, cast: Mapping[Term, int]) -> tuple[System, Invariant]:
    """The system with the monitor of ``scenario`` for ``cast``, and the invariant that not all events have been
    shown."""
    events = [e for f in scenario.facts if not f.optional for e in f.events]
    roles = {r: constant(value, r.sort) for r, value in cast.items()}
    happens = [substitute(e.happens, roles) for e in events]
    sort = integers(1, len(events), "event")
    shown = make(Op.VARIABLE, (), subsets(sort), SHOWN)
    variable = Variable(SHOWN, shown.sort, make(Op.SET, (), shown.sort), "events of the scenario that were shown")
    monitor = _Monitor(events, happens, shown, sort)
    for k, e in enumerate(events):
        if e.without is not None:
            monitor.forbid(k, substitute(e.without, roles))
    actions = {n: monitor.action(a) for n, a in system.actions.items()}
    allowed = Beginning(substitute(scenario.where, roles), scenario.place)
    found = replace(
        system,
        variables=(*system.variables, variable),
        beginnings=system.beginnings if system.starts_alike else (*system.beginnings, allowed),
        actions=actions,
        scenarios=(),
        proofs=(),
    )
    everything = such_that(sort, lambda x: x == x)  # noqa: PLR0124  (all of them)
    return found, invariant(scenario.name, shown != everything, f"no run shows {scenario.title}")


class _Monitor:
    """What a step adds to the events shown."""

    def __init__(self, events: Sequence[Event], happens: Sequence[Term], shown: Term, element: Scalar) -> None:
        self.element = element
        self.events = events
        self.happens = happens
        self.shown = shown
        self.numbers = {e.name: n for n, e in enumerate(events, 1)}
        self.forbidden: dict[int, Term] = {}
        self.again: dict[int, set[int]] = {}

    def forbid(self, k: int, term: Term) -> None:
        """After a step for which ``term`` holds, event ``k`` counts only if what it comes after happens again."""
        again = {self.numbers[self.events[k].after[0]] - 1}
        for n, e in enumerate(self.events):
            if any(self.numbers.get(x, 0) - 1 in again for x in (*e.after, *e.since)):
                again.add(n)
        self.forbidden[k], self.again[k] = term, again

    def action(self, a: Action) -> Action:
        """The action with outcomes that remember what they show."""
        return replace(a, outcomes=tuple(self.outcome(a, o) for o in a.outcomes))

    def outcome(self, action: Action, outcome: Outcome) -> Outcome:
        """The outcome with an update for the events that it shows."""
        rewriter = _Rewriter(action, outcome)
        shows = [rewriter.now(t) for t in self.happens]
        forbidden = {k: rewriter.now(t) for k, t in self.forbidden.items()}
        kept = [self._seen(e.name) for e in self.events]
        now = list(self._added(shows, kept))
        lost = {
            k: kept[self.numbers[self.events[k].after[0]] - 1] & ~kept[k] & ~now[k] & t for k, t in forbidden.items()
        }
        if any(t is not FALSE for t in forbidden.values()):
            kept = [_all([t, *(~lost[k] for k in lost if n in self.again[k])]) for n, t in enumerate(kept)]
            now = list(self._added(shows, kept))
        elif all(t is FALSE for t in now):
            return outcome
        either_way = [t | u for t, u in zip(kept, now, strict=True)]
        value = such_that(self.element, lambda x: either(*((x == n) & t for n, t in enumerate(either_way, 1))))
        return replace(outcome, updates=(*outcome.updates, Update(self.shown, value)))

    def _added(self, shows: Sequence[Term], kept: Sequence[Term]) -> Iterator[Term]:
        """For each event, in order, the condition that the step adds it to those of ``kept``; equivalent to
        ``Monitor.grown``."""
        known: dict[str, Term] = {}
        for e, shown in zip(self.events, shows, strict=True):
            after = (self._kept(name, kept) for name in e.after)
            since = (self._kept(name, kept) | known.get(name, FALSE) for name in e.since)
            known[e.name] = FALSE if shown is FALSE else _all([shown, *after, *since])
            yield known[e.name]

    def _kept(self, name: str, kept: Sequence[Term]) -> Term:
        return kept[self.numbers[name] - 1] if name in self.numbers else TRUE  # an optional fact is not waited for

    def _seen(self, name: str) -> Term:
        return constant(self.numbers[name], self.element).isin(self.shown)


class _Rewriter:
    """Rewrites step terms about one outcome of one action to state terms."""

    def __init__(self, action: Action, outcome: Outcome) -> None:
        self.action = action
        self.outcome = outcome
        self.updates: dict[str, list[Update]] = {}
        for u in outcome.updates:
            self.updates.setdefault(root_of(u.target)[0], []).append(u)

    def now(self, term: Term) -> Term:
        """A step term before the step."""
        match term.op:
            case Op.PRIMED:
                return self.after(term.args[0])
            case Op.TAKEN:
                return self._taken(term)
            case Op.AND:
                return _all(self.now(t) for t in term.args)
            case _ if not term.args:
                return term
            case _:
                return make(term.op, tuple(self.now(t) for t in term.args), term.sort, term.data)

    def after(self, term: Term) -> Term:
        """A state term after the step, in terms of the state before it."""
        if term.op in (Op.VARIABLE, Op.SELECT):
            name, positions = root_of(term)
            if isinstance(name, str):
                return self._read(term, name, [self.after(p) for p in positions])
        if not term.args:
            return term
        return make(term.op, tuple(self.after(t) for t in term.args), term.sort, term.data)

    def _read(self, term: Term, name: str, positions: list[Term]) -> Term:
        value = _at(term, positions)
        for u in self.updates.get(name, []):
            _, at = root_of(u.target)
            if len(at) > len(positions):
                raise ModelError(
                    f"the scenario reads the whole of {name} after {self.action.name} assigns a part of it"
                )
            here = TRUE
            for x, y in zip(at, positions, strict=False):
                here = here & (x == y)
            new = u.value
            for p in positions[len(at) :]:
                new = new[p]
            value = new if here is TRUE else make(Op.ITE, (here, new, value), value.sort)
        return value

    def _taken(self, term: Term) -> Term:
        name, outcome, names = term.data
        if name != self.action.name or outcome not in (None, self.outcome.name):
            return FALSE
        parameters = {str(p): p for p in self.action.parameters}
        if not set(names) <= set(parameters):
            return FALSE
        return _all(parameters[n] == self.now(a) for n, a in zip(names, term.args, strict=True))


def _at(term: Term, positions: list[Term]) -> Term:
    """The variable of ``term`` at other positions."""
    root = term
    while root.args:
        root = root.args[0]
    for p in positions:
        root = root[p]
    return root


def _all(terms: Iterable[Term]) -> Term:
    found = TRUE
    for t in terms:
        if t is FALSE:
            return FALSE
        found = found & t
    return found
