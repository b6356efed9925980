"""The exit code and the message for an exception that ends a run, also for those of the command line itself."""

from __future__ import annotations

import click

from planrace.checker.api import failures
from planrace.checker.api.failures import INTERNAL, INTERRUPTED, OURS, UNDECIDED, USAGE
from planrace.checker.results.blocks import clean

__all__ = ["INTERNAL", "INTERRUPTED", "OURS", "UNDECIDED", "USAGE", "code_of", "sentence_of"]


def code_of(problem: BaseException) -> int:
    """The exit code: that of every face; 2 for a wrong command line."""
    if isinstance(problem, click.Abort):
        return INTERRUPTED
    return USAGE if isinstance(problem, click.ClickException) else failures.code_of(problem)


def sentence_of(problem: BaseException) -> str:
    """The message for it, without control characters of names in it."""
    if isinstance(problem, click.Abort):
        problem = KeyboardInterrupt()
    sentence = problem.format_message() if isinstance(problem, click.ClickException) else failures.sentence_of(problem)
    return "\n".join(map(clean, sentence.split("\n")))
