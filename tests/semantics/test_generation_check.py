"""Which terms the normal form of generations understands, what it refuses, and mutants of the check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from planrace.checker.semantics.generation_check import _RULES, GenerationCheck
from planrace.checker.semantics.normal_form import NormalForm
from planrace.model.language import (
    If,
    ModelError,
    Op,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    count,
    each,
    exists,
    forall,
    index,
    integers,
    least,
    primed,
    step,
    subsets,
    such_that,
    sum_of,
    taken,
    update,
    when,
)
from planrace.properties import invariant, reachable, step_invariant
from planrace.properties.kinds import Property
from tests.generations import formed, noticed

SORT = "generation"


class Small:
    """A counter, and what remembers its values."""

    def __init__(self) -> None:
        protocol = self.protocol = Protocol("small", "a counter, and what remembers its values")
        self.worker = index("worker", 1)
        self.generation, self.plan = integers(0, 5, SORT), integers(1, 5, "plan")
        self.latest = protocol.variable("latest", self.generation, 0)
        self.seen = protocol.variable("seen", self.generation, 0)
        self.held = protocol.variable("held", array(self.worker, self.generation), 0)
        self.kept = protocol.variable("kept", subsets(self.plan), set())
        self.flag = protocol.variable("flag", boolean(), False)
        self.loads = protocol.variable("loads", array(integers(0, 5, "slot"), integers(0, 3, "load")), 0)
        self.load = protocol.variable("load", integers(0, 3, "load"), 0)

        @protocol.action(by="planner")
        def publish() -> Step:
            return step(when(self.latest < 5), update(self.latest, self.latest + 1))

        @protocol.action(by="planner")
        def store() -> Step:
            return step(when(self.latest > 0), update(self.kept, self.kept | {self.latest}))

        @protocol.action(self.plan, by="planner")
        def forget(g: Term) -> Step:
            return step(when(g.isin(self.kept)), update(self.kept, self.kept - {g}))

        @protocol.action(self.worker, by=self.worker)
        def look(w: Term) -> Step:
            return step(update(self.held[w], self.latest), update(self.seen, self.held[w]))


Body = Callable[[Small], Step]


def small(body: Body | None, *properties: Callable[[Small], Property]) -> NormalForm:
    """The normal form of a small system with one more action, for some properties."""
    system = Small()
    if body is not None:

        def work() -> Step:
            return body(system)

        system.protocol.action(by="worker")(work)
    asked = [p(system) for p in properties]
    system.protocol.declare(*asked)
    return formed(system.protocol.system().instance())


ALLOWED: dict[str, tuple[Body, tuple[int, int]]] = {
    "a comparison": (lambda s: step(when(s.seen < s.latest), update(s.seen, 0)), (1, 1)),
    "a distance": (lambda s: step(when(s.latest > s.seen + 2), update(s.seen, s.latest)), (3, 1)),
    "at most a distance": (lambda s: step(when(s.latest <= s.seen + 2), update(s.seen, s.latest)), (3, 1)),
    "an equal distance": (lambda s: step(when(s.latest == s.seen + 2), update(s.seen, s.latest)), (3, 1)),
    "a difference": (lambda s: step(when(s.latest - s.seen >= 2), update(s.seen, s.latest)), (2, 1)),
    "zero": (lambda s: step(when(s.seen > 0), update(s.seen, 0)), (1, 1)),
    "a constant": (lambda s: step(when(s.seen == 2), update(s.seen, 0)), (3, 3)),
    "the counter and a constant": (lambda s: step(when(s.latest == 4), update(s.seen, 0)), (1, 1)),
    "a member": (lambda s: step(when(s.seen.isin(s.kept)), update(s.kept, s.kept - {s.seen})), (1, 1)),
    "a member at a distance": (lambda s: step(when((s.seen - 1).isin(s.kept)), update(s.seen, 0)), (2, 1)),
    "one of several": (lambda s: step(when(s.seen.isin({1, s.latest})), update(s.seen, 0)), (2, 2)),
    "a member of a set": (
        lambda s: step(update(s.kept, such_that(s.plan, lambda g: g.isin(s.kept) & (g <= s.seen - 2)))),
        (2, 1),
    ),
    "all members of a set": (
        lambda s: step(when(forall(s.plan, lambda g: g.isin(s.kept).implies(g > s.seen))), update(s.seen, 0)),
        (1, 1),
    ),
    "one that is equal": (
        lambda s: step(when(exists(s.plan, lambda g: (g == s.seen) & (g < s.latest))), update(s.seen, 0)),
        (1, 1),
    ),
    "the first of a set": (lambda s: step(update(s.seen, least(s.kept, default=0))), (1, 1)),
    "how many": (lambda s: step(when(count(s.kept, lambda g: g < s.seen) > 1), update(s.seen, 0)), (1, 1)),
    "two bound, one after the other": (
        lambda s: step(
            when(exists(s.plan, lambda g: g.isin(s.kept) & exists(s.plan, lambda h: (h == g) & (h > s.seen)))),
            update(s.seen, 0),
        ),
        (1, 1),
    ),
    "one bound around another": (
        lambda s: step(
            update(
                s.kept, such_that(s.plan, lambda g: exists(s.plan, lambda h: h.isin(s.kept) & (g == h) & (h > s.seen)))
            )
        ),
        (1, 1),
    ),
    "an element of an array that is made": (
        lambda s: step(
            when(exists(s.worker, lambda w: each(s.worker, lambda v: If(s.flag, s.held[v], s.seen))[w] < s.latest - 1)),
            update(s.seen, 0),
        ),
        (2, 1),
    ),
    "an array": (lambda s: step(update(s.held, each(s.worker, lambda w: If(s.held[w] == s.seen, 0, s.seen)))), (1, 1)),
}


@pytest.mark.parametrize("what", ALLOWED)
def test_what_is_understood(what: str) -> None:
    body, (distance, least_value) = ALLOWED[what]
    form = small(body)
    assert (form.distance, form.least) == (distance, least_value)
    assert not noticed(form)
    if distance > least_value:
        assert noticed(replace(form, distance=distance - 1))
    if least_value > 1:
        assert noticed(replace(form, distance=min(distance, least_value - 1), least=least_value - 1))


REFUSED: dict[str, tuple[Body, str]] = {
    "a new value": (lambda s: step(update(s.seen, s.seen + 1)), "must be one counter.* latest and seen"),
    "an older value": (lambda s: step(update(s.seen, s.latest - 1)), "neither 0, nor live"),
    "a number": (lambda s: step(update(s.seen, 2)), "neither 0, nor live"),
    "a new value without a step of the counter": (lambda s: step(update(s.seen, s.latest + 1)), "nor the new value"),
    "another step than the counter's": (
        lambda s: step(update(s.latest, s.latest + 1), update(s.seen, s.latest + 2)),
        "nor the new value of latest",
    ),
    "a step that the counter perhaps takes": (
        lambda s: step(update(s.latest, If(s.flag, s.latest, s.latest + 1)), update(s.seen, s.latest + 1)),
        "nor the new value of latest",
    ),
    "a position": (lambda s: step(when(s.loads[s.seen] == 0), update(s.seen, 0)), "uses a generation as a position"),
    "a counter that is set back": (lambda s: step(update(s.latest, s.seen)), "latest may only grow"),
    "a counter that is reset": (lambda s: step(update(s.latest, 0)), "latest may only grow"),
    "a number in a set": (lambda s: step(update(s.kept, s.kept | {2})), "names generations by number"),
    "all below": (lambda s: step(update(s.kept, such_that(s.plan, lambda g: g < s.latest))), "asks about each plan"),
    "any between": (
        lambda s: step(when(exists(s.plan, lambda g: (g > s.seen) & (g < s.latest))), update(s.seen, 0)),
        "asks about each plan, also those that no variable holds",
    ),
    "a circle of two": (
        lambda s: step(
            when(exists(s.plan, lambda g: exists(s.plan, lambda h: (g == h) & (h > s.seen) & (h < s.latest)))),
            update(s.seen, 0),
        ),
        "asks about each plan",
    ),
    "a part": (lambda s: step(when(s.seen % 2 == 0), update(s.seen, 0)), "computes .* from generations"),
    "a product": (lambda s: step(when(2 * s.seen > s.latest), update(s.seen, 0)), "computes .* from"),
    "a sum": (lambda s: step(when(s.seen + s.latest > 3), update(s.seen, 0)), "compares sums of generations"),
    "a sum over a set": (
        lambda s: step(when(sum_of(s.kept, lambda g: g) > 3), update(s.seen, 0)),
        "needs a value for each plan|adds generations up",
    ),
    "a count": (
        lambda s: step(when(s.seen == count(s.worker, lambda w: s.flag)), update(s.seen, 0)),
        "mixes generations with count",
    ),
    "another variable": (lambda s: step(update(s.load, If(s.flag, s.load + 1, 0)), update(s.seen, s.load)), "load"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    body, message = REFUSED[what]
    with pytest.raises(ModelError, match=message) as caught:
        small(body)
    assert caught.value.where is not None
    assert caught.value.remedy


def test_properties_are_checked_too() -> None:
    def far(s: Small) -> Property:
        return step_invariant("far", primed(s.seen) <= s.latest + 1, "no jump")

    def even(s: Small) -> Property:
        return invariant("even", s.seen % 2 == 0, "every second generation is seen")

    assert not noticed(small(None, far))
    with pytest.raises(ModelError, match="property even computes"):
        small(None, even)


def test_a_parameter_of_a_step_that_is_asked_for() -> None:
    assert small(None, lambda s: reachable("goes", taken("forget", g=s.seen - 1), "an older one goes")).distance == 2
    by_number = small(None, lambda s: reachable("goes", taken("forget", g=3), "the third one goes"))
    assert (by_number.distance, by_number.least) == (4, 4)


def test_a_parameter_that_is_a_set_is_refused() -> None:
    system = Small()

    @system.protocol.action(subsets(system.plan), by="worker")
    def drop(some: Term) -> Step:
        return step(when(some.issubset(system.kept)), update(system.kept, system.kept - some))

    with pytest.raises(ModelError, match="action drop has a parameter some that is a set of generations"):
        formed(system.protocol.system().instance())


def test_a_free_parameter_is_refused() -> None:
    system = Small()

    @system.protocol.action(system.plan, by="worker")
    def choose(g: Term) -> Step:
        return step(when(g > system.seen), update(system.seen, g))

    with pytest.raises(ModelError, match="action choose may happen for any plan g, also one that no variable holds"):
        formed(system.protocol.system().instance())


def test_what_may_be_an_error_for_numbers_that_are_not_live_is_refused() -> None:
    def asks(s: Small, *, at_once: bool) -> Step:
        def asked(g: Term) -> Term:
            live, risky = g.isin(s.kept), (6 // s.load == 2) | (g > s.seen)
            return risky & live if at_once else live & risky

        return step(when(exists(s.plan, asked)), update(s.load, 0))

    assert not noticed(small(lambda s: asks(s, at_once=False)))
    with pytest.raises(ModelError, match="may be an error of the model for generations that no variable holds"):
        small(lambda s: asks(s, at_once=True))


def test_arrays_over_generations_are_refused() -> None:
    system = Small()
    system.protocol.variable("of", array(system.plan, boolean()), False)
    with pytest.raises(ModelError, match="variable of has an element for each plan"):
        formed(system.protocol.system().instance())


def test_initial_values_that_the_counter_has_not_given_out() -> None:
    system = Small()
    system.protocol.variable("early", system.generation, 2)
    with pytest.raises(ModelError, match="variable early may start with a generation that latest has not given out"):
        formed(system.protocol.system().instance())


def test_a_range_that_is_too_short() -> None:
    system = Small()
    short = system.protocol.variable("short", integers(0, 3, "short"), 0)

    @system.protocol.action(by="worker")
    def work() -> Step:
        return step(update(short, system.seen))

    with pytest.raises(ModelError, match="the range short holds 0…3; it must begin with 0 or 1, and hold 5"):
        formed(system.protocol.system().instance())


@pytest.mark.parametrize(
    ("name", "message"),
    [("generatoin", "no range of integers is called 'generatoin'"), ("worker", "worker is no range of integers")],
)
def test_a_sort_that_there_is_not(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        formed(Small().protocol.system().instance(), name)


def test_operators_without_a_rule_get_no_generation() -> None:
    """Each operator has a rule, or is one that no number or set of numbers goes into, or refuses generations."""
    without = set(Op) - set(_RULES)
    of_truth = {Op.NOT, Op.AND, Op.OR}
    leaves = {Op.CONST, Op.PARAMETER, Op.VARIABLE, Op.BOUND, Op.FIRST, Op.LAST}
    of_members = {Op.FOLLOWING, Op.PRECEDING, Op.POSITION, Op.ENABLED}
    assert without == {Op.MUL, Op.DIV, Op.MOD} | of_truth | leaves | of_members


# Mutants of the check ------------------------------------------------------------------------------------------
def test_a_least_value_one_too_small_is_noticed() -> None:
    form = small(lambda s: step(when(s.seen > 2), update(s.flag, True)))
    assert (form.distance, form.least) == (3, 3)
    assert not noticed(form)
    assert noticed(replace(form, distance=2, least=2))


@pytest.mark.parametrize("what", ["all below", "any between", "a circle of two"])
def test_letting_quantifiers_through_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GenerationCheck, "_implied", lambda *_: True)
    assert noticed(small(REFUSED[what][0]))


@pytest.mark.parametrize("what", ["an older value", "a number"])
def test_letting_any_update_through_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GenerationCheck, "_assignable", lambda *_: True)
    assert noticed(small(REFUSED[what][0]))
