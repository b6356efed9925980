"""The peers of the benchmark search the same states: their models are written by hand, and kept equal by the counts."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests import ROOT

BENCH = ROOT / "bench" / "native.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The benchmark as a module; without SPIN its tests are skipped, but not in CI."""
    missing = [tool for tool in ("spin", "gcc") if shutil.which(tool) is None]
    if missing:
        reason = f"{' and '.join(missing)} not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    spec = importlib.util.spec_from_file_location("planrace_bench_native", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sizes", ["2/1/3/2", "2/1/4/2", "2/2/3/1", "3/1/3/2", "2/1/3/0"])
def test_spin_counts_the_same(sizes: str, bench: ModuleType, tmp_path: Path) -> None:
    chosen = bench.sizes_of(sizes)
    ours, theirs = bench.ours(chosen, "--no-symmetry"), bench.Spin(chosen, tmp_path).run()
    assert (theirs.states, theirs.transitions) == (ours.states, ours.transitions)


def test_a_different_search_is_not_compared(bench: ModuleType) -> None:
    run = bench.Run(1000, 5000, 1.0, 2.0, 1)
    bench.agree("SPIN", bench.Run(1000, 5000, 9.0, 9.0, 9), run)
    for other in (bench.Run(1001, 5000, 1.0, 2.0, 1), bench.Run(1000, 5001, 1.0, 2.0, 1)):
        with pytest.raises(SystemExit, match="searched something else"):
            bench.agree("SPIN", other, run)


def test_ratios_are_by_the_clock_and_by_the_time_of_processors(bench: ModuleType) -> None:
    """Medians, so that one slow run does not decide."""
    two = [bench.Run(1000, 5000, seconds, worked, 8000) for seconds, worked in ((1.0, 2.0), (9.0, 9.0), (0.5, 1.0))]
    assert bench.medians(two) == (1.0, 2.0)
    text = bench.line("planrace", two, (15.0, 18.0))
    wanted = "planrace 1.00 s 1,000 states/s 5,000 steps/s 8.0 bytes/state 15.0 x 2.00 CPU s 9.0 x"
    assert " ".join(text.split()) == wanted
