"""Where the process begins. What is imported before signals are heard takes time in which one may come, so nothing
else stands here.

Until ``main`` hears signals itself, one ends the process at once: nothing has begun that would have to be ended well.
"""

from __future__ import annotations

INTERRUPTED, SAID = 130, b"interrupted before there was anything to report\n"


def main(arguments: list[str] | None = None) -> None:
    """Run ``check`` and exit the process with its code."""
    try:
        _end_on_signals()
        from planrace.checker.cli.main import main as heard
    except KeyboardInterrupt:  # of the handler that Python has from the start
        _end(INTERRUPTED)
    heard(arguments)


def _end_on_signals() -> None:
    """Those that would end the process in Python's own way. The ones that are switched off stay so."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
            continue
        try:
            signal.signal(number, lambda came, _: _end(INTERRUPTED if came == signal.SIGINT else 128 + came))
        except ValueError:  # in a thread Python allows no handlers
            return


def _end(code: int) -> None:
    import os

    try:  # noqa: SIM105  (contextlib is no small import)
        os.write(2, SAID)
    except OSError:  # standard error is closed
        pass
    os._exit(code)
