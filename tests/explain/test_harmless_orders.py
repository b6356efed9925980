"""What is remembered of harmless orders holds for the steps that were left, not for others from the same state."""

from __future__ import annotations

from planrace.checker.explain.causes import _Story
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Protocol, integers, step, update
from planrace.model.language.actions import Step
from planrace.properties import invariant


def story() -> _Story:
    """Three processes with a step each; only that of the last violates the property."""
    protocol = Protocol("three")
    at = protocol.variable("at", integers(0, 2), 0)

    @protocol.action(by="first")
    def one() -> Step:
        return step(update(at, 1))

    @protocol.action(by="second")
    def none() -> Step:
        return step(update(at, 0))

    @protocol.action(by="third")
    def two() -> Step:
        return step(update(at, 2))

    protocol.declare(invariant("low", at < 2, "it stays low"))
    instance = protocol.system().instance()
    interpreter = Interpreter(instance)
    run = Recording(interpreter, interpreter.initial())
    for name in ("one", "none", "two"):
        run.take(name, ())
    question = Explainer(instance, ExplanationOptions()).question(instance.system.properties[0])
    assert question is not None
    return _Story(run, question, {})


def test_a_state_is_harmless_for_the_steps_that_were_left() -> None:
    made = story()
    start = made.recording.states[0]
    assert made._safe(start, [0, 1])
    assert not made._safe(start, [0, 1, 2])
    assert made._safe(start, [0, 1])
