"""Traces in TLC's JSON, as ``-dumpTrace json`` writes it and ``-loadTrace json`` reads it.

The format is defined by ``_JsonTrace.tla``, ``CounterExample.java`` and ``Json.java`` of
https://github.com/tlaplus/tlaplus. It does not distinguish sets from sequences, and TLC's numbers have 32 bits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from planrace.checker.results.explanation import Declared, Shape
from planrace.checker.results.trace import Shown, ShownState, Trace, TraceStep

RESTING = "UnnamedAction"
"""TLC's name for a stuttering step: the run stays in a state for ever."""


def render_tlc(trace: Trace, variables: Sequence[Declared], *, module: str = "Model") -> str:
    """The trace as TLC's JSON, one line for each state; ``module`` is the module that is named as that of its actions.

    States are numbered from 1. In a lasso the last action leads back to an earlier state, which is not repeated.
    """
    states = [trace.initial, *(s.state for s in trace.steps)]
    loop = trace.loop
    returns = loop is not None and loop < len(trace)
    numbered = [[n, _state(s, variables)] for n, s in enumerate(states[:-1] if returns else states, 1)]
    actions = [[a, _action(step, module), b] for a, step, b in zip(numbered, trace.steps, numbered[1:], strict=False)]
    if loop is not None:
        closing = trace.steps[-1] if returns else None
        actions.append([numbered[-1], _action(closing, module), numbered[loop]])
    names = json.dumps([v.name for v in variables])
    return f'{{"counterexample": {{\n{_rows("action", actions)},\n{_rows("state", numbered)}}},\n"vars": {names}}}\n'


def _rows(name: str, values: Iterable[Any]) -> str:
    return f'"{name}": [\n' + ",\n".join(json.dumps(x) for x in values) + "\n]"


def _state(state: ShownState, variables: Sequence[Declared]) -> dict[str, Any]:
    return {v.name: _value(state[v.name], v.shape) for v in variables}


def _value(value: Shown, shape: Shape) -> Any:
    """An array over 1…n is a JSON array, any other an object."""
    if shape.kind != "array" or not isinstance(value, list):
        return value
    assert shape.domain is not None
    assert shape.element is not None
    elements = [_value(x, shape.element) for x in value]
    keys = shape.domain.values
    if keys == list(range(1, len(keys) + 1)):
        return elements
    return {_key(k): x for k, x in zip(keys, elements, strict=True)}


def _key(key: Shown) -> str:
    """A key as TLA+ writes it."""
    return str(key).upper() if isinstance(key, bool) else str(key)


def _action(step: TraceStep | None, module: str) -> dict[str, Any]:
    nowhere = dict.fromkeys(("beginLine", "beginColumn", "endLine", "endColumn"), 0)
    parameters = {} if step is None else dict(step.parameters)
    return {
        "name": RESTING if step is None else step.action,
        "location": nowhere | {"module": module},
        "context": parameters,
        "parameters": list(parameters),
    }
