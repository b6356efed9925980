"""Runs SPIN on a model: what it counts, and which properties it finds violated.

``spin`` makes a C program, ``gcc`` compiles it, and it searches every state depth first (without partial order
reduction, and without the optimisations that drop variables). States are compared in full, so counts are exact. One run
counts the protocol alone, another has all properties switched on and goes on after each violation.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
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
    """SPIN on this machine, with ``gcc``."""

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
        if not model.judged:
            return PeerAnswers(counts)
        try:
            found = self.run(model, [j.switch for j in model.judged], limits)
        except PeerError as problem:
            return PeerAnswers(counts, undecided=str(problem))
        met = {j.property.name: j.switch in found.violated for j in model.judged}
        verdicts = {
            j.property.name: Verdict.HOLDS if met[j.property.name] == j.inverted else Verdict.VIOLATED
            for j in model.judged
        }
        return PeerAnswers(counts, verdicts)

    def run(self, model: PromelaModel, switches: Sequence[str], limits: PeerLimits) -> SpinCounts:
        """The run with these properties switched on. A run that needs more states than there are has no answer. Raises
        ``PeerError``."""
        states = limits.states
        with TemporaryDirectory(prefix="planrace-spin-") as name:
            folder = Path(name)
            (folder / "model.pml").write_text(model.text, encoding="ascii")
            switched = ["-DQUIET", *(f"-D{s}" for s in switches)]
            ran(["spin", "-a", "-o1", "-o2", "-o3", *switched, "model.pml"], folder)
            if not (folder / "pan.c").exists():
                raise PeerError("spin has made no program")
            ran(["gcc", *self._flags(model, limits), "-o", "pan", "pan.c"], folder)
            depth, table = states + model.initial + 1000, max(16, (2 * states).bit_length())
            said = ran(["./pan", "-E", "-n", "-c0", f"-m{depth}", f"-w{min(table, 30)}"], folder)
        return counted_in(said)

    def _flags(self, model: PromelaModel, limits: PeerLimits) -> list[str]:
        flags = ["-O2" if limits.states > 50_000 else "-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-DPRINTF"]
        flags.append(f"-DVECTORSZ={max(1024, model.bytes)}")
        return flags if limits.memory is None else [*flags, f"-DMEMLIM={max(1, limits.memory // 2**20)}"]


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
    cut = next((c for c in CUT if c in said), None)
    if cut is not None:
        raise PeerError(f"the run of SPIN is not complete: {cut}")
    stored, transitions, errors = (p.search(said) for p in (_STORED, _TRANSITIONS, _ERRORS))
    if stored is None or transitions is None or errors is None:
        raise PeerError("SPIN prints no exact counts")
    violated = frozenset(line[10:].strip() for line in said.splitlines() if line.startswith("violated: "))
    return SpinCounts(int(stored[1]), int(transitions[1]), int(errors[1]), violated)


def _first_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return (wrong or lines or ["it says nothing"])[0]
