"""Writes the log of a run: what its processes would have logged, each with a clock of its own, as ``docs/conform.md``
describes records. Step n of the run happens n seconds after the beginning."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from planrace.checker.results.trace import TraceStep
from planrace.checker.results.wording import counted
from planrace.checker.semantics.describe import performer, shown_parameter
from planrace.checker.semantics.interpreter import Move
from planrace.model.language import ModelError
from planrace.model.language.errors import near


@dataclass(frozen=True)
class StepToLog:
    """What a process logs of a step."""

    stream: str
    action: str
    parameters: Mapping[str, Any]
    outcome: str | None

    @classmethod
    def of_move(cls, move: Move) -> StepToLog:
        """A step that the interpreter has taken."""
        chosen = zip(move.action.parameters, move.choice, strict=True)
        parameters = {str(p): shown_parameter(p.sort, v) for p, v in chosen}
        return cls(performer(move), move.action.name, parameters, move.outcome.name)

    @classmethod
    def of_trace(cls, step: TraceStep) -> StepToLog:
        """A step of a report."""
        return cls(step.by, step.action, dict(step.parameters), step.outcome)

    def record(self, at: float, skew: float) -> dict[str, Any]:
        """Its line, at a time in seconds, by a clock that is wrong by up to ``skew`` seconds."""
        found: dict[str, Any] = {"stream": self.stream, "at": at, "action": self.action}
        if skew:
            found["uncertainty"] = skew
        if self.parameters:
            found["parameters"] = self.parameters
        if self.outcome is not None:
            found["outcome"] = self.outcome
        return found


@dataclass(frozen=True)
class LogLayout:
    """How a log differs from the plain one. Steps of ``hidden`` actions are not logged; ``first`` and ``last`` are the
    numbers of the first and the last step that are, from 1. Each stream's clock is wrong by up to ``skew`` seconds.
    ``drop`` lines are missing. ``shuffled``: lines of different streams stand in any order; those of one stream do not.
    ``seed`` chooses."""

    hidden: Collection[str] = ()
    first: int = 1
    last: int | None = None
    skew: float = 0.0
    drop: int = 0
    shuffled: bool = False
    seed: int = 0

    def records(self, steps: Sequence[StepToLog], actions: Iterable[str]) -> list[dict[str, Any]]:
        """The lines of a run, in their order in a common file; ``actions`` are those that there are. Raises
        ``ModelError`` for a hidden action that there is not, and if no line is left."""
        there = list(dict.fromkeys(actions))
        for name in self.hidden:
            if name not in there:
                raise ModelError(f"no step is an action {name!r}", remedy=near(name, there))
        chance, clocks = Random(self.seed), dict[str, float]()
        found = []
        for n, step in enumerate(steps, 1):
            off = clocks.setdefault(step.stream, round(chance.uniform(-self.skew, self.skew), 6))
            if self.first <= n <= (self.last or n) and step.action not in self.hidden:
                found.append(step.record(round(n + off, 6), self.skew))
        if self.drop >= len(found):
            what = f"no line is left: the run has {counted(len(steps), 'step')}, of which {len(found):,} are logged"
            raise ModelError(what, remedy="write fewer after --drop, hide less, or let more steps be taken")
        for n in sorted(chance.sample(range(len(found)), self.drop), reverse=True):
            del found[n]
        return _shuffled(found, chance) if self.shuffled else found


def _shuffled(records: Sequence[dict[str, Any]], chance: Random) -> list[dict[str, Any]]:
    """The records with streams in any order, and each stream in its own."""
    streams: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        streams.setdefault(record["stream"], []).append(record)
    order = [r["stream"] for r in records]
    chance.shuffle(order)
    rest = {name: iter(lines) for name, lines in streams.items()}
    return [next(rest[name]) for name in order]


def log_text(records: Iterable[Mapping[str, Any]]) -> str:
    """Records as JSON lines."""
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


def by_stream(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A log for each stream, by the name of its file. Raises ``ModelError`` where two would be the same."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    names: dict[str, str] = {}
    for record in records:
        stream = record["stream"]
        file = "".join(c if c.isalnum() or c in "._" else "-" for c in stream) + ".jsonl"
        if names.setdefault(file.casefold(), stream) != stream:
            what = f"the streams {names[file.casefold()]!r} and {stream!r} would have the same file {file}"
            raise ModelError(what, remedy="write one file: -o run.jsonl")
        found.setdefault(file, []).append(record)
    return {file: log_text(lines) for file, lines in found.items()}
