"""Steps that are enabled where some outcome applies, and outcomes that protections drop or extend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from planrace.checker import Options, check, lint, mutate, prove
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Changes,
    DefinitionError,
    Protocol,
    Step,
    System,
    Term,
    any_outcome,
    array,
    boolean,
    changed,
    either,
    index,
    integers,
    otherwise,
    outcome,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.properties import eventually_always, invariant, reachable

pytestmark = pytest.mark.usefixtures("own_cache")


@dataclass
class Gate:
    """A gate lets cars in while there is room and sends them away when it is full; at night it does neither."""

    protocol: Protocol
    inside: Term
    away: Term
    night: Term

    @property
    def system(self) -> System:
        return self.protocol.system()

    def changed(self, change: Callable[[Changes], None]) -> System:
        return changed(self.system, change)


@pytest.fixture
def gate() -> Gate:
    p = Protocol("gate")
    inside, away = p.variable("inside", integers(0, 2), 0), p.variable("away", integers(0, 2), 0)
    night = p.variable("night", boolean(), False)

    @p.action(by="gate")
    def arrive() -> Step:
        return step(
            any_outcome(
                outcome("in", when(inside < 2, ~night), update(inside, inside + 1)),
                outcome("full", when(inside == 2, away < 2), update(away, away + 1)),
            )
        )

    @p.action(by="sun")
    def set_() -> Step:
        return step(when(~night), update(night, True))

    p.final(night)
    p.declare(
        invariant("first-come", (away > 0).implies(inside == 2), "nobody is sent away while there is room"),
        reachable("sent-away", taken("arrive", outcome="full"), "somebody is sent away"),
    )
    return Gate(p, inside, away, night)


def enabled(system: System, **state: int) -> str | None:
    """The outcome that the action arrive would have in a state; None if it waits."""
    interpreter = Interpreter(system.instance())
    found = interpreter.perform(tuple(state.values()), system.actions["arrive"], ())
    return None if found is None else found[0].outcome.name


def test_it_waits_where_no_outcome_applies(gate: Gate) -> None:
    assert enabled(gate.system, inside=0, away=0, night=0) == "in"
    assert enabled(gate.system, inside=0, away=0, night=1) is None
    assert enabled(gate.system, inside=2, away=1, night=1) == "full"
    assert enabled(gate.system, inside=2, away=2, night=0) is None


def test_a_condition_in_the_step_must_hold_too() -> None:
    p = Protocol("p")
    x, y = p.variable("x", boolean(), False), p.variable("y", boolean(), True)

    @p.action(by="me")
    def arrive() -> Step:
        return step(
            when(y), any_outcome([outcome("a", when(x)), outcome("b", when(~x), update(x, True))]), update(y, x)
        )

    assert [enabled(p.system(), x=n, y=m) for n in (0, 1) for m in (0, 1)] == [None, "b", None, "a"]


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc", "induction", "spacer"])
def test_every_engine_decides_alike(gate: Gate, engine: str) -> None:
    found = {f.name: f for f in check(gate.protocol, options=Options(engine=engine, depth=8)).findings}
    assert found["sent-away"].verdict is Verdict.HOLDS
    trace = found["sent-away"].trace
    assert trace is not None
    assert [s.outcome for s in trace.steps] == ["in", "in", "full"]
    assert found["first-come"].verdict is not Verdict.VIOLATED
    if engine in ("explicit", "native"):
        coverage = check(gate.protocol, options=Options(engine=engine)).exploration
        assert coverage is not None
        assert coverage.states == 10


def test_it_is_proved_for_every_size() -> None:
    p = Protocol("room")
    seats = p.parameter("seats", 2, 1, 9)
    taken_ = p.variable("taken", integers(0, seats), 0)
    away = p.variable("away", boolean(), False)

    @p.action(by="gate")
    def arrive() -> Step:
        return step(
            any_outcome(
                outcome("in", when(taken_ < seats), update(taken_, taken_ + 1)),
                outcome("full", when(taken_ == seats, ~away), update(away, True)),
            )
        )

    @p.action(by="gate")
    def leave() -> Step:
        return step(when(away), any_outcome(outcome("out", when(taken_ > 0, ~away), update(taken_, taken_ - 1))))

    p.final(away)
    p.declare(invariant("none-too-early", away.implies(taken_ == seats), "nobody is sent away before it is full"))
    assert prove(p).verdict is Verdict.HOLDS


def test_liveness_knows_that_it_waits(gate: Gate) -> None:
    """At night nothing is enabled: the fair action need not happen."""
    gate.protocol.declare(eventually_always("fills", gate.inside == 2, "it gets full"))
    (found,) = [f for f in check(gate.protocol).findings if f.name == "fills"]
    assert found.verdict is Verdict.VIOLATED


def test_lint_has_nothing_to_say(gate: Gate) -> None:
    assert not [x for x in lint(gate.protocol) if x.subject.startswith("arrive")]


def test_mutants_weaken_the_condition_of_the_last_outcome(gate: Gate) -> None:
    words = [str(j.mutant) for j in mutate(gate.protocol, actions=["arrive"]).judged]
    assert "arrive: outcome full without away < 2" in words
    assert "arrive: outcome full never chosen" in words
    assert not any("guard" in w for w in words)


WRONG: dict[str, tuple[str, Callable[[Term], object]]] = {
    "no condition": (
        r"any_outcome: the outcome b has no condition, so one always applies and the action never waits "
        r"\(give it one: .*or leave out any_outcome",
        lambda x: step(any_outcome(outcome("a", when(x)), outcome("b"))),
    ),
    "otherwise": (
        r"any_outcome: the outcome b has no condition",
        lambda x: step(any_outcome(outcome("a", when(x)), otherwise("b"))),
    ),
    "nothing": (r"any_outcome: nothing is given", lambda x: step(any_outcome())),
    "no outcome": (r"any_outcome: .*is not an outcome", lambda x: step(any_outcome(when(x)))),  # type: ignore[arg-type]
    "beside others": (
        r"the outcome b stands beside any_outcome\(…\) \(put all outcomes into it\)",
        lambda x: step(any_outcome(outcome("a", when(x))), otherwise("b")),
    ),
    "twice": (
        r"any_outcome\(…\) appears twice in one step",
        lambda x: step(any_outcome(outcome("a", when(x))), any_outcome(outcome("b", when(~x)))),
    ),
    "in an outcome": (
        r"an outcome cannot hold another one",
        lambda x: step(outcome("a", any_outcome(outcome("b", when(x))))),
    ),
    "the same name": (
        r"two outcomes of one step are called a",
        lambda x: step(any_outcome(outcome("a", when(x)), outcome("a", when(~x)))),
    ),
    "the last has a condition": (
        r"the last outcome, b, has a condition \(end with otherwise.*write any_outcome",
        lambda x: step(outcome("a", when(x)), outcome("b", when(~x))),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_name_the_line(name: str) -> None:
    p, (message, made) = Protocol("p"), WRONG[name]
    x = p.variable("x", boolean(), False)

    @p.action(by="me")
    def before() -> Step:
        return step(update(x, ~x))

    def act() -> Step:
        return made(x)  # type: ignore[return-value]

    with pytest.raises(DefinitionError, match=message) as problem:
        p.action(by="me")(act)
    assert problem.value.where is not None
    assert problem.value.where.file == __file__


def test_one_that_is_forgotten_is_an_error() -> None:
    p = Protocol("p")
    x = p.variable("x", boolean(), False)

    def act() -> Step:
        any_outcome(outcome("a", when(x)))
        return step(update(x, True))

    with pytest.raises(DefinitionError, match=r"any_outcome\(…\) is made here and never used"):
        p.action(by="me")(act)


# Dropping ------------------------------------------------------------------------------------------------------
def turnstile() -> Protocol:
    """An action with three outcomes, the last of which always applies."""
    p = Protocol("turnstile")
    paid, open_ = p.variable("paid", boolean(), False), p.variable("open", boolean(), False)
    pushed = p.variable("pushed", integers(0, 3), 0)

    @p.action(by="guest")
    def arrive() -> Step:
        return step(
            when(pushed < 3),
            update(pushed, pushed + 1),
            outcome("free", when(open_)),
            outcome("ticket", when(paid), update(paid, False)),
            otherwise("bump"),
        )

    return p


def outcomes(system: System) -> list[str | None]:
    """What the action does in each state: not paid and closed; open; paid; both."""
    return [enabled(system, paid=p, open=o, pushed=0) for p, o in ((0, 0), (0, 1), (1, 0), (1, 1))]


def test_later_outcomes_are_tried_where_one_is_dropped() -> None:
    system = turnstile().system()
    assert outcomes(system) == ["bump", "free", "ticket", "free"]
    assert outcomes(changed(system, lambda c: c.drop_outcome("arrive", "free"))) == ["bump", "bump", "ticket", "ticket"]
    assert outcomes(changed(system, lambda c: c.drop_outcome("arrive", "ticket"))) == ["bump", "free", "bump", "free"]


def test_an_action_can_wait_where_an_outcome_is_dropped() -> None:
    system = turnstile().system()
    waiting = {
        "free": ["bump", None, "ticket", None],
        "ticket": ["bump", "free", None, "free"],
        "bump": [None, "free", "ticket", "free"],
    }
    for dropped, expected in waiting.items():

        def change(c: Changes, dropped: str = dropped) -> None:
            c.drop_outcome("arrive", dropped, waits=True)

        assert outcomes(changed(system, change)) == expected


def test_the_guard_of_the_others_stays() -> None:
    system = changed(turnstile().system(), lambda c: c.drop_outcome("arrive", "bump", waits=True))
    assert enabled(system, paid=1, open=1, pushed=3) is None


def test_what_always_applies_is_not_dropped_by_accident() -> None:
    with pytest.raises(DefinitionError, match=r"bump of arrive is what happens if no other outcome applies") as problem:
        changed(turnstile().system(), lambda c: c.drop_outcome("arrive", "bump"))
    assert 'change.drop_outcome("arrive", "bump", waits=True)' in str(problem.value)
    assert problem.value.where is not None
    assert problem.value.where.file == __file__


def test_the_last_of_outcomes_that_may_all_fail_can_be_dropped(gate: Gate) -> None:
    system = gate.changed(lambda c: c.drop_outcome("arrive", "full"))
    assert enabled(system, inside=2, away=1, night=1) is None
    assert enabled(system, inside=1, away=1, night=0) == "in"


def test_the_only_outcome_cannot_be_dropped(gate: Gate) -> None:
    def both(change: Changes) -> None:
        change.drop_outcome("arrive", "in")
        change.drop_outcome("arrive", "full")

    with pytest.raises(DefinitionError, match=r"full is the only outcome of arrive \(write change.remove"):
        gate.changed(both)
    with pytest.raises(DefinitionError, match=r"arrive has no outcome fulll \(there are: in, full\)"):
        gate.changed(lambda c: c.drop_outcome("arrive", "fulll"))


def test_the_condition_of_what_always_applies_is_not_replaced() -> None:
    with pytest.raises(DefinitionError, match=r"bump of arrive is what happens if no other outcome applies"):
        changed(turnstile().system(), lambda c: c.condition("arrive", "bump", either()))


def test_an_outcome_that_is_added_enables_too(gate: Gate) -> None:
    late = outcome("late", when(gate.night, gate.away < 2), update(gate.away, gate.away + 1))
    system = gate.changed(lambda c: c.outcome("arrive", late))
    assert enabled(system, inside=0, away=0, night=1) == "late"


def test_a_property_may_speak_of_an_outcome_that_a_protection_drops(gate: Gate) -> None:
    @gate.protocol.protection("patient", "nobody is sent away")
    def patient(change: Changes) -> None:
        change.drop_outcome("arrive", "full")

    found = {f.name: f.verdict for f in check(gate.protocol, with_protections=["patient"]).findings}
    assert found == {"first-come": Verdict.HOLDS, "sent-away": Verdict.VIOLATED}


# Adding updates --------------------------------------------------------------------------------------------------
@dataclass
class Lease:
    """Clerks hold a lease, which lapses."""

    protocol: Protocol
    clerk: object
    held: Term
    lost: Term
    told: Term


@pytest.fixture
def lease() -> Lease:
    p = Protocol("lease")
    clerk = index("clerk", 2, symmetric=True)
    held = p.variable("held", array(clerk, boolean()), True)
    lost, told = p.variable("lost", integers(0, 2), 0), p.variable("told", array(clerk, boolean()), False)

    @p.action(clerk, by="clock")
    def lapse(a: Term) -> Step:
        return step(when(held[a]), update(held[a], False), outcome("late", when(lost > 0)), otherwise("first"))

    return Lease(p, clerk, held, lost, told)


def written(system: System) -> dict[str | None, list[str]]:
    """The targets of each outcome."""
    return {o.name: [str(u.target) for u in o.updates] for o in system.actions["lapse"].outcomes}


def test_updates_are_added_to_every_outcome_or_to_one(lease: Lease) -> None:
    told, lost = lease.told, lease.lost
    every = changed(lease.protocol.system(), lambda c: c.also("lapse", lambda a: update(told[a], True)))
    assert written(every) == {"late": ["held[a]", "told[a]"], "first": ["held[a]", "told[a]"]}
    one = changed(
        lease.protocol.system(),
        lambda c: c.also("lapse", lambda a: [update(told[a], True)], update(lost, 1), outcome="first"),
    )
    assert written(one) == {"late": ["held[a]"], "first": ["held[a]", "told[a]", "lost"]}


def test_added_updates_read_the_state_before_the_step(lease: Lease) -> None:
    told, held = lease.told, lease.held
    system = changed(lease.protocol.system(), lambda c: c.also("lapse", lambda a: update(told[a], held[a])))
    interpreter = Interpreter(system.instance())
    found = interpreter.perform(interpreter.initial(), system.actions["lapse"], (2,))
    assert found is not None
    assert found[1] == ((True, False), 0, (False, True))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            lambda c, x: c.also("lapse", lambda a: update(x.held[a], True)),
            r"also of lapse: held\[a\] is assigned twice in one step.*change.value",
        ),
        (
            lambda c, x: c.also("lapse", lambda a: update(x.told[a], True), outcome="never"),
            r"lapse has no outcome never",
        ),
        (lambda c, x: c.also("lapse", lambda a: when(x.told[a])), r"also of lapse: when\(…\) is not an update"),
        (lambda c, x: c.also("lapse", says("it lapses")), r"also of lapse: says\(…\) is not an update"),
        (
            lambda c, x: c.also("lapse", lambda a: any_outcome(outcome("x", when(x.told[a])))),
            r"also of lapse: any_outcome\(…\) is not an update",
        ),
        (lambda c, x: c.also("lapse"), r"also of lapse adds nothing"),
        (lambda c, x: c.also("lapse", lambda: update(x.lost, 0)), r"must take 1 argument .*change.also"),
        (
            lambda c, x: c.value("lapse", x.told, True),
            r"lapse does not assign told \(it assigns held; to assign told, too, write change.also\(\"lapse\"",
        ),
    ],
)
def test_slips_of_added_updates(lease: Lease, what: Callable[[Changes, Lease], None], message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as problem:
        changed(lease.protocol.system(), lambda c: what(c, lease))
    assert problem.value.where is not None
    assert problem.value.where.file == __file__
