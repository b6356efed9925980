"""The formats of runs that can be imported; a text is recognised by its content."""

from __future__ import annotations

from planrace.checker.imports.foreign import RunFormat
from planrace.checker.imports.itf_run import ItfRun
from planrace.checker.imports.spin_trail import SpinRun, SpinTrail
from planrace.checker.imports.tlc_run import TlcJson, TlcRun
from planrace.checker.report.errors import MalformedError

FORMATS: tuple[RunFormat, ...] = (SpinTrail(), SpinRun(), ItfRun(), TlcRun(), TlcJson())
"""A new format is one line here."""


def format_of_run(text: str) -> RunFormat:
    """The format of a text. Raises ``MalformedError`` if it has none of them."""
    found = next((f for f in FORMATS if f.recognises(text)), None)
    if found is None:
        raise MalformedError(f"it has no format that can be imported (there are {', '.join(f.title for f in FORMATS)})")
    return found
