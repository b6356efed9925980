"""The forms of every result of the API, for ``render``, ``save`` and the command.

Texts end with the exit code that the command would have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from planrace.checker.results.blocks import Detail, Document
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.report import Report

Makers: TypeAlias = "Mapping[str, Callable[[], str]]"
"""Names of forms, each with the function that makes it."""


@dataclass(frozen=True)
class Forms:
    """The text of a result, which ends with the exit ``code``, and its other forms."""

    code: int
    document: Callable[[], Document]
    others: Makers


def forms_for(result: Any, code: int | None = None, detail: Detail = Detail.FULL, **more: Any) -> Forms:
    """The forms of a result that has a text; ``code`` is the exit code of the command, if its options determine it,
    ``detail`` is how much the text says, and ``more`` are further arguments of the forms of several checks
    (``everything``)."""
    return _FORMS[type(result).__name__](result, code, detail, **more)


def forms_of(result: Any, trace: str | None = None) -> Makers:
    """All forms that a result has. ``trace`` names the run for forms that show only one. Raises ``TypeError`` if it is
    not a result of the API."""
    if isinstance(result, Report):
        return _report(result, trace)
    name = type(result).__name__
    if name in _FORMS:
        forms = forms_for(result)
        return {"text": partial(_plain, forms.document), **forms.others}
    if name not in _TEXTS:
        raise TypeError(f"{name} is not a result that can be rendered; there are {', '.join(RENDERED)}")
    return _TEXTS[name](result)


def form_of(result: Any, path: str | Path) -> str:
    """The form of a result for the name of a file. Raises ``ValueError`` if there is none."""
    from planrace.checker.report.formats import form_of as named

    return named(path, tuple(forms_of(result)), type(result).__name__)


def report_forms(report: Report, trace: str | None = None, **more: Any) -> Makers:
    """The forms of a report other than its text. ``trace`` names the run for forms that show only one; ``more``
    are further arguments for forms of the whole report (``expectation``, ``everything``)."""
    from planrace.checker.report.formats import OF_TRACE, WHOLE, render_trace, render_whole

    whole = {form: partial(render_whole, form, report, **more) for form in WHOLE if form != "text"}
    return {**whole, **{form: partial(render_trace, form, report, trace) for form in OF_TRACE}}


def _report(report: Report, trace: str | None) -> Makers:
    from planrace.checker.report.text.document import document

    return {"text": partial(_plain, lambda: document(report)), **report_forms(report, trace)}


def _matrix(table: MatrixReport, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.report.html.page import render_matrix
    from planrace.checker.report.json.proofs import matrix_json
    from planrace.checker.report.text.proofs import matrix_document

    code = table.exit_code if code is None else code
    return Forms(
        code,
        partial(matrix_document, table, code, detail),
        {"json": lambda: json.dumps(matrix_json(table), indent=2) + "\n", "html": partial(render_matrix, table)},
    )


def _reports(found: Any, code: int | None, detail: Detail, *, everything: bool = False) -> Forms:
    from planrace.checker.report.ci.reports import render_reports
    from planrace.checker.report.formats import FOR_CI
    from planrace.checker.report.json.reports import render_reports_json
    from planrace.checker.report.text.reports import reports_document

    ci = {form: partial(render_reports, form, found, everything=everything) for form in FOR_CI}
    document = partial(reports_document, found, detail)
    return Forms(found.code if code is None else code, document, {"json": partial(render_reports_json, found), **ci})


def _comparison(found: Any, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.report.text.comparison import comparison_document, comparison_json, comparison_markdown

    code = (1 if found.changed else 0) if code is None else code
    others = {"json": partial(comparison_json, found), "markdown": partial(comparison_markdown, found)}
    return Forms(code, partial(comparison_document, found, code, detail), others)


def _compared(found: Any, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.review.baseline.render import changes_document, changes_json, changes_markdown, exit_code

    code = exit_code(found) if code is None else code
    others = {"json": partial(changes_json, found, code), "markdown": partial(changes_markdown, found)}
    return Forms(code, partial(changes_document, found, code, detail), others)


def _mutation(made: Any, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.review.mutation.render import mutation_document, mutation_json

    code = made.exit_code() if code is None else code
    return Forms(code, partial(mutation_document, made, code, detail), {"json": partial(mutation_json, made)})


def _established(made: Any, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.review.gate.render import establishment_document, establishment_json

    code = made.exit_code if code is None else code
    others = {"json": partial(establishment_json, made)}
    return Forms(code, partial(establishment_document, made, code, detail), others)


def _forecast(made: Any, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.advice.forecast.render import forecast_document, forecast_json

    return Forms(code or 0, partial(forecast_document, made, detail), {"json": partial(forecast_json, made)})


def _linted(found: Any, code: int | None, detail: Detail) -> Forms:
    from planrace.checker.advice.lint.render import lint_document, lint_json

    return Forms(code or 0, partial(lint_document, found, code or 0, detail), {"json": partial(lint_json, found)})


def _entry(entry: Any) -> Makers:
    from planrace.checker.review.baseline.write import write_text

    return {"text": lambda: write_text([entry])}


def _listing(found: Any) -> Makers:
    from planrace.checker.run.listing import listing_text

    return {"text": partial(listing_text, found)}


def _graph(graph: Any) -> Makers:
    from planrace.checker.report.trace.graphs import render_dot, render_graphml

    return {"dot": partial(render_dot, graph), "graphml": partial(render_graphml, graph)}


def _plain(document: Callable[[], Document]) -> str:
    from planrace.checker.report.text.plain import render_plain

    return render_plain(document())


_FORMS: Mapping[str, Callable[..., Forms]] = {
    "MatrixReport": _matrix,
    "Reports": _reports,
    "Comparison": _comparison,
    "Compared": _compared,
    "Mutation": _mutation,
    "Establishment": _established,
    "Forecast": _forecast,
    "LintFindings": _linted,
}
_TEXTS: Mapping[str, Callable[[Any], Makers]] = {"BaselineEntry": _entry, "Listing": _listing, "MultiDiGraph": _graph}
RENDERED = ("Report", *_FORMS, *_TEXTS)
"""The results that have forms. The tables have names of classes, not classes, so that they load no engine."""
