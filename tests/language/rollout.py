"""Workers that make the newest version active, and runs of them step by step: changes are tried on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import (
    Changes,
    Index,
    Int,
    Protocol,
    Step,
    System,
    Term,
    array,
    changed,
    index,
    integers,
    otherwise,
    outcome,
    says,
    step,
    update,
    when,
)
from planrace.model.patterns import crash


@dataclass
class Rollout:
    """Workers pick the newest version and make it active, as in the README; ``flip`` has two outcomes."""

    protocol: Protocol
    worker: Index
    version: Int
    latest: Term
    active: Term
    picked: Term
    seen: Term

    def system(self, change: Callable[[Changes], object], *faults: str) -> System:
        def apply(c: Changes) -> None:
            change(c)

        return changed(self.protocol.system(faults=faults), apply)


def rollout_protocol() -> Rollout:
    p = Protocol("rollout")
    workers, versions = p.parameter("workers", 2, 1, 4), p.parameter("versions", 2, 1, 4)
    worker, version = index("worker", workers, symmetric=True), integers(0, versions, "version")
    latest, active = p.variable("latest", version, 0), p.variable("active", version, 0)
    picked = p.variable("picked", array(worker, version), 0)
    seen = p.variable("seen", array(worker, version), 0, "what the worker has seen last")
    lost = p.fault("crash", "a worker forgets what it has picked")
    crash(p, [picked], fault=lost, by=worker)

    @p.action(by="planner")
    def publish() -> Step:
        return step(when(latest < versions), update(latest, latest + 1))

    @p.action(worker, by=worker)
    def pick(w: Term) -> Step:
        return step(when(latest > active, picked[w] == 0), update(picked[w], latest))

    @p.action(worker, by=worker)
    def flip(w: Term) -> Step:
        return step(
            when(picked[w] > 0),
            update(picked[w], 0),
            outcome("newer", when(picked[w] > active), update(active, picked[w])),
            otherwise("older", update(active, picked[w])),
        )

    p.final(latest == versions)
    return Rollout(p, worker, version, latest, active, picked, seen)


class Walk:
    """A run, step by step."""

    def __init__(self, system: System) -> None:
        self.interpreter = Interpreter(system.instance())
        self.state: State = self.interpreter.initial()

    def enabled(self) -> list[str]:
        """The steps that are possible, as calls."""
        return [f"{m.action.name}{list(m.choice)}" for m, _ in self.interpreter.moves(self.state)]

    def take(self, *names: str) -> str | None:
        """Take these steps; the outcome of the last."""
        ended = None
        for name in names:
            assert name in self.enabled()
            move, self.state = list(self.interpreter.moves(self.state))[self.enabled().index(name)]
            ended = move.outcome.name
        return ended


def verify(r: Rollout) -> Callable[[Term], Step]:
    return lambda w: step(update(r.seen[w], r.active), says("looks again"))
