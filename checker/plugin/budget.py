"""How much a model check in a test may take."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Budget:
    """Seconds and states; None is no bound."""

    seconds: float | None = None
    states: int | None = None

    @staticmethod
    def of(config: pytest.Config) -> Budget:
        """The budget of the run: the option, else the ini file. Raises ``ValueError``."""
        text = config.getoption("--model-check-budget") or config.getini("model_check_budget")
        return Budget.parsed(str(text)) if text else Budget()

    @staticmethod
    def parsed(text: str) -> Budget:
        """``60`` or ``60,100000``. Raises ``ValueError``."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)?\s*s?\s*(?:,\s*(\d+))?\s*", text)
        if found is None or not any(found.groups()):
            raise ValueError(f"--model-check-budget: {text!r} is no budget; write SECONDS or SECONDS,STATES")
        seconds, states = found.groups()
        return Budget(float(seconds) if seconds else None, int(states) if states else None)

    def marked(self, item: pytest.Item) -> Budget:
        """With what the test's marker says instead."""
        mark = item.get_closest_marker("model_check")
        given = mark.kwargs if mark is not None else {}
        return Budget(given.get("seconds", self.seconds), given.get("states", self.states))
