"""Every engine, asked about a drawn system."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from planrace.checker import Verdict, instance_of

from .. import naive
from .draw import Drawn
from .forms import forms
from .judge import Judge
from .open import proof
from .truth import symmetric_sorts

WHOLE: dict[str, Any] = {"exhaustive": True, "slicing": False}


def explicit(j: Judge) -> None:
    """The reference search of all states."""
    j.ask("explicit", symmetry=False, **WHOLE)


def interpreter(j: Judge) -> None:
    """The plain interpreter alone, which is what the language means."""
    truth = j.truth
    if not truth.sound or len(truth.depths) > SLOW:
        return
    with j.crashes("interpreter"):
        instance = instance_of(j.protocol, **j.about)
        properties = [p for p in instance.system.properties if p.name in j.checkable]
        found = naive.search(instance, properties)
        counts = found.states, found.transitions, found.depth
        if counts != (len(truth.depths), truth.transitions, truth.depth):
            j.complain("interpreter", f"states, transitions and depth are {counts}")
        told = {n: truth.told[n].length for n in j.checkable if truth.told[n].length is not None}
        if found.shortest != told:
            j.complain("interpreter", f"shortest runs have {found.shortest} steps, not {told}")


def usual(j: Judge) -> None:
    """What runs without options: it stops when it has seen enough, and leaves variables out."""
    j.ask("auto")


def orbits(j: Judge) -> None:
    """The reference search with symmetry."""
    if _has_orbits(j):
        j.ask("explicit", symmetry=True, **WHOLE)


def native(j: Judge) -> None:
    """Machine code, with one worker and with two."""
    for workers in (1, 2):
        j.ask("native", workers=workers, symmetry=False, **WHOLE)


def native_orbits(j: Judge) -> None:
    """Machine code with symmetry."""
    if _has_orbits(j):
        j.ask("native", workers=2, symmetry=True, **WHOLE)


def _has_orbits(j: Judge) -> bool:
    plain = j.truth.plain
    sorts = symmetric_sorts(plain.described)
    return any(len(plain.members(s)) > 1 for s in sorts)


def bmc(j: Judge) -> None:
    """Bounded search to a depth that most systems do not exceed."""
    j.ask("bmc", j.checkable, depth=8)


def induction(j: Judge) -> None:
    """k-induction."""
    j.ask("induction", j.checkable, depth=8)


def spacer(j: Judge) -> None:
    """Z3's own search for an invariant."""
    j.ask("spacer", j.checkable)


def simulate(j: Judge) -> None:
    """Random runs."""
    j.ask("simulate", j.checkable, seed=1, runs=30, depth=20)


def bitstate(j: Judge) -> None:
    """Bitstate search in both orders, where nothing is omitted: what can be met is met."""
    for order in ("breadth", "depth"):
        given: dict[str, Any] = {"seed": 1, "runs": 1, "workers": 1, "bit_array": 1 << 20, "symmetry": False}
        report = j.ask("bitstate", j.checkable, order=order, **given)
        for f in report.findings if report is not None else ():
            if f.verdict is Verdict.UNKNOWN and j.truth.told[f.name].length is not None:
                j.complain(f"bitstate {order}", f"{f.name} is not decided, and a run decides it")


SLOW = 300
"""States from which the interpreter takes too long."""

STAGES: dict[str, Callable[[Judge], None]] = {
    "explicit": explicit,
    "interpreter": interpreter,
    "usual": usual,
    "orbits": orbits,
    "simulate": simulate,
    "bitstate": bitstate,
    "native": native,
    "native_orbits": native_orbits,
    "bmc": bmc,
    "induction": induction,
    "spacer": spacer,
    "proof": proof,
    "forms": forms,
}


def complaints(drawn: Drawn, stages: Sequence[str] = tuple(STAGES), spent: dict[str, float] | None = None) -> list[str]:
    """What is wrong with the answers; ``spent`` counts the seconds of each stage."""
    j = Judge(drawn)
    if j.define():
        for name in stages:
            started = time.process_time()
            STAGES[name](j)
            if spent is not None:
                spent[name] = spent.get(name, 0.0) + time.process_time() - started
    return j.complaints
