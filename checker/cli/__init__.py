"""The command ``check``. Heavy imports stand where they are used: ``check --help`` is quick."""

from .main import main

__all__ = ["main"]
