"""The whole state graph of a small instance, for drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planrace.checker.engines.limits import timed
from planrace.checker.explain.model_data import declared
from planrace.checker.report.text.values import lines
from planrace.checker.report.trace.graphs import called
from planrace.checker.results.explanation import Declared
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Invariant, Property

if TYPE_CHECKING:
    import networkx

MOST = 2_000
"""Default limit on the number of states in a drawing."""


def state_graph(instance: Instance, properties: tuple[Property, ...], most: int = MOST) -> networkx.MultiDiGraph:
    """The states and steps of an instance, numbered in breadth-first order from 0, as ``report.graphs`` draws them.

    Raises ``ModelError`` if there are more than ``most`` states.
    """
    import networkx

    interpreter = Interpreter(instance)
    describer = Describer(interpreter)
    graph = networkx.MultiDiGraph()
    numbers: dict[State, int] = {}
    queue = list(interpreter.initials())
    variables = declared(instance)
    _refuse(len(queue), most)
    for s in queue:
        _add(graph, numbers, s, describer, properties, variables)
    for s in timed(queue, 1):
        for move, after in timed(interpreter.moves(s), 1):  # a state may have thousands of steps
            if after not in numbers:
                _refuse(len(numbers) + 1, most)
                _add(graph, numbers, after, describer, properties, variables)
                queue.append(after)
            graph.add_edge(numbers[s], numbers[after], label=called(describer.step(move, s, after)), run=False)
    return graph


def _refuse(states: int, most: int) -> None:
    if states > most:
        raise ModelError(
            f"the state graph has more than {numbered(most, 'state')}",
            remedy="take smaller sizes, a larger --max-states, or the neighbourhood of a trace "
            "(check --with-alternatives 1 --format dot:FILE)",
        )


def _add(
    graph: networkx.MultiDiGraph,
    numbers: dict[State, int],
    s: State,
    describer: Describer,
    properties: tuple[Property, ...],
    variables: tuple[Declared, ...],
) -> None:
    holds = describer.interpreter.holds
    broken = [p.name for p in properties if isinstance(p, Invariant) and not holds(p.holds, s)]
    label = "\n".join(f"{name} = {text}" for name, text in lines(describer.state(s), variables))
    numbers[s] = len(numbers)
    graph.add_node(numbers[s], label=label, broken=", ".join(broken), run=False)
