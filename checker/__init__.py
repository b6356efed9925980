"""The checker: engines that read terms, and one call that runs them. ``docs/architecture.md`` says where to start.

Names are loaded when they are first used, so that ``check --help`` loads no engine.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of typing takes 10 ms, in which no signal is heard yet
if TYPE_CHECKING:
    from typing import Any

    from planrace.checker.api.calls import (
        check,
        compare,
        compare_baseline,
        explained,
        forecast,
        instance_of,
        lint,
        listing,
        load,
        matrix,
        mutate,
        prove,
        render,
        renew_baseline,
        save,
        save_baseline,
        state_graph,
    )
    from planrace.checker.results.matrix import MatrixReport
    from planrace.checker.results.report import Exploration, Finding, Report
    from planrace.checker.results.scenario import Match
    from planrace.checker.results.trace import Trace, TraceStep
    from planrace.checker.results.verdict import Verdict
    from planrace.checker.run.options import Options
    from planrace.checker.run.protocols import find
    from planrace.checker.run.walk import Walk

_HOME = {
    "Exploration": "vocabulary",
    "Finding": "vocabulary",
    "Match": "vocabulary",
    "MatrixReport": "table",
    "Options": "ask",
    "Report": "vocabulary",
    "TraceStep": "vocabulary",
    "Trace": "vocabulary",
    "Verdict": "vocabulary",
    "Walk": "walk",
    "check": "api",
    "compare": "api",
    "compare_baseline": "api",
    "explained": "api",
    "find": "catalogue",
    "forecast": "api",
    "instance_of": "api",
    "lint": "api",
    "listing": "api",
    "load": "api",
    "matrix": "api",
    "mutate": "api",
    "prove": "api",
    "render": "api",
    "renew_baseline": "api",
    "save": "api",
    "save_baseline": "api",
    "state_graph": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Exploration",
    "Finding",
    "Match",
    "MatrixReport",
    "Options",
    "Report",
    "TraceStep",
    "Trace",
    "Verdict",
    "Walk",
    "check",
    "compare",
    "compare_baseline",
    "explained",
    "find",
    "forecast",
    "instance_of",
    "lint",
    "listing",
    "load",
    "matrix",
    "mutate",
    "prove",
    "render",
    "renew_baseline",
    "save",
    "save_baseline",
    "state_graph",
]
