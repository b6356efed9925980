"""Every result of the public calls in each of its forms: what ``render`` and ``save`` know.

Texts end as those of the command do, with the exit code that the command would have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.report import Report

Makers = Mapping[str, Callable[[], str]]


def forms_of(result: Any, trace: str | None = None) -> Makers:
    """The forms that a result has, each with what makes it. ``trace`` names the run that forms of one run show. Raises
    ``TypeError`` for what is no result."""
    if isinstance(result, Report):
        return _report(result, trace)
    name = type(result).__name__
    if name not in _MAKERS:
        raise TypeError(f"{name} is no result to render; there are Report, {', '.join(_MAKERS)}")
    return _MAKERS[name](result)


def form_of(result: Any, path: str | Path) -> str:
    """The form of a result that the name of a file asks for. Raises ``ValueError`` where none does."""
    from planrace.checker.report.formats import form_of as named

    return named(path, tuple(forms_of(result)), type(result).__name__)


def _report(report: Report, trace: str | None) -> Makers:
    from planrace.checker.report.formats import OF_TRACE, WHOLE, render_trace, render_whole
    from planrace.checker.report.text.document import document

    whole = {form: partial(render_whole, form, report) for form in WHOLE}
    text = partial(_plain, lambda: document(report))
    return {**whole, "text": text, **{form: partial(render_trace, form, report, trace) for form in OF_TRACE}}


def _matrix(table: MatrixReport) -> Makers:
    from planrace.checker.report.html.page import render_matrix
    from planrace.checker.report.json.proofs import matrix_json
    from planrace.checker.report.text.proofs import matrix_document

    return {
        "text": partial(_plain, lambda: matrix_document(table, table.exit_code)),
        "json": lambda: json.dumps(matrix_json(table), indent=2) + "\n",
        "html": partial(render_matrix, table),
    }


def _comparison(found: Any) -> Makers:
    from planrace.checker.report.text.comparison import comparison_document, comparison_json, comparison_markdown

    return {
        "text": partial(_plain, lambda: comparison_document(found, 1 if found.changed else 0)),
        "json": partial(comparison_json, found),
        "markdown": partial(comparison_markdown, found),
    }


def _compared(found: Any) -> Makers:
    from planrace.checker.review.baseline.tell import changes_document, changes_json, changes_markdown, exit_code

    return {
        "text": partial(_plain, lambda: changes_document(found, exit_code(found))),
        "json": lambda: changes_json(found, exit_code(found)),
        "markdown": partial(changes_markdown, found),
    }


def _mutation(made: Any) -> Makers:
    from planrace.checker.review.mutation.words import mutation_document, mutation_json

    return {
        "text": partial(_plain, lambda: mutation_document(made, made.exit_code())),
        "json": partial(mutation_json, made),
    }


def _forecast(made: Any) -> Makers:
    from planrace.checker.advice.forecast.words import forecast_document, forecast_json

    return {"text": partial(_plain, lambda: forecast_document(made)), "json": partial(forecast_json, made)}


def _linted(found: Any) -> Makers:
    from planrace.checker.advice.lint.words import lint_document, lint_json

    return {"text": partial(_plain, lambda: lint_document(found, 0)), "json": partial(lint_json, found)}


def _entry(entry: Any) -> Makers:
    from planrace.checker.review.baseline.text import write_text

    return {"text": lambda: write_text([entry])}


def _listing(found: Any) -> Makers:
    from planrace.checker.run.listing import listing_text

    return {"text": partial(listing_text, found)}


def _graph(graph: Any) -> Makers:
    from planrace.checker.report.trace.graphs import render_dot, render_graphml

    return {"dot": partial(render_dot, graph), "graphml": partial(render_graphml, graph)}


def _plain(document: Callable[[], Any]) -> str:
    from planrace.checker.report.text.plain import render_plain

    return render_plain(document())


_MAKERS: Mapping[str, Callable[[Any], Makers]] = {
    "MatrixReport": _matrix,
    "Comparison": _comparison,
    "Compared": _compared,
    "Mutation": _mutation,
    "Forecast": _forecast,
    "LintFindings": _linted,
    "BaselineEntry": _entry,
    "Listing": _listing,
    "MultiDiGraph": _graph,
}
"""By the name of the class, so that no engine is loaded to look at a result of another."""
