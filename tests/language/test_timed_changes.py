"""What protections do to times of actions, and what they cannot lose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Changes,
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    boolean,
    elapsed,
    integers,
    otherwise,
    outcome,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.properties import invariant, reachable


def shop(change: Callable[[Changes], None] | None = None) -> Protocol:
    """An order that is paid, and then sent within two ticks but not before one."""
    p = Protocol("shop")
    stage = p.variable("stage", integers(0, 2, "stage"), 0)
    p.fault("fire", "the shop burns")

    @p.action(by="buyer")
    def pay() -> Step:
        declined = outcome("declined", when(stage == 2))
        return step(when(stage != 1), declined, otherwise("paid", update(stage, 1)))

    @p.action(by="shop", since=taken(pay, outcome="paid"), after=1, within=2)
    def send() -> Step:
        return step(when(stage == 1), update(stage, 2), says("sends after {t}", t=stage))

    @p.action(by="shop", fault="fire")
    def burn() -> Step:
        return step(when(stage != 0), update(stage, 0))

    if change is not None:
        p.protection("changed", "…")(change)
    p.declare(
        invariant("in-time", elapsed(p, send) <= 2, "…"),
        reachable("late", taken(send) & (elapsed(p, send) == 2), "…"),
        reachable("early", taken(send) & (elapsed(p, send) == 0), "…"),
    )
    return p


def verdicts(p: Protocol, **given: Any) -> list[str]:
    return [f.verdict.word for f in check(p, with_protections=list(p.protections), **given).findings]


def test_an_outcome_starts_a_clock() -> None:
    assert verdicts(shop()) == ["holds", "holds", "violated"]
    p = shop()
    clocks = {f["send_ticks"] for f in states(p) if f["stage"] != 1}
    assert clocks == {-1}


def states(p: Protocol) -> list[dict[str, Any]]:
    """All states that can be reached."""
    interpreter = Interpreter(p.system(list(p.protections)).instance())
    names = [v.name for v in interpreter.instance.system.variables]
    seen, todo = {interpreter.initial()}, [interpreter.initial()]
    while todo:
        for _, after in interpreter.moves(todo.pop()):
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return [dict(zip(names, s, strict=True)) for s in seen]


def test_no_protection_loses_a_time() -> None:
    stage = shop().variables["stage"].term

    def rewritten(change: Changes) -> None:
        change.guard("send", stage == 1)
        change.updates("send", update(stage, 2))
        change.updates("pay", update(stage, 1))

    assert verdicts(shop(rewritten)) == ["holds", "holds", "violated"]


def test_a_step_that_is_inserted_before_a_timed_action_waits_like_it() -> None:
    def looks(change: Changes) -> None:
        change.before("send", name="look", steps=step())

    p = shop(looks)
    p.declare(reachable("looks-early", taken("look") & (elapsed(p, "send") == 0), "…"))
    assert verdicts(p) == ["holds", "holds", "violated", "violated"]  # and at the deadline time waits for it, too


def test_an_action_that_is_looked_at_and_given_up_has_no_duty() -> None:
    def looks(change: Changes) -> None:
        change.before(
            "send",
            name="look",
            steps=step(outcome("go", when(elapsed_of_send() < 2)), otherwise("stale")),
            outcome="go",
        )

    def elapsed_of_send() -> Term:
        return elapsed(shop(), "send")

    p = shop(looks)
    p.declare(reachable("given-up", taken("look", outcome="stale") & (elapsed(p, "send") == 2), "…"))
    assert verdicts(p)[-1] == "holds"
    assert all(f["send_ticks"] == -1 or f["stage"] == 1 for f in states(p))
    assert any(f["send_ticks"] == -1 and f["stage"] == 1 for f in states(p))


def test_an_action_of_a_change_is_timed() -> None:
    def cancels(change: Changes) -> None:
        stage = change.actions[0].outcomes[-1].updates[0].target

        @change.action(by="buyer", since="pay", after=2)
        def cancel() -> Step:
            return step(when(stage == 1), update(stage, 0))

    p = shop(cancels)
    p.declare(reachable("cancelled", taken("cancel"), "…"))
    with pytest.raises(ModelError, match=r"send has to happen within 2 ticks of pay \(paid\), and cannot"):
        check(p, with_protections=["changed"])


def test_a_change_gives_an_action_limits() -> None:
    def hurries(change: Changes) -> None:
        change.timed("pay", since=["send", "initially"], within=1)

    p = shop(hurries)
    p.declare(reachable("idle", taken("tick") & (p.variables["stage"].term == 2), "nobody pays for some time"))
    assert verdicts(p)[-1] == "holds"
    with pytest.raises(DefinitionError, match=r"send has limits of time already, at .*test_timed_changes.py"):
        shop(lambda c: c.timed("send", since="pay", within=1)).system(["changed"])
    with pytest.raises(DefinitionError, match="the fault fire need not"):
        shop(lambda c: c.timed("burn", since="pay", within=1)).system(["changed"], ["fire"])

    def clashes(change: Changes) -> None:
        change.variable("pay_ticks", boolean(), False)
        change.timed("pay", since="send", after=1)

    with pytest.raises(DefinitionError, match="there is a variable pay_ticks already"):
        shop(clashes).system(["changed"])


def test_a_removed_action_has_no_clock_and_a_change_of_a_change_keeps_the_others() -> None:
    system = shop(lambda change: change.remove("send")).system(["changed"])
    assert "tick" not in system.actions
    assert all("send_ticks" not in str(a.guard) for a in system.actions.values())
    p = shop(lambda change: change.require("pay", shop().variables["stage"].term == 0))
    assert list(p.system(["changed"]).actions) == ["pay", "send", "tick"]


def test_a_fault_leaves_a_duty_that_nobody_can_do() -> None:
    with pytest.raises(ModelError, match="send has to happen within 2 ticks"):
        check(shop(), faults=["fire"])
