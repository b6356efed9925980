"""What protections cost: each cost of a protocol as properties that the usual searches decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from planrace.checker.engines.limits import until
from planrace.checker.results.costs import CostKind, CostRow, CostTable, CostValue
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.run.contract import Answers
from planrace.checker.run.options import Options
from planrace.checker.run.registry import ask
from planrace.checker.run.request import Selection, request_of
from planrace.checker.run.strategies import SearchTask, adaptive
from planrace.model.language import (
    Changes,
    Instance,
    ModelError,
    Op,
    Protocol,
    Step,
    System,
    Variant,
    boolean,
    both,
    changed,
    step,
    update,
    when,
)
from planrace.model.language.errors import known
from planrace.model.language.terms import make
from planrace.properties.costs import CanHappen, Cost, Fewest, Longest, Most, Survives
from planrace.properties.kinds import Liveness, Property, Reachability

TOGETHER = 8
"""Numbers that one search asks about."""


def costs(selection: Selection, each: Sequence[str], names: Sequence[str], options: Options) -> CostTable:
    """The costs of the selection, and with each of these protections added. ``names``: these costs only. Raises
    ``ModelError``."""
    subject = selection.subject
    declared = _declared(subject)
    chosen = [declared[known(n, declared, f"cost of {subject.name}")] for n in names] or list(declared.values())
    if not chosen:
        raise ModelError(f"{subject.name} declares no costs", remedy="declare some with protocol.measure(…)")
    whole = replace(options, explain=False, fail_fast=False)
    rows = []
    with until(options.time_limit):
        for added in [(), *((p,) for p in each)]:
            with_these = replace(selection, with_protections=(*selection.with_protections, *added))
            rows.append(CostRow(added, tuple(_Measuring(with_these, whole).value(c) for c in chosen)))
    return CostTable(
        subject.name,
        selection.instance.parameters,
        selection.faults,
        selection.system.protections,
        {c.name: c.meaning for c in chosen},
        tuple(rows),
    )


def others(selection: Selection) -> tuple[str, ...]:
    """The protections that the selection does not have."""
    subject = selection.subject
    if isinstance(subject, System):
        return ()
    return tuple(p for p in subject.protocol.protections if p not in selection.system.protections)


def _declared(subject: Variant | System) -> Mapping[str, Cost]:
    if isinstance(subject, System):
        raise ModelError("costs are those of a protocol, not of a System", remedy="pass its Protocol or Variant")
    protocol: Protocol = subject.protocol
    return {c.name: c for c in protocol.costs}


@dataclass
class _Measuring:
    """Measures one selection."""

    selection: Selection
    options: Options

    def value(self, c: Cost) -> CostValue:
        """The value of a cost; unknown, with the reason, if a limit is met."""
        try:
            match c:
                case Most():
                    return self._most(c)
                case Fewest():
                    return self._fewest(c)
                case Longest():
                    return self._longest(c)
                case CanHappen():
                    return self._possible(c)
                case Survives():
                    return self._survives(c)
        except TimeUpError as problem:
            return CostValue(c.name, CostKind.UNKNOWN, str(problem))
        raise TypeError(f"{c!r} is no cost")

    def _ask(self, instance: Instance, *properties: Property) -> Answers:
        found = ask(request_of(instance, properties, self.options))
        assert isinstance(found, Answers)
        return found

    def _most(self, c: Most) -> CostValue:
        reached = 0
        for first in count(1, TOGETHER):
            asked = [Reachability(f"{c.name} {k}", c.reaches(k), c.meaning) for k in range(first, first + TOGETHER)]
            for a in self._ask(self.selection.instance, *asked).answers:
                if a.verdict is Verdict.UNKNOWN:
                    return CostValue(c.name, CostKind.UNKNOWN, a.how)
                if a.verdict is Verdict.VIOLATED:
                    return CostValue(c.name, CostKind.NUMBER, a.how, reached)
                reached += 1
        raise AssertionError("count ends")

    def _fewest(self, c: Fewest) -> CostValue:
        instance = self.selection.system.instance(**{**self.selection.sizes, **c.sizes})
        (answer,) = self._ask(instance, Reachability(c.name, c.goal, c.meaning)).answers
        if answer.verdict is Verdict.UNKNOWN:
            return CostValue(c.name, CostKind.UNKNOWN, answer.how)
        if answer.recording is None:
            return CostValue(c.name, CostKind.NEVER, answer.how)
        steps = sum(m.action.role in c.roles for m in answer.recording.moves)
        sizes = ", ".join(f"{n}={v}" for n, v in c.sizes.items())
        return CostValue(c.name, CostKind.NUMBER, f"a shortest run at {sizes or 'these sizes'}", steps)

    def _longest(self, c: Longest) -> CostValue:
        from planrace.checker.engines.temporal.liveness import LivenessChecker, read_on
        from planrace.checker.engines.temporal.staying import longest_stay

        leaves = Liveness(c.name, ~c.condition, c.meaning, "leads to", c.condition)
        instance = read_on(self.selection.instance, leaves)
        found = adaptive(SearchTask(instance, [leaves], self.options))
        if not found.covered.complete:
            return CostValue(c.name, CostKind.UNKNOWN, f"not decided: {found.covered.stopped}")
        states = numbered(found.covered.states, "state")
        try:
            answer = LivenessChecker(found.search, found.graph).answer(leaves)
            if answer.verdict is Verdict.VIOLATED:
                return CostValue(c.name, CostKind.FOR_EVER, answer.how)
            steps = longest_stay(found.graph(found.search, list(instance.system.actions), (c.condition,)))
        except MemoryError as problem:
            return CostValue(c.name, CostKind.UNKNOWN, f"not decided: {problem}")
        how = f"complete search of {states}"
        if steps is None:
            return CostValue(c.name, CostKind.UNBOUNDED, how)
        return CostValue(c.name, CostKind.NUMBER, how, steps) if steps else CostValue(c.name, CostKind.NEVER, how)

    def _possible(self, c: CanHappen) -> CostValue:
        chosen = replace(self.selection, words={**self.selection.words, **c.options})
        (answer,) = self._ask(chosen.instance, Reachability(c.name, c.event, c.meaning)).answers
        return _yes_or_no(c.name, answer.verdict, answer.how)

    def _survives(self, c: Survives) -> CostValue:
        system = _mortal(self.selection, c)
        promises = {p.name: p for p in system.properties if isinstance(p, Liveness)}
        promise = promises[known(c.promise, promises, f"liveness property of {system.name}")]
        (answer,) = self._ask(system.instance(**self.selection.sizes), promise).answers
        if answer.verdict is Verdict.VIOLATED:
            (before,) = self._ask(self.selection.instance, promise).answers
            if before.verdict is Verdict.VIOLATED:
                return CostValue(c.name, CostKind.NO_ANYWAY, before.how)
        return _yes_or_no(c.name, answer.verdict, answer.how)


def _yes_or_no(name: str, verdict: Verdict, how: str) -> CostValue:
    kinds = {Verdict.HOLDS: CostKind.YES, Verdict.VIOLATED: CostKind.NO, Verdict.UNKNOWN: CostKind.UNKNOWN}
    return CostValue(name, kinds[verdict], how)


def _mortal(selection: Selection, c: Survives) -> System:
    """The system in which the first member of the index may stop for ever; then the leases free what it holds."""
    everything = selection.system_with(tuple(selection.variant.protocol.faults)).actions
    leases = {name: everything[known(name, everything, f"action of {selection.system.name}")] for name in c.leases}
    freeing = [a.fault for a in leases.values() if a.fault is not None]
    system = selection.system_with(tuple(dict.fromkeys((*selection.faults, *freeing))))
    first = make(Op.CONST, (), c.index, 1)  # members count from 1

    def stop(change: Changes) -> None:
        stopped = change.variable("one_member_has_stopped", boolean(), False)
        for name, a in system.actions.items():
            if name in leases:
                change.require(name, both(stopped, c.leases[name](first, *a.parameters)))
            elif a.actor is not None and a.actor.sort is c.index:
                change.require(name, ~(stopped & (a.actor == first)))

        @change.action(by="environment", fairness="none")
        def one_member_stops() -> Step:
            return step(when(~stopped), update(stopped, True))

    made = changed(system, stop)
    # Leases are no faults here: they run out at last, and liveness is decided with them.
    actions = {n: replace(a, fault=None, fairness="weak") if n in leases else a for n, a in made.actions.items()}
    return replace(made, actions=actions, faults=tuple(f for f in made.faults if f not in freeing))
