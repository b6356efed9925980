"""The blocks of a text report. ``report.text.plain`` and ``report.text.terminal`` draw them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """One or more sentences. ``tone`` is the word of a verdict, or empty."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Verdicts:
    """One row for each property: its name, the word of its verdict, how the verdict was found."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class TimelineEntry:
    """One step of a timeline. ``details`` is what changed, ``sees`` what the outside world sees now, ``facts`` the
    facts of the scenario that the step completes. ``quoted`` are lines of a system, as they are. ``mark`` is set on the
    step that decides the verdict."""

    number: int
    who: str
    text: str
    details: str
    sees: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    mark: bool = False
    quoted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """A run, step by step."""

    entries: tuple[TimelineEntry, ...]


@dataclass(frozen=True)
class Facts:
    """One row for each fact: its name, its meaning, where the trace shows it."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Bullets:
    """A list; each row is one short text."""

    rows: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table of short cells; the first row is its header, the first column names the rows. ``links`` are for each cell
    beside the names of rows the heading that says more of it, to which a page leads."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[tuple[str, ...], ...] = ()


Block: TypeAlias = "Heading | Paragraph | Verdicts | Timeline | Facts | Bullets | Grid"


@dataclass(frozen=True)
class Document:
    """All blocks, and the closing line."""

    blocks: tuple[Block, ...]
    closing: str
    tone: str = field(default="")


def clean(text: str) -> str:
    """``text`` without control characters: a protocol file may come from a stranger."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+", "�", text)
