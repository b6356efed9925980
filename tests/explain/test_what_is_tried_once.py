"""Explanations try the same steps, and judge the same states, once."""

from __future__ import annotations

from dataclasses import replace

from planrace.checker.engines.explicit.search import Search
from planrace.checker.explain.causes import _Story
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Protocol, integers, primed, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant, step_invariant
from tests.explain.test_causes import releases


def test_a_property_of_steps_is_judged_by_the_step_and_one_of_states_once_for_each_state() -> None:
    protocol = Protocol("jumps")
    at = protocol.variable("at", integers(0, 2), 0)

    @protocol.action(by="slow")
    def walk() -> Step:
        return step(when(at < 2), update(at, at + 1))

    @protocol.action(by="fast")
    def jump() -> Step:
        return step(when(at < 2), update(at, 2))

    protocol.declare(step_invariant("walks", primed(at) <= at + 1, "it never jumps"))
    protocol.declare(invariant("far", at < 2, "it does not get far"))
    instance = protocol.system().instance()
    interpreter, explainer = Interpreter(instance), Explainer(instance, ExplanationOptions())
    slow, fast = (Recording(interpreter, interpreter.initial()) for _ in range(2))
    for name in ("walk", "walk"):
        slow.take(name, ())
    fast.take("jump", ())
    asked: list[Recording] = []
    walks, far = map(explainer.question, instance.system.properties)
    assert walks is not None
    assert far is not None
    story = _Story(fast, walks, {})
    assert [story._breaks(slow), story._breaks(fast)] == [False, True]

    def breaks(run: Recording) -> bool:
        asked.append(run)
        return True

    story = _Story(fast, replace(far, breaks=breaks), {})
    assert [story._breaks(slow), story._breaks(fast), len(asked)] == [True, True, 1]


def test_results_of_steps_are_shared_within_an_instance_only() -> None:
    one, other = (releases().system().instance() for _ in range(2))
    (p,) = one.system.properties
    explainer = Explainer(one, ExplanationOptions())
    for instance in (other, one):
        assert explainer._performed == {}
        ((answer,), _) = Search(instance, [p]).run()
        assert answer.recording is not None
        explainer.causes(answer.recording, p)
    assert explainer._performed
