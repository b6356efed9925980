"""Elements of array terms that are no variables: arrays after a step, chosen ones, and computed ones."""

from __future__ import annotations

import pytest

from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.checker.semantics.replay import Recording
from planrace.model.language import If, Protocol, array, boolean, integers, primed, step, update
from planrace.model.language.actions import Step

PLACE = integers(0, 2, "place")


def test_an_element_is_read_before_or_after_the_step() -> None:
    protocol = Protocol("shelf")
    shelf = protocol.variable("shelf", array(PLACE, array(PLACE, integers(0, 9))), 0)
    other = protocol.variable("other", array(PLACE, array(PLACE, integers(0, 9))), 5)
    full, at = protocol.variable("full", boolean(), False), protocol.variable("at", integers(0, 4), 1)

    @protocol.action(by="somebody")
    def put() -> Step:
        return step(update(shelf[1][2], 7), update(full, True), update(at, 3))

    interpreter = Interpreter(protocol.system().instance())
    run = Recording(interpreter, interpreter.initial())
    run.take("put", ())
    before, after, move = *run.states, run.moves[0]

    def holds(term: object) -> bool:
        return interpreter.holds(term, before, after, move)  # type: ignore[arg-type]

    assert holds(shelf[1][2] == 0)
    assert holds(primed(shelf)[1][2] == 7)
    assert holds(primed(shelf[1])[2] == 7)
    assert holds(primed(shelf)[at][2] == 7)  # the position is that before the step
    assert holds(primed(shelf[1][2]) == 7)
    assert holds(If(full, shelf, other)[1][2] == 5)
    assert holds(primed(If(full, shelf, other))[1][2] == 7)
    with pytest.raises(RangeError):
        holds(primed(shelf[at][2]) == 7)
