"""The model on paper of searches by many machines (``bench/scaling.py``)."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest

from tests import ROOT


@pytest.fixture(scope="module")
def scaling() -> Any:
    spec = importlib.util.spec_from_file_location("scaling", ROOT / "bench" / "scaling.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    sys.modules["scaling"] = bench  # dataclasses look there
    spec.loader.exec_module(bench)
    return bench


def test_one_machine_exchanges_nothing(scaling: Any) -> None:
    costs = scaling.Costs()
    parts, largest = scaling.search(1e9, 1, costs)
    assert largest == 1.0
    assert parts["exchange"] == 0.0
    assert parts["compute"] == pytest.approx(1e9 * costs.steps_a_state * costs.step / costs.cores)


def test_the_largest_share_bounds_a_level(scaling: Any) -> None:
    costs = scaling.Costs()
    found = scaling.level(1e6, [0.75, 0.25], costs)
    assert found["compute"] == pytest.approx(0.75 * 1e6 * costs.steps_a_state * costs.step / costs.cores)
    sent = 1e6 * costs.steps_a_state * costs.crossing * costs.crossing_bytes
    assert found["exchange"] == pytest.approx(0.75 * sent / 2 / costs.network)
    assert found["calls"] == pytest.approx(6 * costs.call)


def test_the_page_has_what_the_model_says(scaling: Any) -> None:
    page = (ROOT / "docs" / "cluster.md").read_text()
    costs = scaling.Costs()
    for exponent, power in ((9, "⁹"), (12, "¹²")):
        parts, largest = scaling.search(10.0**exponent, 100, costs)
        row = f"| 10{power} | 100 | {largest:.2f} |"
        assert row in page
        rest = page.split(row)[1].split("\n")[0]
        assert [f"{parts[n]:,.0f} s" in rest for n in ("compute", "exchange", "keep", "calls")] == [True] * 4
