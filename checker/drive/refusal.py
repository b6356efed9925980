"""What a driver raises where the code refuses a step."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  (it is an answer of the code, not an error)
    """The code refuses the step. A method of a driver raises it; the message says why: ``raise Refused("stale")``."""
