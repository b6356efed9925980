"""Writing the file of a baseline: sorted lines that each state one fact, so that its diff is readable
(``docs/ci-review.md``).

A line is ``kind [name]: text``, indented by two blanks for each level; an entry begins with the command that repeats
it. Names that are not plain words are quoted. In names and texts, ``\\`` and unprintable characters are escaped as in
Python.
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
    """The text of a file with these entries. Raises ``ModelError`` for names that do not fit into a line."""
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
    """Printable text; blanks at its ends are escaped, because editors remove them."""
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
