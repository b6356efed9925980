"""The notebook: its cells run one after another, and its outputs are what comes out.

The cells are run by Python alone: a kernel with what it needs is five times as many packages as all else that tests
need. ``PLANRACE_GOLDEN=write pytest tests/docs/test_notebook.py`` writes the outputs anew.
"""

from __future__ import annotations

import ast
import io
import os
import re
from contextlib import redirect_stdout
from typing import Any

import pytest

from tests import ROOT
from tests.docs.test_docs import masked

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SHOWN = {"text/html": "_repr_html_", "image/svg+xml": "_repr_svg_"}
"""Methods by which an object says how a notebook shows it."""


def outputs_of(source: str, names: dict[str, Any], count: int) -> list[Any]:
    """Run a cell as a kernel does: the value of its last line is shown, if that is an expression."""
    tree, last = ast.parse(source), None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, NOTEBOOK.name, "exec"), names)
        value = None if last is None else eval(compile(last, NOTEBOOK.name, "eval"), names)
    found = [nbformat.v4.new_output("stream", name="stdout", text=printed.getvalue())] if printed.getvalue() else []
    if value is not None:
        found.append(nbformat.v4.new_output("execute_result", data=shown(value), execution_count=count))
    return found


def shown(value: object) -> dict[str, str]:
    """How a notebook shows a value."""
    rich = {kind: getattr(value, method)() for kind, method in SHOWN.items() if hasattr(value, method)}
    return rich or {"text/plain": repr(value)}


def words(outputs: list[Any]) -> list[list[str]]:
    """The outputs without what differs between machines and runs."""
    texts = [text for o in outputs for text in [o.get("text"), *o.get("data", {}).values()] if text]
    return [masked(re.sub(r"([<>])", r" \1 ", text)) for text in texts]


def test_the_notebook_shows_what_comes_out() -> None:
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    names: dict[str, Any] = {}
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    made = [outputs_of(cell.source, names, count) for count, cell in enumerate(code, 1)]
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        for count, (cell, outputs) in enumerate(zip(code, made, strict=True), 1):
            cell.outputs, cell.execution_count = outputs, count
        nbformat.write(book, NOTEBOOK)
    assert [words(outputs) for outputs in made] == [words(cell.outputs) for cell in code]
    assert sum("image/svg+xml" in o.get("data", {}) for outputs in made for o in outputs) == 1
    assert sum("text/html" in o.get("data", {}) for outputs in made for o in outputs) == 2
