"""The playground's side in Python: the command, in a worker of a browser, on a model that is text.

The page (``docs/try``) sends a model and gets what can be chosen for it; then it sends the model and a command line and
gets what the command says. Answers are JSON, because they leave Python.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from planrace.checker.api.failures import USAGE
from planrace.checker.cli.progress import told_to

MODEL, PAGE = Path("model.py"), Path("page.html")
"""Files of the worker's folder. The model's name is part of command lines and errors."""
LINE = re.compile(rf"\b{re.escape(MODEL.name)}:(\d+)")


def described(source: str) -> str:
    """What can be chosen for each protocol of a model, as in ``check list``, each with the ``attribute`` that names it;
    or the ``errors`` with exit ``code`` and the ``line`` of the model where it is known, from 1."""
    from planrace.checker.cli import failures
    from planrace.checker.run.author_files import one_run
    from planrace.checker.run.listing import listing, listing_json
    from planrace.checker.run.protocols import names_in

    _write(source)
    said = StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said), one_run():
            names = names_in(MODEL.name)
            found = json.loads(listing_json(listing(names)))["protocols"] if names else []
    except Exception as problem:
        return json.dumps(_located(failures.code_of(problem), said.getvalue() + failures.sentence_of(problem)))
    if not names:
        return json.dumps(
            _located(USAGE, f"{said.getvalue()}{MODEL} defines no protocol (write protocol = Protocol(…))")
        )
    attributes = [name.partition(":")[2] for name in names]
    return json.dumps({"protocols": [{"attribute": a, **one} for a, one in zip(attributes, found, strict=True)]})


def answered(source: str, arguments: Sequence[str], show: Callable[[str], None]) -> str:
    """What ``check`` says with these arguments: its exit ``code``, ``output`` and ``errors``, the ``page`` (HTML) if it
    wrote one, and the ``line`` of the model that the errors name. ``show`` gets a line for each event of a search."""
    from planrace.checker.cli.main import run

    _write(source)
    PAGE.unlink(missing_ok=True)
    output, errors = StringIO(), StringIO()
    try:
        with redirect_stdout(output), redirect_stderr(errors), told_to(show):
            code = run(list(arguments))
    except SystemExit as problem:
        code = problem.code if isinstance(problem.code, int) else 0
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else None
    return json.dumps({**_located(code, errors.getvalue()), "output": output.getvalue(), "page": page})


def _write(source: str) -> None:
    MODEL.write_text(source, encoding="utf-8")


def _located(code: int, errors: str) -> dict[str, Any]:
    found = LINE.search(errors) if code == USAGE else None  # other messages name lines that are not wrong
    return {"code": code, "errors": errors, "line": None if found is None else int(found[1])}


# Libraries that are large ------------------------------------------------------------------------------------------
class LoadedOnDemand(MetaPathFinder):
    """Has the page load a library when it is first imported. ``load`` unpacks it; if it raises, the library is missing,
    until it is imported again."""

    def __init__(self, names: Sequence[str], load: Callable[[str], None]) -> None:
        self._absent = set(names)
        self._load = load

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The library's, once it is there; None for all others."""
        if fullname not in self._absent:
            return None
        try:
            self._load(fullname)
        except Exception as problem:  # those of JavaScript have no class of ours
            raise ModuleNotFoundError(f"{fullname} could not be loaded: {problem}", name=fullname) from problem
        self._absent.discard(fullname)
        importlib.invalidate_caches()
        return find_spec(fullname)


def load_on_demand(names: Sequence[str], load: Callable[[str], None]) -> None:
    """From now on, these libraries are loaded when they are first imported."""
    sys.meta_path.append(LoadedOnDemand(names, load))
