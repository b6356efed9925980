"""Each logged step alone: from the values that its line names before it, is it a step of the model, and does it lead to
the values after it? A table of rates by action names the wrong action at once, also where a log has gaps.

What a line leaves open is unknown: a step is judged only if it can be without that (S. C. Kleene: Introduction to
Metamathematics, 1952, §64, three-valued logic).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any, NoReturn

from planrace.checker.drive.observing import Partial
from planrace.checker.engines.limits import timed
from planrace.checker.logs.events import LogEvent, StepPattern, agrees
from planrace.checker.results.conformance import LogLine, StepRate
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.model.language import Action, Array, Instance, Op, Sort, Term

CHOICES = 1000
"""The most values of parameters that are tried where a line leaves them open."""


class _UnknownError(Exception):
    """A value was needed that the line does not name."""


class _Unknown:
    """A value that the line does not name: whoever reads it raises."""

    def _read(self, *_: object) -> NoReturn:
        raise _UnknownError

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _read
    __bool__ = __hash__ = __iter__ = __len__ = __contains__ = __index__ = __int__ = __or__ = __ror__ = __and__ = _read
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __neg__ = __rand__ = __getitem__ = _read


class StepsAlone:
    """Judges the events of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._interpreter = Interpreter(instance)
        self._variables = instance.system.variables

    def rates(self, events: Sequence[LogEvent]) -> tuple[StepRate, ...]:
        """The rates of the actions whose lines name values before the step, in the order of the protocol."""
        passed, failed, unknown = Counter[str](), Counter[str](), Counter[str]()
        first: dict[str, tuple[LogLine, str]] = {}
        for event in timed(events, 64):
            if not event.before or event.optional:
                continue
            name, wrong = self._judged(event)
            (unknown if wrong is None else failed if wrong else passed)[name] += 1
            if wrong:
                first.setdefault(name, (event.line, wrong))
        return tuple(
            StepRate(a, passed[a], failed[a], unknown[a], *first.get(a, (None, "")))
            for a in self._instance.system.actions
            if passed[a] + failed[a] + unknown[a]
        )

    def _judged(self, event: LogEvent) -> tuple[str, str | None]:
        """The action of an event, and what is wrong with its step: empty if nothing is, None if that is not known."""
        state = self._state(event)
        found: list[tuple[str, str | None]] = [
            (pattern.action, self._wrong(state, event, pattern, choice))
            for pattern in event.patterns
            for choice in self._choices(pattern)
        ]
        found += [(pattern.action, None) for pattern in event.patterns if self._number(pattern) > CHOICES]
        for wanted in ("", None):
            for name, wrong in found:
                if wrong == wanted:
                    return name, wrong
        return found[0]

    def _members(self, pattern: StepPattern) -> list[Sequence[int]]:
        """The values that each parameter may have."""
        action = self._instance.system.actions[pattern.action]
        return [
            (v,) if v is not None else self._instance.members(p.sort)  # type: ignore[arg-type]  # no parameter is an array
            for p, v in zip(action.parameters, pattern.values, strict=True)
        ]

    def _number(self, pattern: StepPattern) -> int:
        return math.prod(map(len, self._members(pattern)))

    def _choices(self, pattern: StepPattern) -> Iterator[tuple[int, ...]]:
        return islice(product(*self._members(pattern)), CHOICES)

    def _wrong(self, state: State, event: LogEvent, pattern: StepPattern, choice: tuple[int, ...]) -> str | None:
        action = self._instance.system.actions[pattern.action]
        refused = self._refused(state, action, choice)
        if refused != "":
            return refused
        try:
            found = self._interpreter.perform(state, action, choice)
            assert found is not None
            move, after = found
            if pattern.outcome not in (None, move.outcome.name):
                return f"ends as {move.outcome.name} in the model, not as {pattern.outcome}"
            return "" if agrees(event.after, after) else "leads to other values in the model"
        except _UnknownError:
            return None
        except RangeError as problem:
            return f"has no value in the model: {problem.what}"

    def _refused(self, state: State, action: Action, choice: tuple[int, ...]) -> str | None:
        """Which part of the guard is false; empty if none is, None if that is not known."""
        bound: dict[Term, int] = dict(zip(action.parameters, choice, strict=True))
        known = True
        for part in _parts(action.guard):
            try:
                if not self._interpreter.holds(part, state, bound=bound):
                    return f"is not enabled: {part} is false"
            except _UnknownError:
                known = False
            except RangeError as problem:
                if not known:  # a part before it may be false, and then this one is not evaluated
                    return None
                return f"has no value in the model: {problem.what}"
        return "" if known else None

    # States of which a part is known ---------------------------------------------------------------------------
    def _state(self, event: LogEvent) -> State:
        named = dict(event.before)
        return tuple(self._value(v.sort, named.get(n)) for n, v in enumerate(self._variables))

    def _value(self, sort: Sort, pattern: Any) -> Any:
        """A value with an unknown element, each of its own, wherever the pattern names none."""
        if not isinstance(sort, Array):
            return _Unknown() if pattern is None else pattern
        named: Mapping[int, Any] = {}
        if pattern is not None:
            named = pattern.elements if isinstance(pattern, Partial) else dict(enumerate(pattern))
        return tuple(self._value(sort.element, named.get(n)) for n in range(len(self._instance.members(sort.domain))))


def _parts(term: Term) -> Iterator[Term]:
    if term.op is Op.AND:
        for a in term.args:
            yield from _parts(a)
    else:
        yield term
