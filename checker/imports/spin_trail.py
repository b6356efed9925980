"""Runs of SPIN on an exported model: what ``spin -t`` prints, and trails, which SPIN itself must read.

A model says each of its steps while it is simulated: ``step pick(1)``, ``initial state 3``, ``rest``. A trail has only
numbers of statements, which depend on the switches (``-DCHECK_name``) that were on. So the model is written again, and
``spin -t`` reads the trail with each switch, until one fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from planrace.checker.export.peers import PeerError
from planrace.checker.export.promela import BEGINS, RESTS, PromelaModel, promela
from planrace.checker.export.spin import simulated
from planrace.checker.imports.fitting import REMEDY
from planrace.checker.imports.foreign import ForeignRun, ForeignStep, RunFormat
from planrace.checker.report.errors import MalformedError
from planrace.checker.results.trace import ShownState
from planrace.checker.semantics.describe import Describer, shown_parameter
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import Instance, ModelError

SOURCE = "SPIN's run"
STEP = re.compile(r"\s*(step \w+\([-\d, ]*\))\s*$")
BEGUN = re.compile(rf"\s*{BEGINS} (\d+)\s*$")
VIOLATED = re.compile(r"\s*violated: (\w+)\s*$")
CYCLE, ENDS = "START OF CYCLE", "spin: trail ends after"
LENGTH = re.compile(rf"{ENDS} (\d+) steps")
MOVED = re.compile(r"\s*(\d+):\s+proc ")
TRAIL = re.compile(r"(\s*-?\d+:-?\d+:-?\d+\s*\n)+\s*")


class SpinRun(RunFormat):
    """What ``spin -t`` prints, also with ``-p`` and ``-g``."""

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
        model = promela(instance, "")
        try:
            printed = self._printed(model, text)
        except PeerError as problem:
            raise ModelError(
                f"a trail must be read by SPIN: {problem}", remedy="import what spin -t prints, where it is installed"
            ) from None
        if printed is None:
            what = f"the trail fits the model of {instance.system.name} with none of its switches"
            raise ModelError(what, remedy=f"{REMEDY}; with several switches on, import what spin -t prints with them")
        return [_Reader(instance, model).run(printed, "SPIN's trail")]

    @staticmethod
    def _printed(model: PromelaModel, trail: str) -> str | None:
        """What SPIN prints of a trail with the switch that it was found with; None if it fits with none."""
        for j in model.judged:
            found = simulated(model, trail, [j.switch])
            if whole(found) and any(m[1] == j.switch for m in map(VIOLATED.match, found.splitlines()) if m):
                return found
        plain = simulated(model, trail, ())
        return plain if whole(plain) else None


def whole(printed: str) -> bool:
    """Whether SPIN has taken each step of a trail. It goes on without those that are not enabled. The last one may be
    that of a check whose switch is not on."""
    length = LENGTH.search(printed)
    if length is None:
        return False
    lines = printed.splitlines()
    moved = {int(m[1]) for m in map(MOVED.match, lines) if m}
    if moved:  # spin -p
        return set(range(1, int(length[1]))) <= moved
    said = sum(bool(STEP.match(line) or BEGUN.match(line) or line.strip() == RESTS) for line in lines)
    return said + 1 >= int(length[1])


class _Reader:
    def __init__(self, instance: Instance, model: PromelaModel) -> None:
        self.instance = instance
        self.model = model

    def run(self, text: str, source: str) -> ForeignRun:
        """The run that a printed text tells."""
        lines = list(enumerate(text.splitlines(), 1))
        loop = None
        steps: list[ForeignStep] = []
        for n, line in lines:
            if CYCLE in line:
                loop = len(steps)
            steps += self._step(n, line)
        switches = {j.switch: j.property.name for j in self.model.judged}
        named = [switches[m[1]] for _, line in lines if (m := VIOLATED.match(line)) and m[1] in switches]
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
