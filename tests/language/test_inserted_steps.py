"""Steps that a protection inserts before or after an action: what waits, what a crash forgets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planrace.model.language import (
    Changes,
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    changed,
    index,
    otherwise,
    outcome,
    step,
    update,
    when,
)
from planrace.model.patterns import crash
from tests.language.rollout import Rollout, Walk, rollout_protocol, verify

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def rollout() -> Rollout:
    return rollout_protocol()


# What waits -----------------------------------------------------------------------------------------------------
def test_the_step_after_an_action_comes_before_all_others_of_its_performer(rollout: Rollout) -> None:
    walk = Walk(rollout.system(lambda c: c.after("flip", name="verify", steps=verify(rollout))))
    walk.take("publish[]", "publish[]", "pick[1]", "pick[2]", "flip[1]")
    assert walk.enabled() == ["flip[2]", "verify[1]"]
    walk.take("flip[2]")
    assert walk.enabled() == ["verify[1]", "verify[2]"]
    walk.take("verify[1]")
    assert walk.enabled() == ["verify[2]"]


def test_performers_that_are_words_and_other_members_do_not_wait(rollout: Rollout) -> None:
    walk = Walk(rollout.system(lambda c: c.after("flip", name="verify", steps=verify(rollout))))
    walk.take("publish[]", "pick[1]", "flip[1]")
    assert walk.enabled() == ["publish[]", "verify[1]"]


def test_it_may_come_after_one_outcome_only(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.after("flip", name="verify", steps=verify(rollout), outcome="older")

    walk = Walk(rollout.system(change))
    walk.take("publish[]", "pick[1]", "publish[]", "pick[2]", "flip[2]")
    assert "verify[2]" not in walk.enabled()
    assert walk.take("flip[1]") == "older"
    assert "verify[1]" in walk.enabled()


def test_the_step_before_an_action_happens_when_the_action_would(rollout: Rollout) -> None:
    walk = Walk(rollout.system(lambda c: c.before("flip", name="look", steps=verify(rollout))))
    assert walk.enabled() == ["publish[]"]
    walk.take("publish[]", "pick[1]")
    assert walk.enabled() == ["publish[]", "pick[2]", "look[1]"]
    walk.take("look[1]")
    assert walk.enabled() == ["publish[]", "pick[2]", "flip[1]"]
    walk.take("flip[1]", "publish[]")
    assert walk.enabled() == ["pick[1]", "pick[2]"]


def test_an_outcome_of_the_step_before_decides_whether_the_action_follows(rollout: Rollout) -> None:
    r = rollout

    def look(w: Term) -> Step:
        stale = outcome("stale", when(r.picked[w] <= r.active), update(r.picked[w], 0))
        return step(stale, otherwise("fresh"))

    walk = Walk(r.system(lambda c: c.before("flip", name="look", steps=look, outcome="fresh")))
    walk.take("publish[]", "pick[1]", "publish[]", "pick[2]", "look[2]", "flip[2]")
    assert walk.take("look[1]") == "stale"
    assert walk.enabled() == []


def test_a_word_that_performs_waits_as_a_whole(rollout: Rollout) -> None:
    r = rollout

    def change(c: Changes) -> None:
        c.after("publish", name="announce", steps=step(update(r.active, r.active)))

        @c.action(by="planner")
        def rest() -> Step:
            return step(update(r.latest, r.latest))

    walk = Walk(r.system(change))
    assert walk.enabled() == ["publish[]", "rest[]"]
    walk.take("publish[]")
    assert walk.enabled() == ["pick[1]", "pick[2]", "announce[]"]


def test_the_parameters_of_the_action_are_those_of_the_step(rollout: Rollout) -> None:
    r = rollout

    def change(c: Changes) -> None:
        @c.action(r.version, r.worker, by=r.worker)
        def choose(v: Term, w: Term) -> Step:
            return step(when(v > 0, r.picked[w] == 0, v <= r.latest), update(r.picked[w], v))

        c.remove("pick")
        c.after("choose", name="note", steps=lambda v, w: step(update(r.seen[w], v)))

    walk = Walk(r.system(change))
    walk.take("publish[]", "publish[]", "choose[2, 1]")
    assert [x for x in walk.enabled() if x.endswith("1]")] == ["note[2, 1]"]
    walk.take("note[2, 1]")
    assert walk.state[walk.interpreter.place["seen"]] == (2, 0)


# Several --------------------------------------------------------------------------------------------------------
def noted(r: Rollout, name: str) -> Callable[[Changes], object]:
    return lambda c: c.after("flip", name=name, steps=verify(r)) and None


def test_several_steps_after_an_action_come_in_the_order_of_their_insertion(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        for name in ("first", "second", "third"):
            c.after("flip", name=name, steps=verify(rollout))

    walk = Walk(rollout.system(change))
    walk.take("publish[]", "publish[]", "pick[1]", "flip[1]")
    for name in ("first", "second", "third"):
        assert [x for x in walk.enabled() if x.endswith("[1]")] == [f"{name}[1]"]
        walk.take(f"{name}[1]")


def test_of_several_steps_before_an_action_the_last_inserted_comes_first(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        for name in ("first", "second", "third"):
            c.before("flip", name=name, steps=verify(rollout))

    walk = Walk(rollout.system(change))
    walk.take("publish[]", "publish[]", "pick[1]")
    for name in ("third", "second", "first", "flip"):
        assert [x for x in walk.enabled() if x.endswith("[1]")] == [f"{name}[1]"]
        walk.take(f"{name}[1]")


def test_a_step_may_be_inserted_before_and_after_one_that_is(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.after("flip", name="verify", steps=verify(rollout))
        c.before("verify", name="open_log", steps=verify(rollout))
        c.after("verify", name="close_log", steps=verify(rollout))
        c.before("flip", name="look", steps=verify(rollout))

    walk = Walk(rollout.system(change))
    walk.take("publish[]", "publish[]", "pick[1]")
    for name in ("look", "flip", "open_log", "verify", "close_log"):
        assert [x for x in walk.enabled() if x.endswith("[1]")] == [f"{name}[1]"]
        walk.take(f"{name}[1]")


def test_what_comes_after_which_outcome_must_be_certain(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.after("flip", name="verify", steps=verify(rollout), outcome="older")
        c.after("flip", name="note", steps=verify(rollout), outcome="newer")
        c.after("flip", name="more", steps=verify(rollout))

    with pytest.raises(DefinitionError, match=r"flip: verify is inserted after its outcome older of flip already"):
        rollout.system(change)


# Other changes ----------------------------------------------------------------------------------------------------
def test_later_changes_keep_the_step(rollout: Rollout) -> None:
    """The guard and the updates of the action are replaced; an action and an outcome are added."""
    r = rollout

    def change(c: Changes) -> None:
        c.after("flip", name="verify", steps=verify(r))
        c.guard("flip", lambda w: r.picked[w] > r.active)
        c.updates("flip", lambda w: update(r.active, r.picked[w]))
        c.outcome("flip", lambda w: outcome("never", when(r.active > 3)))
        c.guard("pick", lambda w: r.latest > 0)

        @c.action(r.worker, by=r.worker)
        def rest(w: Term) -> Step:
            return step(when(r.active > 0), update(r.seen[w], 0))

    again = changed(r.system(noted(r, "verify")), lambda c: c.guard("pick", lambda w: r.latest > 0))
    for system in (r.system(change), again):
        walk = Walk(system)
        walk.take("publish[]", "publish[]", "pick[1]", "flip[1]")
        assert [x for x in walk.enabled() if x.endswith("[1]")] == ["verify[1]"]


def test_changing_a_system_again_adds_nothing_twice(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.before("flip", name="look", steps=verify(rollout))
        c.after("flip", name="verify", steps=verify(rollout))

    system = rollout.system(change, "crash")
    again = changed(system, lambda c: c.remove("publish"))
    for name, a in system.actions.items():
        if name == "publish":
            continue
        assert a.when is again.actions[name].when
        assert [len(o.updates) for o in a.outcomes] == [len(o.updates) for o in again.actions[name].outcomes]


def test_the_inserted_step_can_be_changed(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        made = c.after("flip", name="verify", steps=verify(rollout))
        c.require(made, lambda w: rollout.latest == 2)

    walk = Walk(rollout.system(change))
    walk.take("publish[]", "pick[1]", "flip[1]")
    assert walk.enabled() == ["publish[]"]
    walk.take("publish[]")
    assert "verify[1]" in walk.enabled()


def test_without_the_action_there_is_no_step(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.after("flip", name="verify", steps=verify(rollout))
        c.remove("flip")

    walk = Walk(rollout.system(change))
    walk.take("publish[]", "publish[]", "pick[1]")
    assert walk.enabled() == ["pick[2]"]


# Crashes ----------------------------------------------------------------------------------------------------------
def test_a_crash_of_the_pattern_forgets_what_is_pending(rollout: Rollout) -> None:
    walk = Walk(rollout.system(lambda c: c.after("flip", name="verify", steps=verify(rollout)), "crash"))
    walk.take("publish[]", "publish[]", "pick[1]", "flip[1]")
    assert [x for x in walk.enabled() if x.endswith("[1]")] == ["crash[1]", "verify[1]"]
    walk.take("crash[1]")
    assert [x for x in walk.enabled() if x.endswith("[1]")] == []


def test_a_crash_forgets_everything_that_is_pending(rollout: Rollout) -> None:
    """Also where nothing else is lost: after the flip nothing is picked."""

    def change(c: Changes) -> None:
        c.before("flip", name="look", steps=verify(rollout))
        c.after("flip", name="verify", steps=verify(rollout))

    walk = Walk(rollout.system(change, "crash"))
    walk.take("publish[]", "publish[]", "pick[1]", "look[1]", "flip[1]")
    assert [x for x in walk.enabled() if x.endswith("[1]")] == ["crash[1]", "verify[1]"]
    walk.take("crash[1]")
    assert [x for x in walk.enabled() if x.endswith("[1]")] == []


def test_what_is_pending_may_survive_it(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.after("flip", name="verify", steps=verify(rollout), forgotten_by=[])

    walk = Walk(rollout.system(change, "crash"))
    walk.take("publish[]", "pick[1]", "flip[1]")
    assert "crash[1]" not in walk.enabled()


@pytest.mark.parametrize("who", ["power", "planner"])
def test_a_crash_of_everybody_forgets_what_is_pending_for_everybody(who: str) -> None:
    p = Protocol("p")
    worker = index("worker", 2)
    busy, told = p.variable("busy", array(worker, boolean()), False), p.variable("told", boolean(), False)
    crash(p, [busy if who == "power" else told], fault=p.fault("outage", "the power fails"), by=who)

    @p.action(worker, by=worker)
    def work(w: Term) -> Step:
        return step(update(busy[w], True))

    @p.action(by="planner")
    def tell() -> Step:
        return step(update(told, True))

    def change(c: Changes) -> None:
        c.after("work", name="rest", steps=lambda w: step(update(busy[w], False)))
        c.after("tell", name="ask", steps=step(update(told, False)))

    walk = Walk(changed(p.system(faults=["outage"]), change))
    walk.take("work[1]", "work[2]", "tell[]", "crash[]")
    assert walk.enabled() == (["work[1]", "work[2]", "ask[]"] if who == "power" else ["tell[]", "rest[1]", "rest[2]"])


def by_hand(p: Rollout) -> None:
    """A crash that is no pattern."""

    @p.protocol.action(p.worker, by=p.worker, fault="crash")
    def fail(w: Term) -> Step:
        return step(when(p.picked[w] > 0), update(p.picked[w], 0))


def test_a_fault_that_is_written_by_hand_must_be_decided_about(rollout: Rollout) -> None:
    r = rollout
    by_hand(r)
    with pytest.raises(DefinitionError, match=r"after pick: fail is a fault of the same performer") as problem:
        r.system(lambda c: c.after("pick", name="note", steps=verify(r)), "crash")
    assert 'write forgotten_by=["fail"] if it does, forgotten_by=[] if it does not' in str(problem.value)

    def change(c: Changes) -> None:
        c.after("pick", name="note", steps=verify(r), forgotten_by=["fail"])

    r.protocol.protection("note", "what is picked is noted")(change)
    walk = Walk(r.protocol.system(["note"], ["crash"]))
    walk.take("publish[]", "pick[1]", "fail[1]")
    assert "note[1]" not in walk.enabled()
    assert "note" in r.protocol.system(["note"]).actions  # the fault is off, so its action is not known


def test_a_step_may_follow_a_crash(rollout: Rollout) -> None:
    def change(c: Changes) -> None:
        c.after("crash", name="recover", steps=verify(rollout))

    walk = Walk(rollout.system(change, "crash"))
    walk.take("publish[]", "pick[1]", "crash[1]")
    assert [x for x in walk.enabled() if x.endswith("[1]")] == ["recover[1]"]
    walk.take("recover[1]")
    assert "pick[1]" in walk.enabled()


def nothing() -> Step:
    return step()


# Errors -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda c, s: c.after("flop", name="x", steps=s), r"there is no action flop \(did you mean flip"),
        (lambda c, s: c.after("flip", name="pick", steps=s), r"there is an action pick already"),
        (lambda c, s: c.after("flip", name="a b", steps=s), r"after flip: 'a b' is not the name of an action"),
        (lambda c, s: c.after("flip", name="initially", steps=s), r"'initially' is not a valid name"),
        (
            lambda c, s: c.after("flip", name="x", steps=nothing),
            r"must take 1 argument \(write change.after\(\"flip\", name=\"x\", steps=lambda w: step",
        ),
        (
            lambda c, s: c.before("flip", name="x", steps=lambda w: update(c.variable("y", boolean(), False), True)),
            r"before flip: update\(y, true\) is not a step \(write change.before\(\"flip\", name=\"x\"",
        ),
        (lambda c, s: c.after("flip", name="x", steps=None), r"after flip: None is not a step"),
        (
            lambda c, s: c.after("flip", name="x", steps=s, outcome="odler"),
            r"flip has no outcome odler \(there are: newer, older\)",
        ),
        (lambda c, s: c.before("flip", name="x", steps=s, outcome="older"), r"x has no outcome older"),
        (lambda c, s: c.before("crash", name="x", steps=s), r"before crash: crash is a fault, which waits for nothing"),
        (
            lambda c, s: c.after("flip", name="x", steps=s, forgotten_by=["crush"]),
            r"after flip: there is no action crush \(did you mean crash",
        ),
        (lambda c, s: c.after("flip", name="x", steps=s, forgotten_by="crash"), r"'crash' is one string, but a list"),
        (
            lambda c, s: c.after("pick", name="pub", steps=s) and c.variable("pub_pending", boolean(), False),
            r"pub_pending",
        ),
    ],
)
def test_slips(rollout: Rollout, what: Callable[[Changes, object], object], message: str) -> None:
    with pytest.raises(ModelError, match=message) as problem:
        rollout.system(lambda c: what(c, verify(rollout)), "crash")
    assert problem.value.where is not None
    assert problem.value.where.file == __file__
