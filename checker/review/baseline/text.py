"""Writing the file: lines that each say one thing, sorted, so that its own diff can be read (``docs/ci-review.md``).

A line is ``kind [name]: text``, indented by two blanks a level; an entry begins with the command that repeats it.
Names that are no plain word are quoted; in names and texts ``\\`` and what cannot be printed are escaped as in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from planrace.checker.results.wording import numbered
from planrace.checker.review.baseline.entry import BaselineEntry, Item, RecordedVerdict

FORMAT = 1
HEADER = "planrace baseline"
NOT_COUNTED = "not counted"


def write_text(entries: Iterable[BaselineEntry]) -> str:
    """The file that holds these entries. Raises ``ModelError`` for requests that no line can hold."""
    lines = [f"{HEADER} {FORMAT}"]
    for e in sorted(entries, key=lambda e: e.title):
        lines += ["", e.request.command, *(_line(1, i) for i in _results(e)), *_items(e.model, 1)]
    return "\n".join(lines) + "\n"


def _results(e: BaselineEntry) -> Iterator[Item]:
    c = e.counts
    if c is None:
        yield Item("states", None, NOT_COUNTED)
    else:
        yield from (Item(name, None, str(getattr(c, name))) for name in ("states", "transitions", "depth"))
        yield Item("symmetry", None, "yes" if c.symmetry else "no")
        if c.sliced:
            yield Item("sliced", None, ", ".join(c.sliced))
    for name in sorted(e.verdicts):
        yield Item("verdict", name, judged_text(e.verdicts[name]))


def judged_text(j: RecordedVerdict) -> str:
    """A verdict with the length of its run."""
    return j.verdict.word if j.steps is None else f"{j.verdict.word}, {numbered(j.steps, 'step')}"


def _items(items: Iterable[Item], level: int) -> Iterator[str]:
    for i in items:
        yield _line(level, i)
        yield from _items(i.inner, level + 1)


def _line(level: int, i: Item) -> str:
    name = "" if i.name is None else f" {_quoted(i.name)}"
    return f"{'  ' * level}{i.kind}{name}:" + (f" {_escaped(i.text)}" if i.text else "")


def _quoted(name: str) -> str:
    escaped = _escaped(name)
    if re.fullmatch(r'[^\s":\\]+', escaped):
        return escaped
    return '"' + escaped.replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Printable text without blanks at its ends, which editors drop."""
    plain = "".join(_character(c) for c in text)
    if plain.startswith(" "):
        plain = "\\u0020" + plain[1:]
    return plain[:-1] + "\\u0020" if plain.endswith(" ") else plain


def _character(c: str) -> str:
    if c == "\\":
        return "\\\\"
    if c.isprintable():
        return c
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"
