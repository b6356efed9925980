"""Errors in files that reports are read from."""

from __future__ import annotations


class ReadError(Exception):
    """A file cannot be read. The message names the file, the place and the remedy."""


LONG = 300
"""The most characters of a message: it may quote a file that a stranger wrote."""


class MalformedError(Exception):
    """A value is wrong. The message says where (``properties[0].trace``) and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= LONG else f"{message[: LONG - 1]}…")
