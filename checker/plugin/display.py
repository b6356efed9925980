"""What pytest shows of a failure: the sentence or the story, nothing of Python."""

from __future__ import annotations

import sys
from typing import Any

import pytest

LINES = "planrace_lines"
"""The attribute of a test's report with its lines of the summary; pytest-xdist carries attributes over."""

lines_of = pytest.StashKey[list[str]]()
"""The lines of the test that is running."""


class ModelCheckError(AssertionError):
    """A protocol is not as the test expects; the message is the whole story, its first line the short one."""


def plainly(
    report: pytest.TestReport | pytest.CollectReport, excinfo: pytest.ExceptionInfo[BaseException] | None
) -> None:
    """Let the report show the message alone, if it is one of ours or about the author's model."""
    if excinfo is None or report.longrepr is None or not isinstance(excinfo.value, (ModelCheckError, *_wrong())):
        return
    shown: Any = excinfo.getrepr(style="value", chain=False)
    if shown.reprcrash is not None:
        shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
    report.longrepr = shown


def _wrong() -> tuple[type[BaseException], ...]:
    """``ModelError``, where somebody has imported the language; otherwise nobody can have raised it."""
    language = sys.modules.get("model.language.errors")
    return () if language is None else (language.ModelError,)
