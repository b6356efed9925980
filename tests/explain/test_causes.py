"""Which race is reported for a run that has several."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planrace.checker import check
from planrace.checker.engines.explicit.search import Search
from planrace.checker.explain.causes import conflicts
from planrace.checker.explain.dependencies import touched
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.report.ci.step_to_fix import step_at_fault
from planrace.checker.report.text.because import finding_because
from planrace.checker.results.explanation import Causes
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import (
    Protocol,
    Term,
    boolean,
    enumeration,
    forall,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    primed,
    says,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.sorts import array
from planrace.properties import invariant, step_invariant
from planrace.properties.kinds import Invariant


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


def test_a_race_that_changes_only_the_order_comes_first() -> None:
    """Two flips in the other order are the same two flips. If the clean-up came before the build, all later steps would
    differ: such a race is reported only if there is no better one."""
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
    """Workers receive a message one after the other, check whether it has been charged, and charge it if not."""
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


def test_a_check_is_paired_with_the_write_that_makes_it_stale() -> None:
    """The first check also precedes the last charge, but the charge in between already made it stale."""
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


def story(protocol: Protocol) -> tuple[list[str], Causes, str]:
    """The texts of the steps that violate the only property, their causes, and the sentence about them."""
    (finding,) = check(protocol).findings
    assert finding.trace is not None
    assert finding.insight is not None
    assert finding.insight.causes is not None
    return [s.text for s in finding.trace.steps], finding.insight.causes, finding_because(finding)


def either_way() -> Protocol:
    """Two deposits without a lock: after a swap, both orders of the remaining steps must be tried."""
    protocol = Protocol("either-way")
    at = enumeration("at", "START READ DONE")
    first = protocol.variable("first", at, at.START)
    second = protocol.variable("second", at, at.START)
    last = protocol.variable("last", integers(0, 2), 0)

    @protocol.action(by="one")
    def read() -> Step:
        return step(when(first == at.START), update(first, at.READ), update(last, 1), says("one reads"))

    @protocol.action(by="two")
    def look() -> Step:
        return step(when(second == at.START), update(second, at.READ), update(last, 2), says("two looks"))

    @protocol.action(by="one")
    def write() -> Step:
        return step(when(first == at.READ), update(first, at.DONE), says("one writes"))

    @protocol.action(by="two")
    def store() -> Step:
        return step(when(second == at.READ), update(second, at.DONE), says("two stores"))

    protocol.declare(invariant("not-both", ~((first == at.DONE) & (second == at.DONE)), "only one of them is done"))
    return protocol


def test_an_order_that_does_not_decide_is_no_race() -> None:
    """Both deposits happen in either order: after any swap, some continuation violates the property again."""
    _, causes, sentence = story(either_way())
    assert not causes.races
    assert causes.unchecked in (("first",), ("second",))
    assert sentence.startswith("No order of two steps decides not-both: ")


def outside() -> Protocol:
    """A worker checks a switch and acts on it; time passes, and somebody turns the switch meanwhile."""
    protocol = Protocol("outside")
    doing = enumeration("doing", "IDLE SEEN DONE")
    safe = protocol.variable("safe", boolean(), True)
    does = protocol.variable("does", doing, doing.IDLE)
    late = protocol.variable("late", boolean(), False)
    harm = protocol.variable("harm", boolean(), False)

    @protocol.action(by="worker")
    def look() -> Step:
        return step(when(does == doing.IDLE, safe, ~late), update(does, doing.SEEN), says("looks"))

    @protocol.action(by="time")
    def tick() -> Step:
        return step(when(~late), update(late, True), says("passes"))

    @protocol.action(by="operator")
    def turn() -> Step:
        return step(when(safe, late), update(safe, False), says("turns it off"))

    @protocol.action(by="worker")
    def act() -> Step:
        return step(when(does == doing.SEEN), update(does, doing.DONE), update(harm, ~safe), says("acts"))

    protocol.declare(invariant("no-harm", ~harm, "nobody acts on what is turned off"))
    return protocol


def breaks(run: Recording, holds: Term, i: int, j: int) -> bool | None:
    """Whether some continuation violates the property if step ``i`` waits for step ``j`` (both from 0); every order of
    the remaining steps is tried. None if ``j`` cannot come first."""
    who = [performer(m) for m in run.moves]

    def after(state: State, n: int) -> State | None:
        found = run.interpreter.perform(state, run.moves[n].action, run.moves[n].choice)
        return None if found is None else found[1]

    def bad(state: State) -> bool:
        return not run.interpreter.holds(holds, state)

    def onward(state: State, left: tuple[int, ...]) -> bool:
        firsts = [n for n in left if all(who[m] != who[n] for m in left if m < n)]
        following = [(n, t) for n in firsts if (t := after(state, n)) is not None]
        return any(bad(t) or onward(t, tuple(m for m in left if m != n)) for n, t in following)

    for held in (n for n in range(i, -1, -1) if who[n] == who[i]):
        state, left = run.states[0], list[int]()
        for n in range(j + 1):
            waits = n >= held and who[n] in {who[i], *(who[m] for m in left)}
            t = None if waits else after(state, n)
            if t is None:
                left.append(n)
            elif bad(t):
                return True
            else:
                state = t
        if j not in left:
            return onward(state, (*left, *range(j + 1, len(run.moves))))
    return None


@pytest.mark.parametrize("make", [releases, queue, either_way, outside])
def test_a_race_is_reported_if_no_continuation_violates_the_property(make: Callable[[], Protocol]) -> None:
    """Compared with trying every order."""
    instance = make().system().instance()
    (p,) = instance.system.properties
    assert isinstance(p, Invariant)
    ((answer,), _) = Search(instance, [p]).run()
    run = answer.recording
    assert run is not None
    found = Explainer(instance, ExplanationOptions()).causes(run, p)
    assert found is not None
    stated = {(r.first, r.second) for r in found.races}
    who = [performer(m) for m in run.moves]
    reads = [touched(run.interpreter, s, m) for s, m in zip(run.states, run.moves, strict=False)]
    for j in range(len(who)):
        for i in range(j):
            if who[i] != who[j] and conflicts(reads[i], reads[j]):
                assert ((i + 1, j + 1) in stated) == (breaks(run, p.holds, i, j) is False), (i + 1, j + 1)


def test_without_a_race_the_unchecked_places_are_named() -> None:
    protocol = Protocol("hosts")
    host = index("host", 2)
    spare = protocol.variable("spare", array(host, boolean()), True)
    used = protocol.variable("used", array(host, boolean()), False)

    @protocol.action(host, by="allocator")
    def allocate(h: Term) -> Step:
        return step(when(spare[h]), update(spare[h], False), update(used[h], True), says("gives {h} out", h=h))

    @protocol.action(host, by="janitor")
    def free(h: Term) -> Step:
        return step(when(~spare[h]), update(spare[h], True), says("frees {h}", h=h))

    protocol.declare(invariant("no-spare-in-use", forall(host, lambda h: ~(spare[h] & used[h])), "spare is unused"))
    _, causes, sentence = story(protocol)
    assert not causes.chain
    assert causes.unchecked == ("used[1]",)
    assert sentence == (
        "No order of two steps decides no-spare-in-use: free (step 2) never checks used[1], which the property reads."
    )


def test_a_step_that_gives_something_back_without_a_look_is_named() -> None:
    """Not the one that takes it: what that one checks is right. Sending a message gives nothing back."""
    protocol = Protocol("addresses")
    host, address = index("host", 2), index("address", 2)
    owner = protocol.variable("owner", array(address, optional(host)), None)
    bound = protocol.variable("bound", array(host, optional(address)), None)

    @protocol.action(host, address, by=host)
    def allocate(h: Term, a: Term) -> Step:
        free = (bound[h] == None, owner[a] == None)  # noqa: E711
        return step(when(*free), update(owner[a], h), update(bound[h], a))

    @protocol.action(address, by="collector")
    def free(a: Term) -> Step:
        return step(when(owner[a] != None), update(owner[a], None))  # noqa: E711

    both = forall(host, lambda g: forall(host, lambda h: ((g != h) & (bound[g] != None)).implies(bound[g] != bound[h])))  # noqa: E711
    protocol.declare(invariant("unique", both, "no two hosts have one address"))
    _, causes, sentence = story(protocol)
    (finding,) = check(protocol).findings
    assert (causes.unchecked_by, causes.unchecked) == (2, ("bound[1]",))
    assert sentence == (
        "No order of two steps decides unique: free (step 2, which enables step 3) never checks bound[1], which the "
        "property reads."
    )
    assert step_at_fault(finding).action == "free"  # type: ignore[union-attr]


def test_a_stale_check_is_reported_even_if_the_property_does_not_read_the_checked_place() -> None:
    protocol = Protocol("slots")
    slot = index("slot", 2)
    free = protocol.variable("free", array(slot, boolean()), True)
    mine = protocol.variable("mine", optional(slot), None)
    users = protocol.variable("users", array(slot, integers(0, 2)), 0)

    @protocol.action(slot, by="controller")
    def check(s: Term) -> Step:
        return step(when(free[s], mine == None), update(mine, s), says("checks {s}", s=s))  # noqa: E711

    @protocol.action(slot, by="controller")
    def commit(s: Term) -> Step:
        return step(when(mine == s), update(mine, None), update(users[s], users[s] + 1), says("commits {s}", s=s))

    @protocol.action(slot, by="rival")
    def grab(s: Term) -> Step:
        return step(when(free[s], users[s] == 0), update(free[s], False), update(users[s], 1), says("grabs {s}", s=s))

    protocol.declare(invariant("one-user", forall(slot, lambda s: users[s] <= 1), "a slot has one user"))
    _, _, sentence = story(protocol)
    assert sentence == (
        "Cause: controller checks 1 (step 1) before rival grabs 1 (step 2) before controller commits 1 (step 3); "
        "if step 2 came before step 1, one-user would hold."
    )


def test_a_stale_read_is_reported_without_steps_that_do_not_lead_to_the_violation() -> None:
    protocol = Protocol("versions")
    worker = index("worker", 2)
    newest = protocol.variable("newest", integers(0, 2), 0)
    stored = protocol.variable("stored", integers(0, 2), 0)
    mine = protocol.variable("mine", array(worker, integers(0, 2)), 0)

    @protocol.action(by="publisher")
    def publish() -> Step:
        return step(when(newest < 2), update(newest, newest + 1), says("publishes {n}", n=newest + 1))

    @protocol.action(worker, by=worker)
    def fetch(w: Term) -> Step:
        return step(when(mine[w] < newest), update(mine[w], newest), says("fetches {n}", n=newest))

    @protocol.action(worker, by=worker)
    def store(w: Term) -> Step:
        return step(when(mine[w] > 0, mine[w] != stored), update(stored, mine[w]), says("stores {n}", n=mine[w]))

    protocol.declare(step_invariant("grows", primed(stored) >= stored, "what is stored grows"))
    texts, _, sentence = story(protocol)
    assert texts == ["publishes 1", "fetches 1", "publishes 2", "fetches 2", "stores 2", "stores 1"]
    assert sentence == (
        "Cause: worker 1 fetches 1 (step 2) before publisher publishes 2 (step 3); if step 3 came before step 2, "
        "grows would hold."
    )


def grabbing(*, symmetric: bool) -> Protocol:
    """The last process that grabs is the holder; the first one works on regardless."""
    protocol = Protocol("grabbing")
    worker = index("worker", 2, symmetric=symmetric)
    holder = protocol.variable("holder", optional(worker), None)
    stage = protocol.variable("stage", array(worker, integers(0, 2)), 0)
    lost = protocol.variable("lost", boolean(), False)

    @protocol.action(worker, by=worker)
    def grab(w: Term) -> Step:
        return step(when(stage[w] == 0), update(stage[w], 1), update(holder, w), says("grabs"))

    @protocol.action(worker, by=worker)
    def work(w: Term) -> Step:
        return step(when(stage[w] == 1), update(stage[w], 2), update(lost, lost | (holder != w)), says("works"))

    protocol.declare(invariant("none-lost", ~lost, "who works holds"))
    return protocol


def test_interchangeable_members_do_not_race_for_being_first() -> None:
    """If the other member grabbed first, only the names would differ. A grab before the work of the other member is a
    race in either case."""
    named = story(grabbing(symmetric=False))
    alike = story(grabbing(symmetric=True))
    assert named[0] == alike[0] == ["grabs", "grabs", "works"]
    assert (1, 2) in {(r.first, r.second) for r in named[1].races}
    assert {(r.first, r.second) for r in alike[1].races} == {(2, 3)}
    assert "if step 3 came before step 2, none-lost would hold" in alike[2]


def test_a_race_of_processes_comes_before_one_with_time() -> None:
    steps, causes, sentence = story(outside())
    assert steps == ["looks", "passes", "turns it off", "acts"]
    assert (1, 2) in {(r.first, r.second) for r in causes.races}
    assert causes.chain[:2] == (1, 3)
    assert "if step 3 came before step 1, no-harm would hold" in sentence
