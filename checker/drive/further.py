"""Goes on from the end of a run: by the shortest run of the model to each step that the user names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planrace.checker.drive.model_steps import ModelSteps
from planrace.checker.engines.limits import timed
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import ModelError

MOST_STATES = 100_000
"""The most states of the model that are searched for a step."""


@dataclass(frozen=True)
class StepGoal:
    """A step to get to: its action, and perhaps the values of its parameters and its outcome. ``text`` is how the user
    names it."""

    text: str
    action: str
    values: tuple[int, ...] | None = None
    outcome: str | None = None

    def is_met(self, pick: Pick, outcome: str | None) -> bool:
        """Whether a step is the one that is meant."""
        right_values = self.values is None or pick[1] == self.values
        return pick[0] == self.action and right_values and self.outcome in (None, outcome)


def further_steps(steps: ModelSteps, start: State, goals: Iterable[StepGoal]) -> list[Pick]:
    """Steps that the driver performs and that end with the goals in their order: to each the shortest way from the one
    before. Raises ``ModelError`` if there is none."""
    found: list[Pick] = []
    for goal in goals:
        way, start = _way(steps, start, goal)
        found += way
    return found


def _way(steps: ModelSteps, start: State, goal: StepGoal) -> tuple[Sequence[Pick], State]:
    """The shortest run to a step, and the state after it: breadth first, in the order of the protocol."""
    before: dict[State, tuple[State, Pick] | None] = {start: None}
    queue = [start]
    for s in timed(queue):
        for pick, (outcome, after) in steps.of(s).controlled.items():
            if goal.is_met(pick, outcome):
                return [*_back(before, s), pick], after
            if after not in before:
                before[after] = s, pick
                queue.append(after)
        if len(before) > MOST_STATES:
            what = f"{goal.text} was not found in the {MOST_STATES:,} states nearest to the step before it"
            raise ModelError(what, remedy="name the steps that lead to it, too")
    raise ModelError(
        f"no steps that the driver performs lead on to {goal.text}", remedy="`check walk` shows what the model allows"
    )


def _back(before: dict[State, tuple[State, Pick] | None], last: State) -> list[Pick]:
    """The steps from the first state to ``last``."""
    picks: list[Pick] = []
    while (step := before[last]) is not None:
        last, pick = step
        picks.append(pick)
    return picks[::-1]
