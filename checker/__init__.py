"""The checker: engines that read terms, and one call that runs them. ``docs/architecture.md`` says where to start.

Names are loaded when they are first used, so that ``check --help`` loads no engine.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import find
    from .run import Options, check
    from .vocabulary import Exploration, Finding, Match, Report, Step, Trace, Verdict

_HOME = {
    "Exploration": "vocabulary",
    "Finding": "vocabulary",
    "Match": "vocabulary",
    "Options": "run",
    "Report": "vocabulary",
    "Step": "vocabulary",
    "Trace": "vocabulary",
    "Verdict": "vocabulary",
    "check": "run",
    "find": "catalogue",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


__all__ = [
    "Exploration",
    "Finding",
    "Match",
    "Options",
    "Report",
    "Step",
    "Trace",
    "Verdict",
    "check",
    "find",
]
