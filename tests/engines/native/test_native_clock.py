"""Machine code cannot be interrupted, so it works in parts with a look at the clock between them."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from planrace.checker.engines.limits import Deadline, until
from planrace.checker.engines.native import crew
from planrace.checker.engines.native.emit import WordEmitter
from planrace.checker.engines.native.paths import Predecessors
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.checker.results.guard import TimeUpError
from planrace.checker.run.options import Options
from planrace.checker.run.strategies import OUTGROWN_RELATED, SearchTask
from planrace.model.language import Instance, Protocol, array, index, integers, optional, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant

pytestmark = pytest.mark.usefixtures("own_cache")


def choosing(members: int) -> Instance:
    """Interchangeable members choose each other."""
    protocol = Protocol(f"choosing{members}")
    member = index("member", members, symmetric=True)
    chosen = protocol.variable("chosen", array(member, optional(member)), None)

    @protocol.action(member, member, by=member)
    def choose(m: Any, other: Any) -> Step:
        return step(when(m != other, chosen[m] == None), update(chosen[m], other))  # noqa: E711

    @protocol.action(member, by=member)
    def drop(m: Any) -> Step:
        return step(when(chosen[m] != None), update(chosen[m], None))  # noqa: E711

    return protocol.system().instance()


def counter(most: int) -> Instance:
    """A run of ``most`` steps."""
    protocol = Protocol("counter")
    n = protocol.variable("n", integers(0, most), 0)

    @protocol.action(by="somebody")
    def increment() -> Step:
        return step(when(n < most), update(n, n + 1))

    protocol.declare(invariant("small", n < most, "n is small"))
    return protocol.system().instance()


def test_a_level_whose_states_have_many_orders_is_cut_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes with each look. Between levels there are too few of them to end the search."""
    looks = count()
    for at_once, most in ((crew.AT_ONCE, None), (1, "the time limit of 10 s was reached")):
        monkeypatch.setattr(crew, "AT_ONCE", at_once)
        search = NativeSearch(choosing(4), [], symmetric=True, exhaustive=True, workers=1)
        search._limit_guard.deadline = Deadline(next(looks) + 10.0, 10.0, clock=lambda: float(next(looks)))
        stopped = search.run()[1].stopped
        assert (None if stopped is None else stopped.sentence) == most


def test_an_interruption_is_heard_within_a_level() -> None:
    search = NativeSearch(choosing(3), [], symmetric=True, workers=1)
    search.interrupted = True
    with pytest.raises(SearchStoppedError, match="interrupted"):
        search._check_clock()


@pytest.mark.parametrize(("members", "most"), [(3, OUTGROWN_RELATED), (5, OUTGROWN_RELATED), (6, 60), (7, 10)])
def test_the_more_orders_a_state_has_the_sooner_machine_code_pays(members: int, most: int) -> None:
    """A step in Python takes 0.2 ms with 120 orders, 0.6 ms with 720, and 4 ms with 5,040."""
    task = SearchTask(choosing(members), [], Options(symmetry=True))
    assert 1 <= task.outgrown <= most


def test_grouping_the_instances_of_actions_looks_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    grouped: list[object] = []
    monkeypatch.setattr(WordEmitter, "_switch_field", lambda *given: grouped.append(given))
    with pytest.raises(TimeUpError), until(0.0):
        NativeSearch(choosing(3), [], workers=1)
    assert not grouped


def test_a_long_run_is_found_in_a_few_calls_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one for each of the 128 segments: a run of 10,000 steps took half a minute."""
    calls: list[object] = []
    asked = Predecessors._parent
    monkeypatch.setattr(Predecessors, "_parent", lambda *given: calls.append(given) or asked(*given))  # type: ignore[func-returns-value]
    instance = counter(600)
    search = NativeSearch(instance, instance.system.properties, workers=2)
    (answer,), _ = search.run()
    assert answer.recording is not None
    assert len(answer.recording.moves) == 600
    assert len(calls) == 600 * (2 + 1)  # one more where a predecessor is found


def test_finding_a_run_looks_at_the_clock() -> None:
    instance = counter(5)
    search = NativeSearch(instance, [], exhaustive=True, workers=1)
    search.run()
    (last,) = (s for s in search.states() if s == search.kernel.view((5,)))
    assert len(search.run_to(last, 5).moves) == 5
    with pytest.raises(TimeUpError), until(0.0):
        search.run_to(last, 5)
