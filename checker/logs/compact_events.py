"""Events with small generations in the place of large ones, so that each may be judged alone in a small instance.

A line names few generations, and logs name thousands. What a step does depends on their order and their distances only,
up to the one that some comparison asks for (``checker/semantics/normal_form.py``). So the generations of each line are
renamed, in their order. Wider gaps become as wide as ``_widest``: the generations within them that no line names lie as
far from both ends as any comparison can tell, so binders find there what they find in the wide gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from planrace.checker.drive.observing import Partial
from planrace.checker.logs.events import LogEvent, Observation, StepPattern
from planrace.checker.logs.generations import Generations
from planrace.model.language import Instance


class CompactEvents:
    """The ``events`` of logs whose generations have no bound, each with its own renamed, and the ``instance`` that
    holds them."""

    def __init__(self, generations: Generations, events: Sequence[LogEvent]) -> None:
        self._generations = generations
        self._places = generations.places
        self._widest = 2 * max(generations.form.distance, generations.room) + 2
        self._greatest = 1
        self.events = [self._compact(e) for e in events]
        self.instance: Instance = generations.instance(self._greatest + generations.room_alone)

    def _compact(self, event: LogEvent) -> LogEvent:
        live = sorted({*self._generations.named(event)} - {0})
        gaps = (min(v - u, self._widest) for u, v in pairwise([0, *live]))
        names = {0: 0, **dict(zip(live, accumulate(gaps), strict=True))}
        self._greatest = max(self._greatest, *names.values())
        return replace(
            event,
            patterns=tuple(self._pattern(p, names) for p in event.patterns),
            before=self._observation(event.before, names),
            after=self._observation(event.after, names),
        )

    def _pattern(self, pattern: StepPattern, names: Mapping[int, int]) -> StepPattern:
        pairs = zip(pattern.values, self._generations.in_parameters(pattern.action), strict=True)
        return replace(pattern, values=tuple(names[v] if g and v is not None else v for v, g in pairs))

    def _observation(self, observation: Observation, names: Mapping[int, int]) -> Observation:
        return tuple((n, _renamed(v, names) if n in self._places else v) for n, v in observation)


def _renamed(pattern: Any, names: Mapping[int, int]) -> Any:
    if isinstance(pattern, Partial):
        return Partial({n: _renamed(v, names) for n, v in pattern.elements.items()})
    if isinstance(pattern, tuple):
        return tuple(_renamed(v, names) for v in pattern)
    return frozenset(names[v] for v in pattern) if isinstance(pattern, frozenset) else names[pattern]
