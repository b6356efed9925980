"""Times of actions: held against a simulation in plain Python, engine against engine, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker.semantics.context import RangeError
from planrace.checker.semantics.interpreter import Interpreter
from tests.timed import LateError, Timed, as_plain, draw, graph_of, protocol_of


def model_graph(made: Timed) -> set[Any]:
    """All steps between reachable states of the model, in the simulation's words."""
    interpreter = Interpreter(protocol_of(made).system().instance())
    names = [v.name for v in interpreter.instance.system.variables]

    def plain(state: Any) -> Any:
        return as_plain(made, dict(zip(names, state, strict=True)))

    found, seen, todo = set(), {interpreter.initial()}, [interpreter.initial()]
    while todo:
        state = todo.pop()
        for move, after in interpreter.moves(state):
            found.add((plain(state), move.action.name, move.choice[0] if move.choice else None, plain(after)))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return found


@pytest.mark.parametrize("seeds", [range(0, 60)], ids=str)
def test_states_and_steps_are_those_of_a_simulation(seeds: range) -> None:
    late = timed = 0
    for made in map(draw, seeds):
        timed += any(r.since for r in made.rules)
        try:
            wanted = graph_of(made)
        except LateError:
            late += 1
            with pytest.raises(RangeError, match=r"has to happen within .* of .*, and cannot: time would stop"):
                model_graph(made)
        else:
            assert model_graph(made) == wanted
    assert timed > 40
    assert 10 < late < 45
