"""Baselines: what is known of protocols at some sizes, in a text file of the user's repository, for reviewing changes.

``entry`` is what a file holds, ``text`` and ``read`` write and read it, ``summary`` is the model in words, ``take``
runs the check, ``changes`` compares, ``tell`` says it. ``docs/ci-review.md`` documents the file.
"""

from planrace.checker.review.baseline.changes import Changed, Compared, changes
from planrace.checker.review.baseline.entry import Counts, Entry, Item, Judged, Request
from planrace.checker.review.baseline.read import read_baseline, read_text, wanted
from planrace.checker.review.baseline.take import Bounds, UndecidedError, check_decided, entry_of, take
from planrace.checker.review.baseline.tell import changes_document, changes_json, changes_markdown, exit_code
from planrace.checker.review.baseline.text import write_text

__all__ = [
    "Bounds",
    "Changed",
    "Compared",
    "Counts",
    "Entry",
    "Item",
    "Judged",
    "Request",
    "UndecidedError",
    "changes",
    "changes_document",
    "changes_json",
    "changes_markdown",
    "check_decided",
    "entry_of",
    "exit_code",
    "read_baseline",
    "read_text",
    "take",
    "wanted",
    "write_text",
]
