"""What many protocols are made of: channels, clocks, crashes.

A pattern declares variables and actions of a protocol and builds terms; it is no part of the language, so every engine
reads it like what an author writes by hand. Pieces that stand in a ``step`` are called by what happens: ``sending``,
``receiving``, ``starting``, starred or not. One step writes a channel or a timer at most once.
"""

from planrace.model.patterns.bags import Unordered, unordered
from planrace.model.patterns.clocks import Timer, clock, timer
from planrace.model.patterns.crashes import crash
from planrace.model.patterns.faults import duplicating, lossy
from planrace.model.patterns.queues import Ordered, ordered

__all__ = ["Ordered", "Timer", "Unordered", "clock", "crash", "duplicating", "lossy", "ordered", "timer", "unordered"]
