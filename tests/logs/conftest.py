"""What the tests of logs share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _not_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a report adds is looked for in few states only, unless asked for: it takes most of the time of a small
    log."""
    monkeypatch.setattr("planrace.checker.logs.conform.LOOKED_AT", 20)
    monkeypatch.setattr("planrace.checker.logs.conform.ALL_RUNS", 2_000)
