"""States, steps and runs in words: converts the interpreter's values for reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from planrace.checker.results.composites import composite_text
from planrace.checker.results.trace import NOBODY, OFF, Change, Observed, Shown, ShownState, TraceStep
from planrace.checker.semantics.interpreter import Context, Interpreter, Move, State
from planrace.checker.semantics.shapes import leaf_shapes, structure_of
from planrace.model.language import Array, Bool, Enum, Instance, Maybe, Says, SetOf, Sort, Term
from planrace.model.language.sorts import Ticks
from planrace.model.language.subset_numbers import subset_of


class Describer:
    """Turns the interpreter's values into those of reports."""

    def __init__(self, interpreter: Interpreter, *, plain: bool = False) -> None:
        self.interpreter = interpreter
        self.instance: Instance = interpreter.instance
        self._plain = plain

    def state(self, state: State) -> ShownState:
        return {v.name: shown(v.sort, x) for v, x in zip(self.instance.system.variables, state, strict=True)}

    def step(self, move: Move, before: State, after: State) -> TraceStep:
        action = move.action
        bound = dict(zip(action.parameters, move.choice, strict=True))
        return TraceStep(
            action=action.name,
            parameters={str(p): shown_parameter(p.sort, v) for p, v in bound.items()},
            by=performer(move),
            role=action.role,
            outcome=move.outcome.name,
            fault=action.fault,
            text=self._text(move, before, bound) or self.called(move),
            state=self.state(after),
            changed=tuple(self.changes(before, after)),
            observed=() if self._plain else tuple(self.observed(before, after)),
        )

    def _text(self, move: Move, before: State, bound: dict[Term, int]) -> str:
        return "" if self._plain else self.words(move.outcome.says or move.action.says, before, bound)

    def words(self, says: Says | None, state: State, bound: dict[Term, int]) -> str:
        if says is None:
            return ""
        context = Context(bound, state)
        found = {n: (t.sort, self.interpreter.evaluate(t, context)) for n, t in says.terms}
        values = {n: in_words(sort, value) for n, (sort, value) in found.items()}
        for name, whole in says.composites:
            leaves = [shown(*found[f"{name}.{path}"]) for path, _ in whole.leaves]
            shapes = leaf_shapes(self.instance, whole)
            values[name] = composite_text(structure_of(whole), list(zip(shapes, leaves, strict=True)))
        return says.template.format(**values)

    def called(self, move: Move) -> str:
        """A step that has no words, as a call: ``send(0, 1)``."""
        values = [chosen_words(p.sort, v) for p, v in zip(move.action.parameters, move.choice, strict=True)]
        return f"{move.action.name}({', '.join(values)})" if values else spelled(move.action.name)

    def changes(self, before: State, after: State) -> Iterable[Change]:
        for v, x, y in zip(self.instance.system.variables, before, after, strict=True):
            if x != y:
                yield from self._differences(v.name, v.name, v.sort, x, y)

    def observed(self, before: State, after: State) -> Iterable[Observed]:
        """What the outside world sees differently after the step."""
        for seen in self.instance.system.observations:
            if seen.over is None:
                places: list[tuple[Shown | None, dict[Term, int]]] = [(None, {})]
            else:
                sort = seen.over.sort
                places = [(shown_parameter(sort, m), {seen.over: m}) for m in self.instance.members(sort)]  # type: ignore[arg-type]
            for member, bound in places:
                old, new = (self._case(seen.cases, s, bound) for s in (before, after))
                if old != new:
                    yield Observed(seen.title, member, new)

    def _case(self, cases: Sequence[tuple[Term, Says]], state: State, bound: dict[Term, int]) -> str:
        for condition, says in cases:
            if self.interpreter.holds(condition, state, bound=bound):
                return self.words(says, state, bound)
        return ""

    def _differences(
        self, name: str, place: str, sort: Sort, x: Any, y: Any, path: tuple[int, ...] = ()
    ) -> Iterable[Change]:
        if not isinstance(sort, Array):
            yield Change(place, shown(sort, x), shown(sort, y), name, path)
            return
        for n, (member, a, b) in enumerate(zip(self.instance.members(sort.domain), x, y, strict=True)):
            if a != b:
                inner = f"{place}[{in_words(sort.domain, member)}]"
                yield from self._differences(name, inner, sort.element, a, b, (*path, n))


def start_of(interpreter: Interpreter, described: ShownState) -> State:
    """The initial state with this description; if none has it, the first one, in which a replay fails. Raises
    ``ModelError`` if there are too many to list."""
    describer, starts = Describer(interpreter), interpreter.initials()
    return next((s for s in starts if dict(describer.state(s)) == dict(described)), starts[0])


def performer(move: Move) -> str:
    """The process that takes a step: its sort and number, or its role if there is only one."""
    actor = move.action.actor
    if actor is None:
        return move.action.role
    return f"{actor.sort.name} {dict(zip(move.action.parameters, move.choice, strict=True))[actor]}"


def shown(sort: Sort, value: Any) -> Shown:
    """A value of the interpreter as reports show it."""
    match sort:
        case Bool():
            return bool(value)
        case Enum(members=members):
            return str(members[value])
        case SetOf(element=element):
            return [shown(element, v) for v in sorted(value)]
        case Array(element=element):
            return [shown(element, v) for v in value]
        case _:
            return int(value)


def in_words(sort: Sort, value: Any) -> str:
    """A value of the interpreter inside a sentence; no member and the empty set are "none"."""
    match sort:
        case Maybe() if not value:
            return NOBODY
        case Ticks() if value < 0:
            return OFF
        case Bool():
            return "true" if value else "false"
        case SetOf(element=element):
            return ", ".join(in_words(element, v) for v in sorted(value)) or "none"
        case Array(element=element):
            return ", ".join(in_words(element, v) for v in value) or "none"
        case _:
            return str(shown(sort, value))


def spelled(name: str) -> str:
    return name.replace("_", " ")


def shown_parameter(sort: Sort, value: Any) -> Shown:
    """The shown value of a step's parameter: it appears without its sort, so no member is shown as ``NOBODY``, not as
    0."""
    return NOBODY if isinstance(sort, Maybe) and not value else shown(sort, _chosen(sort, value))


def chosen_words(sort: Sort, value: int) -> str:
    """The value of a step's parameter inside a sentence; a set in braces."""
    words = in_words(sort, _chosen(sort, value))
    return words if not isinstance(sort, SetOf) else f"{{{words}}}" if value else "{}"


def _chosen(sort: Sort, value: int) -> Any:
    return subset_of(sort, value) if isinstance(sort, SetOf) else value
