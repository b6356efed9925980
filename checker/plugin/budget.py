"""Limits on the time and states of a test's model checks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

from planrace.checker.plugin.configuration import project_of
from planrace.checker.run.ranges import RANGES, shortened

BOUNDS = {"seconds": RANGES["time_limit"], "states": RANGES["max_states"]}
"""The parts of a budget and their ranges."""
DIGITS = 18
"""The most digits of a number of states; longer ones are out of range anyway."""


@dataclass(frozen=True)
class CheckBudget:
    """Seconds and states; None means no limit."""

    seconds: float | None = None
    states: int | None = None

    @staticmethod
    def of(config: pytest.Config) -> CheckBudget:
        """The budget of the run: from the option, otherwise from the ini file, otherwise the limits of
        ``[tool.planrace]``. Raises ``ValueError``."""
        option, ini = config.getoption("--model-check-budget"), config.getini("model_check_budget")
        if option is not None:
            return CheckBudget.parsed(str(option), "--model-check-budget")
        if ini:
            return CheckBudget.parsed(str(ini), "model_check_budget in the ini file")
        project = project_of(config)
        return CheckBudget() if project is None else CheckBudget(project.section.time_limit, project.section.max_states)

    @staticmethod
    def parsed(text: str, where: str = "--model-check-budget") -> CheckBudget:
        """The budget in a text such as ``60`` or ``60,100000``. Raises ``ValueError``."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)?\s*s?\s*(?:,\s*0*([1-9]\d*))?\s*", text, re.ASCII)
        if found is None or not any(found.groups()) or float(found[1] or 1) == 0:
            raise ValueError(
                f"{where}: {shortened(text)} is not a budget; "
                "write SECONDS or SECONDS,STATES, such as 60,100000, each above 0"
            )
        seconds = float(found[1]) if found[1] else None
        states = int(found[2][: DIGITS + 1]) if found[2] else None
        for name, value in (("seconds", seconds), ("states", states)):
            fault = None if value is None else BOUNDS[name].error_text(value)
            if fault is not None:
                raise ValueError(f"{where}: {shortened(text)} is not a budget; for {name}, {BOUNDS[name].remedy}")
        return CheckBudget(seconds, states)

    def without(self, spent: CheckBudget) -> CheckBudget:
        """The remaining budget; at least one state, because every search has one."""
        seconds = None if self.seconds is None else max(0.0, self.seconds - (spent.seconds or 0.0))
        return CheckBudget(seconds, None if self.states is None else max(1, self.states - (spent.states or 0)))

    def plus(self, seconds: float, states: int) -> CheckBudget:
        """The budget with these seconds and states added."""
        return CheckBudget((self.seconds or 0.0) + seconds, (self.states or 0) + states)

    def marked(self, item: pytest.Item) -> CheckBudget:
        """The budget with the values of the test's markers; the closest marker wins. Raises ``ValueError``."""
        found = self
        for mark in reversed(list(item.iter_markers("model_check"))):
            found = replace(found, **_given(mark))
        return found


def _given(mark: pytest.Mark) -> dict[str, Any]:
    wrong = [*map(shortened, mark.args), *(f"{n}={shortened(v)}" for n, v in mark.kwargs.items() if not _fits(n, v))]
    if wrong:
        raise ValueError(
            f"the marker model_check({wrong[0]}) is not a budget; write seconds=… (from 0) or states=… (from 1)"
        )
    return dict(mark.kwargs)


def _fits(name: str, value: object) -> bool:
    return name in BOUNDS and (value is None or BOUNDS[name].error_text(value) is None)
