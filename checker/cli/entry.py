"""The start of the process. A signal may come during imports, before handlers are installed, so this module imports
as little as possible.

Until ``main`` installs its own handlers, a signal ends the process at once: nothing has begun that needs cleaning up.
"""

from __future__ import annotations

INTERRUPTED, SAID = 130, b"interrupted before there was anything to report\n"


def main(arguments: list[str] | None = None) -> None:
    """Run ``check`` and exit the process with its code."""
    try:
        _end_on_signals()
        from planrace.checker.cli.main import main as heard
    except KeyboardInterrupt:  # from Python's default handler
        _end(INTERRUPTED)
    heard(arguments)


def _end_on_signals() -> None:
    """Replace Python's default handlers. Signals that are ignored stay ignored."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
            continue
        try:
            signal.signal(number, lambda came, _: _end(INTERRUPTED if came == signal.SIGINT else 128 + came))
        except ValueError:  # Python allows handlers only in the main thread
            return


def _end(code: int) -> None:
    import os

    try:  # noqa: SIM105  (contextlib is a slow import)
        os.write(2, SAID)
    except OSError:  # standard error is closed
        pass
    os._exit(code)
