"""Traces are replayed by the interpreter before they are described or shown."""

from __future__ import annotations

import pytest

from planrace.checker import check, find
from planrace.checker.engines.answer import confirm_state, confirm_step, retrace
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.checker.semantics.packing import Layout
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language import Protocol, Step, Term, array, first, index, integers, step, update, when
from planrace.properties import invariant
from planrace.properties.dns import PROPERTIES, original

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


def interpreter() -> Interpreter:
    return Interpreter(original.system().instance(**SIZES))


def test_a_step_that_is_not_enabled_is_refused() -> None:
    with pytest.raises(ReplayError, match="step 2, take_lock"):
        record(interpreter(), [("publish", ()), ("take_lock", (1,))])


def test_a_run_with_a_gap_is_refused() -> None:
    kernel = Kernel(original.system().instance(**SIZES))
    state = kernel.interpreter.initial()
    far = kernel.layout.encode((3, *state[1:]))
    with pytest.raises(ReplayError, match="no step leads to state 1"):
        retrace(kernel.interpreter, kernel.seen, [*kernel.initials, far])
    with pytest.raises(ReplayError, match="initial state"):
        retrace(kernel.interpreter, kernel.seen, [far])


def test_a_run_without_a_violation_is_refused_as_a_counterexample() -> None:
    recording = record(interpreter(), [("publish", ())])
    with pytest.raises(ReplayError, match="the last state does not decide active-plan-never-deleted"):
        confirm_state(PROPERTIES[0], recording)
    target = record(interpreter(), [("publish", ()), ("publish", ())]).states[-1]
    with pytest.raises(ReplayError, match="decides plans-never-regress"):
        confirm_step(PROPERTIES[2], recording, target)


def test_every_step_of_a_counterexample_says_who_what_and_what_changed() -> None:
    report = check(find("original"), SIZES)
    trace = report.findings[0].trace
    assert trace is not None
    assert len(trace) == 12
    state = dict(trace.initial)
    for s in trace.steps:
        changed = {c.place for c in s.changed}
        assert {c.split("[")[0] for c in changed} == {n for n, v in s.state.items() if v != state[n]}
        assert s.text
        state = dict(s.state)
    flip = next(s for s in trace.steps if s.action == "flip_alias")
    assert (flip.by, flip.role, flip.outcome) == ("enactor 2", "enactor", "accepted")
    assert trace.steps[-1].role == "cleaner"
    assert "answers with no address" in trace.steps[-1].observed[0].text


def test_every_reachable_state_survives_packing() -> None:
    instance = original.system(["bad-plan"]).instance(**SIZES)
    layout, semantics = Layout(instance), Interpreter(instance)
    frontier, seen = [semantics.initial()], {semantics.initial()}
    while frontier:
        state = frontier.pop()
        assert layout.decode(layout.encode(state)) == state
        for _, after in semantics.moves(state):
            if after not in seen:
                seen.add(after)
                frontier.append(after)
    assert len(seen) == len({layout.encode(s) for s in seen})


def test_no_field_crosses_a_word() -> None:
    layout = Layout(original.system().instance(enactors=8, endpoints=8, plans=15))
    assert layout.words > 1
    assert all(f.shift + f.width <= 64 for f in layout.fields.values())
    taken = [b for f in layout.fields.values() for b in range(f.offset, f.offset + f.width)]
    assert len(taken) == len(set(taken)) == layout.bits


def counter(top: int, high: int) -> Protocol:
    protocol = Protocol("counter")
    n = protocol.variable("n", integers(0, high), 0)

    @protocol.action(by="clock")
    def tick() -> Step:
        return step(when(n < top), update(n, n + 1))

    protocol.declare(invariant("small", n <= high, "the counter stays small"))
    return protocol


def test_a_value_out_of_range_names_the_line() -> None:
    with pytest.raises(
        RangeError, match=r"test_traces.py:\d+: tick assigns n the value 3, .* after tick\(\), tick\(\)"
    ):
        check(counter(top=3, high=2))
    assert check(counter(top=2, high=2)).verdict.word == "holds"


def test_two_values_for_one_place() -> None:
    protocol = Protocol("clash")
    worker = index("worker", 2, ordered=True)
    place = protocol.variable("place", array(worker, integers(0, 1)), 0)

    @protocol.action(worker, worker, by=worker)
    def clash(i: Term, j: Term) -> Step:
        return step(update(place[i], 0), update(place[j], 1))

    protocol.declare(invariant("any", place[first(worker)] <= 1, "always"))
    with pytest.raises(RangeError, match="two values in one step"):
        check(protocol)


def test_a_recording_starts_in_the_initial_state() -> None:
    assert Recording(interpreter()).trace().initial["latest"] == 0
