"""Errors in files that reports are read from."""

from __future__ import annotations


class ReadError(Exception):
    """A file cannot be read. The message names the file, the place and the remedy."""


class MalformedError(Exception):
    """A value is wrong. The message says where (``properties[0].trace``) and why."""
