"""A run as a log with vector clocks for ShiViz (Beschastnikh et al., "Debugging distributed systems", CACM, 2016).

The first line is the regular expression with which ShiViz parses the log, the second is empty (no delimiter). Each
event has two lines: the host with its clock, and the text of the step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from planrace.checker.report.trace.lanes import clocks, lanes, step_text
from planrace.checker.results.blocks import clean
from planrace.checker.results.trace import Trace

PARSER = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"


def render_shiviz(trace: Trace, touched: Sequence[tuple[Sequence[str], Sequence[str]]] = ()) -> str:
    """The log. ``touched`` are the places that each step reads and writes; by default the places that it changes."""
    hosts, lines = _hosts(lanes(trace).processes), [PARSER, ""]
    for step, clock in zip(trace.steps, clocks(trace, touched), strict=True):
        known = json.dumps({hosts[who]: n for who, n in clock.items()}, ensure_ascii=False)
        lines += [f"{hosts[step.by]} {known}", step_text(step)]
    return "\n".join(lines) + "\n"


def _hosts(processes: Sequence[str]) -> dict[str, str]:
    """A unique host name for each process, without white space (as JavaScript defines it)."""
    hosts: dict[str, str] = {}
    for who in processes:
        name = re.sub(r"[\s\ufeff]+", "_", clean(who).strip()) or "_"
        while name in hosts.values():
            name += "_"
        hosts[who] = name
    return hosts
