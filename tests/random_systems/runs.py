"""Runs that are shown, taken again step by step in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planrace.checker.results.report import Finding
from planrace.checker.results.trace import TraceStep

from .description import Asked, Sort
from .plain import State, WrongError
from .truth import LIVE, Truth, speaks_of_steps


def wrong_run(truth: Truth, asked: Asked, f: Finding) -> Iterator[str]:
    """What is wrong with the run of a finding: a step that is none, a value, or an end that shows nothing."""
    plain = truth.plain
    trace = f.trace
    assert trace is not None
    state = next((s for s in truth.initials if told(truth, s) == dict(trace.initial)), None)
    if state is None:
        yield f"the run starts in {dict(trace.initial)}, which is not initial"
        return
    run: list[tuple[State, tuple[int, tuple[int, ...]] | None, str | None]] = [(state, None, None)]
    for number, s in enumerate(trace.steps, 1):
        label = _label(truth, s)
        try:
            found = plain.perform(state, label) if label is not None else None
        except WrongError as problem:
            yield f"step {number} is wrong: {problem}"
            return
        if found is None or label is None:
            yield f"step {number}, {s.action} {dict(s.parameters)}, is not enabled"
            return
        ending, state = found
        if ending != s.outcome:
            yield f"step {number}, {s.action}, ends as {ending}, not {s.outcome}"
        if dict(s.state) != told(truth, state):
            yield f"after step {number} the state is {told(truth, state)}, not {dict(s.state)}"
            return
        run.append((state, label, ending))
    if asked.kind in LIVE or asked.kind == "recoverable":
        return
    wanted = asked.kind == "reachable"
    try:
        if asked.kind == "step_invariant" or speaks_of_steps(asked.term):
            (before, _, _), (after, last, ending) = run[-2:]
            assert last is not None
            shown = plain.of_step(asked.term)(before, after, *last, ending)
        else:
            shown = plain.of_state(asked.term)(state)
    except (WrongError, ValueError) as problem:
        yield f"the end of the run shows nothing: {problem!r}"
        return
    if shown != wanted:
        yield "the run does not show it"


def _label(truth: Truth, step: TraceStep) -> tuple[int, tuple[int, ...]] | None:
    """The action and its choice, by the words of the report."""
    for n, a in enumerate(truth.plain.actions):
        if a.name == step.action:
            for choice in truth.plain.choices(a):
                shown = {p: _chosen(s, v) for (p, s), v in zip(a.parameters, choice, strict=True)}
                if shown == dict(step.parameters):
                    return n, choice
    return None


def _chosen(sort: Sort, value: Any) -> Any:
    """A parameter of a step as reports have it: where there is no member, they say so."""
    return "none" if sort.kind == "maybe" and value == 0 else _shown(sort, value)


def told(truth: Truth, state: State) -> Mapping[str, Any]:
    """A state as reports have it."""
    variables = truth.plain.described.variables
    return {v.name: _shown(v.sort, x) for v, x in zip(variables, state, strict=True)}


def _shown(sort: Sort, value: Any) -> Any:
    match sort.kind:
        case "bool":
            return bool(value)
        case "enum":
            return sort.members[value]
        case "set":
            return [_shown(sort.element, v) for v in sorted(value)]
        case "array":
            return [_shown(sort.element, v) for v in value]
    return int(value)
