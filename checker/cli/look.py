"""How the output looks: how much it says, its colours and its width. The same options of every command decide it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

import click

from planrace.checker.results.detail import Detail


class Color(StrEnum):
    """Whether text has colours: on a terminal only, always, never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True)
class Look:
    """The choices. ``width`` None: the terminal's, or 100 columns where there is none."""

    detail: Detail = Detail.USUAL
    color: Color = Color.AUTO
    width: int | None = None
    progress: bool = True

    def colored(self, stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
        """Whether text on the stream has colours. The option decides; without it NO_COLOR, then FORCE_COLOR (each if it
        is not empty), then whether the stream is a terminal that has colours."""
        if self.color is not Color.AUTO:
            return self.color is Color.ALWAYS
        found = os.environ if environment is None else environment
        if found.get("NO_COLOR"):
            return False
        return bool(found.get("FORCE_COLOR")) or (stream.isatty() and found.get("TERM") != "dumb")

    def columns(self, stream: TextIO | None = None) -> int:
        """The width of text on the stream, or in a file."""
        import shutil  # a slow import, which `check --help` does without

        from planrace.checker.report.text.plain import WIDTH

        if self.width is not None:
            return self.width
        return shutil.get_terminal_size((WIDTH, 0)).columns if stream is not None and stream.isatty() else WIDTH


def chosen_detail(*, quiet: bool, verbose: bool) -> Detail:
    """How much to say. Raises ``UsageError`` for both."""
    if quiet and verbose:
        raise click.UsageError("-q and -v exclude each other: say less, or say more.")
    return Detail.VERDICTS if quiet else Detail.FULL if verbose else Detail.USUAL
