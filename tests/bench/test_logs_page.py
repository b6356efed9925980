"""The page that ``bench/logs_page.py`` measures: it shows what it says, and its data stay small."""

from __future__ import annotations

import importlib.util

from planrace.checker.report.html.logs_page import render_conformance
from tests import ROOT


def test_a_line_takes_few_bytes() -> None:
    """Of a log that is twice as long the page has at most 300 bytes more for each line."""
    spec = importlib.util.spec_from_file_location("logs_page", ROOT / "bench" / "logs_page.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    reports = [bench.made_up(n) for n in (1000, 2000)]
    assert [(r.events, len(r.trace) - r.events) for r in reports] == [(1000, 5), (2000, 10)]
    short, long = (len(render_conformance(r)) for r in reports)
    assert 100_000 < long - short < 300_000
