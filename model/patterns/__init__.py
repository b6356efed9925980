"""Building blocks of protocols: channels, clocks, crashes, identities.

A pattern declares variables and actions of a protocol and builds terms. It is not part of the language, so for engines
it is the same as code that an author writes by hand. Methods that return pieces of a ``step`` are named after what
happens: ``sending``, ``receiving``, ``starting``; the pieces may be starred or not. One step changes a channel or a
timer at most once.
"""

from planrace.model.patterns.bags import Unordered, unordered
from planrace.model.patterns.clocks import Timer, clock, timer
from planrace.model.patterns.crashes import crash
from planrace.model.patterns.faults import duplicating, lossy
from planrace.model.patterns.given_once import Identities, Versions, identities, versions
from planrace.model.patterns.queues import Ordered, ordered

__all__ = [
    "Identities",
    "Ordered",
    "Timer",
    "Unordered",
    "Versions",
    "clock",
    "crash",
    "duplicating",
    "identities",
    "lossy",
    "ordered",
    "timer",
    "unordered",
    "versions",
]
