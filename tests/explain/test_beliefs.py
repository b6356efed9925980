"""Beliefs: conditions that a step found true, in terms of the state after it, for every process."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker import Options, check
from planrace.checker.explain.beliefs import beliefs
from planrace.checker.results.explanation import Belief
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Pick, record
from planrace.model.language import (
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    forall,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    step,
    update,
    when,
)
from planrace.properties import invariant


def believed(protocol: Protocol, picks: Sequence[Pick], faults: Sequence[str] = ()) -> list[Belief]:
    run = record(Interpreter(protocol.system(faults=faults).instance()), picks)
    return list(beliefs(run, [performer(m) for m in run.moves]))


def told(found: Sequence[Belief]) -> list[tuple[str, str, int, tuple[bool, ...]]]:
    return [(b.who, b.text, b.since, b.truth) for b in found]


# Copies that are positions -----------------------------------------------------------------------------------------
def leases() -> Protocol:
    """A host records an address that it found free and takes it later; or it does both at once."""
    p = Protocol("leases")
    host, address = index("host", 2), index("address", 2)
    owner = p.variable("owner", array(address, optional(host)), None)
    wanted = p.variable("wanted", array(host, optional(address)), None)

    @p.action(host, address, by=host)
    def look(h: Term, a: Term) -> Step:
        return step(when(wanted[h] == None, owner[a] == None), update(wanted[h], a))  # noqa: E711

    @p.action(host, address, by=host)
    def take(h: Term, a: Term) -> Step:
        return step(when(wanted[h] == a), update(owner[a], h), update(wanted[h], None))

    @p.action(host, address, by=host)
    def bind(h: Term, a: Term) -> Step:
        return step(when(wanted[h] == None, owner[a] == None), update(owner[a], h), update(wanted[h], a))  # noqa: E711

    p.declare(invariant("one-is-free", exists(address, lambda a: owner[a] == None), "one is free"))  # noqa: E711
    return p


def test_a_copy_that_is_a_position_has_the_value_that_the_step_assigns() -> None:
    """Also if the copy had another value, or none, before the step."""
    found = believed(
        leases(), [("look", (1, 2)), ("look", (2, 2)), ("take", (2, 2)), ("take", (1, 2)), ("look", (1, 1))]
    )
    assert told(found) == [
        ("host 1", "owner[2] = none", 1, (True, True, False)),
        ("host 2", "owner[2] = none", 2, (True,)),
        ("host 1", "owner[1] = none", 5, (True,)),
    ]


def test_a_step_forms_no_belief_about_what_it_changes() -> None:
    assert believed(leases(), [("bind", (1, 2))]) == []
    report = check(leases(), options=Options(explain=True))
    assert [(f.verdict.word, f.depth) for f in report.findings] == [("violated", 2)]


def cursors() -> Protocol:
    """A worker reads the slot at its cursor, or the slot that another array names, and moves the cursor."""
    p = Protocol("cursors")
    worker, place = index("worker", 2), integers(1, 3, "place")
    slot = p.variable("slot", array(place, integers(0, 1)), 0)
    head = p.variable("head", place, 2)
    cursor = p.variable("cursor", array(worker, place), 1)
    best = p.variable("best", array(worker, integers(0, 3)), 0)

    @p.action(worker, by=worker)
    def move(w: Term) -> Step:
        return step(when(cursor[w] < 3, slot[cursor[w] + 1] == 0), update(cursor[w], cursor[w] + 1))

    @p.action(worker, by=worker)
    def jump(w: Term) -> Step:
        return step(when(slot[head] == 0, cursor[w] != head), update(cursor[w], head))

    @p.action(worker, by=worker)
    def compare(w: Term) -> Step:
        return step(when(best[w] <= head, slot[cursor[w]] == 0), update(best[w], head))

    @p.action(place, by="user")
    def fill(k: Term) -> Step:
        return step(when(slot[k] == 0), update(slot[k], 1), update(head, k))

    p.declare(invariant("some-are-empty", exists(place, lambda k: slot[k] == 0), "one is empty"))
    return p


def test_positions_are_those_that_were_read() -> None:
    found = believed(cursors(), [("move", (1,)), ("jump", (2,)), ("fill", (2,)), ("fill", (1,))])
    assert ("worker 1", "slot[2] = 0", 1, (True, True, False, False)) in told(found)
    assert ("worker 2", "slot[2] = 0", 2, (True, False, False)) in told(found)
    assert ("worker 2", "cursor[2] = head", 2, (True, True, False)) in told(found)
    assert not any("slot[1]" in text for _, text, _, _ in told(found))


def test_a_condition_on_an_overwritten_value_is_no_belief() -> None:
    """``best ≤ head`` was true for the old best. Afterwards best is the head, and the condition is trivial."""
    found = believed(cursors(), [("compare", (1,)), ("fill", (1,))])
    assert told(found) == [
        ("worker 1", "slot[1] = 0", 1, (True, False)),
        ("worker 1", "best[1] = head", 1, (True, False)),
    ]


def readers() -> Protocol:
    """The message that a worker read can disappear, so that the condition has no value; or a quantifier reads it."""
    p = Protocol("readers")
    worker, place = index("worker", 2), integers(1, 2, "place")
    items = p.variable("items", array(place, boolean()), True)
    length = p.variable("length", integers(0, 2), 2)
    ready = p.variable("ready", array(worker, boolean()), False)
    routes = p.variable("routes", array(worker, array(place, place)), 1)

    @p.action(worker, by=worker)
    def look(w: Term) -> Step:
        return step(when(length > 0, items[length], ~ready[w]), update(ready[w], True))

    @p.action(worker, by=worker)
    def survey(w: Term) -> Step:
        return step(when(~ready[w], forall(place, lambda k: items[routes[w][k]])), update(ready[w], True))

    @p.action(by="user")
    def take() -> Step:
        return step(when(length > 0), update(length, length - 1))

    p.declare(invariant("nobody-is-late", (length > 0) | forall(worker, lambda w: ~ready[w]), "nobody is late"))
    return p


def test_a_belief_without_a_value_is_not_true() -> None:
    found = believed(readers(), [("look", (1,)), ("take", ()), ("take", ())])
    assert ("worker 1", "items[length]", 1, (True, True, False)) in told(found)
    report = check(readers(), options=Options(explain=True))
    assert [(f.verdict.word, f.depth) for f in report.findings] == [("violated", 3)]


def test_positions_that_depend_on_a_quantifier_stay() -> None:
    found = believed(readers(), [("survey", (2,))])
    assert told(found) == [("worker 2", "∀k ∈ place. items[routes[2][k]]", 1, (True,))]


# Processes that are no member of an index --------------------------------------------------------------------------
def scaler() -> Protocol:
    """A controller compares the actual with the wanted state, and acts one step later."""
    p = Protocol("scaler")
    stage = enumeration("stage", "LOOK ACT")
    wanted = p.variable("wanted", integers(0, 2), 0)
    running = p.variable("running", integers(0, 3), 0)
    at = p.variable("at", stage, stage.LOOK)
    seen = p.variable("seen", integers(0, 2), 0)
    p.fault("crash", "the controller starts afresh")

    @p.action(by="user")
    def ask() -> Step:
        return step(outcome("more", when(wanted == 0), update(wanted, 2)), otherwise("less", update(wanted, 0)))

    @p.action(by="controller")
    def look() -> Step:
        return step(when(at == stage.LOOK, running < wanted), update(seen, wanted), update(at, stage.ACT))

    @p.action(by="controller")
    def act() -> Step:
        return step(when(at == stage.ACT), update(running, seen), update(at, stage.LOOK))

    @p.action(by="watchdog")
    def check_up() -> Step:
        return step(when(running > wanted), update(running, 3))

    @p.action(by="controller", fault="crash")
    def crash() -> Step:
        return step(when(at == stage.ACT, running < wanted), update(at, stage.LOOK))

    p.declare(invariant("no-more-than-wanted", running <= wanted, "no more runs than is wanted"))
    return p


def test_a_controller_has_beliefs() -> None:
    found = believed(scaler(), [("ask", ()), ("look", ()), ("ask", ()), ("act", ())])
    assert told(found) == [
        ("controller", "running < seen", 2, (True, True)),
        ("controller", "seen = wanted", 2, (True, False, False)),
    ]


def test_the_report_shows_the_beliefs_of_a_controller() -> None:
    (finding,) = check(scaler(), options=Options(explain=True)).findings
    assert finding.insight is not None
    assert ("controller", "seen = wanted", 2) in [(b.who, b.text, b.since) for b in finding.insight.beliefs]


def test_faults_and_processes_without_memory_have_no_beliefs() -> None:
    picks = [("ask", ()), ("look", ()), ("act", ()), ("ask", ()), ("check_up", ())]
    assert {b.who for b in believed(scaler(), picks)} == {"controller"}
    crashed = believed(scaler(), [("ask", ()), ("look", ()), ("crash", ())], ["crash"])
    assert [b.since for b in crashed] == [2, 2]


def test_a_role_owns_the_variables_that_no_other_process_writes() -> None:
    """The user writes the controller's copy: the variable is then shared, and the controller does not own it."""
    p = scaler()
    seen = p.variables["seen"].term

    @p.action(by="user")
    def forge() -> Step:
        return step(when(seen == 2), update(seen, 0))

    found = believed(p, [("ask", ()), ("look", ()), ("ask", ())])
    assert told(found) == [("controller", "running < wanted", 2, (True, False))]
