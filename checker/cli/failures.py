"""The exit code and the message for an exception that ends a run."""

from __future__ import annotations

import click

USAGE, UNDECIDED, INTERNAL, INTERRUPTED = 2, 3, 70, 130
OURS = "This is a defect of planrace, not of your protocol; please report it."


def code_of(problem: BaseException) -> int:
    """The exit code: 2 for what users can correct, 3 if the time was up, 70 for a defect of planrace, 130 for an
    interruption."""
    from planrace.checker.report.errors import ReadError
    from planrace.checker.report.formats import NoTraceError
    from planrace.checker.report.output import OutputError
    from planrace.checker.results.guard import TimeUpError
    from planrace.model.language import ModelError

    if isinstance(problem, KeyboardInterrupt | click.Abort):
        return INTERRUPTED
    if isinstance(problem, TimeUpError):
        return UNDECIDED
    mendable = ModelError | OutputError | ReadError | NoTraceError | click.ClickException
    return USAGE if isinstance(problem, mendable) else INTERNAL


def sentence_of(problem: BaseException) -> str:
    """The message for it."""
    code = code_of(problem)
    if code == INTERRUPTED:
        return "interrupted before there was anything to report"
    if code == UNDECIDED:
        return f"{problem}, before there was anything to report (give more --time-limit)"
    if code == INTERNAL:
        return f"{type(problem).__name__}: {problem}. {OURS}"
    return problem.format_message() if isinstance(problem, click.ClickException) else str(problem)
