"""The command ``check``. Heavy imports stand where they are used: ``check --help`` is quick."""

from planrace.checker.cli.entry import main

__all__ = ["main"]
