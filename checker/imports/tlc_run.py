"""Runs of TLC on an exported model: what it prints, plainly or with ``-tool``, and ``-dumpTrace json``.

Versions differ: newer ones print the arguments of an action, say which action property is violated, and write JSON. All
print whole states, so these and the names of actions tell the steps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from planrace.checker.export.tla import TlaModel, tla
from planrace.checker.imports.fitting import REMEDY
from planrace.checker.imports.foreign import ForeignRun, ForeignStep, RunFormat
from planrace.checker.imports.tla_values import TlaValueDecoder, TlaValueReader, of_json
from planrace.checker.report.errors import MalformedError
from planrace.checker.results.trace import Shown
from planrace.checker.semantics.describe import shown
from planrace.model.language import Instance, ModelError

SOURCE = "TLC's run"
RESTING = "UnnamedAction"
_HEAD = re.compile(r"(?:State )?(\d+): *(<(.*)>|Stuttering)\s*$")
_BACK = re.compile(r"Back to state(?: (\d+))?: *(?:<(.*)>)?\s*$")
_ACTION = re.compile(r"(\w+)(?:\(.*\))? line \d+")
_ROW = re.compile(r"(?:/\\ )?(\w+) = ")
_FIRST = re.compile(r"is violated by the initial state", re.IGNORECASE)
_VIOLATED = re.compile(r"(?:Invariant|[Pp]roperty) (\w+) is violated")
_PRINTED = re.compile(r"^(?:State )?1: *<|violated by the initial state|^TLC2 Version|^@!@!@STARTMSG", re.MULTILINE)


@dataclass
class _Told:
    """A run as it is read: the number, action and text of each state, and where it goes back to."""

    line: int
    violated: str | None
    states: list[tuple[int, str | None, str]] = field(default_factory=list)
    back: tuple[int, str | None] | None = None
    rests: bool = False


class TlcRun(RunFormat):
    """What TLC prints."""

    title = "what TLC prints"

    def recognises(self, text: str) -> bool:
        return _PRINTED.search(text) is not None

    def runs(self, text: str, instance: Instance) -> Sequence[ForeignRun]:
        found = list(_runs_in(text))
        if not found:
            raise MalformedError("TLC prints no run in it")
        reader = _Reader(instance)
        return [reader.run(t) for t in found]


class TlcJson(RunFormat):
    """A file that ``-dumpTrace json`` writes."""

    title = "TLC's -dumpTrace json"

    def recognises(self, text: str) -> bool:
        return text.lstrip().startswith("{") and '"counterexample"' in text

    def runs(self, text: str, instance: Instance) -> Sequence[ForeignRun]:
        try:
            data = json.loads(text)
            found = data["counterexample"]
            states = {int(n): dict(s) for n, s in found["state"]}
            actions = [(int(a[0][0]), str(a[1]["name"]), int(a[2][0])) for a in found["action"]]
        except (ValueError, KeyError, TypeError, IndexError) as problem:
            raise MalformedError(f"it is no trace in the JSON of TLC: {problem!r}") from None
        return [_Reader(instance).of_json(states, actions)]


def _runs_in(text: str) -> list[_Told]:
    """The runs that a text tells. What TLC says is violated stands before the states."""
    found: list[_Told] = []
    violated, open_ = None, False
    for n, line in enumerate(text.splitlines(), 1):
        head, back = _HEAD.match(line), _BACK.match(line)
        if said := _VIOLATED.search(line):
            violated = said[1]
        if _FIRST.search(line):
            found.append(_Told(n, violated, [(n, None, "")]))
            open_ = True
        elif head is not None:
            if head[1] == "1" or not found:
                found.append(_Told(n, violated))
                violated = None
            if head[2] == "Stuttering":
                found[-1].rests, open_ = True, False
            else:
                action = _ACTION.match(head[3])
                found[-1].states.append((n, None if action is None else action[1], ""))
                open_ = True
        elif back is not None and found:
            action = _ACTION.match(back[2] or "")
            found[-1].back, open_ = (int(back[1] or 0), None if action is None else action[1]), False
        elif open_ and (not line.strip() or line.startswith("@!@!@")):
            open_ = not found[-1].states[-1][2]
        elif open_:
            number, name, rows = found[-1].states[-1]
            found[-1].states[-1] = number, name, f"{rows}{line}\n"
    return [t for t in found if t.states]


class _Reader:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.model: TlaModel = tla(instance, "")
        self.decoder = TlaValueDecoder(instance, self.model)
        self.sorts = {v.name: v.sort for v in instance.system.variables}

    def run(self, told: _Told) -> ForeignRun:
        """The run that a printed text tells."""
        states = [self._state(f"line {n}", self._rows(n, text)) for n, _, text in told.states]
        steps = [self._step(f"line {n}", a, s) for (n, a, _), s in zip(told.states[1:], states[1:], strict=True)]
        loop = len(steps) if told.rests else None
        if told.back is not None:
            number, action = told.back
            loop = number - 1
            if not 0 <= loop < len(states):
                raise MalformedError(f"the run goes back to state {number}, and has {len(states)}")
            if loop == len(steps) and action is None:
                return self._made(steps, states[0], loop, told.violated)
            steps.append(self._step(f"the way back to state {number}", action, states[loop]))
        return self._made(steps, states[0], loop, told.violated)

    def of_json(self, told: Mapping[int, Mapping[str, Any]], actions: Sequence[tuple[int, str, int]]) -> ForeignRun:
        """The run of a file in JSON."""
        if sorted(told) != list(range(1, len(told) + 1)) or not told:
            raise MalformedError("its states are not numbered from 1")
        states = [
            self._state(f"state {n}", {k: of_json(x) for k, x in told[n].items()}) for n in range(1, len(told) + 1)
        ]
        steps: list[ForeignStep] = []
        loop = None
        for before, name, after in actions:
            if loop is not None or before != len(steps) + 1 or not 1 <= after <= before + 1 or after > len(states):
                raise MalformedError(f"the step from state {before} to {after} continues no run")
            if after <= before:
                loop = after - 1
                if name == RESTING:
                    break
            steps.append(self._step(f"state {after}", name, states[after - 1]))
        return self._made(steps, states[0], loop, None)

    @staticmethod
    def _rows(line: int, text: str) -> dict[str, Any]:
        """The values of a printed state."""
        found: dict[str, Any] = {}
        reader = TlaValueReader(text)
        while text[reader.at :].strip():
            row = _ROW.match(text, reader.at + len(text[reader.at :]) - len(text[reader.at :].lstrip()))
            if row is None:
                raise MalformedError(f"line {line}: {text[reader.at :].strip()[:40]} is no value of a variable")
            reader.at = row.end()
            try:
                found[row[1]] = reader.value()
            except MalformedError as problem:
                raise MalformedError(f"line {line}: {row[1]}: {problem}") from None
        return found

    def _state(self, place: str, rows: Mapping[str, Any]) -> dict[str, Shown]:
        found: dict[str, Shown] = {}
        for name, value in rows.items():
            own = self.model.variables.get(name)
            if own is None:
                what = f"{SOURCE}, {place}: {self.instance.system.name} has no variable {name}"
                raise ModelError(what, remedy=REMEDY)
            try:
                found[own] = shown(self.sorts[own], self.decoder.decoded(value, self.sorts[own]))
            except (MalformedError, IndexError) as problem:
                raise ModelError(f"{SOURCE}, {place}: {name}: {problem}", remedy=REMEDY) from None
        return found

    def _step(self, place: str, operator: str | None, state: Mapping[str, Shown]) -> ForeignStep:
        """A step. TLC names the operator whose formula it is, or the whole of the steps."""
        if operator is None or operator in self.model.nexts or operator == RESTING:
            return ForeignStep(place, state=state)
        return ForeignStep(place, self.model.actions.get(operator, operator), state=state)

    def _made(
        self, steps: Sequence[ForeignStep], initial: Mapping[str, Shown], loop: int | None, violated: str | None
    ) -> ForeignRun:
        names = {p.name: p.property.name for p in self.model.properties}
        known = None if violated is None or violated not in names else [names[violated]]
        return ForeignRun(SOURCE, steps, initial, loop, known)
