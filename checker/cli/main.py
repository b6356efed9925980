"""Runs the command, and turns exceptions into exit codes and messages. The process starts in ``entry``.

Exit codes: 0 holds, 1 violated, 2 wrong request or model, 3 undecided, 70 a defect of planrace (with traceback), 130
interrupted (for signals other than SIGINT, if there is nothing to report yet: 128 + the number of the signal).

Signal handlers are installed before further imports, because a signal may come at any moment.
"""

from __future__ import annotations

import os
import sys

from planrace.checker.cli.signals import Signals
from planrace.checker.cli.streams import Streams
from planrace.checker.engines.interrupts import left_behind

TYPE_CHECKING = False  # typing is a slow import
if TYPE_CHECKING:
    from multiprocessing.connection import Connection

GARBAGE = 100_000
"""The number of new objects after which Python looks for garbage: some ten megabytes."""


def main(arguments: list[str] | None = None) -> None:
    """Run ``check`` and exit the process with its code."""
    collect_seldom()
    end_process(finish(arguments))


def collect_seldom() -> None:
    """Look for garbage in cycles less often than Python's default, which is every 700 new objects. Terms, states and
    code make next to no cycles, and the process is short: a tenth of the time of a small check would go there."""
    import gc

    gc.set_threshold(GARBAGE)


def finish(arguments: list[str] | None = None) -> int:
    """Run ``check`` with guarded streams and signals; returns the exit code of the process."""
    signals, streams = Signals(), Streams()
    signals.hear()
    try:
        streams.guard()
        code = signals.judged(run(arguments, signals))
        code = streams.judged(code)
        if "planrace.model.language" in sys.modules:  # otherwise no code of an author has run
            from planrace.model.language.author_output import end_of_output

            end_of_output()
    except KeyboardInterrupt:
        code = signals.code
    signals.leave()
    return code


def end_process(code: int) -> None:
    """Exit with this code, whatever threads are still working."""
    if left_behind():
        os._exit(code)
    sys.exit(code)


def check_once(arguments: list[str], connection: Connection) -> None:
    """The process of a round of ``check --watch``: send the files that were read, and exit as ``check`` does."""
    import threading
    from contextlib import suppress

    from planrace.checker.cli.files_read import FilesRead

    threading.Thread(target=_end_with_parent, daemon=True).start()
    collect_seldom()
    files = FilesRead()
    files.listen()
    code = finish(arguments)
    with suppress(OSError):  # the watching process may have ended
        connection.send(files.stamps())
    end_process(code)


def _end_with_parent() -> None:
    """End this process when the one that watches has ended, also if that was killed: nobody else would."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def run(arguments: list[str] | None = None, signals: Signals | None = None) -> int:
    """Run ``check``; returns the exit code. An exception after a signal counts as a consequence of the signal."""
    try:
        return _run(arguments)
    except KeyboardInterrupt as problem:
        return _interrupted(signals, problem)
    except Exception as problem:
        if signals is not None and signals.number is not None:
            return _interrupted(signals, KeyboardInterrupt())
        return _failure(problem)


def _program() -> str:
    """The name under which the command was called. Another tool may be called ``check``."""
    called = sys.argv[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")  # pathlib is a slow import
    program = {"planrace": "planrace", "__main__.py": "python -m planrace"}.get(called, "check")
    if f"_{program.upper()}_COMPLETE" in os.environ:
        from planrace.checker.cli.bash_completion import register

        register()
    return program


def _run(arguments: list[str] | None) -> int:
    import click

    from planrace.checker.cli.app import app
    from planrace.checker.cli.failures import USAGE
    from planrace.checker.cli.invocation import Invocation
    from planrace.checker.run.author_files import one_run

    no_arguments = getattr(click.exceptions, "NoArgsIsHelpError", ())  # click before 8.2 shows the help and returns
    try:
        with one_run():
            given = sys.argv[1:] if arguments is None else arguments
            invocation = Invocation(given, check_once)
            result = app.main(args=given, prog_name=_program(), standalone_mode=False, obj=invocation)
        return result if isinstance(result, int) else 0
    except no_arguments as problem:
        click.echo(problem.format_message(), err=True)
        return USAGE
    except click.ClickException as problem:
        problem.show()
        return USAGE
    except click.Abort as problem:  # click's word for an interruption, of which it is the consequence
        raise KeyboardInterrupt(*(problem.__cause__.args if problem.__cause__ is not None else ())) from None


def _interrupted(signals: Signals | None, problem: KeyboardInterrupt) -> int:
    from planrace.checker.cli.failures import sentence_of

    print(sentence_of(problem), file=sys.stderr)
    return (signals or Signals()).code


def _failure(problem: Exception) -> int:
    """Print a message for an error that users can correct, or a traceback for a defect of planrace."""
    import traceback

    import click

    from planrace.checker.cli.failures import INTERNAL, OURS, code_of, sentence_of

    code = code_of(problem)
    if code == INTERNAL:
        traceback.print_exception(problem)
        click.echo(OURS, err=True)
    else:
        click.echo(f"Error: {sentence_of(problem)}", err=True)
    return code
