"""The entry point: runs the command, and turns what goes wrong into exit codes and sentences.

0 holds, 1 violated, 2 wrong request or model, 3 undecided, 70 a defect of ours (with traceback), 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from types import FrameType

import click

from ..loaded import one_run
from .failures import INTERNAL, INTERRUPTED, OURS, USAGE, code_of, sentence_of

_NO_ARGUMENTS: type[click.UsageError] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""What click 8.2 and later raise where only the help can be shown; earlier ones show it and return."""


def main(arguments: list[str] | None = None) -> None:
    """Run ``check`` and exit the process with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    code = run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    if "model.language" in sys.modules:  # else no code of an author has run
        from model.language.aside import end_of_output

        end_of_output()
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run ``check``; the exit code."""
    from .app import app

    try:
        with one_run():
            result = app.main(args=arguments, prog_name="check", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except _NO_ARGUMENTS as problem:
        click.echo(problem.format_message(), err=True)
        return USAGE
    except click.ClickException as problem:
        problem.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort) as problem:
        click.echo(sentence_of(problem), err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return 0
    except Exception as problem:
        return _failure(problem)


def _failure(problem: Exception) -> int:
    """A sentence for what users can mend, a traceback for what only we can."""
    code = code_of(problem)
    if code == INTERNAL:
        traceback.print_exc()
        click.echo(OURS, err=True)
    else:
        click.echo(f"Error: {sentence_of(problem)}", err=True)
    return code


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _discard_output() -> None:
    """The reader has gone: keep the interpreter from complaining about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
