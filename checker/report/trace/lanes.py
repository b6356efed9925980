"""What all diagrams of a run use: its processes, the things that they change, and which step changes which thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.results.blocks import clean
from planrace.checker.results.explanation import EnabledStep
from planrace.checker.results.scenario import FactMatch, Match
from planrace.checker.results.trace import Observed, Trace, TraceStep


@dataclass(frozen=True)
class Lanes:
    """The processes of a run in the order of their first steps, and the things that the world sees ("endpoint 1").

    A step is drawn as a message to each thing whose appearance it changes.
    """

    processes: tuple[str, ...]
    things: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """All lanes without duplicates: a process that the world sees has one lane."""
        return tuple(dict.fromkeys((*self.processes, *self.things)))

    def touched(self, step: TraceStep) -> list[str]:
        """The things that look different after a step."""
        return [name for o in step.observed if (name := thing(o)) in self.things]


def lanes(trace: Trace) -> Lanes:
    """The lanes of a run."""
    processes = dict.fromkeys(s.by for s in trace.steps)
    seen = dict.fromkeys(thing(o) for s in trace.steps for o in s.observed)
    return Lanes(tuple(processes), tuple(sorted(seen, key=_natural)))


def thing(o: Observed) -> str:
    """The name of an observed thing: "endpoint 1"."""
    return o.title if o.member is None else f"{o.title} {o.member}"


def step_text(step: TraceStep | EnabledStep) -> str:
    """The text of a step, with its outcome and fault."""
    outcome = f" [{step.outcome}]" if step.outcome is not None else ""
    fault = f" (fault: {step.fault})" if step.fault is not None else ""
    return clean(f"{step.text}{outcome}{fault}")


def facts_at(match: Match | None) -> dict[int, list[FactMatch]]:
    """The facts of a scenario by the step that completes them."""
    found: dict[int, list[FactMatch]] = {}
    for f in match.facts if match is not None else ():
        if f.step is not None and not f.onward:
            found.setdefault(f.step, []).append(f)
    return found


def clocks(trace: Trace, touched: Sequence[tuple[Sequence[str], Sequence[str]]] = ()) -> list[dict[str, int]]:
    """The vector clock of each step (Mattern, "Virtual time and global states of distributed systems", 1989). A step
    that reads or writes a place learns the clock of its last writer. Without ``touched``, a step touches the places
    that it changes."""
    places = touched or [((), tuple(c.place for c in s.changed)) for s in trace.steps]
    known: dict[str, dict[str, int]] = {}
    wrote: dict[str, dict[str, int]] = {}
    found = []
    for step, (reads, writes) in zip(trace.steps, places, strict=True):
        clock = dict(known.get(step.by, {}))
        for place in (*reads, *writes):
            for who, n in wrote.get(place, {}).items():
                clock[who] = max(clock.get(who, 0), n)
        clock[step.by] = clock.get(step.by, 0) + 1
        known[step.by] = clock
        wrote.update(dict.fromkeys(writes, clock))
        found.append(clock)
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts "endpoint 2" before "endpoint 10"."""
    parts = re.split(r"(\d+)", name)
    return [(len(part.lstrip("0")), part) if part.isdecimal() else (-1, part) for part in parts]
