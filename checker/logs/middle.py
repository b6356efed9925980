"""Where logs may begin that somebody started to write, or to collect, while the system was running: in any state that
the model reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.judge import Judge
from planrace.checker.logs.states import ModelStates, Situation, moved
from planrace.checker.semantics.replay import Pick


@dataclass(frozen=True)
class Beginnings:
    """Every state that the model reaches; those first to which a way leads that violates nothing, of these those with
    short ways. ``clean`` is the number of these."""

    situations: Sequence[Situation]
    clean: int
    _before: dict[int, tuple[int, Pick] | None]

    def is_clean(self, start: Situation) -> bool:
        """Whether a way leads there that violates nothing."""
        return any(s == start for s in self.situations[: self.clean])

    def way(self, start: Situation) -> tuple[int, tuple[Pick, ...]]:
        """The number of an initial state, and the steps from there."""
        number, picks = start[0], list[Pick]()
        while (before := self._before[number]) is not None:
            number, pick = before
            picks.append(pick)
        return number, tuple(reversed(picks))


def beginnings(states: ModelStates, judge: Judge, most: int) -> Beginnings | None:
    """The reachable states, breadth first; None if there are more than ``most``. Raises ``TimeUpError``."""
    found: dict[int, Situation] = {}
    before: dict[int, tuple[int, Pick] | None] = {}

    def explore(queue: list[Situation], *, anything: bool) -> bool:
        for n, (number, absolute) in enumerate(queue):
            if n % 64 == 0:
                look_at_the_clock()
            for action in states.actions:
                for taken in states.moves(number, action):
                    if taken.number in found or not (anything or not judge.of_step(number, taken.pick)[0]):
                        continue
                    found[taken.number] = taken.number, moved(absolute, taken.moved)
                    before[taken.number] = number, taken.pick
                    queue.append(found[taken.number])
                    if len(found) > most:
                        return False
        return True

    starts = states.starts()
    for allowed in (False, True):
        fresh = [s for s in starts if s[0] not in found and (allowed or not judge.at_start(s))]
        found.update({s[0]: s for s in fresh})
        before.update({s[0]: None for s in fresh})
        if not explore([*found.values()], anything=allowed):
            return None
        if not allowed:
            clean = len(found)
    return Beginnings(tuple(found.values()), clean, before)
