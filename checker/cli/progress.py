"""Progress of a long search: drawn on a terminal, told to the page that the command runs in, otherwise not shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from planrace.checker.cli.look import Look
from planrace.checker.engines.limits import Listener

_page: ContextVar[Callable[[str], None] | None] = ContextVar("page", default=None)


@contextmanager
def told_to(show: Callable[[str], None]) -> Iterator[None]:
    """Commands in this context tell each event to ``show``, as a line."""
    token = _page.set(show)
    try:
        yield
    finally:
        _page.reset(token)


@contextmanager
def progress(look: Look) -> Iterator[Listener | None]:
    """A listener that draws one line on standard error, or None if that is not a terminal or nothing is to be drawn."""
    show = _page.get()
    if show is not None:
        from planrace.checker.api.progress import in_words

        yield in_words(show)
        return
    if not look.progress or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    from planrace.checker.api.progress import in_words

    console = Console(stderr=True, no_color=not look.colored(sys.stderr))
    with console.status("starting") as status:
        yield in_words(lambda line: status.update(Text(line)))
