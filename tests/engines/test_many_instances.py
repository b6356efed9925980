"""Actions with many instances: loops instead of text for each, labels made once and wide enough."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker.api.calls import check
from planrace.checker.engines.explicit import instances
from planrace.checker.engines.explicit.codegen import Emitter
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.transition_graph import Labels, graph
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.native.emit import WordEmitter
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.temporal import rows as arrays
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.model.language import Protocol, System, Term, boolean, index, integers, optional, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant, leads_to
from tests.engines.explicit.test_explorer import STATES, anywhere, expected
from tests.systems import random_systems


def beans(n: int) -> Protocol:
    """A can that is filled in one of very many ways: n black and white beans at most."""
    protocol = Protocol("beans")
    bean = integers(0, n, "bean")
    black, white = protocol.variable("black", bean, 0), protocol.variable("white", bean, 0)
    filled = protocol.variable("filled", boolean(), False)

    @protocol.action(bean, bean, by="somebody")
    def fill(b: Any, w: Any) -> Step:
        return step(when(~filled, b + w >= 1, b + w <= n), update(black, b), update(white, w), update(filled, True))

    @protocol.action(by="can", fairness="weak")
    def take_black() -> Step:
        return step(when(black >= 2), update(black, black - 1))

    @protocol.action(by="can", fairness="weak")
    def take_white() -> Step:
        return step(when(white >= 2), update(white, white - 2), update(black, black + 1))

    @protocol.action(by="can", fairness="weak")
    def take_both() -> Step:
        return step(when(white >= 1, black >= 1), update(black, black - 1))

    protocol.final(filled & (black + white == 1))
    protocol.declare(
        invariant("bounded", black + white <= n, "no more than there were"),
        leads_to("empties", filled, filled & (black + white <= 1), "one bean is left"),
    )
    return protocol


def walk(n: int) -> Protocol:
    """Two steps of up to two, chosen of n · n; with a rest between them."""
    protocol = Protocol("walk")
    number = integers(1, n, "number")
    at, rested = protocol.variable("at", number, 1), protocol.variable("rested", integers(1, n, "rests"), 1)

    @protocol.action(number, number, by="walker", fairness="weak")
    def move(to: Any, rests: Any) -> Step:
        return step(when(to > at, to <= at + 2, rests == rested), update(at, to))

    @protocol.action(by="walker", fairness="none")
    def rest() -> Step:
        return step(when(rested < 4, (at < 4) | (at == n)), update(rested, rested + 1))

    protocol.final(at == n)
    protocol.declare(
        leads_to("arrives", at == 1, at == n, "it arrives"),
        leads_to("rests", at == n, rested == 4, "it rests where it is, which is not fair"),
        invariant("not-there", at < 12, "it never comes to 12"),
    )
    return protocol


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_beans(engine: str) -> None:
    began = time.process_time()
    report = check(beans(100), options=Options(engine=engine, workers=1))
    assert time.process_time() - began < 5
    assert [f.verdict for f in report.findings] == [Verdict.HOLDS, Verdict.HOLDS]
    assert report.exploration is not None
    assert (report.exploration.states, report.exploration.transitions) == (5151, 5150 + 14850)


@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize("n", [20, 300])  # 400 and 90,000 instances: labels of two and of four bytes
def test_verdicts_and_runs(n: int, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGE", 0 if engine == "native" else arrays.LARGE)
    report = check(walk(n), options=Options(engine=engine, workers=2))
    assert [f.verdict for f in report.findings] == [Verdict.HOLDS, Verdict.VIOLATED, Verdict.VIOLATED]
    assert report.findings[2].depth == 6


def test_labels_are_numbered_in_order() -> None:
    labels = Labels(walk(300).system().instance())
    assert len(labels) == 90_001
    assert labels.code == "I"
    assert list(labels) == [labels[n] for n in range(len(labels))]
    assert labels[299:301] == [("move", (1, 300)), ("move", (2, 1))]
    assert Labels(walk(255).system().instance()).code == "H"


@pytest.mark.parametrize("n", [5, 300])
def test_graphs_of_both_searches_are_those_of_the_interpreter(n: int) -> None:
    instance = walk(n).system().instance()
    wanted = {}
    interpreter = Interpreter(instance)
    layout = Kernel(instance).layout
    queue = [interpreter.initial()]
    for s in queue:
        moves = [((m.action.name, m.choice), layout.encode(after), after) for m, after in interpreter.moves(s)]
        wanted[layout.encode(s)] = sorted((label, after) for label, after, _ in moves)
        queue += [a for _, p, a in moves if p not in wanted and a not in queue]
        if len(wanted) == 60:
            break
    searches: list[tuple[Any, Any]] = [
        (Search(instance, [], exhaustive=True), graph),
        (NativeSearch(instance, [], exhaustive=True, keep=True, workers=2), native_graph),
    ]
    for search, make in searches:
        search.run()
        made = make(search, list(instance.system.actions))
        found = {
            made.packed(k): sorted((made.names[x], made.packed(t)) for x, t in made.steps(k)) for k in made.numbers
        }
        assert {s: found[s] for s in wanted} == wanted


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems(), st.integers(0, 2**32))
def test_loops_mean_what_is_written_out(drawn: tuple[System, list[Term], list[Term]], seed: int) -> None:
    system, states, steps = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "MANY", 0)
        kernel, chance = Kernel(system.instance()), Random(seed)
        expand = kernel.expand(Watch(states=tuple(states), marks=tuple(steps)))
    for n in range(STATES):
        state = anywhere(kernel.instance, chance) if n else kernel.interpreter.initials()[0]
        wanted = expected(kernel.interpreter, state, states, steps)
        out: list[tuple[int, int]] = []
        try:
            found = expand(kernel.layout.encode(state), out, [])
        except RangeError:
            assert wanted is None
            continue
        assert wanted is not None
        assert (found, [(kernel.layout.decode(t), m) for t, m in out]) == wanted


def test_what_a_guard_says_of_a_parameter_needs_no_loop() -> None:
    protocol = Protocol("mixed")
    number, worker = integers(1, 100, "number"), index("worker", 3)
    owner = protocol.variable("owner", optional(worker), None)
    left = protocol.variable("left", number, 1)

    @protocol.action(number, worker, by=worker)
    def take(n: Any, w: Any) -> Step:
        return step(when(owner == w, n == left + 1), update(left, n))

    instance = protocol.system().instance()
    source = Emitter(instance, Kernel(instance).layout, Watch()).source()
    assert "for " not in source
    assert source.count("out.append") == 1


def test_how_many_successors_loops_have() -> None:
    """A step within loops counts as often as these run at most; a parameter that the guard determines has no loop."""
    for protocol, most in ((beans(20), 21 * 21 + 3), (walk(20), 20 + 1)):
        instance = protocol.system().instance()
        emitter = WordEmitter(instance, Kernel(instance).layout, Watch(), words=1)
        assert "for " in emitter.source()
        assert emitter.fan == most
