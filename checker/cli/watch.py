"""``check --watch``: check again whenever a file changes that the check has read.

Each round is a process of its own, so that every changed module is loaded anew. It reports which files it has opened
(``files_read``). They are few, so their times and sizes are polled: that needs no library, and works on network drives
and in containers, where notifications of the system do not.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeAlias

import click

from planrace.checker.api.project.read import project_files
from planrace.checker.cli.deliver import source_of
from planrace.checker.cli.files_read import Stamp, stamp_of
from planrace.checker.cli.project import NO_SECTION, has_project
from planrace.checker.results.verdict import INTERRUPTED
from planrace.checker.results.wording import counted, listed

INTERVAL = 0.2
"""Seconds between two looks at the files."""
PATIENCE = 5.0
"""Seconds for a round to end after it was asked to."""
CLEAR = "\x1b[H\x1b[2J"
"""Clears the screen; what has scrolled off stays."""

Watched: TypeAlias = Mapping[str, Stamp]
"""The files to watch, as they were when they were read."""
CheckOnce: TypeAlias = "Callable[[list[str], Connection], None]"
"""Checks with these arguments, sends the files that were read, and exits as ``check`` does."""


def watch_command(protocol: str | None, arguments: Sequence[str], check_once: CheckOnce) -> int:
    """Check with these arguments again and again, until an interruption; returns the exit code. ``protocol`` is that of
    the arguments, if they name one; ``check_once`` is run in a process of its own."""
    if protocol is None and not has_project():
        raise click.UsageError(NO_SECTION)
    begun = source_of(protocol) if protocol is not None else [str(p) for p in project_files()[:1]]
    watched: Watched = {path: stamp_of(path) for path in map(os.path.abspath, begun)}  # the first check may die
    try:
        while True:
            watched = _round(check_once, [a for a in arguments if a != "--watch"], watched)
            if not _changed(watched):
                names = [_shown(p) for p in watched]
                files = f"{counted(len(names), 'file')}: {listed(names, 6)}" if names else "no file"
                click.echo(f"\nWatching {files}. Ctrl-C ends.", err=True)
            _wait(watched)
    except KeyboardInterrupt:
        return INTERRUPTED


def _round(check_once: CheckOnce, arguments: list[str], watched: Watched) -> Watched:
    """One check; returns the files to watch. If a file changes meanwhile, it is ended."""
    if sys.stdout.isatty():
        click.echo(CLEAR, nl=False)
    before = {path: stamp_of(path) for path in watched}
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=check_once, args=(arguments, theirs))
    process.start()
    theirs.close()
    try:
        while not ours.poll(INTERVAL):
            if _changed(before):
                click.echo("A file has changed.", err=True)
                return before
        found: Watched = ours.recv()
        process.join()
    except EOFError:  # the system has killed it, or the author's file has ended it
        process.join()
        code = process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        click.echo(f"This check ended without a verdict ({how}).", err=True)
        return before
    except KeyboardInterrupt:
        process.join(PATIENCE)  # it was interrupted, too, and says what it covered
        raise
    finally:
        _end(process)
    return {**before, **found}  # a module that could not be loaded this time is watched still


def _end(process: BaseProcess) -> None:
    if process.is_alive():
        process.terminate()
        process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()


def _wait(watched: Watched) -> None:
    """Return when a file has changed, and then no further one for a moment: editors write several."""
    while not _changed(watched):
        time.sleep(INTERVAL)
    last = {path: stamp_of(path) for path in watched}
    time.sleep(INTERVAL)
    while _changed(last):
        last = {path: stamp_of(path) for path in watched}
        time.sleep(INTERVAL)


def _changed(stamps: Watched) -> bool:
    return any(stamp_of(path) != stamp for path, stamp in stamps.items())


def _shown(path: str) -> str:
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
