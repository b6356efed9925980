"""Side effects of authors' code on the process: what it prints goes to standard error, it does not end the process, and
signals that arrive meanwhile are distinguished from exceptions that the code raises itself."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any, NoReturn

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM") if hasattr(signal, name))


class _Process:
    """Process-wide state: whether output is redirected, and how many signals arrived while authors' code ran."""

    aside = False
    staying: int | None = None
    """The process whose ``os._exit`` is refused."""
    watched = False
    arrived = 0


@contextmanager
def printing_aside() -> Iterator[None]:
    """What is printed to standard output meanwhile goes to standard error: standard output holds the report, which
    programs read. Where ``sys.stdout`` is the standard output of the process, its file descriptor is redirected, so
    that libraries in C and child processes are heard too."""
    if _Process.aside:
        yield
        return
    kept = sys.stdout
    _Process.aside = True
    _flush(kept)
    saved = _redirected(kept)
    if saved is None:
        sys.stdout = sys.stderr
    try:
        yield
    finally:
        _flush(sys.stdout, kept)
        if saved is not None:
            _flush_c()
            os.dup2(saved, 1)
            os.close(saved)
        if saved is None or _is_open(kept):
            sys.stdout = kept
        _Process.aside = False


_exit = os._exit


@contextmanager
def staying() -> Iterator[None]:
    """``os._exit`` of the author's code is ``sys.exit`` meanwhile, which is an error of the model: the process must not
    end with exit code 0 before there is a verdict. Processes that it forks end as usual."""
    before, _Process.staying = _Process.staying, os.getpid()
    os._exit = _leave
    try:
        yield
    finally:
        _Process.staying = before


def _leave(status: int) -> NoReturn:
    ours = str(sys._getframe(1).f_globals.get("__name__")).startswith("planrace.")
    if ours or _Process.staying != os.getpid():
        _exit(status)
    raise SystemExit(status)


def end_of_output() -> None:
    """What is printed from here to the end of the process, by functions that authors registered with ``atexit`` or by
    their threads, goes to standard error too."""
    if _redirected(sys.stdout) is None:
        sys.stdout = sys.stderr


def _redirected(stream: Any) -> int | None:
    """A copy of the file descriptor of standard output, which is standard error from here; None where ``stream`` is
    another one, or there is no standard error."""
    try:
        if stream.fileno() != 1 or sys.stderr.fileno() != 2:
            return None
        saved = os.dup(1)
    except (AttributeError, OSError, ValueError):
        return None
    try:
        os.dup2(2, 1)
    except OSError:
        os.close(saved)
        return None
    return saved


def _flush(*streams: Any) -> None:
    for stream in streams:
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()


def _flush_c() -> None:
    """Flush C's buffers. Code that prints from C has most likely loaded ctypes or an extension that links it."""
    if "ctypes" in sys.modules:
        with suppress(Exception):
            sys.modules["ctypes"].CDLL(None).fflush(None)


def _is_open(stream: Any) -> bool:
    """Whether it can still be written: authors may detach the buffer of a stream to wrap it anew."""
    try:
        return stream is None or not stream.closed
    except ValueError:
        return False


@contextmanager
def watching_signals() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether a signal has arrived meanwhile, whose handler may have raised. The exception
    itself does not tell: Python raises KeyboardInterrupt in whatever line it happens to execute, as if that line had
    raised it."""
    before = _Process.arrived
    with ExitStack() as stack:
        if not _Process.watched:
            _Process.watched = True
            stack.callback(setattr, _Process, "watched", False)
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    _watch(stack, number, handler)
        yield lambda: _Process.arrived > before


def _watch(stack: ExitStack, number: int, handler: Callable[[int, FrameType | None], Any]) -> None:
    def counted(received: int, frame: FrameType | None) -> Any:
        _Process.arrived += 1
        return handler(received, frame)

    try:
        signal.signal(number, counted)
    except ValueError:  # not the main thread; signal handlers of Python run only there
        return
    stack.callback(partial(_restore, number, counted, handler))


def _restore(number: int, ours: Any, handler: Any) -> None:
    """Put ``handler`` back, unless the author's code has set one of its own."""
    if signal.getsignal(number) is ours:
        signal.signal(number, handler)
