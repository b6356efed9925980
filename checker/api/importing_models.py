"""Models that are written in other languages, as code of planrace: the call ``import_model``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from planrace.checker.imports.tla.inference import AssumedBounds
from planrace.checker.imports.tla.reader import read_specification
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.translation import lines_of
from planrace.checker.imports.tla.writing import written
from planrace.checker.report.errors import ReadError
from planrace.checker.report.output import write_whole
from planrace.checker.results.extras import install_command
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted
from planrace.checker.run.call_site import public
from planrace.model.language import ModelError


@dataclass(frozen=True)
class ImportedModel:
    """A protocol as the text of a module. ``missing`` says what could not be translated, each with its line; the
    protocol is without it. ``notes`` say what a reader should know."""

    name: str
    text: str = field(repr=False)
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of the specification is translated."""
        return not self.missing

    @property
    def verdict(self) -> Verdict:
        """Its exit code is that of the command: a protocol that is not the whole specification is undecided."""
        return Verdict.HOLDS if self.is_whole else Verdict.UNKNOWN

    @property
    def summary(self) -> str:
        """What became of the specification, for standard error."""
        if self.is_whole:
            return "\n".join([f"{self.name}: all of it is translated.", *(f"note: {n}" for n in self.notes)])
        count = counted(len(self.missing), "thing")
        parts = [f"{self.name}: not all of it is translated; {count} missing:", *self.missing]
        return "\n".join([*parts, *(f"note: {n}" for n in self.notes)])

    def __str__(self) -> str:
        return self.text

    def write(self, path: str | Path) -> None:
        """Write the module. Raises ``OutputError``; an existing file is then unchanged."""
        write_whole(path, self.text)


@public
def import_model(
    path: str | Path,
    config: str | Path | None = None,
    *,
    ranges: Mapping[str, tuple[int, int]] | None = None,
    lengths: Mapping[str, int] | None = None,
) -> ImportedModel:
    """A specification in TLA⁺ as code of planrace, as ``check import SPEC.tla`` does. ``config`` is a configuration of
    TLC with the values of the constants; without it, the file of that name beside the module, if there is one.
    ``ranges`` and ``lengths`` give variables bounds that TLA⁺ leaves open. Raises ``ReadError`` for the files, and
    ``ModelError`` with all reasons where there is no protocol without what could not be translated."""
    for name, given, fits, example in (("ranges", ranges, _is_range, "(0, 7)"), ("lengths", lengths, _is_length, "4")):
        if given is not None and not (isinstance(given, Mapping) and all(map(fits, given.values()))):
            raise ModelError(f"{name}={given!r} is wrong", remedy=f'write {name}={{"name": {example}}}')
    file = Path(path)
    beside = Path(config) if config is not None else file.with_suffix(".cfg")
    for needed in (file, beside) if config is not None else (file,):
        if not needed.is_file():
            raise ReadError(f"{needed}: there is no such file")
    limits = AssumedBounds(ranges=ranges, lengths=lengths)
    try:
        found = read_specification(file, beside if beside.is_file() else None, limits)
    except ImportError:
        raise ModelError("the grammar of TLA⁺ is not installed", remedy=install_command("tla")) from None
    except TlaError as problem:
        place = file.with_name(problem.module) if problem.module else file
        where = f"{place}:{problem.line}" if problem.line else str(place)
        raise ReadError(f"{where}: {problem.what}") from None
    except OSError as problem:
        raise ReadError(f"{problem.filename}: {problem.strerror}") from None
    unknown = sorted({*(ranges or {}), *(lengths or {})} - {*found.spec.variables})
    if unknown:
        raise ModelError(
            f"{file.name} has no variable {unknown[0]}", remedy=f"it has {', '.join(found.spec.variables)}"
        )
    missing = tuple(lines_of(found))
    if not found.possible:
        raise ModelError(
            f"{file.name} cannot be translated:\n" + "\n".join(missing), remedy="rewrite what is named, or leave it out"
        )
    command = f"check import {file.name}" + (f" --cfg {beside.name}" if beside.is_file() else "")
    return ImportedModel(found.spec.root.name, written(found, file.name, command), missing, tuple(found.notes))


def _is_length(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_range(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(type(v) is int for v in value) and value[0] <= value[1]
