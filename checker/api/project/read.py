"""Reading ``[tool.planrace]``. Errors name the file, the line, the key and the remedy."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import msgspec

from planrace.checker.api.project.section import ArtifactFormat, CheckEntry, Section
from planrace.checker.run.ranges import RANGES, bytes_of, shortened
from planrace.model.language import ModelError, Place
from planrace.model.language.errors import known, near

FILE, TABLE = "pyproject.toml", "tool.planrace"
EXAMPLES = {
    "protocol": 'protocol = "deploy.py:fixed"',
    "sizes": "sizes = { workers = 3 }",
    "expect": 'expect = "holds"',
    "max-memory": 'max-memory = "8G"',
    "artifacts": 'artifacts = ".model-check"',
    "artifact-formats": 'artifact-formats = ["html", "json"]',
    "check": '[[tool.planrace.check]] and below it protocol = "deploy.py:fixed"',
    **{key: f"{key} = true" for key in ("strict", "exhaustive", "fail-fast", "symmetry", "slicing")},
    **{key: f'{key} = ["…"]' for key in ("faults", "with", "without", "properties")},
    **{key: f"{key} = 60" for key in ("time-limit", "depth", "workers")},
    "max-states": "max-states = 1000000",
    "normalise": 'normalise = "version"',
}
"""How the value of a key is written, for errors."""
WORDS = {
    "array": "a list",
    "object": "a table",
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}
"""What msgspec calls a type, and what TOML calls it."""


@dataclass(frozen=True)
class ConfiguredCheck:
    """An entry of the section. ``protocol`` is its protocol with the path of the file, as calls accept it, and
    ``place`` the line of the file where the entry begins."""

    name: str
    protocol: str
    entry: CheckEntry
    place: Place
    number: int
    """The number of the entry, from 1."""

    @property
    def title(self) -> str:
        """The entry in errors."""
        return f"check {self.number} ({self.name})"


@dataclass(frozen=True)
class Project:
    """A ``pyproject.toml`` and its section."""

    path: Path
    section: Section
    text: str

    @property
    def folder(self) -> Path:
        """The folder of the file, to which paths in it are relative."""
        return self.path.parent

    @cached_property
    def checks(self) -> tuple[ConfiguredCheck, ...]:
        """The entries. Raises ``ModelError`` if two have the same name."""
        found: dict[str, ConfiguredCheck] = {}
        for number, entry in enumerate(self.section.check, 1):
            name = entry.name or entry.protocol
            place = Place(str(self.path), _line_of(self.text, number - 1))
            one = ConfiguredCheck(name, self.named(entry.protocol), entry, place, number)
            if found.setdefault(name, one) is not one:
                what = f"{one.title} has the same name as {found[name].title}"
                raise ModelError(what, where=place, remedy='write name = "…" in one of the two')
        return tuple(found.values())

    def selected(self, only: Sequence[str] = ()) -> tuple[ConfiguredCheck, ...]:
        """The entries, or those whose name or protocol is in ``only``. Raises ``ModelError`` for other names, and if
        there is no entry."""
        if not self.checks:
            what = f"[{TABLE}] names no protocol to check"
            raise ModelError(what, where=Place(str(self.path), _section_line(self.text)), remedy=_write("check"))
        names = dict.fromkeys(n for c in self.checks for n in (c.name, c.entry.protocol))
        for name in only:
            known(name, names, f"check of {shown(self.path)}")
        return tuple(c for c in self.checks if not only or {c.name, c.entry.protocol} & set(only))

    def place_of(self, check: ConfiguredCheck, key: str) -> Place:
        """The line of a key of an entry."""
        return Place(str(self.path), _line_of(self.text, check.number - 1, key))

    def named(self, protocol: str) -> str:
        """The protocol with the path of its file relative to the working directory, or else absolute."""
        file, sign, attribute = protocol.rpartition(":")
        if not file.endswith(".py"):
            file, sign, attribute = protocol, "", ""
        return f"{shown(self.folder / file)}{sign}{attribute}" if file.endswith(".py") else protocol


def shown(path: Path) -> str:
    """A path relative to the working directory, if it is below it."""
    try:
        here = Path.cwd()
    except OSError:  # the working directory is gone
        return str(path)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def find_project(start: str | Path = ".") -> Project | None:
    """The closest ``pyproject.toml`` with a section ``[tool.planrace]``, from the folder ``start`` upwards; None if
    there is none. Raises ``ModelError`` for a section that is wrong."""
    for path in project_files(start):
        found = read_project(path, required=False)
        if found is not None:
            return found
    return None


def project_files(start: str | Path = ".") -> tuple[Path, ...]:
    """Where the section may be: each ``pyproject.toml``, from the folder ``start`` upwards, whether it can be read or
    not. None if the folder is gone."""
    try:
        here = Path(start).resolve()
    except OSError:
        return ()
    return tuple(p for p in (folder / FILE for folder in (here, *here.parents)) if os.path.lexists(p))


def required_project(path: str | Path | None = None) -> Project:
    """The project of this file, or else of the working directory. Raises ``ModelError`` if there is none."""
    found = find_project() if path is None else read_project(path)
    if found is None:
        what = f"there is no {FILE} with a section [{TABLE}] in this folder or above it"
        raise ModelError(what, remedy="`check init` writes one")
    return found


def read_project(path: str | Path, *, required: bool = True) -> Project | None:
    """The file and its section. Without one: None, or an error if it is ``required``. Raises ``ModelError``."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        if not required and isinstance(problem, FileNotFoundError | NotADirectoryError | PermissionError):
            return None
        why = getattr(problem, "strerror", None) or "it is not UTF-8"
        raise ModelError(f"cannot read {shown(path)}: {why}", remedy="check the path") from problem
    if not required and "planrace" not in text:  # what is wrong with it is the business of other tools
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ModelError(f"{shown(path)} is not TOML: {problem}", remedy="correct it") from None
    tool = data.get("tool")
    found = tool.get("planrace") if isinstance(tool, dict) else None
    if found is None:
        if required:
            raise ModelError(f"{shown(path)} has no section [{TABLE}]", remedy="`check init` writes one")
        return None
    return Project(path, _Reader(path, text).section(found), text)


# Checks that name the key ----------------------------------------------------------------------------------------
class _Reader:
    """Turns the values of a section into ``Section``."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def section(self, found: Any) -> Section:
        if not isinstance(found, dict):
            raise self._wrong(None, "", "is not a table", f"write [{TABLE}]")
        self._check_keys(found, Section, None)
        entries = found.get("check", [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise self._wrong(None, "check", "is not a list of tables", _write("check"))
        for number, entry in enumerate(entries):
            self._check_keys(entry, CheckEntry, number)
            self._check_values(entry, number)
        self._check_values(found, None)
        try:
            return msgspec.convert(found, Section)
        except msgspec.ValidationError as problem:
            raise self._untyped(str(problem), found) from None

    def _check_keys(self, table: Mapping[str, Any], of: type[msgspec.Struct], entry: int | None) -> None:
        fields = of.__struct_encode_fields__
        for key in table:
            if key not in fields:
                remedy = f"write {key.replace('_', '-')}" if key.replace("_", "-") in fields else near(key, fields)
                raise self._wrong(entry, key, "is no key here", remedy)
        for f in msgspec.structs.fields(of):
            if f.required and f.encode_name not in table:
                raise self._wrong(entry, "", f"{f.encode_name} is missing", _write(f.encode_name))

    def _check_values(self, table: Mapping[str, Any], entry: int | None) -> None:
        """Numbers within their ranges, and words with close matches."""
        for key, value in table.items():
            name = key.replace("-", "_")
            if name == "max_memory" and isinstance(value, str):
                try:
                    bytes_of(value)
                except ValueError as problem:
                    raise self._wrong(entry, key, str(problem), _write(key)) from None
            elif name in RANGES:
                fault = RANGES[name].error_text(value)
                if fault is not None:
                    raise self._wrong(entry, key, f"{shortened(value)} {fault}", f"{RANGES[name].remedy}")
        for key, words in (("expect", ("holds", "violated")), ("artifact-formats", get_args(ArtifactFormat))):
            for value in _words(table.get(key)):
                if value not in words:
                    raise self._wrong(entry, key, f"cannot be {shortened(value)}", near(value, words))

    def _untyped(self, message: str, found: Mapping[str, Any]) -> ModelError:
        """The error for a message of msgspec, such as "Expected `str`, got `int` - at `$.check[0].protocol`"."""
        what, _, at = message.partition(" - at ")
        place = re.fullmatch(r"`\$\.?(?:check\[(\d+)\]\.?)?([\w-]*).*`", at)
        entry, key = (int(place[1]) if place and place[1] else None), (place[2] if place else "")
        table = found if entry is None else found["check"][entry]
        types = re.findall(r"`([^`]+)`", what)
        if key in table and types:
            kinds = [WORDS.get(t, t) for t in types[0].split(" | ") if t != "null"]
            inner = "[" in at.removeprefix(f"`$.check[{entry}]")
            what = f"{'has a value that is' if inner else 'is'} not {' or '.join(kinds)}: {shortened(table[key])}"
        return self._wrong(entry, key, what, _write(key))

    def _wrong(self, entry: int | None, key: str, what: str, remedy: str) -> ModelError:
        place = Place(str(self._path), _line_of(self._text, entry, key))
        table = TABLE if entry is None else f"{TABLE}.check {entry + 1}"
        return ModelError(f"{table}: {f'{key} ' if key else ''}{what}", where=place, remedy=remedy)


def _write(key: str) -> str:
    return f"write {EXAMPLES.get(key) or key + ' = …'}"


def _words(value: object) -> Iterator[str]:
    yield from (v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))


# Lines, which tomllib does not keep --------------------------------------------------------------------------------
_HEADER = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?")


def _section_line(text: str) -> int:
    """The line of the first table of the section; 1 if it is written in another way."""
    return next((n for n, name in _headers(text) if name == TABLE or name.startswith(f"{TABLE}.")), 1)


def _line_of(text: str, entry: int | None, key: str = "") -> int:
    """The line of a key in the section or in the ``entry``-th table, as far as it is written as usual; else that of the
    table."""
    headers = list(_headers(text))
    tables = [n for n, name in headers if name == (TABLE if entry is None else f"{TABLE}.check")]
    if not tables or (entry is not None and entry >= len(tables)):
        return _section_line(text)
    begin = tables[entry or 0]
    end = next((n for n, _ in headers if n > begin), len(text.splitlines()) + 1)
    lines = enumerate(text.splitlines()[begin : end - 1], begin + 1)
    return next((n for n, line in lines if key and re.match(rf'\s*"?{re.escape(key)}"?\s*[=.]', line)), begin)


def _headers(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _HEADER.fullmatch(line)
        if found is not None:
            yield number, re.sub(r"[\s\"']", "", found[1])
