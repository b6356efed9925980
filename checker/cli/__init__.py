"""The command ``check``. Heavy imports are inside the functions that need them, so that ``check --help`` is fast."""

from planrace.checker.cli.entry import main

__all__ = ["main"]
