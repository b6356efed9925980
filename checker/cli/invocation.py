"""The command line as it was given: the object of click's context, for parts of the command that need it whole."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, NamedTuple


class Invocation(NamedTuple):
    """The arguments, and the function that a process of its own calls to check once (``check --watch``)."""

    arguments: list[str]
    check_once: Callable[[list[str], Any], None]

    def __str__(self) -> str:
        """The command, as a shell takes it."""
        return shlex.join(["check", *self.arguments])
