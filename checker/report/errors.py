"""What can be wrong with files that reports are read from."""

from __future__ import annotations


class ReadError(Exception):
    """A file is not what it is read as; names the file, the place and the remedy."""


class MalformedError(Exception):
    """Values are not what they should be; says where (``properties[0].trace``) and what is wrong."""
