"""What kind of failure an exception is, and its sentence, for every face. Exit codes are those of the command."""

from __future__ import annotations

from planrace.checker.results.browser import IN_BROWSER

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

    if isinstance(problem, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(problem, TimeUpError):
        return UNDECIDED
    if missing_in_browser(problem) is not None:
        return USAGE
    return USAGE if isinstance(problem, ModelError | OutputError | ReadError | NoTraceError) else INTERNAL


def sentence_of(problem: BaseException, more_time: str = "--time-limit") -> str:
    """The message for it. ``more_time`` is what the face calls its time limit."""
    code = code_of(problem)
    if code == INTERRUPTED:
        where = f" {problem.args[0]}," if problem.args else ""  # how far it came
        return f"interrupted{where} before there was anything to report"
    missing = missing_in_browser(problem)
    if missing is not None:
        return f"not available in the browser: this needs {missing} (install planrace, and run the command there)"
    if code == UNDECIDED:
        return f"{problem}, before there was anything to report (give more {more_time})"
    return f"{type(problem).__name__}: {problem}. {OURS}" if code == INTERNAL else str(problem)


def missing_in_browser(problem: BaseException) -> str | None:
    """What a command needs and no browser has: a library that is not part of the page, threads, or processes. None for
    other failures, and outside of browsers, where the same exceptions are defects."""
    if not IN_BROWSER:
        return None
    if isinstance(problem, ModuleNotFoundError) and not str(problem.name).startswith("planrace"):
        return "processes" if problem.name == "_multiprocessing" else f"the library {problem.name}"
    if isinstance(problem, RuntimeError) and "start new thread" in str(problem):
        return "threads"
    return "processes" if isinstance(problem, OSError) and "does not support processes" in str(problem) else None
