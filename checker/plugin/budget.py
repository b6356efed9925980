"""How much the model checks of a test may take."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

from planrace.checker.run.ranges import RANGES, shortened

BOUNDS = {"seconds": RANGES["time_limit"], "states": RANGES["max_states"]}
"""What a budget bounds."""
DIGITS = 18
"""Of a number of states: more of them are more than can be counted."""


@dataclass(frozen=True)
class CheckBudget:
    """Seconds and states; None is no bound."""

    seconds: float | None = None
    states: int | None = None

    @staticmethod
    def of(config: pytest.Config) -> CheckBudget:
        """The budget of the run: the option, else the ini file. Raises ``ValueError``."""
        option, ini = config.getoption("--model-check-budget"), config.getini("model_check_budget")
        if option is not None:
            return CheckBudget.parsed(str(option), "--model-check-budget")
        return CheckBudget.parsed(str(ini), "model_check_budget in the ini file") if ini else CheckBudget()

    @staticmethod
    def parsed(text: str, where: str = "--model-check-budget") -> CheckBudget:
        """``60`` or ``60,100000``. Raises ``ValueError``."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)?\s*s?\s*(?:,\s*0*([1-9]\d*))?\s*", text, re.ASCII)
        if found is None or not any(found.groups()) or float(found[1] or 1) == 0:
            raise ValueError(
                f"{where}: {shortened(text)} is no budget; "
                "write SECONDS or SECONDS,STATES, such as 60,100000, each above 0"
            )
        seconds = float(found[1]) if found[1] else None
        states = int(found[2][: DIGITS + 1]) if found[2] else None
        for name, value in (("seconds", seconds), ("states", states)):
            fault = None if value is None else BOUNDS[name].fault(value)
            if fault is not None:
                raise ValueError(f"{where}: {shortened(text)} is no budget; of {name}, {BOUNDS[name].remedy}")
        return CheckBudget(seconds, states)

    def without(self, spent: CheckBudget) -> CheckBudget:
        """What is left of it; of states one at least, for no search has none."""
        seconds = None if self.seconds is None else max(0.0, self.seconds - (spent.seconds or 0.0))
        return CheckBudget(seconds, None if self.states is None else max(1, self.states - (spent.states or 0)))

    def plus(self, seconds: float, states: int) -> CheckBudget:
        """Both added."""
        return CheckBudget((self.seconds or 0.0) + seconds, (self.states or 0) + states)

    def marked(self, item: pytest.Item) -> CheckBudget:
        """With what the test's markers say instead, the closest one last. Raises ``ValueError``."""
        found = self
        for mark in reversed(list(item.iter_markers("model_check"))):
            found = replace(found, **_given(mark))
        return found


def _given(mark: pytest.Mark) -> dict[str, Any]:
    wrong = [*map(shortened, mark.args), *(f"{n}={shortened(v)}" for n, v in mark.kwargs.items() if not _fits(n, v))]
    if wrong:
        raise ValueError(
            f"the marker model_check({wrong[0]}) is no budget; write seconds=… (a number from 0) or states=… (from 1)"
        )
    return dict(mark.kwargs)


def _fits(name: str, value: object) -> bool:
    return name in BOUNDS and (value is None or BOUNDS[name].fault(value) is None)
