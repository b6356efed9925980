"""Which race is told of a run that has several."""

from __future__ import annotations

from checker import check
from model.language import (
    Protocol,
    Term,
    boolean,
    enumeration,
    index,
    integers,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    such_that,
    update,
    when,
)
from model.language.actions import Step
from model.language.sorts import array
from properties import invariant


def releases() -> Protocol:
    """Runners build a release, flip a pointer to it, and delete what is older."""
    protocol = Protocol("release")
    runner, release = index("runner", 2), integers(0, 2, "release")
    doing = enumeration("doing", "IDLE BUILT FLIPPED")
    newest = protocol.variable("newest", release, 0)
    live = protocol.variable("live", release, 0)
    stored = protocol.variable("stored", subsets(release), {0})
    mine = protocol.variable("mine", array(runner, release), 0)
    does = protocol.variable("does", array(runner, doing), doing.IDLE)

    @protocol.action(runner, by=runner)
    def build(r: Term) -> Step:
        return step(
            when(does[r] == doing.IDLE, newest < 2),
            update(newest, newest + 1),
            update(mine[r], newest + 1),
            update(stored, stored | {newest + 1}),
            update(does[r], doing.BUILT),
            says("builds {n}", n=newest + 1),
        )

    @protocol.action(runner, by=runner)
    def flip(r: Term) -> Step:
        return step(
            when(does[r] == doing.BUILT),
            update(live, mine[r]),
            update(does[r], doing.FLIPPED),
            says("flips to {n}", n=mine[r]),
        )

    @protocol.action(runner, by=runner)
    def clean(r: Term) -> Step:
        left = such_that(release, lambda x: x.isin(stored) & (x >= mine[r]))
        return step(
            when(does[r] == doing.FLIPPED), update(stored, left), update(does[r], doing.IDLE), says("cleans up")
        )

    protocol.declare(invariant("live-exists", live.isin(stored), "what is live exists"))
    return protocol


def test_of_several_races_that_of_order_alone() -> None:
    """Two flips in another order are the same two flips. Had the clean-up come before the build, everything after
    would have been something else: that is told only where there is nothing better."""
    (finding,) = check(releases()).findings
    assert finding.trace is not None
    assert finding.insight is not None
    assert finding.insight.causes is not None
    steps = [s.text for s in finding.trace.steps]
    effects = {(steps[r.first - 1], steps[r.second - 1]): r.effect for r in finding.insight.causes.races}
    assert effects["flips to 2", "flips to 1"] == "the same"
    assert effects["builds 1", "cleans up"] == "other values"
    assert [steps[n - 1] for n in finding.insight.causes.chain] == ["flips to 2", "flips to 1"]


def queue() -> Protocol:
    """Workers get a message one after the other, look whether it has been charged, and charge for it if not."""
    protocol = Protocol("queue")
    worker = index("worker", 2)
    doing = enumeration("doing", "IDLE CHARGE DONE")
    visible = protocol.variable("visible", boolean(), True)
    charged = protocol.variable("charged", boolean(), False)
    charges = protocol.variable("charges", integers(0, 2), 0)
    does = protocol.variable("does", array(worker, doing), doing.IDLE)

    @protocol.action(worker, by=worker)
    def receive(w: Term) -> Step:
        return step(
            when(visible, does[w] == doing.IDLE),
            update(visible, False),
            outcome("known", when(charged), update(does[w], doing.DONE), says("has charged already")),
            otherwise("new", update(does[w], doing.CHARGE), says("looks")),
        )

    @protocol.action(by="queue", fairness="none")
    def timeout() -> Step:
        return step(when(~visible), update(visible, True), says("shows it again"))

    @protocol.action(worker, by=worker)
    def charge(w: Term) -> Step:
        return step(
            when(does[w] == doing.CHARGE),
            update(charges, charges + 1),
            update(charged, True),
            update(does[w], doing.DONE),
            says("charges"),
        )

    protocol.declare(invariant("charged-once", charges <= 1, "nobody pays twice"))
    return protocol


def test_a_check_is_told_with_the_write_that_makes_it_stale() -> None:
    """The first look came before the last charge, too; but what it saw was stale after the one in between."""
    (finding,) = check(queue()).findings
    assert finding.trace is not None
    assert finding.insight is not None
    assert finding.insight.causes is not None
    steps = [(s.by, s.text) for s in finding.trace.steps]
    assert [text for _, text in steps] == ["looks", "shows it again", "looks", "charges", "charges"]
    races = {(r.first, r.second) for r in finding.insight.causes.races}
    first, second = finding.insight.causes.chain
    assert {(first, second), (1, 5)} <= races
    assert (first, second) == (3, 4)
    assert steps[first - 1][0] != steps[second - 1][0]
