"""Runs in the Informal Trace Format, as Quint and Apalache write them for an exported model.

Their variables have the names of the export, or the author's own: files that planrace writes are read, too. A value
is read by the sort of its variable, so it does not matter how a tool spells it: numbers with or without ``#bigint``,
members of enumerations as texts or variants, arrays over 1…n as maps or lists. What the export or a tool has added is
used where it tells the action (``lastStep``, ``mbt::actionTaken``), and left aside otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from planrace.checker.export.quint import named_in_quint
from planrace.checker.export.quint_names import field_name, outcome_texts, step_label
from planrace.checker.imports.foreign import ForeignRun, ForeignStep, RunFormat
from planrace.checker.report.errors import MalformedError
from planrace.checker.report.json.decode import parsed
from planrace.checker.results.trace import Shown
from planrace.checker.semantics.describe import shown, shown_parameter
from planrace.model.language import Action, Array, Instance, ModelError, SetOf
from planrace.model.language.sorts import Bool, Enum, Sort
from planrace.model.language.subset_numbers import number_of

LAST, ACTION, PICKS = "lastStep", "mbt::actionTaken", "mbt::nondetPicks"
"""Variables that tell the step: the first is of the export, the others are what ``quint run --mbt`` adds."""


class ItfRun(RunFormat):
    """A file ``*.itf.json``."""

    title = "a trace in ITF (Quint, Apalache)"

    def recognises(self, text: str) -> bool:
        return text.lstrip().startswith("{") and re.search(r'"states"\s*:\s*\[', text) is not None and '"vars"' in text

    def runs(self, text: str, instance: Instance) -> Sequence[ForeignRun]:
        data = parsed(text.encode(errors="replace"))
        states = data.get("states") if isinstance(data, dict) else None
        if not isinstance(states, list) or not states or not all(isinstance(s, dict) for s in states):
            raise MalformedError("states is no list of states: give one at least, the initial state")
        loop = data.get("loop")
        if loop is not None and not (type(loop) is int and 0 <= loop < len(states)):
            raise MalformedError(f"loop: there is no state {loop!r}, name one of 0…{len(states) - 1}")
        return [_Reader(instance).run(states, loop)]


class _Reader:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.system = instance.system
        terms = named_in_quint(instance)
        self.names = terms.names
        self.called = {v.name: {v.name, self.names.of("variable", v.name)} for v in self.system.variables}
        self.actions = {step_label(self.names, a): a for a in self.system.actions}

    def run(self, raw: Sequence[dict[str, Any]], loop: int | None) -> ForeignRun:
        states = [self._state(s, f"states[{n}]") for n, s in enumerate(raw)]
        steps = [self._step(raw[n], states[n], states[n - 1], f"states[{n}]") for n in range(1, len(raw))]
        if loop is not None and states[loop] != states[-1]:
            steps.append(ForeignStep("loop", state=states[loop]))
        return ForeignRun("the trace", steps, states[0], loop)

    def _state(self, data: dict[str, Any], place: str) -> dict[str, Shown]:
        """What a state tells of the variables of the protocol."""
        plain = {str(key).rsplit("::", 1)[-1]: value for key, value in data.items() if "mbt::" not in key}
        found = {}
        for v in self.system.variables:
            key = next((n for n in self.called[v.name] if n in plain), None)
            if key is not None:
                found[v.name] = shown(v.sort, self._value(v.sort, plain[key], f"{place}.{key}"))
        if not found:
            raise ModelError(
                f"{place} has no variable of {self.system.name}",
                remedy="import a run of the exported model with the protocol that was exported",
            )
        return found

    # Steps -----------------------------------------------------------------------------------------------------
    def _step(self, data: dict[str, Any], state: dict[str, Shown], before: dict[str, Shown], place: str) -> ForeignStep:
        last = next((x for key, x in data.items() if str(key).rsplit("::", 1)[-1] == LAST), None)
        if isinstance(last, dict) and last.get("tag") in self.actions:
            action = self.system.actions[self.actions[last["tag"]]]
            fields = last.get("value")
            fields = fields if isinstance(fields, dict) else {}
            given = {str(p): fields[field_name(str(p))] for p in action.parameters if field_name(str(p)) in fields}
            outcome = next((o for o, text in outcome_texts(action).items() if text == fields.get("outcome")), None)
            return ForeignStep(place, action.name, self._parameters(action, given, place), outcome, state)
        taken = self.names.author("action", str(data.get(ACTION)))
        if taken is not None:
            action = self.system.actions[taken]
            return ForeignStep(place, taken, self._parameters(action, self._picked(action, data), place), None, state)
        return ForeignStep(place, state=state, stutter=state == before)

    def _picked(self, action: Action, data: dict[str, Any]) -> dict[str, Any]:
        """What Quint has picked for the parameters of an action."""
        picks = data.get(PICKS)
        found: dict[str, Any] = {}
        seen: frozenset[str] = frozenset()
        for p in action.parameters:
            name = self.names.local(str(p), seen)
            seen |= {name}
            option = picks.get(name) if isinstance(picks, dict) else None
            if isinstance(option, dict) and option.get("tag") == "Some":
                found[str(p)] = option.get("value")
        return found

    def _parameters(self, action: Action, given: Mapping[str, Any], place: str) -> dict[str, Shown]:
        found = {}
        for p in action.parameters:
            if str(p) in given:
                value = self._value(p.sort, given[str(p)], f"{place}, {p}")
                chosen = number_of(p.sort, value) if isinstance(p.sort, SetOf) else value
                found[str(p)] = shown_parameter(p.sort, chosen)
        return found

    # Values ----------------------------------------------------------------------------------------------------
    def _value(self, sort: Sort, data: Any, place: str) -> Any:
        """A value of a sort, as the interpreter has it. Raises ``MalformedError``."""
        match sort:
            case Array(domain=domain, element=element):
                pairs = self._pairs(domain, data, place)
                low, high = self.instance.bounds(domain)
                table = {self._value(domain, k, place): self._value(element, x, place) for k, x in pairs}
                if set(table) != set(range(low, high + 1)) or len(table) != len(pairs):
                    raise MalformedError(f"{place}: it has not one value for each {domain.name}")
                return tuple(table[n] for n in range(low, high + 1))
            case SetOf(element=element):
                items = data.get("#set") if isinstance(data, dict) else None
                if not isinstance(items, list):
                    raise self._not_of(sort, data, place)
                return frozenset(self._value(element, x, place) for x in items)
            case Bool():
                if isinstance(data, bool):
                    return data
            case Enum():
                return self._member(sort, data, place)
            case _:
                value = self._number(data)
                low, high = self.instance.bounds(sort)
                if value is not None and low <= value <= high:
                    return value
        raise self._not_of(sort, data, place)

    def _pairs(self, domain: Sort, data: Any, place: str) -> list[tuple[Any, Any]]:
        """The keys and elements of an array, which may be written as a map, or as a list if they are 1…n."""
        match data:
            case {"#map": list(pairs)} if all(isinstance(p, list) and len(p) == 2 for p in pairs):
                return [(k, x) for k, x in pairs]
            case list(items) | {"#tup": list(items)}:
                return list(enumerate(items, 1))
        raise MalformedError(f"{place}: {str(data)[:60]} has not one value for each {getattr(domain, 'name', domain)}")

    def _member(self, sort: Enum, data: Any, place: str) -> int:
        told = data.get("tag") if isinstance(data, dict) else data
        for n, member in enumerate(sort.members):
            if told in (member, self.names.of(f"member of {sort!r}", member)):
                return n
        raise self._not_of(sort, data, place)

    @staticmethod
    def _number(data: Any) -> int | None:
        match data:
            case bool():
                return None
            case int():
                return data
            case {"#bigint": str(digits)} if re.fullmatch("-?[0-9]{1,4000}", digits):
                return int(digits)
        return None

    @staticmethod
    def _not_of(sort: Sort, data: Any, place: str) -> MalformedError:
        return MalformedError(f"{place}: {str(data)[:60]} is no value of the sort {sort.name}")
