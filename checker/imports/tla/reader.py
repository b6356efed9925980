"""Files of TLA⁺ to a translation."""

from __future__ import annotations

from pathlib import Path

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.cfg import Config, read_config
from planrace.checker.imports.tla.inference import AssumedBounds
from planrace.checker.imports.tla.modules import Specification
from planrace.checker.imports.tla.parsing import parse
from planrace.checker.imports.tla.translation import Translation, translation


def read_specification(file: Path, config: Path | None, limits: AssumedBounds | None = None) -> Translation:
    """The translation of a module and of those beside it that it extends or instantiates. Raises ``TlaError`` for what
    is no TLA⁺, and ``ImportError`` without the extra ``planrace[tla]``."""
    folder = file.parent

    def load(name: str) -> s.Module | None:
        place = folder / f"{name}.tla"
        return parse(place.read_bytes(), place.name) if place.is_file() else None

    root = parse(file.read_bytes(), file.name)
    settings = read_config(config.read_text(encoding="utf-8"), config.name) if config is not None else Config()
    return translation(Specification(root, load, settings), limits or AssumedBounds())
