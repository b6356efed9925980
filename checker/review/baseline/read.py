"""Reading the file of a baseline, line by line. Errors name the line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planrace.checker.report.errors import ReadError
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.entry import (
    FLAGS,
    LISTS,
    BaselineEntry,
    BaselineRequest,
    Counts,
    Item,
    RecordedVerdict,
)
from planrace.checker.review.baseline.write import FORMAT, HEADER, NOT_COUNTED
from planrace.model.language.errors import known

BEGINS = "check "
REMEDY = "undo the change of this line, or delete the file and create it again with check baseline save"
RESULTS = ("states", "transitions", "depth", "symmetry", "sliced", "verdict")
MODEL = ("parameter", "option", "sort", "variable", "action", "final", "fault", "protection", "property")
INSIDE = {None: MODEL, "action": ("guard", "outcome"), "outcome": ("set",)}
"""Kinds of lines about the model, by the kind of the line above them."""
NAMELESS = {"guard": True, "final": True, "outcome": None}
"""Kinds of lines without a name (True) or with an optional name (None). Lines of all other kinds have a name."""

_NAME = r'"(?:[^"\\]|\\.)*"|[^\s":\\]+'
_LINE = re.compile(rf"( *)([a-z]+)(?: ({_NAME}))?:(?: (.*))?")
_NUMBER = "[0-9]{1,18}"
_VERDICT = re.compile(rf"(holds|violated)(?:, ({_NUMBER}) steps?)?")


def read_baseline(path: str | Path) -> tuple[BaselineEntry, ...]:
    """The entries of a file. Raises ``ReadError``, which names the line."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise ReadError(f"cannot read {path}: {problem.strerror} (make it with check baseline save)") from problem
    except UnicodeDecodeError as problem:
        raise ReadError(f"{path} is not a baseline: it is not UTF-8 ({REMEDY})") from problem
    return read_text(text, str(path))


def wanted(path: str | Path, only: Sequence[str] = ()) -> list[BaselineEntry]:
    """The entries of a file, or only those of the protocols or titles in ``only``. Raises ``ModelError`` for an unknown
    name, and ``ReadError``."""
    entries = read_baseline(path)
    if not entries:
        raise ReadError(f"{path}:1: there is no entry to compare (make one with check baseline save -p NAME)")
    names = [n for e in entries for n in (e.request.protocol, e.title)]
    for name in only:
        known(name, dict.fromkeys(names), f"entry of {path}")
    return [e for e in entries if not only or {e.request.protocol, e.title} & set(only)]


def read_text(text: str, path: str = "it") -> tuple[BaselineEntry, ...]:
    """The entries in the text of a file. Raises ``ReadError``."""
    lines = _Lines(path, text.split("\n"))
    _check_header(lines)
    drafts: list[_Draft] = []
    for number, line in enumerate(lines.lines[1:], 2):
        lines.number = number
        _read_line(line, lines, drafts)
    return tuple(d.done(lines) for d in drafts)


@dataclass
class _Lines:
    """The lines of a file, and the number (from 1) of the line that is being read."""

    path: str
    lines: list[str]
    number: int = 1

    def wrong(self, what: str, remedy: str = REMEDY) -> ReadError:
        return ReadError(f"{self.path}:{self.number}: {what} ({remedy})")


@dataclass
class _Node:
    """An ``Item`` under construction."""

    kind: str
    name: str | None
    text: str
    inner: list[_Node] = field(default_factory=list)

    def done(self) -> Item:
        return Item(self.kind, self.name, self.text, tuple(n.done() for n in self.inner))


@dataclass
class _Draft:
    """An entry under construction; ``open`` are the lines, by level, below which the next line may stand."""

    line: int
    request: BaselineRequest
    found: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, RecordedVerdict] = field(default_factory=dict)
    model: list[_Node] = field(default_factory=list)
    open: list[_Node] = field(default_factory=list)

    def done(self, lines: _Lines) -> BaselineEntry:
        lines.number = self.line
        if not self.verdicts:
            raise lines.wrong("the entry has no verdict")
        return BaselineEntry(
            self.request, self._counts(lines), self.verdicts, tuple(n.done() for n in self.model), line=self.line
        )

    def _counts(self, lines: _Lines) -> Counts | None:
        f = self.found
        wanted = ("states",) if f.get("states") == NOT_COUNTED else ("states", "transitions", "depth", "symmetry")
        for kind in wanted:
            if kind not in f:
                raise lines.wrong(f"the entry has no line {kind}")
        if len(wanted) == 1:
            return None
        sliced = tuple(f["sliced"].split(", ")) if "sliced" in f else ()
        return Counts(int(f["states"]), int(f["transitions"]), int(f["depth"]), f["symmetry"] == "yes", sliced)


def _check_header(lines: _Lines) -> None:
    found = re.fullmatch(rf"{HEADER} (\S+)", lines.lines[0])
    if found is None:
        raise lines.wrong(f"it is not a baseline, whose first line is {HEADER} {FORMAT}")
    if found[1] != str(FORMAT):
        raise lines.wrong(
            f"the file has format {found[1]}, but this planrace reads format {FORMAT}",
            "use the version of planrace that wrote it, or delete it and create it again with check baseline save",
        )


def _read_line(line: str, lines: _Lines, drafts: list[_Draft]) -> None:
    if not line.strip():
        return
    if re.match(r"<{7}|={7}|>{7}|\|{7}", line):
        raise lines.wrong(
            "an unresolved merge conflict",
            "keep either side, then run check baseline save without -p, which renews every entry",
        )
    if line.startswith(BEGINS):
        drafts.append(_Draft(lines.number, _request(line, lines)))
        earlier = next(d for d in drafts if d.request.title == drafts[-1].request.title)
        if earlier is not drafts[-1]:
            raise lines.wrong(f"the same entry as in line {earlier.line}", "delete one of the two")
        return
    found = _LINE.fullmatch(line)
    if found is None:
        raise lines.wrong(f"{_short(line)} is not a line of a baseline")
    if not drafts:
        raise lines.wrong(f"{_short(line)} belongs to no entry: no line above it begins with {BEGINS.strip()}")
    level, odd = divmod(len(found[1]), 2)
    name = None if found[3] is None else _unescaped(_bare(found[3]), lines)
    node = _Node(found[2], name, _unescaped(found[4] or "", lines))
    if odd or level == 0:
        raise lines.wrong(f"{_short(line)} is indented by {len(found[1])} blanks; each level has two")
    if level == 1 and node.kind in RESULTS:
        _result(node, lines, drafts[-1])
    else:
        _belongs(node, level, lines, drafts[-1])


def _short(line: str) -> str:
    text = line.strip()
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _result(node: _Node, lines: _Lines, draft: _Draft) -> None:
    """A line with a result."""
    draft.open = []
    if (node.name is not None) is not (node.kind == "verdict"):
        raise lines.wrong(f"{node.kind} {'lacks' if node.name is None else 'has'} a name")
    if node.kind == "verdict":
        found = _VERDICT.fullmatch(node.text)
        if found is None:
            raise lines.wrong(f"{node.text!r} is not a verdict such as 'holds' or 'violated, 12 steps'")
        if node.name in draft.verdicts:
            raise lines.wrong(f"a second verdict on {node.name}", "delete one of the two")
        assert node.name is not None
        draft.verdicts[node.name] = RecordedVerdict(
            Verdict[found[1].upper()], None if found[2] is None else int(found[2])
        )
        return
    if node.kind in draft.found:
        raise lines.wrong(f"a second line {node.kind} in one entry", "delete one of the two")
    if not re.fullmatch(_FORMS[node.kind], node.text):
        raise lines.wrong(f"{node.kind} cannot be {node.text!r}")
    draft.found[node.kind] = node.text


_FORMS = {
    "states": rf"{_NUMBER}|{NOT_COUNTED}",
    "transitions": _NUMBER,
    "depth": _NUMBER,
    "symmetry": "yes|no",
    "sliced": r"[\w.]+(, [\w.]+)*",
}


def _belongs(node: _Node, level: int, lines: _Lines, draft: _Draft) -> None:
    """Add a line about the model below the line that contains it."""
    if level > len(draft.open) + 1:
        raise lines.wrong(f"{node.kind} is indented too far below the line above it")
    above = draft.open[level - 2] if level > 1 else None
    if node.kind not in INSIDE.get(above.kind if above is not None else None, ()):
        place = f"{above.kind} {above.name or ''}".strip() if above is not None else "an entry"
        raise lines.wrong(f"there is no line {node.kind!r} in {place}")
    nameless = NAMELESS.get(node.kind, False)
    if nameless is not None and nameless is not (node.name is None):
        raise lines.wrong(f"{node.kind} {'has' if nameless else 'lacks'} a name")
    (draft.model if above is None else above.inner).append(node)
    draft.open = [*draft.open[: level - 1], node]


def _bare(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name


def _unescaped(text: str, lines: _Lines) -> str:
    def meant(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code is None and found[3] in ("\\", '"'):
            return found[3]
        if code is None or int(code, 16) > 0x10FFFF:
            raise lines.wrong(f"{found[0]!r} is not a valid escape", "write \\\\ for a backslash")
        return chr(int(code, 16))

    return re.sub(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.?))", meant, text)


# Requests --------------------------------------------------------------------------------------------------------
def _request(line: str, lines: _Lines) -> BaselineRequest:
    """The request of a line that begins an entry."""
    try:
        words = iter(shlex.split(line.removeprefix(BEGINS)))
    except ValueError as problem:
        raise lines.wrong(f"the command cannot be read: {problem}") from None
    given: dict[str, Any] = {"settings": {}}
    flags = {flag: attribute for attribute, flag in FLAGS.items()}

    def value() -> str:
        found = next(words, None)
        if found is None:
            raise lines.wrong(f"{word} has no value")
        return found

    for word in words:
        if word in flags:
            given[flags[word][0]] = flags[word][1]
        elif word in LISTS:
            given[LISTS[word]] = (*given.get(LISTS[word], ()), value())
        elif word in _VALUES:
            _VALUES[word](given, value(), lines)
        elif word != "--exhaustive":
            raise lines.wrong(f"an entry cannot have the option {word!r}")
    if "protocol" not in given:
        raise lines.wrong("the command names no protocol with -p")
    return BaselineRequest(**given)


def _setting(given: dict[str, Any], text: str, lines: _Lines) -> None:
    name, sign, value = text.partition("=")
    if not sign or not name or name in given["settings"] or not re.fullmatch(rf"-?{_NUMBER}|\w+", value):
        raise lines.wrong(f"{text!r} is not NAME=VALUE, or NAME is set twice")
    given["settings"][name] = int(value) if re.fullmatch(f"-?{_NUMBER}", value) else value


def _bound(given: dict[str, Any], text: str, lines: _Lines) -> None:
    if not re.fullmatch("[1-9][0-9]{0,17}", text):
        raise lines.wrong(f"--max-states {text} is not a whole number from 1")
    given["max_states"] = int(text)


def _protocol(given: dict[str, Any], text: str, lines: _Lines) -> None:
    if "protocol" in given:
        raise lines.wrong("the command names two protocols")
    given["protocol"] = text


_VALUES: dict[str, Callable[[dict[str, Any], str, _Lines], None]] = {
    "-p": _protocol,
    "-s": _setting,
    "--max-states": _bound,
}
