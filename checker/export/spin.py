"""Runs SPIN on a model: what it counts, and which properties it finds violated.

``spin`` makes a C program, ``gcc`` compiles it, and it searches every state depth first (without partial order
reduction, and without the optimisations that drop variables). States are compared in full, so counts are exact. One run
counts the protocol alone, another has all properties switched on and goes on after each violation.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
from planrace.checker.export.promela import PromelaModel, promela
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Instance

_STORED = re.compile(r"^\s*(\d+) states, stored", re.MULTILINE)
_TRANSITIONS = re.compile(r"^\s*(\d+) transitions \(= stored\+matched\)", re.MULTILINE)
_ERRORS = re.compile(r"errors: (\d+)$", re.MULTILINE)
CUT = ("max search depth too small", "out of memory", "hash table full", "Search not completed")
ACCEPTED = "acceptance cycle"
LARGE = 22
"""Of tables, the exponent of 2 above which it is worth while that a compiler optimises: that takes minutes for claims
of many stages."""
REPEATED, DEPTH = 4, 5_000_000
"""How often a state may repeat with other last steps, by a rule of thumb, and the greatest depth."""
VERSION = re.compile(r"Spin Version (\S+)")


@dataclass(frozen=True)
class SpinCounts:
    """What a complete run of SPIN counts, its own initial state included; ``violated`` are the switches of properties
    that it finds violated, ``errors`` counts assertions that fail."""

    states: int
    transitions: int
    errors: int
    violated: frozenset[str]


class Spin(Peer[PromelaModel]):
    """SPIN on this machine, with ``gcc``, and with ``tcc`` for small searches if that is installed."""

    title, language = "SPIN", "promela"
    counts = (STATES, TRANSITIONS, RANGE_ERRORS)

    def model(self, instance: Instance, command: str) -> PromelaModel:
        return promela(instance, command)

    def version(self) -> str:
        for program in ("spin", "gcc"):
            if shutil.which(program) is None:
                raise PeerError(f"{program} is not installed")
        found = VERSION.search(ran(["spin", "-V"], Path.cwd()))
        return f"SPIN {found[1]}" if found else "SPIN"

    def answers(self, model: PromelaModel, limits: PeerLimits) -> PeerAnswers:
        alone = self.run(model, (), limits)
        # SPIN counts the way into its first state, and what chooses an initial state.
        counts = {
            STATES: alone.states - (model.initial > 0),
            TRANSITIONS: alone.transitions - model.initial - 1,
            RANGE_ERRORS: alone.errors,
        }
        verdicts: dict[str, Verdict] = {}
        try:
            for name, verdict in self._verdicts(model, limits):
                verdicts[name] = verdict
        except PeerError as problem:
            return PeerAnswers(counts, verdicts, str(problem))
        return PeerAnswers(counts, verdicts)

    def _verdicts(self, model: PromelaModel, limits: PeerLimits) -> Iterator[tuple[str, Verdict]]:
        """The verdicts by the names of properties. Raises ``PeerError``."""
        if model.judged:
            found = self.run(model, [j.switch for j in model.judged], limits)
            for j in model.judged:
                met = j.switch in found.violated
                yield j.property.name, Verdict.HOLDS if met == j.inverted else Verdict.VIOLATED
        for c in model.claims:
            violated = any(self.accepts(model, switch, c.stages, limits) for switch in c.switches)
            yield c.property.name, Verdict.VIOLATED if violated else Verdict.HOLDS

    def run(self, model: PromelaModel, switches: Sequence[str], limits: PeerLimits) -> SpinCounts:
        """The run with these properties switched on. A run that needs more states than there are has no answer. Raises
        ``PeerError``."""
        table = max(16, (2 * limits.states).bit_length())
        flags = ["-DSAFETY", "-DPRINTF"]
        said = self._pan(model, switches, flags, ["-c0", f"-m{limits.states + model.initial + 1000}"], table, limits)
        return counted_in(said)

    def accepts(self, model: PromelaModel, switch: str, stages: int, limits: PeerLimits) -> bool:
        """Whether SPIN finds a run that a claim of so many stages accepts. Raises ``PeerError``."""
        most = limits.states * (stages + 3) * REPEATED
        table = max(16, most.bit_length())
        said = self._pan(model, [switch], [], ["-a", f"-m{min(most + 1000, DEPTH)}"], table, limits)
        if ACCEPTED in said:
            return True
        if _errors(said) != 0:
            raise PeerError("SPIN finds an error that is no acceptance cycle")
        return False

    @staticmethod
    def _pan(
        model: PromelaModel,
        switches: Sequence[str],
        flags: Sequence[str],
        options: Sequence[str],
        table: int,
        limits: PeerLimits,
    ) -> str:
        """What the program prints that SPIN makes, with these switches of the model, flags of the compiler and options;
        its hash table has 2^``table`` places. Raises ``PeerError``."""
        always = ["-w", "-DNOREDUCE", f"-DVECTORSZ={max(1024, model.bytes)}"]
        if limits.memory is not None:
            always.append(f"-DMEMLIM={max(1, limits.memory // 2**20)}")
        with TemporaryDirectory(prefix="planrace-spin-") as name:
            folder = Path(name)
            (folder / "model.pml").write_text(model.text, encoding="ascii")
            switched = ["-DQUIET", *(f"-D{s}" for s in switches)]
            ran(["spin", "-a", "-o1", "-o2", "-o3", *switched, "model.pml"], folder)
            if not (folder / "pan.c").exists():
                raise PeerError("spin has made no program")
            ran([*_compiler(table), *always, *flags, "-o", "pan", "pan.c"], folder)
            return ran(["./pan", "-E", "-n", *options, f"-w{min(table, 30)}"], folder)


def _compiler(table: int) -> list[str]:
    """The compiler for a search with that many places, as an exponent of 2. Compiling takes longer than a small search:
    ``gcc`` 0.3 s, and 0.8 s if it optimises; ``tcc`` takes 0.01 s."""
    if table > LARGE:
        return ["gcc", "-O2"]
    return ["gcc", "-O0"] if shutil.which("tcc") is None else ["tcc"]


def simulated(model: PromelaModel, trail: str, switches: Sequence[str]) -> str:
    """What SPIN prints of a trail that was found with these switches. Raises ``PeerError``."""
    if shutil.which("spin") is None:
        raise PeerError("spin is not installed")
    with TemporaryDirectory(prefix="planrace-spin-") as name:
        folder = Path(name)
        (folder / "model.pml").write_text(model.text, encoding="ascii")
        (folder / "model.pml.trail").write_text(trail, encoding="ascii")
        return ran(["spin", "-t", "-p", *(f"-D{s}" for s in switches), "model.pml"], folder)


def ran(command: Sequence[str], folder: Path) -> str:
    """What a program prints. Raises ``PeerError`` if it fails, or the time is up."""
    limit = deadline()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=None if limit is None else max(limit.left, 0.01),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PeerError(f"{command[0]}: {limit.name if limit else 'the time'} was reached") from None
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise PeerError(f"{command[0]} fails: {_first_line(said)}")
    return said


def counted_in(said: str) -> SpinCounts:
    """The numbers in what a run prints. Raises ``PeerError`` if it was not complete, or they are not exact: SPIN prints
    eight digits."""
    errors = _errors(said)
    stored, transitions = (p.search(said) for p in (_STORED, _TRANSITIONS))
    if stored is None or transitions is None:
        raise PeerError("SPIN prints no exact counts")
    violated = frozenset(line[10:].strip() for line in said.splitlines() if line.startswith("violated: "))
    return SpinCounts(int(stored[1]), int(transitions[1]), errors, violated)


def _errors(said: str) -> int:
    """The number of errors that a complete run finds. Raises ``PeerError`` if it was not complete."""
    cut = next((c for c in CUT if c in said), None)
    if cut is not None:
        raise PeerError(f"the run of SPIN is not complete: {cut}")
    found = _ERRORS.search(said)
    if found is None:
        raise PeerError("SPIN does not say how many errors there are")
    return int(found[1])


def _first_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return (wrong or lines or ["it says nothing"])[0]
