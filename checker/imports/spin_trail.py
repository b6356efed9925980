"""Runs of SPIN on an exported model: what ``spin -t`` prints, and trails, which SPIN itself must read.

A model says each of its steps while it is simulated: ``step pick(1)``, ``initial state 3``, ``rest``. A trail has only
numbers of statements, which depend on the switches (``-DCHECK_name``) that were on. So the model is written again, and
``spin -t`` reads the trail with each switch, until one fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from planrace.checker.export.peers import PeerError
from planrace.checker.export.promela import PromelaModel, promela
from planrace.checker.export.promela_variables import BEGINS, RESTS
from planrace.checker.export.spin import simulated
from planrace.checker.imports.fitting import REMEDY, fit
from planrace.checker.imports.foreign import ForeignRun, ForeignStep, RunFormat
from planrace.checker.imports.judging import answers_on
from planrace.checker.report.errors import MalformedError
from planrace.checker.results.trace import ShownState
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.describe import Describer, shown_parameter
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import Instance, ModelError
from planrace.properties.members import members

SOURCE = "SPIN's run"
STEP = re.compile(r"\s*(step \w+\([-\d, ]*\))\s*$")
BEGUN = re.compile(rf"\s*{BEGINS} (\d+)\s*$")
VIOLATED = re.compile(r"\s*violated: (\w+)\s*$")
CYCLE, CLAIMED, ENDS = "START OF CYCLE", "Never claim moves", "spin: trail ends after"
CYCLIC = re.compile(r"^\d+:-1:-1:-1$|^-1:-1:-1$", re.MULTILINE)
LENGTH = re.compile(rf"{ENDS} (\d+) steps")
MOVED = re.compile(r"\s*(\d+):\s+proc ")
TRAIL = re.compile(r"(\s*(\d+:)?-?\d+:-?\d+:-?\d+\s*\n)+\s*")


class SpinRun(RunFormat):
    """What ``spin -t`` prints, also with ``-p`` and ``-g``. Cycles are marked only with ``-p``."""

    title = "what spin -t prints"

    def recognises(self, text: str) -> bool:
        return ENDS in text

    def runs(self, text: str, instance: Instance) -> Sequence[ForeignRun]:
        if not whole(text):
            raise MalformedError("SPIN has left out steps of its trail: it is of another model, or of other switches")
        return [_Reader(instance, promela(instance, "")).run(text, SOURCE)]


class SpinTrail(RunFormat):
    """A ``.trail`` file."""

    title = "a trail of SPIN"

    def recognises(self, text: str) -> bool:
        return TRAIL.fullmatch(text) is not None

    def runs(self, text: str, instance: Instance) -> Sequence[ForeignRun]:
        reader = _Reader(instance, promela(instance, ""))
        try:
            found = next((r for r in self._readings(reader, text) if self._shows(instance, r)), None)
            if found is None and CYCLIC.search(text) is None:
                found = self._reading(reader, text, None)
        except PeerError as problem:
            what = f"a trail must be read by SPIN: {problem}"
            raise ModelError(what, remedy="import what spin -t -p prints, where it is installed") from None
        if found is None:
            what = f"the trail fits the model of {instance.system.name} with none of its switches"
            raise ModelError(
                what, remedy=f"{REMEDY}; with several switches on, import what spin -t -p prints with them"
            )
        return [found]

    def _readings(self, reader: _Reader, trail: str) -> Iterator[ForeignRun]:
        """The trail as that of each property that it may violate. Raises ``PeerError``."""
        for switch in reader.cycles if CYCLIC.search(trail) else reader.states:
            found = self._reading(reader, trail, switch)
            if found is not None:
                yield found

    @staticmethod
    def _reading(reader: _Reader, trail: str, switch: str | None) -> ForeignRun | None:
        """The trail as SPIN reads it with a switch; None if it does not fit."""
        printed = simulated(reader.model, trail, [] if switch is None else [switch])
        if not whole(printed):
            return None
        found = reader.run(printed, "SPIN's trail")
        return found if switch is None else replace(found, violated=[{**reader.states, **reader.cycles}[switch]])

    @staticmethod
    def _shows(instance: Instance, run: ForeignRun) -> bool:
        """Whether the run violates the property of the switch that it was read with, or reaches it."""
        try:
            recording = fit(instance, run)
        except ModelError:
            return False
        every = [q for p in instance.system.properties for q in (p, *members(instance, p))]
        those = [q for q in every if q.name in (run.violated or ())]
        return any(a.verdict is not Verdict.UNKNOWN for a in answers_on(recording, run, those))


def whole(printed: str) -> bool:
    """Whether SPIN has taken each step of a trail. It goes on without those that are not enabled. The last one may be
    that of a check whose switch is not on."""
    length = LENGTH.search(printed)
    if length is None:
        return False
    lines = printed.splitlines()
    moved = {int(m[1]) for m in map(MOVED.match, lines) if m}
    each = 2 if CLAIMED in printed else 1  # a claim moves before each step
    if moved:  # spin -p
        return set(range(each, int(length[1]), each)) <= moved
    said = sum(bool(STEP.match(line) or BEGUN.match(line) or line.strip() == RESTS) for line in lines)
    return said + 1 >= int(length[1]) // each


class _Reader:
    """Reads what SPIN prints. ``states`` and ``cycles`` are the names of properties by their switches: of those of
    states and steps, and of liveness."""

    def __init__(self, instance: Instance, model: PromelaModel) -> None:
        self.instance = instance
        self.model = model
        self.states = {j.switch: j.property.name for j in model.judged}
        self.cycles = {s: name for c in model.claims for s, name in zip(c.switches, c.names, strict=True)}

    def run(self, text: str, source: str) -> ForeignRun:
        """The run that a printed text tells."""
        lines = list(enumerate(text.splitlines(), 1))
        if CLAIMED in text and CYCLE not in text:
            raise MalformedError("it does not say where the cycle begins (write it with spin -t -p)")
        loop = None
        steps: list[ForeignStep] = []
        for n, line in lines:
            if CYCLE in line:
                loop = len(steps)
            steps += self._step(n, line)
        named = [self.states[m[1]] for _, line in lines if (m := VIOLATED.match(line)) and m[1] in self.states]
        violated = list(dict.fromkeys(named)) or None
        return ForeignRun(source, steps, self._initial(lines), loop, violated)

    def _step(self, number: int, line: str) -> Iterator[ForeignStep]:
        place = f"line {number}"
        if line.strip() == RESTS:
            yield ForeignStep(place, stutter=True)
        found = STEP.match(line)
        if found is None:
            return
        if found[1] not in self.model.said:
            what = f"{SOURCE}, {place}: the model of {self.instance.system.name} has no {found[1]}"
            raise ModelError(what, remedy=REMEDY)
        name, choice = self.model.said[found[1]]
        action = self.instance.system.actions[name]
        given = {str(p): shown_parameter(p.sort, v) for p, v in zip(action.parameters, choice, strict=True)}
        yield ForeignStep(place, name, given)

    def _initial(self, lines: Sequence[tuple[int, str]]) -> ShownState:
        """The values of the first state, if there are several."""
        number = next((int(m[1]) for _, line in lines if (m := BEGUN.match(line))), None)
        if number is None:
            return {}
        interpreter = Interpreter(self.instance)
        starts = interpreter.initials()
        if not 1 <= number <= len(starts):
            raise ModelError(f"{SOURCE} begins in {BEGINS} {number}, and there are {len(starts)}", remedy=REMEDY)
        return Describer(interpreter).state(starts[number - 1])
