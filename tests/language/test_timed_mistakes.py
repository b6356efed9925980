"""Times of actions that have no meaning are refused, with the line and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.model.language import (
    DefinitionError,
    Protocol,
    Step,
    Term,
    boolean,
    elapsed,
    forall,
    index,
    optional,
    step,
    taken,
    update,
)

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no since": ({"within": 3}, r"within and after count ticks since something \(add since="),
    "no limit": ({"since": "go"}, r"since and until say nothing alone \(add within=3"),
    "a pair": ({"within": (3, "go"), "since": "go"}, r"within=.* is neither a number of ticks nor a parameter"),
    "negative": ({"within": -1, "since": "go"}, r"within=-1 may be negative"),
    "no time": ({"within": 1, "after": 2, "since": "go"}, r"after=2 and within=1 leave no time"),
    "no action": ({"after": 1, "since": 7}, r"since=7 is no action"),
    "nothing": ({"after": 1, "since": []}, r"since names no action"),
    "both": ({"after": 1, "since": "go", "until": "go"}, r"until: go starts the clock and ends it"),
    "ends never": ({"after": 1, "since": "go", "until": "initially"}, r"until: initially ends no clock"),
    "unfair": ({"within": 1, "since": "go", "fairness": "none"}, r'fairness="none" that it need not'),
    "fault": ({"within": 1, "since": "go", "fault": "fire"}, r"the fault fire need not"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_has_no_meaning_is_refused_at_its_line(mistake: str) -> None:
    given, words = WRONG[mistake]
    p = Protocol("wrong")
    p.fault("fire", "it burns")
    with pytest.raises(DefinitionError, match=words) as told:
        p.action(by="me", **given)
    assert told.value.where is None or told.value.where.file == __file__


def timed_by(since: Any, other: str = "w") -> Protocol:
    p = Protocol("wrong")
    worker, flag = index("worker", 2), p.variable("flag", boolean(), False)
    member = p.variable("member", optional(worker), None)

    def go(w: Term) -> Step:
        return step(update(flag, member == w))

    def went(v: Term) -> Step:
        return step(update(flag, member == v))

    went.__name__ = "go"
    p.action(worker, by=worker)(go if other == "w" else went)

    @p.action(worker, by=worker, since=since, after=1)
    def come(w: Term) -> Step:
        return step(update(flag, member != w))

    return p


def test_occasions_are_checked_when_a_system_is_made() -> None:
    with pytest.raises(DefinitionError, match=r"action come: since: there is no action gone \(.*go"):
        timed_by("gone").system()
    with pytest.raises(DefinitionError, match=r"action come: since: go has no outcome late"):
        timed_by(taken("go", outcome="late")).system()
    with pytest.raises(DefinitionError, match=r"w and v have different names, so it is not certain .* same worker"):
        timed_by("go", "v").system()
    p = timed_by("go")
    with pytest.raises(DefinitionError, match=r"since: .* names parameters"):
        forall(index("worker", 2), lambda w: p.action(by="x", since=taken("go", w=w), after=1))
    with pytest.raises(DefinitionError, match="elapsed: there is no action gone"):
        elapsed(p, "gone")
    with pytest.raises(DefinitionError, match="elapsed: go has no limit of time"):
        elapsed(p, "go")
    with pytest.raises(DefinitionError, match="elapsed: the clock of come takes w"):
        elapsed(p, "come")
    with pytest.raises(DefinitionError, match=r"elapsed: come counts ticks up to 1 only, .*capped=True"):
        forall(index("worker", 2), lambda w: elapsed(p, "come", w) > 0)


def test_an_action_of_the_author_is_no_tick() -> None:
    p = timed_by("go")

    @p.action(by="drum")
    def tick() -> Step:
        return step()

    with pytest.raises(DefinitionError, match="the action tick is called like the step of time"):
        p.system()


def test_a_variable_may_not_have_the_name_of_a_clock() -> None:
    p = timed_by("go")
    with pytest.raises(DefinitionError, match="variable come_ticks is declared twice"):
        p.variable("come_ticks", boolean(), False)


def test_what_would_let_time_stand_still_is_refused() -> None:
    p = Protocol("zeno")
    flag = p.variable("flag", boolean(), False)

    @p.action(by="me", since=["there", "initially"], within=p.parameter("delay", 1, 0, 3))
    def here() -> Step:
        return step(update(flag, True))

    @p.action(by="me", since=here, within=0)
    def there() -> Step:
        return step(update(flag, False))

    with pytest.raises(DefinitionError, match=r"time could stand still .* there and here|.* here and there may have"):
        p.system()

    q = Protocol("zeno")
    flag = q.variable("flag", boolean(), False)

    @q.action(by="me", since=["again", "initially"], within=0)
    def again() -> Step:
        return step(update(flag, ~flag))

    with pytest.raises(DefinitionError, match="again may have within=0 since itself"):
        q.system()
