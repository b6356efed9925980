"""A run as a log with vector clocks for ShiViz (Beschastnikh et al., "Debugging distributed systems", CACM, 2016).

It begins with the regular expression by which ShiViz is to parse it and an empty line for no delimiter; then come two
lines an event, the host with its clock and what happens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ..vocabulary import Trace
from .lanes import clocks, told

PARSER = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"


def render_shiviz(trace: Trace, touched: Sequence[tuple[Sequence[str], Sequence[str]]] = ()) -> str:
    """The log. ``touched`` has the places that each step reads and writes; without it, steps touch what they change."""
    lines = [PARSER, ""]
    for step, clock in zip(trace.steps, clocks(trace, touched), strict=True):
        hosts = json.dumps({_host(who): n for who, n in clock.items()}, ensure_ascii=False)
        lines += [f"{_host(step.by)} {hosts}", told(step)]
    return "\n".join(lines) + "\n"


def _host(name: str) -> str:
    """A name without white space."""
    return re.sub(r"\s+", "_", name.strip()) or "_"
