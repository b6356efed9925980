"""How code that is not asked for a result ends a search."""

from __future__ import annotations

from planrace.checker.results.stop import StopReason


class SearchStoppedError(Exception):
    """The search ends here, for this ``reason``."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(str(reason))
        self.reason = reason
