"""States and changes as text, place by place; channels are shown as their messages, records as one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planrace.checker.report.trace.traffic import ChannelContent, channels
from planrace.checker.report.trace.wholes import WholeContent, wholes
from planrace.checker.results.composites import whole_text
from planrace.checker.results.explanation import Declared, Shape
from planrace.checker.results.scalars import members, value_text
from planrace.checker.results.trace import Change, Shown, ShownState, Trace, TraceStep

__all__ = ["ChangedPlace", "changes", "lines", "places", "state_before", "state_text", "value_text", "with_changes"]


@dataclass(frozen=True)
class ChangedPlace:
    """The text of a place before and after a step."""

    place: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.place}: {self.before} → {self.after}"


def state_before(trace: Trace, n: int) -> ShownState:
    """The state before step ``n``, from 1."""
    return trace.initial if n == 1 else trace.steps[n - 2].state


def changes(step: TraceStep, before: ShownState, variables: Sequence[Declared]) -> list[ChangedPlace]:
    """The changes of a step from the state ``before``."""
    old, new = (_as_one(s, variables) for s in (before, step.state))
    shapes = {v.name: v.shape for v in variables}
    found: dict[str, ChangedPlace] = {}
    for c in step.changed:
        if c.variable in old and c.variable in new:
            pairs = zip(old[c.variable], new[c.variable], strict=True)
            found |= {a.place: ChangedPlace(a.place, str(a), str(b)) for a, b in pairs if a != b}
        else:
            texts = (value_text(x, _at(shapes.get(c.variable), c)) for x in (c.before, c.after))
            found[c.place] = ChangedPlace(c.place, *texts)
    return list(found.values())


def _as_one(state: ShownState, variables: Sequence[Declared]) -> Mapping[str, Sequence[ChannelContent | WholeContent]]:
    """What several variables store together, by the names of these."""
    return {**channels(state, variables), **wholes(state, variables)}


def with_changes(trace: Trace, variables: Sequence[Declared]) -> Trace:
    """The trace, with the changes of its steps computed from its states."""
    before, steps = trace.initial, []
    for step in trace.steps:
        pairs = ((v, before[v.name], step.state[v.name]) for v in variables)
        found = (c for v, x, y in pairs for c in _differences(Change(v.name, x, y, v.name), v.shape))
        steps.append(replace(step, changed=tuple(found)))
        before = step.state
    return replace(trace, steps=tuple(steps))


def _differences(change: Change, shape: Shape) -> Iterator[Change]:
    """The differences, element by element."""
    before, after = change.before, change.after
    if before == after:
        return
    if shape.kind != "array" or shape.element is None or not (isinstance(before, list) and isinstance(after, list)):
        yield change
        return
    for n, (member, x, y) in enumerate(zip(members(shape, len(before)), before, after, strict=True)):
        inner = Change(f"{change.place}[{member}]", x, y, change.variable, (*change.path, n))
        yield from _differences(inner, shape.element)


def places(state: ShownState, variables: Sequence[Declared]) -> dict[str, str]:
    """Every place of a state with its value as text: ``lock[1]`` and none."""
    shapes, as_one = {v.name: v.shape for v in variables}, _as_one(state, variables)
    found: dict[str, str] = {}
    for name, value in state.items():
        if name in as_one:
            found |= {c.place: str(c) for c in as_one[name]}
        else:
            found.update(_places(name, value, shapes.get(name)))
    return found


def lines(state: ShownState, variables: Sequence[Declared]) -> list[tuple[str, str]]:
    """Every variable or channel of a state with its value as text: ``lock`` and ``[1: none, 2: 1]``."""
    shapes, as_one = {v.name: v.shape for v in variables}, _as_one(state, variables)
    found: dict[str, str] = {}
    for name, value in state.items():
        if name in as_one:
            found |= {c.place: str(c) for c in as_one[name]}
        else:
            found[name] = whole_text(value, shapes.get(name))
    return list(found.items())


def state_text(state: ShownState, variables: Sequence[Declared]) -> str:
    """A state in one line: ``lock[1]: none, lock[2]: 1``."""
    return ", ".join(f"{place}: {text}" for place, text in places(state, variables).items())


def start_text(trace: Trace, variables: Sequence[Declared]) -> str:
    """The values in the initial state of what may start with several, in one line; empty if nothing may."""
    return state_text({name: trace.initial[name] for name in trace.chosen}, variables)


def _places(place: str, value: Shown, shape: Shape | None) -> Iterator[tuple[str, str]]:
    if shape is None or shape.kind != "array" or not isinstance(value, list):
        yield place, value_text(value, shape)
        return
    for member, inner in zip(members(shape, len(value)), value, strict=True):
        yield from _places(f"{place}[{member}]", inner, shape.element)


def _at(shape: Shape | None, change: Change) -> Shape | None:
    for _ in change.path:
        shape = shape.element if shape is not None else None
    return shape
