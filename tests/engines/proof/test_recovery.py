"""Recovery by schedule: proved for every size, executed on instances, and against all paths of small instances."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.proof.decide import Decider
from planrace.checker.engines.proof.schedule import course
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Context, Interpreter, State
from planrace.model.language import (
    Instance,
    ModelError,
    Protocol,
    System,
    array,
    boolean,
    count,
    enumeration,
    exists,
    forall,
    index,
    otherwise,
    outcome,
    step,
    update,
    when,
)
from planrace.properties import recoverable
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Recoverability
from planrace.properties.proof import Proof, proof
from planrace.properties.schedule import Plan, plan, schedule, take

SMALL = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}


def question(system: System) -> Recoverability:
    (p,) = [p for p in system.properties if isinstance(p, Recoverability)]
    return p


def proved(system: System) -> bool:
    return Decider(system).decide(system, question(system)).verdict is Verdict.HOLDS


def recoverable_everywhere(instance: Instance) -> bool:
    """AG EF by brute force in the interpreter: every state in question has a path of helping steps to the goal."""
    p = question(instance.system)
    interpreter = Interpreter(instance)
    start = interpreter.initial()
    before: dict[State, set[State]] = {start: set()}
    waiting = [start]
    while waiting:
        s = waiting.pop()
        for move, t in interpreter.moves(s):
            if t not in before:
                before[t] = set()
                waiting.append(t)
            if move.action.tags & p.helpers:
                before[t].add(s)
    good = {s for s in before if interpreter.holds(p.goal, s)}
    waiting = list(good)
    while waiting:
        fresh = before[waiting.pop()] - good
        good |= fresh
        waiting += fresh
    return all(s in good for s in before if interpreter.holds(p.wherever, s))


CASES: list[tuple[tuple[str, ...], tuple[str, ...], bool]] = [
    ((), (), True),
    (("lock-expiry",), (), True),
    (("crash", "lock-expiry"), (), True),
    (("crash", "lock-expiry", "bad-plan", "stray-delete"), (), True),
    (("stray-delete",), (), True),
    (("crash",), (), False),
    (("crash", "bad-plan"), (), False),
    (("stray-delete",), ("tolerant-rollback",), False),
    ((), ("tolerant-rollback",), True),
    ((), ("guarded-delete",), True),
]


@pytest.mark.parametrize(("faults", "without", "expected"), CASES)
def test_the_proof_agrees_with_all_paths(faults: tuple[str, ...], without: tuple[str, ...], expected: bool) -> None:
    system = fixed.system(faults, without=without)
    assert proved(system) is expected
    assert recoverable_everywhere(system.instance(**SMALL)) is expected


def test_original_is_not_proved() -> None:
    assert not proved(original.system())
    assert not recoverable_everywhere(original.system().instance(enactors=2, endpoints=1, plans=3, keep=1))


@pytest.mark.parametrize("faults", [[], ["crash", "lock-expiry", "bad-plan", "stray-delete"]])
def test_the_schedule_leads_to_the_goal(faults: list[str]) -> None:
    """Executed from reachable states: some rule always applies, and the measure goes down with every step."""
    system = fixed.system(faults)
    instance = system.instance(enactors=3, endpoints=2, plans=3, keep=1)
    p = question(system)
    search = Search(instance, [], exhaustive=True, limits=Limits(states=20_000))
    search.run()
    states = [search.kernel.layout.decode(s) for s in search.states()]
    interpreter = search.kernel.interpreter
    starts = [s for s in states if interpreter.holds(p.wherever, s)]
    steps = 0
    for s in random.Random(1).sample(starts, 150):
        for member in (1, 2, 3):
            steps += follow(interpreter, s, member)
    assert steps > 1000


def follow(interpreter: Interpreter, state: State, member: int) -> int:
    """Take the schedule's steps until the goal; how many there were."""
    system = interpreter.instance.system
    p = question(system)
    of: Any = course(system, p, system.proofs[0].schedules[0])
    bound = {of.schedule.chosen[0]: member}
    steps, measured = 0, None
    while not interpreter.holds(p.goal, state):
        assert interpreter.holds(of.schedule.plan.promise, state, bound=bound)
        measure = measured_in(interpreter, of.schedule.plan, state, bound)
        assert measured is None or measure < measured
        measured = measure
        state = one_step(interpreter, of, state, bound)
        steps += 1
    return steps


def measured_in(interpreter: Interpreter, of: Plan, state: State, bound: dict[Any, int]) -> tuple[int, ...]:
    """Numbers go down; members of an order go up, towards the last."""
    found = [interpreter.evaluate(m, Context(bound, state)) for m in of.measure]
    signs = [-1 if hasattr(m.sort, "ordered") else 1 for m in of.measure]
    return tuple(s * v for s, v in zip(signs, found, strict=True))


def one_step(interpreter: Interpreter, of: Any, state: State, bound: dict[Any, int]) -> State:
    for rule, action in of.rules:
        for some in [{}] if not rule.choosing else [{rule.choosing[0]: j} for j in (1, 2, 3)]:
            here = {**bound, **some}
            if interpreter.holds(rule.when, state, bound=here):
                choice = tuple(interpreter.evaluate(a, Context(here, state)) for a in rule.arguments)
                found = interpreter.perform(state, action, choice)
                assert found is not None, (rule.name, "is not enabled")
                return found[1]
    raise AssertionError("no rule applies")


def test_a_schedule_takes_only_steps_that_may_help() -> None:
    @schedule("automation-recovers", meaning="cheats")
    def cheat() -> Plan:
        from planrace.model.dns.protocol import latest, plans

        return plan(latest <= plans, [take("publish nothing", "publish_empty", when=latest < plans)], [latest])

    system = fixed.system(["bad-plan"])
    with pytest.raises(ModelError, match="publish_empty is not a step that may help"):
        course(system, question(system), cheat)


def test_without_a_schedule_it_is_unknown() -> None:
    bare = original.protocol.variant("bare").declaring(fixed.properties, proofs=[proof([])])
    decision = Decider(bare.system()).decide(bare.system(), question(bare.system()))
    assert decision.verdict is Verdict.UNKNOWN
    assert "no schedule of recovery is declared" in decision.how
    assert isinstance(bare.system().proofs[0], Proof)


# Why there is none ---------------------------------------------------------------------------------------------------
def roles(goal: Callable[[Any, Any, Any], Any]) -> Protocol:
    """Workers have roles; a helper would give one, and finds that it must not."""
    p = Protocol("roles")
    worker, role = index("worker", 2), enumeration("role", "PRIMARY BACKUP")
    has = p.variable("has", array(worker, array(role, boolean())), False)
    knows = p.variable("knows", array(worker, array(worker, array(role, boolean()))), False)

    @p.action(worker, by=worker, tags=["automation"])
    def promote(w: Any) -> Any:
        taken = outcome("promoted", when(has[w][role.BACKUP]), update(has[w][role.PRIMARY], True))
        return step(when(~has[w][role.PRIMARY]), taken, otherwise("refused"))

    @p.action(worker, worker, by=worker, tags=["automation"])
    def tell(w: Any, other: Any) -> Any:
        told = outcome("told", when(has[w][role.BACKUP]), update(knows[w][other][role.BACKUP], True))
        return step(told, otherwise("silent"))

    p.declare(recoverable("there-is-one", goal(worker, role, (has, knows)), "there is one", helpers={"automation"}))
    return p


GOALS: list[tuple[Callable[[Any, Any, Any], Any], str]] = [
    (lambda w, r, v: exists(w, lambda x: v[0][x][r.PRIMARY]), "has[x][PRIMARY]"),
    (lambda w, r, v: ~forall(w, lambda x: ~v[0][x][r.PRIMARY]), "has[x][PRIMARY]"),
    (lambda w, r, v: count(w, lambda x: v[0][x][r.PRIMARY]) > 0, "has[x][PRIMARY]"),
    (lambda w, r, v: exists(w, lambda x: v[1][x][x][r.BACKUP]), "knows[x][x][BACKUP]"),
    (lambda w, r, v: exists(w, lambda x: forall(w, lambda y: v[1][x][y][r.BACKUP])), "knows[x][y][BACKUP]"),
]


@pytest.mark.parametrize(("goal", "place"), GOALS)
def test_places_that_a_quantifier_of_the_goal_chooses_are_those_of_some_member(goal: Any, place: str) -> None:
    (found,) = check(roles(goal)).findings
    assert (found.verdict.word, found.depth) == ("violated", 0)
    assert found.dead_end is not None
    refused = [(r.place, r.tried, r.outcome, r.reasons) for r in found.dead_end.refused]
    assert refused == [(place, 1, "promoted" if place.startswith("has") else "told", ("has[w][BACKUP]",))]
