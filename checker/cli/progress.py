"""Progress of a long search: drawn on a terminal, otherwise not shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from planrace.checker.cli.look import Look
from planrace.checker.engines.limits import Listener


@contextmanager
def progress(look: Look) -> Iterator[Listener | None]:
    """A listener that draws one line on standard error, or None if that is not a terminal or nothing is to be drawn."""
    if not look.progress or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    from planrace.checker.api.progress import in_words

    console = Console(stderr=True, no_color=not look.colored(sys.stderr))
    with console.status("starting") as status:
        yield in_words(lambda line: status.update(Text(line)))
